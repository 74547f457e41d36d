"""The REST API of services, plans and changes.

Views only read the request and answer; what happens is in `services`, `plans`, `apply` and `revert`. Every
view asks for a person or a token (rest framework's defaults, and stated here once more).
"""

import uuid
from typing import Any, cast

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import exceptions, serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cluster import people, refs
from cluster.access import NO_IDENTITY
from cluster.errors import ClusterError, Forbidden, Unavailable
from cluster.person import PersonCluster
from cluster.serializers import NamespacesQuery
from routing import apply, plans, revert, scope, services, stored
from routing import serializers as shapes
from routing.errors import WrongRulesError
from routing.models import Change, Plan, PlanState
from routing.parsers import JsonParser, TextYamlParser, XYamlParser, YamlParser
from routing.rules import FieldError
from telemetry import live

REFUSALS = {
    400: OpenApiResponse(shapes.ErrorSerializer, "The request cannot be read."),
    401: OpenApiResponse(shapes.ErrorSerializer, "Neither signed in nor a token."),
    503: OpenApiResponse(shapes.ErrorSerializer, "The cluster does not answer."),
}
NOT_FOUND = {404: OpenApiResponse(shapes.ErrorSerializer, "There is none.")}
WRONG = {422: OpenApiResponse(shapes.ErrorSerializer, "Readable, but wrong in meaning.")}
FORBIDDEN = {403: OpenApiResponse(shapes.ErrorSerializer, "The cluster does not allow you this.")}
CONFLICT = {409: OpenApiResponse(shapes.ConflictErrorSerializer, "Somebody changed it meanwhile.")}


class RoutingView(APIView):
    """A view of this API."""

    permission_classes = [IsAuthenticated]
    parser_classes = [JsonParser]


class ServicesView(RoutingView):
    """The services that can be steered."""

    @extend_schema(
        operation_id="services",
        parameters=[NamespacesQuery],
        responses={200: shapes.ServicesSerializer, **REFUSALS, **FORBIDDEN},
        tags=["routing"],
    )
    def get(self, request: Request) -> Response:
        """The services of some namespaces, with their versions and the routing in force."""
        query = _checked(NamespacesQuery(data=request.query_params))
        namespaces = [name for name in query["namespaces"].split(",") if name]
        person = people.acting(request)
        found = services.everything(person, _traffic(person), namespaces)
        return Response({"services": _known(person, found).items, **_freshness(found)})


class ServiceView(RoutingView):
    """One service."""

    @extend_schema(
        operation_id="service",
        responses={200: shapes.OneServiceSerializer, **REFUSALS, **NOT_FOUND},
        tags=["routing"],
    )
    def get(self, request: Request, namespace: str, name: str) -> Response:
        """One service, with its versions and the routing in force."""
        if not refs.is_dns_label(namespace) or not refs.is_dns_label(name):
            raise exceptions.NotFound("There is no such service.")
        person = people.acting(request)
        found = services.one(person, _traffic(person), namespace, name)
        if not found.items:
            if services.may_know(person, namespace):
                _known(person, found)
            raise exceptions.NotFound("There is no such service.")
        return Response({**found.items[0], **_freshness(found)})


class PlansView(RoutingView):
    """Plans."""

    parser_classes = [JsonParser, YamlParser, XYamlParser, TextYamlParser]

    @extend_schema(
        operation_id="make_plan",
        request={
            "application/json": shapes.PlanRequestSerializer,
            "application/yaml": shapes.PlanRequestSerializer,
        },
        responses={201: shapes.PlanSerializer, **REFUSALS, **FORBIDDEN, **WRONG},
        tags=["routing"],
    )
    def post(self, request: Request) -> Response:
        """Makes a plan: what would be written, in order, what speaks against it, and who is affected.

        Nothing is written to the cluster.
        """
        person = people.acting(request)
        plan = plans.make(_data(request), _user(request), person, _traffic(person))
        return Response(stored.plan_view(plan, person), status=201)


class PlanView(RoutingView):
    """One plan."""

    @extend_schema(
        operation_id="plan",
        responses={200: shapes.PlanSerializer, **REFUSALS, **NOT_FOUND},
        tags=["routing"],
    )
    def get(self, request: Request, plan_id: uuid.UUID) -> Response:
        """One plan; its state is "stale" once the cluster is not any more what it was made for."""
        person = people.acting(request)
        return Response(stored.plan_view(looked_up(person, plan_id), person))


class ApplyView(RoutingView):
    """Applying a plan."""

    @extend_schema(
        operation_id="apply_plan",
        request=shapes.ApplyRequestSerializer,
        responses={
            200: shapes.ChangeSerializer,
            **REFUSALS,
            **FORBIDDEN,
            **NOT_FOUND,
            **WRONG,
            **CONFLICT,
        },
        tags=["routing"],
    )
    def post(self, request: Request, plan_id: uuid.UUID) -> Response:
        """Applies a plan, once; asked again, it answers the same change."""
        asked = _checked(shapes.ApplyRequestSerializer(data=_data(request)))
        person = people.acting(request)
        plan = get_object_or_404(_plans(person, plan_id))
        if asked.get("hash", plan.hash) != plan.hash:
            raise WrongRulesError([FieldError("hash", "This is not the hash of this plan.")])
        note = asked.get("note", "")
        change = apply.apply(plan, _user(request), person, note=note)
        return Response(stored.change_view(change))


class ChangesView(RoutingView):
    """Changes."""

    @extend_schema(
        operation_id="changes",
        parameters=[shapes.ChangesQuery],
        responses={200: shapes.ChangesSerializer, **REFUSALS},
        tags=["routing"],
    )
    def get(self, request: Request) -> Response:
        """What was written, newest first."""
        query = _checked(shapes.ChangesQuery(data=request.query_params))
        page, following = recent_changes(people.acting(request), query["limit"], query.get("before"))
        return Response({"changes": [stored.change_view(change) for change in page], "next": following})


class ChangeView(RoutingView):
    """One change."""

    @extend_schema(
        operation_id="change",
        responses={200: shapes.ChangeSerializer, **REFUSALS, **NOT_FOUND},
        tags=["routing"],
    )
    def get(self, request: Request, change_id: int) -> Response:
        """One change."""
        found = changes(people.acting(request), Change.objects.filter(pk=change_id))
        return Response(stored.change_view(get_object_or_404(found)))


class RevertView(RoutingView):
    """Taking a change back."""

    @extend_schema(
        operation_id="revert_change",
        request=shapes.RevertRequestSerializer,
        responses={200: shapes.ChangeSerializer, **REFUSALS, **FORBIDDEN, **NOT_FOUND, **CONFLICT},
        tags=["routing"],
    )
    def post(self, request: Request, change_id: int) -> Response:
        """Takes a change back; the answer is the change that does so."""
        asked = _checked(shapes.RevertRequestSerializer(data=_data(request)))
        person = people.acting(request)
        change = get_object_or_404(changes(person, Change.objects.filter(pk=change_id)))
        note = asked.get("note", "")
        done = revert.revert(change, _user(request), person, note=note)
        return Response(stored.change_view(done))


def looked_up(person: PersonCluster, plan_id: uuid.UUID) -> Plan:
    """A plan, marked stale when the cluster has moved on. Raises Http404."""
    plan = get_object_or_404(_plans(person, plan_id))
    if plan.state == PlanState.READY:
        try:
            stale = apply.is_stale(plan, person)
        except ClusterError:
            # The plan can be shown all the same; applying it will look again.
            stale = False
        if stale and Plan.objects.filter(pk=plan.pk, state=PlanState.READY).update(state=PlanState.STALE):
            plan.state = PlanState.STALE
    return plan


def recent_changes(
    person: PersonCluster, limit: int, before: int | None = None
) -> tuple[list[Change], int | None]:
    """A page of changes, newest first, and the `before` of the next page (None on the last)."""
    every = Change.objects.all() if before is None else Change.objects.filter(pk__lt=before)
    page = list(changes(person, every).order_by("-pk")[: limit + 1])
    return page[:limit], page[limit - 1].pk if len(page) > limit else None


def changes(person: PersonCluster, rows: QuerySet[Change]) -> QuerySet[Change]:
    """Of these changes, those that the person may see, ready to be shown."""
    return scope.seen_by(person, rows).select_related("by", "plan").prefetch_related("reverted_by")


def _plans(person: PersonCluster, plan_id: uuid.UUID) -> QuerySet[Plan]:
    return scope.seen_by(person, Plan.objects.filter(pk=plan_id)).select_related("created_by", "reverts")


def _traffic(person: PersonCluster) -> live.Traffic:
    return live.of(person.name, person.visible())


def _known(person: PersonCluster, found: services.Services) -> services.Services:
    """The same services. Raises Forbidden for nobody; Unavailable when nothing was ever read."""
    if person.is_nobody:
        raise Forbidden(NO_IDENTITY, status=403)
    if found.age_seconds is None:
        raise Unavailable(found.problem)
    return found


def _freshness(found: services.Services) -> dict[str, Any]:
    return {"age_seconds": found.age_seconds, "problem": found.problem}


def _user(request: Request) -> User:
    return cast("User", request.user)


def _data(request: Request) -> Any:
    """The body as it was parsed; an empty one is no object, which the reader says."""
    return request.data


def _checked(question: serializers.Serializer[Any]) -> dict[str, Any]:
    question.is_valid(raise_exception=True)
    return cast("dict[str, Any]", question.validated_data)
