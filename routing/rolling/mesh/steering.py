"""What steers the services of rollouts now, by the watch cache: read once for as long as nothing changes.

Two hundred rollouts look at once, each at one service. To go through all rules of the mesh for each of them
would take seconds; so the rules are sorted by the services that they name.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from cluster import connection, inventory
from cluster.connection import UnknownClusterError
from cluster.kinds import POD, SERVICE
from cluster.person import PersonCluster
from cluster.refs import Manifest
from routing import live, shares, verification
from routing.istio.hosts import http_rules
from routing.istio.splits import default_rule
from routing.verifying import Setting

_ANY: Final = "*"
_NAMING: Final = frozenset(("host", "hosts", "name"))


@dataclass(frozen=True, slots=True)
class Steered:
    """What steers a service. `injected`: a fault stands on the route that every request takes."""

    setting: Setting
    injected: bool


@dataclass(slots=True)
class _Read:
    """What was made of some objects of the cache, while they are the same."""

    of: tuple[Any, ...]
    made: Any


@dataclass(slots=True)
class _Cluster:
    rules: _Read | None = None
    services: dict[str, _Read] = field(default_factory=dict)
    steered: dict[tuple[str, str], _Read] = field(default_factory=dict)


class Steerings:
    """Safe in threads: what is kept is replaced as a whole."""

    def __init__(self) -> None:
        self._clusters: dict[str, _Cluster] = defaultdict(_Cluster)

    def of(self, cluster: str, namespace: str, service: str) -> Steered | None:
        """What steers a service; None where it is not known, or not there."""
        try:
            person = connection.get(cluster).acting(None)
        except UnknownClusterError:
            return None
        kept = self._clusters[cluster]
        rules = kept.rules = _rules(person, kept.rules)
        services = kept.services[namespace] = _services(person, namespace, kept.services.get(namespace))
        before = kept.steered.get((namespace, service))
        if before is None or before.of[0] is not rules or before.of[1] is not services:
            before = _Read((rules, services), _steered(rules.made, services.made, service))
            kept.steered[namespace, service] = before
        found: Steered | None = before.made
        return found


def _rules(person: PersonCluster, before: _Read | None) -> _Read:
    of = tuple(person.known(kind).items for kind in live.RULES)
    if before is not None and _same(before.of, of):
        return before
    return _Read(of, _by_name(item for items in of for item in items))


def _services(person: PersonCluster, namespace: str, before: _Read | None) -> _Read:
    of = tuple(person.known(kind, namespace).items for kind in (SERVICE, POD, *live.MAKERS))
    if before is not None and _same(before.of, of):
        return before
    found, pods, *makers = of
    made = inventory.workloads(dict(zip(live.MAKERS, makers, strict=True)), pods)
    return _Read(of, {each.name: each for each in inventory.services(found, pods, made)})


def _same(before: tuple[Any, ...], now: tuple[Any, ...]) -> bool:
    """Whether they are the very same objects: the cache hands out the same tuple until one changes."""
    return len(before) == len(now) and all(a is b or a == b == () for a, b in zip(before, now, strict=True))


def _by_name(manifests: Iterable[Manifest]) -> dict[str, list[Manifest]]:
    """Rules by the first label of every host and name in them; those with a wildcard by `*`."""
    found: dict[str, list[Manifest]] = defaultdict(list)
    for manifest in manifests:
        for name in {_first(name) for name in _named(manifest.get("spec"))}:
            found[name].append(manifest)
    return dict(found)


def _first(name: str) -> str:
    return _ANY if _ANY in name else name.partition(".")[0]


def _named(value: Any, *, naming: bool = False) -> Iterable[str]:
    if isinstance(value, str):
        if naming:
            yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _named(inner, naming=key in _NAMING)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _named(inner, naming=naming)


def _steered(
    rules: Mapping[str, list[Manifest]], services: Mapping[str, inventory.Service], name: str
) -> Steered | None:
    service = services.get(name)
    if service is None:
        return None
    named = {id(item): item for key in (name, _ANY) for item in rules.get(key, ())}
    found = shares.steered(named.values(), service, services.values())
    rule = default_rule(http_rules(found.in_force)) if found.in_force else None
    return Steered(verification.setting(found), injected=bool((rule or {}).get("fault")))
