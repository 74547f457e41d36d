"""The REST API of the inventory."""

from typing import Any, cast

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cluster import people, presenting, surveying
from cluster import serializers as shapes


class InventoryView(APIView):
    """What runs in the cluster."""

    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="inventory",
        parameters=[shapes.InventoryQuery],
        responses={
            200: shapes.InventorySerializer,
            400: OpenApiResponse(description="The request cannot be read."),
            401: OpenApiResponse(description="Neither signed in nor a token."),
            503: OpenApiResponse(description="The cluster cannot be reached at all."),
        },
        tags=["cluster"],
    )
    def get(self, request: Request) -> Response:
        """What runs in the cluster, as far as you may list it, and how it joins the mesh.

        It is told from what is known, with its age; `problems` says why it is not whole or not current.
        """
        question = shapes.InventoryQuery(data=request.query_params)
        question.is_valid(raise_exception=True)
        query = cast("dict[str, Any]", question.validated_data)
        namespaces = frozenset(name for name in query["namespaces"].split(",") if name)
        found = surveying.survey(people.acting(request))
        return Response(presenting.survey(found, namespaces, query["limit"]))
