"""The objects of the mesh: what controllers and the HTTP side read, write and watch.

Synchronous, for use inside one asyncio process: a call happens wholly before the next. Objects are kept as
JSON and decoded for each caller, so whatever is handed out or handed in may be changed freely by its owner.
The store keeps the bookkeeping of metadata (uid, versions, generation, deletion); it does not validate, and
it knows no HTTP.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from localmesh.apiserver import kinds
from localmesh.apiserver.errors import Gone, already_exists, conflict, not_found
from localmesh.apiserver.kinds import Resource
from localmesh.apiserver.records import Clock, Collection, Moments, Object, Record, decode, encode
from localmesh.apiserver.storage import Row, Storage
from localmesh.apiserver.watches import HISTORY, Event, EventType, History, Watch

__all__ = ["Clock", "Object", "Preconditions", "Record", "Store"]

#: Where an object is: resource, namespace, name.
Place = tuple[Resource, str, str]
Places = list[Place]
Records = list[Record]

_MODIFIED = "the object has been modified; please apply your changes to the latest version and try again"
_NAMESPACED = tuple(each for each in kinds.ALL if each.namespaced)
#: Set once and kept, whatever a writer sends.
_KEPT_METADATA = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds")


@dataclass(frozen=True, slots=True)
class Preconditions:
    """What must still hold for a deletion to happen."""

    uid: str | None = None
    resource_version: str | None = None


class Store:
    """All objects, with a revision that grows by one with every change of any of them.

    `path` None keeps everything in memory. `clock` gives the time for creationTimestamp and
    deletionTimestamp.
    """

    def __init__(
        self, path: Path | None, *, clock: Clock = lambda: datetime.now(UTC), history: int = HISTORY
    ) -> None:
        self._storage = Storage(path)
        self._clock = clock
        self._records = {each: Collection() for each in kinds.ALL}
        self._moments = Moments(clock)
        self._changed: dict[Resource, int] = {}
        self._owned: dict[str, set[Place]] = {}
        self._uids: set[str] = set()
        self.revision = self._storage.revision()
        self._history = History(self.revision, history)
        for row in self._storage.rows():
            resource = kinds.by_key(row.resource)
            if resource is not None:
                self._remember(resource, Record.of(decode(row.body), row.body))

    def list(self, resource: Resource, namespace: str | None = None) -> list[Object]:
        """All objects of a resource, or those of one namespace, by namespace and name."""
        return [record.object for record in self.records(resource, namespace)]

    def get(self, resource: Resource, namespace: str | None, name: str) -> Object | None:
        """One object; None when there is none."""
        record = self.record(resource, namespace, name)
        return record.object if record else None

    def create(self, resource: Resource, obj: Object, *, dry_run: bool = False) -> Object:
        """Store a new object and return it as stored.

        Fills uid, creationTimestamp, resourceVersion and generation. Raises `AlreadyExists`. With
        `dry_run`, here as in all writes, everything is checked and answered, and nothing written.
        """
        obj = self._new(resource, obj, self._now())
        return self._put("ADDED", resource, obj, None, dry_run=dry_run)

    def load(self, objects: Iterable[tuple[Resource, Object]]) -> int:
        """Store many new objects in one transaction and return how many: the fast way to fill a mesh.

        Each is stored like a created one, status included, and told to watchers; nothing is validated. The
        garbage collector takes what belongs to a namespace or an owner that does not exist, as ever.
        Whoever follows from before a load of more objects than the history holds has to list again. Raises
        `AlreadyExists`; then nothing of it is stored.
        """
        records: dict[tuple[Resource, str], Record] = {}
        revision, now = self.revision, self._now()
        for resource, given in objects:
            revision += 1
            obj = self._new(resource, given, now)
            obj["metadata"]["resourceVersion"] = str(revision)
            record = Record.of(obj, encode(obj))
            if (resource, record.key) in records:
                raise already_exists(resource.plural, resource.group, record.name)
            records[resource, record.key] = record
        rows = (Row(key.key, each.namespace, each.name, each.raw) for (key, _), each in records.items())
        self._storage.put_all(rows, revision)
        for (resource, _), record in records.items():
            self._remember(resource, record)
            self._publish(Event("ADDED", resource, record))
        return len(records)

    def update(self, resource: Resource, obj: Object, *, dry_run: bool = False) -> Object:
        """Replace an object and return it as stored; of a resource with a status subresource, status is
        kept.

        Conditional where `metadata.resourceVersion` is set. Where nothing changes, nothing is written and
        no event is sent. An object under deletion goes when its last finalizer does. Raises `NotFound`,
        `Conflict`.
        """
        obj = _normal(resource, obj)
        record, old = self._current(resource, obj)
        if resource.has_status:
            _carry(old, obj, "status")
        for key in _KEPT_METADATA:
            _carry(old["metadata"], obj["metadata"], key)
        generation = old["metadata"].get("generation")
        if generation is not None:
            changed = _intent(old) != _intent(obj)
            obj["metadata"]["generation"] = generation + 1 if changed else generation
        if old["metadata"].get("deletionTimestamp") and not held(resource, obj):
            return self._remove(resource, record, obj, dry_run=dry_run)
        return self._put("MODIFIED", resource, obj, record, dry_run=dry_run, before=old)

    def update_status(self, resource: Resource, obj: Object, *, dry_run: bool = False) -> Object:
        """Replace an object's status only; conditional like `update`. Raises `NotFound`, `Conflict`."""
        obj = _normal(resource, obj)
        record, new = self._current(resource, obj)
        _carry(obj, new, "status")
        _carry(obj["metadata"], new["metadata"], "managedFields", only_if_present=True)
        return self._put("MODIFIED", resource, new, record, dry_run=dry_run)

    def delete(
        self,
        resource: Resource,
        namespace: str | None,
        name: str,
        preconditions: Preconditions | None = None,
        *,
        dry_run: bool = False,
    ) -> Object:
        """Delete an object and return it as it was last.

        With finalizers it is only marked (deletionTimestamp; a namespace is then Terminating), and goes
        when the last of them is removed.
        Raises `NotFound`, and `Conflict` where a precondition does not hold.
        """
        record = self.record(resource, namespace, name)
        if record is None:
            raise not_found(resource.plural, resource.group, name)
        _check_preconditions(resource, record, preconditions)
        obj = record.object
        meta = obj["metadata"]
        if not held(resource, obj):
            return self._remove(resource, record, obj, dry_run=dry_run)
        meta.setdefault("deletionTimestamp", self._now())
        if resource is kinds.NAMESPACES:
            obj.setdefault("status", {})["phase"] = "Terminating"
        else:
            meta.setdefault("deletionGracePeriodSeconds", 0)
        return self._put("MODIFIED", resource, obj, record, dry_run=dry_run)

    def watch(self, resource: Resource | None = None, since: int | None = None) -> Watch:
        """Follow the changes of a resource (None: of all) later than version `since` (None: from this call
        on).

        `async for event in store.watch(kinds.PODS, since=revision)`. Raises `Gone` when the changes since
        then are no longer kept, at once or while iterating; then list again. Ends when the store is closed.
        """
        return self._history.follow(resource, self.revision if since is None else since)

    def records(self, resource: Resource, namespace: str | None = None) -> Records:
        """The stored records, undecoded, in the order of their keys: for whoever serves bytes."""
        return self._records[resource].ordered(namespace)

    def record(self, resource: Resource, namespace: str | None, name: str) -> Record | None:
        """One stored record, undecoded."""
        return self._records[resource].get(namespace or "" if resource.namespaced else "", name)

    def keep_at(self, resource: Resource, namespace: str | None, revision: int, found: Records) -> None:
        """Keep what `moment` gave at a revision, so that it gives the same for some minutes."""
        self._moments.keep(resource, namespace, revision, found)

    def moment(self, resource: Resource, namespace: str | None, revision: int) -> Records:
        """What `records` gave at a revision. Raises `Gone` where that is no longer known."""
        kept = self._moments.at(resource, namespace, revision)
        if kept is not None:
            return kept
        if revision != self.revision:
            raise Gone(f"what was stored at resource version {revision} is no longer known; list again")
        return self.records(resource, namespace)

    def compact(self) -> None:
        """Forget every moment before now, as a cluster does when it compacts etcd.

        Watches and continued lists from before are `Gone`; watches under way go on.
        """
        self._moments.clear()
        self._history.compact(self.revision)

    def changed(self, resource: Resource) -> int:
        """The revision of the last change of any object of a resource since the start; 0 without one."""
        return self._changed.get(resource, 0)

    def namespaces(self) -> set[str]:
        """The namespaces in which anything is stored, whether they exist or not."""
        return {name for resource in _NAMESPACED for name in self._records[resource].namespaces()}

    def owned_by(self, uid: str) -> Places:
        """Where the objects are that have an ownerReference to `uid`."""
        return sorted(self._owned.get(uid, ()), key=lambda each: (each[0].key, *each[1:]))

    def exists(self, uid: str) -> bool:
        """Whether an object of that uid is stored."""
        return uid in self._uids

    def owner_uids(self) -> set[str]:
        """The uids that some object names as its owner."""
        return {uid for uid, objects in self._owned.items() if objects}

    @property
    def oldest_revision(self) -> int:
        """The oldest version from which a watch can start."""
        return self._history.floor

    def close(self) -> None:
        """End all watches and close the file."""
        self._history.end()
        self._storage.close()

    def _now(self) -> str:
        return self._clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def _new(self, resource: Resource, obj: Object, now: str) -> Object:
        """A copy of a new object with what the store fills in, but for its version."""
        obj = _normal(resource, obj)
        meta = obj["metadata"]
        if self.record(resource, meta.get("namespace"), meta["name"]):
            raise already_exists(resource.plural, resource.group, meta["name"])
        for unset in ("deletionTimestamp", "deletionGracePeriodSeconds", "generation"):
            meta.pop(unset, None)
        meta["uid"] = str(uuid.uuid4())
        meta["creationTimestamp"] = now
        if "spec" in obj:
            meta["generation"] = 1
        return obj

    def _current(self, resource: Resource, obj: Object) -> tuple[Record, Object]:
        meta = obj["metadata"]
        record = self.record(resource, meta.get("namespace"), meta["name"])
        if record is None:
            raise not_found(resource.plural, resource.group, meta["name"])
        expected = meta.get("resourceVersion")
        if expected and expected != str(record.resource_version):
            raise conflict(resource.plural, resource.group, meta["name"], _MODIFIED)
        return record, record.object

    def _put(
        self,
        kind: EventType,
        resource: Resource,
        obj: Object,
        old: Record | None,
        *,
        dry_run: bool,
        before: Object | None = None,
    ) -> Object:
        """Store an object where it differs from the old one; `before` is that one where it is decoded."""
        obj["metadata"].pop("resourceVersion", None)
        if old is not None:
            obj["metadata"]["resourceVersion"] = str(old.resource_version)
            if obj == (before or old.object):
                return obj
        if dry_run:
            return obj
        revision = self.revision + 1
        obj["metadata"]["resourceVersion"] = str(revision)
        record = Record.of(obj, encode(obj))
        self._storage.put(Row(resource.key, record.namespace, record.name, record.raw), revision)
        if old is not None:
            self._forget(resource, old)
        self._remember(resource, record)
        self._publish(Event(kind, resource, record, old))
        return obj

    def _remove(self, resource: Resource, record: Record, last: Object, *, dry_run: bool) -> Object:
        if dry_run:
            return last
        revision = self.revision + 1
        last["metadata"]["resourceVersion"] = str(revision)
        self._storage.remove(resource.key, record.namespace, record.name, revision)
        self._forget(resource, record)
        self._publish(Event("DELETED", resource, Record.of(last, encode(last)), record))
        return last

    def _publish(self, event: Event) -> None:
        self.revision = self._changed[event.resource] = event.resource_version
        self._history.publish(event)

    def _remember(self, resource: Resource, record: Record) -> None:
        self._records[resource].put(record)
        self._uids.add(record.uid)
        for uid in record.owners:
            self._owned.setdefault(uid, set()).add((resource, record.namespace, record.name))

    def _forget(self, resource: Resource, record: Record) -> None:
        self._records[resource].remove(record)
        self._uids.discard(record.uid)
        for uid in record.owners:
            owned = self._owned.get(uid, set())
            owned.discard((resource, record.namespace, record.name))
            if not owned:
                self._owned.pop(uid, None)


def _normal(resource: Resource, obj: Object) -> Object:
    """A copy in the stored version, with metadata fit for the resource's scope."""
    copy = decode(encode(obj))
    copy.pop("apiVersion", None)
    copy.pop("kind", None)
    metadata = copy.pop("metadata", None) or {}
    if not metadata.get("name"):
        raise ValueError(f"a {resource.kind} needs a name")
    if not resource.namespaced:
        metadata.pop("namespace", None)
    elif not metadata.get("namespace"):
        raise ValueError(f"{resource.kind} {metadata['name']} needs a namespace")
    return {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": metadata, **copy}


def held(resource: Resource, obj: Object) -> bool:
    """Whether something has to be done before an object under deletion may go: its finalizers, and a
    namespace's own in its spec.
    """
    if obj["metadata"].get("finalizers"):
        return True
    return resource is kinds.NAMESPACES and bool((obj.get("spec") or {}).get("finalizers"))


def _carry(source: Object, target: Object, key: str, *, only_if_present: bool = False) -> None:
    if key in source:
        target[key] = source[key]
    elif not only_if_present:
        target.pop(key, None)


def _intent(obj: Object) -> Object:
    """What generation counts: everything but metadata and status."""
    return {key: value for key, value in obj.items() if key not in ("metadata", "status")}


def _check_preconditions(resource: Resource, record: Record, wanted: Preconditions | None) -> None:
    if wanted is None:
        return
    held = {"UID": (wanted.uid, record.uid)}
    held["ResourceVersion"] = (wanted.resource_version, str(record.resource_version))
    for what, (expected, actual) in held.items():
        if expected is not None and expected != actual:
            why = f"Precondition failed: {what} in precondition: {expected}, {what} in object meta: {actual}"
            raise conflict(resource.plural, resource.group, record.name, why)
