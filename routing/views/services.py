"""Services with their routing, and the editor of one."""

from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from cluster import kinds, people, refs
from cluster.errors import ClusterError
from cluster.kinds import Kind
from cluster.person import PersonCluster
from cluster.refs import Manifest
from routing import diff, expressing, form_fields, live, presenting, rolling_now, services
from routing.views.base import shell, traffic_of

PRESETS: Final = (0, 1, 5, 10, 25, 50, 100)
WRITE_KINDS: Final = (kinds.VIRTUAL_SERVICE.kind, kinds.HTTP_ROUTE.kind, kinds.GRPC_ROUTE.kind)
CONDITIONS: Final = (
    ("uri", "Path"),
    ("headers", "Header"),
    ("without_headers", "Without header"),
    ("method", "Method"),
    ("query_params", "Query parameter"),
    ("source_labels", "Caller's label"),
    ("source_namespace", "Caller's namespace"),
    ("authority", "Host"),
    ("scheme", "Scheme"),
    ("port", "Port"),
    ("gateways", "Gateways"),
)
"""What a match can ask about, as the editor of a route offers it."""


@never_cache
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """The services with their routing."""
    person = people.acting(request)
    found = services.everything(person, traffic_of(person))
    rollouts = rolling_now.under_way(person)
    chosen = [name for name in request.GET.get("ns", "").split(",") if name]
    shown = [item for item in found.items if not chosen or item["namespace"] in chosen]
    context = {
        "services": [
            presenting.service(item) | {"rollout": rollouts.get((item["namespace"], item["name"]))}
            for item in shown
        ],
        "namespaces": sorted({item["namespace"] for item in found.items}),
        "chosen_namespaces": chosen,
        "known_at": found.known_at,
        "away": found.problem,
    }
    return render(request, "routing/index.html", context)


@never_cache
@require_GET
def service(request: HttpRequest, namespace: str, name: str) -> HttpResponse:
    """The editor of one service."""
    if not refs.is_dns_label(namespace) or not refs.is_dns_label(name):
        raise Http404
    person = people.acting(request)
    found = services.one(person, traffic_of(person), namespace, name)
    if not found.items and not (found.problem and services.may_know(person, namespace)):
        raise Http404
    if not found.items:
        context: dict[str, Any] = {"away": found.problem, "services": [], "known_at": None}
        return render(request, "routing/index.html", context, status=503)
    item = found.items[0]
    weights = {version["version"]: 0 for version in item["versions"][1:]}
    weights = {version["version"]: 100 for version in item["versions"][:1]} | weights
    rule = {"kind": "split", "namespace": namespace, "service": name, "weights": weights}
    context = {
        "service": presenting.service(item),
        "rollout": rolling_now.under_way(person, namespace, name).get((namespace, name)),
        "data": item,
        "steered": _steered(person, namespace, name),
        "presets": PRESETS,
        "known_at": found.known_at,
        "away": found.problem,
        "example": shell({"rules": [rule]}),
        "fields": form_fields,
        "conditions": CONDITIONS,
        "write_kinds": WRITE_KINDS,
        "gateway_api": _serves_gateway_api(person),
    }
    return render(request, "routing/service.html", context)


def _serves_gateway_api(person: PersonCluster) -> bool:
    """Whether routes can be written as HTTPRoutes; not, while the cluster does not answer."""
    try:
        return person.served_version(kinds.HTTP_ROUTE) is not None
    except ClusterError:
        return False


def _steered(person: PersonCluster, namespace: str, name: str) -> list[dict[str, Any]]:
    """The VirtualService and the DestinationRule that the forms write; without text where there is none."""
    found = expressing.steered(live.seen(person, namespace).live, namespace, name)
    return [
        _text(kinds.VIRTUAL_SERVICE, found.virtual_service),
        _text(kinds.DESTINATION_RULE, found.destination_rule),
    ]


def _text(kind: Kind, manifest: Manifest | None) -> dict[str, Any]:
    metadata = manifest["metadata"] if manifest else {}
    return {
        "kind": kind.kind,
        "api_version": kind.api_version,
        "definition": f"{kind.plural}.{kind.group}",
        "namespace": str(metadata.get("namespace", "")),
        "name": str(metadata.get("name", "")),
        "resource_version": str(metadata.get("resourceVersion", "")),
        "text": diff.to_yaml(manifest),
    }
