"""Gateways: the pods that they select, ports, secrets, hosts and certificates. Pure.

Semantics: istio/istio pkg/config/analysis/analyzers/gateway.
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import Any, Final

from routing.analysis import certificates
from routing.analysis.findings import FEW, Finding, analyzer, few, finding, named
from routing.analysis.kinds import GATEWAY, SECRET
from routing.analysis.objects import Obj, mapping, number, objects, strings, text, texts
from routing.analysis.selectors import covers, pods, selector_text, services_of, unselective_services
from routing.analysis.world import Index, Look, Mesh
from routing.rules import quoted


def _selector(obj: Obj) -> Mapping[str, str]:
    return texts(obj.spec.get("selector"))


def _nothing_selected(obj: Obj) -> Finding:
    message = f"No pod has the labels {quoted(selector_text(_selector(obj)))}."
    return finding("IST0101", obj, ("spec", "selector"), message)


def _check_ports(look: Look, obj: Obj) -> Iterator[Finding]:
    selected = pods(look, _selector(obj))
    if not selected:
        yield _nothing_selected(obj)
        return
    reachable = {port for pod in selected for port in _reachable(look, pod)}
    for index, server in objects(obj.spec.get("servers")):
        if not isinstance(server.get("port"), dict):
            continue
        port = number(server["port"].get("number")) or 0
        if port not in reachable:
            at = ("spec", "servers", index, "port", "number")
            message = (
                f"No service leads to port {port} of the pods with {quoted(selector_text(_selector(obj)))}."
            )
            yield finding("IST0162", obj, at, message, *selected[:1])


def _reachable(look: Look, pod: Obj) -> Iterator[int]:
    """The ports of a pod that services lead to."""
    services = services_of(look, pod.namespace, pod.labels)
    for service in [*services, *unselective_services(look, pod.namespace)]:
        for _, port in objects(service.spec.get("ports")):
            if text(port.get("protocol")) in {"", "TCP"}:
                # A gateway may write the pod's port, or the service's: Istio translates it.
                yield number(port.get("targetPort")) or 0
                yield number(port.get("port")) or 0


def _check_secrets(look: Look, obj: Obj) -> Iterator[Finding]:
    selected = pods(look, _selector(obj))
    if not selected:
        yield _nothing_selected(obj)
        return
    # The secret must be where the pods are. istioctl takes the first pod for all of them.
    namespace = selected[0].namespace
    for index, server in objects(obj.spec.get("servers")):
        name = text(mapping(server.get("tls")).get("credentialName"))
        if not name:
            continue
        at = ("spec", "servers", index, "tls", "credentialName")
        place, slash, short = name.partition("/")
        secret = look.get(SECRET, place, short) if slash else look.get(SECRET, namespace, name)
        if secret is None:
            message = (
                f"There is no secret {quoted(name)} in {quoted(namespace)}, where the gateway's pods are."
            )
            yield finding("IST0101", obj, at, message, selected[0])
        elif reason := certificates.problem(secret.manifest, look.world.now):
            message = f"The secret {quoted(name)} in {quoted(namespace)} cannot be used: {reason}"
            yield finding("IST0161", obj, at, message, secret)


def _binds(obj: Obj) -> Iterator[tuple[int, int, str, str]]:
    """What a gateway listens for: the index of the server, port, host and address."""
    for index, server in objects(obj.spec.get("servers")):
        port = number(mapping(server.get("port")).get("number")) or 0
        for host in strings(server.get("hosts")):
            yield index, port, host, text(server.get("bind"))


def _pair(selector: Mapping[str, str]) -> tuple[str, str]:
    """One pair of a selector, which a pod must have to be selected; of an empty one, nothing."""
    return min(selector.items(), default=("", ""))


def _by_port_and_host(obj: Obj, _mesh: Mesh) -> Iterable[Hashable]:
    pair = _pair(_selector(obj))
    return ((port, host, bind, *pair) for _, port, host, bind in _binds(obj))


LISTENERS: Final = Index("gateway-listener", (GATEWAY,), _by_port_and_host)
"""Gateways by port, host and address of their servers, and one pair of their selector."""


def _check_conflicts(look: Look, obj: Obj) -> Iterator[Finding]:
    told: set[int] = set()
    selector = _selector(obj)
    # Whose selector is the same, or selects a pod that this one's does, has one of these pairs.
    shared = {pair for pod in pods(look, selector) for pair in pod.labels.items()}
    pairs = sorted(shared | {_pair(selector), ("", "")})
    for index, port, host, bind in _binds(obj):
        if index in told:
            continue
        listeners = (other for pair in pairs for other in look.at(LISTENERS, (port, host, bind, *pair)))
        rivals = few(other for other in listeners if other is not obj and _same_workload(look, obj, other))
        if rivals:
            told.add(index)
            message = f"{named(rivals)} has the same port and host ({quoted(host)}) on the same workload."
            yield finding("IST0145", obj, ("spec", "servers", index, "hosts"), message, *rivals)


def _same_workload(look: Look, one: Obj, other: Obj) -> bool:
    mine, theirs = _selector(one), _selector(other)
    if mine == theirs:
        return True
    written = selector_text(mine), selector_text(theirs)
    if written[0] not in written[1] and written[1] not in written[0]:
        return False
    return any(covers(theirs, pod.labels) for pod in pods(look, mine))


def _certificate(tls: Any) -> tuple[str, ...] | None:
    """What makes a certificate the same as another: the secret's name, or the files."""
    settings = mapping(tls)
    if name := text(settings.get("credentialName")):
        return (name,)
    files = text(settings.get("serverCertificate")), text(settings.get("privateKey"))
    return files if all(files) else None


def _by_certificate(obj: Obj, _mesh: Mesh) -> Iterable[Hashable]:
    found = (_certificate(server.get("tls")) for _, server in objects(obj.spec.get("servers")))
    return (certificate for certificate in found if certificate)


CERTIFICATES: Final = Index("gateway-certificate", (GATEWAY,), _by_certificate)
"""Gateways by the certificates of their servers."""


def _check_certificates(look: Look, obj: Obj) -> Iterator[Finding]:
    told: set[Obj] = {obj}
    for index, server in objects(obj.spec.get("servers")):
        certificate = _certificate(server.get("tls"))
        for other in look.at(CERTIFICATES, certificate) if certificate else ():
            if len(told) > FEW:
                return
            if other not in told and covers(_selector(obj), _selector(other)):
                told.add(other)
                message = f"{other.key} uses the same certificate ({quoted(certificate[0])})."  # type: ignore[index]
                yield finding("IST0138", obj, ("spec", "servers", index, "tls"), message, other)


ANALYZERS: Final = (
    analyzer("gateway.IngressGatewayPortAnalyzer", "IST0101 IST0162", (GATEWAY,), _check_ports),
    analyzer("gateway.SecretAnalyzer", "IST0101 IST0161", (GATEWAY,), _check_secrets),
    analyzer("gateway.ConflictingGatewayAnalyzer", "IST0145", (GATEWAY,), _check_conflicts),
    analyzer("gateway.CertificateAnalyzer", "IST0138", (GATEWAY,), _check_certificates),
)
