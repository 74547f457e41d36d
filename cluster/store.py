"""The objects of one kind, kept in step with what a list and then a watch say of them.

Every rule here is about events that come twice, late or of another life of the same name: the state after
them is the one a LIST shows. Written by one thread, read by any; what is read never changes afterwards. Pure.
"""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from threading import Lock
from typing import Any, Final, Literal, TypeAlias

from cluster.objects import metadata_of
from cluster.port import Event

Held: TypeAlias = dict[str, dict[str, Any]]
"""The objects by namespace, then by name."""
REMEMBERED: Final = 4096
"""UIDs of deleted objects that are kept, so that a late event brings none of them back."""


@dataclass(frozen=True, slots=True)
class Change:
    """One object that came, changed or went. `object` is it afterwards, of a DELETED one as it last stood."""

    type: Literal["ADDED", "MODIFIED", "DELETED"]
    object: Any


class Store:
    """The objects of one kind in one namespace, or in all."""

    def __init__(self) -> None:
        self.resource_version = ""
        self.revision = 0
        """Grows with every applied change, and with the first list."""
        self._lock = Lock()
        self._held: Held = {}
        self._listed_at: str | None = None
        self._gone: OrderedDict[str, None] = OrderedDict()
        self._shown: dict[str, tuple[Any, ...]] = {}
        self._all: tuple[Any, ...] | None = ()

    def __len__(self) -> int:
        with self._lock:
            return sum(map(len, self._held.values()))

    def read(self, namespace: str | None = None) -> tuple[Any, ...]:
        """The objects of one namespace, or (None) of all, by namespace and name: the same tuple until one
        of them changes.
        """
        with self._lock:
            if namespace is not None:
                return self._of(namespace)
            if self._all is None:
                self._all = tuple(chain.from_iterable(map(self._of, sorted(self._held))))
            return self._all

    def replace(self, items: Iterable[Any], resource_version: str) -> tuple[Change, ...]:
        """Takes a whole list in the place of what is held, at once. Returns what that changed."""
        fresh: Held = {}
        changes: list[Change] = []
        living = set()
        for item in items:
            meta = metadata_of(item)
            living.add(meta.uid)
            old = self._get(meta.namespace, meta.name)
            kept, told = _listed(old, item)
            fresh.setdefault(meta.namespace, {})[meta.name] = kept
            changes += told
        changes += [Change("DELETED", item) for item in self._missing_from(fresh)]
        for change in changes:
            if change.type == "DELETED":
                self._bury(metadata_of(change.object).uid)
        for uid in self._gone.keys() & living:
            # Only a restored backup brings a UID back; the list is right.
            del self._gone[uid]
        self._swap(fresh, {metadata_of(change.object).namespace for change in changes})
        self.resource_version = self._listed_at = resource_version
        return tuple(changes)

    def apply(self, event: Event[Any]) -> tuple[Change, ...]:
        """Takes one event of a watch. Returns what it changed: nothing for a late or repeated one."""
        if not _older(event.resource_version, self.resource_version):
            self.resource_version = event.resource_version
        if event.type == "BOOKMARK" or event.object is None:
            return ()
        return self._delete(event.object) if event.type == "DELETED" else self._put(event.object)

    def _put(self, item: Any) -> tuple[Change, ...]:
        meta = metadata_of(item)
        if meta.uid in self._gone:
            return ()
        old = self._get(meta.namespace, meta.name)
        if old is None:
            if not _newer(meta.resource_version, self._listed_at or ""):
                return ()
            return self._write(meta.namespace, meta.name, item, Change("ADDED", item))
        before = metadata_of(old)
        if not _newer(meta.resource_version, before.resource_version):
            return ()
        if before.uid == meta.uid:
            return self._write(meta.namespace, meta.name, item, Change("MODIFIED", item))
        self._bury(before.uid)
        return self._write(meta.namespace, meta.name, item, Change("DELETED", old), Change("ADDED", item))

    def _delete(self, item: Any) -> tuple[Change, ...]:
        meta = metadata_of(item)
        self._bury(meta.uid)
        old = self._get(meta.namespace, meta.name)
        if old is None or metadata_of(old).uid != meta.uid:
            return ()
        return self._write(meta.namespace, meta.name, None, Change("DELETED", item))

    def _get(self, namespace: str, name: str) -> Any:
        return self._held.get(namespace, {}).get(name)

    def _write(self, namespace: str, name: str, item: Any, *changes: Change) -> tuple[Change, ...]:
        with self._lock:
            objects = self._held.setdefault(namespace, {})
            if item is None:
                del objects[name]
                if not objects:
                    del self._held[namespace]
            else:
                objects[name] = item
            self._touch({namespace})
        return changes

    def _swap(self, fresh: Held, touched: set[str]) -> None:
        with self._lock:
            self._held = fresh
            if touched or self._listed_at is None:
                self._touch(touched)

    def _touch(self, namespaces: set[str]) -> None:
        for namespace in namespaces:
            self._shown.pop(namespace, None)
        self._all = None
        self.revision += 1

    def _of(self, namespace: str) -> tuple[Any, ...]:
        shown = self._shown.get(namespace)
        if shown is None:
            objects = self._held.get(namespace)
            if objects is None:
                return ()
            shown = self._shown[namespace] = tuple(objects[name] for name in sorted(objects))
        return shown

    def _missing_from(self, fresh: Held) -> list[Any]:
        return [
            item
            for namespace, objects in self._held.items()
            for name, item in objects.items()
            if name not in fresh.get(namespace, {})
        ]

    def _bury(self, uid: str) -> None:
        if uid:
            self._gone[uid] = None
            if len(self._gone) > REMEMBERED:
                self._gone.popitem(last=False)


def _listed(old: Any, new: Any) -> tuple[Any, tuple[Change, ...]]:
    """What to hold of an object that a new list shows, and what that changes."""
    if old is None:
        return new, (Change("ADDED", new),)
    before, after = metadata_of(old), metadata_of(new)
    if before.uid != after.uid:
        return new, (Change("DELETED", old), Change("ADDED", new))
    if before.resource_version == after.resource_version:
        return old, ()
    return new, (Change("MODIFIED", new),)


def _older(version: str, than: str) -> bool:
    # Kubernetes compares resource versions as numbers since 1.35; elsewhere they are opaque.
    return version.isdecimal() and than.isdecimal() and int(version) < int(than)


def _newer(version: str, than: str) -> bool:
    """Whether one version can be later than another: unequal, and not known to be older."""
    return version != than and not _older(version, than)
