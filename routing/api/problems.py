"""What is wrong with the configuration of the mesh."""

import uuid
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cluster import people
from cluster.access import NO_IDENTITY
from cluster.errors import Forbidden
from cluster.serializers import NamespacesQuery
from routing import mesh_problems
from routing.api.base import FORBIDDEN, NOT_FOUND, REFUSALS, RoutingView, checked
from routing.api.plans import looked_up

Base = serializers.Serializer[Any]


class ProblemsQuery(NamespacesQuery):
    """Which problems."""

    resource = serializers.CharField(
        default="", allow_blank=True, max_length=600, help_text="VirtualService shop/cart"
    )
    service = serializers.RegexField(
        r"^[a-z0-9.-]{1,253}/[a-z0-9.-]{1,253}$",
        default="",
        allow_blank=True,
        help_text="Only of what routes this service: shop/cart",
        error_messages={"invalid": "This is not the namespace and name of a service: shop/cart."},
    )


class MeshProblemSerializer(Base):
    """One thing that is wrong, or worth knowing; `cure` is a rule that POST plans takes, or null."""

    code = serializers.CharField()
    level = serializers.ChoiceField(["Error", "Warning", "Info"])
    resource = serializers.CharField()
    message = serializers.CharField()
    path = serializers.CharField(allow_blank=True)
    name = serializers.CharField()
    cause = serializers.CharField()
    advice = serializers.CharField()
    cure = serializers.DictField(allow_null=True)


class MeshProblemsSerializer(Base):
    """Problems."""

    problems = MeshProblemSerializer(many=True)


class PlanProblemsView(RoutingView):
    """Problems that a plan would bring about."""

    @extend_schema(
        operation_id="plan_problems",
        responses={200: MeshProblemsSerializer, **REFUSALS, **NOT_FOUND},
        tags=["routing"],
    )
    def get(self, request: Request, plan_id: uuid.UUID) -> Response:
        """What the analysis would say once the plan is applied, and does not say now."""
        person = people.acting(request)
        return Response({"problems": mesh_problems.of_plan(person, looked_up(person, plan_id))})


class ProblemsView(RoutingView):
    """Problems of the configuration."""

    @extend_schema(
        operation_id="problems",
        parameters=[ProblemsQuery],
        responses={200: MeshProblemsSerializer, **REFUSALS, **FORBIDDEN},
        tags=["routing"],
    )
    def get(self, request: Request) -> Response:
        """What the analysis says of the resources that you may read, as the watch cache knows them."""
        query = checked(ProblemsQuery(data=request.query_params))
        person = people.acting(request)
        if person.is_nobody:
            raise Forbidden(NO_IDENTITY, status=403)
        chosen = {name for name in query["namespaces"].split(",") if name}
        found = mesh_problems.found(person, chosen, query["resource"], query["service"])
        return Response({"problems": found})
