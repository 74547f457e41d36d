"""What was changed, and what it does to the traffic."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.dateparse import parse_date
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from cluster import people
from cluster.kinds import VIRTUAL_SERVICE
from routing import drift, finish, history, history_shapes, presenting, rolling_now, scope, stored
from routing.models import Change
from routing.views.base import may_not, targets_of

PAGE: Final = 50
FILTERS: Final = ("q", "namespace", "service", "by", "state", "since", "until", "before")
DRIFT: Final = {"changed": "changed outside since", "gone": "removed outside since"}
DRIFT_STATES: Final = {
    "same": ("ok", "as written"),
    "changed": ("degraded", "changed outside"),
    "gone": ("failing", "removed outside"),
    "unknown": ("idle", "not known"),
}
OUTCOME_HELP: Final = {
    "conflict": "Somebody changed the same resources after the preview. Nothing was written; plan again.",
    "partial": (
        "Some writes were done and some not; each says which. Finish plans those that were not, Revert takes "
        "back those that were."
    ),
    "failed": "Nothing was written, and traffic keeps flowing as before. Finish plans it again.",
    "started": "It is being written, or the server stopped half-way; the writes say how far it came.",
}


@never_cache
@require_GET
def changes(request: HttpRequest) -> HttpResponse:
    """What was changed and fits the question, the newest first."""
    person = people.acting(request)
    asked = {name: value for name in FILTERS if (value := request.GET.get(name, "").strip())}
    if not _is_mark(asked.get("before", "")):
        asked.pop("before", None)
    question = history_shapes.ChangesQuery(data={**asked, **_whole_days(asked)})
    problem = "" if question.is_valid() else _problem(question.errors)
    rows = history.found(person, question.validated_data) if not problem else Change.objects.none()
    page, following = history.page_of(rows, PAGE)
    drifted = drift.marks(page, person)
    filters = {name: value for name, value in asked.items() if name != "before"}
    context = {
        "changes": [
            presenting.change(stored.change_view(row)) | {"drift": DRIFT.get(drifted.get(row.pk, ""))}
            for row in page
        ],
        "next": urlencode({**filters, "before": following}) if following else "",
        "newest": urlencode(filters),
        "before": asked.get("before", ""),
        "filters": filters,
        "states": presenting.CHANGE_STATES,
        "problem": problem,
        "api_query": urlencode({**asked, "limit": PAGE}),
    }
    return render(request, "routing/changes.html", context)


def _is_mark(before: str) -> bool:
    """Whether this can be the number of a change; an address with another is one without."""
    return before.isascii() and before.isdecimal() and len(before) < 19 and int(before) > 0


def _whole_days(asked: dict[str, str]) -> dict[str, str]:
    """A day as people give it: until its end, which the question takes as before the next."""
    given = asked.get("until", "")
    try:
        day = parse_date(given) if len(given) == len("2026-01-01") else None
        return {"until": (day + timedelta(days=1)).isoformat()} if day else {}
    except (ValueError, OverflowError):
        return {}  # no day, which the question says, or the last that there is


def _problem(errors: Mapping[str, Any]) -> str:
    field, messages = next(iter(errors.items()))
    return f"{field.capitalize()}: {messages[0]}"


@never_cache
@require_GET
def change(request: HttpRequest, change_id: int) -> HttpResponse:
    """One change: what was written, what it does to the traffic, and Revert."""
    person = people.acting(request)
    rows = scope.seen_by(person, Change.objects.filter(pk=change_id))
    row = get_object_or_404(rows.select_related("by", "plan").prefetch_related(*stored.LINKED))
    view = presenting.change(stored.change_view(row))
    undoing = stored.undoing(view["operations"])
    revertible = bool(undoing) and not view["reverted_by"] and row.state in ("applied", "partial")
    drifted = drift.of(row, person)
    watched = row.state == "applied" and _weighs(row)
    context = {
        "change": view,
        "finishable": not finish.why_not(row),
        "drift": [_drifted(item) for item in drifted],
        "has_drifted": any(item["state"] in DRIFT for item in drifted),
        "targets": targets_of(row.services),
        "rollout": rolling_now.of_change(person, row.pk),
        "revertible": revertible,
        "undoing": undoing,
        "may_not": may_not(person, undoing) if revertible else "",
        "watched": watched,
        "outcome_help": OUTCOME_HELP.get(row.state, ""),
        "revert_path": reverse("api-revert", args=[row.pk]),
        "data": {"id": row.pk, "watched": watched},
    }
    return render(request, "routing/change.html", context)


def _drifted(found: dict[str, Any]) -> dict[str, Any]:
    """How a resource stands now, in words and shape."""
    status, word = DRIFT_STATES[found["state"]]
    shown = {**found, "action": "update", "outcome": {"status": status, "word": word}}
    return {**presenting.operation(shown), "outcome": shown["outcome"]}


def _weighs(row: Change) -> bool:
    """Whether a change wrote a route: only then are there shares to watch."""
    return any(kept["resource"]["kind"] == VIRTUAL_SERVICE.kind for kept in row.operations)
