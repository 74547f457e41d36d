"""The Graph page's frame. What is on it comes over the websocket, so that it is never older than it says.

Knows no metrics and asks no cluster: the page opens at once, whatever else is down.
"""

import time

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import get_script_prefix, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET


@never_cache
@require_GET
def graph(request: HttpRequest) -> HttpResponse:
    """The live graph; ?type=&ns=&select=&label=&view= are read by the browser.

    `serverTime` (milliseconds since the epoch) lets the browser tell the age of the numbers by the server's
    clock. `socketPath` is that of the cluster that the page is about. `links`: templates of addresses, in
    which the browser fills in {namespace} and the like; empty where there is none.
    """
    context = {"namespaces": [], "chosen_namespaces": _namespaces(request), "page": _page()}
    return render(request, "telemetry/graph.html", context)


@never_cache
@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """All services at one glance; ?ns=&find= are read by the browser."""
    chosen = _namespaces(request)
    query = f"?namespaces={','.join(chosen)}" if chosen else ""
    context = {
        "namespaces": [],
        "chosen_namespaces": chosen,
        "page": {**_page(), "namespaces": chosen},
        "api_path": f"{reverse('api-overview')}{query}",
    }
    return render(request, "telemetry/overview.html", context)


@never_cache
@require_GET
def figures(request: HttpRequest) -> HttpResponse:
    """One node or edge over time; ?type=&id=&range= are read by the browser."""
    return render(request, "telemetry/figures.html", {"page": _page()})


def _namespaces(request: HttpRequest) -> list[str]:
    return sorted(set(filter(None, request.GET.get("ns", "").split(","))))


def _page() -> dict[str, object]:
    return {
        "serverTime": round(time.time() * 1000),
        "tickSeconds": settings.TELEMETRY_TICK_SECONDS,
        "loginUrl": reverse("login"),
        "socketPath": f"{get_script_prefix()}ws/graph/",
        "links": {"grafana": settings.GRAFANA_LINK, "tracing": settings.TRACING_LINK},
    }
