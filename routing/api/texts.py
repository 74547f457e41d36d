"""Resources as people type them: checking a text, and what its fields may be."""

from functools import partial
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response

from cluster import people
from cluster.person import PersonCluster
from routing import live_analysis, parsers, validating, yaml_marks
from routing import text_serializers as shapes
from routing.api.base import FORBIDDEN, NOT_FOUND, REFUSALS, RoutingView, checked, data_of


class ValidateView(RoutingView):
    """Checking a text."""

    parser_classes = [
        parsers.TextOfYaml,
        parsers.TextOfJson,
        parsers.TextOfXYaml,
        parsers.TextOfTextYaml,
    ]

    @extend_schema(
        operation_id="validate",
        parameters=[shapes.ValidateQuery],
        request={
            "application/yaml": {"type": "object", "additionalProperties": True},
            "application/json": {"type": "object", "additionalProperties": True},
        },
        responses={200: shapes.ValidationSerializer, **REFUSALS},
        tags=["routing"],
    )
    def post(self, request: Request) -> Response:
        """Checks one resource: its YAML, its fields against the cluster's schema, names, hosts, headers.

        Nothing is written, and nothing is kept.
        """
        query = checked(shapes.ValidateQuery(data=request.query_params))
        text = data_of(request)
        found = _check(request, text if isinstance(text, str) else "", query["namespace"])
        problems = [problem.to_json() for problem in found.problems]
        return Response({"valid": found.valid, "problems": problems, "manifest": found.manifest})


class SchemaView(RoutingView):
    """What the fields of a kind may be."""

    @extend_schema(
        operation_id="schema_of_kind",
        responses={200: shapes.SchemaSerializer, **REFUSALS, **FORBIDDEN, **NOT_FOUND},
        tags=["routing"],
    )
    def get(self, request: Request, group: str, version: str, kind: str) -> Response:
        """What the cluster publishes of the fields of a kind, with their descriptions."""
        found = validating.kind_of(f"{group}/{version}", kind)
        if found is None:
            raise exceptions.NotFound("This is no kind that is edited here.")
        schema = validating.schema_of(people.acting(request), found, version)
        answer: dict[str, Any] = {
            "api_version": f"{group}/{version}",
            "kind": kind,
            "schema": schema.published,
        }
        return Response(answer, headers={"Cache-Control": "private, max-age=60"})


def _check(request: Request, text: str, namespace: str) -> validating.Checked:
    person: PersonCluster = people.acting(request)
    findings = partial(live_analysis.of_text, person)
    if (request.content_type or "").partition(";")[0].strip() != parsers.TextOfJson.media_type:
        return validating.check(text, person, namespace, findings)
    marked = yaml_marks.of_json(text, parsers.read_json(text))
    return validating.check_marked(marked, person, namespace, findings)
