"""Bodies and rules that are wrong: a clear error at the field, and nothing kept."""

import json

import pytest

from routing.models import Plan
from tests.routing.stage import DELAY, SPLIT, writes

pytestmark = pytest.mark.django_db


def test_yaml_is_taken_like_json(api, cluster):
    body = json.dumps({"rules": [SPLIT]})
    for content_type in ("application/yaml", "application/x-yaml", "text/yaml"):
        answer = api.client.post("/api/v1/plans", body, content_type=content_type)
        assert answer.status_code == 201, content_type


BAD_BODIES = {
    "no JSON": ("{", "application/json", 400),
    "not a number": ('{"rules": [NaN]}', "application/json", 400),
    "a key twice": ('{"rules": [], "rules": []}', "application/json", 400),
    "300 KiB": ('"' + "a" * 300_000 + '"', "application/json", 413),
    "300 KiB of YAML": ("a" * 300_000, "application/yaml", 413),
    "a number of 5000 digits": ("9" * 5000, "application/json", 400),
    "100,000 brackets": ("[" * 100_000, "application/json", 400),
    "no UTF-8": (b"\xff", "application/json", 400),
    "YAML with an alias": ("rules: &r []\nx: *r", "application/yaml", 400),
    "YAML with a tag": ("rules: !!python/name:os.system", "application/yaml", 400),
    "two documents": ("rules: []\n---\nrules: []", "application/yaml", 400),
    "a form": ("rules=1", "application/x-www-form-urlencoded", 415),
    "a text": ("rules", "text/plain", 415),
    "a list": ("[]", "application/json", 422),
    "nothing": ("{}", "application/json", 422),
}


@pytest.mark.parametrize(("body", "content_type", "status"), BAD_BODIES.values(), ids=BAD_BODIES)
def test_a_bad_body_is_a_clear_error_and_keeps_nothing(api, cluster, body, content_type, status):
    answer = api.client.post("/api/v1/plans", body, content_type=content_type)
    assert answer.status_code == status, answer.content
    error = answer.json()["error"]
    assert error["message"]
    assert "fields" in error
    assert Plan.objects.count() == 0


BAD_RULES = {
    "weights of 90": ({**SPLIT, "weights": {"v1": 70, "v3": 20}}, "rules[0].weights"),
    "an unknown version": ({**SPLIT, "weights": {"v1": 80, "v9": 20}}, "rules[0].weights.v9"),
    "an unknown service": ({**SPLIT, "service": "nothing"}, "rules[0].service"),
    "an unknown namespace": ({**SPLIT, "namespace": "nowhere"}, "rules[0].service"),
    "101 percent": (
        {**DELAY, "delay": {"percentage": 101, "fixed_delay": "2s"}},
        "rules[0].delay.percentage",
    ),
    "a delay of 0": (
        {**DELAY, "delay": {"percentage": 1, "fixed_delay": "0s"}},
        "rules[0].delay.fixed_delay",
    ),
    "5 parsecs": (
        {**DELAY, "delay": {"percentage": 1, "fixed_delay": "5 parsecs"}},
        "rules[0].delay.fixed_delay",
    ),
}


@pytest.mark.parametrize(("rule", "field"), BAD_RULES.values(), ids=BAD_RULES)
def test_a_bad_rule_is_422_at_its_field_and_keeps_nothing(api, cluster, rule, field):
    answer = api.plan(rule)
    assert answer.status_code == 422
    assert [item["field"] for item in answer.json()["error"]["fields"]] == [field]
    assert Plan.objects.count() == 0
    assert writes(cluster) == []
