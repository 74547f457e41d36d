"""Anything in any order: engines, their cluster, people, outages and deaths, driven by hypothesis.

The engine, its reader and its writer are the real ones, and so is the database; the cluster is the fake one.
"""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from cluster.errors import Unavailable
from routing.models import (
    Change,
    Leadership,
    Plan,
    Rollout,
    RolloutCommand,
    RolloutEvent,
    RolloutMessage,
)  # fmt: skip
from routing.rollouts.inputs import COMMANDS, RefusedError
from routing.rollouts.spec import Step
from tests.people import person
from tests.routing.rolling.on_cluster import OnCluster, bookinfo_cluster, reviews
from tests.routing.rolling.stage import Boundaries, Outage
from tests.routing.stage import REVIEWS

STEPS = (Step(10, 10), Step(50, 10), Step(100, 10))


class Rollouts(RuleBasedStateMachine):
    """`allowed`: the weights that may stand; `rivals`: leaders that were overtaken."""

    @initialize(on_harm=st.sampled_from(("rollback", "hold")))
    def begins(self, on_harm):
        for model in (RolloutMessage, RolloutEvent, RolloutCommand, Rollout, Change, Plan, Leadership):
            model.objects.all().delete()
        self.olga = _olga()
        self.staged = bookinfo_cluster()
        self.cluster = self.staged.__enter__()
        self.played = OnCluster(self.olga, self.cluster, reviews(STEPS, on_harm=on_harm))
        self.before = self.played.virtual_service()
        self.allowed = {0, 10, 50, 100}
        self.rivals = []
        self.edited = False

    @rule(seconds=st.sampled_from((1, 10, 10, 40)))
    def looks(self, seconds):
        self.played.looks(float(seconds))
        if not isinstance(self.played.boundaries, Outage) or self.played.boundaries.quiet():
            self.played.boundaries = Boundaries()

    @rule(times=st.integers(2, 6))
    def goes_on(self, times):
        for _ in range(times):
            self.looks(10)

    @rule(name=st.sampled_from(COMMANDS), weight=st.integers(0, 100), twice=st.booleans())
    def somebody_commands(self, name, weight, twice):
        if name == "set_weight":
            self.allowed.add(weight)
        key = f"key {len(self.allowed)} {name} {weight}"
        for _ in range(1 + twice):
            try:
                self.played.command(name, weight if name == "set_weight" else None, key)
            except RefusedError:
                return

    @rule(at=st.integers(1, 60))
    def the_leader_will_die(self, at):
        self.played.boundaries = Boundaries(at)

    @rule(at=st.integers(1, 30))
    def the_database_goes_away(self, at):
        self.played.boundaries = Outage(self.played.stage, at)

    @rule()
    def another_takes_over(self):
        """The leader only seems to be gone: he goes on beside the other one."""
        self.rivals.append(self.played.engine)
        self.played.follows()

    @rule()
    def an_overtaken_leader_goes_on(self):
        if not self.rivals:
            return
        self.played.looks(1.0)
        before = list(self.cluster.calls)
        if self.played.engine.leading.acts:
            self.rivals[0].tick()
            assert [
                call for call in self.cluster.calls[len(before) :] if call[0] in ("replace", "create")
            ] == []

    @rule(after=st.booleans())
    def an_answer_is_lost(self, after):
        self.cluster.fail_next("replace", Unavailable("no answer"), after=after)

    @rule(weight=st.sampled_from((7, 33)))
    def somebody_else_edits(self, weight):
        self.allowed.add(weight)
        self.edited = True

        def edits(manifest):
            routes = manifest["spec"]["http"][-1]["route"]
            if len(routes) == 2:
                routes[0]["weight"], routes[1]["weight"] = 100 - weight, weight

        self.cluster.edit(REVIEWS, edits)

    @rule(away=st.booleans(), source=st.booleans(), bad=st.sampled_from((0.001, 0.001, 0.3)))
    def the_surroundings_change(self, away, source, bad):
        self.cluster.away = away
        self.played.mesh.source, self.played.mesh.canary_bad = source, bad

    @rule(hours=st.sampled_from((-1, 1)))
    def the_wall_clock_is_set(self, hours):
        self.played.stage.shift += 3600 * hours

    @invariant()
    def what_stands_is_a_steps_a_persons_or_somebody_elses(self):
        if hasattr(self, "played"):
            assert self.played.weight in self.allowed

    @invariant()
    def what_is_somebody_elses_stays(self):
        if hasattr(self, "played"):
            assert self.played.virtual_service() == self.before

    @invariant()
    def the_record_is_true(self):
        if not hasattr(self, "played"):
            return
        row, state = self.played.fresh, self.played.state
        assert (row.status, row.step) == (state.status, state.step)
        assert (row.occupies is None) == state.ended == (row.finished_at is not None)
        if state.ended:
            assert state.intent is None
            assert row.events.filter(kind="card").order_by("pk").last().data["status"] == state.status
        if state.status in ("held", "paused"):
            assert row.why["words"]
        told = row.events.filter(kind="write", code__in=("done", "found")).order_by("pk")
        intents = [each.data["intent"] for each in told]
        assert intents == sorted(set(intents))

    def teardown(self):
        """Whatever was before: once all is well, what was written is known, and an abort ends it."""
        if not hasattr(self, "played"):
            return
        played, self.cluster.away = self.played, False
        played.boundaries = Boundaries()
        self.cluster._state._failures.clear()
        try:
            self.ends(played)
        finally:
            self.staged.__exit__(None, None, None)

    def ends(self, played):
        played.stage.passes(70.0)
        # Commands that waited are done one after the other, each after the write of the one before.
        for _ in range(10):
            played.looks()
        state = played.state
        # A write that stands is not taken for one that was not done.
        assert state.intent is None or played.weight != state.intent.rule.weight
        assert not RolloutCommand.objects.filter(handled_at=None).exists()
        # A way back that somebody wrote over is found out at the next look; who aborts again gets it.
        for _ in range(4):
            if not played.state.ended:
                played.command("abort")
                played.looks()
                played.looks()
        assert played.state.ended, (played.state, [str(each.words) for each in played.row.events.all()][-20:])
        if played.state.status != "promoted" and not self.edited:
            assert played.weight == 0


def _olga():
    from django.contrib.auth.models import User

    return User.objects.filter(username="olga").first() or person("olga")


Rollouts.TestCase.settings = settings(
    max_examples=12, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)


@pytest.mark.django_db(transaction=True)
@pytest.mark.timeout(900)
class TestRollouts(Rollouts.TestCase):
    """All of it."""

    @pytest.fixture(autouse=True)
    def _without_waiting(self, settings):
        settings.ROUTING_SETTLE_SECONDS = 0
