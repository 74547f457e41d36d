"""What was changed, and what it does to the traffic."""

from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from cluster import people
from routing import presenting, scope, stored
from routing.models import Change
from routing.views.base import may_not, targets_of

PAGE: Final = 50
OUTCOME_HELP: Final = {
    "conflict": "Somebody changed the same resources after the preview. Nothing was written; plan again.",
    "partial": "Some writes were done and some not; each says which. Revert takes back those that were.",
    "failed": "Nothing was written, and traffic keeps flowing as before.",
    "started": "It is being written, or the server stopped half-way; the writes say how far it came.",
}


@never_cache
@require_GET
def changes(request: HttpRequest) -> HttpResponse:
    """What was changed, the newest first."""
    before = request.GET.get("before", "")
    rows = scope.seen_by(people.acting(request), Change.objects.order_by("-pk"))
    if before.isascii() and before.isdecimal() and len(before) < 19:
        rows = rows.filter(pk__lt=int(before))
    page = list(rows.select_related("by").prefetch_related(*stored.LINKED)[: PAGE + 1])
    context = {
        "changes": [presenting.change(stored.change_view(row)) for row in page[:PAGE]],
        "next": page[PAGE - 1].pk if len(page) > PAGE else None,
        "before": before,
    }
    return render(request, "routing/changes.html", context)


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
    intent = _intent(row)
    context = {
        "change": view,
        "targets": targets_of(row.services),
        "revertible": revertible,
        "undoing": undoing,
        "may_not": may_not(person, undoing) if revertible else "",
        "watched": intent is not None,
        "outcome_help": OUTCOME_HELP.get(row.state, ""),
        "revert_path": reverse("api-revert", args=[row.pk]),
        "data": {"id": row.pk, "intent": intent},
    }
    return render(request, "routing/change.html", context)


def _intent(row: Change) -> dict[str, Any] | None:
    """The weights that an applied change intended, for watching them come true; None when it set none."""
    splits = [rule for rule in row.plan.rules if rule["kind"] == "split"]
    return splits[0] if splits and row.state == "applied" else None
