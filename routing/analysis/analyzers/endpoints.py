"""What istiod refuses in DestinationRules, Gateways and ServiceEntries although their schemas allow it. Pure.

Semantics: istio/istio pkg/config/validation/validation.go and gateway.go.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from cluster import refs
from routing.analysis.analyzers.fields import TOPIC
from routing.analysis.findings import Finding, analyzer, finding
from routing.analysis.kinds import DESTINATION_RULE, GATEWAY, SERVICE_ENTRY
from routing.analysis.objects import Obj, dig, items, mapping, number, objects, strings, text
from routing.analysis.world import Look
from routing.rules import quoted
from routing.yaml_files import Path

PROTOCOLS: Final = frozenset(
    {"HTTP", "HTTPS", "GRPC", "GRPC-WEB", "HTTP2", "HTTP_PROXY", "HBONE", "DOUBLEHBONE"}
    | {"TCP", "TLS", "UDP", "MONGO", "REDIS", "MYSQL"}
)
SECURE: Final = frozenset({"HTTPS", "TLS"})


def _error(obj: Obj, at: Path, message: str) -> Finding:
    return finding("IST0106", obj, at, message)


def _port(obj: Obj, at: Path, port: Mapping[str, Any]) -> Iterator[Finding]:
    shown = number(port.get("number"))
    if shown is None or not 1 <= shown <= 65535:
        yield _error(obj, (*at, "number"), "A port is a number from 1 to 65535.")
    protocol = text(port.get("protocol"))
    if protocol and protocol.upper() not in PROTOCOLS:
        yield _error(obj, (*at, "protocol"), f"Istio knows no protocol {quoted(protocol)}.")


def _check_destination_rule(look: Look, obj: Obj) -> Iterator[Finding]:  # noqa: ARG001  (one object is enough)
    if not text(obj.spec.get("host")):
        yield _error(obj, ("spec", "host"), "The host is missing.")
    seen: set[str] = set()
    for index, subset in objects(obj.spec.get("subsets")):
        name = text(subset.get("name"))
        at: Path = ("spec", "subsets", index)
        if not refs.is_dns_label(name):
            yield _error(obj, (*at, "name"), f"{quoted(name)} cannot be the name of a subset.")
        elif name in seen:
            yield _error(obj, (*at, "name"), f"There are two subsets {quoted(name)}.")
        seen.add(name)
        yield from _policy(obj, (*at, "trafficPolicy"), mapping(subset.get("trafficPolicy")))
    yield from _policy(obj, ("spec", "trafficPolicy"), mapping(obj.spec.get("trafficPolicy")))


def _policy(obj: Obj, at: Path, policy: Mapping[str, Any]) -> Iterator[Finding]:
    yield from _client_tls(obj, (*at, "tls"), mapping(policy.get("tls")))
    yield from _outliers(obj, (*at, "outlierDetection"), mapping(policy.get("outlierDetection")))
    for index, settings in objects(policy.get("portLevelSettings")):
        place: Path = (*at, "portLevelSettings", index)
        if not mapping(settings.get("port")):
            yield _error(obj, place, "The port that these settings are for is missing.")
        yield from _client_tls(obj, (*place, "tls"), mapping(settings.get("tls")))
        yield from _outliers(obj, (*place, "outlierDetection"), mapping(settings.get("outlierDetection")))


def _client_tls(obj: Obj, at: Path, tls: Mapping[str, Any]) -> Iterator[Finding]:
    if tls.get("mode") != "MUTUAL" or text(tls.get("credentialName")):
        return
    for field in ("clientCertificate", "privateKey"):
        if not text(tls.get(field)):
            yield _error(obj, (*at, field), f"The mode MUTUAL needs {field}.")


def _outliers(obj: Obj, at: Path, settings: Mapping[str, Any]) -> Iterator[Finding]:
    if "consecutiveErrors" in settings:
        message = "consecutiveErrors is deprecated; write consecutive5xxErrors or consecutiveGatewayErrors."
        yield finding("IST0133", obj, (*at, "consecutiveErrors"), message)
    for field in ("maxEjectionPercent", "minHealthPercent"):
        share = settings.get(field)
        if isinstance(share, int) and not 0 <= share <= 100:
            yield _error(obj, (*at, field), f"{quoted(share)} is outside 0 to 100 percent.")


def _check_gateway(look: Look, obj: Obj) -> Iterator[Finding]:  # noqa: ARG001  (one object is enough)
    if not items(obj.spec.get("servers")):
        yield _error(obj, ("spec", "servers"), "A Gateway needs a server.")
    for index, server in objects(obj.spec.get("servers")):
        at: Path = ("spec", "servers", index)
        if not isinstance(server.get("port"), dict):
            continue
        yield from _port(obj, (*at, "port"), server["port"])
        if not strings(server.get("hosts")):
            yield _error(obj, (*at, "hosts"), "The server needs hosts.")
        yield from _server_tls(obj, at, server)


def _server_tls(obj: Obj, at: Path, server: Mapping[str, Any]) -> Iterator[Finding]:
    protocol, tls = text(dig(server, "port", "protocol")).upper(), server.get("tls")
    if protocol in SECURE and not isinstance(tls, dict):
        yield _error(obj, (*at, "tls"), f"A server for {protocol} needs tls.")
    settings = mapping(tls)
    if text(settings.get("mode")) not in {"SIMPLE", "MUTUAL", "OPTIONAL_MUTUAL"}:
        return
    if text(settings.get("credentialName")) or items(settings.get("credentialNames")):
        return
    if items(settings.get("tlsCertificates")):
        return
    for field in ("serverCertificate", "privateKey"):
        if not text(settings.get(field)):
            yield _error(obj, (*at, "tls"), f"The mode {settings['mode']} needs credentialName, or {field}.")
            return


def _check_service_entry(look: Look, obj: Obj) -> Iterator[Finding]:  # noqa: ARG001  (one object is enough)
    if not strings(obj.spec.get("hosts")):
        yield _error(obj, ("spec", "hosts"), "A ServiceEntry needs hosts.")
    seen: set[tuple[str, object]] = set()
    for index, port in objects(obj.spec.get("ports")):
        at: Path = ("spec", "ports", index)
        yield from _port(obj, at, port)
        for field in ("name", "number"):
            value = port.get(field)
            if isinstance(value, (str, int)) and (field, value) in seen:
                yield _error(obj, (*at, field), f"There are two ports with the {field} {quoted(value)}.")
            elif isinstance(value, (str, int)):
                seen.add((field, value))
    yield from _resolution(obj)


def _resolution(obj: Obj) -> Iterator[Finding]:
    how = text(obj.spec.get("resolution", "NONE"))
    endpoints, selector = items(obj.spec.get("endpoints")), obj.spec.get("workloadSelector")
    if endpoints and isinstance(selector, dict):
        yield _error(obj, ("spec", "workloadSelector"), "Either endpoints or workloadSelector, not both.")
    if how == "NONE" and endpoints:
        yield _error(obj, ("spec", "endpoints"), "With the resolution NONE there can be no endpoints.")
    if how in {"DNS", "DNS_ROUND_ROBIN"} and not endpoints:
        for index, host in enumerate(strings(obj.spec.get("hosts"))):
            if host.startswith("*"):
                message = (
                    f"{quoted(host)} cannot be looked up in DNS; give endpoints, or the resolution NONE."
                )
                yield _error(obj, ("spec", "hosts", index), message)


ANALYZERS: Final = (
    analyzer(f"{TOPIC}DestinationRule", "IST0106 IST0133", (DESTINATION_RULE,), _check_destination_rule),
    analyzer(f"{TOPIC}Gateway", "IST0106", (GATEWAY,), _check_gateway),
    analyzer(f"{TOPIC}ServiceEntry", "IST0106", (SERVICE_ENTRY,), _check_service_entry),
)
