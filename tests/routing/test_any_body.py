"""Whatever is sent to the REST API: a sentence at its field, and never a failure of the server."""

import json
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.routing.stage import CALM, DELAY, SPLIT, destination_rule, route, virtual_service

pytestmark = pytest.mark.django_db
HUGE = "9" * 400
NASTY = ("\x00", "\ud800", "\x1b[31m", "a" * 70_000, "\u202e", "1e400", "", "../..", "%00", "\r\nX: y")
TEXTS = st.one_of(st.sampled_from(NASTY), st.text(max_size=20))
NUMBERS = st.one_of(st.integers(), st.floats(), st.sampled_from([10**400, 2**63, -1, float("inf")]))
LEAVES = st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS)
NAMES = st.one_of(
    st.sampled_from(
        [
            "kind",
            "namespace",
            "service",
            "weights",
            "match",
            "name",
            "manifest",
            "rules",
            "note",
            "changes",
            "hash",
            "texts",
            "route",
            "delay",
            "abort",
            "metadata",
            "spec",
            "apiVersion",
            "http",
            "hosts",
            "written_as",
            "rule",
            "home",
            "destinations",
            "version",
            "labels",
        ]
    ),
    TEXTS,
)
ANYTHING = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(NAMES, inner, max_size=4)),
    max_leaves=12,
)
RULES = st.builds(
    lambda base, more, gone: {k: v for k, v in {**base, **more}.items() if k not in gone},
    st.sampled_from(
        [
            SPLIT,
            DELAY,
            CALM,
            {"kind": "route", "namespace": "bookinfo", "service": "reviews", "name": "a", "route": []},
            {"kind": "object", "manifest": virtual_service("x", [{"route": route(("v1", 100))}])},
            {"kind": "object", "manifest": destination_rule("x", ["v1"])},
            {"kind": "delete_object"},
            {"kind": "gateway_route", "namespace": "bookinfo", "service": "reviews", "rule": SPLIT},
            {"kind": "remove_subset", "namespace": "bookinfo", "service": "reviews", "version": "v2"},
            {"kind": "sidecar"},
            {"kind": "gateway"},
            {"kind": "service_entry"},
            {"kind": "destination_policy", "namespace": "bookinfo", "service": "reviews"},
            {"kind": "http_policy", "namespace": "bookinfo", "service": "reviews"},
        ]
    ),
    st.dictionaries(NAMES, ANYTHING, max_size=3),
    st.sets(NAMES, max_size=2),
)
BODIES = st.one_of(
    ANYTHING,
    st.fixed_dictionaries({"rules": st.lists(RULES, max_size=3)}, optional={"note": LEAVES}),
    st.fixed_dictionaries({"changes": ANYTHING}, optional={"note": LEAVES}),
    st.fixed_dictionaries({"texts": ANYTHING}),
    st.fixed_dictionaries({}, optional={"hash": LEAVES, "note": LEAVES}),
)


def written(body):
    """JSON of anything: 1e400 for infinity, half a character as `\\ud800`."""
    return json.dumps(body).replace("-Infinity", "-1e400").replace("Infinity", "1e400").replace("NaN", "1e-9")


@pytest.fixture
def posted(api, cluster):
    made = api.applied(SPLIT)
    return [
        "plans", "drafts", "validate", "changes/revert",
        f"plans/{made['plan']}/apply", f"changes/{made['id']}/revert", f"changes/{made['id']}/finish",
        "services/bookinfo/reviews/reading",
    ]  # fmt: skip


def answered(answer):
    assert answer.status_code < 500, (answer.status_code, answer.content[:500])
    if answer.status_code >= 400:
        error = answer.json()["error"]
        assert error["message"]
        assert all(set(each) == {"field", "message"} for each in error["fields"])
        assert len(error["message"]) < 2000
        assert all(len(each["field"]) < 1000 and len(each["message"]) < 2000 for each in error["fields"])


DEEP = '{"a":' * 900 + "1" + "}" * 900
WRONG = {
    "900 levels": DEEP,
    "900 lists": "[" * 900 + "]" * 900,
    "a rule of 900 levels": f'{{"rules": [{{"kind": "object", "manifest": {DEEP}}}]}}',
    "a text of 900 levels": json.dumps({"texts": [DEEP]}),
    "1e400": '{"rules": [{"kind": "object", "manifest": {"x": 1e400}}], "changes": [1e400], "x": -1e400}',
    "half a character": '{"note": "\\ud800", "hash": "\\ud800", "changes": [1], "texts": ["\\ud800"]}',
    "half a character in a text": json.dumps({"texts": ['{"kind": "\\ud800"}']}),
    "half a key": '{"\\ud800": "\\u0000"}',
    "NUL": '{"note": "\\u0000", "hash": "\\u0000", "changes": ["\\u0000"], "rules": [{"kind": "\\u0000"}]}',
    "a long number": f'{{"changes": [{HUGE}], "rules": [{{"kind": "split", "weights": {{"v1": {HUGE}}}}}]}}',
    "one more than the highest": '{"changes": [9223372036854775808]}',
    "a long note": json.dumps({"note": "a" * 200_000, "changes": [1], "rules": [SPLIT]}),
    "a mark of the byte order": "\ufeff{}",
    "1 MB": '"' + "a" * 1_000_000 + '"',
}


@pytest.mark.parametrize("content_type", ["application/json", "application/yaml"])
@pytest.mark.parametrize("body", WRONG.values(), ids=WRONG)
def test_a_body_that_nobody_would_send_is_answered_in_words(api, posted, body, content_type):
    for path in posted:
        answered(api.client.post(f"/api/v1/{path}", body.encode(), content_type=content_type))


@given(body=BODIES, which=st.integers(0, 7))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_any_body_is_answered_in_words(api, posted, body, which):
    answered(api.client.post(f"/api/v1/{posted[which]}", written(body), content_type="application/json"))


QUERIES = ("explain", "problems", "configuration", "changes", "services")
PARAMETERS = st.sampled_from(
    [
        "host",
        "port",
        "path",
        "method",
        "header",
        "scheme",
        "sni",
        "address",
        "gateway",
        "namespace",
        "caller_labels",
        "caller_namespace",
        "service",
        "resource",
        "namespaces",
        "q",
        "by",
        "state",
        "since",
        "until",
        "before",
        "limit",
    ]
)


@given(
    query=st.dictionaries(PARAMETERS, st.one_of(TEXTS, LEAVES.map(str)), max_size=4),
    page=st.sampled_from(
        [
            "/api/v1/explain",
            "/api/v1/problems",
            "/api/v1/configuration",
            "/api/v1/changes",
            "/api/v1/services",
            "/explain/",
            "/changes/",
            "/config/",
            "/config/new/",
            "/routing/",
        ]
    ),
)
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_any_question_is_answered_in_words(api, cluster, query, page):
    text = "&".join(
        f"{name}={quote(value.encode('utf-8', 'surrogatepass'))}" for name, value in query.items()
    )
    answer = api.client.get(f"{page}?{text}")
    assert answer.status_code < 500 or answer.status_code == 503, (answer.status_code, answer.content[:300])
