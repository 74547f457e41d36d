"""What goes when something else goes: dependents of an owner, and what a namespace holds.

It works on the store like any controller. Source: "Garbage Collection" in the documentation of Kubernetes.
"""

import contextlib

from localmesh.apiserver import kinds, namespaces
from localmesh.apiserver.errors import Gone, NotFound
from localmesh.apiserver.kinds import Resource
from localmesh.apiserver.records import Object
from localmesh.apiserver.store import Store
from localmesh.apiserver.watches import Event


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


def sweep(store: Store) -> None:
    """Delete what lost its owner or its namespace while nobody was watching."""
    for uid in store.owner_uids():
        if not store.exists(uid):
            delete_dependents(store, uid)
    there = {record.name for record in store.records(kinds.NAMESPACES)}
    for namespace in (store.namespaces() - there) | namespaces.terminating(store):
        namespaces.empty(store, namespace)
        namespaces.finish(store, namespace)


async def collect(store: Store) -> None:
    """Follow all changes, for ever: delete what belonged to the deleted, and let ended namespaces go."""
    while True:
        with contextlib.suppress(Gone), store.watch() as watch:
            sweep(store)
            ending = namespaces.terminating(store)
            async for event in watch:
                _react(store, event, ending)
            return  # the store is closed


def _react(store: Store, event: Event, ending: set[str]) -> None:
    record = event.record
    if event.resource is kinds.NAMESPACES:
        _follow_namespace(store, event, ending)
    elif record.namespace in ending:
        # Controllers may write into a namespace that ends: what comes late goes as well.
        if event.type == "ADDED":
            namespaces.empty(store, record.namespace)
        elif event.type == "DELETED":
            namespaces.finish(store, record.namespace)
    if event.type == "DELETED":
        delete_dependents(store, record.uid)


def _follow_namespace(store: Store, event: Event, ending: set[str]) -> None:
    name = event.record.name
    if event.type == "DELETED":
        ending.discard(name)
        namespaces.empty(store, name)
    elif event.object["metadata"].get("deletionTimestamp"):
        ending.add(name)
        namespaces.empty(store, name)
        namespaces.finish(store, name)


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
