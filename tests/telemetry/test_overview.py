"""All services at one glance: the worst first, and every figure that of the graph."""

from hypothesis import given

from telemetry.flows import flows
from telemetry.overview import overview
from telemetry.sparks import POINTS, STEP_SECONDS, Sparks
from tests.telemetry.builders import durations, labels, rate, samples
from tests.telemetry.graphs import build
from tests.telemetry.meshes import readings

REVIEWS, RATINGS = labels(), labels("reviews-v1", "ratings-v1")
DETAILS = labels(target="details-v1")
SHOP = labels(target="cart-v1", destination_service_namespace="shop", destination_workload_namespace="shop")


def shown(*rates, namespaces=(), **options):
    return overview(build(samples(*rates, **options), "service"), namespaces)


def test_the_worst_service_comes_first_then_the_one_with_more_errors_then_the_busier_one():
    found = shown(
        rate(DETAILS, 50),
        rate(REVIEWS, 9),
        rate(REVIEWS, 91, "500"),
        rate(RATINGS, 1),
        rate(RATINGS, 5, "503"),
    )
    assert [row.service for row in found.services] == ["reviews", "ratings", "details"]
    assert [row.health for row in found.services] == ["failing", "failing", "ok"]


def test_a_namespace_sums_up_its_services_and_is_as_well_as_the_worst_of_them():
    found = shown(rate(REVIEWS, 30), rate(DETAILS, 0.5, "500"), rate(DETAILS, 0.5), rate(SHOP, 7))
    bookinfo, shop = found.namespaces
    assert (bookinfo.namespace, bookinfo.health, bookinfo.requests_per_second) == ("bookinfo", "failing", 31)
    assert bookinfo.services == {"ok": 1, "failing": 1}
    assert abs(bookinfo.error_ratio - 0.5 / 31) < 1e-4
    assert (shop.namespace, shop.health) == ("shop", "ok")


def test_the_slowest_service_gives_its_namespace_the_p95():
    found = shown(
        rate(REVIEWS, 1),
        rate(DETAILS, 1),
        durations=(durations(REVIEWS, 0, 0, 0, 1, 1, 1), durations(DETAILS, 0, 1, 1, 1, 1, 1)),
    )
    slow, fast = (
        next(row for row in found.services if row.service == name) for name in ("reviews", "details")
    )
    assert fast.latency_ms.p95 < slow.latency_ms.p95 == found.namespaces[0].p95_ms


def test_only_the_chosen_namespaces_are_shown():
    found = shown(rate(REVIEWS, 1), rate(SHOP, 1), namespaces=("shop",))
    assert [row.service for row in found.services] == ["cart"]
    assert [row.namespace for row in found.namespaces] == ["shop"]


def test_of_very_many_services_the_best_are_left_out_and_counted():
    rates = [rate(labels(target=f"service{number}-v1"), number + 1) for number in range(5)]
    found = overview(build(samples(*rates, rate(REVIEWS, 0.1, "500")), "service"), most=2)
    assert [row.service for row in found.services] == ["reviews", "service4"]
    assert found.left_out == 4
    assert found.namespaces[0].services == {"ok": 5, "failing": 1}


@given(readings())
def test_every_figure_is_that_of_the_graph_and_nothing_counts_twice(reading):
    graph = build(reading, "service")
    found = overview(graph)
    for row in found.services:
        node = graph.nodes[row.id]
        assert (row.requests_per_second, row.health) == (node.requests_per_second, node.health)
    assert len({row.id for row in found.services}) == len(found.services)
    assert sum(sum(row.services.values()) for row in found.namespaces) == len(found.services)


def recorded(*steps) -> Sparks:
    """One reading a step: the requests a second to reviews, and how many of them fail."""
    sparks = Sparks()
    for number, (requests, errors) in enumerate(steps):
        read = samples(rate(REVIEWS, requests - errors), rate(REVIEWS, errors, "500"))
        sparks.record(1000 + number * STEP_SECONDS, flows(read))
    return sparks


def test_a_sparkline_has_a_point_for_each_step():
    spark = recorded((10, 0), (20, 5), (10, 0)).of(("bookinfo", "reviews"))
    assert spark.requests == [10, 20, 10]
    assert spark.error_ratios == [0, 0.25, 0]


def test_between_two_steps_nothing_is_taken_in():
    sparks = Sparks()
    reading = flows(samples(rate(REVIEWS, 1)))
    assert sparks.record(1000, reading)
    assert not sparks.record(1000 + STEP_SECONDS - 1, reading)
    assert sparks.record(1000 + STEP_SECONDS, reading)
    assert len(sparks.of(("bookinfo", "reviews")).requests) == 2


def test_a_silence_of_the_source_is_a_gap_as_long_as_it_was():
    sparks = Sparks()
    reading = flows(samples(rate(REVIEWS, 1)))
    sparks.record(1000, reading)
    sparks.record(1000 + 4 * STEP_SECONDS, reading)
    assert sparks.of(("bookinfo", "reviews")).requests == [1, None, None, None, 1]
    assert sparks.of(("bookinfo", "reviews")).error_ratios == [0, None, None, None, 0]


def test_a_sparkline_reaches_back_no_further_than_it_can_and_a_dead_service_is_forgotten():
    sparks = recorded(*([(1, 0)] * (POINTS + 5)))
    assert len(sparks.of(("bookinfo", "reviews")).requests) == POINTS
    for number in range(POINTS):
        sparks.record(10_000 + number * STEP_SECONDS, ())
    assert len(sparks) == 0
    assert sparks.of(("bookinfo", "reviews")).requests == []


def test_the_sparkline_of_several_services_is_their_sum_each_ending_now():
    sparks = Sparks()
    sparks.record(1000, flows(samples(rate(REVIEWS, 4))))
    sparks.record(1010, flows(samples(rate(REVIEWS, 4), rate(DETAILS, 2), rate(DETAILS, 2, "500"))))
    spark = sparks.of(("bookinfo", "reviews"), ("bookinfo", "details"), ("nowhere", "unknown"))
    assert (spark.requests, spark.error_ratios) == ([4, 8], [0, 0.25])
