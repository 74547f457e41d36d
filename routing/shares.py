"""Which part of a service's requests each version can get by what routes it, and what else happens to them.
Pure.

Which requests take which http rule is not known from the rules alone. So what is told of a share is a range:
one value where all rules agree, else the least and the most that any of them gives. A rule that names the
whole service leaves its part to the pods.

HTTPRoutes and GRPCRoutes of the service count as the VirtualServices that they mean. Where the service's
namespace has one, it is in force for the callers there, whatever VirtualService is older.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from cluster import inventory
from cluster.refs import Manifest
from routing import diff, gatewayapi, istio
from routing.istio.hosts import age, fqdn, http_rules, percentages, service_host
from routing.istio.splits import default_rule, is_default
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
    """What routes a service, out of all resources, and what that means for its requests.

    `routes`: its HTTPRoutes and GRPCRoutes in the form of VirtualServices, the oldest first. `backends`: the
    version that each Service stands for, by host, which has the pods of one version only.
    """

    service: inventory.Service
    virtual: istio.VirtualServices
    destination_rules: istio.DestinationRules
    routes: tuple[Manifest, ...] = ()
    backends: Mapping[str, str] = field(default_factory=dict)

    @property
    def in_force(self) -> Manifest | None:
        """The VirtualService, or what stands for the routes, that callers in the mesh follow."""
        return self.route or self.virtual.main or self.virtual.wildcard

    @property
    def route(self) -> Manifest | None:
        """What stands for the routes of the service's producer; None where it has none."""
        mine = (each for each in self.routes if not each["consumer"] and http_rules(each))
        return next(mine, None)

    @property
    def rivals(self) -> tuple[Manifest, ...]:
        """The VirtualServices that some callers follow, or may follow, in the place of what is in force."""
        main, route = self.virtual.main, self.route
        if route is None:
            return self.virtual.rivals
        return (main,) if main is not None and age(main) < age(route) else ()

    @property
    def elsewhere(self) -> tuple[Manifest, ...]:
        """What some callers follow besides: consumers' routes, and a VirtualService older than the route."""
        older = self.rivals if self.route is not None else ()
        return (*older, *(each for each in self.routes if each["consumer"] and http_rules(each)))

    @property
    def subsets(self) -> istio.Subsets:
        """The subsets in force."""
        return istio.read_subsets(self.destination_rules.effective, self.service)

    def fates(self) -> tuple[Fate, ...]:
        """What each rule does that a request can take; of a service that nothing routes, one."""
        main = self._fates(self.in_force) if self.in_force else ()
        others = (
            # By the name the rules of one resource are told from those of another.
            replace(fate, match=f"{gatewayapi.named(each)} {fate.match}")
            for each in self.elsewhere
            for fate in self._fates(each)
        )
        return (*(main or (Fate(shares={WHOLE: 1.0}),)), *others)

    def version(self, destination: Mapping[str, Any], home: str) -> str | None:
        """The version that a destination of a rule in a namespace means, WHOLE for the service itself, None
        for another host.
        """
        host = fqdn(str(destination.get("host", "")), home)
        if host == service_host(self.service.namespace, self.service.name):
            return self.subsets.versions.get(str(destination.get("subset", "")), WHOLE)
        return self.backends.get(host)

    def weights(self) -> dict[str, float] | None:
        """The weights of the default route in percent; None where there are none over versions."""
        found = self.default()
        return None if not found or set(found) == {WHOLE} else found

    def default(self) -> dict[str, float] | None:
        """The default route's shares in percent, as `istio.read_weights` tells them; None without one."""
        if self.route is not None:
            return self._default_of(self.route)
        if self.in_force is None:
            return None
        return istio.read_weights(self.in_force, self.service.namespace, self.service.name, self.subsets)

    def _default_of(self, route: Manifest) -> dict[str, float] | None:
        items = (default_rule(http_rules(route)) or {}).get("route") or []
        found: dict[str, float] = {}
        for item, share in zip(items, percentages(items), strict=True):
            version = self.version(item["destination"], istio.namespace_of(route)) or WHOLE
            found[version] = found.get(version, 0.0) + share
        return found or None

    def _fates(self, virtual_service: Manifest) -> tuple[Fate, ...]:
        rules = _reachable(http_rules(virtual_service))
        return tuple(_fate(rule, self, virtual_service) for rule in rules)

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


def steered(
    resources: Iterable[Manifest], service: inventory.Service, services: Iterable[inventory.Service] = ()
) -> Steered:
    """What routes a service, out of all VirtualServices, DestinationRules and routes of the Gateway API.

    `services`: those among which are the backends of its routes.
    """
    every = list(resources)
    routes = [item for item in every if item.get("kind") == "VirtualService" and _is_istio(item)]
    policies = [item for item in every if item.get("kind") == "DestinationRule" and _is_istio(item)]
    return Steered(
        service,
        istio.virtual_services_of(routes, service.namespace, service.name),
        istio.destination_rules_of(policies, service.namespace, service.name),
        *_routes(every, service, services),
    )


def _routes(
    resources: Iterable[Manifest], service: inventory.Service, services: Iterable[inventory.Service]
) -> tuple[tuple[Manifest, ...], dict[str, str]]:
    """What stands for the routes of a service, the oldest first, and the version of each backend."""
    where = service.namespace, service.name
    routes = [item for item in resources if item.get("kind") in gatewayapi.KINDS]
    mine = [each for each in routes if where in gatewayapi.parents(each)]
    if not mine:
        return (), {}
    host, ports = service_host(*where), [port.number for port in service.ports]
    found = gatewayapi.virtual_services(mine, lambda name: ports if name == host else None)
    backends = gatewayapi.versions_behind(service, services).items()
    by_host = {service_host(service.namespace, name): version for name, version in backends}
    return tuple(sorted(found, key=age)), by_host


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
    home = istio.namespace_of(virtual_service)
    found: dict[str, float] = {}
    for item, share in zip(route, percentages(route), strict=True):
        version = about.version(item.get("destination") or {}, home)
        if share and version is not None:
            found[version] = found.get(version, 0.0) + share
    total = sum(found.values())
    return {version: share / total for version, share in found.items()}


def _range(version: str, fates: Iterable[Fate]) -> Range:
    least = [fate.shares.get(version, 0.0) for fate in fates]
    most = [fate.shares.get(version, 0.0) + fate.shares.get(WHOLE, 0.0) for fate in fates]
    return Range(min(least, default=0.0), max(most, default=1.0))
