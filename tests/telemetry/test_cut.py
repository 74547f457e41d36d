"""What a view shows of a graph: the neighbourhood of a node, and no more edges than a page can draw."""

from hypothesis import given
from hypothesis import strategies as st

from telemetry.cut import Bounds, LeftOut, bounded, members, neighbourhood
from telemetry.graph import GRAPH_TYPES, Graph
from tests.telemetry.builders import gateway, labels, rate, samples
from tests.telemetry.graphs import build
from tests.telemetry.meshes import readings

CHAIN = samples(
    rate(gateway(), 4),
    rate(labels("productpage-v1", "reviews-v1"), 4),
    rate(labels("reviews-v1", "ratings-v1"), 4),
    rate(labels("ratings-v1", "db-v1"), 4),
    rate(labels("details-v1", "db-v1"), 1),
)
ONE = Bounds(edges=1)
graphs = st.builds(build, readings(), st.sampled_from(GRAPH_TYPES))


def apps(graph: Graph) -> set[str]:
    return {node.app for node in graph.nodes.values()}


def test_the_neighbourhood_goes_both_ways_a_step_at_a_time():
    graph = build(CHAIN, "app")
    assert apps(neighbourhood(graph, "app:bookinfo/reviews", 1)) == {"productpage", "reviews", "ratings"}
    assert apps(neighbourhood(graph, "app:bookinfo/reviews", 2)) == {
        "productpage", "reviews", "ratings", "istio-ingressgateway", "db",
    }  # fmt: skip
    assert neighbourhood(graph, "app:bookinfo/reviews", 5) == graph


def test_what_is_not_there_has_no_neighbours():
    assert neighbourhood(build(CHAIN, "app"), "app:bookinfo/gone", 3) == Graph({}, {}, {})


def test_no_step_leads_through_what_is_unknown():
    stranger = {"source_workload": "", "source_workload_namespace": "", "source_canonical_service": ""}
    calls = [labels("x-v1", app, reporter="destination", **stranger) for app in ("a-v1", "b-v1")]
    graph = build(samples(*(rate(each, 1) for each in calls)), "app")
    assert set(neighbourhood(graph, "app:bookinfo/a", 3).nodes) == {"unknown", "app:bookinfo/a"}
    assert set(neighbourhood(graph, "unknown", 1).nodes) == set(graph.nodes)


@given(graphs, st.data(), st.integers(1, 5))
def test_a_neighbourhood_is_a_part_of_the_graph_and_grows_with_the_depth(graph, data, depth):
    focus = data.draw(st.sampled_from([*graph.nodes, "nothing"]))
    near, further = neighbourhood(graph, focus, depth), neighbourhood(graph, focus, depth + 1)
    assert near.nodes.items() <= further.nodes.items() <= graph.nodes.items()
    assert set(near.node_latency) == set(near.nodes)
    inside = {each for each, edge in graph.edges.items() if {edge.source, edge.target} <= near.nodes.keys()}
    assert set(near.edges) == inside


def wide(count: int, failing: int = 0) -> Graph:
    """One caller of many apps, of which the quietest few fail."""
    rates = [
        rate(labels(target=f"app{number}-v1"), 1.0 + number, "500" if number < failing else "200")
        for number in range(count)
    ]
    return build(samples(*rates), "app")


def targets(graph: Graph) -> set[str]:
    return {edge.target.removeprefix("app:bookinfo/app") for edge in graph.edges.values()}


def test_what_fails_goes_first_and_then_the_busiest():
    graph, left_out = bounded(wide(10, failing=2), bounds=Bounds(edges=4))
    assert targets(graph) == {"0", "1", "9", "8"}
    assert left_out == LeftOut(0, 6)
    assert len(graph.nodes) == 11


def test_of_a_graph_that_fits_nothing_is_left_out():
    graph = wide(10)
    assert bounded(graph) == (graph, LeftOut())
    assert bounded(wide(1000))[1] == LeftOut(0, 100)


def test_what_was_sent_before_keeps_its_place_until_another_is_clearly_busier():
    graph = wide(10)
    sixth = next(each for each in graph.edges if "app6:" in each)
    eighth = next(each for each in graph.edges if "app8:" in each)
    assert targets(bounded(graph, before=[eighth], bounds=ONE)[0]) == {"8"}
    assert targets(bounded(graph, before=[sixth], bounds=ONE)[0]) == {"9"}


def test_the_edges_of_what_was_unfolded_by_hand_do_not_count():
    both = samples(
        rate(labels("a-v1", "b-v1"), 1),
        rate(labels("a-v1", "c-v1"), 2),
        *(
            rate(labels("p-v1", f"{app}-v1", source_workload_namespace="shop",
                        destination_service_namespace="shop", destination_workload_namespace="shop"), 9)
            for app in "qrs"
        ),
    )  # fmt: skip
    graph = build(both, "app")
    assert bounded(graph, bounds=ONE)[1] == LeftOut(0, 4)
    assert bounded(graph, unfold=["bookinfo"], bounds=ONE)[1] == LeftOut(0, 2)
    assert bounded(graph, unfold=["*"], bounds=ONE)[1] == LeftOut()


def test_however_much_is_unfolded_there_is_an_end():
    graph, left_out = bounded(wide(10), unfold=["*"], bounds=Bounds(nodes=4))
    assert left_out == LeftOut(7, 7)
    assert all({edge.source, edge.target} <= graph.nodes.keys() for edge in graph.edges.values())


def test_nodes_are_counted_by_the_namespace_that_they_fold_into():
    outside = labels(target="", destination_service_namespace="", destination_workload_namespace="",
                     destination_workload="", destination_canonical_service="",
                     destination_service="example.org", destination_service_name="")  # fmt: skip
    graph = build(
        samples(rate(gateway(), 1), rate(outside, 1), rate(labels("", reporter="destination"), 1)), "app"
    )
    assert members(graph) == {"istio-system": 1, "bookinfo": 2, "*outside": 1}
