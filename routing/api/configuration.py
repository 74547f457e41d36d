"""Istio's and the Gateway API's resources, with their problems."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from cluster import people
from cluster.access import NO_IDENTITY
from cluster.errors import Forbidden
from cluster.serializers import NamespacesQuery
from routing import configuration, live_analysis
from routing import text_serializers as shapes
from routing.api.base import FORBIDDEN, REFUSALS, RoutingView, checked

ROW = ("kind", "group", "definition", "namespace", "name", "about", "managers", "problems")


class ConfigurationView(RoutingView):
    """The configuration of the mesh."""

    @extend_schema(
        operation_id="configuration",
        parameters=[NamespacesQuery],
        responses={200: shapes.ConfigurationSerializer, **REFUSALS, **FORBIDDEN},
        tags=["routing"],
    )
    def get(self, request: Request) -> Response:
        """The resources of some namespaces, and what the analysis says of them."""
        query = checked(NamespacesQuery(data=request.query_params))
        chosen = {name for name in query["namespaces"].split(",") if name}
        person = people.acting(request)
        if person.is_nobody:
            raise Forbidden(NO_IDENTITY, status=403)
        found = configuration.everything(person)
        findings = [
            finding.to_json()
            for finding in live_analysis.findings(person)
            if not chosen or finding.subject.namespace in chosen
        ]
        rows = [
            {name: row[name] for name in ROW}
            for row in found.resources
            if not chosen or row["namespace"] in chosen
        ]
        answer = {"age_seconds": found.age_seconds, "problem": found.problem}
        return Response({**answer, "resources": rows, "findings": findings})
