"""EnvoyFilters: operations that do nothing, or that depend on what other filters make. Pure.

Semantics: istio/istio pkg/config/analysis/analyzers/envoyfilter.
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import Any, Final

from routing.analysis.findings import Finding, analyzer, finding
from routing.analysis.kinds import AUTHORIZATION_POLICY, ENVOY_FILTER, GATEWAY_API
from routing.analysis.objects import Obj, dig, items, mapping, objects, text
from routing.analysis.world import Index, Look, Mesh
from routing.rules import quoted

_ROUTES: Final = frozenset({"ROUTE_CONFIGURATION", "HTTP_ROUTE"})
_FILTERS: Final = frozenset({"NETWORK_FILTER", "HTTP_FILTER"})
_RELATIVE: Final = frozenset({"INSERT_BEFORE", "INSERT_AFTER", "REPLACE", "REMOVE"})


def _patches(obj: Obj) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The patches up to the first that says nothing to do: istioctl looks no further."""
    for index, patch in objects(obj.spec.get("configPatches")):
        if not isinstance(patch.get("patch"), dict):
            return
        yield index, patch


def _filter_name(patch: Mapping[str, Any]) -> str:
    """The name of the filter that a patch is about."""
    value = mapping(dig(patch, "patch", "value"))
    if not value:
        return ""
    if "name" in value:
        return str(value["name"])[:500]
    return text(dig(patch, "match", "listener", "filterChain", "filter", "name"))


def _has_version(patch: Mapping[str, Any]) -> bool:
    return bool(text(dig(patch, "match", "proxy", "proxyVersion")))


def _versioned(obj: Obj, _mesh: Mesh) -> Iterable[Hashable]:
    return (_filter_name(patch) for _, patch in _patches(obj) if _has_version(patch))


VERSIONED: Final = Index("versioned-patch", (ENVOY_FILTER,), _versioned)
"""EnvoyFilters by the filters that they patch for one version of the proxy only."""


def _check_patches(look: Look, obj: Obj) -> Iterator[Finding]:
    seen: set[str] = set()
    told: set[str] = set()
    for index, patch in _patches(obj):
        code = _code(look, obj, patch, seen)
        if _has_version(patch):
            seen.add(_filter_name(patch))
        # Once for each code, as istioctl counts.
        if code and code not in told:
            told.add(code)
            operation, what = text(dig(patch, "patch", "operation")), text(patch.get("applyTo"))
            at = ("spec", "configPatches", index, "patch", "operation")
            yield finding(code, obj, at, _words(code, quoted(operation), quoted(what)))


def _code(look: Look, obj: Obj, patch: Mapping[str, Any], seen: set[str]) -> str:
    operation, what = text(dig(patch, "patch", "operation")), text(patch.get("applyTo"))
    if operation == "ADD":
        return "IST0153" if what in _ROUTES else ""
    if operation == "REMOVE" and what in _ROUTES:
        return "IST0154"
    if operation == "REPLACE" and what not in _FILTERS:
        return "IST0152"
    if operation not in _RELATIVE or obj.spec.get("priority"):
        return ""
    name = _filter_name(patch)
    earlier = any(other.key < obj.key for other in look.at(VERSIONED, name))
    return "IST0155" if earlier or name in seen else "IST0151"


def _words(code: str, operation: str, what: str) -> str:
    if code in {"IST0152", "IST0153", "IST0154"}:
        return f"The operation {operation} does nothing for {what}."
    reason = (
        "another patch is for one version of the proxy only" if code == "IST0155" else "there is no priority"
    )
    return f"The operation {operation} depends on what other filters make, and {reason}."


def _routed(obj: Obj, _mesh: Mesh) -> Iterable[Hashable]:
    refs = [mapping(obj.spec.get("targetRef")), *(ref for _, ref in objects(obj.spec.get("targetRefs")))]
    if any(ref.get("kind") == "HTTPRoute" and ref.get("group") == GATEWAY_API for ref in refs):
        yield "routed"


ROUTED_POLICIES: Final = Index("routed-policy", (AUTHORIZATION_POLICY,), _routed)
"""AuthorizationPolicies that are for routes."""


def _check_route_cache(look: Look, obj: Obj) -> Iterator[Finding]:
    policies = look.at(ROUTED_POLICIES, "routed")
    if not policies:
        return
    for index, patch in enumerate(items(obj.spec.get("configPatches"))):
        context = text(dig(patch, "match", "context"))
        if dig(patch, "applyTo") == "HTTP_FILTER" and context not in {"SIDECAR_INBOUND", "SIDECAR_OUTBOUND"}:
            message = f"If this filter clears the route, requests can get round {policies[0].key}."
            yield finding("IST0179", obj, ("spec", "configPatches", index), message, policies[0])
            return


ANALYZERS: Final = (
    analyzer(
        "envoyfilter.EnvoyPatchAnalyzer",
        "IST0151 IST0152 IST0153 IST0154 IST0155",
        (ENVOY_FILTER,),
        _check_patches,
    ),
    analyzer("envoyfilter.RouteCacheAnalyzer", "IST0179", (ENVOY_FILTER,), _check_route_cache),
)
