"""The pages of rollouts: the list, and one of them. Both are drawn from what the REST API answers, which
stands in the page for the first look; then the page listens.
"""

import time
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from cluster import people, refs
from cluster.person import PersonCluster
from routing import scope
from routing.models import Rollout
from routing.rolling import showing

PAGE: Final = 50
WEIGHTS: Final = (0, 1, 5, 10, 25, 50, 75, 100)
GREATEST_ID: Final = 2**63 - 1
STRATEGIES: Final = {
    "weighted": "By weight",
    "header": "By a header",
    "cookie": "By a cookie",
    "mirror": "Mirrored first",
    "blue_green": "Blue-green",
}


class Button(NamedTuple):
    """A command as the page offers it; `name` is the last part of its address."""

    name: str
    label: str
    icon: str
    look: str = ""


BUTTONS: Final = (
    Button("pause", "Pause", "pause"),
    Button("resume", "Resume", "play", "button-primary"),
    Button("step-back", "Step back", "step-back"),
    Button("weight", "Set weight", "weight"),
    Button("promote", "Promote", "promote"),
    Button("retry", "Retry", "retry"),
    Button("abort", "Abort", "back", "button-danger"),
)


@never_cache
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """What is under way, and a page of what ended."""
    person = people.acting(request)
    namespaces = [name for name in request.GET.get("ns", "").split(",") if refs.is_dns_label(name)]
    service = request.GET.get("service", "").strip()
    before = _mark(request.GET.get("before", ""))
    mine = _seen(person, Rollout.objects.all())
    rows = mine.filter(**({"namespace__in": namespaces} if namespaces else {}), **_named(service))
    active = list(rows.filter(occupies__isnull=False).order_by("-pk"))
    ended = rows.filter(occupies__isnull=True).order_by("-pk")
    shown = list((ended.filter(pk__lt=before) if before else ended)[: PAGE + 1])
    named = {"ns": ",".join(namespaces), "service": service}
    filters = {name: value for name, value in named.items() if value}
    older = urlencode({**filters, "before": shown[PAGE - 1].pk}) if len(shown) > PAGE else ""
    context = {
        "rollouts": [showing.summary(row, person) for row in (*active, *shown[:PAGE])],
        "namespaces": sorted(set(mine.order_by().values_list("namespace", flat=True).distinct())),
        "services": sorted(set(mine.order_by().values_list("service", flat=True).distinct())),
        "chosen_namespaces": namespaces,
        "before": before,
        "newest": urlencode(filters),
        "next": older,
        "page": {**_page(), "namespaces": namespaces, "service": service, "older": bool(before)},
        "api_path": reverse("api-rollouts") + ("?" + _api_query(namespaces, service) if filters else ""),
    }
    return render(request, "rollouts/list.html", context)


@never_cache
@require_GET
def rollout(request: HttpRequest, rollout_id: int) -> HttpResponse:
    """One rollout."""
    if rollout_id > GREATEST_ID:
        raise Http404
    person = people.acting(request)
    row = get_object_or_404(_seen(person, Rollout.objects.filter(pk=rollout_id)))
    detail = showing.detail(row, person, whole=row.created_by == request.user)
    context = {
        "rollout": detail,
        "strategy": STRATEGIES.get(detail["strategy"]["kind"], ""),
        "buttons": BUTTONS,
        "presets": WEIGHTS,
        "page": _page(),
        "api_path": reverse("api-rollout", args=[row.pk]),
    }
    return render(request, "rollouts/detail.html", context)


def _seen(person: PersonCluster, rows: Any) -> Any:
    return scope.seen_by(person, rows).select_related("created_by")


def _named(service: str) -> dict[str, str]:
    return {"service": service[:63]} if service else {}


def _mark(text: str) -> int:
    """The number of a rollout; 0 where it can be none."""
    fits = text.isascii() and text.isdecimal() and len(text) < len(str(GREATEST_ID))
    return int(text) if fits else 0


def _page() -> dict[str, Any]:
    """`serverTime` in milliseconds since the epoch: the browser's clock may be wrong."""
    return {"serverTime": time.time() * 1000, "loginUrl": reverse("login")}


def _api_query(namespaces: list[str], service: str) -> str:
    one = {"namespace": namespaces[0]} if len(namespaces) == 1 else {}
    return urlencode({**one, **_named(service)})
