"""Figures over time are made of readings in which everything counts."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from telemetry import figures
from telemetry.figures import MAX_CODES
from telemetry.samples import DurationRate, Samples, VolumeRate
from tests.telemetry.builders import durations, labels, rate

CALL = labels()


def at(second, *rates, **rest):
    return Samples(1000.0 + second, 10.0, tuple(rates), **rest)


def test_of_no_readings_there_are_no_figures():
    found = figures.of(())
    assert (found.t, found.codes, found.heat.edges_ms, found.empty) == ([], {}, [], True)


def test_each_code_has_a_value_at_each_moment():
    found = figures.of((at(0, rate(CALL, 1.0)), at(5, rate(CALL, 2.0, "404")), at(10)))
    assert found.codes == {"200": [1, 0, 0], "404": [0, 2, 0]}
    assert found.requests == [1, 2, 0]


def test_no_response_and_a_grpc_status_are_codes_of_their_own_and_errors():
    found = figures.of(
        (at(0, rate(CALL, 1.0, "0", "DC"), rate(CALL, 2.0, "200", "", "14"), rate(CALL, 4.0)),)
    )
    assert found.codes == {"-": [1], "200": [4], "grpc 14": [2]}
    assert found.errors == [3]


def test_an_injected_abort_is_an_error_whatever_its_code():
    assert figures.of((at(0, rate(CALL, 1.0, "418", "FI")),)).errors == [1]


def test_codes_beyond_a_bound_are_summed_up():
    rates = [rate(CALL, 1.0 + number, f"{number}") for number in range(100, 200)]
    found = figures.of((at(0, *rates),))
    assert len(found.codes) == MAX_CODES + 1
    assert found.codes["199"] == [200]
    assert sum(found.requests) == figures.short(sum(each.requests_per_second for each in rates))


def test_without_histograms_latency_is_unknown():
    found = figures.of((at(0, rate(CALL, 1.0)), at(5, durations=(durations(CALL, 0, 0, 0, 0, 4, 4),))))
    assert (found.p50, found.p99[0]) == ([None, 75], None)
    assert [row[0] for row in found.heat.per_second] == [0] * 6


def test_histograms_of_one_moment_are_added_up():
    one, other = durations(CALL, 0, 2, 2, 2, 2, 2), durations(CALL, 0, 0, 0, 2, 2, 2)
    heat = figures.of((at(0, durations=(one, other)),)).heat
    assert heat.edges_ms == [1, 5, 10, 50, 100, None]
    assert heat.per_second == [[0], [2], [0], [2], [0], [0]]


def test_bytes_are_told_for_each_way():
    moved = (VolumeRate(CALL, 10.0, 200.0), VolumeRate(CALL, 5.0))
    found = figures.of((at(0, volumes=moved), at(5)))
    assert (found.sent_bytes, found.received_bytes, found.empty) == ([15, 0], [200, 0], False)


@settings(deadline=None)
@given(st.lists(st.lists(st.floats(0, 1e3), min_size=4, max_size=4), min_size=1, max_size=5))
def test_the_heat_of_a_moment_adds_up_to_its_requests(moments):
    edges = (1.0, 10.0, 100.0, math.inf)
    readings = []
    for number, increments in enumerate(moments):
        counts = [sum(increments[: each + 1]) for each in range(4)]
        buckets = tuple(zip(edges, counts, strict=True))
        readings.append(at(number, durations=(DurationRate(CALL, buckets),)))
    heat = figures.of(tuple(readings)).heat
    for number, increments in enumerate(moments):
        column = [row[number] for row in heat.per_second]
        assert math.isclose(sum(column), sum(increments), rel_tol=0.002, abs_tol=1e-9)
        assert min(column) >= 0
