"""One rule of an HTTPRoute or a GRPCRoute, and the vocabulary's Route. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from cluster.kinds import GRPC_ROUTE
from routing.gatewayapi import filters, matches
from routing.gatewayapi.backends import Backends
from routing.gatewayapi.loss import Loss, Losses
from routing.rules import Destination, DirectResponse, Policies, Redirect, Route
from routing.rules.http.policies import Mirror

Json = dict[str, Any]
_RULE: Final = frozenset({"matches", "filters", "backendRefs", "timeouts", "name"})


def render(route: Route, kind: str, backends: Backends) -> tuple[Json, tuple[Loss, ...]]:
    """The rule of a route of this kind, and each part that it cannot say."""
    lost: Losses = []
    rule: Json = {}
    each = matches.render_grpc if kind == GRPC_ROUTE.kind else matches.render_http
    found = [each(match, f"match[{index}]", lost) for index, match in enumerate(route.match)]
    if found:
        rule["matches"] = found
    done = filters.render_policies(route.policies, route.match, backends, lost)
    if isinstance(route.action, Redirect):
        done.append(filters.render_redirect(route.action, lost))
    elif isinstance(route.action, DirectResponse):
        lost.append(Loss("direct_response", "requests are always sent somewhere"))
    else:
        rule["backendRefs"] = _backends(route.action, backends, lost)
    if done:
        rule["filters"] = done
    if route.policies.timeout:
        rule["timeouts"] = {"request": route.policies.timeout}
    if kind == GRPC_ROUTE.kind:
        _note_not_grpc(rule, route, lost)
    if route.position is not None:
        lost.append(Loss("position", "the more specific route comes first, wherever it stands"))
    return rule, tuple(lost)


def read(raw: Mapping[str, Any], kind: str, name: str, backends: Backends) -> tuple[Route, tuple[str, ...]]:
    """The Route of a rule, and the paths in it that no Route can say."""
    lost = [key for key in raw if key not in _RULE]
    each = matches.read_grpc if kind == GRPC_ROUTE.kind else matches.read_http
    asked = [each(m, f"matches[{index}]", lost) for index, m in enumerate(_list(raw.get("matches")))]
    # One match that asks for nothing makes the others idle.
    match = () if None in asked else tuple(each for each in asked if each is not None)
    redirect, policies = _read_filters(raw, backends, lost)
    action: Any = redirect or _read_backends(raw.get("backendRefs"), backends, lost)
    return Route(backends.namespace, backends.service, name, action, match, None, policies), tuple(lost)


def _backends(destinations: tuple[Destination, ...], backends: Backends, lost: Losses) -> list[Json]:
    found = []
    for index, each in enumerate(destinations):
        at = f"destinations[{index}]"
        if each.subset:
            lost.append(Loss(f"{at}.subset", "subsets are unknown here; name a version"))
        ref = filters.backend(each, at, backends, lost)
        if each.weight is not None:
            ref["weight"] = each.weight
        changed = filters.render_headers(each.headers)
        found.append({**ref, "filters": changed} if changed else ref)
    return found


def _note_not_grpc(rule: Json, route: Route, lost: Losses) -> None:
    if rule.pop("timeouts", None):
        lost.append(Loss("timeout", "a GRPCRoute has none"))
    if isinstance(route.action, Redirect):
        lost.append(Loss("redirect", "a GRPCRoute has none"))
    if route.policies.rewrite is not None:
        lost.append(Loss("rewrite", "a GRPCRoute has none"))


def _read_filters(
    raw: Mapping[str, Any], backends: Backends, lost: list[str]
) -> tuple[Redirect | None, Policies]:
    found = _list(raw.get("filters"))
    redirect, rewrite, mirrors = None, None, []
    for index, each in enumerate(found):
        kind = each.get("type")
        if kind == "RequestRedirect":
            redirect = filters.read_redirect(each.get("requestRedirect") or {}, f"filters[{index}]", lost)
        elif kind == "URLRewrite":
            rewrite = filters.read_rewrite(each.get("urlRewrite") or {})
        elif kind == "RequestMirror":
            mirrors.append(_read_mirror(each.get("requestMirror") or {}, backends))
        elif kind not in (filters.REQUEST, filters.RESPONSE):
            lost.append(f"filters[{index}]")
    timeouts = raw.get("timeouts") or {}
    lost += [f"timeouts.{name}" for name in timeouts if name != "request"]
    headers = filters.read_headers(found, "filters", lost)
    return redirect, Policies(
        headers=headers, rewrite=rewrite, mirrors=tuple(mirrors), timeout=timeouts.get("request")
    )


def _read_mirror(raw: Mapping[str, Any], backends: Backends) -> Mirror:
    host, version, port = _place(raw.get("backendRef") or {}, backends)
    share = raw.get("fraction")
    percentage = float(raw.get("percent", 100))
    if isinstance(share, Mapping):
        percentage = round(100 * share.get("numerator", 0) / share.get("denominator", 100), 4)
    return Mirror(host, version, None, port, percentage)


def _read_backends(raw: Any, backends: Backends, lost: list[str]) -> tuple[Destination, ...]:
    items = _list(raw)
    found = []
    for index, each in enumerate(items):
        if each.get("kind", "Service") != "Service":
            lost.append(f"backendRefs[{index}]")
        host, version, port = _place(each, backends)
        weight = None if len(items) == 1 else int(each.get("weight", 1))
        headers = filters.read_headers(_list(each.get("filters")), f"backendRefs[{index}].filters", lost)
        found.append(Destination(host, version, None, port, weight, headers))
    return tuple(found)


def _place(ref: Mapping[str, Any], backends: Backends) -> tuple[str | None, str | None, int | None]:
    """The host, version and port that a reference means, as a rule about the service says it."""
    name, namespace = str(ref.get("name", "")), str(ref.get("namespace") or backends.home)
    near = namespace == backends.namespace
    version = backends.versions.get(name) if near else None
    own = near and (name == backends.service or version is not None)
    port = ref.get("port")
    usual = backends.port if own else 80
    host = None if own else f"{name}.{namespace}.svc.cluster.local"
    return host, version, None if port == usual else port


def _list(value: Any) -> list[Any]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []
