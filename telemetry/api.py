"""The graph and its figures over REST, as far as who asks may see them.

Reads the collector's latest observation, and waits for a source only where the past is asked for.
"""

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.views import APIView

from telemetry import asking, frames, lookback
from telemetry.overview import overview
from telemetry.overview_shapes import OverviewQuery, OverviewSerializer
from telemetry.picture import picture
from telemetry.serializers import GraphSerializer, SeriesQuery, SeriesSerializer, ViewQuery


class GraphView(APIView):
    """The service graph."""

    @extend_schema(operation_id="graph", parameters=[ViewQuery], responses=GraphSerializer, tags=["graph"])
    def get(self, request: Request) -> HttpResponse:
        """One view as of the latest reading; `source` says how old that is, and whether more comes.

        With `at`, as of the reading that was the latest one at that moment, by what you may see now.
        """
        query = ViewQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        at = query.validated_data.get("at")
        if at is None:
            running, observed, visible = asking.latest(request)
            source = running.collector.state
        else:
            running, visible = asking.observed(request)
            observed = asking.of_the_past(lookback.observation(running, at), visible)
            source = lookback.source_then(running, observed)
        snapshot = picture(observed, query.view(visible))
        return asking.as_json(frames.graph(snapshot, source, running.tick_seconds))


class OverviewView(APIView):
    """All services and namespaces."""

    @extend_schema(
        operation_id="overview", parameters=[OverviewQuery], responses=OverviewSerializer, tags=["graph"]
    )
    def get(self, request: Request) -> HttpResponse:
        """Golden signals of each, the worst first, with the last ten minutes in points of ten seconds."""
        query = OverviewQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        running, latest, visible = asking.latest(request)
        graph = latest.graph("service", visible, idle=True)
        rows = overview(graph, query.validated_data.get("namespaces", ()))
        at = latest.seq, latest.taken_at
        state, tick = running.collector.state, running.tick_seconds
        return asking.as_json(frames.overview_rows(at, rows, state.wire(visible), tick, running.sparks))


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
        running, latest, visible = asking.latest(request)
        since = latest.taken_at - asked["seconds"]
        columns = None
        if running.recorder is not None:
            # Otherwise the source remembers more than this process, which may have begun just now.
            columns = running.history.columns(
                asked["graph_type"], asked["id"], since, latest.taken_at, visible
            )
        if columns is None:
            over = asking.of_the_past(lookback.span(running, since, latest.taken_at), visible)
            columns = asking.of_the_past(
                lookback.series_of(running, asked["graph_type"], asked["id"], over, visible), visible
            )
        if columns is None:
            raise NotFound(
                "No node or edge of this graph type that you may see had this id during the last hour. "
                "There are no figures of calls from or to another namespace."
            )
        return asking.as_json(columns.wire(asked["id"]))
