"""What a cluster holds of what rollouts are about: from the watch cache, and anew where that does not do.

The cache is shared by all rollouts of a tick, indexed once for each state of it. What is read anew is shared
by those who ask within a second, unless this process wrote meanwhile. A cluster that does not answer is
waited for once, for seconds, and not by each rollout.
"""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from cluster import inventory
from cluster.connection import Connection
from cluster.errors import ClusterError, Forbidden, NotFound
from cluster.kinds import DESTINATION_RULE, NAMESPACE, POD, SERVICE, VIRTUAL_SERVICE, Kind
from cluster.person import PersonCluster
from cluster.refs import Manifest, Ref
from routing import gatewayapi, istio, live
from routing.drafting.index import ByHost
from routing.rollouts.standing import Scene, scene, unknown_service

T = TypeVar("T")
Clock = Callable[[], float]
SHARED_SECONDS: Final = 1.0
"""So long what was read anew, or that nothing could be read, is good for others who ask."""
NEEDED: Final = (VIRTUAL_SERVICE, DESTINATION_RULE, SERVICE, POD, NAMESPACE)
"""Without these nothing is known; of other kinds an account need not be allowed to read any."""
PATIENCE_SECONDS: Final = 3.0
"""So long a look waits for a cluster; what it answers later is for the next."""


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Seen:
    """What steers a service now: the `resources` about it, and what they come to. `scene.service` has no
    versions where it is not `known`, or not there; `namespace_gone`: it is not there either, or about to go.
    `services`: all of its namespace, by name. The watch cache gives the same object until something changes.
    """

    scene: Scene
    service: inventory.Service | None
    namespace_gone: bool
    resources: tuple[Manifest, ...]
    services: Mapping[str, inventory.Service]


@dataclass(frozen=True, slots=True)
class _Place:
    """The services of a namespace, and whether it is gone, or about to be."""

    services: Mapping[str, inventory.Service]
    gone: bool


class _Kept(Generic[T]):
    """An answer that is read in a thread of its own, and kept for those who come within a second."""

    def __init__(self, read: Callable[[], T], clock: Clock) -> None:
        self._read, self._clock = read, clock
        self._lock = threading.Condition()
        self._began = self._ended = float("-inf")
        self._running = False
        self._answer: T | None = None
        self._problem: str = ""

    def get(self, not_before: float) -> T | None:
        """An answer that was asked for at this time of the clock or later; None where none comes soon."""
        with self._lock:
            if self._is_good(not_before):
                return self._answer
            if not self._running:
                self._start()
            elif self._clock() - self._began > PATIENCE_SECONDS:
                return None
            self._lock.wait_for(lambda: not self._running, PATIENCE_SECONDS)
            if self._running:
                return None
            if not self._problem and self._began < not_before:
                # What was under way was asked too early.
                self._start()
                self._lock.wait_for(lambda: not self._running, PATIENCE_SECONDS)
            return None if self._running else self._answer

    def _is_good(self, not_before: float) -> bool:
        recent = self._clock() - self._ended < SHARED_SECONDS and not self._running
        return recent and (bool(self._problem) or self._began >= not_before)

    def _start(self) -> None:
        self._running, self._began = True, self._clock()
        threading.Thread(target=self._run, name="rollouts read", daemon=True).start()

    def _run(self) -> None:
        answer: T | None = None
        problem = ""
        try:
            answer = self._read()
        except ClusterError as error:
            problem = error.message
        except Exception as error:  # noqa: BLE001  (whoever waits must hear of it)
            problem = repr(error)
        with self._lock:
            self._answer, self._problem = answer, problem
            self._running, self._ended = False, self._clock()
            self._lock.notify_all()


@dataclass
class _Index:
    """The rules of a cluster by the service that they are about; made of these very tuples."""

    made_of: tuple[tuple[Any, ...], ...]
    resources: dict[Ref, Manifest] = field(default_factory=dict)
    by_parent: dict[tuple[str, str], list[Manifest]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for items in self.made_of:
            for item in items:
                if item.get("kind") in gatewayapi.KINDS:
                    for parent in gatewayapi.parents(item):
                        self.by_parent.setdefault(parent, []).append(item)
                else:
                    self.resources[Ref.named(item)] = item
        self._by_host = ByHost(self.resources)

    def about(self, namespace: str, service: str) -> list[Manifest]:
        host = istio.service_host(namespace, service)
        refs = (
            ref for kind in (VIRTUAL_SERVICE, DESTINATION_RULE) for ref in self._by_host.about(kind, host)
        )
        return [*(self.resources[ref] for ref in refs), *self.by_parent.get((namespace, service), ())]


class Picture:
    """One cluster, for the rollouts in it; safe in any thread."""

    def __init__(self, there: Connection, clock: Clock = time.monotonic) -> None:
        self.there, self._clock = there, clock
        self._lock = threading.Lock()
        self._index: _Index | None = None
        self._services: dict[str, tuple[tuple[tuple[Any, ...], ...], dict[str, inventory.Service]]] = {}
        self._seen: dict[tuple[str, str], tuple[tuple[Any, ...], Seen]] = {}
        self._wrote = float("-inf")
        self._rules = _Kept(self._read_rules, clock)
        self._places: dict[str, _Kept[_Place]] = {}

    def wrote(self) -> None:
        """Notes that this process wrote to the cluster: what was read before is not of now."""
        self._wrote = self._clock()

    def cached(self, namespace: str, service: str) -> Seen | None:
        """What the watch cache knows; None where it is not current. Waits for nothing."""
        read = self.there.cache.read
        rules = {kind: read(kind) for kind in live.RULES}
        runs = {kind: read(kind, namespace) for kind in (SERVICE, POD, *live.MAKERS)}
        known = {**rules, **runs, NAMESPACE: read(NAMESPACE)}
        if any(known[kind].problem or known[kind].age_seconds != 0 for kind in NEEDED):
            return None
        index = self._indexed(tuple(each.items for each in rules.values()))
        services = self._known_services(namespace, tuple(each.items for each in runs.values()))
        made_of = (index, services, known[NAMESPACE].items)
        kept = self._seen.get((namespace, service))
        if kept is None or not _same(kept[0], made_of):
            place = next((each for each in made_of[2] if each.metadata.name == namespace), None)
            gone = place is None or _is_ending(place)
            kept = made_of, _seen(index, namespace, service, services, gone=gone)
            self._seen[namespace, service] = kept
        return kept[1]

    def fresh(self, namespace: str, service: str) -> Seen | None:
        """What the cluster says now, and in any case after this process's last write; None where it does not
        answer within seconds.
        """
        not_before = max(self._wrote, self._clock() - SHARED_SECONDS)
        index = self._rules.get(not_before)
        if index is None:
            return None
        with self._lock:
            place = self._places.setdefault(
                namespace, _Kept(lambda: self._read_place(namespace), self._clock)
            )
        found = place.get(not_before)
        if found is None:
            return None
        return _seen(index, namespace, service, found.services, gone=found.gone)

    def _indexed(self, items: tuple[tuple[Any, ...], ...]) -> _Index:
        with self._lock:
            if self._index is None or not _same(self._index.made_of, items):
                self._index = _Index(items)
                self._seen.clear()
            return self._index

    def _known_services(
        self, namespace: str, items: tuple[tuple[Any, ...], ...]
    ) -> dict[str, inventory.Service]:
        with self._lock:
            kept = self._services.get(namespace)
            if kept is None or not _same(kept[0], items):
                services, pods, *makers = items
                made = inventory.workloads(dict(zip(live.MAKERS, makers, strict=True)), pods)
                found = {each.name: each for each in inventory.services(services, pods, made)}
                kept = self._services[namespace] = (items, found)
            return kept[1]

    def _read_rules(self) -> _Index:
        own = self.there.acting(None)
        return _Index(tuple(self._rules_of(own, kind) for kind in live.RULES))

    @staticmethod
    def _rules_of(own: PersonCluster, kind: Kind) -> tuple[Manifest, ...]:
        try:
            return live.rules(own, kind)
        except Forbidden:
            if kind in NEEDED:
                raise
            return ()

    def _read_place(self, namespace: str) -> "_Place":
        found = live.read(self.there.acting(None), {namespace}, ())
        return _Place({each.name: each for each in found.services}, self._is_gone(namespace))

    def _is_gone(self, namespace: str) -> bool:
        """Whether there is no such namespace any more, or not for long."""
        try:
            found = self.there.acting(None).get(Ref(NAMESPACE, "", namespace))
        except NotFound:
            return True
        except ClusterError:
            return False
        ending = (found.get("status") or {}).get("phase") == "Terminating"
        return ending or bool(found["metadata"].get("deletionTimestamp"))


_pictures: dict[str, Picture] = {}
_making = threading.Lock()


def of(there: Connection) -> Picture:
    """The picture of a cluster; one in a process."""
    with _making:
        found = _pictures.get(there.name)
        if found is None or found.there is not there:
            found = _pictures[there.name] = Picture(there)
        return found


def forget() -> None:
    """Drops what this process knows of every cluster: for tests, in which another one begins."""
    with _making:
        _pictures.clear()


def _seen(
    index: _Index, namespace: str, service: str, services: Mapping[str, inventory.Service], *, gone: bool
) -> Seen:
    about, found = tuple(index.about(namespace, service)), services.get(service)
    steered = scene(about, found or unknown_service(namespace, service))
    return Seen(steered, found, gone, about, services)


def _is_ending(namespace: Any) -> bool:
    phase = namespace.status.phase if namespace.status else None
    return phase == "Terminating" or bool(namespace.metadata.deletion_timestamp)


def _same(old: Iterable[Any], new: Iterable[Any]) -> bool:
    """Whether these are the very same objects."""
    return all(one is other for one, other in zip(old, new, strict=True))
