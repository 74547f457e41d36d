"""A mesh of several clusters: what runs in another one than home bears its name, and a namespace is the same
in all of them.
"""

import pytest

from telemetry.folding import Folding
from telemetry.graph import GRAPH_TYPES, Limits
from telemetry.identity import cluster_of
from tests.telemetry.builders import labels, rate, samples
from tests.telemetry.graphs import build

ABROAD = labels("productpage-v1", "reviews-v1", source_cluster="Kubernetes", destination_cluster="west")
AT_HOME = labels(
    "productpage-v1", "reviews-v1", source_cluster="Kubernetes", destination_cluster="Kubernetes"
)
BOTH = samples(rate(ABROAD, 1), rate(AT_HOME, 3))


def clusters(graph) -> dict[str, str]:
    return {node.id: node.cluster for node in graph.nodes.values()}


def test_the_home_cluster_stands_in_no_id():
    assert clusters(build(BOTH, "app")) == {
        "app:bookinfo/productpage": "Kubernetes",
        "app:bookinfo/reviews": "Kubernetes",
        "app:bookinfo/reviews@west": "west",
    }


def test_the_share_of_each_cluster_is_of_all_calls_to_the_service():
    shares = {edge.target: edge.share for edge in build(BOTH, "app").edges.values()}
    assert shares == {"app:bookinfo/reviews": 0.75, "app:bookinfo/reviews@west": 0.25}


def test_in_a_mesh_of_one_cluster_no_cluster_is_named():
    for of in (AT_HOME, labels(), labels(source_cluster="Kubernetes")):
        assert set(clusters(build(samples(rate(of, 1)), "app")).values()) == {""}


def test_which_cluster_is_home_can_be_set():
    graph = build(BOTH, "app", limits=Limits(home="west"))
    assert clusters(graph)["app:bookinfo/reviews"] == "west"
    assert clusters(graph)["app:bookinfo/productpage@Kubernetes"] == "Kubernetes"


def test_services_of_a_graph_of_services_bear_their_cluster_too():
    graph = build(BOTH, "service")
    assert {"service:bookinfo/reviews", "service:bookinfo/reviews@west"} <= set(graph.nodes)


def test_a_folded_namespace_is_one_node_for_all_clusters():
    for graph_type in GRAPH_TYPES:
        graph = build(BOTH, graph_type, folded=Folding(frozenset({"bookinfo"})))
        assert clusters(graph) == {"namespace:bookinfo": ""}


def test_who_sees_one_end_only_learns_of_one_cluster_only():
    call = ABROAD._replace(destination_workload_namespace="secret", destination_service_namespace="secret")
    graph = build(samples(rate(call, 1)), "app", visible=frozenset({"bookinfo"}))
    assert clusters(graph) == {"app:bookinfo/productpage": "", "hidden": ""}


@pytest.mark.parametrize(
    ("node_id", "parts"),
    [
        ("app:a/b", ("app:a/b", "")),
        ("app:a/b/v1@west", ("app:a/b/v1", "west")),
        ("workload:a/b@%40%3A", ("workload:a/b", "@:")),
        ("service:/user@host.example", ("service:/user@host.example", "")),
        ("namespace:a@b", ("namespace:a@b", "")),
        ("hidden", ("hidden", "")),
    ],
)
def test_an_id_says_its_cluster(node_id, parts):
    assert cluster_of(node_id) == parts
