"""What the HTTPRoutes and GRPCRoutes of Services mean, in the form of VirtualServices. Pure.

It is how Istio puts them in force: the routes of one namespace for a host become one, with one http rule for
each match, the most specific first. A route in the Service's own namespace is its producer's and for every
caller, one elsewhere a consumer's and for the callers there.
Sources: https://gateway-api.sigs.k8s.io/mesh/, https://gateway-api.sigs.k8s.io/reference/spec/#httprouterule,
istio.io/istio pilot/pkg/config/kube/gateway (conversion.go).
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cluster.kinds import GRPC_ROUTE, HTTP_ROUTE
from cluster.refs import Manifest
from routing.gatewayapi import actions, conditions
from routing.istio.hosts import MESH, age, name_of, namespace_of, service_host
from routing.shapes import mapping, mappings, text, whole

KINDS: Final = (HTTP_ROUTE.kind, GRPC_ROUTE.kind)
_FILTERS: Final = frozenset({"RequestHeaderModifier", "ResponseHeaderModifier", "RequestMirror"})
_HTTP_FILTERS: Final = _FILTERS | {"RequestRedirect", "URLRewrite"}
_OF_BACKENDS: Final = frozenset({"RequestHeaderModifier", "ResponseHeaderModifier"})


@dataclass(frozen=True, slots=True)
class Meant:
    """One match of a route's rule as an http rule of a VirtualService; `path` is its place in `resource`.

    `refused`: why the whole route is not in force, or empty.
    """

    resource: str
    path: str
    spec: Mapping[str, Any]
    refused: str = ""


def virtual_services(
    routes: Iterable[Manifest], ports: Callable[[str], Collection[int] | None]
) -> list[Manifest]:
    """One for each host, port and namespace that has routes for it: made from all of these, and dated like
    the oldest. Beside what a VirtualService holds, `meant` lists where its http rules come from.

    `ports` gives the ports of a Service by its full host; None where there is none, which has no routes.
    """
    groups: dict[tuple[str, str, str, int], list[Manifest]] = {}
    for route in sorted(routes, key=age):
        for host, port in dict.fromkeys(_parents(route)):
            known = ports(host)
            if known is not None and (not port or port in known):
                groups.setdefault((str(route["kind"]), namespace_of(route), host, port), []).append(route)
    return [_merged(host, port, group) for (_, _, host, port), group in groups.items()]


def is_meant(virtual_service: Manifest) -> bool:
    """Whether this stands for routes of the Gateway API."""
    return "meant" in virtual_service


def meant(virtual_service: Manifest) -> tuple[Meant, ...]:
    """Where the http rules of what stands for routes come from, in order; of another none."""
    found: tuple[Meant, ...] = virtual_service.get("meant", ())
    return found


def named(virtual_service: Manifest) -> str:
    """How messages name a VirtualService, or the routes that one stands for."""
    return str(virtual_service.get("named") or name_of(virtual_service))


def own(virtual_service: Manifest, namespace: str) -> bool:
    """Whether this stands for routes of a namespace: for its callers these come before all others."""
    return is_meant(virtual_service) and namespace_of(virtual_service) == namespace


def _parents(route: Manifest) -> Iterator[tuple[str, int]]:
    for each in mappings(mapping(route.get("spec")).get("parentRefs")):
        if each.get("kind") == "Service" and each.get("group", "") in ("", "core"):
            namespace = text(each.get("namespace")) or namespace_of(route)
            yield service_host(namespace, text(each.get("name"))), whole(each.get("port"))


def _merged(host: str, port: int, group: list[Manifest]) -> Manifest:
    oldest = group[0]
    rules = sorted((rule for route in group for rule in _rules(route, port)), key=conditions.precedence_of)
    consumer = host != service_host(namespace_of(oldest), host.partition(".")[0])
    return {
        "apiVersion": oldest.get("apiVersion", ""),
        "kind": oldest["kind"],
        "metadata": oldest["metadata"],
        "spec": {
            "hosts": [host],
            "gateways": [MESH],
            "exportTo": ["." if consumer else "*"],
            "http": [dict(rule.spec) for rule in rules if not rule.refused],
        },
        "status": oldest.get("status") or {},
        "meant": tuple(rules),
        "named": ", ".join(map(name_of, group)),
        "consumer": consumer,
    }


def _rules(route: Manifest, port: int) -> Iterator[Meant]:
    kind, resource, home = str(route["kind"]), name_of(route), namespace_of(route)
    rules = mappings(mapping(route.get("spec")).get("rules"))
    refused = next((why for rule in rules for why in _refusals(kind, rule)), "")
    for index, rule in enumerate(rules):
        meaning = actions.meaning(rule, home)
        given = mappings(rule.get("matches"))
        for number, match in enumerate(conditions.of(kind, given)):
            path = f"spec.rules[{index}]" + (f".matches[{number}]" if given else "")
            spec = actions.with_match(meaning, {**match, "port": port} if port else match)
            yield Meant(resource, path, spec, refused)


def _refusals(kind: str, rule: Mapping[str, Any]) -> Iterator[str]:
    """What of a rule keeps the route as a whole from being in force."""
    allowed = _HTTP_FILTERS if kind == HTTP_ROUTE.kind else _FILTERS
    for each in mappings(rule.get("filters")):
        if each.get("type") not in allowed:
            yield f"the route has a filter of type {each.get('type')}, which Istio need not know here"
    for backend in mappings(rule.get("backendRefs")):
        for each in mappings(backend.get("filters")):
            if each.get("type") not in _OF_BACKENDS:
                yield f"a backend of the route has a filter of type {each.get('type')}, which Istio refuses"
