"""What the console knows of a cluster: every kind it looks at, kept up to date by watches.

Reads never wait for the cluster; each says how old it is.
"""

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final, Generic, TypeAlias, TypeVar

from cluster import checking, decoding, kinds, objects, reading
from cluster.checking import Difference
from cluster.errors import ClusterError, Forbidden, NotFound
from cluster.kinds import NAMESPACE, Kind
from cluster.port import Cluster
from cluster.reflector import Emit, Pace, Reflector
from cluster.store import Change

T_co = TypeVar("T_co", covariant=True)
CACHED: Final = kinds.ALL
STOP_SECONDS: Final = 5.0
"""How long `stop` waits for all threads together; they are daemons, and one may be in a request."""
log = logging.getLogger(__name__)
Problems: TypeAlias = Iterable[tuple[str | None, ClusterError | None]]
"""By namespace (None: all), what keeps a kind from being up to date there."""


@dataclass(frozen=True, slots=True)
class Known(Generic[T_co]):
    """The objects of a kind as far as they are known.

    `age_seconds`: 0 while the watch is open and speaks, else the time since it last did; None when the kind
    was never listed. `problem`: why it is not up to date, in plain words; empty when it is. `served`: False
    when the cluster does not have the kind at all, which is no problem: there are no objects of it.
    """

    items: tuple[T_co, ...]
    age_seconds: float | None = 0.0
    problem: str = ""
    served: bool = True


@dataclass(frozen=True, slots=True)
class KindStatus:
    """How it stands with one kind in one namespace, or (None) in all. `synced`: listed at least once.

    `lists` and `events` count since the start; `problem` names an absent kind, too.
    """

    kind: Kind
    namespace: str | None
    synced: bool
    objects: int
    age_seconds: float | None
    problem: str
    lists: int
    events: int
    resource_version: str


class Cache:
    """The watch cache of one cluster. Safe in any thread."""

    def __init__(
        self,
        cluster: Cluster,
        kinds: Iterable[Kind] = CACHED,
        *,
        namespaces: tuple[str, ...] = (),
        pace: Pace | None = None,
    ) -> None:
        """`namespaces`: where the console may look; empty means everywhere."""
        self._cluster = cluster
        self.namespaces = tuple(sorted(set(namespaces)))
        self._kinds = tuple(kinds)
        self._pace = pace or Pace()
        self._reflectors: dict[Kind, tuple[Reflector, ...]] = {}
        self._threads: list[threading.Thread] = []
        self._stopping = threading.Event()
        self._turning = threading.Lock()
        self._changed = threading.Condition()
        self._listeners: tuple[Emit, ...] = ()
        self._joined: dict[Kind, tuple[list[tuple[Any, ...]], tuple[Any, ...]]] = {}
        self._configured = tuple(
            decoding.convert({"metadata": {"name": name}}, objects.shape_of(NAMESPACE))
            for name in self.namespaces
        )

    @property
    def running(self) -> bool:
        """Whether watches keep it up to date."""
        return bool(self._reflectors)

    def start(self) -> None:
        """Begins to list and watch, in threads of its own. A second call does nothing."""
        with self._turning:
            if self.running:
                return
            self._stopping = threading.Event()
            self._reflectors = {
                kind: tuple(self._reflector(kind, namespace) for namespace in self._scopes(kind))
                for kind in self._kinds
            }
            targets = [(str(each), each.run) for each in self._every()]
            self._threads = [
                threading.Thread(target=target, name=f"watch {name}", daemon=True)
                for name, target in [*targets, ("consistency", self._tend)]
            ]
            for thread in self._threads:
                thread.start()

    def stop(self) -> None:
        """Ends all watches, and forgets what they told."""
        with self._turning:
            reflectors, self._reflectors = list(self._every()), {}
            self._stopping.set()
            for reflector in reflectors:
                reflector.stop()
            end = self._pace.clock() + STOP_SECONDS
            for thread in self._threads:
                thread.join(max(0.0, end - self._pace.clock()))
            self._threads = []
            self._joined = {}
        self._wake()

    def read(self, kind: Kind, namespace: str | None = None) -> Known[Any]:
        """The known objects of a kind, in one namespace or (None) in all, by namespace and name.

        Where the console may look into some namespaces only, the others are unknown, and not told of.
        The very same tuple of items until one of them changes. Where it does not run (commands, tests), the
        cluster is asked now. Never raises for a cluster that does not answer: the answer says so.
        """
        if namespace is not None and self.namespaces and namespace not in self.namespaces:
            return Known((), None, outside(namespace))
        asked = self._reflectors.get(kind)
        if asked is None:
            return self._fresh(kind, namespace)
        if namespace is not None:
            asked = tuple(each for each in asked if each.namespace in (None, namespace))
        error = asked[0].error
        unlisted = error is not None and (isinstance(error, Forbidden) or asked[0].age is None)
        if kind == NAMESPACE and self._configured and error is not None and unlisted:
            return self._by_name(error)
        problem = _problem(kind, ((each.namespace, each.error) for each in asked))
        served = not all(each.absent for each in asked)
        return Known(self._items(kind, namespace, asked), _age(asked), problem, served)

    def revision(self, kind: Kind) -> int:
        """Grows with every change of a kind that `read` shows; 0 before the first list."""
        return sum(each.store.revision for each in self._reflectors.get(kind, ()))

    def wait(self, kind: Kind, revision: int, timeout: float) -> int:
        """Waits at most `timeout` seconds for another revision than this one. Returns the present one."""
        with self._changed:
            self._changed.wait_for(lambda: self.revision(kind) != revision or not self.running, timeout)
        return self.revision(kind)

    def wait_until_settled(self, timeout: float) -> bool:
        """Waits at most `timeout` seconds until each kind was listed, or it is known why not."""
        with self._changed:
            return self._changed.wait_for(lambda: all(each.settled for each in self._every()), timeout)

    def subscribe(self, listener: Emit) -> Callable[[], None]:
        """Calls `listener(kind, changes)`, in the threads of the watches, for each change that can be read.

        Returns what ends it.
        """
        with self._turning:
            self._listeners += (listener,)
        return lambda: self._unsubscribe(listener)

    def status(self) -> tuple[KindStatus, ...]:
        """How it stands with each kind, in each namespace that is watched on its own."""
        return tuple(
            KindStatus(
                kind=each.kind,
                namespace=each.namespace,
                synced=each.store.revision > 0,
                objects=len(each.store),
                age_seconds=each.age,
                problem=_sentence(each.kind, [each.namespace], each.error) if each.error else "",
                lists=each.lists,
                events=each.events,
                resource_version=each.store.resource_version,
            )
            for each in self._every()
        )

    def check(self) -> tuple[Difference, ...]:
        """Compares what is watched with fresh lists; what a watch may still be bringing does not count.

        Takes `Pace.check_again` seconds where something differs at first sight.
        """
        return tuple(chain.from_iterable(self._compare(each) for each in self._every()))

    def _compare(self, reflector: Reflector) -> tuple[Difference, ...]:
        return checking.compare(self._cluster, reflector, lambda: self._stopping.wait(self._pace.check_again))

    def _tend(self) -> None:
        stopping, pace = self._stopping, self._pace
        while not stopping.wait(pace.check_every * pace.uniform(0.8, 1.2)):
            for reflector in self._every():
                found = self._compare(reflector)
                if found and not stopping.is_set():
                    log.error("%s: the cache differs from a list: %s", reflector, checking.summary(found))
                    reflector.relist()

    def _reflector(self, kind: Kind, namespace: str | None) -> Reflector:
        return Reflector(self._cluster, kind, namespace, pace=self._pace, emit=self._tell)

    def _scopes(self, kind: Kind) -> tuple[str | None, ...]:
        return self.namespaces if kind.namespaced and self.namespaces else (None,)

    def _every(self) -> Iterable[Reflector]:
        return chain.from_iterable(self._reflectors.values())

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _tell(self, kind: Kind, changes: tuple[Change, ...]) -> None:
        self._wake()
        for listener in self._listeners if changes else ():
            try:
                listener(kind, changes)
            except Exception:
                log.exception("A listener to changes of %s failed", kind.plural)

    def _unsubscribe(self, listener: Emit) -> None:
        with self._turning:
            self._listeners = tuple(each for each in self._listeners if each is not listener)

    def _items(self, kind: Kind, namespace: str | None, asked: tuple[Reflector, ...]) -> tuple[Any, ...]:
        parts = [each.store.read(namespace) for each in asked]
        narrowed = kind == NAMESPACE and self._configured
        if len(parts) == 1 and not narrowed:
            return parts[0]
        last = self._joined.get(kind)
        if last is None or any(new is not old for new, old in zip(parts, last[0], strict=True)):
            items = tuple(chain.from_iterable(parts))
            last = self._joined[kind] = (parts, self._looked_into(items) if narrowed else items)
        return last[1]

    def _looked_into(self, namespaces: Iterable[Any]) -> tuple[Any, ...]:
        """Of the cluster's namespaces, the configured ones: of the others nothing but the name is known."""
        return tuple(item for item in namespaces if item.metadata.name in self.namespaces)

    def _by_name(self, error: ClusterError) -> Known[Any]:
        """The configured namespaces, where the cluster has not listed any: their names are known anyhow."""
        if isinstance(error, Forbidden):
            return Known(self._configured)
        return Known(self._configured, None, _problem(NAMESPACE, [(None, error)]))

    def _fresh(self, kind: Kind, namespace: str | None) -> Known[Any]:
        scopes = self._scopes(kind) if namespace is None else (namespace,)
        items: list[Any] = []
        problems: list[tuple[str | None, ClusterError]] = []
        for scope in scopes:
            try:
                items += reading.everything(self._cluster, kind, objects.shape_of(kind), scope).items
            except ClusterError as error:
                problems.append((scope, error))
        if kind == NAMESPACE and self._configured and problems:
            return self._by_name(problems[0][1])
        if kind == NAMESPACE and self._configured:
            items = list(self._looked_into(items))
        served = not problems or not all(isinstance(error, NotFound) for _, error in problems)
        problem = _problem(kind, problems)
        return Known(tuple(items), None if problem and len(problems) == len(scopes) else 0.0, problem, served)


def outside(namespace: str) -> str:
    """What to say of a namespace (empty: of all of them) where the console is not to look."""
    where = f"the namespace {namespace}" if namespace else "all namespaces"
    return f"meshui is not set up to look into {where}."


def _age(asked: tuple[Reflector, ...]) -> float | None:
    """The greatest age; of what could never be listed, `problem` speaks, while the rest is shown."""
    ages = [each.age for each in asked if each.age is not None or each.error is None]
    return None if not ages or None in ages else max(age for age in ages if age is not None)


def _problem(kind: Kind, found: Problems) -> str:
    """One sentence for each sort of problem, naming the namespaces that have it."""
    by_sort: dict[type[ClusterError], tuple[list[str | None], ClusterError]] = {}
    for namespace, error in found:
        if error is not None and not isinstance(error, NotFound):
            by_sort.setdefault(type(error), ([], error))[0].append(namespace)
    return " ".join(_sentence(kind, places, error) for places, error in by_sort.values())


def _sentence(kind: Kind, namespaces: list[str | None], error: ClusterError) -> str:
    if isinstance(error, NotFound):
        return f"The cluster does not serve {kind.plural}."
    places = ", ".join(name for name in namespaces if name)
    return f"meshui cannot read {kind.plural}" + (f" in {places}" if places else "") + f": {error.message}"
