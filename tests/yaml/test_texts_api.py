"""Checking a text and reading schemas by the REST interface."""

import json

import pytest

from routing import text_serializers as shapes
from routing.models import Plan
from tests.people import stranger
from tests.routing.stage import writes
from tests.routing.test_shapes import assert_shape
from tests.yaml.world import VIRTUAL_SERVICE, changed

pytestmark = pytest.mark.django_db


def validate(api, text, content_type="application/yaml", **query):
    path = "/api/v1/validate" + ("?namespace=" + query["namespace"] if query else "")
    return api.client.post(path, text, content_type=content_type)


@pytest.mark.parametrize("content_type", ["application/yaml", "application/x-yaml", "text/yaml"])
def test_a_sound_text_is_valid_and_comes_back_as_a_manifest(api, cluster, content_type):
    answer = validate(api, VIRTUAL_SERVICE, content_type)
    assert answer.status_code == 200
    assert_shape(shapes.ValidationSerializer, answer.json())
    assert answer.json()["valid"]
    assert answer.json()["manifest"]["metadata"]["name"] == "reviews"


def test_a_wrong_text_is_answered_with_its_problems_and_nothing_is_written_or_kept(api, cluster):
    answer = validate(api, changed("    route:", "    ruote:"))
    assert answer.status_code == 200
    assert_shape(shapes.ValidationSerializer, answer.json())
    (problem,) = answer.json()["problems"]
    assert not answer.json()["valid"]
    assert (problem["path"], problem["line"], problem["column"]) == ("spec.http[0].ruote", 14, 5)
    assert writes(cluster) == []
    assert Plan.objects.count() == 0


def test_a_bomb_is_a_problem_on_its_line(api, cluster):
    text = "a: &a [x, x]\n" + "".join(f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abc", "bcd", strict=True))
    (problem,) = validate(api, text).json()["problems"]
    assert (problem["code"], problem["line"]) == ("NOT_YAML", 1)


def test_json_is_read_strictly_and_its_problems_have_lines(api, cluster):
    manifest = validate(api, VIRTUAL_SERVICE).json()["manifest"]
    manifest["spec"]["http"][0]["timout"] = "1s"
    text = json.dumps(manifest, indent="\t")
    (problem,) = validate(api, text, "application/json").json()["problems"]
    assert problem["path"] == "spec.http[0].timout"
    assert validate(api, '{"a": 1, "a": 2}', "application/json").status_code == 400
    escaped = validate(api, json.dumps({**manifest, "x": "\N{GRINNING FACE}"}), "application/json")
    assert escaped.status_code == 200


def test_what_is_no_text_at_all_is_refused_by_its_status(api, cluster):
    assert validate(api, b"\xff\xfe").status_code == 400
    assert validate(api, "a" * 300_000).status_code == 413
    assert validate(api, "a", "text/plain").status_code == 415


def test_the_namespace_of_the_page_is_a_parameter(api, cluster):
    text = changed("  namespace: bookinfo\n", "")
    assert not validate(api, text).json()["valid"]
    assert validate(api, text, namespace="bookinfo").json()["valid"]


def test_the_schema_of_a_kind_is_answered_with_its_descriptions(api, cluster):
    answer = api.get("schemas/networking.istio.io/v1/VirtualService")
    assert answer.status_code == 200
    assert_shape(shapes.SchemaSerializer, answer.json())
    properties = answer.json()["schema"]["properties"]
    assert properties["metadata"]["properties"]["name"]
    match = properties["spec"]["properties"]["http"]["items"]["properties"]["match"]["items"]
    assert match["description"]


@pytest.mark.parametrize("path", ["v1/Pod", "networking.istio.io/v9/VirtualService", "apps/v1/Deployment"])
def test_other_schemas_are_not_found(api, cluster, path):
    assert api.get(f"schemas/{path}").status_code == 404


def test_a_person_without_an_identity_is_told_no_schema(client, cluster, db):
    client.force_login(stranger("otto"))
    assert client.get("/api/v1/schemas/networking.istio.io/v1/VirtualService").status_code == 403
    answer = client.post("/api/v1/validate", VIRTUAL_SERVICE, content_type="application/yaml").json()
    assert [problem["code"] for problem in answer["problems"]] == ["FIELDS_NOT_CHECKED"]
