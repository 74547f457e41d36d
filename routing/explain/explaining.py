"""Explains one request: from the host to the rule to the destination. Pure.

Sources: https://istio.io/latest/docs/concepts/traffic-management/; where it is silent, istio.io/istio's own
translation to Envoy (pilot/pkg/networking/core).
"""

from dataclasses import replace
from typing import Final

from cluster.refs import Manifest
from routing.explain import connections, destinations, headers, http, lookup, paths, values, walking
from routing.explain.answer import Answer, Explanation
from routing.explain.asked import NOTHING_IN_FORCE, Asked
from routing.explain.matching import Seen
from routing.explain.question import Caller, Host, Port, Protocol, Request, World
from routing.istio import hosts

_WEB: Final = 80
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


def explain(world: World, request: Request, caller: Caller) -> Explanation:
    """What becomes of a request. Never raises, whatever the manifests hold."""
    if caller.gateway:
        return _through_gateway(world, request, caller)
    host = find_host(world, request)
    port, notes = _port(host, request)
    asked = Asked(world, request, caller, _name(host, request), host, port)
    if host is not None:
        return _in_mesh(asked, host, notes)
    found = lookup.in_mesh(world, asked.name, caller, port)
    if port != _WEB or not found.virtual_services:
        return _unknown(asked, found)
    return _routed(asked, found, notes)


def _in_mesh(asked: Asked, host: Host, notes: tuple[str, ...]) -> Explanation:
    there = host.port(asked.port)
    if there is None:
        listed = ", ".join(str(each.number) for each in host.ports) or "none"
        words = f"{host.resource} has no port {asked.port} (its ports: {listed})"
        sentence = f"{words}, so nothing in the mesh routes this."
        return asked.explanation(NOTHING_IN_FORCE, "no_listener", sentence)
    asked = replace(asked, protocol=there.protocol)
    found = lookup.in_mesh(asked.world, asked.name, asked.caller, asked.port, there.protocol)
    if there.protocol != "http":
        return connections.explain(asked, found, notes)
    return _routed(asked, found, notes)


def _routed(asked: Asked, found: lookup.InForce, notes: tuple[str, ...]) -> Explanation:
    seen = see(asked.request, asked.caller, asked.port)
    asked_rules = found.virtual_services or found.passed_over
    walk = walking.walk(lookup.rules(asked_rules, asked.world, "http"), seen)
    return http.Routed(asked, seen, found, walk, notes).explain()


def find_host(world: World, request: Request) -> Host | None:
    """The Service or ServiceEntry that a host as somebody writes it means, or None."""
    written = request.host
    parts = written.split(".")
    name = written
    if len(parts) == 1:
        name = hosts.service_host(request.namespace, written)
    elif written not in world.hosts and (len(parts) == 2 or parts[2:] == ["svc"]):
        name = hosts.service_host(parts[1], parts[0])
    if name in world.hosts:
        return world.hosts[name]
    return destinations.known(world, written)


def see(request: Request, caller: Caller, port: int) -> Seen:
    """The request as the caller's proxy sees it."""
    bare, query = paths.split(request.path)
    path = paths.normalised(bare)
    usual = port == _DEFAULT_PORTS.get(request.scheme)
    authority = request.host if usual or caller.gateway else f"{request.host}:{port}"
    parts = {
        ":method": request.method,
        ":path": path + query,
        ":scheme": request.scheme,
        ":authority": authority,
        "host": authority,
    }
    given = dict(headers.joined(request.headers))
    return Seen(caller, port, path, query, paths.parameters(query), {**given, **parts})


def _through_gateway(world: World, request: Request, caller: Caller) -> Explanation:
    asked = Asked(world, request, caller, request.host, None, request.port or _WEB)
    gateway = next((each for each in world.gateways if _named(each, caller.gateway)), None)
    if gateway is None:
        return _kept_out(asked, f"There is no Gateway {caller.gateway}{asked.by_what_is_read}.")
    servers = values.mappings(gateway["spec"].get("servers"))
    server = next((each for each in servers if _serves(each, request)), None)
    if server is None:
        at = f" at port {request.port}" if request.port else ""
        return _kept_out(asked, f"No server of gateway {caller.gateway} lets {asked.name} in{at}.")
    known = values.labels(gateway["spec"].get("selector"))
    place = caller.namespace or hosts.namespace_of(gateway)
    caller = Caller(place, {**known, **caller.labels}, caller.gateway)
    asked = replace(asked, caller=caller, port=_number(server), protocol=_gateway_kind(server))
    found = lookup.at_gateway(world, gateway, asked.name, asked.port, place)
    if asked.protocol != "http":
        return connections.explain(asked, found, ())
    if _sends_to_https(server) and request.scheme == "http":
        return _to_https(asked)
    seen = see(request, caller, asked.port)
    groups = (lookup.rules((each,), world, "http") for each in found.virtual_services)
    walk = walking.walk_merged(groups, seen)
    return http.Routed(asked, seen, found, walk).explain()


def _to_https(asked: Asked) -> Explanation:
    location = f"https://{asked.name}{asked.request.path}"
    sentence = f"The server redirects every plain request to https (httpsRedirect): 301 to {location}."
    answer = Answer(301, "", 1.0, sentence, location)
    return asked.explanation(NOTHING_IN_FORCE, "redirected", sentence, answers=(answer,))


def _port(host: Host | None, request: Request) -> tuple[int, tuple[str, ...]]:
    """The port that a request goes to, and what to say about the choice."""
    if request.port is not None:
        return request.port, ()
    if host is None or not host.ports:
        return _DEFAULT_PORTS.get(request.scheme, _WEB), ()
    if len(host.ports) == 1:
        return host.ports[0].number, ()
    numbers = [port.number for port in host.ports]
    chosen = _WEB if _WEB in numbers else _first_web(host.ports).number
    listed = ", ".join(map(str, numbers))
    return chosen, (f"{host.resource} has the ports {listed}; no port was given, so this is about {chosen}.",)


def _first_web(ports: tuple[Port, ...]) -> Port:
    return next((port for port in ports if port.protocol == "http"), ports[0])


def _name(host: Host | None, request: Request) -> str:
    if host is not None and not host.host.startswith("*"):
        return host.host
    known = host is not None or not request.namespace
    return request.host if known else hosts.fqdn(request.host, request.namespace)


def _unknown(asked: Asked, found: lookup.InForce) -> Explanation:
    sentence = (
        f"The mesh knows no host {asked.name}{asked.by_what_is_read}: the request leaves as it is, or is "
        "answered 502 where the mesh lets out only what it knows (outboundTrafficPolicy REGISTRY_ONLY)."
    )
    if found.virtual_services:
        words = "names it, but a host that is no service is routed at port 80 only."
        sentence = f"{sentence} {found.resource} {words}"
    rivals = () if found.virtual_services else found.rivals
    return asked.explanation(lookup.InForce((), "", rivals), "unknown_host", sentence)


def _kept_out(asked: Asked, words: str) -> Explanation:
    """Nothing is let in: the gateway answers 404 where it listens at all."""
    sentence = f"{words} Where the gateway listens for others, it answers 404."
    answer = Answer(404, "NR", 1.0, words)
    return asked.explanation(NOTHING_IN_FORCE, "no_route", sentence, answers=(answer,))


def _named(gateway: Manifest, name: str) -> bool:
    return f"{hosts.namespace_of(gateway)}/{gateway['metadata']['name']}" == name


def _serves(server: values.Fields, request: Request) -> bool:
    """Whether a server of a gateway listens where the request goes, and lets its host in."""
    if request.port not in (None, _number(server)):
        return False
    entries = (entry.rpartition("/")[2] for entry in values.texts(server.get("hosts")))
    return any(hosts.covers(entry, request.host) for entry in entries)


def _number(server: values.Fields) -> int:
    return values.whole(values.mapping(server.get("port")).get("number"))


def _gateway_kind(server: values.Fields) -> Protocol:
    protocol = values.text(values.mapping(server.get("port")).get("protocol")).upper()
    mode = values.text(values.mapping(server.get("tls")).get("mode")).upper()
    if protocol in ("TLS", "HTTPS") and mode in ("PASSTHROUGH", "AUTO_PASSTHROUGH"):
        return "tls"
    return "tcp" if protocol in ("TCP", "MONGO", "MYSQL", "REDIS", "TLS") else "http"


def _sends_to_https(server: values.Fields) -> bool:
    return values.mapping(server.get("tls")).get("httpsRedirect") is True
