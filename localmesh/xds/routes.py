"""Route configurations: what a request's host name leads to, in a sidecar and in a router."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from localmesh.xds import actions, destinations, egress, matches, names, policies, virtualservices
from localmesh.xds.clusters import METADATA, service_metadata
from localmesh.xds.egress import Egress
from localmesh.xds.gateways import Server, servers_of
from localmesh.xds.matches import Scope
from localmesh.xds.model import Mesh, Proxy, Service, ServicePort
from localmesh.xds.peer import headers_to_add
from localmesh.xds.values import Json
from localmesh.xds.virtualservices import Directory

#: The name of the outbound route configuration, as Istio calls that of its HTTP proxy.
OUTBOUND = "http_proxy"
_ROUTES = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration"
_UNKNOWN_HOST = "%REQ(:authority)% is not a host that this mesh knows\n"
_HTTP_PORT = 80


def outbound(hosts: Sequence[Json], proxy: Proxy) -> Json:
    """Where a sidecar's own requests go; `hosts` are the `outbound_hosts` for its namespace and labels."""
    return _configuration(OUTBOUND, proxy, hosts)


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose requests are routed: what of a proxy tells routes apart."""

    namespace: str
    labels: tuple[tuple[str, str], ...] = ()
    egress: Egress | None = None

    def scope(self, port: int) -> Scope:
        """The scope of its own requests to a port."""
        return Scope(self.namespace, dict(self.labels), names.MESH, port)


def outbound_hosts(mesh: Mesh, caller: Caller) -> list[Json]:
    """A virtual host for each port of each service, as these callers see them."""
    directory = virtualservices.Directory(virtualservices.in_mesh(mesh, caller.namespace, caller.egress))
    hosts = _distinct([*_service_hosts(mesh, caller, directory), *_other_hosts(mesh, caller, directory)])
    found = list(hosts)
    # A VirtualService for every host takes the place of the answer to unknown ones.
    return found if any("*" in host["domains"] for host in found) else [*found, _unknown_host()]


def gateway(mesh: Mesh, proxy: Proxy) -> tuple[Json, ...]:
    """Where a router's requests go, for each port that it listens on."""
    by_name: dict[str, list[Json]] = {}
    servers = [each for each in servers_of(mesh, proxy) if each.way in ("http", "https")]
    for server in servers:
        by_name.setdefault(server.route_name, []).extend(_gateway_hosts(mesh, proxy, server))
    for server in servers:
        # Who only redirects needs no VirtualService.
        by_name[server.route_name] += [_redirecting(each) for each in server.server_names if server.redirects]
    return tuple(
        # A gateway is asked by its public port, which need not be the one that it listens on.
        {
            **_configuration(name, proxy, list(_distinct(_merged(hosts)))),
            "ignore_port_in_host_matching": True,
        }
        for name, hosts in sorted(by_name.items())
    )


def _redirecting(host: str) -> Json:
    return {"name": host, "domains": [host], "routes": [], "require_tls": "ALL"}


def nothing(name: str) -> Json:
    """A route configuration in which every request is 404."""
    return {"@type": _ROUTES, "name": name, "virtual_hosts": []}


def default_route(mesh: Mesh, service: Service, port: ServicePort, client_namespace: str) -> Json:
    """Where requests go that no VirtualService speaks of: to all endpoints of the service."""
    policy = destinations.effective(mesh, service, client_namespace).at(port.number)
    cluster = names.outbound_cluster(service.host, port.number)
    metadata = {"filter_metadata": {METADATA: service_metadata(service)}}
    action = actions.default_action(cluster, policies.balancing_of(policy).hash_policy)
    return {"name": "default", "match": dict(matches.EVERYTHING), **action, "metadata": metadata}


def domains(service: Service, port: ServicePort, client_namespace: str) -> tuple[str, ...]:
    """The hosts by which a client of a namespace calls a port of a service.

    Without a port the name means port 80, as in HTTP, or the first one where there is no 80: in a cluster the
    connection itself says which port is meant; a request to an HTTP proxy says it in the name only.
    """
    aliases = [service.host] if service.entry else [*names.service_aliases(service.name, service.namespace)]
    if service.namespace == client_namespace and not service.entry:
        aliases.append(service.name)
    aliases += service.aliases
    usual = service.port(_HTTP_PORT)
    bare = usual if usual in service.http_ports else service.http_ports[0]
    return tuple(
        domain
        for alias in aliases
        for domain in ((alias, f"{alias}:{port.number}") if port == bare else (f"{alias}:{port.number}",))
    )


def _service_hosts(mesh: Mesh, caller: Caller, directory: Directory) -> Iterator[Json]:
    for service in egress.services_of(mesh, caller.namespace, caller.egress):
        rules = directory.find(service.host)
        for port in service.http_ports:
            found = virtualservices.routes_for(mesh, rules, caller.scope(port.number), service.host)
            # As in Istio: a rule none of whose routes is for this client leaves it with the default.
            yield _virtual_host(
                f"{service.host}:{port.number}",
                domains(service, port, caller.namespace),
                found or (default_route(mesh, service, port, caller.namespace),),
            )


def _other_hosts(mesh: Mesh, caller: Caller, directory: Directory) -> Iterator[Json]:
    """Hosts of VirtualServices that are no services: names that exist only by their rule."""
    scope = caller.scope(_HTTP_PORT)
    for host in directory.hosts:
        if host in mesh.services_by_host:
            continue
        found = virtualservices.routes_for(mesh, directory.find(host), scope, "" if "*" in host else host)
        if found:
            yield _virtual_host(host, _any_port(host, _HTTP_PORT), found)


def _gateway_hosts(mesh: Mesh, proxy: Proxy, server: Server) -> Iterator[Json]:
    scheme = "https" if server.way == "https" else "http"
    scope = Scope(proxy.namespace, proxy.labels, server.bound, server.port, scheme)
    for rule, served in virtualservices.bound_to(mesh, server):
        for host in served:
            found = virtualservices.routes(mesh, rule, scope, "" if "*" in host else host)
            if found:
                made = _virtual_host(host, (host,), _until_everything(found))
                yield {**made, "require_tls": "ALL"} if server.redirects else made


def _merged(hosts: list[Json]) -> Iterator[Json]:
    """One virtual host per name: at a gateway the routes of several VirtualServices follow each other, oldest
    first; as in Istio, those that take everything come after all others.
    """
    by_name: dict[str, Json] = {}
    for host in hosts:
        if host["name"] in by_name:
            merged = by_name[host["name"]]
            merged["routes"] = [
                *merged["routes"],
                *(each for each in host["routes"] if each not in merged["routes"]),
            ]
        else:
            by_name[host["name"]] = dict(host)
    for each in by_name.values():
        yield {**each, "routes": sorted(each["routes"], key=_takes_everything)}


def _until_everything(found: tuple[Json, ...]) -> tuple[Json, ...]:
    """The routes up to the first that takes everything: those behind it are never asked."""
    ends = (index for index, route in enumerate(found, start=1) if _takes_everything(route))
    return found[: next(ends, len(found))]


def _takes_everything(route: Json) -> bool:
    match = route["match"]
    whole = match.get("prefix") == "/" or match.get("safe_regex") == {"regex": ".*"}
    return whole and not match.get("headers") and not match.get("query_parameters")


def _distinct(hosts: list[Json] | Iterator[Json]) -> Iterator[Json]:
    """Each domain once: Envoy refuses all routes when two virtual hosts share one. The first keeps it."""
    taken: set[str] = set()
    for host in hosts:
        free = [domain for domain in dict.fromkeys(host["domains"]) if domain.lower() not in taken]
        taken.update(domain.lower() for domain in free)
        if free:
            yield {**host, "domains": free}


def _any_port(host: str, port: int) -> tuple[str, ...]:
    """A host with every port. The port itself is named too: Envoy prefers `*.x:80` to `a.x:*`."""
    if host == "*":
        return ("*",)
    # Envoy knows no domain with a wildcard at both ends.
    return (host, f"{host}:{port}") if host.startswith("*") else (host, f"{host}:{port}", f"{host}:*")


def _virtual_host(name: str, hosts: tuple[str, ...], found: tuple[Json, ...]) -> Json:
    return {
        "name": name,
        "domains": list(hosts),
        "routes": list(found),
        "include_request_attempt_count": True,
    }


def _unknown_host() -> Json:
    response = {
        "status": 502,
        "body_format": {"text_format_source": {"inline_string": _UNKNOWN_HOST}},
    }
    route = {"name": "unknown_host", "match": dict(matches.EVERYTHING), "direct_response": response}
    return {"name": "unknown_host", "domains": ["*"], "routes": [route]}


def _configuration(name: str, proxy: Proxy, hosts: Sequence[Json]) -> Json:
    return {
        "@type": _ROUTES,
        "name": name,
        "virtual_hosts": list(hosts),
        "request_headers_to_add": headers_to_add(proxy.workload),
        # A route to a missing cluster is the rule's own problem (503 NC), never a reason to keep the old
        # routes.
        "validate_clusters": False,
    }
