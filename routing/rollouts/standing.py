"""What stands in the cluster of what a rollout owns, and what of it somebody else changed. Pure.

A rollout owns the weights of two versions on the default route; while it mirrors first, the mirror to its
canary there; and for a header or cookie one route, known by its name. All else is everybody's.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cluster import inventory, kinds
from cluster.kinds import DESTINATION_RULE, GRPC_ROUTE, HTTP_ROUTE, VIRTUAL_SERVICE
from cluster.refs import Manifest
from routing import gatewayapi, istio
from routing.istio import HttpRoute
from routing.istio.copies import is_copy
from routing.istio.hosts import http_rules
from routing.istio.http.reach import taken
from routing.rollouts.spec import Spec, Strategy
from routing.rollouts.states import Rule

PREFIX: Final = "meshui-rollout-"
NOTHING: Final = Rule(-1)
MATCHED: Final = frozenset({"header", "cookie"})
_NAMED: Final = 32
"""Characters of the service's name in that of its route; a hash tells those apart that begin alike."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What steers one service. `producers`: its HTTPRoutes and GRPCRoutes that all callers follow;
    `consumers`: those that the callers of another namespace follow.
    """

    service: inventory.Service
    virtual: istio.VirtualServices
    destination_rules: istio.DestinationRules
    producers: tuple[Manifest, ...] = ()
    consumers: tuple[Manifest, ...] = ()

    @property
    def subsets(self) -> istio.Subsets:
        """The subsets in force."""
        return istio.read_subsets(self.destination_rules.effective, self.service)

    def routes(self) -> tuple[HttpRoute, ...]:
        """The http routes of the VirtualService in force; none without one."""
        if self.virtual.main is None:
            return ()
        return istio.read_routes(self.virtual.main, self.service.namespace, self.service.name, self.subsets)

    def default(self) -> HttpRoute | None:
        """The default route, or None."""
        return next((each for each in self.routes() if each.default), None)

    def shares(self) -> dict[str, float] | None:
        """The default route's shares in percent, as `istio.read_weights` tells them; None without one."""
        if self.virtual.main is None:
            return None
        return istio.read_weights(self.virtual.main, self.service.namespace, self.service.name, self.subsets)


def scene(resources: Iterable[Manifest], service: inventory.Service) -> Scene:
    """What steers a service, out of all VirtualServices, DestinationRules and routes of the Gateway API."""
    by_kind: dict[kinds.Kind, list[Manifest]] = {}
    for item in resources:
        by_kind.setdefault(kinds.of(item), []).append(item)
    where = service.namespace, service.name
    routes = [
        each
        for each in (*by_kind.get(HTTP_ROUTE, ()), *by_kind.get(GRPC_ROUTE, ()))
        if where in gatewayapi.parents(each)
    ]
    mine = tuple(each for each in routes if istio.namespace_of(each) == service.namespace)
    return Scene(
        service,
        istio.virtual_services_of(by_kind.get(VIRTUAL_SERVICE, ()), *where),
        istio.destination_rules_of(by_kind.get(DESTINATION_RULE, ()), *where),
        mine,
        tuple(each for each in routes if each not in mine),
    )


def unknown_service(namespace: str, name: str) -> inventory.Service:
    """A service of which nothing is known but its name: its subsets then stand for what they say."""
    return inventory.Service(
        namespace=namespace, name=name, app=name, ports=(), versions=(), pods_without_version=0
    )


def standing(seen: Scene, spec: Spec) -> Rule:
    """The rule that stands: the canary's weight where it and the baseline have all of the default route in
    whole percent, else -1; whether the canary gets copies; whether the rollout's own route is there.
    """
    if seen.virtual.main is None:
        return NOTHING
    kind = spec.strategy.kind
    return Rule(
        _weight(seen.shares(), spec),
        mirror=kind == "mirror" and mirror_of(seen, spec) is not None,
        match=kind in MATCHED and own_route(seen) is not None,
    )


def route_name(namespace: str, service: str) -> str:
    """The name of the route that a rollout of a service owns; the same for each of its rollouts."""
    mark = hashlib.sha256(f"{namespace}/{service}".encode()).hexdigest()[:8]
    return f"{PREFIX}{service[:_NAMED]}-{mark}"


def own_route(seen: Scene) -> HttpRoute | None:
    """The rollout's own route, or None."""
    name = route_name(seen.service.namespace, seen.service.name)
    # Read as a whole only where it is there: this is asked for each rollout at each look.
    main = seen.virtual.main
    if main is None or not any(rule.get("name") == name for rule in http_rules(main)):
        return None
    return next((each for each in seen.routes() if each.name == name), None)


def mirror_of(seen: Scene, spec: Spec) -> Mapping[str, Any] | None:
    """The canary's mirror on the default route as rules say it, or None."""
    return next((each for each in mirrors(seen) if version_of(each, seen) == spec.canary), None)


def version_of(place: Mapping[str, Any], seen: Scene) -> str:
    """The version that a destination or a mirror, as rules say it, stands for; empty for any other place."""
    if place.get("host") or place.get("version"):
        return str(place.get("version") or "")
    return seen.subsets.versions.get(str(place.get("subset") or ""), "")


def mirrors(seen: Scene) -> list[dict[str, Any]]:
    """The mirrors of the default route as rules say them."""
    default = seen.default()
    return list(default.said.get("mirrors") or ()) if default is not None else []


def match_of(strategy: Strategy) -> dict[str, Any]:
    """Which requests the rollout's own route is for, as rules say it."""
    if strategy.kind == "cookie":
        return {"headers": {"cookie": {"regex": _cookie(strategy.name, strategy.value)}}}
    return {"headers": {strategy.name.lower(): {"exact": strategy.value}}}


def is_shadowed(seen: Scene) -> bool:
    """Whether a route in front of the rollout's own takes all requests that it is for."""
    name = route_name(seen.service.namespace, seen.service.name)
    main = seen.virtual.main
    rules = [rule for rule in http_rules(main) if not is_copy(rule)] if main is not None else []
    place = next((index for index, rule in enumerate(rules) if rule.get("name") == name), None)
    if place is None:
        return False
    matches = rules[place].get("match") or [{}]
    return all(any(taken(match, other) for other in rules[:place]) for match in matches)


def foreign(seen: Scene, spec: Spec, expected: Rule) -> str:
    """What somebody else changed of what a rollout owns, in words; empty when `expected` stands untouched."""
    return " ".join(f"{said[0].upper()}{said[1:]}" for said in _foreign(seen, spec, expected))


def _foreign(seen: Scene, spec: Spec, expected: Rule) -> Iterator[str]:
    main = seen.virtual.main
    if seen.producers:
        names = ", ".join(named(each, spec) for each in seen.producers)
        yield f"{names} came into force for {spec.service}, in the place of its VirtualService."
    if main is None:
        if expected != NOTHING:
            yield f"No VirtualService routes {spec.service} any more."
        return
    if seen.virtual.rivals:
        names = ", ".join(dict.fromkeys(named(each, spec) for each in (main, *seen.virtual.rivals)))
        yield f"{names} all claim this host; which of them is in force is undefined (IST0109)."
    lost = list(_lost_subsets(seen, spec, expected))
    yield from lost or _other_weights(seen, spec, expected)
    if spec.strategy.kind == "mirror":
        yield from _other_mirror(seen, spec, expected)
    if spec.strategy.kind in MATCHED:
        yield from _other_route(seen, spec, expected)


def _lost_subsets(seen: Scene, spec: Spec, expected: Rule) -> Iterator[str]:
    """The versions that are to get requests or copies, and that no subset selects any more."""
    needed = {spec.baseline: 0 <= expected.weight < 100, spec.canary: expected.feeds or expected.mirror}
    effective = seen.destination_rules.effective
    for version, is_needed in needed.items():
        if not is_needed or version in seen.subsets.by_version:
            continue
        if effective is None:
            yield f"No DestinationRule names the pods of {version} any more."
        else:
            yield f"No subset of {named(effective, spec)} selects the pods of {version} any more."


def _other_weights(seen: Scene, spec: Spec, expected: Rule) -> Iterator[str]:
    shares = seen.shares()
    if _weight(shares, spec) == expected.weight or expected.weight < 0:
        return
    name = _main(seen, spec)
    wrote = f"this rollout wrote {expected.weight} % for {spec.canary}"
    if shares is None:
        yield f"{name} has no default route with weights any more; {wrote}."
        return
    said = ", ".join(f"{version or 'others'} {share:g} %" for version, share in shares.items())
    yield f"The default route of {name} has other weights now ({said}); {wrote}."


def _other_mirror(seen: Scene, spec: Spec, expected: Rule) -> Iterator[str]:
    found = mirror_of(seen, spec)
    name = _main(seen, spec)
    if expected.mirror and found is None:
        yield f"The mirror to {spec.canary} was taken from the default route of {name}."
    elif expected.mirror and found and found.get("percentage", 100) != 100:
        yield f"The mirror to {spec.canary} gets {found['percentage']:g} % of the requests now, not all."
    elif found and not expected.mirror:
        yield f"Somebody mirrors requests of the default route of {name} to {spec.canary}."


def _other_route(seen: Scene, spec: Spec, expected: Rule) -> Iterator[str]:
    name, found = route_name(spec.namespace, spec.service), own_route(seen)
    where = _main(seen, spec)
    if found is None:
        if expected.match:
            yield f"Route {name} was taken from {where}."
    elif not expected.match:
        yield f"Route {name} came back to {where}."
    elif not _says(found, seen, spec):
        yield f"Route {name} of {where} was changed: it is to send {told(spec.strategy)} to {spec.canary}."
    elif is_shadowed(seen):
        yield f"Another route of {where} stands before {name}, and takes all of its requests."


def named(manifest: Manifest, spec: Spec) -> str:
    """How an object is named to all who may see the rollout: one of another namespace not at all."""
    if istio.namespace_of(manifest) == spec.namespace:
        return istio.name_of(manifest)
    return f"a {manifest['kind']} of another namespace"


def _main(seen: Scene, spec: Spec) -> str:
    return named(seen.virtual.main, spec) if seen.virtual.main is not None else "no VirtualService"


def told(strategy: Strategy) -> str:
    """Whom a strategy's own route is for, in words."""
    return f"requests with the {strategy.kind} {strategy.name}"


def _says(route: HttpRoute, seen: Scene, spec: Spec) -> bool:
    """Whether the rollout's route is for its requests, and sends them to the canary only."""
    asked = route.said.get("match")
    places = route.said.get("destinations")
    if not isinstance(asked, list) or not isinstance(places, list) or len(asked) != 1 or len(places) != 1:
        return False
    mine = {key: value for key, value in asked[0].items() if key != "gateways"}
    return mine == match_of(spec.strategy) and version_of(places[0], seen) == spec.canary


def _weight(shares: Mapping[str, float] | None, spec: Spec) -> int:
    given = {version: share for version, share in (shares or {}).items() if share}
    if not given or set(given) - {spec.baseline, spec.canary}:
        return -1
    weight = given.get(spec.canary, 0.0)
    return int(weight) if weight == int(weight) else -1


def _cookie(name: str, value: str) -> str:
    """An RE2 expression for a Cookie header that has exactly this pair. Source: RFC 6265, 4.2.1."""
    return rf"(?:.*;[ \t]*)?{re.escape(name)}={re.escape(value)}[ \t]*(?:;.*)?"
