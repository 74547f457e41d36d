"""Marks: what was done to the mesh, beside what was measured."""

import time
from datetime import UTC, datetime
from typing import Final

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ValidationError

from cluster import people
from routing import history_shapes, marks
from routing.api.base import REFUSALS, RoutingView, checked

DEFAULT_SECONDS: Final = 3600.0


class MarksView(RoutingView):
    """Marks."""

    @extend_schema(
        operation_id="marks",
        parameters=[history_shapes.MarksQuery],
        responses={200: history_shapes.MarksSerializer, **REFUSALS},
        tags=["routing"],
    )
    def get(self, request: Request) -> Response:
        """Changes, reverts, faults and steps of rollouts from one moment to another, newest first."""
        query = checked(history_shapes.MarksQuery(data=request.query_params))
        until = query.get("until", time.time())
        since = query.get("since", until - DEFAULT_SECONDS)
        if since >= until:
            raise ValidationError({"since": ["This moment has to lie before `until`."]})
        found, more = marks.between(
            people.acting(request),
            datetime.fromtimestamp(since, UTC),
            datetime.fromtimestamp(until, UTC),
            query.get("namespaces", ()),
            query["limit"],
        )
        return Response({"marks": [each._asdict() for each in found], "more": more})
