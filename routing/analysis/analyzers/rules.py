"""What istiod refuses in a VirtualService although its schema allows it. Pure.

Semantics: istio/istio pkg/config/validation/validation.go and virtualservice.go.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from routing.analysis.analyzers.fields import TOPIC
from routing.analysis.analyzers.virtual_services import destinations
from routing.analysis.findings import Finding, analyzer, finding
from routing.analysis.hosts import overlap
from routing.analysis.kinds import VIRTUAL_SERVICE
from routing.analysis.objects import Obj, items, mapping, number, objects, strings, text
from routing.analysis.world import Look
from routing.rules import quoted
from routing.yaml_files import Path

PROTOCOLS: Final = ("http", "tls", "tcp")


def _check(look: Look, obj: Obj) -> Iterator[Finding]:  # noqa: ARG001  (one object is enough)
    if not any(items(obj.spec.get(protocol)) for protocol in PROTOCOLS):
        yield _error(obj, ("spec",), "It has no rules: http, tls or tcp is needed.")
    if items(obj.spec.get("gateways")) and not items(obj.spec.get("hosts")):
        message = "A VirtualService without hosts is one that others delegate to; it cannot have gateways."
        yield _error(obj, ("spec", "gateways"), message)
    for index, rule in objects(obj.spec.get("http")):
        yield from _http(obj, ("spec", "http", index), rule)
    yield from _streams(obj)
    for at, destination, _ in destinations(obj):
        if destination and not text(destination.get("host")):
            yield _error(obj, at, "The destination needs a host.")
        port = mapping(destination.get("port"))
        if port and not 1 <= (number(port.get("number")) or 0) <= 65535:
            yield _error(obj, (*at, "port", "number"), "A port is a number from 1 to 65535.")


def _streams(obj: Obj) -> Iterator[Finding]:
    for protocol in ("tls", "tcp"):
        for index, rule in objects(obj.spec.get(protocol)):
            at: Path = ("spec", protocol, index)
            if not items(rule.get("route")):
                yield _error(obj, at, "A route is needed.")
            yield from _weights(obj, at, rule)
            if protocol == "tls":
                yield from _tls(obj, at, rule)


def _error(obj: Obj, at: Path, message: str) -> Finding:
    return finding("IST0106", obj, at, message)


def _http(obj: Obj, at: Path, rule: Mapping[str, Any]) -> Iterator[Finding]:
    given = [name for name in ("route", "redirect", "directResponse", "delegate") if rule.get(name)]
    if not given and "directResponse" not in rule:
        yield _error(obj, at, "The rule does nothing: route, redirect, directResponse or delegate is needed.")
    if len(given) > 1:
        yield _error(obj, (*at, given[1]), f"A rule has either {given[0]} or {given[1]}, not both.")
    for field in ("fault", "rewrite"):
        if rule.get("redirect") and rule.get(field):
            yield _error(obj, (*at, field), f"A redirect cannot have {field} beside it.")
    if rule.get("mirror") and rule.get("mirrors"):
        yield _error(obj, (*at, "mirrors"), "A rule has either mirror or mirrors, not both.")
    if "mirrorPercent" in rule:
        message = "mirrorPercent is deprecated; write mirrorPercentage.value."
        yield finding("IST0133", obj, (*at, "mirrorPercent"), message)
    yield from _weights(obj, at, rule)
    yield from _fault(obj, (*at, "fault"), mapping(rule.get("fault")))
    yield from _retries(obj, (*at, "retries"), mapping(rule.get("retries")))
    yield from _percentage(obj, (*at, "mirrorPercentage"), rule.get("mirrorPercentage"))
    for index, match in objects(rule.get("match")):
        if "port" in match and not 1 <= (number(match.get("port")) or 0) <= 65535:
            yield _error(obj, (*at, "match", index, "port"), "A port is a number from 1 to 65535.")


def _weights(obj: Obj, at: Path, rule: Mapping[str, Any]) -> Iterator[Finding]:
    routes = items(rule.get("route"))
    total = 0
    for index, route in objects(routes):
        weight = route.get("weight", 0)
        if isinstance(weight, int) and weight < 0:
            message = f"A weight cannot be negative: {quoted(weight)}."
            yield _error(obj, (*at, "route", index, "weight"), message)
        total += weight if isinstance(weight, int) else 0
    if len(routes) > 1 and total == 0:
        yield _error(obj, (*at, "route"), "The weights come to 0: no destination would get anything.")


def _percentage(obj: Obj, at: Path, value: Any) -> Iterator[Finding]:
    share = mapping(value).get("value")
    if isinstance(share, (int, float)) and not 0 <= share <= 100:
        yield _error(obj, (*at, "value"), f"{quoted(share)} is outside 0 to 100 percent.")


def _fault(obj: Obj, at: Path, fault: Mapping[str, Any]) -> Iterator[Finding]:
    if isinstance(fault.get("abort"), dict):
        abort = fault["abort"]
        status = abort.get("httpStatus")
        if not any(name in abort for name in ("httpStatus", "grpcStatus", "http2Error")):
            yield _error(
                obj, (*at, "abort"), "The status to answer with is missing: httpStatus or grpcStatus."
            )
        if isinstance(status, int) and not 200 <= status <= 599:
            yield _error(obj, (*at, "abort", "httpStatus"), f"{quoted(status)} is outside 200 to 599.")
        yield from _percentage(obj, (*at, "abort", "percentage"), abort.get("percentage"))
    if isinstance(fault.get("delay"), dict):
        delay = fault["delay"]
        if "fixedDelay" not in delay and "exponentialDelay" not in delay:
            yield _error(obj, (*at, "delay"), "How long to wait is missing: fixedDelay.")
        yield from _percentage(obj, (*at, "delay", "percentage"), delay.get("percentage"))


def _retries(obj: Obj, at: Path, retries: Mapping[str, Any]) -> Iterator[Finding]:
    attempts = number(retries.get("attempts"))
    if attempts is not None and attempts < 0:
        yield _error(obj, (*at, "attempts"), "The number of attempts cannot be negative.")
    if attempts == 0 and any(name in retries for name in ("perTryTimeout", "retryOn")):
        yield _error(obj, at, "Without attempts, perTryTimeout and retryOn cannot be given.")


def _tls(obj: Obj, at: Path, rule: Mapping[str, Any]) -> Iterator[Finding]:
    hosts = strings(obj.spec.get("hosts"))
    if not items(rule.get("match")):
        yield _error(obj, at, "A rule for TLS needs a match with sniHosts.")
    for index, match in objects(rule.get("match")):
        names = strings(match.get("sniHosts"))
        if not names:
            yield _error(obj, (*at, "match", index), "The match needs sniHosts.")
        for name_index, name in enumerate(names):
            if not any(_within(name, host) for host in hosts):
                place = (*at, "match", index, "sniHosts", name_index)
                yield _error(obj, place, f"{quoted(name)} is in none of the hosts of this VirtualService.")


def _within(name: str, host: str) -> bool:
    """Whether every name that one host pattern means is meant by another too."""
    narrower = not name.startswith("*") or (host.startswith("*") and len(host) <= len(name))
    return overlap(name, host) and narrower


ANALYZERS: Final = (analyzer(f"{TOPIC}VirtualService", "IST0106 IST0133", (VIRTUAL_SERVICE,), _check),)
