"""The page of the inventory: rendered here with what is known now, and how old that is."""

from datetime import timedelta
from typing import Any, Final
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from cluster import people, presenting, surveying
from cluster.errors import ClusterError

LATE_SECONDS: Final = 10
AWAY_SECONDS: Final = 60
"""From which age what is shown counts as late, and as not current any more."""
MINUTES_FROM: Final = 120
"""From how many seconds an age is said in minutes."""


@never_cache
@require_GET
def inventory(request: HttpRequest) -> HttpResponse:
    """What runs in the cluster; with ?ns=, the services and workloads of some namespaces."""
    chosen = [name for name in request.GET.get("ns", "").split(",") if name]
    try:
        found = surveying.survey(people.acting(request))
    except ClusterError as error:
        return render(request, "cluster/inventory.html", {"away": error}, status=503)
    told = presenting.survey(found, frozenset(chosen))
    context = {
        **told,
        "chosen_namespaces": chosen,
        "all_namespaces": [item.name for item in found.inventory.namespaces],
        "age": _age(found.age_seconds),
        "partial": not found.whole,
        "kind_groups": _kind_groups(told["kinds"]),
        "missing_waypoints": [item for item in told["istio"]["waypoints"] if not item["exists"]],
        "api_path": _api_path(chosen),
    }
    return render(request, "cluster/inventory.html", context)


def _age(seconds: float | None) -> dict[str, Any]:
    """The age in a few words, from when the data is, and how bad that is."""
    if seconds is None:
        return {"state": "away", "words": "never listed", "at": None}
    state = "away" if seconds >= AWAY_SECONDS else "late" if seconds >= LATE_SECONDS else "live"
    at = timezone.now() - timedelta(seconds=seconds)
    old = f"{seconds:.0f} s old" if seconds < MINUTES_FROM else f"{seconds / 60:.0f} min old"
    return {"state": state, "words": "current" if state == "live" else old, "at": at}


def _kind_groups(kinds: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Kinds by their group, those of one version together, and those that are missing last."""
    groups: dict[str, dict[str, list[str]]] = {}
    for kind in kinds:
        groups.setdefault(kind["group"], {}).setdefault(kind["version"] or "", []).append(kind["kind"])
    return [
        {
            "group": group,
            "served": [{"version": version, "kinds": names} for version, names in found.items() if version],
            "missing": found.get("", []),
        }
        for group, found in groups.items()
    ]


def _api_path(chosen: list[str]) -> str:
    query = f"?namespaces={quote(','.join(chosen), safe=',')}" if chosen else ""
    return reverse("api-inventory") + query
