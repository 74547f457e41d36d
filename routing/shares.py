"""Which part of a service's requests each version can get by what routes it, and what else happens to them.
Pure.

Which requests take which http rule is not known from the rules alone. So what is told of a share is a range:
one value where all rules agree, else the least and the most that any of them gives. A rule that names the
whole service leaves its part to the pods.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cluster import inventory
from cluster.refs import Manifest
from routing import diff, istio
from routing.istio.hosts import fqdn, http_rules, percentages, service_host
from routing.istio.splits import is_default
from routing.sample_ratio import Range

WHOLE = ""
"""Stands for the whole service, where a destination names no version of it."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of the requests that one http rule takes; ratios from 0 to 1.

    `match` tells the rule from others (empty: the default route). `shares` are of those requests that reach
    the service, by version; empty where none do. `failing` are answered with an error by the rule itself.
    """

    match: str = ""
    shares: Mapping[str, float] = field(default_factory=dict)
    failing: float = 0.0
    status: str = ""
    delayed: float = 0.0
    delay: str = ""


@dataclass(frozen=True, slots=True)
class Steered:
    """What routes a service, out of all resources, and what that means for its requests."""

    service: inventory.Service
    virtual: istio.VirtualServices
    destination_rules: istio.DestinationRules

    @property
    def in_force(self) -> Manifest | None:
        """The VirtualService that callers in the mesh follow."""
        return self.virtual.main or self.virtual.wildcard

    @property
    def subsets(self) -> istio.Subsets:
        """The subsets in force."""
        return istio.read_subsets(self.destination_rules.effective, self.service)

    def fates(self) -> tuple[Fate, ...]:
        """What each rule does that a request can take; of a service that nothing routes, one."""
        if self.in_force is None:
            return (Fate(shares={WHOLE: 1.0}),)
        rules = list(_reachable(http_rules(self.in_force)))
        return tuple(_fate(rule, self, self.in_force) for rule in rules) or (Fate(shares={WHOLE: 1.0}),)

    def weights(self) -> dict[str, float] | None:
        """The weights of the default route in percent; None where there are none over versions."""
        if self.in_force is None:
            return None
        found = istio.read_weights(self.in_force, self.service.namespace, self.service.name, self.subsets)
        return None if not found or set(found) == {WHOLE} else found

    def ranges(self) -> dict[str, Range]:
        """What each version can get of the requests that reach the service."""
        named = {version.version for version in self.service.versions}
        fates = [fate for fate in self.fates() if fate.shares]
        named |= {version for fate in fates for version in fate.shares if version}
        return {version: _range(version, fates) for version in sorted(named)}

    def fed_elsewhere(self) -> frozenset[str]:
        """The versions that get requests by other rules than the default route, too."""
        fates = [fate for fate in self.fates() if fate.match and fate.shares]
        if any(WHOLE in fate.shares for fate in fates):
            return frozenset(version.version for version in self.service.versions)
        return frozenset(version for fate in fates for version in fate.shares)


def steered(resources: Iterable[Manifest], service: inventory.Service) -> Steered:
    """What routes a service, out of all VirtualServices and DestinationRules."""
    every = list(resources)
    routes = [item for item in every if item.get("kind") == "VirtualService" and _is_istio(item)]
    policies = [item for item in every if item.get("kind") == "DestinationRule" and _is_istio(item)]
    return Steered(
        service,
        istio.virtual_services_of(routes, service.namespace, service.name),
        istio.destination_rules_of(policies, service.namespace, service.name),
    )


def _is_istio(manifest: Manifest) -> bool:
    return str(manifest.get("apiVersion", "")).startswith("networking.istio.io/")


def _reachable(rules: Iterable[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    for rule in rules:
        yield rule
        if is_default(rule):
            return


def _fate(rule: Mapping[str, Any], about: Steered, virtual_service: Manifest) -> Fate:
    fault = rule.get("fault") or {}
    abort, delay = fault.get("abort") or {}, fault.get("delay") or {}
    status = str(abort.get("httpStatus") or abort.get("grpcStatus") or "")
    # An abort with 404 is an error, with 204 it is none; a gRPC status other than OK is one, too.
    fails = status not in ("", "OK") and not (status.isdecimal() and int(status) < 400)
    direct = rule.get("directResponse") or {}
    if direct:
        status, fails = str(direct.get("status", "")), int(direct.get("status") or 0) >= 400
    return Fate(
        match="" if is_default(rule) else diff.canonical(rule.get("match")),
        shares=_shares(rule, about, virtual_service),
        failing=(1.0 if direct else _ratio(abort)) if fails else 0.0,
        status=status,
        delayed=_ratio(delay),
        delay=str(delay.get("fixedDelay", "")),
    )


def _ratio(part: Mapping[str, Any]) -> float:
    """The part of the requests that a delay or abort meets; a percentage that is not set is nobody."""
    value = (part.get("percentage") or {}).get("value", part.get("percent", 0))
    return min(1.0, max(0.0, float(value) / 100)) if isinstance(value, int | float) else 0.0


def _shares(rule: Mapping[str, Any], about: Steered, virtual_service: Manifest) -> dict[str, float]:
    route = rule.get("route")
    if not isinstance(route, list) or not route:
        return {}
    host = service_host(about.service.namespace, about.service.name)
    home = istio.namespace_of(virtual_service)
    found: dict[str, float] = {}
    for item, share in zip(route, percentages(route), strict=True):
        destination = item.get("destination") or {}
        if share and fqdn(str(destination.get("host", "")), home) == host:
            version = about.subsets.versions.get(str(destination.get("subset", "")), WHOLE)
            found[version] = found.get(version, 0.0) + share
    total = sum(found.values())
    return {version: share / total for version, share in found.items()}


def _range(version: str, fates: Iterable[Fate]) -> Range:
    least = [fate.shares.get(version, 0.0) for fate in fates]
    most = [fate.shares.get(version, 0.0) + fate.shares.get(WHOLE, 0.0) for fate in fates]
    return Range(min(least, default=0.0), max(most, default=1.0))
