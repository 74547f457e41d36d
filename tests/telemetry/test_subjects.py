"""The figures of a node or edge are those of exactly the labels that the graph draws as it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telemetry import subjects
from telemetry.graph import GRAPH_TYPES
from telemetry.identity import Directory
from telemetry.samples import HIDDEN, EdgeLabels, RequestRate, Samples
from tests.telemetry.graphs import build

names = st.sampled_from(["", "a", "b"])
clusters = st.sampled_from(["", "Kubernetes", "west", "a@b -> c:/"])
labels = st.builds(
    EdgeLabels,
    reporter=st.just("source"),
    source_workload=names,
    source_workload_namespace=names,
    source_canonical_service=names,
    source_canonical_revision=names,
    destination_service=st.sampled_from(["", "b", "host.example"]),
    destination_service_name=names,
    destination_service_namespace=names,
    destination_workload=names,
    destination_workload_namespace=names,
    destination_canonical_service=names,
    destination_canonical_revision=names,
    request_protocol=st.sampled_from(["http", "grpc", "tcp", ""]),
    source_cluster=clusters,
    destination_cluster=clusters,
)


def drawn(graph_type, known):
    """The graph of a mesh in which each label set gets one request per second."""
    requests = tuple(RequestRate(each, "200", "", 1.0) for each in known)
    return build(Samples(0.0, 10.0, requests), graph_type)


@pytest.mark.parametrize("graph_type", GRAPH_TYPES)
@settings(max_examples=40, deadline=None)
@given(known=st.sets(labels, min_size=1, max_size=8))
def test_a_subject_fits_the_labels_that_are_drawn_as_its_edge_and_no_others(graph_type, known):
    directory = Directory(known, graph_type)
    for edge in drawn(graph_type, known).edges.values():
        (subject,) = subjects.of(graph_type, edge.id, known)
        for each in known:
            source, target = directory.ends(each)
            is_edge = (source.id, target.id) == (edge.source, edge.target)
            protocol = each.request_protocol if each.request_protocol in ("grpc", "tcp") else "http"
            assert subject.fits(each) is (is_edge and protocol == edge.protocol)


@pytest.mark.parametrize("graph_type", GRAPH_TYPES)
@settings(max_examples=40, deadline=None)
@given(known=st.sets(labels, min_size=1, max_size=8))
def test_the_subjects_of_a_node_fit_what_it_receives_and_what_it_sends(graph_type, known):
    directory = Directory(known, graph_type)
    for node_id in drawn(graph_type, known).nodes:
        found = {each.side: each for each in subjects.of(graph_type, node_id, known)}
        for each in known:
            source, target = directory.ends(each)
            assert ("received" in found and found["received"].fits(each)) is (target.id == node_id)
            assert ("sent" in found and found["sent"].fits(each)) is (source.id == node_id)


@pytest.mark.parametrize("graph_type", GRAPH_TYPES)
@settings(max_examples=40, deadline=None)
@given(known=st.sets(labels, min_size=1, max_size=8))
def test_no_labels_fit_two_alternatives_so_that_sums_may_be_added(graph_type, known):
    graph = drawn(graph_type, known)
    for item_id in (*graph.nodes, *graph.edges):
        for subject in subjects.of(graph_type, item_id, known):
            for each in known:
                fitting = [all(one.fits(each) for one in alternative) for alternative in subject.alternatives]
                assert sum(fitting) <= 1


@pytest.mark.parametrize(
    "item_id",
    ["", "hidden", "nonsense", "app:", "app:a", "service:a", "service:a/b/c", "namespace:", "unknown:x",
     "hidden->app:a/b:http", "app:a/b->hidden:http", "app:a/b->nonsense:http"],
)  # fmt: skip
def test_what_is_no_node_and_no_edge_has_no_figures(item_id):
    assert subjects.of("versioned_app", item_id) == ()


def test_a_subject_names_the_namespaces_that_one_must_be_allowed_to_read():
    def needed(item_id):
        return {each.namespaces for each in subjects.of("app", item_id)}

    assert needed("app:a/x") == {("a",)}
    assert needed("app:a/x->app:b/y:http") == {("a", "b")}
    assert needed("unknown->app:b/y:http") == {("b",)}
    assert needed("service:/host.example") == needed("unknown") == {("",)}


def test_a_folded_namespace_shows_all_that_is_received_in_it_or_else_what_it_sends_elsewhere():
    (received, sent) = subjects.of("app", "namespace:a")
    inner = EdgeLabels(source_workload_namespace="a", destination_workload_namespace="a")
    coming, going = (
        inner._replace(source_workload_namespace="b"),
        inner._replace(destination_workload_namespace="b"),
    )
    assert [received.fits(each) for each in (inner, coming, going)] == [True, True, False]
    assert [sent.fits(each) for each in (inner, coming, going)] == [False, False, True]
    assert HIDDEN not in received.namespaces


def test_calls_between_folded_namespaces_and_nodes_have_figures_too():
    (between,) = subjects.of("app", "namespace:a->app:b/web:http")
    call = EdgeLabels(
        source_workload_namespace="a",
        destination_workload_namespace="b",
        destination_workload="web-v1",
        destination_canonical_service="web",
    )
    assert between.fits(call)
    assert not between.fits(call._replace(source_workload_namespace="c"))
    assert between.namespaces == ("a", "b")
