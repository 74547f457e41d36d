"""A leader that dies at any boundary, or is overtaken there by another: the same end, and no write twice."""

import pytest

from routing.rollouts.inputs import StaleEpochError
from routing.rollouts.states import Rule
from tests.routing.rollouts.driving import DiedError, Leader, Mesh
from tests.routing.rollouts.specs import spec

LOOKS = 24


def healthy(_mesh, _leader):
    """Nothing happens."""


def harmful(mesh, leader):
    if leader.state.step == 1:
        mesh.canary_bad = 0.05


def losing(mesh, leader):
    if leader.state.clock.counted >= 20:
        mesh.cluster.lost = {1: "before", 2: "after"}.get(leader.state.step, "")


def aborted(_mesh, leader):
    if leader.state.step == 1:
        leader.commands("abort", number=1)


def steered(_mesh, leader):
    """Commands of a person, one after the other."""
    handled = leader.mesh.database.handled
    if leader.state.step == 1 and not handled:
        leader.commands("set_weight", number=1, weight=30)
    elif handled == {1}:
        leader.commands("resume", number=2)
    elif handled == {1, 2} and leader.state.step == 2:
        leader.commands("step_back", number=3)


STORIES = [healthy, harmful, losing, aborted, steered]


def run(story, *, dies_at: int = 0, second: int = 0):
    """Drives a rollout through a story; the leader dies at a boundary, and its follower perhaps, too."""
    mesh = Mesh(spec())
    leader = Leader(mesh, 1, dies_at)
    total = 0
    for _ in range(LOOKS):
        while True:
            try:
                story(mesh, leader)
                leader.looks()
                break
            except DiedError:
                total += leader.boundaries
                leader = Leader(mesh, leader.epoch + 1, second if leader.epoch == 1 else 0)
        mesh.passes()
    return mesh, total + leader.boundaries


def summary(mesh):
    state = mesh.database.state
    return state.status, state.step, state.why, mesh.cluster.rule


def kinds(mesh):
    return [(kind, rule) for _, kind, rule in mesh.cluster.writes]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("story", STORIES)
def test_dying_at_any_boundary_changes_nothing_in_the_end(story):
    calm, boundaries = run(story)
    assert calm.database.state.ended
    assert boundaries > 20
    for dies_at in range(1, boundaries + 1):
        for second in (0, 1, 2, 3, 4) if dies_at % 6 == 0 else (0,):
            mesh, _ = run(story, dies_at=dies_at, second=second)
            assert summary(mesh) == summary(calm), (dies_at, second)
            assert kinds(mesh) == kinds(calm), (dies_at, second)
            numbers = [number for number, _, _ in mesh.cluster.writes]
            assert len(set(numbers)) == len(numbers)
            assert mesh.database.kept[-1]["status"] == mesh.database.state.status


class Sleeper(Leader):
    """Does not die at the boundary, but sleeps, while another leader takes over; then it goes on."""

    overtaken = None

    def dies(self):
        other = Leader(self.mesh, self.epoch + 1)
        for _ in range(3):
            other.looks()
            self.mesh.passes()
        self.overtaken = (self.mesh.database.text, list(self.mesh.cluster.writes))
        self.other = other


def looks_on(mesh, leader):
    """Whether it was refused as stale at some look."""
    for _ in range(LOOKS):
        try:
            leader.looks()
        except StaleEpochError:
            return True
        mesh.passes()
    return False


@pytest.mark.parametrize("canary_bad", [0.001, 0.05])
def test_a_leader_that_another_one_overtook_never_writes_again(canary_bad):
    slept = 0
    for dies_at in range(1, 45):
        mesh = Mesh(spec(), canary_bad=canary_bad)
        sleeper = Sleeper(mesh, 1, dies_at)
        refused = looks_on(mesh, sleeper)
        if sleeper.overtaken is None:
            continue
        assert refused, dies_at
        slept += 1
        assert (mesh.database.text, mesh.cluster.writes) == sleeper.overtaken, dies_at
        for _ in range(LOOKS):
            sleeper.other.looks()
            mesh.passes()
        assert mesh.cluster.rule == (Rule(100) if canary_bad < 0.01 else Rule(0))
        with pytest.raises(StaleEpochError):
            sleeper.commands("abort")
    assert slept > 5
