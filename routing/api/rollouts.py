"""Rollouts: starting, watching and commanding them."""

from typing import Any, Final

from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response

from cluster import people
from cluster.person import PersonCluster
from routing import scope
from routing.api import rollout_shapes as shapes
from routing.api.base import (
    CONFLICT,
    FORBIDDEN,
    NOT_FOUND,
    REFUSALS,
    WRONG,
    RoutingView,
    checked,
    data_of,
    traffic_of,
    user_of,
)
from routing.api.rollout_streams import opened
from routing.api.rollout_waiting import Wait, later, noted
from routing.errors import WrongRulesError
from routing.models import Rollout
from routing.parsers import JsonParser, TextYamlParser, XYamlParser, YamlParser
from routing.rolling import news, requested, showing, starting
from routing.rules import RulesError

KEY: Final = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="At most 255 visible characters: the same request again does nothing again.",
)
TAGS: Final = ["rollouts"]


class RolloutsView(RoutingView):
    """Rollouts."""

    parser_classes = [JsonParser, YamlParser, XYamlParser, TextYamlParser]

    @extend_schema(
        operation_id="rollouts",
        parameters=[shapes.RolloutsQuery],
        responses={200: shapes.RolloutsSerializer, **REFUSALS},
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        """The rollouts that you may see, newest first; 500 at most."""
        query = checked(shapes.RolloutsQuery(data=request.query_params))
        person = people.acting(request)
        rows = Rollout.objects.filter(**{n: query[n] for n in ("namespace", "service") if n in query})
        if query.get("active"):
            rows = rows.filter(occupies__isnull=False)
        found = seen(person, rows).defer("course", "share").order_by("-pk")[: shapes.MOST_ROLLOUTS]
        return Response({"rollouts": [showing.summary(row, person) for row in found]})

    @extend_schema(
        operation_id="start_rollout",
        parameters=[KEY],
        request={
            "application/json": shapes.RolloutRequestSerializer,
            "application/yaml": shapes.RolloutRequestSerializer,
        },
        responses={
            200: shapes.RolloutDetailSerializer,
            201: shapes.RolloutDetailSerializer,
            **REFUSALS,
            **FORBIDDEN,
            **WRONG,
            **CONFLICT,
        },
        tags=TAGS,
    )
    def post(self, request: Request) -> Response:
        """Starts a rollout: 201, or 200 when the same was started with this key before.

        Nothing is started when anything is wrong with it; all of that is told at once.
        """
        body, note, key = _taken_apart(request)
        user, person = user_of(request), people.acting(request)
        row, is_new = starting.start(body, user, person, traffic_of(person), key=key, note=note)
        return Response(_detail(row, request, person), status=201 if is_new else 200)


class PreviewView(RoutingView):
    """A rollout before it starts."""

    parser_classes = [JsonParser, YamlParser, XYamlParser, TextYamlParser]

    @extend_schema(
        operation_id="preview_rollout",
        request=shapes.RolloutRequestSerializer,
        responses={200: shapes.PreviewSerializer, **REFUSALS, **FORBIDDEN, **WRONG},
        tags=TAGS,
    )
    def post(self, request: Request) -> Response:
        """What a rollout would write, could see and would take, with the traffic of now. Starts nothing."""
        body, _, _ = _taken_apart(request)
        person = people.acting(request)
        return Response(starting.preview(body, person, traffic_of(person)))


class RolloutView(RoutingView):
    """One rollout."""

    @extend_schema(
        operation_id="rollout",
        parameters=[shapes.RolloutQuery],
        responses={200: shapes.RolloutDetailSerializer, **REFUSALS, **NOT_FOUND},
        tags=TAGS,
    )
    def get(self, request: Request, rollout_id: int) -> Response:
        """One rollout. With `after` and `wait` the answer comes when its version is greater, or in time."""
        query = checked(shapes.RolloutQuery(data=request.query_params))
        person = people.acting(request)
        row = looked_up(person, rollout_id)
        if row.version <= query.get("after", -1) and query.get("wait") and not noted(request, "waited"):
            wait = Wait(news.rollout(row.pk), row.version, query["wait"], user_of(request).pk, {})
            return later(Response({}), wait)
        return Response(_detail(row, request, person))


class EvidenceView(RoutingView):
    """The evidence of a rollout."""

    @extend_schema(
        operation_id="rollout_evidence",
        responses={200: shapes.EvidenceSerializer, **REFUSALS, **NOT_FOUND},
        tags=TAGS,
    )
    def get(self, request: Request, rollout_id: int) -> Response:
        """Every evidence card that was kept, whole, for export."""
        person = people.acting(request)
        return Response(showing.evidence(looked_up(person, rollout_id), person))


class AnythingAccepted(BaseContentNegotiation):
    """Answers in its own form, whatever a client says that it takes: browsers ask for text/event-stream."""

    def select_parser(self, request: Request, parsers: Any) -> Any:  # noqa: ARG002
        """There is no body."""
        return None

    def select_renderer(self, request: Request, renderers: Any, format_suffix: Any = None) -> Any:  # noqa: ARG002
        """The first."""
        return renderers[0], renderers[0].media_type


class EventsView(RoutingView):
    """All rollouts, live."""

    content_negotiation_class = AnythingAccepted

    @extend_schema(
        operation_id="rollouts_events",
        responses={(200, "text/event-stream"): OpenApiTypes.STR, **REFUSALS},
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        """Server-sent events: each rollout that you may see and that has not ended, and again when it
        changes.

        `event: rollout`, `id:` its version, `data:` its summary; a comment every 15 s where nothing happens.
        """
        people.acting(request)
        return opened(request, None)


class OneEventsView(RoutingView):
    """One rollout, live."""

    content_negotiation_class = AnythingAccepted

    @extend_schema(
        operation_id="rollout_events",
        responses={(200, "text/event-stream"): OpenApiTypes.STR, **REFUSALS, **NOT_FOUND},
        tags=TAGS,
    )
    def get(self, request: Request, rollout_id: int) -> Response:
        """Server-sent events: the rollout in detail, and again when it changes; as for all rollouts."""
        looked_up(people.acting(request), rollout_id)
        return opened(request, rollout_id)


def _taken_apart(request: Request) -> tuple[Any, str, str]:
    try:
        return requested.taken_apart(data_of(request), request.headers.get("Idempotency-Key"))
    except RulesError as error:
        raise WrongRulesError(error.errors) from error


def seen(person: PersonCluster, rows: QuerySet[Rollout]) -> QuerySet[Rollout]:
    """Of these rollouts, those that the person may see, ready to be shown."""
    return scope.seen_by(person, rows).select_related("created_by")


def looked_up(person: PersonCluster, rollout_id: int) -> Rollout:
    """A rollout. Raises Http404, for one that the person may not see, too."""
    if rollout_id > shapes.GREATEST_ID:
        raise Http404
    return get_object_or_404(seen(person, Rollout.objects.filter(pk=rollout_id)))


def _detail(row: Rollout, request: Request, person: PersonCluster) -> dict[str, Any]:
    return showing.detail(row, person, whole=row.created_by_id == user_of(request).pk)
