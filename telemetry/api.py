"""The graph and its figures over REST, as far as who asks may see them.

Reads the collector's latest observation; never waits for a source.
"""

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import APIException, NotFound
from rest_framework.request import Request
from rest_framework.views import APIView

from cluster import people
from cluster.access import Visible
from telemetry import frames, rights, runtime
from telemetry.observation import Observation
from telemetry.overview import overview
from telemetry.overview_shapes import OverviewQuery, OverviewSerializer
from telemetry.picture import picture
from telemetry.runtime import Runtime
from telemetry.serializers import GraphSerializer, SeriesQuery, SeriesSerializer, ViewQuery


class UnavailableError(APIException):
    """There are no figures to answer with."""

    status_code = 503
    default_code = "unavailable"
    default_detail = "The source of metrics has not answered yet."


class GraphView(APIView):
    """The service graph."""

    @extend_schema(operation_id="graph", parameters=[ViewQuery], responses=GraphSerializer, tags=["graph"])
    def get(self, request: Request) -> HttpResponse:
        """One view as of the latest reading; `source` says how old that is, and whether more comes."""
        query = ViewQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        running, latest, visible = _latest(request)
        snapshot = picture(latest, query.view(visible))
        return _json(frames.graph(snapshot, running.collector.state, running.tick_seconds))


class OverviewView(APIView):
    """All services and namespaces."""

    @extend_schema(
        operation_id="overview", parameters=[OverviewQuery], responses=OverviewSerializer, tags=["graph"]
    )
    def get(self, request: Request) -> HttpResponse:
        """Golden signals of each, the worst first, with the last ten minutes in points of ten seconds."""
        query = OverviewQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        running, latest, visible = _latest(request)
        graph = latest.graph("service", visible, idle=True)
        rows = overview(graph, query.validated_data.get("namespaces", ()))
        at = latest.seq, latest.taken_at
        state, tick = running.collector.state, running.tick_seconds
        return _json(frames.overview_rows(at, rows, state.wire(visible), tick, running.sparks))


class SeriesView(APIView):
    """The figures of one node or edge."""

    @extend_schema(
        operation_id="series", parameters=[SeriesQuery], responses=SeriesSerializer, tags=["graph"]
    )
    def get(self, request: Request) -> HttpResponse:
        """Requests, errors and latency over time: a point a tick, or one in ten ticks far back."""
        query = SeriesQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        running, latest, visible = _latest(request)
        since = latest.taken_at - asked["seconds"]
        columns = running.history.columns(asked["graph_type"], asked["id"], since, latest.taken_at, visible)
        if columns is None:
            raise NotFound(
                "No node or edge of this graph type that you may see had this id during the last hour. "
                "There are no figures of calls from or to another namespace."
            )
        return _json(columns.wire(asked["id"]))


def _latest(request: Request) -> tuple[Runtime, Observation, Visible]:
    person = people.acting(request)
    sight = rights.ask(person)
    if not sight.answered:
        raise UnavailableError(sight.notice)
    try:
        running = runtime.of(person.name)
    except runtime.NotRunningError as error:
        raise UnavailableError(str(error)) from error
    if running.collector.latest is None:
        raise UnavailableError(running.collector.state.shortfall.told_to(sight.visible) or None)
    return running, running.collector.latest, sight.visible


def _json(answer: dict[str, object]) -> HttpResponse:
    """Written by the same encoder as the websocket's frames, which knows their types."""
    return HttpResponse(frames.encode(answer), content_type="application/json")
