"""Matches of HTTPRoutes and GRPCRoutes as Istio's, and the order in which the Gateway API asks them. Pure.

A prefix means whole parts of a path here. Istio's form has no word for that: it is `path_elements` in the
place of `prefix`.
Source: https://gateway-api.sigs.k8s.io/reference/spec/#httprouterule (precedence), #httproutematch.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Protocol

from cluster.kinds import HTTP_ROUTE
from routing.shapes import mapping, mappings, text

Json = dict[str, Any]
ELEMENTS: Final = "path_elements"
_RANKS: Final = {"exact": 3, ELEMENTS: 2, "prefix": 2, "regex": 1}


class Ruled(Protocol):
    """What holds an http rule in Istio's form."""

    @property
    def spec(self) -> Mapping[str, Any]:
        """The rule."""


def of(kind: str, matches: Sequence[Mapping[str, Any]]) -> Iterator[Json]:
    """Each match of a rule in Istio's form; without any, one that asks for nothing."""
    read = _http if kind == HTTP_ROUTE.kind else _grpc
    yield from (read(match) for match in matches) if matches else ({},)


def precedence_of(rule: Ruled) -> tuple[int, ...]:
    """Sorts what is asked first to the front: exact paths, long ones, a method, more headers and parameters.

    Of equals the first stays first: the older route's, and in it the earlier rule.
    """
    match = mapping((mappings(rule.spec.get("match")) or [{}])[0])
    kind, value = next(iter(mapping(match.get("uri")).items()), ("", ""))
    return (
        -_RANKS.get(kind, 0),
        -len(value),
        -bool(match.get("method")),
        -len(match.get("headers") or ()),
        -len(match.get("queryParams") or ()),
    )


def literal(words: str) -> str:
    """A text as an expression of RE2 that matches only it."""
    return re.sub(r"([^A-Za-z0-9_/\-])", r"\\\1", words)


def _http(match: Mapping[str, Any]) -> Json:
    path = mapping(match.get("path"))
    found: Json = {"uri": _uri(text(path.get("type")) or "PathPrefix", text(path.get("value")) or "/")}
    if match.get("method"):
        found["method"] = {"exact": text(match["method"])}
    return {**found, **_named(match, "headers"), **_named(match, "queryParams")}


def _uri(kind: str, value: str) -> Json:
    if kind == "PathPrefix":
        whole = value.removesuffix("/")
        return {ELEMENTS: whole} if whole else {"prefix": "/"}
    return {"exact" if kind == "Exact" else "regex": value}


def _named(match: Mapping[str, Any], field: str) -> Json:
    """Conditions on headers or parameters; of one name the first counts."""
    found: Json = {}
    for each in mappings(match.get(field)):
        way = "regex" if each.get("type") == "RegularExpression" else "exact"
        name = text(each.get("name"))
        found.setdefault(name.lower() if field == "headers" else name, {way: text(each.get("value"))})
    return {field: found} if found else {}


def _grpc(match: Mapping[str, Any]) -> Json:
    return {**_grpc_uri(mapping(match.get("method"))), **_named(match, "headers")}


def _grpc_uri(method: Mapping[str, Any]) -> Json:
    """The path of a gRPC request is /service/method."""
    service, name = text(method.get("service")), text(method.get("method"))
    if not service and not name:
        return {}
    if method.get("type") == "RegularExpression":
        return {"uri": {"regex": f"/{service or '[^/]+'}/{name or '[^/]+'}"}}
    if not name:
        return {"uri": {ELEMENTS: f"/{service}"}}
    return {"uri": {"exact": f"/{service}/{name}"} if service else {"regex": f"/[^/]+/{literal(name)}"}}
