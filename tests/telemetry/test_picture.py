"""A view of a reading: folded, cut, bounded; and what may not be seen decides nothing of it."""

import json
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from telemetry import frames
from telemetry.cut import members
from telemetry.folding import ALL, NOT_FOLDED, Folding
from telemetry.frames import SourceState
from telemetry.graph import GRAPH_TYPES, Limits
from telemetry.observation import GraphKey, Observation
from telemetry.picture import keys_of
from telemetry.picture import picture as picture_of
from telemetry.redaction import seen
from telemetry.snapshot import View, delta, patch
from tests.telemetry.builders import durations, gateway, labels, rate, samples
from tests.telemetry.meshes import (
    NAMESPACES,
    names_hidden_from,
    namespaces,
    plain_labels,
    readings,
    rights,
    spread_labels,
    what_runs,
)  # fmt: skip

graph_types = st.sampled_from(GRAPH_TYPES)
folded_sets = st.frozensets(namespaces)
NODE = "namespace:bookinfo"
ids = st.sampled_from(
    [f"app:{each}/{each}-web" for each in NAMESPACES] + ["hidden", "unknown", "namespace:alpha"]
)
views = st.builds(
    View.asked,
    graph_types,
    namespaces=st.lists(namespaces, max_size=1),
    fold=st.lists(namespaces, max_size=2),
    unfold=st.lists(st.one_of(namespaces, st.just(ALL)), max_size=1),
    focus=st.one_of(st.just(""), ids),
    depth=st.integers(1, 3),
    idle=st.booleans(),
    visible=st.one_of(st.none(), rights),
)


MEASURED = ("requests", "durations", "idle")
# Folds above two nodes, so that small meshes do it too.
picture = partial(picture_of, limit=2)


def observed(taken, seq=1) -> Observation:
    known = what_runs()
    limits = Limits(tolerances=Limits().tolerances.with_annotations(known.annotated))
    return Observation(seq, 1000.0 + seq, float(seq), taken, limits, roster=known)


def state(taken) -> SourceState:
    return SourceState("fake", "ok", 10.0, shortfall=taken.shortfall, taken_at=1000.0)


BOOKINFO = samples(
    rate(gateway(), 4),
    rate(labels("productpage-v1", "reviews-v1"), 2),
    rate(labels("productpage-v1", "reviews-v2"), 1, "500"),
    rate(labels("reviews-v1", "ratings-v1"), 1),
    durations=(durations(gateway(), 0, 0, 4, 4, 4, 4), durations(labels(), 0, 0, 0, 0, 2, 2)),
)


def folded(taken, *names, graph_type="app", visible=None):
    return observed(taken).graph(graph_type, visible, Folding(frozenset(names)))


def test_a_folded_namespace_is_one_node_with_the_sums_of_all_in_it():
    graph = folded(BOOKINFO, "bookinfo")
    node = graph.nodes[NODE]
    assert (node.kind, node.namespace, node.members) == ("namespace", "bookinfo", 3)
    assert (node.requests_per_second, node.error_ratio) == (8, 0.125)
    assert graph.node_latency[NODE].p50 is not None
    assert list(graph.edges) == [f"app:istio-system/istio-ingressgateway->{NODE}:http"]


def test_what_fails_inside_shows_on_the_node_that_stands_for_it():
    quiet = samples(rate(labels("a-v1", "b-v1"), 1000), rate(labels("a-v1", "c-v1"), 0.1, "500"))
    node = folded(quiet, "bookinfo").nodes[NODE]
    assert node.error_ratio < 0.01
    assert node.health == "failing"


def test_a_share_is_of_all_that_the_folded_namespace_sends_to_that_service():
    edges = folded(samples(rate(gateway(), 3), rate(gateway(destination_canonical_revision="v2"), 1)),
                   "istio-system", graph_type="versioned_app").edges  # fmt: skip
    assert sorted(edge.share for edge in edges.values()) == [0.25, 0.75]
    assert {edge.source for edge in edges.values()} == {"namespace:istio-system"}


@given(readings(labels=plain_labels()), folded_sets, graph_types)
def test_folding_moves_sums_and_makes_none(taken, names, graph_type):
    whole, part = observed(taken).graph(graph_type), folded(taken, *names, graph_type=graph_type)
    for name in names & members(whole).keys():
        inside = [node for node in whole.nodes.values() if node.namespace == name]
        node = part.nodes[f"namespace:{name}"]
        assert node.members == len(inside)
        into = [edge for edge in whole.edges.values() if edge.target in {each.id for each in inside}]
        if any(edge.requests_per_second for edge in into):
            total = sum(edge.requests_per_second for edge in into)
            assert node.requests_per_second == pytest.approx(total, rel=0.01)
    outside = {each: node for each, node in whole.nodes.items() if node.namespace not in names}
    assert outside.items() <= part.nodes.items()
    assert not [
        edge for edge in part.edges.values() if edge.source == edge.target and "namespace:" in edge.id
    ]


@given(readings(), views)
def test_every_edge_of_a_picture_has_both_its_nodes(taken, view):
    shown = picture(observed(taken), view)
    assert {end for edge in shown.edges.values() for end in (edge.source, edge.target)} <= shown.nodes.keys()


@given(readings(), readings(), views)
def test_the_old_picture_and_the_delta_make_the_new_one_whatever_folds(before, after, view):
    old = picture(observed(before), view)
    new = picture(observed(after, 2), view, old)
    assert patch(old, delta(old, new)) == new
    assert delta(new, new).empty


spread = readings(labels=spread_labels())


@given(spread, spread, views)
def test_no_byte_names_what_may_not_be_seen_however_it_is_folded_and_cut(before, after, view):
    old = picture(observed(before), view)
    new = picture(observed(after, 2), view, old)
    sent = (
        frames.full(new, state(after), 1.0),
        frames.delta(delta(old, new), state(after), view.visible),
    )
    # The namespaces that he asked for himself are repeated to him.
    told = [
        frame.replace(json.dumps(list(view.namespaces), separators=(",", ":")).encode(), b"")
        for frame in sent
    ]
    hidden = [] if view.visible is None else names_hidden_from(view.visible)
    assert [name for frame in told for name in hidden if name in frame] == []


@given(spread, views.filter(lambda view: view.visible is not None))
def test_what_is_folded_depends_on_nothing_that_may_not_be_seen(taken, view):
    """The same picture as from a mesh without the calls between what may not be seen."""

    def part(of):
        return tuple(each for each in of if seen(each.labels, view.visible) is not None)

    less = structs.replace(taken, **{field: part(getattr(taken, field)) for field in MEASURED})
    assert picture(observed(taken), view) == picture(observed(less), view)


@given(readings(), views)
def test_the_graphs_of_the_next_tick_are_known_before_it(taken, view):
    last = picture(observed(taken), view)
    wanted = set(keys_of(view, last))
    assert GraphKey(view.graph_type, view.visible, last.folding, view.idle) in wanted


def test_the_picture_says_what_is_folded():
    shown = picture(observed(BOOKINFO), View("app"))
    assert shown.folding.names == ["bookinfo", "istio-system"]
    frame = json.loads(frames.full(shown, state(BOOKINFO), 1.0))
    assert (frame["folded"], frame["left_out"]) == (["bookinfo", "istio-system"], {"nodes": 0, "edges": 0})


def test_a_delta_says_so_only_when_it_changes():
    old = picture(observed(BOOKINFO), View("app"))
    same = picture(observed(BOOKINFO, 2), View("app"), old)
    less = picture(observed(samples(rate(gateway(), 1)), 3), View("app"), same)
    assert less.folding.names == ["bookinfo", "istio-system"]
    none = picture(observed(samples(), 4), View("app"), less)
    first, last = (
        json.loads(frames.delta(delta(*pair), state(BOOKINFO), None)) for pair in ((old, same), (less, none))
    )
    assert "folded" not in first
    assert last["folded"] == []


def test_a_node_in_the_middle_of_a_mesh_that_is_too_large_is_not_folded_itself():
    shown = picture(observed(BOOKINFO), View.asked("app", focus="app:bookinfo/productpage"))
    assert shown.folding.names == ["istio-system"]
    assert "app:bookinfo/productpage" in shown.nodes


def test_the_neighbourhood_of_what_is_folded_by_hand_is_that_of_its_namespace():
    view = View.asked("app", focus="app:bookinfo/reviews", fold=["bookinfo"])
    assert set(picture(observed(BOOKINFO), view).nodes) == {NODE, "app:istio-system/istio-ingressgateway"}


def test_who_looks_at_a_folded_namespace_folds_it():
    view = View.asked("app", focus=NODE, unfold=[ALL])
    assert set(picture(observed(BOOKINFO), view).nodes) == {NODE, "app:istio-system/istio-ingressgateway"}


def test_a_neighbourhood_that_fits_is_not_folded_because_the_mesh_does_not_fit():
    view = View.asked("app", focus="app:bookinfo/ratings")
    assert picture(observed(BOOKINFO), view).folding == NOT_FOLDED
