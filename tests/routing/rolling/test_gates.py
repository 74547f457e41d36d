"""Gates: 2xx of all of them opens, and nothing else does."""

import threading
from ipaddress import ip_network

import pytest

from meshui.webhook_env import Allowed
from routing.rolling.hooks.gates import Asker
from routing.rolling.hooks.webhooks import Answer, NoAnswerError
from routing.rollouts.inputs import Ask
from routing.rollouts.judge import Evidence
from tests.routing.rolling import making, receivers
from tests.routing.rolling.making import NOW
from tests.routing.rolling.receivers import Receiver, answer

STAGES = ("before_start", "before_weight", "before_promotion", "after_end")


@pytest.fixture(autouse=True)
def allowed(settings):
    settings.WEBHOOK_ALLOW = (Allowed("", ip_network("127.0.0.0/8"), None),)
    settings.GATE_TIMEOUT_SECONDS = 30.0


def ask(gates, stage="before_weight", state=None, **more):
    driven = making.driven(making.spec(gates=gates), state or making.state(), **more)
    return Asker(clock=lambda: NOW).ask(driven, Ask(17, stage))


def gates(*receivers, stage="before_weight", path="/gate?key=t0ken"):
    return [(stage, receiver.url(path)) for receiver in receivers]


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_2xx_opens(status):
    with Receiver(answer(status, "" if status == 204 else "no")) as gate:
        assert ask(gates(gate)) == (True, "")


@pytest.mark.parametrize("status", [199, 300, 302, 304, 400, 401, 403, 404, 409, 429, 500, 503])
def test_any_other_status_does_not_and_what_was_answered_is_told(status):
    with Receiver(answer(status, "the freeze is\non <b>until</b> Monday")) as gate:
        passed, words = ask(gates(gate))
    assert not passed
    assert words.startswith(f"gate 1 of 1 (http://127.0.0.1:{gate.port}/…) answered {status}")
    if status >= 400:
        assert words.endswith(": the freeze is on <b>until</b> Monday")


def test_who_says_nothing_in_time_does_not_open(settings):
    settings.GATE_TIMEOUT_SECONDS = 1.0
    with Receiver(receivers.silent) as gate:
        passed, words = ask(gates(gate))
    assert not passed
    assert words.endswith(f"was not reached: 127.0.0.1:{gate.port} did not answer within 1 s")


def test_an_address_that_may_not_be_called_does_not_open(settings):
    settings.WEBHOOK_ALLOW = ()
    with Receiver(answer(200)) as gate:
        passed, words = ask(gates(gate))
    assert not passed
    assert "127.0.0.1 is a loopback address" in words
    assert gate.connections == 0


def test_all_of_a_stage_have_to_open_and_those_that_did_not_are_told():
    with (
        Receiver(answer(200)) as first,
        Receiver(answer(403, "no")) as second,
        Receiver(answer(500)) as third,
    ):
        passed, words = ask(gates(first, second, third))
    assert not passed
    assert words == (
        f"gate 2 of 3 (http://127.0.0.1:{second.port}/…) answered 403: no; "
        f"gate 3 of 3 (http://127.0.0.1:{third.port}/…) answered 500"
    )


def test_all_are_asked_at_the_same_time():
    together = threading.Barrier(3, timeout=30)

    def behave(receiver, connection):
        receiver.read(connection)
        together.wait()
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    with Receiver(behave) as gate:
        assert ask(gates(gate, gate, gate)) == (True, "")


@pytest.mark.parametrize("stage", STAGES)
def test_only_those_of_the_stage_are_asked(stage):
    with Receiver(answer(200)) as asked, Receiver(answer(500)) as other:
        all_gates = [gate for each in STAGES for gate in gates(asked if each == stage else other, stage=each)]
        assert ask(all_gates, stage) == (True, "")
        assert (asked.connections, other.connections) == (1, 0)


def test_a_stage_without_gates_is_open():
    assert ask([]) == (True, "")


def test_a_gate_gets_what_it_needs_to_decide(settings):
    settings.PUBLIC_URL, settings.ROOT_URLCONF = "https://mesh.example.org", "tests.routing.rolling.pages"
    evidence = {"errors": Evidence(canary=100.0, canary_bad=2.0, baseline=900.0, baseline_bad=4.0, looks=3)}
    with Receiver(answer(200)) as gate:
        ask(gates(gate), state=making.state(evidence=evidence))
    body = gate.requests[0].json
    figures = body.pop("figures")
    assert body == {
        "id": "3-17-1",
        "stage": "before_weight",
        "at": "2026-11-28T08:00:00.000Z",
        "next_weight": 25,
        "rollout": {
            "id": 3,
            "cluster": "default",
            "namespace": "bookinfo",
            "service": "reviews",
            "baseline": "v1",
            "canary": "v3",
            "status": "running",
            "step": 0,
            "steps": 3,
            "weight": 5,
            "url": "https://mesh.example.org/rollouts/3/",
        },
        "verdict": "not_known",
        "sentence": "Not known yet by errors.",
    }
    assert [(each["name"], each["value"], each["samples"]["canary"]) for each in figures] == [
        ("errors", 0.02, 100.0)
    ]
    assert gate.requests[0].headers["x-meshui-id"] == "3-17-1"


@pytest.mark.parametrize(
    ("stage", "step", "expected"),
    [("before_start", -1, 5), ("before_weight", -1, 5), ("before_weight", 1, 100),
     ("before_promotion", 2, 100), ("before_promotion", 0, 100), ("after_end", 2, None)],
)  # fmt: skip
def test_the_weight_that_comes_next_is_told(stage, step, expected):
    with Receiver(answer(200)) as gate:
        ask(gates(gate, stage=stage), stage, making.state(step))
    assert gate.requests[0].json["next_weight"] == expected


def test_a_rollout_of_another_cluster_is_linked_there(settings):
    settings.PUBLIC_URL, settings.ROOT_URLCONF = "https://mesh.example.org", "tests.routing.rolling.pages"
    with Receiver(answer(200)) as gate:
        ask(gates(gate), cluster="west")
    assert gate.requests[0].json["rollout"]["url"] == "https://mesh.example.org/clusters/west/rollouts/3/"


def test_without_an_address_of_its_own_the_console_links_nothing():
    with Receiver(answer(200)) as gate:
        ask(gates(gate))
    assert gate.requests[0].json["rollout"]["url"] is None


def test_no_token_of_an_address_is_repeated():
    with Receiver(answer(404, "there is no /gate?key=t0ken (t0ken)")) as gate:
        _, words = ask(gates(gate))
    assert "t0ken" not in words


def test_a_gate_that_fails_in_a_way_that_nobody_thought_of_does_not_open():
    def post(url, body, **_):
        if "first" in url:
            raise RuntimeError("t0ken")
        return Answer(200, "")

    spec = making.spec(
        gates=[("before_weight", "https://first.example"), ("before_weight", "https://b.example")]
    )
    driven = making.driven(spec, making.state())
    passed, words = Asker(post).ask(driven, Ask(1, "before_weight"))
    assert (passed, words) == (False, "gate 1 of 2 (https://first.example) was not asked: RuntimeError")


def test_a_time_out_of_one_is_told_beside_the_answer_of_another():
    def post(url, body, **_):
        raise NoAnswerError("It is away.")

    spec = making.spec(gates=[("before_weight", "https://a.example/x")])
    assert Asker(post).ask(making.driven(spec, making.state()), Ask(1, "before_weight")) == (
        False,
        "gate 1 of 1 (https://a.example/…) was not reached: It is away",
    )
