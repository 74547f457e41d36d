"""The REST API of services, plans and changes.

Views only read the request and answer; what happens is in `services`, `plans`, `apply` and `revert`. Every
view asks for a person or a token (rest framework's defaults, and stated here once more).
"""

import uuid
from typing import Any, cast

from django.contrib.auth.models import User
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import exceptions, serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cluster import connection, refs
from cluster.errors import ClusterError
from routing import apply, plans, revert, services, stored
from routing import serializers as shapes
from routing.errors import WrongRulesError
from routing.models import Change, Plan, PlanState
from routing.parsers import JsonParser, TextYamlParser, XYamlParser, YamlParser
from routing.rules import FieldError
from telemetry import live as traffic

REFUSALS = {
    400: OpenApiResponse(shapes.ErrorSerializer, "The request cannot be read."),
    401: OpenApiResponse(shapes.ErrorSerializer, "Neither signed in nor a token."),
    503: OpenApiResponse(shapes.ErrorSerializer, "The cluster does not answer."),
}
NOT_FOUND = {404: OpenApiResponse(shapes.ErrorSerializer, "There is none.")}
WRONG = {422: OpenApiResponse(shapes.ErrorSerializer, "Readable, but wrong in meaning.")}
CONFLICT = {409: OpenApiResponse(shapes.ConflictErrorSerializer, "Somebody changed it meanwhile.")}


class RoutingView(APIView):
    """A view of this API."""

    permission_classes = [IsAuthenticated]
    parser_classes = [JsonParser]


class ServicesView(RoutingView):
    """The services that can be steered."""

    @extend_schema(
        operation_id="services",
        parameters=[shapes.NamespacesQuery],
        responses={200: shapes.ServicesSerializer, **REFUSALS},
        tags=["routing"],
    )
    def get(self, request: Request) -> Response:
        """The services of some namespaces, with their versions and the routing in force."""
        query = _checked(shapes.NamespacesQuery(data=request.query_params))
        namespaces = [name for name in query["namespaces"].split(",") if name]
        return Response({"services": services.everything(connection.current(), namespaces, traffic)})


class ServiceView(RoutingView):
    """One service."""

    @extend_schema(
        operation_id="service",
        responses={200: shapes.ServiceSerializer, **REFUSALS, **NOT_FOUND},
        tags=["routing"],
    )
    def get(self, request: Request, namespace: str, name: str) -> Response:  # noqa: ARG002
        """One service, with its versions and the routing in force."""
        found = None
        if refs.is_dns_label(namespace) and refs.is_dns_label(name):
            found = services.one(connection.current(), namespace, name, traffic)
        if found is None:
            raise exceptions.NotFound("There is no such service.")
        return Response(found)


class PlansView(RoutingView):
    """Plans."""

    parser_classes = [JsonParser, YamlParser, XYamlParser, TextYamlParser]

    @extend_schema(
        operation_id="make_plan",
        request={
            "application/json": shapes.PlanRequestSerializer,
            "application/yaml": shapes.PlanRequestSerializer,
        },
        responses={201: shapes.PlanSerializer, **REFUSALS, **WRONG},
        tags=["routing"],
    )
    def post(self, request: Request) -> Response:
        """Makes a plan: what would be written, in order, what speaks against it, and who is affected.

        Nothing is written to the cluster.
        """
        plan = plans.make(_data(request), _person(request), connection.current(), traffic)
        return Response(stored.plan_view(plan), status=201)


class PlanView(RoutingView):
    """One plan."""

    @extend_schema(
        operation_id="plan",
        responses={200: shapes.PlanSerializer, **REFUSALS, **NOT_FOUND},
        tags=["routing"],
    )
    def get(self, request: Request, plan_id: uuid.UUID) -> Response:  # noqa: ARG002
        """One plan; its state is "stale" once the cluster is not any more what it was made for."""
        return Response(stored.plan_view(looked_up(plan_id)))


class ApplyView(RoutingView):
    """Applying a plan."""

    @extend_schema(
        operation_id="apply_plan",
        request=shapes.ApplyRequestSerializer,
        responses={200: shapes.ChangeSerializer, **REFUSALS, **NOT_FOUND, **WRONG, **CONFLICT},
        tags=["routing"],
    )
    def post(self, request: Request, plan_id: uuid.UUID) -> Response:
        """Applies a plan, once; asked again, it answers the same change."""
        asked = _checked(shapes.ApplyRequestSerializer(data=_data(request)))
        plan = get_object_or_404(Plan.objects.select_related("created_by", "reverts"), pk=plan_id)
        if asked.get("hash", plan.hash) != plan.hash:
            raise WrongRulesError([FieldError("hash", "This is not the hash of this plan.")])
        note = asked.get("note", "")
        change = apply.apply(plan, _person(request), connection.current(), note=note)
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
        page, following = recent_changes(query["limit"], query.get("before"))
        return Response({"changes": [stored.change_view(change) for change in page], "next": following})


class ChangeView(RoutingView):
    """One change."""

    @extend_schema(
        operation_id="change",
        responses={200: shapes.ChangeSerializer, **REFUSALS, **NOT_FOUND},
        tags=["routing"],
    )
    def get(self, request: Request, change_id: int) -> Response:  # noqa: ARG002
        """One change."""
        return Response(stored.change_view(get_object_or_404(_changes(), pk=change_id)))


class RevertView(RoutingView):
    """Taking a change back."""

    @extend_schema(
        operation_id="revert_change",
        request=shapes.RevertRequestSerializer,
        responses={200: shapes.ChangeSerializer, **REFUSALS, **NOT_FOUND, **CONFLICT},
        tags=["routing"],
    )
    def post(self, request: Request, change_id: int) -> Response:
        """Takes a change back; the answer is the change that does so."""
        asked = _checked(shapes.RevertRequestSerializer(data=_data(request)))
        change = get_object_or_404(_changes(), pk=change_id)
        note = asked.get("note", "")
        done = revert.revert(change, _person(request), connection.current(), note=note)
        return Response(stored.change_view(done))


def looked_up(plan_id: uuid.UUID) -> Plan:
    """A plan, marked stale when the cluster has moved on. Raises Http404."""
    plan = get_object_or_404(Plan.objects.select_related("created_by", "reverts"), pk=plan_id)
    if plan.state == PlanState.READY:
        try:
            stale = apply.is_stale(plan, connection.current())
        except ClusterError:
            # The plan can be shown all the same; applying it will look again.
            stale = False
        if stale and Plan.objects.filter(pk=plan.pk, state=PlanState.READY).update(state=PlanState.STALE):
            plan.state = PlanState.STALE
    return plan


def recent_changes(limit: int, before: int | None = None) -> tuple[list[Change], int | None]:
    """A page of changes, newest first, and the `before` of the next page (None on the last)."""
    found = _changes().order_by("-pk")
    if before is not None:
        found = found.filter(pk__lt=before)
    page = list(found[: limit + 1])
    return page[:limit], page[limit - 1].pk if len(page) > limit else None


def _changes() -> Any:
    return Change.objects.select_related("by", "plan").prefetch_related("reverted_by")


def _person(request: Request) -> User:
    return cast("User", request.user)


def _data(request: Request) -> Any:
    """The body as it was parsed; an empty one is no object, which the reader says."""
    return request.data


def _checked(question: serializers.Serializer[Any]) -> dict[str, Any]:
    question.is_valid(raise_exception=True)
    return cast("dict[str, Any]", question.validated_data)
