"""Commands of rollouts over REST: kept, done once, and refused in words."""

import pytest

from routing.api import rollout_shapes as shapes
from routing.models import RolloutCommand
from tests.routing.rolling.asked import BODY, begun, obeys
from tests.routing.test_shapes import assert_shape

pytestmark = pytest.mark.django_db


@pytest.fixture
def started(api, cluster):
    """The id of a rollout that has not begun."""
    answer = api.post("rollouts", BODY)
    assert answer.status_code == 201, answer.content
    return answer.json()["id"]


def commanded(api, pk, word, body=None):
    """What is answered to a command that somebody does at once."""
    first = api.post(f"rollouts/{pk}/{word}", {**(body or {}), "idempotency_key": "once"})
    obeys()
    return (
        api.post(f"rollouts/{pk}/{word}", {**(body or {}), "idempotency_key": "once"})
        if first.status_code == 202
        else first
    )


@pytest.mark.parametrize("word", ["pause", "resume", "promote", "abort", "weight", "step-back", "retry"])
def test_a_command_that_nobody_does_stays_asked_for(api, started, word):
    body = {"weight": 10} if word == "weight" else {}
    answer = api.post(f"rollouts/{started}/{word}", body)
    assert answer.status_code == 202
    assert_shape(shapes.RolloutDetailSerializer, answer.json())
    (sent,) = RolloutCommand.objects.all()
    assert (sent.name, sent.handled_at, sent.by.username) == (
        word.replace("-", "_").replace("weight", "set_weight"),
        None,
        "olga",
    )


def test_commands_are_done_and_refused_in_words(api, started):
    begun(started, 1)
    paused = commanded(api, started, "pause")
    assert (paused.status_code, paused.json()["status"]) == (200, "paused")
    assert paused.json()["needs_person"] is True
    refused = api.post(f"rollouts/{started}/pause")
    obeys()
    assert refused.status_code == 202
    again = api.client.post(
        f"/api/v1/rollouts/{started}/resume",
        {},
        content_type="application/json",
        headers={"Idempotency-Key": "r"},
    )
    obeys()
    assert again.status_code == 202
    resumed = api.client.post(
        f"/api/v1/rollouts/{started}/resume",
        {},
        content_type="application/json",
        headers={"Idempotency-Key": "r"},
    )
    assert (resumed.status_code, resumed.json()["status"]) == (200, "running")


def test_a_refusal_is_a_conflict_with_the_reason(api, started):
    begun(started, 0)
    answer = commanded(api, started, "step-back")
    assert answer.status_code == 409
    assert "There is no step before this one" in answer.json()["error"]["message"]


def test_a_weight_is_set_exactly(api, started):
    begun(started, 1)
    answer = commanded(api, started, "weight", {"weight": 37})
    assert (answer.status_code, answer.json()["weight"], answer.json()["status"]) == (200, 37, "paused")


def test_a_command_is_done_once_by_its_key(api, started):
    begun(started)
    head = {"Idempotency-Key": "p-1"}

    def post(word):
        path = f"/api/v1/rollouts/{started}/{word}"
        return api.client.post(path, {}, content_type="application/json", headers=head)

    post("pause")
    post("pause")
    assert RolloutCommand.objects.count() == 1
    assert post("abort").status_code == 409
    assert RolloutCommand.objects.count() == 1


WRONG_WEIGHTS = [
    {},
    {"weight": 101},
    {"weight": -1},
    {"weight": "25"},
    {"weight": 2.5},
    {"weight": True},
    {"weight": None},
    {"weight": 10**30},
    {"weight": 5, "seconds": 3},
]


@pytest.mark.parametrize("body", WRONG_WEIGHTS, ids=str)
def test_a_wrong_weight_is_told_at_its_field(api, started, body):
    answer = api.post(f"rollouts/{started}/weight", body)
    assert answer.status_code == 422
    assert answer.json()["error"]["fields"]
    assert not RolloutCommand.objects.exists()


def test_every_command_says_whether_it_makes_sense_now(api, started):
    told = {each["name"]: each["refusal"] for each in api.get(f"rollouts/{started}").json()["commands"]}
    assert list(told) == ["pause", "resume", "step-back", "weight", "promote", "abort", "retry"]
    assert told["pause"] == told["abort"] == ""
    assert "not begun" in told["promote"]


def test_a_command_that_is_too_long_is_refused_in_words(api, started):
    body = '{"weight": 5, "idempotency_key": "' + "a" * 1_100_000 + '"}'
    answer = api.client.post(f"/api/v1/rollouts/{started}/weight", body, content_type="application/json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")
