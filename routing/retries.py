"""How one failing request multiplies on its way through the mesh: each caller's proxy tries it again. Pure.

Along a path of callers the tries multiply: with two retries at each of three hops, the last service gets 27
requests for one. Source of the default:
https://istio.io/latest/docs/concepts/traffic-management/#retries
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from cluster.refs import Manifest
from routing.istio.hosts import binds_mesh, hosts_of, http_rules, service_host

DEFAULT_ATTEMPTS: Final = 2
LONGEST_PATH: Final = 8

Name = tuple[str, str]


class Hop(Protocol):
    """Requests of a workload to a service, and who answers, each as (namespace, name)."""

    @property
    def caller(self) -> Name:
        """The workload that calls."""

    @property
    def service(self) -> Name:
        """The service that is called."""

    @property
    def answered_by(self) -> Name:
        """The workload that answers."""

    @property
    def proxied(self) -> bool:
        """Whether the caller's own proxy sends them: only that tries again."""


@dataclass(frozen=True, slots=True)
class Path:
    """The services on the way to one, it the last, each with how often it is tried again.

    `factor`: how many requests the last may get for one that fails.
    """

    steps: tuple[tuple[Name, int], ...] = ()
    factor: int = 1

    def then(self, service: Name, attempts: int) -> "Path":
        """The path with one more service at its end."""
        return Path((*self.steps, (service, attempts)), self.factor * (1 + attempts))

    def passes(self, service: Name) -> bool:
        """Whether a service stands on it."""
        return any(name == service for name, _ in self.steps)


def attempts_of(rule: Mapping[str, Any]) -> int:
    """How often a request that takes this http rule is tried again; not at all while it has a fault."""
    if rule.get("fault") or not rule.get("route"):
        return 0
    attempts = (rule.get("retries") or {}).get("attempts", DEFAULT_ATTEMPTS)
    return attempts if isinstance(attempts, int) and attempts >= 0 else DEFAULT_ATTEMPTS


def configured(virtual_services: Iterable[Manifest], services: Iterable[Name]) -> dict[Name, int]:
    """The most attempts that the routes of each service ask for; without one, Istio's default."""
    wanted = {service_host(*name): name for name in services}
    found = dict.fromkeys(wanted.values(), DEFAULT_ATTEMPTS)
    # Most of a large mesh is about other services: a look at the hosts as they are written tells so.
    written = {*wanted, *(name for _, name in found)}
    for item in virtual_services:
        hosts = (item.get("spec") or {}).get("hosts")
        if not isinstance(hosts, list) or written.isdisjoint(map(str, hosts)) or not binds_mesh(item):
            continue
        for host in hosts_of(item):
            if host in wanted and http_rules(item):
                found[wanted[host]] = max(map(attempts_of, http_rules(item)))
    return found


def upstream(hops: Sequence[Hop], target: Name) -> set[Name]:
    """The services on some way to this one, and it."""
    callers: dict[Name, set[Name]] = {}
    answers: dict[Name, set[Name]] = {}
    for hop in hops:
        callers.setdefault(hop.service, set()).add(hop.caller)
        answers.setdefault(hop.answered_by, set()).add(hop.service)
    found, rest = {target}, [target]
    while rest:
        here = rest.pop()
        before = {name for caller in callers.get(here, ()) for name in answers.get(caller, ())}
        rest += before - found
        found |= before
    return found


def worst_path(hops: Sequence[Hop], target: Name, attempts: Mapping[Name, int]) -> Path:
    """The way to a service on which a failing request multiplies the most. No service stands on it twice."""
    calls: dict[Name, dict[Name, None]] = {}
    for before, hop in _followed(hops, attempts):
        calls.setdefault(before, {})[hop.service] = None
    proxied = {hop.service for hop in hops if hop.proxied}
    best = {name: Path().then(name, tries if name in proxied else 0) for name, tries in attempts.items()}
    news = set(best)
    for _ in range(LONGEST_PATH):
        longer: dict[Name, Path] = {}
        for before in sorted(news):
            so_far = best[before]
            for after in calls.get(before, ()):
                factor = so_far.factor * (1 + attempts[after])
                if factor > longer.get(after, best[after]).factor and not so_far.passes(after):
                    longer[after] = so_far.then(after, attempts[after])
        if not longer:
            break
        best.update(longer)
        news = set(longer)
    return best.get(target, Path())


def _followed(hops: Sequence[Hop], among: Container[Name]) -> Iterable[tuple[Name, Hop]]:
    """Each hop by a proxy between these services, with a service that its caller answers for."""
    answers: dict[Name, set[Name]] = {}
    for hop in hops:
        if hop.service in among:
            answers.setdefault(hop.answered_by, set()).add(hop.service)
    for hop in hops:
        if hop.proxied and hop.service in among:
            for before in sorted(answers.get(hop.caller, ())):
                yield before, hop
