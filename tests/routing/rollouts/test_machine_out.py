"""Whatever happened before, with the API away or back: an abort, or harm, takes the canary out in the end."""

import contextlib

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from routing.rollouts.inputs import RefusedError
from routing.rollouts.spec import Gate, Step, Strategy
from tests.routing.rollouts.driving import Leader, Mesh, goes
from tests.routing.rollouts.specs import spec

STEPS = (Step(5, 10), Step(25, 10), Step(50, 10), Step(100, 10))
EVENTS = ("look", "look", "look", "lost after", "lost before", "away", "gates", "source", "crash")
COMMANDS = ("pause", "resume", "step_back", "promote", "0", "10", "50")
histories = st.lists(st.sampled_from(EVENTS + COMMANDS), max_size=30)
# With all requests there is nothing to compare with, without any nothing to see.
with_traffic = st.lists(st.sampled_from((*EVENTS, "pause", "resume", "step_back", "10", "50")), max_size=12)
strategies = st.sampled_from([Strategy(), Strategy("header", "x", "y"), Strategy("mirror")])


def happens(mesh, leader, what):
    """One event; who leads after it."""
    if what == "look":
        mesh.passes()
        leader.looks()
    elif what.startswith("lost"):
        mesh.cluster.lost = what.removeprefix("lost ")
    elif what == "away":
        mesh.cluster.away = not mesh.cluster.away
    elif what in ("gates", "source"):
        setattr(mesh, what, not getattr(mesh, what))
    elif what == "crash":
        return Leader(mesh, leader.epoch + 1)
    else:
        with contextlib.suppress(RefusedError):
            leader.commands("set_weight", weight=int(what)) if what.isdigit() else leader.commands(what)
    return leader


def lived(strategy, history):
    """A rollout after all of this, if it has not ended."""
    first = (Step(0, 10),) if strategy.kind != "weighted" else ()
    gates = (Gate("before_weight", "https://gate.example"),)
    mesh = Mesh(spec(steps=(*first, *STEPS), strategy=strategy, gates=gates))
    leader = Leader(mesh, 1)
    for what in history:
        leader = happens(mesh, leader, what)
        assume(not leader.state.ended)
    return mesh, leader


def heals(mesh, leader):
    goes(mesh, leader, looks=2)
    mesh.cluster.away, mesh.cluster.lost, mesh.gates, mesh.source = False, "", True, True
    return goes(mesh, leader, looks=30)


@given(strategies, histories, st.booleans())
@settings(max_examples=150)
def test_an_abort_ends_it(strategy, history, away):
    mesh, leader = lived(strategy, history)
    mesh.cluster.away = away
    with contextlib.suppress(RefusedError):  # when it is being taken out already
        leader.commands("abort")
    state = heals(mesh, leader)
    assert state.status in ("aborted", "rolled_back")
    assert not mesh.cluster.rule.feeds


@given(strategies, with_traffic, st.booleans())
@settings(max_examples=150)
def test_harm_takes_it_out(strategy, history, away):
    mesh, leader = lived(strategy, ["look"] * 4 + history)
    assume(0 < mesh.cluster.rule.weight < 100)
    mesh.cluster.away, mesh.cluster.lost, mesh.source, mesh.canary_bad = away, "", True, 0.9
    for _ in range(3):
        mesh.passes()
        leader.looks()
    assert heals(mesh, leader).status == "rolled_back"
    assert not mesh.cluster.rule.feeds
