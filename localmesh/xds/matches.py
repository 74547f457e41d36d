"""HTTPMatchRequest: which requests a route is for.

Half of a match is about who asks (gateway, labels, namespace, port) and is decided here, for one proxy; the
other half is about the request and becomes Envoy's RouteMatch.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from localmesh.xds import names, values
from localmesh.xds.values import Json, Unusable

Match = Mapping[str, Any]
EVERYTHING: Json = {"prefix": "/"}
_SEGMENTS = re.compile(r"/[^?#]*[^?#/]")
_PSEUDO_HEADERS = {"method": ":method", "authority": ":authority", "scheme": ":scheme"}


@dataclass(frozen=True, slots=True)
class Scope:
    """Where routes are wanted: whose proxy, as which gateway (`mesh` or `namespace/name`), for which port
    and scheme.
    """

    namespace: str
    labels: Mapping[str, str]
    gateway: str
    port: int
    scheme: str = "http"

    def admits(self, match: Match, owner: str) -> bool:
        """Whether a match of a VirtualService of namespace `owner` can hold here.

        As Istio has it, gateways in a match replace the conditions on the source.
        """
        if match.get("port") and match["port"] != self.port:
            return False
        if match.get("gateways"):
            return self.gateway in [names.resolve_gateway(each, owner) for each in match["gateways"]]
        labels, namespace = match.get("sourceLabels") or {}, match.get("sourceNamespace")
        return labels.items() <= self.labels.items() and namespace in (None, "", self.namespace)


def route_match(match: Match, path: str, *, whole_segments: bool = False) -> Json:
    """Envoy's RouteMatch: all conditions of the match together. Raises Unusable.

    With `whole_segments` a prefix ends where a segment of the path does, as the Gateway API has it.
    """
    result = _uri(match, path)
    if whole_segments and result.get("prefix", "/") != "/":
        result["path_separated_prefix"] = _segments(result.pop("prefix"), f"{path}.uri.prefix")
    headers = list(_headers(match, path))
    if headers:
        result["headers"] = headers
    parameters = [
        {"name": _parameter(name, path), **_string_or_present(each or {}, f"{path}.queryParams[{name}]")}
        for name, each in sorted((match.get("queryParams") or {}).items())
    ]
    if parameters:
        result["query_parameters"] = parameters
    return result


def _uri(match: Match, path: str) -> Json:
    uri = match.get("uri") or {}
    sensitivity = {"case_sensitive": False} if match.get("ignoreUriCase") else {}
    if "exact" in uri:
        return {"path": values.text(uri["exact"], f"{path}.uri.exact"), **sensitivity}
    if "prefix" in uri:
        return {"prefix": values.text(uri["prefix"], f"{path}.uri.prefix"), **sensitivity}
    if "regex" in uri:
        # Case is ignored for exact and prefix only, as Istio documents.
        return {"safe_regex": values.regex(uri["regex"], f"{path}.uri.regex")}
    return dict(EVERYTHING)


def _segments(prefix: str, path: str) -> str:
    """A prefix of whole segments, as Envoy takes it."""
    if not _SEGMENTS.fullmatch(prefix.removesuffix("/")):
        raise Unusable(path, f"{prefix!r} is not a path such as /a/b")
    return prefix.removesuffix("/")


def _headers(match: Match, path: str) -> Iterator[Json]:
    for name, each in sorted((match.get("headers") or {}).items()):
        yield _header(name, each, f"{path}.headers[{name}]")
    for name, each in sorted((match.get("withoutHeaders") or {}).items()):
        matcher = {**_header(name, each, f"{path}.withoutHeaders[{name}]"), "invert_match": True}
        # A request without the header has no such value either; without this Envoy would not let it pass.
        yield matcher if "present_match" in matcher else {**matcher, "treat_missing_header_as_empty": True}
    for field, name in _PSEUDO_HEADERS.items():
        if field in match:
            yield {"name": name, **_string_or_present(match[field] or {}, f"{path}.{field}")}


def _header(name: str, match: Match | None, path: str) -> Json:
    if name.startswith("@"):
        raise Unusable(path, "conditions on the claims of a token are not programmed")
    return {"name": values.header_name(name, path), **_string_or_present(match or {}, path)}


def _parameter(name: str, path: str) -> str:
    if not name:
        raise Unusable(f"{path}.queryParams", "a parameter needs a name")
    return values.text(name, f"{path}.queryParams")


def _string_or_present(match: Match, path: str) -> Json:
    if values.is_presence(match):
        return {"present_match": True}
    return {"string_match": values.string_match(match, path)}
