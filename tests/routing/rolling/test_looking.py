"""What a rollout sees of the traffic."""

from dataclasses import replace

import pytest

from routing.rolling.mesh.figures import Figures
from routing.rolling.mesh.looking import Watcher
from routing.rolling.mesh.sharing import margin, seconds_to_verify
from routing.rollouts.judge import Look
from routing.rollouts.spec import Errors, Latency, Promql, Strategy
from routing.rollouts.states import Rule, State
from routing.sample_ratio import Range, enough
from telemetry.instant import QueryError
from tests.routing.rolling.watching import Mesh, at, counts, driven, reviews, times, weighted, world
from tests.routing.rollouts.specs import spec


@pytest.fixture
def mesh():
    return Mesh()


def watcher(mesh, ask=None):
    return Watcher(lambda _: mesh.traffic, mesh, Figures(ask or (lambda *_: {})))


def looks(mesh, watching, state, asked=None, weight=None, **more):
    weight = state.wanted.weight if weight is None else weight
    return watching.look(driven(state, asked, **more), world(weight), mesh.now(), 1)


async def begun(mesh, watching, state, **more):
    """The first look, with which counting begins."""
    looks(mesh, watching, state, **more)
    await mesh.reads()
    return replace(state, cursor=looks(mesh, watching, state, **more)[0].cursor)


async def test_looks_are_disjoint_and_complete(mesh):
    watching = watcher(mesh)
    state = await begun(mesh, watching, at(25))
    found = []
    for seconds in (1, 3, 2):
        await mesh.steadily(seconds, v1=30, v3=10, v3_bad=1)
        observed, _ = looks(mesh, watching, state)
        state = replace(state, cursor=observed.cursor)
        found.append(observed.looks["errors"])
    assert found == [Look(30.0 * n, 0.0, 10.0 * n, 1.0 * n) for n in (1, 3, 2)]


async def test_a_look_whose_state_was_not_saved_is_looked_again_whole(mesh):
    watching = watcher(mesh)
    state = await begun(mesh, watching, at(25))
    await mesh.steadily(2, v1=30, v3=10)
    lost, _ = looks(mesh, watching, state)
    await mesh.steadily(1, v1=30, v3=10)
    again, _ = looks(mesh, watching, state)
    assert (lost.requests, again.requests) == (20, 30)


async def test_without_a_new_reading_there_is_nothing_new(mesh):
    watching = watcher(mesh)
    state = await begun(mesh, watching, at(25))
    observed, sample = looks(mesh, watching, state)
    assert (observed.cursor, observed.requests, observed.source) == (state.cursor, 0, True)
    assert (sample.canary_rate, sample.canary_bad) == (None, None)


async def test_a_source_that_is_away_is_said_to_be_and_what_it_missed_is_counted_later(mesh):
    watching = watcher(mesh)
    state = await begun(mesh, watching, at(25))
    await mesh.reads(*counts(v1=30, v3=10))
    await mesh.reads(answers=False)
    away, missed = looks(mesh, watching, state)
    assert (away.source, away.looks, away.cursor) == (False, {}, state.cursor)
    assert away.share == "not_measured"
    assert (missed.canary_rate, missed.observed, missed.configured) == (None, None, 0.25)
    await mesh.reads(*counts(v1=90, v3=30), seconds=3)
    back, _ = looks(mesh, watching, state)
    assert (back.source, back.requests) == (True, 40)


async def test_slow_requests_are_those_above_the_smallest_edge_that_is_not_below_the_objective(mesh):
    asked = reviews(guards=(Errors(), Latency(objective_ms=200)))
    watching = watcher(mesh)
    state = await begun(mesh, watching, at(25), asked=asked)
    await mesh.reads(*counts(v1=30, v3=10), times=[times("v1", 30, 3), times("v3", 10, 5)])
    observed, sample = looks(mesh, watching, state, asked)
    assert observed.looks["latency"] == Look(30, 3, 10, 5)
    assert sample.share["edge_ms"] == 500


async def test_an_objective_above_all_edges_is_no_evidence_that_all_is_fast(mesh):
    asked = reviews(guards=(Latency(objective_ms=501),))
    watching = watcher(mesh)
    state = await begun(mesh, watching, at(25), asked=asked)
    await mesh.reads(*counts(v1=30, v3=10), times=[times("v1", 30, 3)])
    observed, sample = looks(mesh, watching, state, asked)
    assert (observed.looks, sample.share["edge_ms"]) == ({}, None)


async def test_the_share_of_a_step_is_verified_from_five_seconds_after_its_write_on(mesh):
    mesh.standing = weighted(5)
    watching = watcher(mesh)
    state = await begun(mesh, watching, at(5))
    landed = mesh.time
    # Late proxies send all to the baseline still.
    await mesh.steadily(5, v1=400)
    early, _ = looks(mesh, watching, state, counted_from=landed)
    assert (early.share, early.share_of) == ("not_yet_known", 1)
    await mesh.steadily(1, v1=190, v3=10)
    almost, _ = looks(mesh, watching, state, counted_from=landed)
    assert almost.share == "not_yet_known"
    await mesh.steadily(1, v1=190, v3=10)
    found, sample = looks(mesh, watching, state, counted_from=landed)
    assert found.share == "as_intended"
    assert sample.observed == pytest.approx(20 / 400)
    assert sample.configured == 0.05
    assert sample.share["sentence"].startswith("Traffic follows the weights")


async def test_another_split_than_written_differs(mesh):
    mesh.standing = weighted(5)
    watching = watcher(mesh)
    state = await begun(mesh, watching, at(5))
    landed = mesh.time
    await mesh.steadily(12, v1=50, v3=50)
    found, sample = looks(mesh, watching, state, counted_from=landed)
    assert found.share == "differs"
    assert sample.share["diagnosis"]


async def test_a_canary_without_a_request_has_no_verified_share(mesh):
    mesh.standing = weighted(1)
    watching = watcher(mesh)
    state = await begun(mesh, watching, at(1))
    landed = mesh.time
    await mesh.steadily(5)
    await mesh.steadily(1, v1=720)
    found, _ = looks(mesh, watching, state, counted_from=landed)
    assert found.share == "not_yet_known"


async def test_a_weight_of_nought_is_verified_too(mesh):
    mesh.standing = weighted(0)
    watching = watcher(mesh)
    state = await begun(mesh, watching, at(0))
    landed = mesh.time
    await mesh.steadily(5)
    await mesh.steadily(2, v1=200)
    found, _ = looks(mesh, watching, state, counted_from=landed)
    assert found.share == "as_intended"


@pytest.mark.parametrize("rule", [Rule(0, mirror=True), Rule(25, match=True)])
async def test_nothing_measures_copies_and_those_with_a_header(mesh, rule):
    watching = watcher(mesh)
    state = await begun(mesh, watching, replace(at(25), wanted=rule, confirmed=rule))
    await mesh.steadily(12, v1=100, v3=100)
    found, sample = looks(mesh, watching, state, counted_from=mesh.time - 12)
    assert found.share == "not_measured"
    assert sample.share["verdict"] == "not_measured"


async def test_a_clock_that_was_set_back_an_hour_does_not_stop_the_verification(mesh):
    mesh.standing = weighted(50)
    watching = watcher(mesh)
    state = await begun(mesh, watching, at(50))
    mesh.time -= 3600
    await mesh.steadily(1)
    moved, _ = looks(mesh, watching, state)
    assert moved.cursor > state.cursor
    state = replace(state, cursor=moved.cursor, written=2)
    landed = mesh.time
    looks(mesh, watching, state, counted_from=landed)
    await mesh.steadily(20, v1=50, v3=50)
    found, _ = looks(mesh, watching, state, counted_from=landed)
    assert (found.share, found.requests) == ("as_intended", 1000)


async def test_a_process_whose_clock_is_behind_goes_on_from_the_cursor_of_the_one_before(mesh):
    watching = watcher(mesh)
    ahead = replace(at(25), cursor=mesh.time + 3600)
    looks(mesh, watching, ahead)
    await mesh.steadily(4, v1=30, v3=10)
    first, _ = looks(mesh, watching, ahead)
    assert first.cursor > ahead.cursor
    assert first.requests == 30
    await mesh.steadily(1, v1=30, v3=10)
    assert looks(mesh, watching, replace(ahead, cursor=first.cursor))[0].requests == 10


async def test_guards_by_query_have_their_values_or_none(mesh):
    asked = reviews(guards=(Errors(), Promql("cpu", "sum(cpu)", most=1), Promql("none", "none()", most=1)))
    found = {"sum(cpu)": 0.5, "none()": QueryError("none", "nothing")}
    observed, _ = looks(mesh, watcher(mesh, lambda *_: found), at(25), asked)
    assert observed.values == {"cpu": 0.5, "none": None}


def test_a_prometheus_that_does_not_answer_is_left_alone_for_a_while():
    asked, clock = [], [0.0]

    def ask(cluster, queries, seconds):
        asked.append(seconds)
        return dict.fromkeys(queries, QueryError("away", "No answer."))

    figures = Figures(ask, lambda: clock[0])
    guards = {"cpu": Promql("cpu", "cpu", most=1)}
    for now in (0.0, 5.0, 9.9, 10.0):
        clock[0] = now
        assert figures.values("default", guards) == {"cpu": None}
    assert asked == [3.0, 3.0]


async def test_a_fault_on_the_route_that_all_take_is_told(mesh):
    mesh.standing = replace(weighted(25), injected=True)
    watching = watcher(mesh)
    assert looks(mesh, watching, at(25))[0].injected


async def test_before_anything_was_written_there_is_no_share(mesh):
    watching = watcher(mesh)
    found, sample = looks(mesh, watching, State(), weight=-1)
    assert (found.share, found.share_of, sample.configured) == ("not_yet_known", 0, None)


@pytest.mark.parametrize(
    ("weight", "requests"),
    [(0, 320), (1, 706), (2, 1057), (5, 370), (10, 157), (25, 259), (50, 298), (90, 157), (100, 320)],
)
def test_what_it_takes_to_verify_a_share(weight, requests):
    expected = {name: Range(each / 100, each / 100) for name, each in (("v1", 100 - weight), ("v3", weight))}
    assert enough(expected, margin) == requests


@pytest.mark.parametrize(
    ("kind", "weight", "per_second", "seconds"),
    [
        ("weighted", 5, 20.0, 5 + 370 / 20),
        ("weighted", 5, 0.0, 0),
        ("header", 5, 20.0, 0),
        ("mirror", 0, 20.0, 0),
    ],
)
def test_how_long_it_takes_to_verify_a_share_hangs_on_the_traffic(kind, weight, per_second, seconds):
    wanted = spec(strategy=Strategy(kind, "a", "b"))
    assert seconds_to_verify(wanted, weight, per_second) == pytest.approx(seconds)
