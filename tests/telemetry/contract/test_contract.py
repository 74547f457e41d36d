"""What every source of metrics owes the graph, whichever it is: the proxies themselves, or a Prometheus.

| Case | In the script |
|---|---|
| codes, flags, gRPC, reporters, clusters, TCP, bytes, messages | `steady`, all the time |
| a counter that is reset, a series that goes, one that comes | `steady`, at 12, 10 and 10 s |
| a proxy away for longer than the window, and for a moment | `away` from 8 to 17 s, `brief` for 0.9 s |
| one that answers late, with nothing of Istio's, with a web page | `late`, `empty`, `wrong` |
| an empty window | before the script begins |
| NaN, labels with everything in them, labels missing | `steady` |
"""

import math
from statistics import median

import pytest

from telemetry.quantiles import Histogram, quantiles
from telemetry.samples import EdgeLabels, Samples
from tests.telemetry.contract import mesh
from tests.telemetry.contract.scenario import Reading, Recording, play

pytestmark = pytest.mark.timeout(240)
# From when on the window holds nothing of the time before the script, and until its end.
STEADY = (7.0, 24.0)
RATIOS = (0.5, 0.95, 0.99)


@pytest.fixture(scope="module")
def recordings(tmp_path_factory) -> dict[str, Recording]:
    return play(tmp_path_factory.mktemp("prometheus"))


@pytest.fixture(params=["direct", "prometheus"])
def recording(request, recordings) -> Recording:
    return recordings[request.param]


def samples_of(reading: Reading) -> Samples:
    assert reading.samples is not None, reading.shortfall.told_to(None)
    return reading.samples


def rates(reading: Reading, of: EdgeLabels) -> dict[tuple[str, str, str], float]:
    """By code, flags and gRPC status."""
    return {
        (each.response_code, each.response_flags, each.grpc_response_status): each.requests_per_second
        for each in samples_of(reading).requests
        if each.labels == of
    }


def total(reading: Reading, of: EdgeLabels) -> float:
    return sum(rates(reading, of).values())


def usual(recording: Recording, of: EdgeLabels, since: float = STEADY[0], until: float = STEADY[1]) -> float:
    """The rate as it mostly is: a loaded machine may delay one reading or another."""
    return median(total(each, of) for each in recording.between(since, until))


def volume(reading: Reading, of: EdgeLabels) -> tuple[float, ...]:
    return next((each[1:] for each in samples_of(reading).volumes if each.labels == of), (0.0,) * 6)


def test_rates_are_told_by_code_and_flags(recording):
    found = [rates(each, mesh.PLAIN) for each in recording.between(*STEADY)]
    assert {frozenset(each) for each in found} == {frozenset({("200", "", ""), ("503", "UF,URX", "")})}
    assert median(each["200", "", ""] for each in found) == pytest.approx(10, rel=0.15)
    assert median(each["503", "UF,URX", ""] for each in found) == pytest.approx(2, rel=0.2)


def test_rates_are_told_by_the_status_of_grpc(recording):
    found = [rates(each, mesh.GRPC) for each in recording.between(*STEADY)]
    assert median(each["200", "", "14"] for each in found) == pytest.approx(3, rel=0.2)
    assert median(each["200", "", "0"] for each in found) == pytest.approx(6, rel=0.2)


@pytest.mark.parametrize(
    ("of", "rate"),
    [
        (mesh.SEEN_BY_B, 12),
        (mesh.BY_WAYPOINT, 9),
        (mesh.ABORTED, 3),
        (mesh.INGRESS, 7),
        (mesh.FAR, 5),
        (mesh.UNKNOWN, 6),
        (mesh.NASTY, 4),
        (mesh.BARE, 8),
        (mesh.LATE, 10),
    ],
    ids=["destination", "waypoint", "abort", "ingress", "clusters", "unknown", "nasty", "bare", "late"],
)
def test_every_report_is_told_with_all_its_labels(recording, of, rate):
    assert usual(recording, of) == pytest.approx(rate, rel=0.2)


def test_bytes_and_connections_of_tcp_are_told_from_the_callers_point_of_view(recording):
    found = [volume(each, mesh.TCP) for each in recording.between(*STEADY)]
    assert [median(each) for each in zip(*found, strict=True)] == pytest.approx(
        [1000, 50_000, 0, 0, 30, 20], rel=0.2
    )


def test_bytes_of_bodies_and_messages_are_told(recording):
    found = [volume(each, mesh.GRPC) for each in recording.between(*STEADY)]
    assert [median(each) for each in zip(*found, strict=True)] == pytest.approx(
        [400, 900, 20, 30, 0, 0], rel=0.2
    )


def test_latencies_are_told_as_quantiles(recording):
    every = (*mesh.EDGES, math.inf)
    exact = quantiles(RATIOS, Histogram(every, [min(1, edge / mesh.LATENCY_MS) for edge in every]))
    found = []
    for reading in recording.between(*STEADY):
        (buckets,) = (each.buckets for each in samples_of(reading).durations if each.labels == mesh.TIMED)
        edges, counts = zip(*buckets, strict=True)
        assert counts[-1] == pytest.approx(total(reading, mesh.TIMED), rel=0.1)
        found.append(quantiles(RATIOS, Histogram(edges, counts)))
    assert [median(each) for each in zip(*found, strict=True)] == pytest.approx(exact, rel=0.1)


def test_a_counter_that_is_reset_makes_no_hole_and_no_peak(recording):
    found = [total(each, mesh.RESET) for each in recording.between(*STEADY)]
    # What was counted between the last reading and the reset nobody can know: a second or two of five.
    assert min(found) > 20 * 0.5
    assert max(found) < 20 * 1.3
    assert median(found) == pytest.approx(20, rel=0.2)


def test_a_series_that_goes_is_gone_when_the_window_has_passed(recording):
    assert usual(recording, mesh.GONE, 7, 9.5) == pytest.approx(8, rel=0.3)
    late = recording.between(mesh.GONE_AT + 7, STEADY[1])
    assert {total(each, mesh.GONE) for each in late} == {0}


def test_a_series_that_comes_has_its_rate_when_the_window_has_passed(recording):
    assert {total(each, mesh.BORN) for each in recording.between(0, mesh.BORN_AT - 0.5)} == {0}
    assert usual(recording, mesh.BORN, mesh.BORN_AT + 7, STEADY[1]) == pytest.approx(8, rel=0.2)
    assert max(total(each, mesh.BORN) for each in recording.played) < 8 * 1.5


def test_a_proxy_that_is_away_is_not_shown_for_longer_than_the_window(recording):
    gone, back = mesh.AWAY
    assert usual(recording, mesh.GAP, 5, gone - 0.5) == pytest.approx(10, rel=0.3)
    assert {total(each, mesh.GAP) for each in recording.between(gone + 6, back - 0.5)} == {0}


def test_a_proxy_that_comes_back_makes_no_peak_of_what_it_counted_meanwhile(recording):
    back = mesh.AWAY[1]
    after = [total(each, mesh.GAP) for each in recording.between(back, STEADY[1])]
    assert max(after) < 10 * 1.4
    assert after[-1] == pytest.approx(10, rel=0.3)


def test_a_proxy_that_misses_a_moment_makes_no_hole_and_no_peak(recording):
    found = [total(each, mesh.BLINK) for each in recording.between(*STEADY)]
    assert min(found) > 10 * 0.6
    assert max(found) < 10 * 1.4


def test_a_value_that_is_no_number_is_left_out_and_what_stands_beside_it_is_not(recording):
    for reading in recording.between(*STEADY):
        assert set(rates(reading, mesh.WITH_NAN)) == {("500", "", "")}
    assert usual(recording, mesh.WITH_NAN) == pytest.approx(4, rel=0.2)


def test_nothing_is_told_twice_and_every_figure_is_a_number_above_0(recording):
    for reading in recording.played:
        samples = samples_of(reading)
        keys = [each._replace(requests_per_second=0) for each in samples.requests]
        assert len(keys) == len(set(keys))
        assert all(0 < each.requests_per_second < math.inf for each in samples.requests)
        assert all(0 <= figure < math.inf for each in samples.volumes for figure in each[1:])
        for duration in samples.durations:
            counts = [count for _, count in duration.buckets]
            assert counts == sorted(counts)
            assert 0 < counts[-1] < math.inf


def test_what_does_not_move_is_not_told(recording):
    for reading in recording.played:
        assert rates(reading, mesh.IDLE) == {}


def test_a_window_without_requests_is_empty_and_no_failure(recording):
    for reading in recording.between(-3, -0.5):
        samples = samples_of(reading)
        assert (samples.requests, samples.durations, samples.volumes) == ((), (), ())


def test_the_time_and_the_window_are_told(recording):
    for reading in recording.played:
        assert samples_of(reading).window_seconds == 5
    taken = [samples_of(each).taken_at for each in recording.played]
    assert taken == sorted(set(taken))


def test_without_its_proxies_nothing_old_is_shown_as_new(recording):
    last = recording.alone[-1]
    assert last.samples is None or last.samples.requests == ()
    assert last.shortfall.told_to(None)


def test_the_direct_source_names_the_proxy_that_cannot_be_read(recordings):
    for reading in recordings["direct"].between(*STEADY):
        reasons = {each.pod: each.reason for each in reading.shortfall.failures}
        assert reasons["wrong"] == "answered with something else than metrics"


def test_prometheus_without_proxies_says_that_what_it_shows_fades(recordings):
    said = [each.shortfall.told_to(frozenset()) for each in recordings["prometheus"].alone]
    assert any("Prometheus has no samples any more of any proxy" in each for each in said)
    assert said[-1] == "Prometheus has no samples of Istio's metrics from the last minutes."


def test_prometheus_itself_away_is_no_reading(recordings):
    away = recordings["prometheus"].away
    assert away.samples is None
    assert away.shortfall.told_to(frozenset()) == "Prometheus cannot be reached."


def test_prometheus_lacks_nothing_while_all_is_well(recordings):
    assert {each.shortfall.told_to(None) for each in recordings["prometheus"].between(*STEADY)} == {""}
