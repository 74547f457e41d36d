"""What istiod's webhook refuses in a VirtualService. Source: pkg/config/validation of istio/istio, by its
behaviour.
"""

import re
from collections.abc import Callable
from typing import Any

from localmesh.apiserver.admission.hosts import gateway_problem, host_problem, plain_host_problem
from localmesh.apiserver.admission.problems import Problems
from localmesh.retryon import RETRY_CONDITIONS

Map = dict[str, Any]

_MESH = "mesh"
_HEADER = re.compile(r"[-!#$%&'*+.^_`|~0-9A-Za-z]+", re.ASCII)
_PSEUDO_HEADERS = (":method", ":path", ":scheme", ":authority")
_RETRY_STATUS = re.compile(r"[1-9]\d\d")
#: What a route that is answered by the proxy itself cannot have as well.
_EXCLUSIVE = {
    "redirect": ("route", "fault", "rewrite", "directResponse"),
    "directResponse": ("route", "fault", "rewrite"),
}


def check(spec: Map, problems: Problems) -> None:
    """Note what is wrong with the spec of a VirtualService."""
    hosts, gateways = spec.get("hosts", []), spec.get("gateways", [])
    _hosts(hosts, gateways, problems)
    if not hosts:
        _delegate(spec, problems)
    for at, gateway in enumerate(gateways):
        _noted(gateway_problem, gateway, f"spec.gateways[{at}]", problems)
    protocols = ("http", "tcp", "tls")
    problems.add_if(
        not any(spec.get(each) for each in protocols),
        "spec",
        "http, tcp or tls must be provided in virtual service",
    )
    for at, route in enumerate(spec.get("http", [])):
        _http_route(route, f"spec.http[{at}]", problems, is_delegate=not hosts)
    for protocol in ("tcp", "tls"):
        for at, route in enumerate(spec.get(protocol, [])):
            _stream_route(route, f"spec.{protocol}[{at}]", problems)


def _noted(check_one: Callable[[str], str | None], value: str, path: str, problems: Problems) -> None:
    told = check_one(value)
    if told:
        problems.add(path, told)


def _hosts(hosts: list[str], gateways: list[str], problems: Problems) -> None:
    in_mesh = not gateways or _MESH in gateways
    for at, host in enumerate(hosts):
        path = f"spec.hosts[{at}]"
        _noted(host_problem, host, path, problems)
        problems.add_if(host == "", path, "domain name cannot be empty")
        told = "wildcard host * is not allowed for virtual services bound to the mesh gateway"
        problems.add_if(in_mesh and host == "*", path, told)
        problems.add_if(host in hosts[:at], path, f"duplicate hosts in virtual service: {host} & {host}")


def _delegate(spec: Map, problems: Problems) -> None:
    """Without hosts it can only be carried on to by another one, and that only for HTTP."""
    without = "virtual service must have at least one host, or be a delegate: "
    problems.add_if(
        spec.get("gateways"),
        "spec.hosts",
        f"{without}delegate virtual service must have no gateways specified",
    )
    for protocol in ("tcp", "tls"):
        told = f"{without}delegate virtual service must have no {protocol} route specified"
        problems.add_if(spec.get(protocol), "spec.hosts", told)
    problems.add_if(not spec.get("http"), "spec.hosts", "virtual service must have at least one host")


def _http_route(route: Map, path: str, problems: Problems, *, is_delegate: bool) -> None:
    _what_it_does(route, path, problems, is_delegate=is_delegate)
    for at, match in enumerate(route.get("match", [])):
        _http_match(match, f"{path}.match[{at}]", problems)
    _destinations(route.get("route", []), f"{path}.route", problems)
    _fault(route.get("fault", {}), f"{path}.fault", problems)
    _mirrors(route, path, problems)
    problems.duration(f"{path}.timeout", route.get("timeout"))
    _retries(route.get("retries", {}), f"{path}.retries", problems)
    _cors(route.get("corsPolicy", {}), f"{path}.corsPolicy", problems)
    _headers(route.get("headers", {}), f"{path}.headers", problems)
    rewrite = route.get("rewrite")
    if rewrite is not None:
        problems.add_if(
            not any(rewrite.values()), f"{path}.rewrite", "rewrite must specify URI, authority, or both"
        )
        problems.regex(
            f"{path}.rewrite.uriRegexRewrite.match", rewrite.get("uriRegexRewrite", {}).get("match")
        )
    _direct_answers(route, path, problems)


def _what_it_does(route: Map, path: str, problems: Problems, *, is_delegate: bool) -> None:
    delegate = "delegate" in route
    problems.add_if(
        is_delegate and delegate, f"{path}.delegate", "delegate HTTP route cannot contain delegate"
    )
    for key in ("route", "redirect"):
        told = f"root HTTP route {route.get('name', '')} must not specify {key}"
        problems.add_if(delegate and route.get(key), f"{path}.{key}", told)
    does = ("route", "redirect", "directResponse", "delegate")
    problems.add_if(
        not any(route.get(each) for each in does), path, "HTTP route, redirect or direct_response is required"
    )
    for one, others in _EXCLUSIVE.items():
        for other in others:
            told = f"HTTP route cannot contain both {other} and {one}"
            problems.add_if(one in route and other in route, f"{path}.{one}", told)


def _http_match(match: Map, path: str, problems: Problems) -> None:
    for key in ("uri", "scheme", "method", "authority"):
        _string_match(match.get(key, {}), f"{path}.{key}", problems, may_be_present=False)
    for key in ("headers", "withoutHeaders"):
        for name, value in match.get(key, {}).items():
            where = f"{path}.{key}[{name}]"
            problems.add_if(
                name not in _PSEUDO_HEADERS and not _HEADER.fullmatch(name),
                where,
                f'header name "{name}" is not a valid header name',
            )
            _string_match(value or {}, where, problems, may_be_present=True)
    for name, value in match.get("queryParams", {}).items():
        _string_match(value or {}, f"{path}.queryParams[{name}]", problems, may_be_present=True)
    problems.add_if(
        not 0 <= match.get("port", 1) <= 65535, f"{path}.port", "port number must be in the range 1..65535"
    )
    for at, gateway in enumerate(match.get("gateways", [])):
        _noted(gateway_problem, gateway, f"{path}.gateways[{at}]", problems)


def _string_match(match: Map, path: str, problems: Problems, *, may_be_present: bool) -> None:
    problems.regex(f"{path}.regex", match.get("regex"))
    for kind in ("exact", "prefix", "regex"):
        empty = match.get(kind) == "" and not (may_be_present and kind == "exact")
        problems.add_if(empty, f"{path}.{kind}", f"{kind} string match should not be empty")


def _destinations(routes: list[Map], path: str, problems: Problems) -> None:
    for at, each in enumerate(routes):
        _destination(each.get("destination", {}), f"{path}[{at}].destination", problems)
        _headers(each.get("headers", {}), f"{path}[{at}].headers", problems)
        weight = each.get("weight", 0)
        problems.add_if(weight < 0, f"{path}[{at}].weight", f"weight {weight} must not be negative")
    weights = [each.get("weight", 0) for each in routes]
    problems.add_if(len(routes) > 1 and sum(weights) == 0, path, "total destination weight = 0")


def _destination(destination: Map, path: str, problems: Problems) -> None:
    host = destination.get("host", "")
    problems.add_if(not host, f"{path}.host", "destination host is required")
    if host:
        _noted(plain_host_problem, host, f"{path}.host", problems)
    port = destination.get("port", {}).get("number")
    if port is not None:
        problems.add_if(
            not 1 <= port <= 65535, f"{path}.port.number", f"port number {port} must be in the range 1..65535"
        )


def _fault(fault: Map, path: str, problems: Problems) -> None:
    delay, abort = fault.get("delay"), fault.get("abort")
    if delay is not None:
        told = "delay must set fixedDelay (exponentialDelay is not supported yet)"
        problems.add_if("fixedDelay" not in delay, f"{path}.delay", told)
        problems.duration(f"{path}.delay.fixedDelay", delay.get("fixedDelay"))
        _percentages(delay, f"{path}.delay", problems)
    if abort is not None:
        status = abort.get("httpStatus")
        problems.add_if(
            not any(key in abort for key in ("httpStatus", "grpcStatus", "http2Error")),
            f"{path}.abort",
            "abort must set httpStatus or grpcStatus",
        )
        if status is not None:
            problems.add_if(
                not 200 <= status <= 599,
                f"{path}.abort.httpStatus",
                f"HTTP status {status} is not in range 200..599",
            )
        _percentages(abort, f"{path}.abort", problems)


def _percentages(fault: Map, path: str, problems: Problems) -> None:
    problems.percent(f"{path}.percentage.value", fault.get("percentage", {}).get("value"))
    problems.percent(f"{path}.percent", fault.get("percent"))


def _mirrors(route: Map, path: str, problems: Problems) -> None:
    told = "HTTP route cannot contain both mirror and mirrors"
    problems.add_if("mirror" in route and route.get("mirrors"), f"{path}.mirrors", told)
    if "mirror" in route:
        _destination(route["mirror"], f"{path}.mirror", problems)
    problems.percent(f"{path}.mirrorPercentage.value", route.get("mirrorPercentage", {}).get("value"))
    problems.percent(f"{path}.mirrorPercent", route.get("mirrorPercent"))
    for at, mirror in enumerate(route.get("mirrors", [])):
        _destination(mirror.get("destination", {}), f"{path}.mirrors[{at}].destination", problems)
        problems.percent(f"{path}.mirrors[{at}].percentage.value", mirror.get("percentage", {}).get("value"))


def _retries(retries: Map, path: str, problems: Problems) -> None:
    attempts = retries.get("attempts", 0)
    problems.add_if(attempts < 0, f"{path}.attempts", "attempts cannot be negative")
    told = "http retry policy configured when attempts are set to 0 (disabled)"
    problems.add_if(
        retries and not attempts and ("perTryTimeout" in retries or retries.get("retryOn")), path, told
    )
    problems.duration(f"{path}.perTryTimeout", retries.get("perTryTimeout"))
    problems.duration(f"{path}.backoff", retries.get("backoff"))
    for policy in filter(None, (each.strip() for each in retries.get("retryOn", "").split(","))):
        known = policy in RETRY_CONDITIONS or _RETRY_STATUS.fullmatch(policy)
        problems.add_if(not known, f"{path}.retryOn", f"{policy} is not a valid retryOn policy")


def _cors(policy: Map, path: str, problems: Problems) -> None:
    for at, origin in enumerate(policy.get("allowOrigins", [])):
        _string_match(origin, f"{path}.allowOrigins[{at}]", problems, may_be_present=False)
    problems.duration(f"{path}.maxAge", policy.get("maxAge"))


def _headers(headers: Map, path: str, problems: Problems) -> None:
    for side in ("request", "response"):
        operations = headers.get(side, {})
        for key in ("set", "add", "remove"):
            for name in operations.get(key, ()):
                told = f'header name "{name}" is not a valid header name'
                valid = _HEADER.fullmatch(name) or name in (":authority", ":method", ":path", ":scheme")
                problems.add_if(not valid, f"{path}.{side}.{key}", told)


def _direct_answers(route: Map, path: str, problems: Problems) -> None:
    redirect, direct = route.get("redirect"), route.get("directResponse")
    if redirect is not None:
        set_any = any(
            key in redirect for key in ("uri", "authority", "redirectCode", "port", "derivePort", "scheme")
        )
        problems.add_if(
            not set_any, f"{path}.redirect", "redirect must specify URI, authority, scheme, or port"
        )
        code = redirect.get("redirectCode", 0)
        problems.add_if(
            code not in (0, 301, 302, 303, 307, 308),
            f"{path}.redirect.redirectCode",
            f"{code} is not a redirect code",
        )
    if direct is not None:
        status = direct.get("status", 200)
        problems.add_if(
            not 100 <= status <= 599,
            f"{path}.directResponse.status",
            f"HTTP status {status} is not in range 100..599",
        )


def _stream_route(route: Map, path: str, problems: Problems) -> None:
    routes = route.get("route", [])
    problems.add_if(not routes, f"{path}.route", "a route of connections must have a destination")
    _destinations(routes, f"{path}.route", problems)
    for at, match in enumerate(route.get("match", [])):
        for number, host in enumerate(match.get("sniHosts", [])):
            _noted(host_problem, host, f"{path}.match[{at}].sniHosts[{number}]", problems)
