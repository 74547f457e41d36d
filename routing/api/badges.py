"""What acts on the services and workloads of the graph."""

from typing import Any, get_args

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cluster import people
from cluster.access import NO_IDENTITY
from cluster.errors import Forbidden, Unavailable
from cluster.serializers import NamespacesQuery
from routing import badges, badging
from routing.api.base import FORBIDDEN, REFUSALS, RoutingView, checked
from routing.serializers import FreshnessSerializer

Base = serializers.Serializer[Any]


class BadgeSerializer(Base):
    """One thing that acts on a service or on a workload; the other of the two is empty."""

    namespace = serializers.CharField()
    service = serializers.CharField(allow_blank=True)
    workload = serializers.CharField(allow_blank=True)
    app = serializers.CharField(allow_blank=True, help_text="Of the workload")
    version = serializers.CharField(allow_blank=True, help_text="Of the workload")
    kind = serializers.ChoiceField(list(get_args(badges.Kind)))
    short = serializers.CharField(allow_blank=True, help_text="What has room beside an icon")
    text = serializers.CharField()


class BadgesSerializer(FreshnessSerializer):
    """Badges."""

    badges = BadgeSerializer(many=True)


class BadgesView(RoutingView):
    """Badges of the graph."""

    @extend_schema(
        operation_id="badges",
        parameters=[NamespacesQuery],
        responses={200: BadgesSerializer, **REFUSALS, **FORBIDDEN},
        tags=["routing"],
    )
    def get(self, request: Request) -> Response:
        """What acts on each service and workload, by the resources that you may read.

        Splits, faults, mirrors, timeouts, retries, circuit breakers, mutual TLS that is switched off, and
        sidecars that are missing.
        """
        query = checked(NamespacesQuery(data=request.query_params))
        person = people.acting(request)
        if person.is_nobody:
            raise Forbidden(NO_IDENTITY, status=403)
        found = badging.everything(person, {name for name in query["namespaces"].split(",") if name})
        if found.age_seconds is None:
            raise Unavailable(found.problem)
        items = [badge.to_json() for badge in found.items]
        return Response({"badges": items, "age_seconds": found.age_seconds, "problem": found.problem})
