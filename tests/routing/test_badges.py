"""What acts on services and workloads, for the nodes of the graph."""

import pytest

from cluster import connection, inventory
from routing import badges, badging
from routing.api.badges import BadgesSerializer
from routing.shares import steered
from tests.people import own
from tests.routing.stage import (
    bookinfo,
    destination_rule,
    pod,
    route,
    service,
    to_whole,
    virtual_service,
)
from tests.routing.test_shapes import assert_shape

REVIEWS = inventory.Service(
    "bookinfo",
    "reviews",
    "reviews",
    (),
    tuple(inventory.Version(name, "version", 1, 1, 1, {"version": name}) for name in ("v1", "v2", "v3")),
    0,
)
SUBSETS = destination_rule("reviews", ["v1", "v2", "v3"])
PLACES = {"namespace": "bookinfo", "service": "reviews", "workload": "", "app": "", "version": ""}


def said(*rules, policy=SUBSETS, name="reviews"):
    """Kind, short and text of what http rules for reviews make of it."""
    resources = [virtual_service(name, list(rules)), policy] if rules else [policy]
    return [(badge.kind, badge.short, badge.text) for badge in badges.of_service(steered(resources, REVIEWS))]


def policy(**traffic):
    rule = destination_rule("reviews", ["v1", "v2", "v3"])
    rule["spec"]["trafficPolicy"] = traffic
    return rule


def test_a_split_is_told_by_its_weights():
    assert said({"route": route(("v1", 80), ("v3", 20))}) == [("split", "80/20", "80 % v1, 20 % v3")]
    assert said({"route": route(("v1", 100), ("v3", 0))}) == []
    assert said({"route": to_whole("reviews")}) == []
    assert said() == []


def test_a_fault_is_told_with_whom_it_meets():
    delay = {"percentage": {"value": 50}, "fixedDelay": "2s"}
    abort = {"percentage": {"value": 10}, "httpStatus": 503}
    rule = {"route": to_whole("reviews"), "fault": {"delay": delay, "abort": abort}}
    assert said(rule) == [
        ("fault", "delay+abort", "50 % delayed by 2s, 10 % aborted with 503; everyone"),
    ]


def test_mirrors_timeouts_and_retries_are_told_each_once_and_for_whom():
    extras = {
        "mirror": {"host": "reviews", "subset": "v3"},
        "mirrorPercentage": {"value": 25},
        "timeout": "0.500s",
        "retries": {"attempts": 3, "perTryTimeout": "100ms"},
    }
    some = {"match": [{"uri": {"prefix": "/old"}}], "route": to_whole("reviews"), "timeout": "2s"}
    assert said(some, {"route": to_whole("reviews"), **extras}) == [
        ("timeout", "2s", "given up after 2s, for some requests"),
        ("mirror", "", "25 % copied to reviews v3"),
        ("timeout", "500ms", "given up after 500ms"),
        ("retries", "3x", "3 retries, each of 100ms"),
    ]


def test_what_stands_behind_the_default_route_acts_on_nobody():
    assert said({"route": to_whole("reviews")}, {"route": to_whole("reviews"), "timeout": "2s"}) == []


def test_a_circuit_breaker_is_outlier_detection_or_a_limit():
    ejects = policy(outlierDetection={"consecutive5xxErrors": 7, "interval": "10s"})
    assert said(policy=ejects) == [("breaker", "", "pods are ejected after 7 errors in a row")]
    assert said(policy=policy(outlierDetection={})) == [
        ("breaker", "", "pods are ejected after 5 errors in a row")
    ]
    pool = {"tcp": {"maxConnections": 100}, "http": {"http1MaxPendingRequests": 10, "idleTimeout": "5s"}}
    assert said(policy=policy(connectionPool=pool)) == [
        ("breaker", "", "at most 100 connections"),
        ("breaker", "", "at most 10 waiting requests"),
    ]
    assert said(policy=policy(connectionPool={"http": {"idleTimeout": "5s"}}, loadBalancer={})) == []


def test_policies_of_a_subset_and_of_a_port_say_so():
    rule = policy(portLevelSettings=[{"port": {"number": 9080}, "tls": {"mode": "DISABLE"}}])
    rule["spec"]["subsets"][2]["trafficPolicy"] = {"connectionPool": {"tcp": {"maxConnections": 1}}}
    assert said(policy=rule) == [
        ("no_mtls", "", "DestinationRule bookinfo/reviews has callers send plain text, on port 9080"),
        ("breaker", "", "at most 1 connections, of v3"),
    ]


def test_mutual_tls_that_is_permissive_or_strict_is_not_missing():
    assert said(policy=policy(tls={"mode": "ISTIO_MUTUAL"})) == []
    strict = peer_authentication("STRICT")
    permissive = peer_authentication("PERMISSIVE")
    assert badges.of_workload(workload(), [strict], in_mesh=True) == ()
    assert badges.of_workload(workload(), [permissive], in_mesh=True) == ()


def peer_authentication(mode):
    return {
        "apiVersion": "security.istio.io/v1",
        "kind": "PeerAuthentication",
        "metadata": {"name": "default", "namespace": "bookinfo"},
        "spec": {"mtls": {"mode": mode}},
    }


def workload(**more):
    known = {
        "kind": "Deployment",
        "namespace": "bookinfo",
        "name": "ratings-v1",
        "app": "ratings",
        "version": "v1",
        "wanted": 2,
        "pods": 2,
        "ready_pods": 2,
        "pods_with_sidecar": 2,
        "pods_ambient": 0,
        "pods_missing_proxy": 0,
        "labels": {"app": "ratings"},
    }
    return inventory.Workload(**{**known, **more})


def test_mutual_tls_that_is_switched_off_is_told_of_the_workload():
    (found,) = badges.of_workload(workload(), [peer_authentication("DISABLE")], in_mesh=True)
    assert (found.kind, found.workload, found.service) == ("no_mtls", "ratings-v1", "")
    assert found.text == "PeerAuthentication bookinfo/default lets plain text in only"


@pytest.mark.parametrize(
    ("more", "in_mesh", "text"),
    [
        ({"pods_with_sidecar": 0}, True, "2 of 2 pods without a sidecar"),
        ({"pods_with_sidecar": 0}, False, ""),
        ({"pods_with_sidecar": 1, "pods_missing_proxy": 1}, False,
         "1 of 2 pods without a sidecar, though it is asked for"),
        ({"pods_with_sidecar": 0, "pods_ambient": 2}, True, ""),
        ({"pods_with_sidecar": 0, "proxy": "gateway"}, True, ""),
        ({"pods_with_sidecar": 0, "pods_known": False}, True, ""),
        ({"pods": 0, "pods_with_sidecar": 0}, True, ""),
    ],
)  # fmt: skip
def test_a_sidecar_is_missing_where_the_mesh_is(more, in_mesh, text):
    found = badges.of_workload(workload(**more), (), in_mesh=in_mesh)
    assert [badge.text for badge in found] == ([text] if text else [])


def test_a_service_sees_only_the_resources_about_it_and_those_for_all():
    about = virtual_service("reviews", [{"route": to_whole("reviews")}])
    wide = destination_rule("all", [], host="*.bookinfo.svc.cluster.local")
    other = virtual_service("ratings", [{"route": to_whole("ratings")}])
    index = badges.Index([about, wide, other])
    assert index.about("bookinfo", "reviews") == [about, wide]
    assert index.about("bookinfo", "details") == [wide]


# As REST


@pytest.mark.django_db
def test_the_answer_has_the_shape_of_the_document(api, cluster):
    cluster.put(virtual_service("reviews", [{"route": route(("v1", 90), ("v3", 10))}]))
    cluster.put(destination_rule("reviews", ["v1", "v2", "v3"]))
    answer = api.get("badges").json()
    assert_shape(BadgesSerializer, answer)
    assert {**PLACES, "kind": "split", "short": "90/10", "text": "90 % v1, 10 % v3"} in answer["badges"]
    assert api.get("badges", namespaces="elsewhere").json()["badges"] == []
    assert api.get("badges", namespaces="Not a name").status_code == 400


@pytest.fixture
def mesh():
    """Bookinfo with a split, and a workload without a sidecar."""
    bare = pod("bare-1", "bare", "v1")
    bare["spec"]["containers"] = [{"name": "bare"}]
    split = virtual_service("reviews", [{"route": route(("v1", 90), ("v3", 10))}])
    staged = bookinfo(split, SUBSETS, service("bare"), bare)
    with connection.override(staged):
        yield staged


def kinds(found):
    return [badge.kind for badge in found.items]


def test_a_change_is_told_at_the_next_question(mesh):
    person = own()
    assert kinds(badging.everything(person, now=lambda: 0.0)) == ["split", "no_proxy"]
    mesh.put(virtual_service("reviews", [{"route": to_whole("reviews")}]))
    assert kinds(badging.everything(person, now=lambda: 0.0)) == ["no_proxy"]


class Reader:
    """Somebody to whom the cache shows the very same until it has news."""

    def __init__(self, person):
        self._person = person
        self._shown = {}

    def known(self, kind):
        return self._shown.setdefault(kind, self._person.known(kind))

    def hidden(self, kind, places):
        return self._person.hidden(kind, places)


def test_nothing_is_made_twice_of_what_has_not_changed(mesh):
    person = Reader(own())
    first = badging.everything(person, now=lambda: 0.0).items
    later = badging.everything(person, now=lambda: 1e6).items
    assert first
    assert all(one is other for one, other in zip(first, later, strict=True))


def test_news_waits_where_it_takes_long_to_read_but_never_longer_than_ten_seconds(mesh):
    person = own()
    moments = iter([0.0, 2.0, 9.9, 10.1, 10.1, 10.2])
    assert kinds(badging.everything(person, now=lambda: next(moments))) == ["split", "no_proxy"]
    mesh.put(virtual_service("reviews", [{"route": to_whole("reviews")}]))
    assert kinds(badging.everything(person, now=lambda: next(moments))) == ["split", "no_proxy"]
    assert kinds(badging.everything(person, now=lambda: next(moments))) == ["no_proxy"]


@pytest.mark.django_db
def test_nobody_learns_what_acts_where_he_may_not_read(sign_in, shared_cluster):
    shared_cluster.put(virtual_service("ledger", [{"route": to_whole("ledger"), "timeout": "1s"}], "vault"))
    seen = {
        role: {badge["namespace"] for badge in sign_in(role).get("badges").json()["badges"]}
        for role in ("viewer", "administrator")
    }
    assert "vault" not in seen["viewer"]
    assert "vault" in seen["administrator"]
    assert sign_in("nobody").get("badges").status_code == 403
