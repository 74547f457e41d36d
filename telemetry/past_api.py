"""The past over REST: how far it reaches, two moments side by side, and figures over time."""

import time

import msgspec
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.views import APIView

from telemetry import asking, lookback
from telemetry.comparison import Side, compare, same_folding
from telemetry.frames import iso
from telemetry.observation import Observation
from telemetry.past_shapes import (
    ComparisonQuery,
    ComparisonSerializer,
    FiguresQuery,
    FiguresSerializer,
    HistorySerializer,
)
from telemetry.picture import picture
from telemetry.snapshot import Snapshot, View

DEFAULT_SECONDS = 900.0


class HistoryView(APIView):
    """How far back one can look."""

    @extend_schema(operation_id="history", responses=HistorySerializer, tags=["graph"])
    def get(self, request: Request) -> HttpResponse:
        """From which moment to which the graph and its figures are kept."""
        running, visible = asking.observed(request)
        reach = asking.of_the_past(running.past.reach(), visible)
        return asking.as_json(
            {
                "earliest": iso(reach.earliest),
                "latest": iso(reach.latest),
                "step_seconds": reach.step_seconds,
                "source": running.source.name,
            }
        )


class ComparisonView(APIView):
    """The graph at two moments."""

    @extend_schema(
        operation_id="graph_comparison",
        parameters=[ComparisonQuery],
        responses=ComparisonSerializer,
        tags=["graph"],
    )
    def get(self, request: Request) -> HttpResponse:
        """One view, before and after: what came, what went, and what changed."""
        query = ComparisonQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        moments = query.validated_data
        running, visible = asking.observed(request)
        before = asking.of_the_past(lookback.observation(running, moments["before"]), visible)
        if "after" in moments:
            after = asking.of_the_past(lookback.observation(running, moments["after"]), visible)
        else:
            _, after, _ = asking.latest(request)
        sides = folded_alike(before, after, query.view(visible))
        return asking.as_json(
            {"before": iso(before.taken_at), "after": iso(after.taken_at), **compare(*sides)}
        )


class FiguresView(APIView):
    """One node or edge over time, in all detail."""

    @extend_schema(
        operation_id="figures", parameters=[FiguresQuery], responses=FiguresSerializer, tags=["graph"]
    )
    def get(self, request: Request) -> HttpResponse:
        """Requests by response code, errors, latency with its heat map, and bytes."""
        query = FiguresQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        running, visible = asking.observed(request)
        until = asked.get("until", time.time())
        since = asked.get("since", until - DEFAULT_SECONDS)
        over = asking.of_the_past(lookback.span(running, since, until, asked["points"]), visible)
        found = asking.of_the_past(
            lookback.figures_of(running, asked["graph_type"], asked["id"], over, visible), visible
        )
        if found is None:
            raise NotFound(
                "No node or edge of this graph type that you may see can have this id. "
                "There are no figures of calls from or to another namespace."
            )
        return asking.as_json(
            {
                "id": asked["id"],
                "since": iso(over.since),
                "until": iso(over.until),
                "step_seconds": over.step_seconds,
                **msgspec.structs.asdict(found),
            }
        )


def folded_alike(before: Observation, after: Observation, view: View) -> tuple[Side, Side]:
    """The pictures of both moments. Were they folded by themselves, a namespace that grew would seem gone."""
    was = picture(before, view)
    now = picture(after, view, was)
    if was.folding != now.folding:
        view = msgspec.structs.replace(view, fold=same_folding(was.folding, now.folding), unfold=())
        was = picture(before, view)
        now = picture(after, view, was)
    return _side(before, was), _side(after, now)


def _side(observation: Observation, snapshot: Snapshot) -> Side:
    view = snapshot.view
    return Side(snapshot, observation.graph(view.graph_type, view.visible, snapshot.folding, view.idle))
