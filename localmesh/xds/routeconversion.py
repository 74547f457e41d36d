"""HTTPRoute and GRPCRoute, put into the form of VirtualServices' http routes, as Istio does it.

One route for each match, so that they can be ordered by the Gateway API's own precedence. What a backend is
wrong about costs its share of the requests (500); what a whole route is wrong about costs the route.
Source: istio/istio pilot/pkg/config/kube/gateway/conversion.go, by its behaviour.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from localmesh.xds import names
from localmesh.xds.values import Problem

Spec = Mapping[str, Any]
Json = dict[str, Any]

#: A host that nobody has: requests for backends that cannot be get 500.
NOBODY = ""
_PREFIX = "%PREFIX()%"
_RETRY_ON = ("connect-failure", "refused-stream", "unavailable", "cancelled")
_ATTEMPTS = 2
_URI_RANKS = {"exact": 3, "prefix": 2, "regex": 1}
#: Decides about a backend: its host, and what is wrong with it (path, reason and code of a Problem).
Resolve = Callable[[Spec, str], tuple[str, Problem | None]]


@dataclass(frozen=True, slots=True)
class Converted:
    """Routes in Istio's form with where each comes from (`spec.rules[0]`), and what is wrong.

    With `refused` the route as a whole cannot be used, and nothing of it is in force.
    """

    http: tuple[tuple[str, Spec], ...] = ()
    problems: tuple[Problem, ...] = ()
    refused: bool = False


def converted(kind: str, name: str, spec: Spec, resolve: Resolve) -> Converted:
    """The routes of an HTTPRoute or GRPCRoute; `name` is its namespace and name, with a dot."""
    found: list[tuple[str, Spec]] = []
    problems: list[Problem] = []
    for index, rule in enumerate(spec.get("rules") or ()):
        path = f"spec.rules[{index}]"
        refusals = list(_refusals(kind, rule, path))
        if refusals:
            return Converted(problems=tuple(refusals), refused=True)
        route = {"name": rule.get("name") or f"{name}.{index}", **_rule(rule, path, resolve, problems)}
        found += [(path, _with_match(route, match)) for match in _conditions(kind, rule)]
    return Converted(tuple(found), tuple(problems))


def in_order(routes: Sequence[Spec]) -> list[Spec]:
    """By the Gateway API's precedence: exact paths, then long ones, a method, more headers, more parameters.

    Of equals the first stays first: the older route's, and in it the earlier rule.
    """
    return sorted(routes, key=_precedence)


def _precedence(route: Spec) -> tuple[int, ...]:
    if not route.get("match"):
        return (1,)
    match = route["match"][0]
    kind, value = next(iter((match.get("uri") or {}).items()), ("", ""))
    return (
        0,
        -_URI_RANKS.get(kind, -1),
        -len(value),
        -bool(match.get("method")),
        -len(match.get("headers") or ()),
        -len(match.get("queryParams") or ()),
    )


def _refusals(kind: str, rule: Spec, path: str) -> Iterator[Problem]:
    allowed = {"RequestHeaderModifier", "ResponseHeaderModifier", "RequestMirror"}
    allowed |= {"RequestRedirect", "URLRewrite"} if kind == "HTTPRoute" else set()
    for index, each in enumerate(rule.get("filters") or ()):
        if each.get("type") not in allowed:
            yield _unsupported(f"{path}.filters[{index}]", f"{each.get('type')} filters are not programmed")
    for place, backend in enumerate(rule.get("backendRefs") or ()):
        for index, each in enumerate(backend.get("filters") or ()):
            if each.get("type") not in ("RequestHeaderModifier", "ResponseHeaderModifier"):
                where = f"{path}.backendRefs[{place}].filters[{index}]"
                yield _unsupported(where, f"{each.get('type')} filters of one backend are not programmed")


def _unsupported(path: str, reason: str) -> Problem:
    return Problem(path, reason, code="UnsupportedValue")


def _rule(rule: Spec, path: str, resolve: Resolve, problems: list[Problem]) -> Json:
    """Everything of a rule but its match; what is wrong with its backends is added to `problems`."""
    route: Json = _headers(rule.get("filters") or ())
    for index, each in enumerate(rule.get("filters") or ()):
        where = f"{path}.filters[{index}]"
        if each.get("type") == "RequestRedirect":
            route["redirect"] = _redirect(each.get("requestRedirect") or {})
        elif each.get("type") == "URLRewrite":
            route["rewrite"] = _rewrite(each.get("urlRewrite") or {})
        elif each.get("type") == "RequestMirror":
            mirror = _mirror(each.get("requestMirror") or {}, f"{where}.requestMirror", resolve, problems)
            route.setdefault("mirrors", []).extend(mirror)
    route |= _timing(rule)
    if "redirect" in route:
        return route
    backends = rule.get("backendRefs") or ()
    if not sum(each.get("weight", 1) for each in backends):
        # Nobody to send requests to: 500, by the specification.
        return {**route, "directResponse": {"status": 500}}
    return {**route, "route": list(_backends(backends, f"{path}.backendRefs", resolve, problems))}


def _backends(
    backends: Sequence[Spec], path: str, resolve: Resolve, problems: list[Problem]
) -> Iterator[Json]:
    for index, each in enumerate(backends):
        destination = _destination(each, f"{path}[{index}]", resolve, problems)
        weight = each.get("weight", 1)
        if weight:
            yield {"destination": destination, "weight": weight, **_headers(each.get("filters") or ())}


def _destination(backend: Spec, path: str, resolve: Resolve, problems: list[Problem]) -> Json:
    host, problem = resolve(backend, path)
    if problem:
        problems.append(problem)
    return {"host": host, **({"port": {"number": backend["port"]}} if backend.get("port") else {})}


def _mirror(spec: Spec, path: str, resolve: Resolve, problems: list[Problem]) -> list[Json]:
    destination = _destination(spec.get("backendRef") or {}, f"{path}.backendRef", resolve, problems)
    if destination["host"] == NOBODY:
        return []
    share = spec.get("percent")
    if spec.get("fraction"):
        share = 100 * spec["fraction"].get("numerator", 0) / (spec["fraction"].get("denominator") or 100)
    return [{"destination": destination, **({} if share is None else {"percentage": {"value": share}})}]


def _headers(filters: Sequence[Spec]) -> Json:
    sides: Json = {}
    for side in ("request", "response"):
        for each in filters:
            modifier = each.get(f"{side}HeaderModifier")
            if each.get("type") == f"{side.capitalize()}HeaderModifier" and modifier:
                sides[side] = _operations(modifier)
    return {"headers": sides} if sides else {}


def _operations(modifier: Spec) -> Json:
    result: Json = {
        operation: {each.get("name", ""): each.get("value", "") for each in modifier[operation]}
        for operation in ("set", "add")
        if modifier.get(operation)
    }
    return {**result, "remove": list(modifier["remove"])} if modifier.get("remove") else result


def _redirect(spec: Spec) -> Json:
    result: Json = {"redirectCode": spec.get("statusCode", 302)}
    if spec.get("hostname"):
        result["authority"] = spec["hostname"]
    if spec.get("scheme"):
        result["scheme"] = spec["scheme"]
    if spec.get("port"):
        result["port"] = spec["port"]
    elif not spec.get("scheme"):
        # Without a word about it the request's own port stays.
        result["derivePort"] = "FROM_REQUEST_PORT"
    path = spec.get("path") or {}
    if path.get("type") == "ReplaceFullPath":
        result["uri"] = path.get("replaceFullPath") or "/"
    elif path.get("type") == "ReplacePrefixMatch":
        result["uri"] = f"{_PREFIX}{path.get('replacePrefixMatch') or ''}"
    return result


def _rewrite(spec: Spec) -> Json:
    result: Json = {"authority": spec["hostname"]} if spec.get("hostname") else {}
    path = spec.get("path") or {}
    if path.get("type") == "ReplaceFullPath":
        result["uriRegexRewrite"] = {"match": "/.*", "rewrite": path.get("replaceFullPath") or "/"}
    elif path.get("type") == "ReplacePrefixMatch":
        result["uri"] = (path.get("replacePrefixMatch") or "").rstrip("/") or "/"
    return result


def _timing(rule: Spec) -> Json:
    result: Json = {}
    retry = rule.get("retry")
    if retry is not None:
        attempts = retry.get("attempts", _ATTEMPTS)
        result["retries"] = {"attempts": attempts}
        if attempts:
            codes = map(str, retry.get("codes") or ())
            result["retries"]["retryOn"] = ",".join([*_RETRY_ON, *codes])
        if retry.get("backoff"):
            result["retries"]["backoff"] = retry["backoff"]
    timeouts = rule.get("timeouts") or {}
    request, backend = (_given(timeouts.get(key)) for key in ("request", "backendRequest"))
    if request:
        result["timeout"] = request
    if backend and "retries" in result:
        result["retries"]["perTryTimeout"] = backend
    elif backend:
        result["timeout"] = backend
    return result


def _given(duration: str | None) -> str | None:
    """A duration that is one; zero switches the limit off, as nothing does."""
    return duration if duration and re.search("[1-9]", duration) else None


def _conditions(kind: str, rule: Spec) -> list[Json | None]:
    given = rule.get("matches") or ()
    condition = _http_condition if kind == "HTTPRoute" else _grpc_condition
    return [condition(each) for each in given] or [None]


def _with_match(route: Json, match: Json | None) -> Json:
    if match is None:
        return route
    result = {**route, "match": [match]}
    prefix = (match.get("uri") or {}).get("prefix")
    if (route.get("rewrite") or {}).get("uri") == "/" and prefix:
        # Taking a prefix away must leave one slash, whether or not anything follows it.
        pattern = {"match": f"^{_literal(prefix.rstrip('/'))}(/?)(.*)", "rewrite": r"/\2"}
        rest = {key: each for key, each in route["rewrite"].items() if key != "uri"}
        result["rewrite"] = {**rest, "uriRegexRewrite": pattern}
    return result


def _literal(text: str) -> str:
    return re.sub(r"([^A-Za-z0-9_/\-])", r"\\\1", text)


def _http_condition(match: Spec) -> Json:
    path = match.get("path") or {}
    result: Json = {"uri": _uri(path.get("type", "PathPrefix"), path.get("value", "/"))}
    if match.get("method"):
        result["method"] = {"exact": match["method"]}
    return {**result, **_named(match, "headers"), **_named(match, "queryParams")}


def _uri(kind: str, value: str) -> Json:
    if kind == "PathPrefix":
        return {"prefix": value if value == "/" else value.removesuffix("/")}
    return {"exact" if kind == "Exact" else "regex": value}


def _named(match: Spec, field: str) -> Json:
    """Conditions on headers or parameters; of one name the first counts."""
    found: Json = {}
    for each in match.get(field) or ():
        way = "regex" if each.get("type") == "RegularExpression" else "exact"
        name = str(each.get("name", ""))
        found.setdefault(name.lower() if field == "headers" else name, {way: each.get("value", "")})
    return {field: found} if found else {}


def _grpc_condition(match: Spec) -> Json:
    return {**_grpc_uri(match.get("method") or {}), **_named(match, "headers")}


def _grpc_uri(method: Spec) -> Json:
    service, name = method.get("service"), method.get("method")
    if not service and not name:
        return {}
    if method.get("type") == "RegularExpression":
        return {"uri": {"regex": f"/{service or '[^/]+'}/{name or '[^/]+'}"}}
    if not name:
        return {"uri": {"prefix": f"/{service}/"}}
    return {"uri": {"exact": f"/{service}/{name}"} if service else {"regex": f"/[^/]+/{_literal(name)}"}}


def service_of(backend: Spec, owner: str) -> str:
    """The full host of the Service that a reference of a route in namespace `owner` names."""
    return names.service_host(backend.get("name") or "", backend.get("namespace") or owner)
