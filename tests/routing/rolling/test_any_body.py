"""Whatever is sent about rollouts: a sentence at its field, and never a failure of the server."""

from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.routing.rolling.asked import BODY
from tests.routing.test_any_body import ANYTHING, LEAVES, NASTY, WRONG, answered, written

pytestmark = pytest.mark.django_db
STEPS = st.lists(
    st.fixed_dictionaries(
        {}, optional={"weight": LEAVES, "seconds": LEAVES, "requests": LEAVES, "pause": LEAVES}
    ),
    max_size=3,
)
GUARDS = st.lists(
    st.fixed_dictionaries(
        {"kind": st.one_of(st.sampled_from(["errors", "latency", "promql"]), LEAVES)},
        optional=dict.fromkeys(
            ("margin", "tolerated", "objective_ms", "name", "query", "least", "most", "looks"), LEAVES
        ),
    ),
    max_size=3,
)
CALLED = st.lists(
    st.fixed_dictionaries({}, optional={"url": st.sampled_from(NASTY), "stage": LEAVES, "format": LEAVES}),
    max_size=2,
)
MEMBERS = {
    **dict.fromkeys(("namespace", "service", "baseline", "canary", "alpha", "on_harm", "note"), LEAVES),
    **dict.fromkeys(("interval_seconds", "idempotency_key", "Idempotency-Key", "colour"), LEAVES),
    "strategy": st.one_of(
        LEAVES, st.fixed_dictionaries({"kind": LEAVES}, optional={"name": LEAVES, "value": LEAVES})
    ),
    "steps": st.one_of(STEPS, ANYTHING),
    "guards": st.one_of(GUARDS, ANYTHING),
    "notify": st.one_of(CALLED, ANYTHING),
    "gates": st.one_of(CALLED, ANYTHING),
}
BODIES = st.one_of(
    ANYTHING, st.builds(lambda more: {**BODY, **more}, st.fixed_dictionaries({}, optional=MEMBERS))
)


@pytest.fixture
def paths(api, cluster):
    pk = api.post("rollouts", {**BODY, "service": "ratings"}).json()["id"]
    return ["rollouts", "rollouts/preview", f"rollouts/{pk}/weight", f"rollouts/{pk}/pause"]


@pytest.mark.parametrize("content_type", ["application/json", "application/yaml"])
@pytest.mark.parametrize("body", WRONG.values(), ids=WRONG)
def test_a_body_that_nobody_would_send_is_answered_in_words(api, paths, body, content_type):
    for path in paths:
        answered(api.client.post(f"/api/v1/{path}", body.encode(), content_type=content_type))


@given(body=BODIES, which=st.integers(0, 3))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_any_body_is_answered_in_words(api, paths, body, which):
    answered(api.client.post(f"/api/v1/{paths[which]}", written(body), content_type="application/json"))


@given(
    query=st.dictionaries(
        st.sampled_from(["namespace", "service", "active", "after", "wait"]), LEAVES.map(str), max_size=3
    ),
    key=st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=20),
)
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_any_question_and_any_key_is_answered_in_words(api, paths, query, key):
    text = "&".join(
        f"{name}={quote(value.encode('utf-8', 'surrogatepass'))}"
        for name, value in query.items()
        if name != "wait"
    )
    answered(api.client.get(f"/api/v1/rollouts?{text}"))
    answered(api.client.get(f"/api/v1/{paths[2].removesuffix('/weight')}?{text}"))
    head = {"Idempotency-Key": key, "Last-Event-ID": key}
    answered(api.client.post(f"/api/v1/{paths[3]}", {}, content_type="application/json", headers=head))
    stream = api.client.get(f"/api/v1/{paths[2].removesuffix('/weight')}/events", headers=head)
    assert stream.status_code == 200
    assert b"".join(stream).startswith(b"retry: ")
