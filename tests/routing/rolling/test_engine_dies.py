"""The process dies at every boundary of a rollout, and another one goes on with what it left.

boundaries    before each statement that writes to the database; before and after each call to the cluster
              that changes something, and each question to a gate
afterwards    the same end, the same writes, none twice; the record says what was written
"""

import pytest

from routing.models import RolloutCommand
from routing.rollouts.spec import Gate, Step, Told
from tests.routing.rolling.stage import Boundaries, Played, assert_true, summary, written
from tests.routing.rollouts.specs import spec

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(600)]
LOOKS = 18
GATES = (Gate("before_weight", "https://gate.example"), Gate("after_end", "https://gate.example"))
WANTED = spec(
    (Step(5, 10), Step(50, 20), Step(100, 10)), notify=(Told("https://told.example"),), gates=GATES
)  # fmt: skip


def healthy(_played):
    """Nothing happens."""


def harmful(played):
    if played.state.step == 1:
        played.mesh.canary_bad = 0.2


def losing(played):
    """Answers of two writes are lost: of one that was not done, and of one that was."""
    if played.state.clock.counted >= 10:
        played.mesh.cluster.lost = {0: "before", 1: "after"}.get(played.state.step, "")


def aborted(played):
    if played.state.step == 1:
        played.command("abort", key="abort")


def steered(played):
    handled = played.row.commands.exclude(handled_at=None).count()
    if played.state.step == 1 and not handled:
        played.command("set_weight", 30, key="weight")
    if handled == 1:
        played.command("resume", key="resume")


STORIES = [healthy, harmful, losing, aborted, steered]


def play(olga, story, dies_at=0):
    played = Played(olga, WANTED, boundaries=Boundaries(dies_at))
    for _ in range(LOOKS):
        story(played)
        played.looks()
    played.engine.leading.release()
    return played


@pytest.mark.parametrize("story", STORIES)
def test_dying_at_any_boundary_changes_nothing_in_the_end(olga, story):
    play(olga, story)
    calm = play(olga, story)
    assert calm.state.ended
    assert_true(calm, 30)
    assert calm.boundaries.passed > 50
    for dies_at in range(1, calm.boundaries.passed + 1):
        played = play(olga, story, dies_at)
        assert played.deaths == 1
        assert (summary(played), written(played)) == (summary(calm), written(calm)), dies_at
        assert_true(played, 30)
        assert not RolloutCommand.objects.filter(handled_at=None).exists()
        assert told(played) == told(calm), dies_at


def told(played):
    """What people were told, but for a write in doubt."""
    events = [each.event for each in played.row.messages.order_by("pk")]
    # One whose answer was lost with the process is in nobody's memory.
    return [event for event in events if event not in ("held", "running")]
