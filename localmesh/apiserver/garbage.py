"""What goes when something else goes: dependents of an owner, and the contents of a namespace.

It works on the store like any controller. Source: "Garbage Collection" in the documentation of Kubernetes.
"""

from localmesh.apiserver import kinds
from localmesh.apiserver.errors import NotFound
from localmesh.apiserver.kinds import Resource
from localmesh.apiserver.store import Object, Store

#: Makers before what they make, so that nothing is made again.
_MAKERS_FIRST = (kinds.DEPLOYMENTS, kinds.STATEFUL_SETS, kinds.DAEMON_SETS, kinds.REPLICA_SETS)


def delete_dependents(store: Store, uid: str) -> None:
    """Delete what belongs to a deleted owner only; what has other owners loses the reference."""
    for resource, namespace, name in store.owned_by(uid):
        obj = store.get(resource, namespace, name)
        if obj is None:
            continue
        others = _without_owner(obj, uid)
        if any(store.exists(other["uid"]) for other in others):
            _set_owners(store, resource, obj, others)
        elif not obj["metadata"].get("deletionTimestamp"):
            _delete(store, resource, namespace, name)


def orphan_dependents(store: Store, uid: str) -> None:
    """Remove the references to an owner that is about to be deleted alone."""
    for resource, namespace, name in store.owned_by(uid):
        obj = store.get(resource, namespace, name)
        if obj is not None:
            _set_owners(store, resource, obj, _without_owner(obj, uid))


def empty_namespace(store: Store, namespace: str) -> None:
    """Delete everything in a namespace."""
    rest = [each for each in kinds.ALL if each.namespaced and each not in _MAKERS_FIRST]
    for resource in (*_MAKERS_FIRST, *rest):
        for record in list(store.records(resource, namespace)):
            _delete(store, resource, namespace, record.name)


def sweep(store: Store) -> None:
    """Delete what lost its owner or its namespace while nobody was watching."""
    for uid in store.owner_uids():
        if not store.exists(uid):
            delete_dependents(store, uid)
    namespaces = {record.name for record in store.records(kinds.NAMESPACES)}
    found = {record.namespace for each in kinds.ALL if each.namespaced for record in store.records(each)}
    for namespace in found - namespaces:
        empty_namespace(store, namespace)


async def collect(store: Store) -> None:
    """Follow all deletions, for ever, and delete what belonged to the deleted."""
    with store.watch() as watch:
        sweep(store)
        async for event in watch:
            if event.type == "DELETED":
                obj = event.object
                delete_dependents(store, obj["metadata"]["uid"])
                if event.resource is kinds.NAMESPACES:
                    empty_namespace(store, obj["metadata"]["name"])


def _without_owner(obj: Object, uid: str) -> list[Object]:
    return [owner for owner in obj["metadata"].get("ownerReferences", ()) if owner.get("uid") != uid]


def _set_owners(store: Store, resource: Resource, obj: Object, owners: list[Object]) -> None:
    obj["metadata"]["ownerReferences"] = owners
    if not owners:
        del obj["metadata"]["ownerReferences"]
    store.update(resource, obj)


def _delete(store: Store, resource: Resource, namespace: str, name: str) -> None:
    try:
        store.delete(resource, namespace, name)
    except NotFound:
        return  # already gone with something else
