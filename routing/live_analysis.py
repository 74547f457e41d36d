"""What the analysis says of a cluster as it stands, for one person: the one way in for pages and REST.

An analysis of what the watch cache holds, kept, and carried along when that has changed: only what a change
concerns is checked again. It sees everything that the console sees; each finding is then shown to those who
may read what it is about.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from threading import Lock, Thread
from typing import Any, Final, TypeAlias
from weakref import WeakKeyDictionary

import msgspec

from cluster import connection, kinds, objects, refs
from cluster.cache import Cache
from cluster.kinds import Kind
from cluster.person import PersonCluster
from cluster.refs import Manifest, Ref
from routing import contents, problems
from routing.analysis.analyzers import LIVE
from routing.analysis.cures import cured as cure
from routing.analysis.engine import analyze_one
from routing.analysis.findings import Analyzer, Finding
from routing.analysis.incremental import Incremental
from routing.analysis.objects import Key, Obj
from routing.analysis.world import World
from routing.yaml_files import Path

READ: Final = (
    kinds.NAMESPACE,
    kinds.SERVICE,
    kinds.POD,
    kinds.DEPLOYMENT,
    *kinds.ISTIO,
    *kinds.GATEWAY_KINDS,
)
"""What the world of the analysis is made of."""
SUBJECTS: Final = frozenset((kind.group, kind.kind) for kind in (*kinds.ISTIO, *kinds.GATEWAY_KINDS))
UNSEEN: Final = frozenset({"gateway.SecretAnalyzer"})
"""Checks of what the console does not read: it has no right to Secrets, so every one would be missing."""
_SERVICES: Final = ".svc.cluster.local"
_KINDS: Final[Mapping[tuple[str, str], Kind]] = {(kind.group, kind.kind): kind for kind in READ}
Sources: TypeAlias = tuple[tuple[Any, ...], ...]
"""What the cache holds of each kind of `READ`."""
_LEVELS: Final[Mapping[str, problems.Level]] = {"Error": "error", "Warning": "warning", "Info": "info"}


class _Kept:
    """The analysis of one cache: `sources` are the very tuples that it was made of, `findings` what it said
    of them.
    """

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        self.kept = Incremental(World(_objects(sources)), _checks())
        self.findings = self.kept.findings

    def is_outdated(self, sources: Sources) -> bool:
        """Whether the cache holds something else by now."""
        return any(new is not old for new, old in zip(sources, self.sources, strict=True))

    def follow(self, sources: Sources) -> None:
        """Takes in what has changed: an object that is the very same is none of it."""
        removed: set[Key] = set()
        added: list[Obj] = []
        for kind, new, old in zip(READ, sources, self.sources, strict=True):
            if new is old:
                continue
            known, here = set(map(id, old)), set(map(id, new))
            removed.update(_object(kind, item).key for item in old if id(item) not in here)
            added += [_object(kind, item) for item in new if id(item) not in known]
        self.sources = sources
        self.kept.change(removed - {obj.key for obj in added}, added)
        self.findings = self.kept.findings


_lock: Final = Lock()
_known: Final["WeakKeyDictionary[Cache, _Kept]"] = WeakKeyDictionary()
_counts: Final["WeakKeyDictionary[PersonCluster, tuple[tuple[Finding, ...], int]]"] = WeakKeyDictionary()


def findings(person: PersonCluster) -> tuple[Finding, ...]:
    """What is to be said of Istio's and the Gateway API's resources that this person may read."""
    found = _analysed(person.name)
    _counted(person, found)
    return shown(person, found)


def count(person: PersonCluster) -> int:
    """How many errors and warnings there are for a person, by what is known already: no page waits for it.

    Where a watch has brought news, they are found out in a thread, for the next time.
    """
    cache = connection.get(person.name).cache
    known = _known.get(cache)
    if cache.running and (known is None or known.is_outdated(_sources(cache))):
        _begin(person.name)
    found = known.findings if known else None
    counted = _counts.get(person)
    if found is None or (counted is not None and counted[0] is found):
        return counted[1] if counted else 0
    return _counted(person, found) if person.access.own else (counted[1] if counted else 0)


def cures(person: PersonCluster, found: Iterable[Finding]) -> dict[Finding, Manifest]:
    """Of findings that this person is shown, those with a mechanical cure: the object as it would be then."""
    with _lock:
        known = _known.get(connection.get(person.name).cache)
        world = known.kept.world if known else World(())
        cured = {each: cure(world, each) for each in found if each.message != problems.ELSEWHERE}
    return {each: manifest for each, manifest in cured.items() if manifest is not None}


def foreseen(person: PersonCluster, writes: Iterable[tuple[Ref, Manifest | None]]) -> tuple[Finding, ...]:
    """What would be said once these objects stand so (None: are gone), and is not said now."""
    removed, added = [], []
    for ref, manifest in writes:
        if manifest is None:
            removed.append(Key(ref.kind.group, ref.kind.kind, ref.namespace, ref.name))
        else:
            added.append(Obj.of(manifest))
    with _lock:
        found = _current(person.name).foreseen(removed, added)
    written = {obj.key: obj for obj in added}
    return tuple(
        each
        for each in shown(person, found)
        if each.subject not in written or not _guesses(person, each, written[each.subject])
    )


def manifests(person: PersonCluster, names: Collection[str]) -> list[Manifest]:
    """The resources of these kinds of Istio's that this person may read, as the watch cache knows them."""
    return [item for kind in kinds.ISTIO if kind.kind in names for item in person.known(kind).items]


def of_text(person: PersonCluster, kind: Kind, manifest: Manifest) -> Iterable[contents.Found]:
    """What the analysis would say of a resource if it stood in the cluster as given, each at its field."""
    obj = Obj.of(manifest)
    with _lock:
        # The same indexes serve both worlds, and are built when they are first asked.
        world, _ = _current(person.name).world.changed((), (obj,))
        checks = [each for each in _checks() if (kind.group, kind.kind) in each.subjects]
        of_it = analyze_one(world, obj, checks)
    for found in shown(person, of_it):
        if not _guesses(person, found, obj):
            yield found.at, problems.Problem(_LEVELS[found.level], found.code, found.message)


def shown(person: PersonCluster, found: Iterable[Finding]) -> tuple[Finding, ...]:
    """Of findings those on what this person may read; of one that tells of more, only that it is there."""
    every = tuple(found)
    asked = {need for each in every for key in (each.subject, *each.about) if (need := _need(key))}
    readable = person.may_read(asked)

    def may(key: Key) -> bool:
        need = _need(key)
        return need is None or need in readable

    return tuple(
        each if all(map(may, each.about)) else replace(each, message=problems.ELSEWHERE, about=())
        for each in every
        if may(each.subject)
    )


def _guesses(person: PersonCluster, found: Finding, obj: Obj) -> bool:
    """Whether a finding is on a field that names something where this person may not read: of what is not
    yet in force, it would tell anybody who guesses names which of them there are.
    """
    return not all(map(person.readable, _places_named(obj.manifest, found.at)))


def _places_named(manifest: Manifest, at: Path) -> set[str]:
    """The namespaces that the field at a path, and the objects around it, name: of a host or outright."""
    places: set[str] = set()
    value: Any = manifest.get("spec")
    for step in (*at[1:], None):
        if isinstance(value, dict):
            # Of a backend of the Gateway API, and of a destination.
            places |= {str(each) for each in [value.get("namespace")] if each}
            places |= _place_of(value.get("host"))
        if isinstance(value, str) and {"namespaces", "notNamespaces"}.intersection(at):
            places.add(value)
        elif step is None:
            places |= _place_of(value)
        else:
            value = _member(value, step)
    return places


def _member(value: Any, step: str | int) -> Any:
    try:
        return value[step]
    except (KeyError, IndexError, TypeError):
        return None


def _place_of(name: Any) -> set[str]:
    """The namespace in a host, a gateway's `namespace/name`, or a Sidecar's `namespace/host`."""
    if not isinstance(name, str):
        return set()
    place, slash, host = name.rpartition("/")
    stem = host.removesuffix(_SERVICES)
    found = {place} if slash and refs.is_dns_label(place) else set()
    return found | ({stem.rpartition(".")[2]} if stem != host else set())


def _need(key: Key) -> tuple[Kind, str] | None:
    kind = _KINDS.get(key.group_kind)
    if kind is None:
        return None
    # A namespace is read by reading what is in it.
    return (kinds.SERVICE, key.name) if kind == kinds.NAMESPACE else (kind, key.namespace)


def _counted(person: PersonCluster, found: tuple[Finding, ...]) -> int:
    number = sum(each.level != "Info" for each in shown(person, found))
    _counts[person] = (found, number)
    return number


def _begin(cluster: str) -> None:
    if _lock.acquire(blocking=False):
        _lock.release()
        Thread(target=_analysed, args=(cluster,), name="analysis", daemon=True).start()


def _analysed(cluster: str) -> tuple[Finding, ...]:
    with _lock:
        return _current(cluster).findings


def _sources(cache: Cache) -> Sources:
    return tuple(cache.read(kind).items for kind in READ)


def _current(cluster: str) -> Incremental:
    """The analysis of what the cache holds now; only under the lock."""
    cache = connection.get(cluster).cache
    sources = _sources(cache)
    known = _known.get(cache)
    if known is None:
        known = _known[cache] = _Kept(sources)
    elif known.is_outdated(sources):
        known.follow(sources)
    return known.kept


def _checks() -> list[Analyzer]:
    return [
        replace(each, subjects=subjects)
        for each in LIVE
        if each.topic not in UNSEEN and (subjects := tuple(one for one in each.subjects if one in SUBJECTS))
    ]


def _objects(sources: Sources) -> Iterable[Obj]:
    for kind, items in zip(READ, sources, strict=True):
        yield from (_object(kind, item) for item in items)


def _object(kind: Kind, item: Any) -> Obj:
    return Obj.of(_manifest(kind, item) if kind in objects.SHAPES else item)


def _manifest(kind: Kind, item: Any) -> Manifest:
    """A projection as the object that it was read from, as far as it goes."""
    # Through JSON, so that lists are lists: as builtins, the tuples of a projection stay tuples.
    plain: Manifest = msgspec.json.decode(msgspec.json.encode(item))
    return {"apiVersion": kind.api_version, "kind": kind.kind, **plain}
