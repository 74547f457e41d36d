"""The card of a step or stop: every figure, whatever the first one said, and plain JSON."""

import json
import math

from hypothesis import given
from hypothesis import strategies as st

from routing.rollouts.evidence import card
from routing.rollouts.spec import Errors, Latency, Promql
from routing.rollouts.states import MOST_POINTS, Point, State, Trail
from tests.routing.rollouts.driving import after
from tests.routing.rollouts.specs import spec

GUARDS = (Errors(), Latency(250), Promql("queue", "max(queue_length)", most=10))


def test_every_guard_is_on_the_card_with_value_bound_samples_and_query():
    mesh, leader = after(spec(guards=GUARDS), 3, canary_bad=0.05, values={"queue": 4.0})
    found = mesh.database.kept[-1]
    assert leader.state.status == "rolled_back"
    assert [figure["name"] for figure in found["figures"]] == ["errors", "latency", "queue"]
    errors, latency, queue = found["figures"]
    assert errors["value"] == 0.05
    assert errors["bound"] == 200
    assert errors["e_value"] >= 200
    assert errors["samples"]["canary"] == 2000
    assert [point["requests"] for point in errors["over_time"]] == [2000]
    assert "250 ms" in latency["query"]
    assert (queue["query"], queue["value"], queue["bound"]["most"]) == ("max(queue_length)", 4.0, 10)
    assert queue["verdict"] == "no_worse"
    assert found["sentence"].startswith("Harm by errors")


def test_before_anything_was_seen_nothing_is_known():
    found = card(State(), spec(guards=GUARDS), 5.0)
    assert found["verdict"] == "not_known"
    assert [figure["value"] for figure in found["figures"]] == [None] * 3


def test_overwhelming_evidence_is_still_plain_json():
    mesh, _ = after(spec(), 3, canary_bad=1.0, rate=100_000.0)
    assert json.loads(json.dumps(mesh.database.kept[-1], allow_nan=False))["verdict"] == "harm"


@given(st.integers(0, 3000))
def test_the_evidence_over_time_keeps_its_beginning_and_a_bounded_number_of_points(looks):
    trail = Trail()
    for look in range(looks):
        trail = trail.added(Point(look, look, math.sin(look), 0))
    assert len(trail.points) <= MOST_POINTS
    assert [point.at for point in trail.points] == [at for at in range(looks) if at % trail.every == 0]
