"""What the recorder gives back is what was seen."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import astuple

from telemetry import subjects
from telemetry.graph import GRAPH_TYPES
from telemetry.past import NoHistory
from telemetry.recorder import READINGS_PER_SEGMENT, Recorder
from telemetry.samples import Samples, VolumeRate
from tests.telemetry.builders import durations, labels, rate, samples
from tests.telemetry.graphs import build
from tests.telemetry.meshes import readings

NOW = 1_700_000_000.0
WEB = labels("web-v1", "api-v1")
OTHER = labels("web-v1", "db-v1")


def at(moment, *rates, **rest):
    return Samples(moment, 10.0, tuple(rates), **rest)


def recorded(*taken, **options):
    recorder = Recorder(**options)
    for each in taken:
        recorder.record(each)
    return recorder


def between(recorder, subject, since, until, step=5.0):
    return recorder.between(subject, since, until, step)


def close_to(value):
    return None if value is None else pytest.approx(value, rel=0.01)


def edge(source="web", target="api"):
    (found,) = subjects.of("app", f"app:bookinfo/{source}->app:bookinfo/{target}:http")
    return found


@settings(max_examples=60, deadline=None)
@given(reading=readings(), visible=st.none() | st.frozensets(st.sampled_from(["alpha", "beta"])))
def test_a_moment_becomes_the_graph_that_was_seen_then(reading, visible):
    recorder = Recorder()
    recorder.record(reading)
    again = recorder.at(reading.taken_at)
    assert again.requests == reading.requests
    assert (again.idle, again.shortfall, again.measured) == (
        reading.idle,
        reading.shortfall,
        reading.measured,
    )
    for graph_type in GRAPH_TYPES:
        before, after = (build(each, graph_type, visible=visible) for each in (reading, again))
        assert set(after.nodes) == set(before.nodes)
        assert set(after.edges) == set(before.edges)
        for edge_id, seen in before.edges.items():
            kept = after.edges[edge_id]
            assert kept.requests_per_second == pytest.approx(seen.requests_per_second, rel=0.01)
            assert (kept.health, kept.share is None) == (seen.health, seen.share is None)
            assert astuple(kept.latency_ms) == tuple(map(close_to, astuple(seen.latency_ms)))


@settings(deadline=None)
@given(st.lists(st.just(0.0) | st.floats(1e-3, 1e6), min_size=6, max_size=6))
def test_the_buckets_of_a_histogram_keep_their_part_of_the_sum(increments):
    counts = [sum(increments[: number + 1]) for number in range(6)]
    (kept,) = recorded(samples(durations=(durations(WEB, *counts),))).at(1000.0).durations
    assert [edge for edge, _ in kept.buckets] == [edge for edge, _ in durations(WEB, *counts).buckets]
    assert [count for _, count in kept.buckets] == pytest.approx(counts, rel=1e-6, abs=counts[-1] / 65535)


def test_counts_that_fall_from_one_bucket_to_the_next_are_lifted():
    (kept,) = recorded(samples(durations=(durations(WEB, 1, 3, 2, 4, 4, 4),))).at(1000.0).durations
    assert [count for _, count in kept.buckets] == pytest.approx([1, 3, 3, 4, 4, 4], rel=1e-3)


def test_bytes_messages_and_connections_are_kept():
    moved = VolumeRate(WEB, 1024.5, 2048.25, 3.0, 4.0, 0.5, 0.25)
    assert recorded(at(NOW, volumes=(moved,))).at(NOW).volumes == (moved,)


def test_a_report_that_another_one_is_believed_before_keeps_its_requests_and_no_histogram():
    heard = WEB._replace(reporter="destination")
    reading = at(
        NOW,
        rate(WEB, 1.0),
        rate(heard, 1.0),
        durations=(durations(WEB, 1, 1, 1, 1, 1, 1), durations(heard, 1, 1, 1, 1, 1, 1)),
    )
    kept = recorded(reading).at(NOW)
    assert (kept.requests, kept.durations) == (reading.requests, reading.durations[:1])


def test_one_reading_is_kept_of_every_five_seconds():
    recorder = recorded(*(at(NOW + second, rate(WEB, second)) for second in range(20)))
    assert len(recorder) == 4
    assert recorder.reach() == (NOW, NOW + 15, 5.0)


def test_a_reading_that_measures_nothing_yet_is_not_kept():
    assert recorded(at(NOW, measured=False)).reach() == (None, None, 5.0)


def test_a_moment_shows_the_reading_that_was_the_latest_one_then():
    recorder = recorded(at(NOW, rate(WEB, 1.0)), at(NOW + 5, rate(WEB, 2.0)))
    assert recorder.at(NOW + 4.9).taken_at == NOW
    assert recorder.at(NOW + 5).requests == (rate(WEB, 2.0),)
    assert recorder.at(NOW + 7).taken_at == NOW + 5


def test_before_the_first_reading_it_says_how_far_back_one_can_go():
    with pytest.raises(NoHistory, match=r"reaches from 2023-11-14T22:13:20Z to 2023-11-14T22:13:25Z"):
        recorded(at(NOW), at(NOW + 5)).at(NOW - 1)


def test_with_nothing_recorded_it_says_so():
    assert Recorder().reach() == (None, None, 5.0)
    with pytest.raises(NoHistory, match="Nothing has been recorded yet"):
        Recorder().at(NOW)
    with pytest.raises(NoHistory, match="Nothing has been recorded yet"):
        between(Recorder(), edge(), NOW, NOW + 60)


def test_a_gap_is_not_filled_with_what_was_before_it():
    recorder = recorded(at(NOW), at(NOW + 120))
    with pytest.raises(NoHistory, match="Nothing was read from 2023-11-14T22:13:20Z"):
        recorder.at(NOW + 60)
    assert recorder.at(NOW + 121).taken_at == NOW + 120


def test_an_hour_is_kept_and_no_more():
    recorder = recorded(*(at(NOW + 5 * number) for number in range(800)))
    assert recorder.reach() == (NOW + 5 * 79, NOW + 5 * 799, 5.0)
    with pytest.raises(NoHistory):
        recorder.at(NOW)


def test_beyond_its_bytes_the_oldest_go_and_the_reach_says_so():
    recorder = recorded(*(at(NOW + 5 * number, rate(WEB, number)) for number in range(300)), max_bytes=50_000)
    assert recorder.size_in_bytes <= 50_000
    earliest, latest, _ = recorder.reach()
    assert latest == NOW + 5 * 299
    assert earliest == latest - 5 * (len(recorder) - 1) > NOW
    assert recorder.at(earliest).taken_at == earliest


def test_the_newest_reading_is_kept_however_little_room_there_is():
    recorder = recorded(*(at(NOW + 5 * number, rate(WEB, 1.0)) for number in range(200)), max_bytes=1)
    assert len(recorder) == 1
    assert recorder.at(NOW + 995).requests == (rate(WEB, 1.0),)


def test_labels_that_are_gone_are_forgotten_with_their_readings():
    recorder = Recorder(keep_seconds=5 * READINGS_PER_SEGMENT)
    sizes = []
    for number in range(6 * READINGS_PER_SEGMENT):
        churning = labels("web-v1", f"api-v{number}")
        recorder.record(at(NOW + 5 * number, rate(churning, 1.0)))
        sizes.append(recorder.size_in_bytes)
    third, last = (max(sizes[n * READINGS_PER_SEGMENT : (n + 1) * READINGS_PER_SEGMENT]) for n in (2, 5))
    assert last < 1.1 * third


def test_a_clock_that_is_put_back_makes_void_what_it_has_not_reached():
    recorder = recorded(at(NOW), at(NOW + 5), at(NOW + 10), at(NOW + 2), at(NOW + 6, rate(WEB, 1.0)))
    assert recorder.reach() == (NOW, NOW + 6, 5.0)
    assert recorder.at(NOW + 6).requests == (rate(WEB, 1.0),)


def test_a_subject_is_given_without_what_belongs_to_others():
    recorder = recorded(at(NOW, rate(WEB, 1.0), rate(OTHER, 2.0), rate(WEB, 3.0, "503")))
    (reading,) = between(recorder, edge(), NOW, NOW + 5)
    assert reading.requests == (rate(WEB, 1.0), rate(WEB, 3.0, "503"))


def test_what_two_proxies_report_of_one_call_counts_once():
    heard = WEB._replace(reporter="destination")
    (reading,) = between(recorded(at(NOW, rate(heard, 1.0), rate(WEB, 1.0))), edge(), NOW, NOW + 5)
    assert reading.requests == (rate(WEB, 1.0),)


def test_a_subject_over_time_has_a_reading_for_each_step():
    recorder = recorded(*(at(NOW + 5 * number, rate(WEB, number)) for number in range(130)))
    found = between(recorder, edge(), NOW, NOW + 5 * 129)
    assert [each.requests[0].requests_per_second for each in found][:3] == [0.0, 1.0, 2.0]
    assert [after.taken_at - before.taken_at for before, after in pairwise(found)] == [5.0] * 129


def test_a_longer_step_shows_means():
    recorder = recorded(
        at(NOW, rate(WEB, 2.0), durations=(durations(WEB, 2, 2, 2, 2, 2, 2),)),
        at(NOW + 5, rate(WEB, 4.0), volumes=(VolumeRate(WEB, 10.0),)),
        at(NOW + 10, rate(WEB, 9.0)),
    )
    first, second = between(recorder, edge(), NOW, NOW + 20, 10.0)
    assert sum(each.requests_per_second for each in first.requests) == 3.0
    assert first.durations == (durations(WEB, 1, 1, 1, 1, 1, 1),)
    assert first.volumes == (VolumeRate(WEB, 5.0),)
    assert (first.taken_at, second.taken_at) == (NOW + 5, NOW + 10)


def test_a_step_without_traffic_is_there_and_empty_and_one_in_a_gap_is_not():
    recorder = recorded(at(NOW, rate(WEB, 1.0)), at(NOW + 5), at(NOW + 30, rate(WEB, 1.0)))
    found = between(recorder, edge(), NOW, NOW + 60)
    assert [(each.taken_at - NOW, len(each.requests)) for each in found] == [(0, 1), (5, 0), (30, 1)]


def test_however_fine_the_step_there_are_no_more_points_than_can_be_shown():
    recorder = recorded(*(at(NOW + 0.5 * number) for number in range(2000)), step_seconds=0.5)
    assert len(between(recorder, edge(), NOW, NOW + 1000, 0.01)) <= 720
