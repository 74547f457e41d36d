"""Rollouts on real Envoys, by REST: healthy, harmful, commanded, edited by others, refused, killed."""

import json
import os
import signal
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.console import Console, until
from tests.demo.rolling import (
    asked,
    becomes,
    cleared,
    detail,
    ended,
    pipeline,
    started,
    told,
    turned,
    weights,
    with_second_details,
)

pytestmark = pytest.mark.mesh
QUICK = ((5, 1), (25, 1), (50, 1), (100, 1))
LONG = ((20, 600), (100, 600))


@pytest.fixture(scope="module")
def rolling(demo):
    """The demo with two versions of each service, and nothing that steers them."""
    cleared(demo)
    with_second_details(demo)
    until(lambda: demo.share("reviews", "v2") > 0.2, "all versions are served")
    yield demo
    cleared(demo)


@pytest.fixture(scope="module")
def verdicts(rolling):
    """At once: a healthy rollout of reviews to its end, and of details one whose canary fails; and the
    weights that stood then. The traffic is looked at before any other test writes anything.
    """
    demo = rolling
    healthy = started(demo, asked("reviews", "v3", *QUICK))
    harmful = started(demo, asked("details", "v2", *QUICK))
    becomes(demo, harmful, "running")
    turned(demo, "details-v2", 5)
    rolled_back = becomes(demo, harmful, "rolled_back")
    until(lambda: demo.share("details", "v1") > 0.99, "all requests are back at v1")
    until(lambda: detail(demo, harmful)["observed_share"] == 0, "no request reaches it any more")
    turned(demo, "details-v2", 0)
    promoted = becomes(demo, healthy, "promoted")
    until(lambda: demo.share("reviews", "v3") > 0.99, "all requests reach v3")
    return promoted, rolled_back, weights(demo, "reviews"), weights(demo, "details")


@pytest.fixture
def free(rolling, verdicts):
    """The same, at any time: what a test starts ends with it."""
    ended(rolling)
    yield rolling
    ended(rolling)


@pytest.fixture
def steered(free):
    """A rollout of reviews to v3 that stands at its first step, 20 %, for as long as a test needs it."""
    rollout = started(free, asked("reviews", "v3", *LONG))
    until(lambda: detail(free, rollout)["step"] == 0, "20 % are written")
    return rollout


def test_a_healthy_rollout_promotes_itself_and_all_requests_reach_the_canary(rolling, verdicts):
    healthy, _, standing, _ = verdicts
    assert (healthy["verdict"], healthy["weight"], healthy["configured_share"]) == ("no_worse", 100, 1)
    done = [event["words"] for event in reversed(healthy["log"]) if event["code"] == "done"]
    assert done == [f"Written: {weight} % for the canary." for weight in (5, 25, 50, 100)]
    assert standing == {"v1": 0, "v3": 100}


def test_every_step_was_verified_in_the_traffic_before_it_was_left(rolling, verdicts):
    healthy = verdicts[0]
    assert sum("left" in card["words"] for card in healthy["cards"]) == 3
    status, kept = rolling.get(f"api/v1/rollouts/{healthy['id']}/evidence")
    assert status == 200
    left = [each["card"] for each in kept["cards"] if "left" in each["card"]["why"]]
    assert [card["weight"] for card in left] == [5, 25, 50]
    assert all(card["share_verified"] for card in left)
    assert all(card["seconds"]["value"] >= card["seconds"]["bound"] for card in left)


def test_a_canary_that_fails_is_taken_back_by_the_judge_and_its_card_says_why(verdicts):
    _, harmful, _, standing = verdicts
    assert (harmful["verdict"], harmful["weight"], harmful["why"]["code"]) == ("harm", 0, "harm")
    assert harmful["configured_share"] == 0
    assert standing == {"v1": 100, "v2": 0}
    [errors] = harmful["evidence"]["figures"]
    assert (errors["name"], errors["verdict"]) == ("errors", "harm")
    assert errors["highest_e_value"] >= errors["bound"] == 100
    assert 0.005 < errors["value"] < 0.3
    assert not errors["samples"]["baseline_bad"]
    assert 0 < errors["samples"]["canary_bad"] < errors["samples"]["canary"]
    assert any("harm" in card["words"].lower() for card in harmful["cards"])


def test_a_set_weight_and_an_abort_are_seen_in_the_traffic(rolling, steered):
    demo = rolling
    status, answer = told(demo, steered, "weight", {"weight": 70})
    assert (status, answer["status"], answer["weight"]) == (200, "paused", 70)
    until(lambda: weights(demo, "reviews").get("v3") == 70, "70 % are written")
    until(lambda: 0.6 < demo.share("reviews", "v3") < 0.8, "70 % are seen in the traffic")
    status, answer = told(demo, steered, "weight", {"weight": 101})
    assert status in (409, 422)
    assert told(demo, steered, "abort")[0] == 200
    becomes(demo, steered, "aborted", seconds=20)
    until(lambda: demo.share("reviews", "v1") > 0.99, "all requests are back at v1")
    assert weights(demo, "reviews").get("v3", 0) == 0


def test_a_second_rollout_of_a_service_is_refused_and_names_the_first(rolling, steered):
    status, answer = rolling.post("api/v1/rollouts", asked("reviews", "v2", *LONG))
    assert status == 409, answer
    assert str(steered) in answer["error"]["message"]
    assert weights(rolling, "reviews") == {"v1": 80, "v3": 20}


def test_an_edit_by_others_pauses_the_rollout_and_what_is_theirs_survives_its_end(rolling, steered):
    demo = rolling
    foreign = {
        "name": "theirs",
        "match": [{"headers": {"end-user": {"exact": "ann"}}}],
        "route": [{"destination": {"host": "reviews", "subset": "theirs"}}],
        "timeout": "7s",
    }
    subset = {"name": "theirs", "labels": {"version": "v2"}}
    demo.kubectl(
        "patch",
        "dr",
        "reviews",
        "--type=json",
        "-p",
        json.dumps([{"op": "add", "path": "/spec/subsets/-", "value": subset}]),
    )
    theirs = [
        {"op": "add", "path": "/spec/http/0", "value": foreign},
        {"op": "add", "path": "/spec/http/1/headers", "value": {"request": {"set": {"x-kept": "1"}}}},
    ]
    demo.kubectl("patch", "vs", "reviews", "--type=json", "-p", json.dumps(theirs))
    time.sleep(2)
    assert detail(demo, steered)["status"] == "running", (
        "what is beside the rollout's own is nobody's business"
    )

    own = [{"op": "replace", "path": "/spec/http/1/route/0/weight", "value": 60}]
    own += [{"op": "replace", "path": "/spec/http/1/route/1/weight", "value": 40}]
    demo.kubectl("patch", "vs", "reviews", "--type=json", "-p", json.dumps(own))
    paused = becomes(demo, steered, "paused", seconds=20)
    assert paused["why"]["code"] == "foreign_edit"
    assert sorted(weights(demo, "reviews").values()) == [40, 60]
    assert told(demo, steered, "resume")[0] == 200
    until(lambda: weights(demo, "reviews").get("v3") == 20, "a resume writes the step's weight again")
    assert told(demo, steered, "abort")[0] == 200
    becomes(demo, steered, "aborted", seconds=20)
    left = json.loads(demo.kubectl("get", "vs", "reviews", "-o", "json"))["spec"]["http"]
    assert left[0] == foreign
    assert left[1]["headers"] == {"request": {"set": {"x-kept": "1"}}}
    subsets = json.loads(demo.kubectl("get", "dr", "reviews", "-o", "json"))["spec"]["subsets"]
    assert subset in subsets


def test_requests_with_a_header_and_copies_reach_the_canary_before_any_weight(free):
    demo = free
    header = started(
        demo,
        asked(
            "reviews",
            "v3",
            (0, 600),
            strategy={"kind": "header", "name": "end-user", "value": "jason"},
        ),
    )
    mirror = started(demo, asked("details", "v2", (0, 600), (100, 600), strategy="mirror"))
    for rollout in (header, mirror):
        until(lambda rollout=rollout: detail(demo, rollout)["step"] == 0, "the first step is written")
    # A tenth of the visitors are jason.
    until(lambda: 0.04 < demo.share("reviews", "v3") < 0.2, "jason's requests reach v3")
    http = json.loads(demo.kubectl("get", "vs", "reviews", "-o", "json"))["spec"]["http"]
    assert http[0]["match"][0]["headers"]["end-user"] == {"exact": "jason"}
    assert http[0]["route"][0]["destination"]["subset"] == "v3"
    written = json.loads(demo.kubectl("get", "vs", "details", "-o", "json"))["spec"]["http"][-1]
    mirrored = detail(demo, mirror)
    assert mirrored["mirror"]
    assert "mirrors" in written or "mirror" in written
    for rollout in (header, mirror):
        assert told(demo, rollout, "abort")[0] == 200
    for rollout in (header, mirror):
        becomes(demo, rollout, "aborted", seconds=30)
    written = demo.kubectl("get", "vs", "reviews", "details", "-o", "yaml", "--ignore-not-found")
    assert "mirror" not in written
    assert "jason" not in written
    until(lambda: demo.share("reviews", "v3") == 0, "jason's requests are back at v1")


def test_blue_green_sends_nothing_and_then_all(free):
    demo = free
    rollout = started(demo, asked("details", "v2", (0, 1), (100, 1), strategy="blue_green"))
    done = becomes(demo, rollout, "promoted")
    written = [event["words"] for event in reversed(done["log"]) if event["code"] == "done"]
    assert written == ["Written: 0 % for the canary.", "Written: 100 % for the canary."]
    assert done["verdict"] == "no_worse"
    until(lambda: demo.share("details", "v2") > 0.99, "all requests reach v2")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"steps": [{"weight": 50, "seconds": 5}, {"weight": 25, "seconds": 5}]}, "steps[1].weight"),
        ({"steps": [{"weight": 101, "seconds": 5}]}, "steps[0].weight"),
        ({"steps": [{"weight": 5, "seconds": 0}]}, "steps[0].seconds"),
        ({"steps": []}, "steps"),
        ({"canary": "v1"}, "canary"),
        ({"baseline": "v9"}, "baseline"),
        ({"service": "nobody"}, "service"),
        ({"guards": [{"kind": "promql", "name": "q", "query": "sum(", "most": 1}]}, "guards[0].query"),
        ({"notify": [{"url": "http://169.254.169.254/latest"}]}, "notify[0].url"),
        ({"notify": [{"url": "http://localhost:9/x"}]}, "notify[0].url"),
        ({"gates": [{"stage": "before_start", "url": "http://[::ffff:10.0.0.1]/"}]}, "gates[0].url"),
    ],
)
def test_what_is_wrong_is_refused_at_its_field_and_nothing_is_started(rolling, wrong, field):
    before = rolling.get("api/v1/rollouts")[1]
    status, answer = rolling.post("api/v1/rollouts", asked("details", "v2", *LONG) | wrong)
    assert status == 422, answer
    assert any(error["field"].startswith(field) for error in answer["error"]["fields"]), answer
    assert len(rolling.get("api/v1/rollouts")[1]["rollouts"]) == len(before["rollouts"])


def test_prometheus_can_read_how_rollouts_stand(rolling, verdicts):
    healthy = verdicts[0]
    status, text = rolling.request("GET", "metrics")
    assert status == 200
    assert "meshui_rollout" in text
    assert healthy["service"] in text


def test_a_pipeline_reads_the_end_from_the_exit_code(free, tmp_path):
    demo = free
    request = tmp_path / "rollout.json"
    request.write_text(json.dumps(asked("details", "v2", *LONG)))
    code, said = pipeline(demo, "start", "--file", str(request), "--json")
    assert code == 0, said
    rollout = json.loads(said)["id"]
    code, said = pipeline(demo, "start", "--file", str(request))
    assert code == 2
    assert f"#{rollout}" in said
    assert pipeline(demo, "wait", str(rollout), "--timeout", "1")[0] == 3
    assert told(demo, rollout, "abort")[0] == 200
    code, said = pipeline(demo, "wait", str(rollout))
    assert code == 1, said
    assert "aborted" in said


class Receiver(BaseHTTPRequestHandler):
    """Other people's services: gates that open when they are told to, and somebody who is told."""

    def do_POST(self):
        content = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.heard.append((self.path, dict(self.headers), json.loads(content)))
        self.send_response(200 if self.path != "/gate" or self.server.opens else 403)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        """Nothing."""


@pytest.fixture
def others():
    """A server on loopback for gates and messages; `heard` is what came."""
    server = HTTPServer(("127.0.0.1", 0), Receiver)
    server.heard, server.opens = [], False
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def console(free, tmp_path):
    """Starts a console of its own on the demo's cluster, again and again on the same data."""
    begun = []

    def start() -> Console:
        environment = {"MESHUI_WEBHOOK_ALLOW": "127.0.0.1", "MESHUI_WEBHOOK_SECRET": "s" * 40}
        kubeconfig = {"KUBECONFIG": free.state / "kubeconfig-client"}
        begun.append(Console(tmp_path / "state", "run", kubeconfig, environment))
        begun[-1].wait_until_ready()
        return begun[-1]

    yield start
    for each in begun:
        if each.process.poll() is None:
            each.stop()


def test_a_console_that_is_killed_goes_on_at_the_same_step_and_asks_its_gates_again(free, console, others):
    demo, first = free, console()
    at = f"http://127.0.0.1:{others.server_port}"
    body = asked("details", "v2", (30, 2), (60, 2)) | {
        "gates": [{"stage": "before_promotion", "url": f"{at}/gate"}],
        "notify": [{"url": f"{at}/told"}, {"url": f"{at}/slack", "format": "slack"}],
    }
    rollout = started(first, body)
    until(lambda: detail(first, rollout)["step"] == 0, "30 % are written")
    os.killpg(first.process.pid, signal.SIGKILL)
    first.process.wait()
    assert weights(demo, "details") == {"v1": 70, "v2": 30}

    again = console()
    until(lambda: detail(again, rollout)["clock"]["verified"], "the step goes on")
    now = detail(again, rollout)
    assert (now["status"], weights(demo, "details").get("v2")) in (("running", 30), ("running", 60))
    held = becomes(again, rollout, "held")
    until(lambda: detail(again, rollout)["why"]["code"] == "gate_refused", "its gate does not open")
    assert held["weight"] in (30, 60)
    assert weights(demo, "details").get("v2") == 60
    others.opens = True
    becomes(again, rollout, "promoted", seconds=60)
    assert weights(demo, "details")["v2"] == 100

    until(
        lambda: any(path == "/told" and "promoted" in str(body) for path, _, body in others.heard),
        "it is told",
    )
    until(lambda: any(path == "/slack" and "text" in body for path, _, body in others.heard), "Slack is told")
    assert all("X-Meshui-Signature" in headers for _, headers, _ in others.heard)
    written = [event["words"] for event in detail(again, rollout)["log"] if event["code"] == "done"]
    assert len(written) == len(set(written)) == 3, "each weight was written once: 30, 60, 100"
