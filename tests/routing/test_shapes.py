"""The answers are what the OpenAPI document says, and every problem code is explained."""

import re
from pathlib import Path

import pytest
from rest_framework import serializers as rest
from rest_framework.exceptions import Throttled, ValidationError
from rest_framework.test import APIRequestFactory

from cluster import errors
from meshui import api_errors
from routing import history_shapes
from routing import serializers as shapes
from tests.routing.stage import CALM, DELAY, SPLIT

ROOT = Path(__file__).resolve().parents[2]


def extra_keys(serializer, data, path=""):
    """Members of an answer that its shape does not name."""
    if isinstance(serializer, rest.ListSerializer):
        found = (extra_keys(serializer.child, item, f"{path}[]") for item in data)
        return {name for names in found for name in names}
    if not isinstance(serializer, rest.Serializer) or data is None:
        return set()
    unknown = {f"{path}.{key}" for key in set(data) - set(serializer.fields)}
    for name, field in serializer.fields.items():
        if name in data:
            unknown |= extra_keys(field, data[name], f"{path}.{name}")
    return unknown


def assert_shape(shape, data):
    asked = shape(data=data)
    assert asked.is_valid(), asked.errors
    assert extra_keys(shape(), data) == set()


@pytest.mark.django_db
def test_every_answer_has_the_shape_of_the_document(api, cluster):
    plan = api.plan(SPLIT, {**DELAY, "match": {"header": "end-user", "value": "jason"}}).json()
    assert_shape(shapes.PlanSerializer, plan)
    change = api.post(f"plans/{plan['id']}/apply").json()
    assert_shape(shapes.ChangeSerializer, change)
    assert_shape(history_shapes.ChangesSerializer, api.get("changes").json())
    assert_shape(history_shapes.MarksSerializer, api.get("marks").json())
    assert_shape(history_shapes.OneChangeSerializer, api.get(f"changes/{change['id']}").json())
    assert_shape(shapes.ServicesSerializer, api.get("services").json())
    assert_shape(shapes.OneServiceSerializer, api.get("services/bookinfo/ratings").json())
    revert = api.post(f"changes/{change['id']}/revert").json()
    assert_shape(shapes.ChangeSerializer, revert)
    assert_shape(shapes.PlanSerializer, api.get(f"plans/{revert['plan']}").json())
    stale = api.plan(CALM, SPLIT).json()
    api.applied(SPLIT)
    conflict = api.post(f"plans/{stale['id']}/apply")
    assert_shape(shapes.ConflictErrorSerializer, conflict.json())
    assert conflict.json()["error"]["conflicts"]
    assert_shape(shapes.ErrorSerializer, api.plan({**SPLIT, "weights": {}}).json())


@pytest.mark.django_db
def test_the_document_describes_every_call(api):
    document = api.get("schema/", format="json").json()
    others = ("/graph", "/graph/comparison", "/history", "/figures", "/overview", "/series", "/inventory")
    calls = {path for path in document["paths"] if not path.endswith(others)}
    assert calls == {
        "/api/v1/services", "/api/v1/services/{namespace}/{name}", "/api/v1/plans", "/api/v1/plans/{plan_id}",
        "/api/v1/plans/{plan_id}/apply", "/api/v1/changes", "/api/v1/changes/{change_id}",
        "/api/v1/changes/{change_id}/revert", "/api/v1/changes/{change_id}/verification",
        "/api/v1/changes/{change_id}/finish", "/api/v1/changes/revert",
        "/api/v1/services/{namespace}/{name}/reading", "/api/v1/drafts", "/api/v1/configuration",
        "/api/v1/problems", "/api/v1/plans/{plan_id}/problems", "/api/v1/explain",
        "/api/v1/rollouts", "/api/v1/rollouts/preview", "/api/v1/rollouts/events",
        "/api/v1/rollouts/{rollout_id}", "/api/v1/rollouts/{rollout_id}/events",
        "/api/v1/rollouts/{rollout_id}/evidence", "/api/v1/rollouts/{rollout_id}/pause",
        "/api/v1/rollouts/{rollout_id}/resume", "/api/v1/rollouts/{rollout_id}/promote",
        "/api/v1/rollouts/{rollout_id}/abort", "/api/v1/rollouts/{rollout_id}/weight",
        "/api/v1/rollouts/{rollout_id}/step-back", "/api/v1/rollouts/{rollout_id}/retry",
        "/api/v1/badges", "/api/v1/marks", "/api/v1/validate", "/api/v1/schemas/{group}/{version}/{kind}",
    }  # fmt: skip


def test_every_problem_code_has_its_heading_in_the_documents():
    raised = re.compile(r'(?:error|warning|info|level|CannotApply|Notice|warn)\(\s*"([A-Z][A-Z0-9_]+)"')
    sources = [
        *(ROOT / "routing").glob("*.py"),
        *(
            source
            for folder in ("istio", "drafting", "gatewayapi", "blast")
            for source in (ROOT / "routing" / folder).rglob("*.py")
        ),
    ]
    codes = {code for source in sources for code in raised.findall(source.read_text())}
    assert {"IST0109", "OTHER_HOST", "FOREIGN_FAULT", "NO_READY_PODS"} <= codes
    headings = re.findall(r"^## `(\w+)`", (ROOT / "docs" / "problems.md").read_text(), re.MULTILINE)
    assert codes == set(headings)


FAMILY = {
    errors.Unauthorized("x"): (503, "unavailable"),
    errors.Forbidden("x"): (403, "forbidden"),
    errors.NotFound("x"): (404, "not_found"),
    errors.AlreadyExists("x"): (409, "conflict"),
    errors.Conflict("x"): (409, "conflict"),
    errors.Invalid("x", (errors.Cause("spec", "y"),)): (422, "invalid"),
    errors.TooManyRequests("x", retry_after=3): (503, "unavailable"),
    errors.Unavailable("x"): (503, "unavailable"),
    errors.ClusterError("x"): (503, "unavailable"),
}


@pytest.mark.parametrize(("error", "answer"), FAMILY.items(), ids=lambda item: type(item).__name__)
def test_the_clusters_errors_are_answered_in_one_shape(error, answer):
    response = api_errors.handle(error, {"request": APIRequestFactory().get("/")})
    assert (response.status_code, response.data["error"]["code"]) == answer
    assert response.data["error"]["message"] == error.message


def test_nested_validation_errors_are_a_flat_list_of_paths():
    detail = {"rules": [{}, {"weights": ["too many", "too few"]}], "non_field_errors": ["no"]}
    response = api_errors.handle(ValidationError(detail), {})
    assert response.data["error"]["fields"] == [
        {"field": "rules[1].weights", "message": "too many"},
        {"field": "rules[1].weights", "message": "too few"},
        {"field": "", "message": "no"},
    ]


def test_who_asks_too_often_is_told_when_to_come_back():
    response = api_errors.handle(Throttled(wait=12.4), {})
    assert (response.status_code, response["Retry-After"]) == (429, "13")
    assert response.data["error"]["code"] == "too_many_requests"


def test_a_fault_of_our_own_is_let_through():
    assert api_errors.handle(KeyError("x"), {}) is None
