"""Numbered frames: old + delta = new, whatever changed; and their bytes."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry import frames
from telemetry.frames import SourceState
from telemetry.snapshot import BaseMismatchError, Snapshot, View, delta, patch
from tests.telemetry.builders import labels, rate, samples
from tests.telemetry.graphs import build

VIEW = View("versioned_app", ("bookinfo",))
WORKLOADS = ["productpage-v1", "reviews-v1", "reviews-v2", "reviews-v3", "ratings-v1"]
SOURCE = SourceState("direct", "ok", 10.0, taken_at=1000.5)

traffic = st.lists(
    st.builds(
        lambda source, target, rps, code: rate(labels(source, target), rps, code),
        st.sampled_from(WORKLOADS),
        st.sampled_from(WORKLOADS),
        st.floats(0.01, 100),
        st.sampled_from(["200", "500"]),
    ),
    max_size=12,
)


def snapshot(seq, rates):
    return Snapshot.of(seq, 1000.0 + seq, VIEW, build(samples(*rates), VIEW.graph_type, VIEW.namespaces))


@given(traffic, traffic)
def test_the_old_snapshot_and_the_delta_make_the_new_one(before, after):
    old, new = snapshot(1, before), snapshot(2, after)
    assert patch(old, delta(old, new)) == new


@given(traffic)
def test_a_delta_of_a_snapshot_to_itself_is_empty(rates):
    same = snapshot(1, rates)
    assert delta(same, same).empty
    assert patch(same, delta(same, same)) == same


@given(traffic, traffic)
def test_a_delta_names_only_what_changed(before, after):
    old, new = snapshot(1, before), snapshot(2, after)
    change = delta(old, new)
    assert all(old.edges.get(edge.id) != edge for edge in change.edges.set)
    assert set(change.edges.remove) == old.edges.keys() - new.edges.keys()


def test_a_delta_does_not_fit_another_snapshot_than_its_base():
    old, new = snapshot(1, []), snapshot(2, [])
    with pytest.raises(BaseMismatchError, match="starts at 1, but the snapshot is 2"):
        patch(new, delta(old, new))


def test_a_delta_between_two_views_is_refused():
    other = Snapshot.of(2, 1.0, View("app"), build(samples(), "app"))
    with pytest.raises(ValueError, match="same view"):
        delta(snapshot(1, []), other)


def test_the_full_frame_has_the_agreed_shape():
    frame = json.loads(frames.full(snapshot(12, [rate(labels(), 2)]), SOURCE, 1.0))
    assert frame.keys() == {
        "type", "seq", "taken_at", "graph_type", "namespaces", "source", "tick_seconds", "nodes", "edges",
        "notice", "folded", "left_out",
    }  # fmt: skip
    assert (frame["type"], frame["seq"], frame["taken_at"]) == ("full", 12, "1970-01-01T00:16:52.000Z")
    assert frame["source"] == {
        "name": "direct", "state": "ok", "since": None, "message": "", "taken_at": "1970-01-01T00:16:40.500Z",
        "window_seconds": 10.0,
    }  # fmt: skip
    assert frame["edges"][0] == {
        "id": "app:bookinfo/productpage/v1->app:bookinfo/reviews/v1:http",
        "source": "app:bookinfo/productpage/v1",
        "target": "app:bookinfo/reviews/v1",
        "protocol": "http",
        "requests_per_second": 2.0,
        "error_ratio": 0.0,
        "latency_ms": {"p50": None, "p95": None, "p99": None},
        "share": 1.0,
        "response_flags": {},
        "health": "ok",
        "sent_bytes_per_second": 0.0,
        "received_bytes_per_second": 0.0,
        "messages_per_second": 0.0,
        "connections_per_second": 0.0,
        "mtls": None,
    }
    assert frame["nodes"][1] == {
        "id": "app:bookinfo/reviews/v1", "kind": "app", "namespace": "bookinfo", "app": "reviews",
        "version": "v1", "workload": "reviews-v1", "service": "reviews", "requests_per_second": 2.0,
        "error_ratio": 0.0, "health": "ok", "cluster": "", "members": 0, "bytes_per_second": 0.0,
        "latency_ms": {"p50": None, "p95": None, "p99": None},
    }  # fmt: skip


def test_the_delta_frame_has_the_agreed_shape():
    change = delta(snapshot(12, [rate(labels(), 2)]), snapshot(13, [rate(labels(target="reviews-v3"), 2)]))
    frame = json.loads(frames.delta(change, SOURCE, None))
    assert (frame["type"], frame["seq"], frame["base"]) == ("delta", 13, 12)
    assert [node["id"] for node in frame["nodes"]["set"]] == ["app:bookinfo/reviews/v3"]
    assert frame["nodes"]["remove"] == ["app:bookinfo/reviews/v1"]
    assert len(frame["edges"]["set"]) == len(frame["edges"]["remove"]) == 1
