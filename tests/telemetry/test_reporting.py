"""Which report of a call is believed.

Matrix: {caller, waypoint, destination reports} x {arrived, did not} x {both preferences}; then what a mesh of
ambient proxies says twice, mutual TLS, and that nothing is lost or counted double, in any order.
"""

from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.flows import flows
from telemetry.reporting import Reporting, call_of
from telemetry.samples import Idle
from tests.telemetry.builders import durations, labels, rate, samples, unreached, volume
from tests.telemetry.graphs import build

SOURCE, WAYPOINT, DESTINATION = (labels(reporter=each) for each in ("source", "waypoint", "destination"))
HOST = {"destination_service": "api.example.org", "destination_service_namespace": ""}
OUTSIDE = unreached("api", **HOST)


def believed(*reports, preference="caller", **rest):
    given_samples = samples(*(rate(each, 1) for each in reports), **rest)
    reporting = Reporting(given_samples, preference)
    return {each.reporter for each in reports if reporting.believes(each)}


@pytest.mark.parametrize(
    ("reports", "caller", "destination"),
    [
        ([SOURCE], "source", "source"),
        ([WAYPOINT], "waypoint", "waypoint"),
        ([DESTINATION], "destination", "destination"),
        ([SOURCE, DESTINATION], "source", "destination"),
        ([SOURCE, WAYPOINT], "source", "waypoint"),
        ([WAYPOINT, DESTINATION], "waypoint", "destination"),
        ([SOURCE, WAYPOINT, DESTINATION], "source", "destination"),
    ],
)
def test_each_call_is_taken_from_one_report(reports, caller, destination):
    assert believed(*reports) == {caller}
    assert believed(*reports, preference="destination") == {destination}


@pytest.mark.parametrize("preference", ["caller", "destination"])
@pytest.mark.parametrize("ended", [unreached("reviews", "productpage-v1"), OUTSIDE])
def test_what_did_not_arrive_or_left_the_mesh_is_the_callers_word(preference, ended):
    given_samples = samples(rate(SOURCE, 4), rate(DESTINATION, 4), rate(ended, 1, "503", "UF"))
    assert Reporting(given_samples, preference).believes(ended)
    assert sum(flow.requests for flow in flows(given_samples, Reporting(given_samples, preference))) == 5


def test_a_destination_is_heard_of_a_caller_whose_own_proxy_is_not_read():
    other = labels("other-v1", "reviews-v1", reporter="destination")
    edges = build(samples(rate(SOURCE, 4), rate(DESTINATION, 4), rate(other, 3)), "app").edges
    assert edges["app:bookinfo/productpage->app:bookinfo/reviews:http"].requests_per_second == 4
    assert edges["app:bookinfo/other->app:bookinfo/reviews:http"].requests_per_second == 3


def test_a_destination_that_names_another_of_its_services_does_not_count_again():
    canary = labels(reporter="destination", destination_service_name="reviews-canary")
    assert believed(SOURCE, canary) == {"source"}


def test_two_clusters_with_the_same_names_are_two_calls():
    west = labels(reporter="destination", source_cluster="west", destination_cluster="west")
    east = labels(reporter="source", source_cluster="east", destination_cluster="east")
    assert believed(east, west) == {"source", "destination"}


def test_a_reporter_that_nobody_knows_is_not_believed():
    assert believed(labels(reporter="")) == set()


def test_who_reports_now_is_believed_before_who_did_once():
    then = (Idle(SOURCE, 20.0),)
    assert believed(DESTINATION, idle=then) == {"destination"}
    assert not Reporting(samples(idle=(*then, Idle(DESTINATION, 20.0)))).believes(DESTINATION)


def tcp(source, target, reporter, **changed):
    return labels(source, target, reporter=reporter, request_protocol="tcp", **changed)


AMBIENT = [
    volume(tcp("productpage-v1", "waypoint-v1", "source", destination_service_name="reviews"), 100, 10),
    volume(tcp("productpage-v1", "waypoint-v1", "destination", destination_service_name="reviews"), 100, 10),
    volume(tcp("waypoint-v1", "reviews-v1", "source"), 100, 10),
    volume(tcp("waypoint-v1", "reviews-v1", "destination"), 100, 10),
]


def test_connections_that_carry_what_a_waypoint_reports_are_not_drawn_beside_it():
    (edge,) = build(samples(rate(WAYPOINT, 5), volumes=tuple(AMBIENT)), "workload").edges.values()
    assert (edge.protocol, edge.requests_per_second, edge.sent_bytes_per_second) == ("http", 5, 0)


def test_connections_of_ambient_proxies_without_a_waypoint_are_drawn_once():
    straight = [volume(tcp("a-v1", "db-v1", each), 100, 10) for each in ("source", "destination")]
    graph = build(samples(rate(WAYPOINT, 5), volumes=(*AMBIENT, *straight)), "workload")
    (edge,) = (each for each in graph.edges.values() if each.protocol == "tcp")
    assert edge.source.endswith("a-v1")
    assert (edge.sent_bytes_per_second, edge.received_bytes_per_second) == (100, 10)
    assert edge.health == "ok"


def test_mutual_tls_is_what_the_destination_saw_of_the_call():
    safe, plain = (
        labels(reporter="destination", connection_security_policy=each) for each in ("mutual_tls", "none")
    )
    (edge,) = build(samples(rate(SOURCE, 8), rate(safe, 6), rate(plain, 2)), "app").edges.values()
    assert edge.mtls == 0.75
    assert edge.requests_per_second == 8
    (edge,) = build(samples(rate(SOURCE, 8)), "app").edges.values()
    assert edge.mtls is None
    unsaid = labels(reporter="destination", connection_security_policy="")
    (edge,) = build(samples(rate(SOURCE, 8), rate(unsaid, 8)), "app").edges.values()
    assert edge.mtls is None


def test_mutual_tls_of_connections_goes_by_bytes():
    safe = tcp("a-v1", "db-v1", "destination", connection_security_policy="mutual_tls")
    plain = safe._replace(connection_security_policy="none")
    graph = build(samples(volumes=(volume(safe, 60, 30), volume(plain, 10, 0))), "app")
    (edge,) = graph.edges.values()
    assert edge.mtls == 0.9


def test_volumes_become_bytes_messages_and_connections():
    of = labels(request_protocol="grpc")
    moved = volume(of, 50, 70, sent_messages=3, received_messages=4, opened_connections=2)
    graph = build(samples(rate(of, 1), volumes=(moved,)), "app")
    (edge,) = graph.edges.values()
    assert (edge.sent_bytes_per_second, edge.received_bytes_per_second) == (50, 70)
    assert (edge.messages_per_second, edge.connections_per_second) == (7, 2)
    assert graph.nodes["app:bookinfo/reviews"].bytes_per_second == 120


names = st.sampled_from(["", "a-v1", "b-v1"])
reports = st.builds(
    lambda reporter, source, target, protocol: labels(
        source, target, reporter=reporter, request_protocol=protocol
    ),
    st.sampled_from(["source", "waypoint", "destination"]),
    names,
    names,
    st.sampled_from(["http", "grpc"]),
)
traffic = st.lists(st.tuples(reports, st.integers(1, 100)), max_size=12)
preferences = st.sampled_from(["caller", "destination"])


@given(traffic, preferences)
def test_of_each_call_exactly_one_reporters_total_is_counted(told, preference):
    given_samples = samples(*(rate(of, rps) for of, rps in told))
    totals = defaultdict(lambda: defaultdict(int))
    for of, rps in told:
        totals[call_of(of)][of.reporter] += rps
    counted = defaultdict(int)
    for flow in flows(given_samples, Reporting(given_samples, preference)):
        counted[call_of(flow.labels)] += flow.requests
    order = ["source", "waypoint", "destination"]
    if preference == "destination":
        order.reverse()
    assert counted == {
        call: by_reporter[min(by_reporter, key=order.index)] for call, by_reporter in totals.items()
    }


@given(traffic.flatmap(lambda told: st.tuples(st.just(told), st.permutations(told))), preferences)
def test_the_order_of_the_reports_does_not_matter(orders, preference):
    def summed(told):
        given_samples = samples(*(rate(of, rps) for of, rps in told))
        found = flows(given_samples, Reporting(given_samples, preference))
        return {flow.labels: (flow.requests, flow.codes, flow.mtls) for flow in found}

    one, other = map(summed, orders)
    assert one == other


@pytest.mark.parametrize(("code", "flag"), [("504", "UT"), ("503", "UF"), ("503", "UC")])
def test_a_failure_at_the_caller_shows_although_the_destination_is_content(code, flag):
    told = samples(rate(SOURCE, 6), rate(SOURCE, 2, code, flag), rate(DESTINATION, 6))

    def ratio(preference):
        (edge,) = build(told, "app", preference=preference).edges.values()
        return edge.error_ratio

    assert ratio("caller") == 0.25
    assert ratio("destination") == 0


def test_an_injected_delay_shows_in_the_callers_latency_only():
    told = samples(
        rate(SOURCE, 4, "200", "DI"),
        rate(DESTINATION, 4),
        durations=(durations(SOURCE, 0, 0, 0, 0, 4, 4), durations(DESTINATION, 0, 4, 4, 4, 4, 4)),
    )

    def median(preference):
        (edge,) = build(told, "app", preference=preference).edges.values()
        return edge.latency_ms.p50

    assert (median("caller"), median("destination")) == (75, 3)
