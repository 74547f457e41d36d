"""Explaining a request: what would become of it, without sending it."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from cluster import people
from cluster.access import NO_IDENTITY
from cluster.errors import Forbidden, Unavailable
from routing import explain, worlds
from routing.api.base import FORBIDDEN, REFUSALS, WRONG, RoutingView
from routing.api.explain_shapes import ExplainQuery, ExplanationSerializer
from routing.errors import WrongRulesError
from routing.explain import asking
from routing.rules import RulesError


class ExplainView(RoutingView):
    """The explanation of a request."""

    @extend_schema(
        operation_id="explain",
        parameters=[ExplainQuery],
        responses={200: ExplanationSerializer, **REFUSALS, **FORBIDDEN, **WRONG},
        tags=["routing"],
    )
    def get(self, request: Request) -> Response:
        """Which rule a request takes, where it goes with which probability, and why no other rule.

        By what you may read: `whole` says whether that is all that could matter.
        """
        try:
            asked, caller = asking.read(dict(request.query_params.lists()))
        except RulesError as error:
            raise WrongRulesError(error.errors) from error
        person = people.acting(request)
        if person.is_nobody:
            raise Forbidden(NO_IDENTITY, status=403)
        seen = worlds.seen(person)
        if seen.age_seconds is None:
            raise Unavailable(seen.problem)
        found = explain.explain(seen.world, asked, caller)
        return Response(found.to_json() | {"age_seconds": seen.age_seconds, "problem": seen.problem})
