"""Which requests: HTTPRouteMatch and GRPCRouteMatch, and the vocabulary's Match. Pure.

Source: https://gateway-api.sigs.k8s.io/reference/spec/#httproutematch
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from routing.gatewayapi.loss import Loss, Losses
from routing.rules.http.matches import Match, StringMatch

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"})
_UNKNOWN: Final = {
    "scheme": "the scheme cannot be asked for",
    "authority": "a route has hostnames as a whole, and in a mesh none at all",
    "without_headers": "that a header is absent cannot be asked for",
    "source_labels": "the caller's labels cannot be asked for",
    "source_namespace": "for callers in one namespace, write a consumer's route",
    "gateways": "a route has its parents as a whole",
    "port": "a route has its port as a whole",
    "ignore_uri_case": "a path is compared with its case",
}
_TYPES: Final = {"exact": "Exact", "regex": "RegularExpression"}
_HOWS: Final = {kind: how for how, kind in _TYPES.items()}
_GRPC_PATH: Final = re.compile(r"/([A-Za-z0-9_.]+)/([A-Za-z0-9_]*)")


def render_http(match: Match, at: str, lost: Losses) -> dict[str, Any]:
    """An HTTPRouteMatch."""
    found: dict[str, Any] = {}
    if match.uri is not None:
        path = "PathPrefix" if match.uri.how == "prefix" else _TYPES[match.uri.how]
        found["path"] = {"type": path, "value": match.uri.value}
    if match.method is not None:
        if match.method.how == "exact" and match.method.value in METHODS:
            found["method"] = match.method.value
        else:
            lost.append(Loss(f"{at}.method", "only one of the usual methods can be asked for"))
    for name, texts in (("headers", match.headers), ("query_params", match.query_params)):
        listed = _strings(texts, f"{at}.{name}", lost)
        if listed:
            found["headers" if name == "headers" else "queryParams"] = listed
    _note_unknown(match, at, lost)
    return found


def render_grpc(match: Match, at: str, lost: Losses) -> dict[str, Any]:
    """A GRPCRouteMatch: gRPC's path is `/service/method`."""
    found: dict[str, Any] = {}
    if match.uri is not None:
        parts = _GRPC_PATH.fullmatch(match.uri.value)
        whole = parts and (match.uri.how == "exact") == bool(parts[2]) and match.uri.how != "regex"
        if parts and whole:
            method = {"method": parts[2]} if parts[2] else {}
            found["method"] = {"type": "Exact", "service": parts[1], **method}
        else:
            lost.append(Loss(f"{at}.uri", "gRPC asks for /service/method, or the prefix /service/"))
    for name in ("method", "query_params"):
        if getattr(match, name):
            lost.append(Loss(f"{at}.{name}", "gRPC knows none"))
    listed = _strings(match.headers, f"{at}.headers", lost)
    _note_unknown(match, at, lost)
    return {**found, "headers": listed} if listed else found


def read_http(raw: Mapping[str, Any], at: str, lost: list[str]) -> Match | None:
    """The Match of an HTTPRouteMatch; None where it asks for nothing. Notes what no rule can say."""
    path = raw.get("path")
    uri = None if path is None else _read_path(path, f"{at}.path", lost)
    method = raw.get("method")
    found = Match(
        uri=uri,
        method=StringMatch("exact", str(method)) if method else None,
        headers=_read_strings(raw.get("headers"), f"{at}.headers", lost, lower=True),
        query_params=_read_strings(raw.get("queryParams"), f"{at}.queryParams", lost, lower=False),
    )
    lost += [f"{at}.{name}" for name in raw if name not in ("path", "method", "headers", "queryParams")]
    return None if found == Match() else found


def read_grpc(raw: Mapping[str, Any], at: str, lost: list[str]) -> Match | None:
    """The Match of a GRPCRouteMatch; None where it asks for nothing."""
    method = raw.get("method")
    uri = None
    if isinstance(method, Mapping):
        service, name = method.get("service"), method.get("method")
        if method.get("type", "Exact") != "Exact" or not service:
            lost.append(f"{at}.method")
        else:
            uri = StringMatch("exact" if name else "prefix", f"/{service}/{name or ''}")
    headers = _read_strings(raw.get("headers"), f"{at}.headers", lost, lower=True)
    lost += [f"{at}.{name}" for name in raw if name not in ("method", "headers")]
    found = Match(uri=uri, headers=headers)
    return None if found == Match() else found


def _strings(texts: Mapping[str, StringMatch], at: str, lost: Losses) -> list[dict[str, Any]]:
    found = []
    for name, text in texts.items():
        if text.how in _TYPES:
            found.append({"type": _TYPES[text.how], "name": name, "value": text.value})
        else:
            lost.append(Loss(f"{at}.{name}.{text.how}", "only exact and regex can be asked for"))
    return found


def _note_unknown(match: Match, at: str, lost: Losses) -> None:
    lost += [Loss(f"{at}.{name}", why) for name, why in _UNKNOWN.items() if getattr(match, name)]


def _read_path(path: Mapping[str, Any], at: str, lost: list[str]) -> StringMatch | None:
    kind, value = path.get("type", "PathPrefix"), str(path.get("value", "/"))
    if kind == "PathPrefix":
        # Every path begins with a slash: to ask for that is to ask for nothing.
        return None if value == "/" else StringMatch("prefix", value)
    if kind not in _HOWS:
        lost.append(at)
        return None
    return StringMatch("exact" if kind == "Exact" else "regex", value)


def _read_strings(raw: Any, at: str, lost: list[str], *, lower: bool) -> dict[str, StringMatch]:
    found: dict[str, StringMatch] = {}
    for index, item in enumerate(raw if isinstance(raw, list) else ()):
        kind, name = item.get("type", "Exact"), str(item.get("name", ""))
        key = name.lower() if lower else name
        if kind not in _HOWS or key in found:
            lost.append(f"{at}[{index}]")
            continue
        found[key] = StringMatch("exact" if kind == "Exact" else "regex", str(item.get("value", "")))
    return found
