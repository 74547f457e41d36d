"""Plans for a look only, and texts read back into rules: what the editor's two sides follow each other by."""

from functools import partial
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response

from cluster import people, refs
from cluster.kinds import DESTINATION_RULE, VIRTUAL_SERVICE
from cluster.person import PersonCluster
from routing import expressing, live, live_analysis, plans, rules, stored, validating
from routing import text_serializers as shapes
from routing.api.base import FORBIDDEN, NOT_FOUND, REFUSALS, RoutingView, checked, data_of
from routing.errors import WrongRulesError


class DraftsView(RoutingView):
    """Plans that are not kept."""

    @extend_schema(
        operation_id="draft",
        request=shapes.DraftRequestSerializer,
        responses={200: shapes.DraftSerializer, **REFUSALS, **FORBIDDEN},
        tags=["routing"],
    )
    def post(self, request: Request) -> Response:
        """What a plan of these rules would write. Nothing is written, and nothing is kept.

        Rules that cannot be planned are no error here: whoever drafts is still saying what he wants.
        """
        person = people.acting(request)
        try:
            view = stored.draft_view(*plans.draft(data_of(request), person), person)
        except WrongRulesError as refusal:
            return Response({"valid": False, "errors": refusal.fields, **_EMPTY})
        return Response({"valid": True, "errors": [], **view})


class ReadingView(RoutingView):
    """Texts, read as rules."""

    @extend_schema(
        operation_id="reading",
        request=shapes.ReadingRequestSerializer,
        responses={200: shapes.ReadingSerializer, **REFUSALS, **FORBIDDEN, **NOT_FOUND},
        tags=["routing"],
    )
    def post(self, request: Request, namespace: str, name: str) -> Response:
        """What the forms of a service can say of its VirtualService and DestinationRule, and what not.

        Nothing is written, and nothing is kept.
        """
        if not refs.is_dns_label(namespace) or not refs.is_dns_label(name):
            raise exceptions.NotFound("There is no such service.")
        asked = checked(shapes.ReadingRequestSerializer(data=data_of(request)))
        person = people.acting(request)
        findings = partial(live_analysis.of_text, person)
        texts = [validating.check(text, person, namespace, findings) for text in asked["texts"]]
        problems = [
            {**problem.to_json(), "text": index}
            for index, text in enumerate(texts)
            for problem in text.problems
        ]
        valid = all(text.valid for text in texts)
        return Response(
            {
                "valid": valid,
                "problems": problems,
                **(_expressed(person, namespace, name, texts) if valid else _NOTHING),
            }
        )


_EMPTY: dict[str, Any] = {"hash": "", "rules": [], "operations": [], "problems": []}
_NOTHING: dict[str, Any] = {"rules": [], "rest": [], "manifests": []}


def _expressed(
    person: PersonCluster, namespace: str, name: str, texts: list[validating.Checked]
) -> dict[str, Any]:
    state = live.read(person, [namespace])
    service = state.service(namespace, name)
    if service is None:
        raise exceptions.NotFound("There is no such service.")
    manifests = [text.manifest for text in texts if text.manifest is not None]
    wanted = [
        text.manifest for text in texts if text.kind in (VIRTUAL_SERVICE, DESTINATION_RULE) and text.manifest
    ]
    found = expressing.expressed(service, state, wanted)
    return {
        "rules": [rules.to_json(rule) for rule in found.rules],
        "rest": [
            {"resource": stored.resource(ref), "op": difference.op, "path": difference.path}
            for ref, difference in found.rest
        ],
        "manifests": manifests,
    }
