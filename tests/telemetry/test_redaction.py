"""Who may not read a namespace learns nothing of it, whatever the traffic: properties of everything that is
built from redacted samples.
"""

import asyncio
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from telemetry import frames
from telemetry.frames import SourceState
from telemetry.graph import GRAPH_TYPES
from telemetry.history import History
from telemetry.hub import Hub
from telemetry.observation import Observation
from telemetry.samples import EdgeLabels
from telemetry.snapshot import Snapshot, View, delta, patch
from tests.telemetry.builders import gateway, labels, rate, samples, unreached
from tests.telemetry.graphs import build
from tests.telemetry.meshes import NAMESPACES, names_hidden_from, plain_labels, readings, rights

graph_types = st.sampled_from(GRAPH_TYPES)
plain_readings = readings(labels=plain_labels())
BOOKINFO = frozenset({"bookinfo"})


def observed(taken, seq=1) -> Observation:
    return Observation(seq, 1000.0 + seq, float(seq), taken)


def state(taken) -> SourceState:
    return SourceState("fake", "ok", 10.0, shortfall=taken.shortfall, taken_at=1000.0)


def snapshot(observation, view) -> Snapshot:
    graph = observation.graph(view.graph_type, view.visible)
    return Snapshot.of(observation.seq, observation.taken_at, view, graph)


def assert_hides(frame: bytes, visible) -> None:
    assert [name for name in names_hidden_from(visible) if name in frame] == []


@given(readings(), readings(), rights, graph_types)
def test_no_byte_of_a_frame_names_what_may_not_be_seen(before, after, visible, graph_type):
    view = View(graph_type, (), visible)
    old, new = snapshot(observed(before), view), snapshot(observed(after, 2), view)
    assert_hides(frames.full(new, state(after), 1.0), visible)
    assert_hides(frames.delta(delta(old, new), state(after), visible), visible)
    assert_hides(frames.status(state(after), visible, ""), visible)
    assert_hides(frames.encode(frames.graph(new, state(after), 1.0)), visible)


@given(readings(), rights, graph_types)
def test_figures_over_time_are_of_what_is_seen_whole_and_no_id_finds_more(taken, visible, graph_type):
    history = History(1.0)
    history.record(1000.0, observed(taken).graphs)
    everything = observed(taken).graph(graph_type)
    found = {
        each
        for each in (*everything.nodes, *everything.edges)
        if history.columns(graph_type, each, 0, 1000, visible) is not None
    }
    assert_hides(json.dumps(sorted(found)).encode(), visible)
    nodes = {node.id for node in everything.nodes.values() if node.namespace in visible}
    assert found & everything.nodes.keys() == nodes
    assert not any(item.startswith(("hidden", "unknown")) and "->" not in item for item in found)


def figures(node):
    """Without the cluster: who sees but one need not know that there are others."""
    return structs.replace(node, cluster="")


@given(plain_readings, rights, graph_types)
def test_what_is_visible_shows_the_same_figures_to_everybody(taken, visible, graph_type):
    whole, part = observed(taken).graph(graph_type), observed(taken).graph(graph_type, visible)
    seen = {each: figures(node) for each, node in whole.nodes.items() if node.namespace in visible}
    assert {each: figures(node) for each, node in part.nodes.items() if node.namespace} == seen
    assert all(part.node_latency[each] == whole.node_latency[each] for each in seen)
    inside = {each for each, edge in whole.edges.items() if {edge.source, edge.target} <= {*seen, "unknown"}}
    assert {each: whole.edges[each] for each in inside} == {
        each: edge for each, edge in part.edges.items() if "hidden" not in (edge.source, edge.target)
    }


@given(readings(), rights, graph_types)
def test_every_edge_has_an_end_that_is_seen_and_its_nodes(taken, visible, graph_type):
    graph = observed(taken).graph(graph_type, visible)
    for edge in graph.edges.values():
        ends = [graph.nodes[edge.source], graph.nodes[edge.target]]
        assert any(node.namespace in visible for node in ends)
    for node in graph.nodes.values():
        assert (node.namespace in visible) == (node.kind not in ("hidden", "unknown"))


@given(plain_readings, graph_types)
def test_who_may_read_every_namespace_sees_the_plain_graph(taken, graph_type):
    observation = observed(taken)
    assert observation.graph(graph_type, frozenset(NAMESPACES)) == observation.graph(graph_type)
    assert observation.graph(graph_type, None) == build(taken, graph_type)


@given(readings(), graph_types)
def test_who_may_read_nothing_sees_nothing(taken, graph_type):
    graph = observed(taken).graph(graph_type, frozenset())
    assert (graph.nodes, graph.edges) == ({}, {})


class Page:
    """A browser's end: what the frames have made of the graph so far."""

    def __init__(self) -> None:
        self.nodes, self.edges = {}, {}

    def apply(self, frame) -> None:
        if frame["type"] == "full":
            self.nodes, self.edges = (
                {item["id"]: item for item in frame[what]} for what in ("nodes", "edges")
            )
        for mine, change in ((self.nodes, frame["nodes"]), (self.edges, frame["edges"])):
            if frame["type"] == "delta":
                for gone in change["remove"]:
                    mine.pop(gone)
                mine.update({item["id"]: item for item in change["set"]})


@settings(max_examples=60)
@given(
    st.lists(st.tuples(readings(), st.one_of(rights, st.none()), st.booleans()), min_size=1, max_size=5),
    graph_types,
)
def test_a_page_shows_what_may_be_seen_now_whenever_rights_change(steps, graph_type):
    """Rights change before or after a tick; the frames lead to the graph of the newest rights each time."""

    async def play() -> None:
        hub = Hub(History(1.0), state(steps[0][0]), tick_seconds=1.0)
        subscription, page = hub.join(), Page()
        subscription.subscribe(View(graph_type, (), frozenset()))
        for seq, (taken, visible, before_the_tick) in enumerate(steps, 1):
            if before_the_tick:
                subscription.see(visible, "")
            hub.observed(observed(taken, seq), state(taken))
            subscription.see(visible, "")
            for frame in await subscription.take():
                if visible is not None:
                    assert_hides(frame, visible)
                page.apply(json.loads(frame))
            wanted = json.loads(
                frames.full(snapshot(observed(taken, seq), subscription.view), state(taken), 1)
            )
            assert page.nodes == {node["id"]: node for node in wanted["nodes"]}
            assert page.edges == {edge["id"]: edge for edge in wanted["edges"]}

    asyncio.run(play())


@given(readings(), readings(), rights, graph_types)
def test_old_and_delta_make_new_for_limited_rights_too(before, after, visible, graph_type):
    view = View(graph_type, (), visible)
    old, new = snapshot(observed(before), view), snapshot(observed(after, 2), view)
    assert patch(old, delta(old, new)) == new


def seen(visible, *rates, graph_type="app"):
    return observed(samples(*rates)).graph(graph_type, visible)


def test_callers_from_other_namespaces_are_one_node_without_a_name():
    graph = seen(
        BOOKINFO,
        rate(gateway(), 4),
        rate(gateway(source_workload_namespace="other", source_canonical_service="x"), 1, "500"),
    )
    assert list(graph.edges) == ["hidden->app:bookinfo/productpage:http"]
    edge, node = graph.edges["hidden->app:bookinfo/productpage:http"], graph.nodes["hidden"]
    assert (edge.requests_per_second, edge.error_ratio) == (5, 0.2)
    assert (node.kind, node.namespace, node.app, node.version, node.workload, node.service) == (
        "hidden", "", "", "", "", "",
    )  # fmt: skip


def test_a_caller_without_a_proxy_stays_unknown():
    graph = seen(BOOKINFO, rate(labels("", "reviews-v1", reporter="destination"), 3))
    assert list(graph.edges) == ["unknown->app:bookinfo/reviews:http"]


@pytest.mark.parametrize("graph_type", GRAPH_TYPES)
def test_calls_into_another_namespace_end_there_without_a_share(graph_type):
    there = dict.fromkeys(("destination_service_namespace", "destination_workload_namespace"), "secret")
    graph = seen(
        BOOKINFO,
        rate(labels(**there), 3),
        rate(labels(target="db-v1", **there), 1),
        rate(unreached("gone", destination_service_namespace="secret"), 1),
        graph_type=graph_type,
    )
    assert {edge.target for edge in graph.edges.values()} == {"hidden"}
    assert {edge.share for edge in graph.edges.values()} == {None}
    assert graph.nodes["hidden"].requests_per_second == 5


def test_a_host_outside_the_mesh_has_no_name_for_who_may_not_see_everything():
    outside = unreached(
        "x", destination_service="httpbin.org", destination_service_name="", destination_service_namespace=""
    )
    assert list(seen(BOOKINFO, rate(outside, 1)).edges) == ["app:bookinfo/reviews->unknown:http"]


def test_a_service_of_another_namespace_in_front_of_a_visible_workload_has_no_name():
    elsewhere = labels(
        destination_service="entry.secret.example",
        destination_service_name="entry.secret.example",
        destination_service_namespace="secret",
    )
    (edge,) = seen(BOOKINFO, rate(elsewhere, 2), graph_type="service").edges.values()
    assert (edge.target, edge.requests_per_second, edge.share) == ("app:bookinfo/reviews", 2, None)


def test_a_visible_service_with_workloads_elsewhere_is_a_node_among_services_only():
    elsewhere = labels(
        "a-v1", "reviews-v1", source_workload_namespace="other", destination_workload_namespace="secret"
    )
    assert list(seen(BOOKINFO, rate(elsewhere, 2), graph_type="service").edges) == [
        "hidden->service:bookinfo/reviews:http"
    ]
    assert seen(BOOKINFO, rate(elsewhere, 2)).edges == {}


def test_a_source_in_the_graph_of_services_bears_the_name_of_the_service_in_its_own_place():
    """An id names the namespaces that it is about: who may see figures is decided by them."""
    there = {"destination_service_name": "entry", "destination_service_namespace": "secret"}
    entry = labels("", "reviews-v1", reporter="destination", **there)
    graph = seen(None, rate(entry, 1), rate(labels("reviews-v1", "ratings-v1"), 1), graph_type="service")
    assert "service:secret/entry->service:bookinfo/ratings:http" in graph.edges


def test_no_figures_of_another_namespace_as_a_whole():
    history = History(1.0)
    history.record(1000.0, observed(samples(rate(gateway(), 4))).graphs)
    for series_id in ("hidden", "hidden->app:bookinfo/productpage:http"):
        assert history.columns("app", series_id, 999, 1000, BOOKINFO) is None
    assert history.columns("app", "app:bookinfo/productpage", 999, 1000, BOOKINFO).requests == [4]


def test_names_that_are_not_kubernetes_names_hide_nothing_more():
    """A proxy may write what it likes into its labels: it can pretend to be hidden, and no more."""
    pretended = EdgeLabels(*(["source"] + ["another namespace"] * 12))
    assert list(seen(None, rate(pretended, 1)).nodes) in (["hidden"], [])
