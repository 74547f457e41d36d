"""How a namespace ends: it is Terminating until what it holds is gone, and goes with the last of it.

Deleting one only marks it. Its finalizer `kubernetes` is taken off here once it is empty: what other
finalizers hold, such as pods whose processes still end, keeps it. Source: "Namespaces Walkthrough" in the
documentation of Kubernetes, and the behaviour of its namespace controller.
"""

from localmesh.apiserver import kinds
from localmesh.apiserver.errors import BadRequest, NotFound
from localmesh.apiserver.kinds import Resource
from localmesh.apiserver.records import Object
from localmesh.apiserver.requests import Options, Target
from localmesh.apiserver.store import Store
from localmesh.apiserver.writes import Body, Result, Writes, addressed

FINALIZER = "kubernetes"

#: Makers before what they make, so that nothing is made again.
_MAKERS_FIRST = (
    kinds.DEPLOYMENTS,
    kinds.STATEFUL_SETS,
    kinds.DAEMON_SETS,
    kinds.REPLICA_SETS,
    kinds.CRON_JOBS,
    kinds.JOBS,
)


def empty(store: Store, namespace: str) -> None:
    """Delete everything in a namespace that is not being deleted already."""
    rest = [each for each in kinds.ALL if each.namespaced and each not in _MAKERS_FIRST]
    for resource in (*_MAKERS_FIRST, *rest):
        for record in store.records(resource, namespace):
            if not record.object["metadata"].get("deletionTimestamp"):
                _delete(store, resource, namespace, record.name)


def finish(store: Store, namespace: str) -> None:
    """Let a Terminating namespace go, if nothing is left in it."""
    found = store.get(kinds.NAMESPACES, None, namespace)
    if found is None or not found["metadata"].get("deletionTimestamp") or namespace in store.namespaces():
        return
    left = [each for each in (found.get("spec") or {}).get("finalizers") or () if each != FINALIZER]
    found["spec"] = {"finalizers": left} if left else {}
    store.update(kinds.NAMESPACES, found)


def terminating(store: Store) -> set[str]:
    """The namespaces that are on their way out."""
    return {
        record.name
        for record in store.records(kinds.NAMESPACES)
        if record.object["metadata"].get("deletionTimestamp")
    }


def finalize(writes: Writes, target: Target, body: Body, options: Options) -> Result:
    """Set a namespace's own finalizers, as its controller does. Raises any `ApiError`."""
    old = writes.current(target)
    wanted = addressed(target, body.value)
    spec = wanted.get("spec") or {}
    finalizers = spec.get("finalizers") or [] if isinstance(spec, dict) else None
    if not isinstance(finalizers, list) or not all(isinstance(each, str) for each in finalizers):
        raise BadRequest("spec.finalizers must be a list of texts")
    metadata = dict(old["metadata"])
    metadata["resourceVersion"] = wanted["metadata"].get("resourceVersion") or ""
    new: Object = {**old, "metadata": metadata, "spec": {"finalizers": finalizers} if finalizers else {}}
    return Result(writes.stored(target, new, options))


def _delete(store: Store, resource: Resource, namespace: str, name: str) -> None:
    try:
        store.delete(resource, namespace, name)
    except NotFound:
        return  # already gone with something else
