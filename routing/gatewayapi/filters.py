"""What becomes of the requests: HTTPRouteFilter, and the vocabulary's policies and redirects. Pure.

Source: https://gateway-api.sigs.k8s.io/reference/spec/#httproutefilter
"""

from collections.abc import Mapping
from typing import Any, Final

from routing.gatewayapi.backends import Backends
from routing.gatewayapi.loss import Loss, Losses
from routing.rules.http.actions import Destination, Redirect
from routing.rules.http.headers import HeaderOperations, Headers
from routing.rules.http.matches import Match
from routing.rules.http.policies import Mirror, Rewrite
from routing.rules.http.routes import Policies

Json = dict[str, Any]
REQUEST: Final = "RequestHeaderModifier"
RESPONSE: Final = "ResponseHeaderModifier"
USUAL_REDIRECT: Final = 301
"""Istio's code where a redirect names none; the Gateway API's is 302."""
_NOT_YET: Final = {
    "cors": "CORS is not in every release of the Gateway API",
    "retries": "retries are not in its standard channel",
    "fault": "faults cannot be said; set them on a VirtualService",
}


def render_headers(headers: Headers | None) -> list[Json]:
    """The filters that change headers."""
    if headers is None:
        return []
    pairs = ((REQUEST, "requestHeaderModifier", headers.request),
             (RESPONSE, "responseHeaderModifier", headers.response))  # fmt: skip
    return [{"type": kind, name: _operations(each)} for kind, name, each in pairs if each is not None]


def render_policies(
    policies: Policies, matches: tuple[Match, ...], backends: Backends, lost: Losses
) -> list[Json]:
    """The filters of a rule; what none can say is noted."""
    found = render_headers(policies.headers)
    if policies.rewrite is not None:
        found += _rewrite(policies.rewrite, matches, lost)
    for index, mirror in enumerate(policies.mirrors):
        found += _mirror(mirror, f"mirrors[{index}]", backends, lost)
    lost += [Loss(name, why) for name, why in _NOT_YET.items() if getattr(policies, name)]
    return found


def render_redirect(redirect: Redirect, lost: Losses) -> Json:
    """The filter of a redirect."""
    found: Json = {"statusCode": redirect.redirect_code or USUAL_REDIRECT}
    if redirect.scheme:
        found["scheme"] = redirect.scheme
    if redirect.authority:
        host, _, port = redirect.authority.partition(":")
        found["hostname"] = host
        if port:
            found["port"] = int(port)
    if redirect.port:
        found["port"] = redirect.port
    if redirect.uri:
        found["path"] = {"type": "ReplaceFullPath", "replaceFullPath": redirect.uri}
    if redirect.derive_port:
        lost.append(Loss("redirect.derive_port", "a port is named, or left out"))
    return {"type": "RequestRedirect", "requestRedirect": found}


def backend(item: Destination | Mirror, at: str, backends: Backends, lost: Losses) -> Json:
    """The reference of a Service, for a destination or a mirror."""
    name, namespace = backends.service, backends.namespace
    if item.version:
        name = backends.by_version.get(item.version, "")
        if not name:
            why = f"no Service selects the pods of {item.version} alone, and subsets are unknown here"
            lost.append(Loss(f"{at}.version", why))
    elif item.host:
        name, _, rest = item.host.partition(".")
        namespace = rest.partition(".")[0]
        if not rest.endswith(".svc.cluster.local"):
            lost.append(Loss(f"{at}.host", "requests go to Services of the cluster only"))
    if not item.port and not item.host and not backends.port:
        lost.append(Loss(f"{at}.port", "the service has several ports, and one must be named"))
    found: Json = {"name": name, "port": item.port or (80 if item.host else backends.port) or 80}
    return found if namespace == backends.home else {**found, "namespace": namespace}


def read_headers(filters: list[Any], at: str, lost: list[str]) -> Headers | None:
    """The operations on headers among filters; a second filter of a kind is noted."""
    found: dict[str, HeaderOperations] = {}
    for index, each in enumerate(filters):
        side = {REQUEST: "request", RESPONSE: "response"}.get(each.get("type"))
        if side is None:
            continue
        raw = each.get(f"{side}HeaderModifier") or {}
        if side in found:
            lost.append(f"{at}[{index}]")
            continue
        found[side] = HeaderOperations(
            {str(item["name"]).lower(): str(item["value"]) for item in raw.get("set") or ()},
            {str(item["name"]).lower(): str(item["value"]) for item in raw.get("add") or ()},
            tuple(str(name).lower() for name in raw.get("remove") or ()),
        )
    return Headers(found.get("request"), found.get("response")) if found else None


def read_redirect(raw: Mapping[str, Any], at: str, lost: list[str]) -> Redirect:
    """The redirect of a filter."""
    path = raw.get("path") or {}
    if path and path.get("type") != "ReplaceFullPath":
        lost.append(f"{at}.path")
    code = int(raw.get("statusCode", 302))
    return Redirect(
        uri=path.get("replaceFullPath"),
        authority=raw.get("hostname"),
        scheme=raw.get("scheme"),
        port=raw.get("port"),
        redirect_code=None if code == USUAL_REDIRECT else code,
    )


def read_rewrite(raw: Mapping[str, Any]) -> Rewrite:
    """The rewrite of a filter."""
    path = raw.get("path") or {}
    return Rewrite(
        uri=path.get("replaceFullPath") or path.get("replacePrefixMatch"), authority=raw.get("hostname")
    )


def _operations(operations: HeaderOperations) -> Json:
    found: Json = {}
    for name, values in (("set", operations.set), ("add", operations.add)):
        if values:
            found[name] = [{"name": key, "value": value} for key, value in values.items()]
    return {**found, "remove": list(operations.remove)} if operations.remove else found


def _rewrite(rewrite: Rewrite, matches: tuple[Match, ...], lost: Losses) -> list[Json]:
    found: Json = {}
    if rewrite.authority:
        found["hostname"] = rewrite.authority
    if rewrite.regex:
        lost.append(Loss("rewrite.regex", "only a whole path or a prefix can be replaced"))
    if rewrite.uri:
        prefixes = [match.uri is not None and match.uri.how == "prefix" for match in matches]
        if all(prefixes) and prefixes:
            found["path"] = {"type": "ReplacePrefixMatch", "replacePrefixMatch": rewrite.uri}
        elif any(prefixes) or not prefixes:
            lost.append(Loss("rewrite.uri", "all matches must ask for a prefix, or all for an exact path"))
        else:
            found["path"] = {"type": "ReplaceFullPath", "replaceFullPath": rewrite.uri}
    return [{"type": "URLRewrite", "urlRewrite": found}] if found else []


def _mirror(mirror: Mirror, at: str, backends: Backends, lost: Losses) -> list[Json]:
    if mirror.subset:
        lost.append(Loss(f"{at}.subset", "subsets are unknown here; name a version"))
    found: Json = {"backendRef": backend(mirror, at, backends, lost)}
    if mirror.percentage != 100 and mirror.percentage == int(mirror.percentage):
        found["percent"] = int(mirror.percentage)
    elif mirror.percentage != 100:
        found["fraction"] = {"numerator": round(mirror.percentage * 10_000), "denominator": 1_000_000}
    return [{"type": "RequestMirror", "requestMirror": found}]
