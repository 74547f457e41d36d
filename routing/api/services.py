"""Services and how they are routed."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response

from cluster import people, refs
from cluster.access import NO_IDENTITY
from cluster.errors import Forbidden, Unavailable
from cluster.person import PersonCluster
from cluster.serializers import NamespacesQuery
from routing import serializers as shapes
from routing import services
from routing.api.base import (
    FORBIDDEN,
    NOT_FOUND,
    REFUSALS,
    RoutingView,
    checked,
    traffic_of,
)


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
        query = checked(NamespacesQuery(data=request.query_params))
        namespaces = [name for name in query["namespaces"].split(",") if name]
        person = people.acting(request)
        found = services.everything(person, traffic_of(person), namespaces)
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
        found = services.one(person, traffic_of(person), namespace, name)
        if not found.items:
            if services.may_know(person, namespace):
                _known(person, found)
            raise exceptions.NotFound("There is no such service.")
        return Response({**found.items[0], **_freshness(found)})


def _known(person: PersonCluster, found: services.Services) -> services.Services:
    """The same services. Raises Forbidden for nobody; Unavailable when nothing was ever read."""
    if person.is_nobody:
        raise Forbidden(NO_IDENTITY, status=403)
    if found.age_seconds is None:
        raise Unavailable(found.problem)
    return found


def _freshness(found: services.Services) -> dict[str, Any]:
    return {"age_seconds": found.age_seconds, "problem": found.problem}
