"""What cannot be a rollout: told at its field, in words, and nothing is started."""

import json

import pytest

from cluster import connection
from cluster.errors import Unavailable
from cluster.fake import FakeCluster
from routing.models import Rollout
from tests.routing.rolling.asked import BODY, STEPS
from tests.routing.stage import bookinfo, destination_rule, route, virtual_service, writes

pytestmark = pytest.mark.django_db
WEIGHT = {"weight": 5, "seconds": 60}
PROMQL = {"kind": "promql", "name": "p", "query": "up", "most": 1}


def steps(*weights):
    return [{"weight": weight, "seconds": 60} for weight in weights]


WRONG = [
    ("no steps", {"steps": []}, "steps", "There is no step"),
    ("steps missing", {"steps": None}, "steps", "There is no step"),
    ("steps no list", {"steps": "5,25"}, "steps", "must be a list"),
    ("steps go down", {"steps": steps(25, 5)}, "steps[1].weight", "steps go up only"),
    ("above 100", {"steps": steps(5, 150)}, "steps[1].weight", "outside 0 to 100"),
    ("below 0", {"steps": steps(-5)}, "steps[0].weight", "outside 0 to 100"),
    ("half a percent", {"steps": [{"weight": 2.5, "seconds": 1}]}, "steps[0].weight", "no whole number"),
    ("a weight as text", {"steps": [{"weight": "5", "seconds": 1}]}, "steps[0].weight", "no whole number"),
    ("true as a weight", {"steps": [{"weight": True, "seconds": 1}]}, "steps[0].weight", "no whole number"),
    ("a huge weight", {"steps": [{"weight": 10**400, "seconds": 1}]}, "steps[0].weight", "outside 0 to 100"),
    ("0 s", {"steps": [{"weight": 5, "seconds": 0}]}, "steps[0].seconds", "outside 1 to"),
    ("negative time", {"steps": [{"weight": 5, "seconds": -60}]}, "steps[0].seconds", "outside 1 to"),
    ("no time", {"steps": [{"weight": 5}]}, "steps[0].seconds", "missing"),
    ("requests below 0", {"steps": [{**WEIGHT, "requests": -1}]}, "steps[0].requests", "outside 0 to"),
    ("pause no flag", {"steps": [{**WEIGHT, "pause": "yes"}]}, "steps[0].pause", "true or false"),
    ("an unknown member of a step", {"steps": [{**WEIGHT, "wait": 3}]}, "steps[0].wait", "Unknown"),
    ("only steps of 0", {"steps": steps(0, 0)}, "steps", "No step sends a request to the canary"),
    ("too many steps", {"steps": steps(*[1] * 51)}, "steps", "too many"),
    ("canary equal to its baseline", {"canary": "v1"}, "canary", "is the baseline, too"),
    ("an empty canary", {"canary": ""}, "canary", "cannot be a version"),
    ("no canary", {"canary": None}, "canary", "missing"),
    ("an unknown baseline", {"baseline": "v9"}, "baseline", "has no version v9; it has v1, v2, v3."),
    ("an empty baseline", {"baseline": ""}, "baseline", "cannot be a version"),
    ("a version that is no label", {"canary": "v 3"}, "canary", "cannot be a version"),
    ("an unknown service", {"service": "nothing"}, "service", "There is no service"),
    ("a service that is no name", {"service": "../x"}, "service", "cannot be the name"),
    ("a service that is a number", {"service": 7}, "service", "cannot be the name"),
    ("an unknown namespace", {"namespace": "nowhere"}, "service", "no service reviews in namespace nowhere"),
    ("a namespace that is no name", {"namespace": ".."}, "namespace", "cannot be the name"),
    ("an unknown strategy", {"strategy": "rocket"}, "strategy", "known are weighted, header"),
    ("a strategy that is a number", {"strategy": 3}, "strategy", "not known"),
    ("an object without kind", {"strategy": {}}, "strategy", "missing"),
    ("a header without a name", {"strategy": {"kind": "header", "value": "1"}}, "strategy.name", "missing"),
    (
        "a header that is none",
        {"strategy": {"kind": "header", "name": "a b", "value": "1"}},
        "strategy.name",
        "cannot be",
    ),
    ("mirror first without a 0", {"strategy": "mirror"}, "steps[0].weight", "begins with a step of weight 0"),
    ("blue-green in parts", {"strategy": "blue_green"}, "steps[0].weight", "Blue-green knows 0 and 100 only"),
    (
        "an unknown guard",
        {"guards": [{"kind": "luck"}]},
        "guards[0].kind",
        "known are errors, latency and promql",
    ),
    ("a guard that is a word", {"guards": ["errors"]}, "guards[0]", "must be an object"),
    ("a guard twice", {"guards": [{"kind": "errors"}, {"kind": "errors"}]}, "guards[1]", "named once"),
    ("no objective", {"guards": [{"kind": "latency"}]}, "guards[0].objective_ms", "missing"),
    (
        "a query without bounds",
        {"guards": [{"kind": "promql", "name": "p", "query": "up"}]},
        "guards[0]",
        "needs a bound",
    ),
    (
        "bounds that exclude all",
        {"guards": [{**PROMQL, "least": 5}]},
        "guards[0].least",
        "nothing lies between",
    ),
    ("no query", {"guards": [{**PROMQL, "query": ""}]}, "guards[0].query", "missing"),
    ("alpha 0", {"alpha": 0}, "alpha", "outside"),
    ("alpha 1", {"alpha": 1}, "alpha", "outside"),
    ("an unknown answer to harm", {"on_harm": "pray"}, "on_harm", "known are rollback and hold"),
    ("an interval of 0 s", {"interval_seconds": 0}, "interval_seconds", "outside 1 to 3600"),
    ("an unknown member", {"colour": "red"}, "colour", "Unknown"),
    ("a note as long as a book", {"note": "x" * 501}, "note", "500 characters at most"),
    ("a note with a NUL", {"note": "a\0b"}, "note", "can be kept"),
    ("a key with a space", {"idempotency_key": "a b"}, "idempotency_key", "no key"),
    ("an empty key", {"idempotency_key": ""}, "idempotency_key", "no key"),
    ("a key of 256", {"idempotency_key": "k" * 256}, "idempotency_key", "255 characters at most"),
    (
        "a webhook to this machine",
        {"notify": [{"url": "http://127.0.0.1:8080/x"}]},
        "notify[0].url",
        "127.0.0.1",
    ),
    (
        "a webhook to a private address",
        {"notify": [{"url": "https://10.1.2.3/"}]},
        "notify[0].url",
        "10.1.2.3",
    ),
    (
        "a webhook to metadata",
        {"gates": [{"stage": "before_weight", "url": "http://169.254.169.254/"}]},
        "gates[0].url",
        "169.254.169.254",
    ),
    ("a webhook that is no address", {"notify": [{"url": "javascript:alert(1)"}]}, "notify[0].url", ""),
    (
        "an unknown stage",
        {"gates": [{"stage": "after_lunch", "url": "https://8.8.8.8/"}]},
        "gates[0].stage",
        "known are before_start",
    ),
    ("a query where there is no Prometheus", {"guards": [PROMQL]}, "guards[0].query", "Prometheus"),
]


@pytest.mark.parametrize("wrong", [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
@pytest.mark.parametrize("path", ["rollouts", "rollouts/preview"])
def test_what_is_wrong_is_told_at_its_field_and_nothing_starts(api, cluster, path, wrong):
    more, field, words = wrong
    answer = api.post(path, {**BODY, **more})
    assert answer.status_code == 422, answer.content
    told = {each["field"]: each["message"] for each in answer.json()["error"]["fields"]}
    assert words in told[field], told
    assert not Rollout.objects.exists()
    assert writes(cluster) == []


@pytest.mark.parametrize("body", [[], "x", 3, None, {}, [BODY]], ids=str)
def test_what_is_no_rollout_at_all_is_refused(api, cluster, body):
    answer = api.client.post("/api/v1/rollouts", json.dumps(body), content_type="application/json")
    assert answer.status_code == 422
    assert answer.json()["error"]["fields"]


@pytest.mark.parametrize(
    "text",
    ["{", '{"a": NaN}', '{"service": "a", "service": "b"}', "\ud800".encode("utf-8", "surrogatepass")],
    ids=range(4),
)
def test_what_cannot_be_read_is_a_400(api, cluster, text):
    assert api.client.post("/api/v1/rollouts", text, content_type="application/json").status_code == 400


def test_everything_wrong_is_told_at_once(api, cluster):
    body = {
        **BODY,
        "baseline": "v9",
        "steps": [{"weight": 50, "seconds": 60}, {"weight": 5, "seconds": 60}],
        "guards": [{"kind": "errors", "margin": -1}],
        "notify": [{"url": "https://8.8.8.8/"}, {"url": "https://192.168.0.1/"}],
    }
    told = {each["field"] for each in api.post("rollouts", body).json()["error"]["fields"]}
    assert told == {"steps[1].weight", "guards[0].margin", "baseline", "notify[1].url"}


def test_a_rule_that_cannot_be_planned_is_refused_before_anything_starts(api):
    staged = bookinfo(
        virtual_service("reviews", [{"route": route(("v1", 100))}]),
        virtual_service("reviews-too", [{"route": route(("v1", 100))}], hosts=["reviews"]),
        destination_rule("reviews", ["v1", "v3"]),
    )
    with connection.override(staged):
        answer = api.post("rollouts", BODY)
    assert answer.status_code == 422, answer.content
    (told,) = answer.json()["error"]["fields"]
    assert "reviews-too" in told["message"]
    assert not Rollout.objects.exists()


def test_a_key_that_body_and_header_tell_differently_is_refused(api, cluster):
    answer = api.client.post(
        "/api/v1/rollouts",
        {**BODY, "idempotency_key": "a"},
        content_type="application/json",
        headers={"Idempotency-Key": "b"},
    )
    assert answer.status_code == 422
    assert answer.json()["error"]["fields"][0]["field"] == "idempotency_key"


class Away(FakeCluster):
    """Answers nothing."""

    def page(self, *_, **__):
        raise Unavailable("connection refused")

    def may(self, *_, **__):
        raise Unavailable("connection refused")


def test_a_cluster_that_is_away_is_a_503_and_nothing_starts(api):
    with connection.override(Away()):
        answer = api.post("rollouts", BODY)
    assert answer.status_code == 503
    assert not Rollout.objects.exists()


def test_steps_may_stay_level_and_begin_with_nothing(api, cluster):
    assert api.post("rollouts", {**BODY, "steps": [*steps(0, 5, 5), *STEPS]}).status_code == 201
