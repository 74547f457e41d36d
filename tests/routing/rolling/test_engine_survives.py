"""What may befall an engine that does not die: another one beside it, a sleep, a clock that is set, and the
API server, the metrics or the database away for a minute, at any moment. The end is the same.
"""

from contextlib import contextmanager

import pytest
from django.db import connection as database

from tests.routing.rolling.stage import Boundaries, Outage, Played, assert_true, summary, written
from tests.routing.rolling.stories import STORIES, WANTED, harmful, healthy, steered

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(900)]
LOOKS = 18
MINUTE = 6


def calm(olga, story):
    """How it ends where nothing befalls it, at which look, and how many boundaries were passed."""
    play(Played(olga, WANTED), story)
    played = play(Played(olga, WANTED, boundaries=Boundaries()), story)
    assert played.state.ended
    return played


def play(played, story, looks=LOOKS, befalls=None):
    for look in range(looks):
        story(played)
        if befalls:
            befalls(played, look)
        played.looks()
        played.ended_at = look
        if played.boundaries.quiet() and played.state.ended:
            break
    played.engine.leading.release()
    return played


def assert_same(played, calm, *about):
    assert (summary(played), written(played)) == (summary(calm), written(calm)), about
    assert_true(played, 30)


@contextmanager
def api_server(played):
    played.mesh.cluster.away = True
    yield
    played.mesh.cluster.away = False


@contextmanager
def metrics(played):
    played.mesh.source = False
    yield
    played.mesh.source = True


@pytest.mark.parametrize("gone", [api_server, metrics])
@pytest.mark.parametrize("story", STORIES)
def test_what_is_away_for_a_minute_is_waited_for(olga, story, gone):
    expected = calm(olga, story)
    for moment in range(expected.ended_at + 1):

        def befalls(played, look, moment=moment):
            if look == moment:
                with gone(played):
                    played.looks(MINUTE)

        assert_same(play(Played(olga, WANTED), story, befalls=befalls), expected, moment)


@pytest.mark.parametrize("story", STORIES)
def test_a_database_that_is_away_for_a_minute_from_any_boundary_on_is_waited_for(olga, story):
    expected = calm(olga, story)
    for at in range(1, expected.boundaries.passed + 1):
        played = Played(olga, WANTED)
        played.driven_by(Outage(played.stage, at))
        play(played, lambda played: played.boundaries.quiet() and story(played), LOOKS + MINUTE)
        assert played.boundaries.until
        assert_same(played, expected, at)


@pytest.mark.parametrize("story", [healthy, harmful])
@pytest.mark.parametrize("hours", [-1, 1])
def test_a_wall_clock_that_is_set_by_an_hour_changes_nothing(olga, story, hours):
    expected = calm(olga, story)
    for moment in range(expected.ended_at + 1):

        def befalls(played, look, moment=moment):
            played.stage.shift += 3600 * hours * (look == moment)

        assert_same(play(Played(olga, WANTED), story, befalls=befalls), expected, moment)


@pytest.mark.parametrize("story", STORIES)
def test_of_two_engines_at_once_one_drives(olga, story):
    expected = calm(olga, story)
    played = Played(olga, WANTED)
    other = played.stage.engine()

    def befalls(_played, look):
        # Now the one, now the other looks first; the second one sees who leads.
        if look % 2:
            other.tick()

    def beside(played):
        story(played)
        other.tick()

    assert_same(play(played, beside, befalls=befalls), expected)
    assert not other.leading.acts or not played.engine.leading.acts


class Sleeps(Boundaries):
    """At a boundary the leader is stopped for a minute, and another one takes over meanwhile."""

    def __init__(self, played, story, at):
        super().__init__(at, self.sleeps)
        self.played, self.story, self.other, self.seconds = played, story, None, 0

    def sleeps(self, _where):
        if database.in_atomic_block:
            # Who sleeps in a transaction has others wait for him: nobody can take over.
            return
        stage, self.other = self.played.stage, self.played.stage.engine()
        for _ in range(MINUTE):
            self.story(self.played)
            self.other.tick()
            stage.passes(10.0)
        self.seconds = 60


@pytest.mark.parametrize("story", [healthy, harmful, steered])
def test_a_leader_that_slept_for_a_minute_never_writes_again(olga, story):
    expected = calm(olga, story)
    slept = 0
    for at in range(1, expected.boundaries.passed + 1):
        played = Played(olga, WANTED)
        sleeps = Sleeps(played, story, at)
        played.driven_by(sleeps)
        for _ in range(LOOKS + 6):
            story(played)
            played.looks()
            if sleeps.other is not None:
                assert not played.engine.leading.acts, at
                sleeps.other.tick()
            if played.state.ended:
                break
        (sleeps.other or played.engine).leading.release()
        slept += sleeps.seconds > 0
        assert_same(played, expected, at)
    assert slept > 20
