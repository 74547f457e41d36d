"""Backends and filters of HTTPRoutes and GRPCRoutes as an http rule of Istio's has them. Pure.

A backend that cannot be one stays, by a name that nothing has: its share of the requests is answered 500.
Sources: https://gateway-api.sigs.k8s.io/reference/spec/#httproutefilter, #httpbackendref;
istio.io/istio pilot/pkg/config/kube/gateway (conversion.go).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from routing.gatewayapi import conditions
from routing.istio.hosts import service_host
from routing.shapes import is_number, mapping, mappings, text, texts, whole

Json = dict[str, Any]
PREFIX: Final = "%PREFIX()%"
"""Istio's mark of a redirect that replaces only the part of the path that was matched."""
USUAL_CODE: Final = 302
_RETRY_ON: Final = ("connect-failure", "refused-stream", "unavailable", "cancelled")
_ATTEMPTS: Final = 2
NOBODY: Final = 500
"""The status where there is no backend."""


def meaning(rule: Mapping[str, Any], home: str) -> Json:
    """Everything of a rule but its match. `home`: the namespace of the route."""
    filters = mappings(rule.get("filters"))
    found: Json = {**_name(rule), **_headers(filters), **_timing(rule)}
    for each in filters:
        if each.get("type") == "RequestRedirect":
            found["redirect"] = _redirect(mapping(each.get("requestRedirect")))
        elif each.get("type") == "URLRewrite":
            found["rewrite"] = _rewrite(mapping(each.get("urlRewrite")))
        elif each.get("type") == "RequestMirror":
            found.setdefault("mirrors", []).append(_mirror(mapping(each.get("requestMirror")), home))
    if "redirect" in found:
        return found
    routes = list(_backends(rule, home))
    return {**found, "route": routes} if routes else {**found, "directResponse": {"status": NOBODY}}


def with_match(rule: Json, match: Json) -> Json:
    """The rule for one match."""
    if not match:
        return rule
    found = {**rule, "match": [match]}
    uri = mapping(match.get("uri"))
    prefix = uri.get(conditions.ELEMENTS) or uri.get("prefix")
    rewrite = mapping(rule.get("rewrite"))
    if rewrite.get("uri") == "/" and prefix:
        # Taking a prefix away must leave one slash, whether or not anything follows it.
        pattern = {"match": f"^{conditions.literal(prefix.rstrip('/'))}(/?)(.*)", "rewrite": r"/\2"}
        rest = {key: each for key, each in rewrite.items() if key != "uri"}
        found["rewrite"] = {**rest, "uriRegexRewrite": pattern}
    return found


def _name(rule: Mapping[str, Any]) -> Json:
    return {"name": rule["name"]} if text(rule.get("name")) else {}


def _backends(rule: Mapping[str, Any], home: str) -> Iterator[Json]:
    for each in mappings(rule.get("backendRefs")):
        weight = whole(each.get("weight", 1))
        if weight > 0:
            changed = _headers(mappings(each.get("filters")))
            yield {"destination": _destination(each, home), "weight": weight, **changed}


def _destination(backend: Mapping[str, Any], home: str) -> Json:
    group, kind = text(backend.get("group")), text(backend.get("kind")) or "Service"
    name, namespace = text(backend.get("name")), text(backend.get("namespace")) or home
    port = whole(backend.get("port"))
    if (group, kind) == ("networking.istio.io", "Hostname"):
        host = name
    elif (group, kind) != ("", "Service"):
        return {"host": f"{kind} {name}"}
    else:
        host = service_host(namespace, name)
    return {"host": host, "port": {"number": port}} if port else {"host": f"{host} without a port"}


def _mirror(spec: Mapping[str, Any], home: str) -> Json:
    found: Json = {"destination": _destination(mapping(spec.get("backendRef")), home)}
    fraction = mapping(spec.get("fraction"))
    share: object = spec.get("percent")
    if fraction:
        share = 100 * whole(fraction.get("numerator")) / (whole(fraction.get("denominator")) or 100)
    return {**found, "percentage": {"value": share}} if is_number(share) else found


def _headers(filters: list[Mapping[str, Any]]) -> Json:
    sides = {
        side: _operations(mapping(each.get(f"{side}HeaderModifier")))
        for side in ("request", "response")
        for each in filters
        if each.get("type") == f"{side.capitalize()}HeaderModifier"
    }
    return {"headers": sides} if sides else {}


def _operations(modifier: Mapping[str, Any]) -> Json:
    found: Json = {
        operation: {text(each.get("name")): each.get("value", "") for each in mappings(modifier[operation])}
        for operation in ("set", "add")
        if modifier.get(operation)
    }
    removed = texts(modifier.get("remove"))
    return {**found, "remove": removed} if removed else found


def _redirect(spec: Mapping[str, Any]) -> Json:
    found: Json = {"redirectCode": spec.get("statusCode", USUAL_CODE)}
    for name, given in (("authority", "hostname"), ("scheme", "scheme"), ("port", "port")):
        if spec.get(given):
            found[name] = spec[given]
    if not spec.get("port") and not spec.get("scheme"):
        # Without a word about it the request's own port stays.
        found["derivePort"] = "FROM_REQUEST_PORT"
    path = mapping(spec.get("path"))
    if path.get("type") == "ReplaceFullPath":
        found["uri"] = text(path.get("replaceFullPath")) or "/"
    elif path.get("type") == "ReplacePrefixMatch":
        found["uri"] = f"{PREFIX}{text(path.get('replacePrefixMatch'))}"
    return found


def _rewrite(spec: Mapping[str, Any]) -> Json:
    found: Json = {"authority": spec["hostname"]} if spec.get("hostname") else {}
    path = mapping(spec.get("path"))
    if path.get("type") == "ReplaceFullPath":
        found["uriRegexRewrite"] = {"match": "/.*", "rewrite": text(path.get("replaceFullPath")) or "/"}
    elif path.get("type") == "ReplacePrefixMatch":
        found["uri"] = text(path.get("replacePrefixMatch")).rstrip("/") or "/"
    return found


def _timing(rule: Mapping[str, Any]) -> Json:
    found: Json = {}
    retry = rule.get("retry")
    if isinstance(retry, Mapping):
        attempts = whole(retry.get("attempts", _ATTEMPTS))
        given = retry.get("codes")
        codes = [str(each) for each in given if whole(each)] if isinstance(given, list) else []
        found["retries"] = {"attempts": attempts, "retryOn": ",".join([*_RETRY_ON, *codes])}
    timeouts = mapping(rule.get("timeouts"))
    request, backend = (_given(timeouts.get(key)) for key in ("request", "backendRequest"))
    if request:
        found["timeout"] = request
    if backend and "retries" in found:
        found["retries"]["perTryTimeout"] = backend
    elif backend:
        found["timeout"] = backend
    return found


def _given(duration: object) -> object:
    """A duration that is one; zero switches the limit off, as nothing does."""
    return duration if re.search("[1-9]", str(duration or "")) else None
