"""The Gateway API: which routes attach to which parents, and the VirtualServices and Gateways that they mean.

Routes of a Service (GAMMA): in the Service's own namespace they are its producer's and hold for everybody,
elsewhere the consumer's, and hold there only. Routes of a Gateway: it names a running gateway's Service in
`spec.addresses` (localmesh deploys none by itself).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from localmesh.selectors import selects
from localmesh.xds import names, routeconversion, tls
from localmesh.xds.model import Mesh, Rule, Service
from localmesh.xds.routeconversion import NOBODY, Converted
from localmesh.xds.values import Problem, Unusable

Spec = Mapping[str, Any]
GROUP = "gateway.networking.k8s.io"
#: The only class of gateways that is served, Istio's.
CLASS = "istio"
_PROTOCOLS = {"HTTP", "HTTPS"}
_ROUTES = ("HTTPRoute", "GRPCRoute")


@dataclass(frozen=True, slots=True)
class Attached:
    """One place where a route is in force: hosts in the mesh (`port` None for all), or at a listener."""

    gateway: str
    hosts: tuple[str, ...]
    port: int | None = None
    consumer: bool = False


def with_generated(mesh: Mesh) -> Mesh:
    """The mesh together with the Gateways and VirtualServices that its Gateway API resources mean."""
    if not (mesh.routes or mesh.k8s_gateways):
        return mesh
    listening = tuple(each for gateway in mesh.k8s_gateways for each in _listening(mesh, gateway))
    return replace(mesh, generated_gateways=listening, generated=tuple(_virtual_services(mesh)))


def problems(mesh: Mesh, route: Rule) -> Iterator[Problem]:
    """What of an HTTPRoute or GRPCRoute is not in force, by parent (`spec.parentRefs[0]`) and by rule."""
    attached = list(_attachments(mesh, route))
    yield from (each for _, each in attached if isinstance(each, Problem))
    at_gateway = [each for _, each in attached if isinstance(each, Attached) and each.gateway != names.MESH]
    yield from _converted(mesh, route, grants=bool(at_gateway)).problems


def mesh_hosts(mesh: Mesh, route: Rule) -> Iterator[tuple[int, str]]:
    """The hosts in the mesh that a route is in force for, with the number of the parent."""
    for index, each in _attachments(mesh, route):
        if isinstance(each, Attached) and each.gateway == names.MESH:
            yield from ((index, host) for host in each.hosts)


def converted(mesh: Mesh, route: Rule) -> Converted:
    """A route in Istio's form, as it is in the mesh."""
    return _converted(mesh, route, grants=False)


def gateway_problems(mesh: Mesh, gateway: Rule) -> Iterator[Problem]:
    """What of a Gateway (of the Gateway API) is not in force."""
    if gateway.spec.get("gatewayClassName") != CLASS:
        yield Problem("spec.gatewayClassName", f"only gateways of the class {CLASS} are served")
        return
    service = _address(mesh, gateway)
    if isinstance(service, Problem):
        yield service
    for index, listener in enumerate(gateway.spec.get("listeners") or ()):
        if listener.get("protocol") not in _PROTOCOLS:
            reason = f"{listener.get('protocol')} is not programmed, only HTTP and HTTPS are"
            yield Problem(f"spec.listeners[{index}].protocol", reason, code="UnsupportedProtocol")
        elif listener.get("protocol") == "HTTPS":
            yield from _certificate_problems(mesh, gateway, listener, f"spec.listeners[{index}].tls")


def attached_routes(mesh: Mesh, gateway: Rule) -> dict[str, int]:
    """How many routes each listener has, by its name."""
    prefix = f"{gateway.namespace}/{gateway.name}~"
    found = {str(each.get("name", "")): 0 for each in gateway.spec.get("listeners") or ()}
    for route in mesh.routes:
        places = {each.gateway for _, each in _attachments(mesh, route) if isinstance(each, Attached)}
        for place in places:
            name = place.removeprefix(prefix)
            if place.startswith(prefix) and name in found:
                found[name] += 1
    return found


def _certificate_problems(mesh: Mesh, gateway: Rule, listener: Spec, path: str) -> Iterator[Problem]:
    spec = _tls(mesh, gateway, listener)
    if isinstance(spec, Problem):
        yield Problem(f"{path}.{spec.path}", spec.reason, code=spec.code)
        return
    try:
        tls.downstream(mesh, gateway.namespace, spec, path, http=True)
    except Unusable as error:
        yield Problem(f"{path}.certificateRefs[0]", error.problem.reason, code="InvalidCertificateRef")


def _tls(mesh: Mesh, gateway: Rule, listener: Spec) -> Spec | Problem:
    """Istio's `tls` of a server for a listener's; the path of a problem is within that."""
    spec = listener.get("tls") or {}
    if spec.get("mode", "Terminate") != "Terminate":
        return Problem("mode", "only Terminate is programmed", code="UnsupportedValue")
    refs = spec.get("certificateRefs") or ()
    if not refs:
        return Problem("certificateRefs", "a certificate is needed", code="InvalidCertificateRef")
    namespace = refs[0].get("namespace") or gateway.namespace
    source = {"group": GROUP, "kind": "Gateway", "namespace": gateway.namespace}
    if namespace != gateway.namespace and not _granted(mesh, source, "Secret", refs[0], namespace):
        reason = f"no ReferenceGrant in {namespace} lets Gateways of {gateway.namespace} name this Secret"
        return Problem("certificateRefs[0]", reason, code="RefNotPermitted")
    return {"mode": "SIMPLE", "credentialName": f"{tls.OF_NAMESPACE}{namespace}/{refs[0].get('name', '')}"}


def _listening(mesh: Mesh, gateway: Rule) -> Iterator[Rule]:
    """Istio's Gateway for each listener that is served."""
    service = _address(mesh, gateway)
    if gateway.spec.get("gatewayClassName") != CLASS or isinstance(service, Problem):
        return
    for listener in gateway.spec.get("listeners") or ():
        if listener.get("protocol") in _PROTOCOLS and listener.get("port"):
            protected = _tls(mesh, gateway, listener) if listener["protocol"] == "HTTPS" else {}
            if isinstance(protected, Problem):
                continue
            port = {
                "number": listener["port"],
                "name": listener.get("name", ""),
                "protocol": listener["protocol"],
            }
            hosts = [f"*/{listener.get('hostname') or '*'}"]
            server = {"port": port, "hosts": hosts, "tls": protected}
            spec = {"selector": service.selector, "servers": [server]}
            yield replace(gateway, name=_listener_name(gateway, listener), spec=spec)


def _listener_name(gateway: Rule, listener: Spec) -> str:
    return f"{gateway.name}~{listener.get('name', '')}"


def _address(mesh: Mesh, gateway: Rule) -> Service | Problem:
    """The Service of the gateway pods that a Gateway is for."""
    given = gateway.spec.get("addresses") or ()
    if not given:
        reason = "localmesh deploys no gateways: name the Service of one that runs, as a Hostname"
        return Problem("spec.addresses", reason, code="AddressNotAssigned")
    host = names.resolve(str(given[0].get("value") or ""), gateway.namespace)
    service = mesh.services_by_host.get(host)
    if given[0].get("type") != "Hostname" or service is None or not service.selector:
        reason = f"there is no Service {host} with gateway pods behind it"
        return Problem("spec.addresses[0]", reason, code="AddressNotUsable")
    return service


def _virtual_services(mesh: Mesh) -> Iterator[Rule]:
    """One VirtualService for each host at each place, with the routes of all that attach there."""
    found: dict[tuple[str, str, str], list[tuple[Rule, Attached, Converted]]] = {}
    for route in mesh.routes:
        made = {grants: _converted(mesh, route, grants=grants) for grants in (False, True)}
        for _, each in _attachments(mesh, route):
            if isinstance(each, Problem):
                continue
            mine = made[each.gateway != names.MESH]
            place = f"{route.namespace}/{each.port}" if each.gateway == names.MESH else each.gateway
            for host in each.hosts:
                found.setdefault((route.kind, place, host), []).append((route, each, mine))
    for (_, _, host), group in found.items():
        oldest, attached, _ = group[0]
        http = [_at_port(spec, each.port) for _, each, made in group for _, spec in made.http]
        spec = {"hosts": [host], "gateways": [attached.gateway], "http": routeconversion.in_order(http)}
        yield replace(oldest, spec={**spec, **({"exportTo": ["."]} if attached.consumer else {})})


def _at_port(spec: Spec, port: int | None) -> Spec:
    if port is None:
        return spec
    return {**spec, "match": [{**each, "port": port} for each in spec.get("match") or [{}]]}


def _attachments(mesh: Mesh, route: Rule) -> Iterator[tuple[int, Attached | Problem]]:
    """Where a route is in force, and why it is not, by the number of its parent."""
    for index, parent in enumerate(route.spec.get("parentRefs") or ()):
        path = f"spec.parentRefs[{index}]"
        key = parent.get("group", GROUP), parent.get("kind", "Gateway")
        if key == ("", "Service"):
            yield index, _at_service(mesh, route, parent, path)
        elif key == ("networking.istio.io", "ServiceEntry"):
            yield index, _at_entry(mesh, route, parent, path)
        elif key == (GROUP, "Gateway"):
            for each in _at_gateway(mesh, route, parent, path):
                yield index, each
        else:
            yield (
                index,
                Problem(path, f"{key[1]} ({key[0]}) cannot be the parent of a route", code="InvalidKind"),
            )


def _at_service(mesh: Mesh, route: Rule, parent: Spec, path: str) -> Attached | Problem:
    namespace = parent.get("namespace") or route.namespace
    host = names.service_host(parent.get("name", ""), namespace)
    service, port = mesh.services_by_host.get(host), parent.get("port")
    if service is None:
        return Problem(path, f"there is no Service {host} in the mesh", code="NoMatchingParent")
    if port and service.port(port) is None:
        return Problem(path, f"{host} has no port {port}", code="NoMatchingParent")
    return Attached(names.MESH, (host,), port, consumer=namespace != route.namespace)


def _at_entry(mesh: Mesh, route: Rule, parent: Spec, path: str) -> Attached | Problem:
    key = parent.get("namespace") or route.namespace, parent.get("name", "")
    hosts = tuple(each.host for each in mesh.services if each.entry == key)
    if not hosts:
        reason = f"there is no ServiceEntry {key[0]}/{key[1]} in force"
        return Problem(path, reason, code="NoMatchingParent")
    return Attached(names.MESH, hosts, parent.get("port"), consumer=key[0] != route.namespace)


def _at_gateway(mesh: Mesh, route: Rule, parent: Spec, path: str) -> Iterator[Attached | Problem]:
    key = parent.get("namespace") or route.namespace, parent.get("name", "")
    gateway = next((each for each in mesh.k8s_gateways if each.key == key), None)
    if gateway is None:
        yield Problem(path, f"there is no Gateway {key[0]}/{key[1]}", code="NoMatchingParent")
        return
    listeners = [
        each
        for each in gateway.spec.get("listeners") or ()
        if parent.get("sectionName") in (None, "", each.get("name"))
        and parent.get("port") in (None, each.get("port"))
    ]
    if not listeners:
        yield Problem(path, f"Gateway {key[0]}/{key[1]} has no such listener", code="NoMatchingParent")
        return
    allowed = [each for each in listeners if _allows(mesh, gateway, each, route)]
    if not allowed:
        yield Problem(path, "no listener allows routes of this kind from here", code="NotAllowedByListeners")
        return
    wanted = route.spec.get("hostnames") or ["*"]
    found = [(each, _shared(each.get("hostname") or "*", wanted)) for each in allowed]
    if not any(hosts for _, hosts in found):
        yield Problem(path, "no listener has any of its host names", code="NoMatchingListenerHostname")
    for listener, hosts in found:
        if hosts:
            yield Attached(f"{gateway.namespace}/{_listener_name(gateway, listener)}", hosts)


def _shared(served: str, wanted: list[str]) -> tuple[str, ...]:
    found = (names.intersection(served, each) for each in wanted)
    return tuple(dict.fromkeys(each for each in found if each))


def _allows(mesh: Mesh, gateway: Rule, listener: Spec, route: Rule) -> bool:
    rules = listener.get("allowedRoutes") or {}
    kinds = [each.get("kind") for each in rules.get("kinds") or ()] or _ROUTES
    namespaces = rules.get("namespaces") or {}
    if route.kind not in kinds:
        return False
    scope = namespaces.get("from", "Same")
    if scope == "Selector":
        return selects(namespaces.get("selector") or {}, mesh.namespace_labels.get(route.namespace, {}))
    return scope == "All" or route.namespace == gateway.namespace


def _converted(mesh: Mesh, route: Rule, *, grants: bool) -> Converted:
    """A route in Istio's form; with `grants` backends elsewhere need a ReferenceGrant, as at gateways."""

    def resolve(backend: Spec, path: str) -> tuple[str, Problem | None]:
        return _resolved(mesh, route, backend, path, grants=grants)

    return routeconversion.converted(route.kind, f"{route.namespace}.{route.name}", route.spec, resolve)


def _resolved(
    mesh: Mesh, route: Rule, backend: Spec, path: str, *, grants: bool
) -> tuple[str, Problem | None]:
    group, kind = backend.get("group", ""), backend.get("kind", "Service")
    if (group, kind) == ("networking.istio.io", "Hostname"):
        host = str(backend.get("name") or "")
    elif (group, kind) == ("", "Service"):
        host = routeconversion.service_of(backend, route.namespace)
    else:
        reason = f"{kind} ({group or 'core'}) cannot be a backend; its share of requests gets 500"
        return NOBODY, Problem(path, reason, code="InvalidKind")
    namespace = backend.get("namespace") or route.namespace
    source = {"group": GROUP, "kind": route.kind, "namespace": route.namespace}
    if grants and namespace != route.namespace and not _granted(mesh, source, "Service", backend, namespace):
        reason = f"no ReferenceGrant in {namespace} lets {route.kind}s of {route.namespace} name this Service"
        return NOBODY, Problem(path, reason, code="RefNotPermitted")
    service, port = mesh.services_by_host.get(host), backend.get("port")
    if service is None:
        reason = f"there is no Service {host} in the mesh; its share of requests gets 500"
        return host, Problem(path, reason, code="BackendNotFound")
    if not any(each.number == port for each in service.http_ports):
        what = f"has no HTTP port {port}" if port else "needs a port here"
        return host if port else NOBODY, Problem(path, f"{host} {what}", code="BackendNotFound")
    return host, None


def _granted(mesh: Mesh, source: Spec, kind: str, target: Spec, namespace: str) -> bool:
    """Whether a ReferenceGrant of a namespace lets resources like `source` name an object of it."""
    return any(
        any({key: each.get(key) for key in source} == source for each in grant.spec.get("from") or ())
        and any(
            (each.get("group", ""), each.get("kind")) == ("", kind)
            and each.get("name") in (None, "", target.get("name"))
            for each in grant.spec.get("to") or ()
        )
        for grant in mesh.reference_grants
        if grant.namespace == namespace
    )
