"""What the views of this API have in common."""

from typing import Any, cast

from django.contrib.auth.models import User
from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.views import APIView

from cluster.person import PersonCluster
from routing import serializers as shapes
from routing.parsers import JsonParser
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


def traffic_of(person: PersonCluster) -> live.Traffic:
    """The live traffic, as far as somebody may see it."""
    return live.of(person.name, person.visible())


def user_of(request: Request) -> User:
    """Who asks."""
    return cast("User", request.user)


def data_of(request: Request) -> Any:
    """The body as it was parsed; an empty one is no object, which the reader says."""
    return request.data


def checked(question: serializers.Serializer[Any]) -> dict[str, Any]:
    """The values of a checked question. Raises rest framework's ValidationError."""
    question.is_valid(raise_exception=True)
    return cast("dict[str, Any]", question.validated_data)
