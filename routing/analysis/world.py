"""All objects that an analysis is about, indexed. Pure.

Every look-up names a bucket: an index and a key in it. A `Look` writes down the buckets that were asked, so
that after a change only the checks that asked a changed bucket have to run again: `World.changed` tells
which buckets those are. An index is built when it is first asked, and carried along afterwards.
"""

from bisect import insort
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Final, TypeAlias

from routing.analysis.objects import GroupKind, Key, Obj, dig, text
from routing.schemas import Schema

Bucket: TypeAlias = tuple[str, Hashable]
"""The name of an index, and a key in it."""

DEFAULT_DOMAIN: Final = "cluster.local"
DEFAULT_ROOT: Final = "istio-system"
NO_SCHEMAS: Final[Mapping[GroupKind, Schema]] = {}
_NONE: Final[tuple[Obj, ...]] = ()
_BY_KEY: Final = attrgetter("key")


@dataclass(frozen=True, slots=True)
class Mesh:
    """The settings of the mesh (MeshConfig) that checks ask for, with Istio's defaults."""

    config: Mapping[str, Any] = field(default_factory=dict)

    @property
    def domain(self) -> str:
        """What the names of services end in: `cluster.local`."""
        return text(self.config.get("clusterDomain")) or DEFAULT_DOMAIN

    @property
    def root_namespace(self) -> str:
        """The namespace whose policies apply to the whole mesh."""
        return text(self.config.get("rootNamespace")) or DEFAULT_ROOT

    @property
    def proxy_metadata(self) -> Mapping[str, Any]:
        """The variables of every proxy."""
        found = dig(self.config, "defaultConfig", "proxyMetadata")
        return found if isinstance(found, dict) else {}


@dataclass(frozen=True, slots=True)
class Index:
    """A way to find objects: `keys` says under which keys an object of one of the kinds is found."""

    name: str
    kinds: tuple[GroupKind, ...]
    keys: Callable[[Obj, Mesh], Iterable[Hashable]]


class World:
    """All objects. Each answer is in the order of their keys, whatever the order in which they were given."""

    def __init__(
        self,
        objects: Iterable[Obj],
        mesh: Mesh | None = None,
        *,
        now: float | None = None,
        schemas: Mapping[GroupKind, Schema] = NO_SCHEMAS,
    ) -> None:
        """`now`: seconds since 1970, by which certificates are in force; without it dates do not count.
        `schemas`: what the fields of objects are held against; only for objects that no cluster has taken.
        """
        self.mesh, self.now, self.schemas = mesh or Mesh(), now, schemas
        self._by_key: dict[Key, Obj] = {obj.key: obj for obj in objects}
        self._by_kind: dict[GroupKind, list[Obj]] = {}
        for key in sorted(self._by_key):
            self._by_kind.setdefault(key.group_kind, []).append(self._by_key[key])
        self._indexes: dict[str, dict[Hashable, list[Obj]]] = {}
        self._known: dict[str, Index] = {}

    def __len__(self) -> int:
        return len(self._by_key)

    def get(self, key: Key) -> Obj | None:
        """The object of a key, if there is one."""
        return self._by_key.get(key)

    def of(self, kind: GroupKind) -> Sequence[Obj]:
        """All objects of a kind."""
        return self._by_kind.get(kind, _NONE)

    def at(self, index: Index, key: Hashable) -> Sequence[Obj]:
        """The objects that an index has under a key."""
        buckets = self._indexes.get(index.name)
        if buckets is None:
            buckets = self._built(index)
        return buckets.get(key, _NONE)

    def changed(self, removed: Collection[Key], added: Collection[Obj]) -> tuple["World", set[Bucket]]:
        """The world after objects went and came (a new version is both), and the buckets that changed."""
        world = World((), self.mesh, now=self.now, schemas=self.schemas)
        world._by_key, world._known = dict(self._by_key), self._known
        world._by_kind = dict(self._by_kind)
        world._indexes = {name: dict(buckets) for name, buckets in self._indexes.items()}
        gone = {obj.key for obj in added} | set(removed)
        touched: set[Bucket] = set()
        for key in gone & self._by_key.keys():
            touched |= world._take(world._by_key.pop(key))
        for obj in added:
            world._by_key[obj.key] = obj
            touched |= world._put(obj)
        return world, touched

    def _built(self, index: Index) -> dict[Hashable, list[Obj]]:
        buckets: dict[Hashable, list[Obj]] = {}
        for obj in sorted((obj for kind in index.kinds for obj in self.of(kind)), key=_BY_KEY):
            for key in set(index.keys(obj, self.mesh)):
                buckets.setdefault(key, []).append(obj)
        self._indexes[index.name], self._known[index.name] = buckets, index
        return buckets

    def _take(self, obj: Obj) -> set[Bucket]:
        kind = obj.key.group_kind
        self._by_kind[kind] = [other for other in self._by_kind[kind] if other is not obj]
        for name, key in self._buckets(obj):
            self._indexes[name][key] = [other for other in self._indexes[name][key] if other is not obj]
        return self._touched(obj)

    def _put(self, obj: Obj) -> set[Bucket]:
        kind = obj.key.group_kind
        self._by_kind[kind] = _with(self._by_kind.get(kind, _NONE), obj)
        for name, key in self._buckets(obj):
            self._indexes[name][key] = _with(self._indexes[name].get(key, _NONE), obj)
        return self._touched(obj)

    def _buckets(self, obj: Obj) -> Iterable[Bucket]:
        for name in self._indexes:
            index = self._known[name]
            if obj.key.group_kind in index.kinds:
                yield from ((name, key) for key in set(index.keys(obj, self.mesh)))

    def _touched(self, obj: Obj) -> set[Bucket]:
        return {("kind", obj.key.group_kind), ("object", obj.key), *self._buckets(obj)}


def _with(objects: Sequence[Obj], obj: Obj) -> list[Obj]:
    longer = list(objects)
    insort(longer, obj, key=_BY_KEY)
    return longer


class Look:
    """The world as one check sees it; `asked` collects the buckets that its answer depends on."""

    __slots__ = ("asked", "mesh", "world")

    def __init__(self, world: World, asked: set[Bucket] | None = None) -> None:
        self.world = world
        self.mesh = world.mesh
        self.asked = asked

    def get(self, kind: GroupKind, namespace: str, name: str) -> Obj | None:
        """One object, if there is one."""
        key = Key(*kind, namespace, name)
        if self.asked is not None:
            self.asked.add(("object", key))
        return self.world.get(key)

    def of(self, kind: GroupKind) -> Sequence[Obj]:
        """All objects of a kind: the answer depends on every one of them, so ask for less where you can."""
        if self.asked is not None:
            self.asked.add(("kind", kind))
        return self.world.of(kind)

    def at(self, index: Index, key: Hashable) -> Sequence[Obj]:
        """The objects that an index has under a key."""
        if self.asked is not None:
            self.asked.add((index.name, key))
        return self.world.at(index, key)
