"""The figures of rollouts for a Prometheus, which signs in by a token as any program does."""

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from cluster import people
from routing.api.base import RoutingView
from routing.api.rollouts import AnythingAccepted
from routing.rolling import exposing, measuring


class MetricsView(RoutingView):
    """The rollouts that somebody may see, as figures."""

    content_negotiation_class = AnythingAccepted

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponse:
        """All figures, in Prometheus' text format."""
        text = measuring.exposition(people.acting(request))
        return HttpResponse(text, content_type=exposing.CONTENT_TYPE)
