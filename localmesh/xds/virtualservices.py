"""VirtualServices: which one speaks for a host, and its http routes in Envoy's form.

A route that holds an unusable value is left out and reported; the routes around it stand. (A cluster's
webhook would have refused the whole resource. Here the API server does, and what it lets through must not
stop everything else.)
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from localmesh.xds import actions, clusters, delegates, destinations, matches, names, policies
from localmesh.xds.actions import Asked
from localmesh.xds.clusters import METADATA
from localmesh.xds.delegates import Part
from localmesh.xds.egress import Egress
from localmesh.xds.gateways import Server
from localmesh.xds.matches import Scope
from localmesh.xds.model import Mesh, Rule
from localmesh.xds.values import Json, Problem, Unusable

#: The cluster that does not exist, of backends that cannot be; the name is Istio's.
_UNKNOWN = "UnknownService"
_CONFIG_KINDS = {"HTTPRoute": "http-route", "GRPCRoute": "grpc-route"}


@dataclass(frozen=True, slots=True)
class Targets:
    """Finds the clusters that the destinations of one VirtualService mean, for one scope."""

    mesh: Mesh
    owner: str
    scope: Scope
    gateway_api: bool = False

    @property
    def missing(self) -> Json:
        """A missing cluster is 500 in the Gateway API, and Envoy's 503 in Istio's."""
        return {"cluster_not_found_response_code": "INTERNAL_SERVER_ERROR"} if self.gateway_api else {}

    def cluster(self, destination: Mapping[str, Any], path: str) -> str:
        """The cluster's name, also when there is no such cluster: Envoy then answers 503 NC, as in Istio."""
        host, port = self._place(destination)
        if not host and self.gateway_api:
            return _UNKNOWN
        if not host:
            raise Unusable(f"{path}.host", "it is empty")
        return names.outbound_cluster(host, port, destination.get("subset") or "")

    def hash_policy(self, destination: Mapping[str, Any]) -> Json | None:
        """What requests to this destination are hashed by, by its DestinationRule."""
        host, port = self._place(destination)
        service = self.mesh.services_by_host.get(host)
        if service is None:
            return None
        effective = destinations.effective(self.mesh, service, self.scope.namespace)
        policy = effective.at(port, destination.get("subset") or "")
        return policies.balancing_of(policy).hash_policy

    def _place(self, destination: Mapping[str, Any]) -> tuple[str, int]:
        host = names.resolve(str(destination.get("host") or ""), self.owner)
        number = (destination.get("port") or {}).get("number")
        service = self.mesh.services_by_host.get(host)
        if not number and service and len(service.ports) == 1:
            number = service.ports[0].number
        return host, int(number or self.scope.port)


def gateways_of(rule: Rule) -> tuple[str, ...]:
    """What a VirtualService is bound to: `mesh` (also where nothing is said) and `namespace/name` of
    gateways.
    """
    given = rule.spec.get("gateways") or [names.MESH]
    return tuple(names.resolve_gateway(each, rule.namespace) for each in given)


def hosts_of(rule: Rule) -> tuple[str, ...]:
    """The full host names and wildcards of a VirtualService; what cannot be one is left out and reported."""
    given = (names.resolve(each, rule.namespace) for each in rule.spec.get("hosts") or ())
    return tuple(host for host in given if names.is_host(host))


def in_mesh(mesh: Mesh, namespace: str, known: Egress | None = None) -> tuple[Rule, ...]:
    """What routes the requests of sidecars of a namespace that know these hosts.

    Its own routes of the Gateway API first, which may overrule those of a service's owner, then the oldest.
    """
    seen = [
        rule
        for rule in mesh.rules
        if names.MESH in gateways_of(rule)
        and rule.visible_to(namespace)
        and (known is None or any(known.sees(rule.namespace, host) for host in hosts_of(rule)))
    ]
    return tuple(sorted(seen, key=lambda rule: not (rule.of_gateway_api and rule.namespace == namespace)))


class Directory:
    """Finds who speaks for a host: of the most specific hosts the first rule, and others in its absence."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        """Of `rules`, the first in line first."""
        self._rules: dict[str, list[Rule]] = {}
        for rule in rules:
            for host in dict.fromkeys(hosts_of(rule)):
                self._rules.setdefault(host, []).append(rule)
        self._wildcards = [host for host in self._rules if host.startswith("*")]

    @property
    def hosts(self) -> list[str]:
        """All hosts that some rule speaks for, wildcards among them, sorted."""
        return sorted(self._rules)

    def find(self, host: str) -> list[Rule]:
        """The rules for a host: the first that has a route for the client and the port is in force."""
        best = host if host in self._rules else names.best_match(self._wildcards, host)
        return [] if best is None else self._rules[best]


def routes_for(mesh: Mesh, found: Iterable[Rule], scope: Scope, service_host: str = "") -> tuple[Json, ...]:
    """The routes of the first of these rules that has any for a scope."""
    return next((made for rule in found if (made := routes(mesh, rule, scope, service_host))), ())


def routes(mesh: Mesh, rule: Rule, scope: Scope, service_host: str = "") -> tuple[Json, ...]:
    """Envoy's routes of a VirtualService for one scope, in order; `service_host` names the host in
    telemetry.
    """
    found: list[Json] = []
    for part in delegates.parts(mesh, rule):
        translated = _route(mesh, part, scope)
        found += translated if isinstance(translated, list) else []
    service = mesh.services_by_host.get(service_host)
    named = clusters.service_metadata(service) if service else clusters.host_metadata(service_host)
    return tuple(_named(each, rule, named if service_host else {}) for each in found)


def unusable(mesh: Mesh, part: Part, scope: Scope) -> Problem | None:
    """Why a route cannot be put into Envoy's form; None when it can."""
    made = _route(mesh, part, scope)
    return made if isinstance(made, Problem) else None


def problems(mesh: Mesh, rule: Rule) -> Iterator[Problem]:
    """What of a VirtualService is not acted on because of its values, its references, or an older
    resource.
    """
    scope = Scope(rule.namespace, {}, names.MESH, 80)
    for part in _own_parts(rule):
        translated = _route(mesh, part, scope)
        if isinstance(translated, Problem):
            yield translated
        else:
            yield from reference_problems(mesh, rule, part.spec, part.path)
    yield from delegates.problems(mesh, rule)
    if delegates.is_delegate(rule):
        yield from delegates.delegate_problems(mesh, rule)
    yield from _host_problems(mesh, rule)
    yield from _gateway_problems(mesh, rule)


def destination_hosts(mesh: Mesh, rule: Rule) -> set[str]:
    """The full hosts that the routes of a rule send or mirror requests to."""
    return {
        names.resolve(str(destination.get("host") or ""), part.owner)
        for part in delegates.parts(mesh, rule)
        for _, destination in _destinations(part.spec, part.path)
    }


def _own_parts(rule: Rule) -> Iterator[Part]:
    """The routes that are written in a VirtualService itself; delegations are checked apart."""
    for index, spec in enumerate(rule.spec.get("http") or ()):
        if not spec.get("delegate"):
            yield Part(spec, f"spec.http[{index}]", rule.namespace)


def _route(mesh: Mesh, part: Part, scope: Scope) -> list[Json] | Problem:
    """The routes of one HTTPRoute that this scope admits, or why it cannot be used at all."""
    spec, path = part.spec, part.path
    try:
        targets = Targets(mesh, part.owner, scope, part.gateway_api)
        action = actions.action(spec, path, targets, Asked(scope.port, scope.scheme))
        given = spec.get("match") or ()
        translated = [
            (match, matches.route_match(match, f"{path}.match[{index}]", whole_segments=part.gateway_api))
            for index, match in enumerate(given)
        ]
    except Unusable as error:
        return error.problem
    if not given:
        return [{**_name(spec), "match": dict(matches.EVERYTHING), **action}]
    return [
        {**_name(spec, match), **_stat_prefix(match), "match": each, **action}
        for match, each in translated
        if scope.admits(match, part.owner)
    ]


def _stat_prefix(match: Mapping[str, Any]) -> Json:
    return {"stat_prefix": str(match["statPrefix"])} if match.get("statPrefix") else {}


def _name(*named: Mapping[str, Any]) -> Json:
    """A route's name as Istio forms it: the route's, a dot, the match's."""
    parts = [str(each["name"]) for each in named if each.get("name")]
    return {"name": ".".join(parts)} if parts else {}


def _named(route: Json, rule: Rule, host: Json) -> Json:
    """Telemetry names the host from here where no cluster is reached: redirects, missing subsets."""
    kind = _CONFIG_KINDS.get(rule.kind, "virtual-service")
    metadata = {"config": f"{kind}/{rule.namespace}/{rule.name}", **host}
    return {**route, "metadata": {"filter_metadata": {METADATA: metadata}}}


def reference_problems(
    mesh: Mesh, rule: Rule, spec: Mapping[str, Any], path: str, *, streams: bool = False
) -> Iterator[Problem]:
    """Destinations of a route that are not there, in HTTP or (`streams`) in TCP."""
    lost = "connections are refused" if streams else "requests get 503"
    for where, destination in _destinations(spec, path):
        host = names.resolve(str(destination.get("host") or ""), rule.namespace)
        service = mesh.services_by_host.get(host)
        if service is None:
            yield Problem(f"{where}.host", f"there is no Service {host} in the mesh; {lost}")
            continue
        number = (destination.get("port") or {}).get("number")
        ports = service.stream_ports if streams else service.http_ports
        if number and not any(port.number == number for port in ports):
            what = "TCP" if streams else "HTTP"
            yield Problem(f"{where}.port", f"{host} has no {what} port {number}; {lost}")
        if not number and len(service.ports) > 1 and names.MESH not in gateways_of(rule):
            yield Problem(f"{where}.port", f"{host} has several ports: say which")
        subset = destination.get("subset") or ""
        if not clusters.subset_exists(mesh, service, rule.namespace, subset):
            yield Problem(f"{where}.subset", f"no DestinationRule for {host} defines subset {subset}; {lost}")


def _destinations(spec: Mapping[str, Any], path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for index, each in enumerate(spec.get("route") or ()):
        yield f"{path}.route[{index}].destination", each.get("destination") or {}
    if spec.get("mirror"):
        yield f"{path}.mirror", spec["mirror"]
    for index, each in enumerate(spec.get("mirrors") or ()):
        yield f"{path}.mirrors[{index}].destination", each.get("destination") or {}


def _host_problems(mesh: Mesh, rule: Rule) -> Iterator[Problem]:
    for index, host in enumerate(rule.spec.get("hosts") or ()):
        if not names.is_host(host):
            yield Problem(f"spec.hosts[{index}]", f"{host!r} is not a host name")
    if names.MESH not in gateways_of(rule):
        return
    for index, written in enumerate(rule.spec.get("hosts") or ()):
        path, host = f"spec.hosts[{index}]", names.resolve(written, rule.namespace)
        older = (each for each in mesh.rules_by_written_host.get(host, ()) if each.age < rule.age)
        in_line = (each for each in older if names.MESH in gateways_of(each) and names.is_host(host))
        winner = next((each for each in in_line if _share_clients(each, rule)), None)
        if winner:
            what = f"the older {winner.kind or 'VirtualService'} {winner.namespace}/{winner.name}"
            yield Problem(path, f"{what} has the host {host} already", conflict=True)
        owner = mesh.services_by_alias.get(host)
        if owner:
            yield Problem(path, f"{host} is not a full host name; write {owner.host}")


def _share_clients(one: Rule, other: Rule) -> bool:
    if one.exported_to is None or other.exported_to is None:
        return True
    return bool(one.exported_to & other.exported_to)


def _gateway_problems(mesh: Mesh, rule: Rule) -> Iterator[Problem]:
    for index, name in enumerate(gateways_of(rule)):
        if name == names.MESH:
            continue
        path = f"spec.gateways[{index}]"
        gateway = mesh.gateways_by_name.get(name)
        if gateway is None:
            yield Problem(path, f"there is no Gateway {name}")
        elif not any(
            served_host(pattern, gateway, rule, host)
            for server in gateway.spec.get("servers") or ()
            for pattern in server.get("hosts") or ()
            for host in hosts_of(rule)
        ):
            yield Problem(path, f"no server of Gateway {name} serves any of these hosts")


def bound_to(mesh: Mesh, server: Server) -> Iterator[tuple[Rule, list[str]]]:
    """The rules that are bound to a gateway's server, the oldest first, with the hosts that both have."""
    for rule in mesh.rules:
        if server.bound not in gateways_of(rule) or not rule.visible_to(server.gateway.namespace):
            continue
        served = {
            common
            for pattern in server.hosts
            for host in hosts_of(rule)
            if (common := served_host(pattern, server.gateway, rule, host))
        }
        if served:
            yield rule, sorted(served)


def served_host(pattern: str, gateway: Rule, rule: Rule, host: str) -> str | None:
    """The hosts that a server's host entry (`host`, `namespace/host`, `./host`, `*/host`) and a rule's have
    in common.
    """
    namespace, _, served = pattern.rpartition("/")
    wanted = gateway.namespace if namespace == "." else namespace
    if not names.is_host(served) or wanted not in ("", "*", rule.namespace):
        return None
    return names.intersection(served, host)
