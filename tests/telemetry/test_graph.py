"""The graph of each type, from Bookinfo's traffic.

Matrix: {versioned_app, app, workload, service} x {reached, unreached, unknown caller}; then what each
edge and node says.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.graph import GRAPH_TYPES, Latency, Limits, rounded, within
from telemetry.reporting import Reporting
from telemetry.samples import EdgeLabels, Idle
from tests.telemetry.builders import durations, gateway, labels, rate, samples, unreached
from tests.telemetry.graphs import build

BOOKINFO = samples(
    rate(gateway(), 10),
    rate(labels(target="reviews-v1"), 8),
    rate(labels(target="reviews-v3"), 2),
    rate(labels("reviews-v3", "ratings-v1"), 1.5),
    rate(unreached("ratings", "reviews-v3"), 0.5, "503", "FI"),
)


def edge_ids(graph_type, of=BOOKINFO, namespaces=()):
    return sorted(build(of, graph_type, namespaces).edges)


def test_versioned_app_draws_each_version_and_what_was_not_reached_as_a_service():
    assert edge_ids("versioned_app") == [
        "app:bookinfo/productpage/v1->app:bookinfo/reviews/v1:http",
        "app:bookinfo/productpage/v1->app:bookinfo/reviews/v3:http",
        "app:bookinfo/reviews/v3->app:bookinfo/ratings/v1:http",
        "app:bookinfo/reviews/v3->service:bookinfo/ratings:http",
        "app:istio-system/istio-ingressgateway/latest->app:bookinfo/productpage/v1:http",
    ]


def test_app_draws_one_node_for_all_versions():
    assert edge_ids("app") == [
        "app:bookinfo/productpage->app:bookinfo/reviews:http",
        "app:bookinfo/reviews->app:bookinfo/ratings:http",
        "app:bookinfo/reviews->service:bookinfo/ratings:http",
        "app:istio-system/istio-ingressgateway->app:bookinfo/productpage:http",
    ]


def test_workload_draws_workloads():
    assert edge_ids("workload")[0] == "workload:bookinfo/productpage-v1->workload:bookinfo/reviews-v1:http"


def test_service_draws_services_and_a_caller_without_one_as_its_app():
    assert edge_ids("service") == [
        "app:istio-system/istio-ingressgateway->service:bookinfo/productpage:http",
        "service:bookinfo/productpage->service:bookinfo/reviews:http",
        "service:bookinfo/reviews->service:bookinfo/ratings:http",
    ]


def test_a_node_says_all_that_is_known_of_it():
    node = build(BOOKINFO, "versioned_app").nodes["app:bookinfo/reviews/v3"]
    assert (node.kind, node.namespace, node.app, node.version) == ("app", "bookinfo", "reviews", "v3")
    assert (node.workload, node.service) == ("reviews-v3", "reviews")
    app = build(BOOKINFO, "app").nodes["app:bookinfo/reviews"]
    assert (app.version, app.workload, app.service) == ("", "", "reviews")


def test_a_service_that_was_not_reached_is_named_with_the_app_that_is_known_to_serve_it():
    node = build(BOOKINFO, "versioned_app").nodes["service:bookinfo/ratings"]
    assert (node.kind, node.service, node.app, node.version, node.workload) == (
        "service", "ratings", "ratings", "", "",
    )  # fmt: skip
    assert (node.requests_per_second, node.error_ratio, node.health) == (0.5, 1.0, "failing")


def test_a_caller_without_a_proxy_is_seen_through_the_destinations_report():
    seen = rate(labels("", "reviews-v1", reporter="destination"), 3)
    graph = build(samples(seen), "versioned_app")
    assert graph.nodes["unknown"].kind == "unknown"
    assert graph.edges["unknown->app:bookinfo/reviews/v1:http"].requests_per_second == 3


def test_a_request_that_both_ends_report_counts_once():
    both = samples(
        rate(labels(), 4), rate(labels(reporter="destination"), 4), rate(labels(reporter="waypoint"), 4)
    )
    (edge,) = build(both, "workload").edges.values()
    assert edge.requests_per_second == 4


@pytest.mark.parametrize(
    ("code", "flags", "grpc", "ratio"),
    [
        ("200", "", "", 0),
        ("404", "", "", 0),
        ("500", "", "", 1),
        ("503", "UH", "", 1),
        ("0", "DC", "", 1),
        ("", "", "", 1),
        ("200", "", "0", 0),
        ("200", "", "14", 1),
        ("418", "FI", "", 1),  # an injected abort fails whatever its code
        ("200", "DI", "", 0),  # a delay does not
    ],
)
def test_what_counts_as_an_error(code, flags, grpc, ratio):
    (edge,) = build(samples(rate(labels(), 2, code, flags, grpc)), "app").edges.values()
    assert edge.error_ratio == ratio
    assert edge.response_flags == ({flags: 2} if flags else {})


@pytest.mark.parametrize(
    ("errors", "health"), [(0, "ok"), (1, "ok"), (1.1, "degraded"), (5, "degraded"), (5.1, "failing")]
)
def test_the_health_of_an_edge_turns_above_one_and_above_five_percent(errors, health):
    graph = build(samples(rate(labels(), 100 - errors), rate(labels(), errors, "500")), "app")
    assert graph.edges["app:bookinfo/productpage->app:bookinfo/reviews:http"].health == health


@pytest.mark.parametrize(
    ("errors", "health"), [(0, "ok"), (0.01, "degraded"), (9.9, "degraded"), (10, "failing")]
)
def test_the_health_of_a_node_is_as_kiali_has_it_on_both_sides_of_a_call(errors, health):
    graph = build(samples(rate(labels(), 100 - errors), rate(labels(), errors, "500")), "app")
    assert {node.health for node in graph.nodes.values()} == {health}


def test_nobody_knows_how_a_caller_without_a_name_is():
    seen = rate(labels("", "reviews-v1", reporter="destination"), 3, "500")
    graph = build(samples(seen), "app")
    assert {node.kind: node.health for node in graph.nodes.values()} == {"unknown": "ok", "app": "failing"}


def test_a_service_is_not_to_blame_for_what_it_calls():
    calls = samples(rate(labels(), 5), rate(labels("reviews-v1", "ratings-v1"), 5, "500"))
    health = {node.service: node.health for node in build(calls, "service").nodes.values() if node.service}
    assert health == {"reviews": "ok", "ratings": "failing"}


def test_a_status_of_grpc_counts_as_such():
    def health(grpc: str) -> str:
        call = labels(request_protocol="grpc")
        return build(samples(rate(call, 1, "200", grpc=grpc)), "app").nodes["app:bookinfo/reviews"].health

    assert [health("0"), health("16"), health("17")] == ["ok", "failing", "ok"]


def test_thresholds_can_be_set():
    graph = build(samples(rate(labels(), 90), rate(labels(), 10, "500")), "app", limits=Limits(0.1, 0.2))
    assert {edge.health for edge in graph.edges.values()} == {"ok"}


def test_the_share_is_that_of_the_sources_requests_to_the_same_service():
    graph = build(BOOKINFO, "versioned_app")
    shares = {edge.target: edge.share for edge in graph.edges.values()}
    assert shares["app:bookinfo/reviews/v1"] == 0.8
    assert shares["app:bookinfo/reviews/v3"] == 0.2
    assert shares["service:bookinfo/ratings"] == 0.25
    assert shares["app:bookinfo/productpage/v1"] == 1


def test_a_node_shows_what_it_receives_and_a_root_what_it_sends():
    nodes = build(BOOKINFO, "versioned_app").nodes
    assert nodes["app:bookinfo/productpage/v1"].requests_per_second == 10
    assert nodes["app:istio-system/istio-ingressgateway/latest"].requests_per_second == 10


def test_latency_is_merged_over_all_series_of_an_edge():
    of = labels()
    other = labels("productpage-v2", "reviews-v1")
    graph = build(
        samples(
            rate(of, 1),
            rate(other, 1),
            durations=(durations(of, 0, 0, 10, 10, 10, 10), durations(other, 0, 0, 0, 10, 10, 10)),
        ),
        "app",
    )
    (edge,) = graph.edges.values()
    assert edge.latency_ms == Latency(p50=10.0, p95=46.0, p99=49.2)
    assert graph.node_latency["app:bookinfo/reviews"] == edge.latency_ms


def test_latency_is_unknown_without_histograms():
    (edge,) = build(samples(rate(labels(), 1)), "app").edges.values()
    assert edge.latency_ms == Latency(None, None, None)


@pytest.mark.parametrize(
    ("said", "drawn"), [("grpc", "grpc"), ("GRPC", "grpc"), ("http", "http"), ("", "http"), ("tcp", "tcp")]
)
def test_the_protocol_of_an_edge(said, drawn):
    (edge,) = build(samples(rate(labels(request_protocol=said), 1)), "app").edges.values()
    assert (edge.protocol, edge.id[-len(drawn) - 1 :]) == (drawn, f":{drawn}")


def test_an_idle_edge_stays_for_a_minute_and_its_nodes_for_five():
    def at(idle_seconds):
        return build(samples(rate(gateway(), 1), idle=(Idle(labels(), idle_seconds),)), "app")

    (edge,) = (edge for edge in at(60).edges.values() if edge.target == "app:bookinfo/reviews")
    assert (edge.requests_per_second, edge.health, edge.share, edge.latency_ms.p50) == (0, "idle", None, None)
    assert len(at(61).edges) == 1
    assert at(300).nodes["app:bookinfo/reviews"].health == "idle"
    assert "app:bookinfo/reviews" not in at(301).nodes


def test_the_end_of_requests_that_reached_nothing_leaves_with_its_edge():
    graph = build(samples(idle=(Idle(unreached("ratings"), 61),)), "app")
    assert graph.nodes == {}


def test_namespaces_keep_edges_with_either_end_inside():
    elsewhere = rate(
        labels(
            "a-v1",
            "b-v1",
            source_workload_namespace="other",
            destination_service_namespace="other",
            destination_workload_namespace="other",
        ),
        1,
    )
    both = samples(*BOOKINFO.requests, elsewhere)
    assert edge_ids("app", both, ["istio-system"]) == [
        "app:istio-system/istio-ingressgateway->app:bookinfo/productpage:http"
    ]
    assert edge_ids("app", both, ["bookinfo"]) == edge_ids("app")
    assert edge_ids("app", both, ["bookinfo", "other"]) == edge_ids("app", both)
    assert edge_ids("app", both, ["nowhere"]) == []


def test_a_host_outside_the_mesh_is_a_service_by_its_own_name():
    outside = unreached(
        "x", "reviews-v1", destination_service="httpbin.org", destination_service_name="",
        destination_service_namespace="",
    )  # fmt: skip
    assert "service:/httpbin.org" in build(samples(rate(outside, 1)), "app").nodes


def test_labels_without_an_app_fall_back_to_the_workload():
    bare = labels(destination_canonical_service="", destination_canonical_revision="")
    assert "workload:bookinfo/reviews-v1" in build(samples(rate(bare, 1)), "versioned_app").nodes


def test_numbers_carry_three_significant_digits():
    assert [rounded(value) for value in (0, 12.3456, 1234.5, 0.00123456)] == [0, 12.3, 1230, 0.00123]


words = st.sampled_from(["", "a", "b-v1", "reviews"])
any_labels = st.builds(EdgeLabels, st.sampled_from(["source", "destination"]), *[words] * 12)
any_rates = st.builds(
    rate,
    any_labels,
    st.floats(0, 1e4),
    st.sampled_from(["200", "500", ""]),
    st.sampled_from(["", "FI", "UH,UF"]),
)


@given(st.lists(any_rates, max_size=20), st.sampled_from(GRAPH_TYPES))
def test_whatever_the_labels_every_edge_has_its_nodes_and_no_request_is_lost(rates, graph_type):
    graph = build(samples(*rates), graph_type)
    for edge in graph.edges.values():
        assert {edge.source, edge.target} <= graph.nodes.keys()
        assert 0 <= edge.error_ratio <= 1
        assert edge.share is None or 0 <= edge.share <= 1
    believed = Reporting(samples(*rates))
    counted = sum(r.requests_per_second for r in rates if believed.believes(r.labels))
    assert sum(edge.requests_per_second for edge in graph.edges.values()) == pytest.approx(
        counted, rel=0.01, abs=1e-6
    )


@given(
    st.lists(any_rates, max_size=20),
    st.sampled_from(GRAPH_TYPES),
    st.sets(st.sampled_from(["a", "reviews", "zz"])),
)
def test_a_filtered_graph_is_a_part_of_the_whole(rates, graph_type, namespaces):
    whole = build(samples(*rates), graph_type)
    part = build(samples(*rates), graph_type, namespaces)
    assert part == within(whole, namespaces)
    assert all(whole.edges[edge_id] == edge for edge_id, edge in part.edges.items())
    for edge in part.edges.values():
        assert {edge.source, edge.target} <= part.nodes.keys()
