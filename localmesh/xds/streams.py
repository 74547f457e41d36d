"""TCP and TLS: routes of connections, for ports that speak no HTTP.

Without iptables nobody sees where an application meant to connect. So a sidecar listens on the inside of its
pod on each TCP port that some service has, and that port says which service is meant: the caller's own
namespace's first, then the first by name. TLS services share a port: the name that the client asks for (SNI)
tells them apart.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from localmesh.xds import destinations, names, policies, telemetry, values, virtualservices
from localmesh.xds.gateways import Server
from localmesh.xds.matches import Scope
from localmesh.xds.model import RESERVED_PORTS, Mesh, Proxy, Rule, Service, Workload
from localmesh.xds.values import Json, Problem, Unusable
from localmesh.xds.virtualservices import Directory, Targets

Spec = Mapping[str, Any]
_UINT32 = 4_294_967_295
_TCP_PROXY = "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy"
_INSPECTOR: Json = {
    "name": "envoy.filters.listener.tls_inspector",
    "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector"
    },
}


@dataclass(frozen=True, slots=True)
class Chains:
    """What a port does with connections: by the name that TLS asks for, and with all others.

    A chain is `filters` and, where TLS ends here, a `transport_socket`.
    """

    by_name: tuple[tuple[tuple[str, ...], Json], ...] = ()
    rest: Json | None = None

    def fields(self) -> Json:
        """The fields of Envoy's Listener. Each name once: Envoy refuses a listener that has one twice."""
        taken: set[str] = set()
        chains: list[Json] = []
        for wanted, chain in self.by_name:
            free = [name for name in dict.fromkeys(wanted) if name not in taken]
            taken.update(free)
            if free:
                # Without names it is for all, as `*` means.
                match = {} if "*" in free else {"server_names": free}
                chains.append({"filter_chain_match": {"transport_protocol": "tls", **match}, **chain})
        if self.rest:
            chains.append(self.rest)
        return {"filter_chains": chains, **({"listener_filters": [_INSPECTOR]} if self.by_name else {})}


def passing(cluster: Json, prefix: str) -> Json:
    """The chain that hands a connection's bytes to a cluster, or to one of several by weight."""
    config = {"@type": _TCP_PROXY, "stat_prefix": prefix, **cluster}
    return {"filters": [{"name": "envoy.filters.network.tcp_proxy", "typed_config": config}]}


def reported(workload: Workload, chains: Chains) -> Chains:
    """The same, with Istio's metrics of the connections that this workload opens."""
    by_name = tuple((wanted, _reported(workload, chain)) for wanted, chain in chains.by_name)
    return Chains(by_name, _reported(workload, chains.rest) if chains.rest else None)


def outbound(
    mesh: Mesh, proxy: Proxy, services: Sequence[Service], directory: Directory
) -> dict[int, Chains]:
    """What each TCP port on the inside of a pod does; ports of the application itself stay its own."""
    found: dict[int, Chains] = {}
    numbers = {port.number for each in services for port in each.stream_ports}
    for number in sorted(numbers - set(proxy.ports) - RESERVED_PORTS):
        if number < mesh.lowest_port:
            continue
        scope = Scope(proxy.namespace, proxy.labels, names.MESH, number)
        found[number] = _chains(mesh, _at(services, number), directory, scope)
    return found


def at_gateway(mesh: Mesh, proxy: Proxy, server: Server) -> Iterator[tuple[tuple[str, ...], Json]]:
    """The chains of a gateway's server that routes connections, by the names of TLS (`*` for any)."""
    scope = Scope(proxy.namespace, proxy.labels, server.bound, server.port)
    prefix = f"gateway_{server.target_port}"
    bound = [rule for rule, _ in virtualservices.bound_to(mesh, server)]
    if server.way == "passthrough":
        for wanted, cluster in tls_routes(mesh, bound, scope):
            shared = (names.intersection(own, each) for each in wanted for own in server.server_names)
            served = tuple(dict.fromkeys(each for each in shared if each))
            if served:
                yield served, passing(cluster, prefix)
        return
    found = tcp_route(mesh, bound, scope)
    if found:
        yield server.server_names, passing(found, prefix)


def tcp_route(mesh: Mesh, rules: Iterable[Rule], scope: Scope) -> Json | None:
    """Where connections go by the first TCP route that is for this scope."""
    for rule in rules:
        for index, spec in enumerate(rule.spec.get("tcp") or ()):
            given = spec.get("match") or [{}]
            if any(scope.admits(each, rule.namespace) for each in given):
                made = _usable(mesh, rule, spec, f"spec.tcp[{index}]", scope)
                if made:
                    return made
    return None


def tls_routes(mesh: Mesh, rules: Iterable[Rule], scope: Scope) -> Iterator[tuple[tuple[str, ...], Json]]:
    """The names of TLS and where connections for them go, in the order of the rules."""
    for rule in rules:
        for index, spec in enumerate(rule.spec.get("tls") or ()):
            made = _usable(mesh, rule, spec, f"spec.tls[{index}]", scope)
            for each in spec.get("match") or ():
                sni = tuple(name.lower() for name in each.get("sniHosts") or () if names.is_host(name))
                if made and sni and scope.admits(each, rule.namespace):
                    yield sni, made


def problems(mesh: Mesh, rule: Rule) -> Iterator[Problem]:
    """What of a VirtualService's tcp and tls is not in force."""
    scope = Scope(rule.namespace, {}, names.MESH, 0)
    for kind in ("tcp", "tls"):
        for index, spec in enumerate(rule.spec.get(kind) or ()):
            path = f"spec.{kind}[{index}]"
            try:
                _destination(mesh, rule, spec, path, scope)
            except Unusable as error:
                yield error.problem
                continue
            yield from _name_problems(spec, path)
            yield from virtualservices.reference_problems(mesh, rule, spec, path, streams=True)
        if rule.spec.get(kind) and names.MESH in virtualservices.gateways_of(rule):
            yield from _port_problems(mesh, rule, kind)


def _reported(workload: Workload, chain: Json) -> Json:
    logs = {
        "access_log": telemetry.connection_logs(workload),
        "access_log_options": {"flush_access_log_on_connected": True},
    }
    filters = [
        {**each, "typed_config": {**each["typed_config"], **logs}}
        if each["typed_config"]["@type"] == _TCP_PROXY
        else each
        for each in chain["filters"]
    ]
    return {**chain, "filters": filters}


def _name_problems(spec: Spec, path: str) -> Iterator[Problem]:
    for place, each in enumerate(spec.get("match") or ()):
        for at, name in enumerate(each.get("sniHosts") or ()):
            if not names.is_host(name):
                yield Problem(f"{path}.match[{place}].sniHosts[{at}]", f"{name!r} is not a host name")


def _port_problems(mesh: Mesh, rule: Rule, kind: str) -> Iterator[Problem]:
    mine = [
        mesh.services_by_host[host]
        for host in virtualservices.hosts_of(rule)
        if host in mesh.services_by_host
    ]
    ports = [(service, port) for service in mine for port in service.stream_ports]
    if not ports:
        yield Problem(f"spec.{kind}", f"none of its hosts has a port that speaks {kind.upper()}")
    for service, port in ports:
        path = f"spec.{kind}"
        if port.number < mesh.lowest_port:
            reason = f"without root no sidecar can listen on port {port.number} (below {mesh.lowest_port})"
            yield Problem(path, reason)
        first = _first(mesh.services, port.number, rule.namespace)
        if kind == "tcp" and port.protocol == "tcp" and first is not service and first:
            yield Problem(path, f"port {port.number} inside pods of {rule.namespace} leads to {first.host}")


def _first(services: Iterable[Service], number: int, namespace: str) -> Service | None:
    """The service that a plain TCP port means for callers of a namespace."""
    having = (each for each in services if (port := each.port(number)) and port.protocol == "tcp")
    return min(having, key=lambda each: (each.namespace != namespace, each.host), default=None)


def _at(services: Sequence[Service], number: int) -> list[Service]:
    return [each for each in services if any(port.number == number for port in each.stream_ports)]


def _chains(mesh: Mesh, services: list[Service], directory: Directory, scope: Scope) -> Chains:
    by_name: list[tuple[tuple[str, ...], Json]] = []
    for service in services:
        port = service.port(scope.port)
        if port and port.protocol == "tls":
            rules = directory.find(service.host)
            own = list(tls_routes(mesh, rules, scope))
            given = own or [(_names(service, scope.namespace), _default(service, scope))]
            by_name += [(each, passing(cluster, f"outbound_{scope.port}")) for each, cluster in given]
    plain = _first(services, scope.port, scope.namespace)
    rest = None
    if plain:
        route = tcp_route(mesh, directory.find(plain.host), scope) or _default(plain, scope)
        rest = passing({**route, **_idle(mesh, plain, scope)}, f"outbound_{scope.port}")
    return Chains(tuple(by_name), rest)


def _names(service: Service, namespace: str) -> tuple[str, ...]:
    if service.entry:
        return (service.host.lower(),)
    short = (service.name,) if service.namespace == namespace else ()
    return (*names.service_aliases(service.name, service.namespace), *short)


def _default(service: Service, scope: Scope) -> Json:
    return {"cluster": names.outbound_cluster(service.host, scope.port)}


def _idle(mesh: Mesh, service: Service, scope: Scope) -> Json:
    policy = destinations.effective(mesh, service, scope.namespace).at(scope.port)
    idle = policies.tcp_idle_timeout(policy)
    return {"idle_timeout": idle} if idle else {}


def _usable(mesh: Mesh, rule: Rule, spec: Spec, path: str, scope: Scope) -> Json | None:
    try:
        return _destination(mesh, rule, spec, path, scope)
    except Unusable:
        return None


def _destination(mesh: Mesh, rule: Rule, spec: Spec, path: str, scope: Scope) -> Json:
    given, targets = spec.get("route") or (), Targets(mesh, rule.namespace, scope)
    clusters = [
        targets.cluster(each.get("destination") or {}, f"{path}.route[{index}].destination")
        for index, each in enumerate(given)
    ]
    if not clusters:
        raise Unusable(f"{path}.route", "it has no destination")
    if len(clusters) == 1:
        return {"cluster": clusters[0]}
    weights = [
        values.integer(each.get("weight") or 0, f"{path}.route[{index}].weight", 0, _UINT32)
        for index, each in enumerate(given)
    ]
    if not 0 < sum(weights) <= _UINT32:
        raise Unusable(f"{path}.route", f"the weights sum to {sum(weights)}: somebody has to get them")
    members = zip(clusters, weights, strict=True)
    return {
        "weighted_clusters": {"clusters": [{"name": name, "weight": each} for name, each in members if each]}
    }
