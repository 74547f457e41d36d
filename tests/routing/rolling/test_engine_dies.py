"""The process dies at every boundary of a rollout, and another one goes on with what it left.

boundaries    before each statement that writes to the database; before and after each call to the cluster
              that changes something, and each question to a gate
afterwards    the same end, the same writes, none twice; the record says what was written
"""

import pytest

from routing.models import RolloutCommand
from tests.routing.rolling.stage import Boundaries, Played, assert_true, summary, written
from tests.routing.rolling.stories import STORIES, WANTED

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(600)]
LOOKS = 18


def play(olga, story, dies_at=0):
    played = Played(olga, WANTED, boundaries=Boundaries(dies_at))
    for _ in range(LOOKS):
        story(played)
        played.looks()
        if played.state.ended:
            break
    played.engine.leading.release()
    return played


@pytest.mark.parametrize("story", STORIES)
def test_dying_at_any_boundary_changes_nothing_in_the_end(olga, story):
    play(olga, story)
    calm = play(olga, story)
    assert calm.state.ended
    assert_true(calm, 30)
    assert calm.boundaries.passed > 40
    for dies_at in range(1, calm.boundaries.passed + 1):
        played = play(olga, story, dies_at)
        assert played.deaths == 1
        assert (summary(played), written(played)) == (summary(calm), written(calm)), dies_at
        assert_true(played, 30)
        assert not RolloutCommand.objects.filter(handled_at=None).exists()
        assert told(played) == told(calm), dies_at
        assert played.row.events.filter(code="after_end_opened").count() == 1, dies_at


def told(played):
    """What people were told, but for a write in doubt."""
    events = [each.event for each in played.row.messages.order_by("pk")]
    # One whose answer was lost with the process is in nobody's memory.
    return [event for event in events if event not in ("held", "running")]
