"""Who stands at the ends of a request: pods by address, services by cluster, as Istio's metrics name them."""

import msgspec
import pytest

from cluster import objects
from telemetry.tap.ends import End, place_of, service_of, workload_of
from telemetry.tap.lines import parse
from tests.telemetry.tap.samples import IN, directory, gateway, line, place, pod

PRODUCTPAGE = End("bookinfo", "productpage-v1", "productpage", "v1")
REVIEWS = End("bookinfo", "reviews-v1", "reviews", "v1")


def seen(name, *given, **fields):
    return directory().seen(place(name), parse(line(*given, **fields)))


def read(manifest):
    return msgspec.convert(manifest, objects.Pod)


def test_what_leaves_a_pod_is_told_by_its_own_name_and_that_of_the_pod_it_reached():
    found = seen("productpage-0")
    assert (found.direction, found.caller, found.target) == ("out", PRODUCTPAGE, REVIEWS)
    assert found.service == ("bookinfo", "reviews")


def test_what_reaches_a_pod_is_told_by_the_callers_address():
    found = seen("reviews-1", IN)
    assert (found.direction, found.caller, found.target) == ("in", PRODUCTPAGE, REVIEWS)
    assert (found.service, found.forwarded) == (None, False)


def test_an_address_that_a_gateway_passed_on_is_no_pods():
    found = seen("reviews-1", IN, downstream_remote_address="10.0.0.2:0", x_forwarded_for="10.0.0.2")
    assert (found.caller, found.forwarded) == (None, True)


def test_a_request_that_reached_nobody_still_says_which_service_it_was_for():
    found = seen("productpage-0", upstream_host=None)
    assert (found.target, found.service) == (None, ("bookinfo", "reviews"))
    found = seen("productpage-0", upstream_host=None, upstream_cluster=None)
    assert (found.direction, found.service) == ("out", ("bookinfo", "reviews"))


def test_without_a_cluster_the_pods_own_address_says_that_it_came_in():
    assert seen("reviews-1", IN, upstream_cluster=None, upstream_host=None).direction == "in"


def test_all_requests_of_a_gateway_leave_it_though_they_came_to_its_address():
    here = {"downstream_local_address": "10.0.0.9:8080", "upstream_cluster": None, "upstream_host": None}
    assert seen("ingress-0", **here).direction == "out"


def test_addresses_of_ip_version_6_are_found():
    known = directory([pod("reviews-1", "fd00::5")])
    out = parse(line(upstream_host="[fd00::5]:9080"))
    assert known.seen(place("reviews-1", known), out).target == REVIEWS


@pytest.mark.parametrize(
    ("cluster", "authority", "service"),
    [
        ("outbound|9080|v1|reviews.bookinfo.svc.cluster.local", "x", ("bookinfo", "reviews")),
        ("outbound|443||api.example.org", "x", ("", "api.example.org")),
        ("PassthroughCluster", "api.example.org:443", ("", "api.example.org")),
        ("BlackHoleCluster", "reviews:9080", ("here", "reviews")),
        ("", "Reviews.Bookinfo.svc:9080", ("bookinfo", "reviews")),
        ("", "", None),
    ],
)
def test_a_service_is_read_from_the_cluster_or_else_from_the_host(cluster, authority, service):
    found = parse(line(upstream_cluster=cluster, authority=authority))
    assert service_of(found, "here") == service


@pytest.mark.parametrize(
    ("owner", "workload"),
    [
        ({"kind": "ReplicaSet", "name": "reviews-v1-abc"}, "reviews-v1"),
        ({"kind": "ReplicaSet", "name": "by-hand"}, "by-hand"),
        ({"kind": "StatefulSet", "name": "db"}, "db"),
        ({"kind": "Job", "name": "report-28000000"}, "report"),
        ({"kind": "Job", "name": "once"}, "once"),
        (None, "reviews-1"),
    ],
)
def test_a_pod_is_of_the_workload_that_istios_metrics_name(owner, workload):
    made = pod("reviews-1", "10.0.0.5")
    made["metadata"]["ownerReferences"] = [{**owner, "controller": True}] if owner else None
    assert workload_of(read(made)) == workload


def test_pods_that_have_no_address_of_their_own_are_nobodys():
    over = {"status": {"phase": "Succeeded", "podIP": "10.0.0.5"}}
    assert place_of(read(pod("a", "10.0.0.5", **over))) is None
    assert place_of(read(pod("a", ""))) is None
    assert place_of(read(pod("a", "10.0.0.5", spec={"hostNetwork": True}))) is None


def test_an_address_belongs_to_the_pod_that_lives():
    going = pod("reviews-old", "10.0.0.5", version="v9")
    going["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    for pods in ([going, pod("reviews-1", "10.0.0.5")], [pod("reviews-1", "10.0.0.5"), going]):
        assert directory(pods).by_ip["10.0.0.5"].pod == "reviews-1"


def test_a_gateway_has_no_inside_and_a_pod_without_a_proxy_no_log():
    assert place_of(read(gateway())).router
    assert not place_of(read(pod("plain-0", "10.0.0.7", proxy=False))).proxied
