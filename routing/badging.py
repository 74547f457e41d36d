"""What acts on the services and workloads that somebody may see, as the watch cache knows it: for GET badges.

Every open graph asks each few seconds, so the answer is kept for each person until the cache has news; and
where it takes long to make, it is made anew only now and then.
"""

import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final
from weakref import WeakKeyDictionary

from cluster import inventory
from cluster.kinds import (
    DESTINATION_RULE,
    GRPC_ROUTE,
    HTTP_ROUTE,
    NAMESPACE,
    PEER_AUTHENTICATION,
    POD,
    SERVICE,
    VIRTUAL_SERVICE,
    WORKLOADS,
    Kind,
)
from cluster.person import PersonCluster
from routing import badges
from routing.shares import steered

RULES: Final = (VIRTUAL_SERVICE, DESTINATION_RULE, HTTP_ROUTE, GRPC_ROUTE)
READ: Final = (NAMESPACE, SERVICE, POD, *WORKLOADS, *RULES, PEER_AUTHENTICATION)
NEEDED: Final = (SERVICE, VIRTUAL_SERVICE, DESTINATION_RULE)
"""The kinds by which the answer counts as current or not."""
PATIENCE: Final = 20
"""News waits until so many times the time has passed that it takes to read it: at most a twentieth of a core
for each person."""
LONGEST_WAIT: Final = 10.0
"""Seconds, after which a right that was taken away counts in any case."""

Sources = dict[Kind, tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Badges:
    """Badges, of what age in seconds (None: never read), and why not newer, as in `cluster.cache.Known`."""

    items: tuple[badges.Badge, ...]
    age_seconds: float | None
    problem: str


@dataclass(frozen=True, slots=True)
class _Kept:
    sources: Sources
    found: tuple[badges.Badge, ...]
    fresh_until: float


_lock: Final = Lock()
_kept: Final["WeakKeyDictionary[PersonCluster, _Kept]"] = WeakKeyDictionary()


def everything(
    person: PersonCluster, namespaces: Collection[str] = (), now: Callable[[], float] = time.monotonic
) -> Badges:
    """What acts in some namespaces (empty: in all). Never raises for a cluster that does not answer."""
    known = {kind: person.known(kind) for kind in READ}
    ages = [known[kind].age_seconds for kind in NEEDED if known[kind].served]
    age = None if None in ages else max((each for each in ages if each is not None), default=0.0)
    found = _found(person, {kind: each.items for kind, each in known.items()}, now)
    wanted = [badge for badge in found if not namespaces or badge.namespace in namespaces]
    problem = next((known[kind].problem for kind in NEEDED if known[kind].problem), "")
    return Badges(tuple(wanted), age, problem)


def _found(person: PersonCluster, sources: Sources, now: Callable[[], float]) -> tuple[badges.Badge, ...]:
    kept = _kept.get(person)
    if kept and _serves(kept, sources, now()):
        return kept.found
    hidden = person.hidden(POD, {item.metadata.namespace for item in sources[SERVICE]})
    with _lock:
        # Of several that came at once, the first has made it for all.
        kept, began = _kept.get(person), now()
        if kept and _serves(kept, sources, began):
            return kept.found
        found = tuple(_made(sources, hidden))
        wait = min(LONGEST_WAIT, PATIENCE * (now() - began))
        _kept[person] = _Kept(sources, found, began + wait)
        return found


def _serves(kept: _Kept, sources: Sources, now: float) -> bool:
    return now < kept.fresh_until or all(kept.sources[kind] is sources[kind] for kind in READ)


def _made(sources: Sources, pods_hidden: Collection[str]) -> Iterable[badges.Badge]:
    makers = {kind: sources[kind] for kind in WORKLOADS}
    workloads = inventory.workloads(makers, sources[POD], sources[NAMESPACE], pods_hidden=pods_hidden)
    services = inventory.services(sources[SERVICE], sources[POD], workloads, pods_hidden=pods_hidden)
    index = badges.Index(item for kind in RULES for item in sources[kind])
    for service in services:
        about = index.about(service.namespace, service.name)
        if about:
            yield from badges.of_service(steered(about, service, services))
    meshed = {each.namespace for each in workloads if each.pods_with_sidecar or each.pods_ambient}
    for workload in workloads:
        in_mesh = workload.namespace in meshed
        yield from badges.of_workload(workload, sources[PEER_AUTHENTICATION], in_mesh=in_mesh)
