"""The engine with its real reader and writer dies at every boundary: also within the plan that it applies."""

import pytest

from routing.models import Change
from tests.routing.rolling.on_cluster import OnCluster, bookinfo_cluster
from tests.routing.rolling.stage import Boundaries

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(900)]


@pytest.fixture(autouse=True)
def _without_waiting(settings):
    settings.ROUTING_SETTLE_SECONDS = 0


def healthy(_played):
    """Nothing happens."""


def harmful(played):
    """The canary fails where it gets anything."""
    played.mesh.canary_bad = 0.3 if played.weight else 0.001


def play(olga, story, dies_at=0):
    with bookinfo_cluster() as cluster:
        played = OnCluster(olga, cluster)
        before = played.virtual_service()
        played.boundaries = Boundaries(dies_at)
        counted = played.boundaries
        seen = played.goes(story)
        played.passed = counted.passed
        # Its own route is gone at the end, and everybody else's is there as it was.
        assert played.virtual_service() == before
        return played, seen


@pytest.mark.parametrize("story", [healthy, harmful])
def test_dying_at_any_boundary_changes_nothing_in_the_end(olga, story):
    play(olga, story)
    calm, seen = play(olga, story)
    assert calm.state.ended
    assert set(seen) <= {0, 25, 100}
    total = calm.passed
    assert total > 30
    for dies_at in range(1, total + 1):
        played, weights = play(olga, story, dies_at)
        assert played.deaths == 1, dies_at
        about = (played.state.status, played.weight, played.state.why)
        assert about == (calm.state.status, calm.weight, calm.state.why), dies_at
        assert set(weights) <= {0, 25, 100}, dies_at
        assert_recorded(played)


def assert_recorded(played):
    """The log tells of each weight that stood, in order; each change in it is one of the routing app's."""
    told = played.row.events.filter(kind="write", code__in=("done", "found")).order_by("pk")
    intents = [each.data["intent"] for each in told]
    assert intents == sorted(set(intents))
    for event in told.exclude(change=None):
        assert Change.objects.get(pk=event.change_id).state == "applied"
