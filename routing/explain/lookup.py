"""Which VirtualService, or which HTTPRoutes, speak for a host and one caller, and why others do not. Pure.

Inside the mesh one is in force: the most specific host wins, of equals a route of the Gateway API in the
caller's own namespace, then the oldest. At a gateway those of the
same host follow each other, the oldest first, and rules that take everything come last.
Sources: istio.io/istio, pilot/pkg/networking/core (route/route.go, gateway.go), pilot/pkg/model.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from cluster.refs import Manifest
from routing import gatewayapi
from routing.explain import matching, values
from routing.explain.answer import Rival
from routing.explain.delegates import Candidate, candidates, gateway_name
from routing.explain.question import Caller, World
from routing.istio import hosts


@dataclass(frozen=True, slots=True)
class InForce:
    """The VirtualServices in force for a host (several only at a gateway), and those that are not."""

    virtual_services: tuple[Manifest, ...]
    reason: str
    rivals: tuple[Rival, ...]
    passed_over: tuple[Manifest, ...] = ()

    @property
    def resource(self) -> str:
        """How they are named; empty where there is none."""
        return ", ".join(map(gatewayapi.named, self.virtual_services))


def gateways_of(virtual_service: Manifest) -> list[str]:
    """What a VirtualService is bound to: `mesh`, and gateways as `namespace/name`."""
    given = values.texts(virtual_service["spec"].get("gateways")) or [hosts.MESH]
    return [gateway_name(name, hosts.namespace_of(virtual_service)) for name in given]


def in_mesh(world: World, host: str, caller: Caller, port: int, kind: str = "http") -> InForce:
    """What routes a host's requests from inside the mesh."""
    # Routes of the Gateway API say nothing of connections.
    everything = (*world.virtual_services, *(world.routes if kind == "http" else ()))
    claims = [each for each in everything if hosts.specificity(each, host)]
    bound = [each for each in claims if hosts.MESH in gateways_of(each)]
    seen = [each for each in bound if hosts.visible(each, caller.namespace)]
    patterns = {id(each): _pattern(each, host) for each in claims}
    best = max(patterns[id(each)] for each in seen) if seen else None
    equals = sorted((each for each in seen if patterns[id(each)] == best), key=_turn(caller))
    # As in Istio: one that has no rule at all for this caller leaves its place to the next.
    chosen = next((each for each in equals if _has_rule(each, world, caller, port, kind)), None)
    told = _Told(chosen, caller, _ids(bound), _ids(seen), _ids(equals))
    rivals = [Rival(gatewayapi.named(each), told.why_not(each)) for each in claims if each is not chosen]
    reason = _reason(chosen, best, equals, caller) if chosen else ""
    passed_over = () if chosen else tuple(equals)
    return InForce((chosen,) if chosen else (), reason, tuple(rivals), passed_over)


def at_gateway(world: World, gateway: Manifest, host: str, port: int, namespace: str) -> InForce:
    """What routes a host's requests that come through a gateway, whose pods are in a namespace."""
    name = f"{hosts.namespace_of(gateway)}/{gateway['metadata']['name']}"
    served: dict[int, str] = {}
    rivals = []
    claims = [each for each in world.virtual_services if hosts.specificity(each, host)]
    for each in claims:
        shared = _served_host(gateway, each, host, port)
        if name not in gateways_of(each):
            rivals.append(Rival(hosts.name_of(each), f"it is not bound to gateway {name}"))
        elif not hosts.visible(each, namespace):
            rivals.append(Rival(hosts.name_of(each), f"it is not exported to namespace {namespace}"))
        elif not shared:
            rivals.append(Rival(hosts.name_of(each), f"no server of gateway {name} lets its host in"))
        else:
            served[id(each)] = shared
    best = max((_rank(shared) for shared in served.values()), default=None)
    chosen = [each for each in claims if id(each) in served and _rank(served[id(each)]) == best]
    rivals += [
        Rival(hosts.name_of(each), f"its host {served[id(each)]} is less specific")
        for each in claims
        if id(each) in served and id(each) not in _ids(chosen)
    ]
    chosen.sort(key=hosts.age)
    reason = f"bound to gateway {name}, for the host {served[id(chosen[0])]}" if chosen else ""
    if len(chosen) > 1:
        reason += "; their rules follow each other, the oldest first"
    return InForce(tuple(chosen), reason, tuple(rivals))


def rules(found: Iterable[Manifest], world: World, kind: str) -> Iterator[Candidate]:
    """The rules of VirtualServices, in the order in which they are asked."""
    for virtual_service in found:
        yield from candidates(virtual_service, world.virtual_services, kind)


def _turn(caller: Caller) -> Callable[[Manifest], tuple[bool, tuple[str, str, str]]]:
    """Sorts by whose turn it is, for a caller."""
    return lambda each: (not gatewayapi.own(each, caller.namespace), hosts.age(each))


def _pattern(virtual_service: Manifest, host: str) -> tuple[bool, int]:
    covering = [each for each in hosts.hosts_of(virtual_service) if hosts.covers(each, host)]
    return max(map(_rank, covering))


def _rank(pattern: str) -> tuple[bool, int]:
    """Plain names over wildcards, long wildcards over short ones."""
    return not pattern.startswith("*"), len(pattern)


def _has_rule(each: Manifest, world: World, caller: Caller, port: int, kind: str) -> bool:
    # Rules for connections stand beside the service's own route, not in its place.
    return kind != "http" or any(
        not rule.refused
        and (not (matches := values.mappings(rule.spec.get("match"))) or _any_for(matches, caller, port))
        for rule in candidates(each, world.virtual_services, kind)
    )


def _any_for(matches: list[values.Fields], caller: Caller, port: int) -> bool:
    return any(matching.admits(match, caller, port) is None for match in matches)


def _reason(
    chosen: Manifest, pattern: tuple[bool, int] | None, equals: list[Manifest], caller: Caller
) -> str:
    if gatewayapi.is_meant(chosen):
        return _reason_of_routes(chosen, equals, caller)
    exact = "names exactly this host" if pattern and pattern[0] else "names it by the most specific wildcard"
    if len(equals) == 1:
        return exact
    if chosen is equals[0]:
        return f"{exact}, and is the oldest of {len(equals)}"
    return f"{exact}, and is the oldest of {len(equals)} that has a rule for this caller"


def _reason_of_routes(chosen: Manifest, equals: list[Manifest], caller: Caller) -> str:
    whose = "of the caller's own namespace" if chosen["consumer"] else "of the service's producer"
    many = len({each.resource for each in gatewayapi.meant(chosen)}) > 1
    routes = f"routes {whose}, which count together" if many else f"route {whose}"
    words = f"{'have' if many else 'has'} this service as parent: {'' if many else 'a '}{routes}"
    if len(equals) == 1:
        return words
    first = gatewayapi.own(chosen, caller.namespace)
    return f"{words}, {'before all others' if first else f'the oldest of {len(equals)}'}"


@dataclass(frozen=True, slots=True)
class _Told:
    """Says why a VirtualService is not the one in force; the sets hold identities of manifests."""

    chosen: Manifest | None
    caller: Caller
    bound: frozenset[int]
    seen: frozenset[int]
    equals: frozenset[int]

    def why_not(self, each: Manifest) -> str:
        if id(each) not in self.bound:
            return f"it is bound to {', '.join(gateways_of(each))} only, not to the mesh"
        if id(each) not in self.seen:
            return _kept(each, self.caller.namespace)
        if id(each) not in self.equals:
            return "its host is less specific"
        if self.chosen is None or _turn(self.caller)(each) < _turn(self.caller)(self.chosen):
            return "none of its rules is for this caller"
        name = gatewayapi.named(self.chosen)
        if gatewayapi.own(self.chosen, self.caller.namespace):
            return f"{name}, of the caller's own namespace, comes first, and only one counts"
        return f"{name} is older, and only one counts"


def _kept(each: Manifest, namespace: str) -> str:
    if gatewayapi.is_meant(each):
        place = hosts.namespace_of(each)
        return f"a consumer's route is for callers in its namespace {place}, not {namespace}"
    exports = ", ".join(values.texts(each["spec"].get("exportTo")))
    return f"it is exported to {exports} only, not to namespace {namespace}"


def _ids(manifests: list[Manifest]) -> frozenset[int]:
    return frozenset(map(id, manifests))


def _served_host(gateway: Manifest, virtual_service: Manifest, host: str, port: int) -> str:
    """The most specific host that a server of a gateway and a VirtualService share and that covers `host`."""
    shared = [
        common
        for server in values.mappings(gateway["spec"].get("servers"))
        if values.whole(values.mapping(server.get("port")).get("number")) == port
        for entry in values.texts(server.get("hosts"))
        if (pattern := _let_in(entry, gateway, hosts.namespace_of(virtual_service)))
        for named in hosts.hosts_of(virtual_service)
        if (common := _common(pattern, named)) and hosts.covers(common, host)
    ]
    return max(shared, key=_rank, default="")


def _let_in(entry: str, gateway: Manifest, namespace: str) -> str:
    """The host of a server's entry (`host`, `namespace/host`, `./host`, `*/host`) for a namespace's rules."""
    place, slash, host = entry.rpartition("/")
    wanted = hosts.namespace_of(gateway) if place == "." else place
    return host if not slash or wanted in ("*", namespace) else ""


def _common(one: str, other: str) -> str:
    if _within(other, one):
        return other
    return one if _within(one, other) else ""


def _within(host: str, pattern: str) -> bool:
    return hosts.covers(pattern, host.removeprefix("*") if pattern.startswith("*") else host)
