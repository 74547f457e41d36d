"""Plans: making, looking at and applying them."""

import uuid

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from cluster import people
from cluster.errors import ClusterError
from cluster.person import PersonCluster
from routing import apply, plans, scope, stored
from routing import serializers as shapes
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
from routing.errors import WrongRulesError
from routing.models import Plan, PlanState
from routing.parsers import JsonParser, TextYamlParser, XYamlParser, YamlParser
from routing.rules import FieldError


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
        plan = plans.make(data_of(request), user_of(request), person, traffic_of(person))
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
        asked = checked(shapes.ApplyRequestSerializer(data=data_of(request)))
        person = people.acting(request)
        plan = get_object_or_404(_plans(person, plan_id))
        if asked.get("hash", plan.hash) != plan.hash:
            raise WrongRulesError([FieldError("hash", "This is not the hash of this plan.")])
        note = asked.get("note", "")
        change = apply.apply(plan, user_of(request), person, note=note)
        return Response(stored.change_view(change))


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


def _plans(person: PersonCluster, plan_id: uuid.UUID) -> QuerySet[Plan]:
    return scope.seen_by(person, Plan.objects.filter(pk=plan_id)).select_related("created_by", "reverts")
