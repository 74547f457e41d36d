"""What the analysis says of a cluster as it stands, for one person: the one way in for pages and REST.

The whole analysis over what the watch cache holds, done again when that has changed. It sees everything that
the console sees; each finding is then shown to those who may read what it is about.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from threading import Lock, Thread
from typing import Any, Final
from weakref import WeakKeyDictionary

import msgspec

from cluster import connection, kinds, objects
from cluster.cache import Cache
from cluster.kinds import Kind
from cluster.person import PersonCluster
from cluster.refs import Manifest
from routing import contents, problems
from routing.analysis.analyzers import LIVE
from routing.analysis.engine import analyze
from routing.analysis.findings import Analyzer, Finding
from routing.analysis.objects import Key, Obj
from routing.analysis.world import World

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
_KINDS: Final[Mapping[tuple[str, str], Kind]] = {(kind.group, kind.kind): kind for kind in READ}
_LEVELS: Final[Mapping[str, problems.Level]] = {"Error": "error", "Warning": "warning", "Info": "info"}


@dataclass(frozen=True, slots=True)
class _Done:
    """The findings on what was known: `sources` are the very lists, the same until something changes."""

    sources: tuple[tuple[Any, ...], ...]
    world: World
    findings: tuple[Finding, ...]


_lock: Final = Lock()
_counts: Final["WeakKeyDictionary[PersonCluster, tuple[tuple[Finding, ...], int]]"] = WeakKeyDictionary()
_done: Final["WeakKeyDictionary[Cache, _Done]"] = WeakKeyDictionary()


def findings(person: PersonCluster) -> tuple[Finding, ...]:
    """What is to be said of Istio's and the Gateway API's resources that this person may read."""
    done = _analysed(person.name)
    _counted(person, done)
    return shown(person, done.findings)


def count(person: PersonCluster) -> int:
    """How many errors and warnings there are for a person, by what is known already: no page waits for it.

    Where a watch has brought news, they are found out in a thread, for the next time.
    """
    cache = connection.get(person.name).cache
    done = _done.get(cache)
    if cache.running and (done is None or _outdated(done, _sources(cache))):
        _begin(person.name)
    counted = _counts.get(person)
    if done is None or (counted is not None and counted[0] is done.findings):
        return counted[1] if counted else 0
    return _counted(person, done) if person.access.own else (counted[1] if counted else 0)


def of_text(person: PersonCluster, kind: Kind, manifest: Manifest) -> Iterable[contents.Found]:
    """What the analysis would say of a resource if it stood in the cluster as given, each at its field."""
    obj = Obj.of(manifest)
    world, _ = _analysed(person.name).world.changed((), (obj,))
    checks = [each for each in _checks() if (kind.group, kind.kind) in each.subjects]
    narrowed = [replace(each, subjects=((kind.group, kind.kind),)) for each in checks]
    of_it = (found for found in analyze(world, narrowed) if found.subject == obj.key)
    for found in shown(person, of_it):
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


def _need(key: Key) -> tuple[Kind, str] | None:
    kind = _KINDS.get(key.group_kind)
    if kind is None:
        return None
    # A namespace is read by reading what is in it.
    return (kinds.SERVICE, key.name) if kind == kinds.NAMESPACE else (kind, key.namespace)


def _counted(person: PersonCluster, done: _Done) -> int:
    number = sum(each.level != "Info" for each in shown(person, done.findings))
    _counts[person] = (done.findings, number)
    return number


def _begin(cluster: str) -> None:
    if _lock.acquire(blocking=False):
        _lock.release()
        Thread(target=_analysed, args=(cluster,), name="analysis", daemon=True).start()


def _sources(cache: Cache) -> tuple[tuple[Any, ...], ...]:
    return tuple(cache.read(kind).items for kind in READ)


def _outdated(done: _Done, sources: tuple[tuple[Any, ...], ...]) -> bool:
    return any(new is not old for new, old in zip(sources, done.sources, strict=True))


def _analysed(cluster: str) -> _Done:
    cache = connection.get(cluster).cache
    sources = _sources(cache)
    with _lock:
        done = _done.get(cache)
        if done is None or _outdated(done, sources):
            world = World(_objects(sources))
            done = _done[cache] = _Done(sources, world, analyze(world, _checks()))
    return done


def _checks() -> list[Analyzer]:
    return [
        replace(each, subjects=subjects)
        for each in LIVE
        if each.topic not in UNSEEN and (subjects := tuple(one for one in each.subjects if one in SUBJECTS))
    ]


def _objects(sources: tuple[tuple[Any, ...], ...]) -> Iterable[Obj]:
    for kind, items in zip(READ, sources, strict=True):
        projected = kind in objects.SHAPES
        for item in items:
            yield Obj.of(_manifest(kind, item) if projected else item)


def _manifest(kind: Kind, item: Any) -> Manifest:
    """A projection as the object that it was read from, as far as it goes."""
    plain: Manifest = msgspec.to_builtins(item)
    return {"apiVersion": kind.api_version, "kind": kind.kind, **plain}
