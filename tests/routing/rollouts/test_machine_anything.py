"""Anything in any order: a leader, its cluster, its people and its deaths, driven by hypothesis."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from routing.rollouts.inputs import COMMANDS, RefusedError, StaleEpochError
from routing.rollouts.moves import rule_of, steering
from routing.rollouts.spec import ON_HARM, ON_NO_VERDICT, Gate, Step, Strategy
from routing.rollouts.states import ENDED, Rule
from tests.routing.rollouts.driving import DiedError, Leader, Mesh
from tests.routing.rollouts.specs import STEPS, spec

PLANS = (
    (Strategy(), STEPS),
    (Strategy(), (Step(10, 20, requests=5000, pause=True), Step(50, 10))),
    (Strategy("mirror"), (Step(0, 20), Step(20, 20), Step(100, 20))),
    (Strategy("header", "x-canary", "yes"), (Step(0, 20), Step(50, 20))),
    (Strategy("blue_green"), (Step(0, 10), Step(100, 20))),
)
KINDS_BACK = ("rollback", "restore")


class Rollouts(RuleBasedStateMachine):
    """`edits`: what others wrote; `asked`: weights that a person set."""

    @initialize(
        plan=st.sampled_from(PLANS),
        on_harm=st.sampled_from(ON_HARM),
        on_no_verdict=st.sampled_from(ON_NO_VERDICT),
        gate=st.sampled_from(("before_start", "before_weight", "before_promotion", "after_end", "")),
        stood=st.sampled_from((-1, 0, 30)),
    )
    def begins(self, plan, on_harm, on_no_verdict, gate, stood):
        gates = (Gate(gate, "https://gate.example"),) if gate else ()
        self.spec = spec(
            plan[1], strategy=plan[0], on_harm=on_harm, on_no_verdict=on_no_verdict, gates=gates
        )  # fmt: skip
        self.mesh = Mesh(self.spec)
        self.mesh.cluster.edit(Rule(stood))
        self.leader = Leader(self.mesh, 1)
        self.edits = {Rule(stood)}
        self.asked = set()
        self.number = 0
        self.retries = self.aborts = 0
        self.refusals = []

    def does(self, deed):
        """One deed of the leader; whatever becomes of it, somebody leads after it."""
        try:
            deed()
        except DiedError:
            self.leader = Leader(self.mesh, self.leader.epoch + 1)
            return True
        except RefusedError as refused:
            self.refusals.append(str(refused))
        return False

    @rule(seconds=st.sampled_from((1, 10, 10, 10, 30, 300)))
    def looks(self, seconds):
        self.mesh.passes(seconds)
        # Nothing measures copies, or those with a header.
        if self.mesh.share != "differs":
            measured = self.leader.state.wanted.weight > 0
            self.mesh.share = "as_intended" if measured else "not_measured"
        self.does(self.leader.looks)

    @rule(looks=st.integers(1, 6))
    def looks_often(self, looks):
        for _ in range(looks):
            self.looks(10)

    @rule(name=st.sampled_from(COMMANDS), weight=st.integers(0, 100))
    def commands(self, name, weight):
        self.number += 1
        number = self.number
        if name == "set_weight":
            self.asked.add(weight)
        more = {"weight": weight} if name == "set_weight" else {}
        while self.does(lambda: self.leader.commands(name, number, **more)):
            """A durable command is done by whoever leads next."""
        self.retries += name == "retry"
        self.aborts += name == "abort"

    @rule(at=st.integers(1, 8))
    def will_die(self, at):
        self.leader.dies_at = self.leader.boundaries + at

    @rule()
    def another_leads(self):
        old, self.leader = self.leader, Leader(self.mesh, self.leader.epoch + 1)
        self.does(self.leader.looks)
        before = list(self.mesh.cluster.writes)
        old.dies_at = 0
        if self.mesh.database.state.epoch > old.epoch:
            try:
                old.commands("abort")
                raise AssertionError("A stale leader was not refused.")
            except StaleEpochError:
                assert self.mesh.cluster.writes == before

    @rule(lost=st.sampled_from(("before", "after")))
    def an_answer_is_lost(self, lost):
        self.mesh.cluster.lost = lost

    @rule(lost=st.sampled_from(("before", "after", "")), dies=st.integers(0, 9))
    def harm_in_the_worst_moment(self, lost, dies):
        """The write back is the one whose answer is lost, or in the midst of which the leader dies."""
        self.mesh.canary_bad, self.mesh.cluster.lost = 0.05, lost
        self.leader.dies_at = self.leader.boundaries + dies if dies else 0
        self.looks_often(3)

    @rule(weight=st.sampled_from((3, 40, 77)))
    def somebody_else_edits(self, weight):
        self.edits.add(Rule(weight))
        self.mesh.cluster.edit(Rule(weight))

    @rule(bad=st.sampled_from((0.001, 0.001, 0.05)))
    def the_canary_changes(self, bad):
        self.mesh.canary_bad = bad

    @rule(
        name=st.sampled_from(("source", "injected", "gates")),
        value=st.booleans(),
        share=st.sampled_from(("as_intended", "differs")),
    )
    def the_surroundings_change(self, name, value, share):
        setattr(self.mesh, name, value)
        self.mesh.share = share

    @rule(away=st.booleans(), may=st.sampled_from((True, True, False, None)), rate=st.sampled_from((0, 4000)))
    def the_cluster_changes(self, away, may, rate):
        self.mesh.cluster.away, self.mesh.cluster.may, self.mesh.rate = away, may, float(rate)

    @rule(hours=st.sampled_from((-1, 1)))
    def the_wall_clock_jumps(self, hours):
        self.mesh.shift += hours * 3600

    @precondition(lambda self: self.leader.state.begun)
    @rule(version=st.sampled_from(("canary", "baseline")), presence=st.sampled_from(("ready", "not_ready")))
    def pods_come_and_go(self, version, presence):
        setattr(self.mesh.cluster, version, presence)

    @invariant()
    def what_stands_is_a_steps_a_persons_or_somebody_elses(self):
        planned = {rule_of(self.spec, step) for step in range(len(self.spec.steps))}
        person = {steering(self.spec, weight) for weight in self.asked}
        ours = planned | person | {Rule(0), Rule(100)}
        # Somebody else's weights may be written again only by a person's resume, which writes ours.
        assert set(self.mesh.cluster.stood) <= ours
        assert self.mesh.cluster.rule in ours | self.edits

    @invariant()
    def a_refusal_says_why(self):
        assert all(len(words) > 10 for words in self.refusals)

    @invariant()
    def no_intent_is_written_twice(self):
        numbers = [number for number, _, _ in self.mesh.cluster.writes]
        assert len(set(numbers)) == len(numbers)

    @invariant()
    def going_back_is_one_write(self):
        back = [kind for _, kind, _ in self.mesh.cluster.writes if kind in KINDS_BACK]
        # Who aborts again, after somebody wrote over the write back, gets another one.
        assert len(back) <= 1 + self.retries + max(0, self.aborts - 1)

    @invariant()
    def the_record_is_true(self):
        database = self.mesh.database
        state = database.state
        if state.status in ENDED:
            assert database.kept[-1]["status"] == state.status
            assert database.told[-1].event == state.status
            assert state.intent is None
        if state.status in ("held", "paused"):
            assert state.why is not None
            assert state.why.words
        if state.status == "promoted":
            assert not state.harmed
        if state.status in ("rolled_back", "aborted") and state.begun:
            assert state.confirmed == Rule(0)

    def teardown(self):
        """Whatever was before: once all is well, an abort ends it, and the baseline has all requests."""
        if not hasattr(self, "mesh"):
            return
        cluster, mesh = self.mesh.cluster, self.mesh
        cluster.away, cluster.may, cluster.lost, self.leader.dies_at = False, True, "", 0
        ended_before = mesh.database.state.ended
        for _ in range(3):
            # A way back that somebody wrote over pauses; who aborts again gets it.
            self.does(lambda: self.leader.commands("abort"))
            mesh.passes()
            self.does(self.leader.looks)
        state = mesh.database.state
        assert state.ended
        if not ended_before and state.begun and cluster.writes:
            assert cluster.rule == Rule(0) or state.status == "promoted"


Rollouts.TestCase.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
TestRollouts = pytest.mark.timeout(300)(Rollouts.TestCase)
