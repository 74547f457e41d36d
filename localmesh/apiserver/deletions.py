"""Deletions through the API: of one object, or of a collection, with what belongs to it."""

from collections.abc import Iterable, Mapping
from typing import Any

from localmesh.apiserver import garbage, kinds
from localmesh.apiserver.errors import BadRequest, Cause, Invalid, NotFound, forbidden
from localmesh.apiserver.records import Object
from localmesh.apiserver.requests import Target
from localmesh.apiserver.store import Preconditions, Store, held
from localmesh.apiserver.validation import show
from localmesh.apiserver.writes import in_version

#: Namespaces without which a cluster is none.
PROTECTED_NAMESPACES = ("default", "kube-system", "kube-public")

_POLICIES = ("Orphan", "Background", "Foreground")


def delete(store: Store, target: Target, wanted: Object) -> Object:
    """Delete one object as DeleteOptions say; the answer is a `Status`, or the object where finalizers hold
    it. A namespace is only marked: what it holds ends first.
    """
    resource, name = target.resource, str(target.name)
    if resource is kinds.NAMESPACES and name in PROTECTED_NAMESPACES:
        raise forbidden("namespaces", "", name, "this namespace may not be deleted")
    conditions = _preconditions(wanted)
    dry_run = wanted.get("dryRun") == ["All"]
    orphan = _policy(wanted) == "Orphan"
    found = store.delete(resource, target.namespace, name, conditions, dry_run=True)
    if not dry_run:
        if orphan:
            garbage.orphan_dependents(store, found["metadata"]["uid"])
        found = store.delete(resource, target.namespace, name)
        if not orphan and store.record(resource, target.namespace, name) is None:
            garbage.delete_dependents(store, found["metadata"]["uid"])
    if held(resource, found):
        return in_version(target, found)
    return _success(target, found["metadata"]["uid"])


def delete_collection(store: Store, target: Target, names: Iterable[str], wanted: Object) -> None:
    """Delete objects of a collection, one by one."""
    for name in names:
        one = Target(target.resource, target.version, target.namespace, name)
        try:
            delete(store, one, wanted)
        except NotFound:
            continue  # gone together with another one


def delete_options(value: Any, query: Mapping[str, str]) -> Object:
    """The DeleteOptions of a request: its body, or, only where it has none, its query.

    Raises `BadRequest` for anything else in the body, `Invalid` for a dry run that is not known.
    """
    wanted = value if value is not None else _told_in(query)
    if not isinstance(wanted, dict):
        raise BadRequest("the body must be DeleteOptions")
    if wanted.get("kind", "DeleteOptions") != "DeleteOptions":
        raise BadRequest(f"the body must be DeleteOptions, not {wanted['kind']}")
    if wanted.get("dryRun") not in (None, [], ["All"]):
        told = f'Unsupported value: {show(wanted["dryRun"])}: supported values: "All"'
        raise Invalid("DeleteOptions", "meta.k8s.io", "", [Cause("dryRun", told, "FieldValueNotSupported")])
    _policy(wanted)
    _preconditions(wanted)
    return wanted


def _told_in(query: Mapping[str, str]) -> Object:
    found: Object = {}
    if query.get("dryRun"):
        found["dryRun"] = [query["dryRun"]]
    if query.get("propagationPolicy"):
        found["propagationPolicy"] = query["propagationPolicy"]
    return found


def _policy(wanted: Object) -> str:
    policy = wanted.get("propagationPolicy")
    if wanted.get("orphanDependents") is True:
        policy = "Orphan"
    if policy is not None and policy not in _POLICIES:
        raise BadRequest(f'propagationPolicy: Unsupported value: "{policy}": supported values: {_POLICIES}')
    return policy or "Background"


def _preconditions(wanted: Object) -> Preconditions:
    told = wanted.get("preconditions") or {}
    if not isinstance(told, dict):
        raise BadRequest("preconditions must be an object")
    return Preconditions(told.get("uid"), told.get("resourceVersion"))


def _success(target: Target, uid: str) -> Object:
    details = {"name": target.name, "kind": target.resource.plural, "uid": uid}
    if target.resource.group:
        details["group"] = target.resource.group
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}
