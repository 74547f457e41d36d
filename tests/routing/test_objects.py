"""Whole resources: one to be exactly this, or one to go.

read       what is no manifest, no known kind, no name, no JSON is refused at its field
write      exactly the content; what the server and kubectl keep stays
refuse     another version than was read; two for one host
delete     says what holds then
"""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster import kinds
from cluster.refs import Ref
from routing import diff, istio, live, planner, rules
from routing.istio import CannotApply
from routing.rules import DeleteObject, Object, RulesError, Split
from tests.people import own
from tests.routing import generated
from tests.routing.stage import (
    REVIEWS,
    REVIEWS_SUBSETS,
    bookinfo,
    destination_rule,
    route,
    to_whole,
    virtual_service,
    writes,
)
from tests.routing.test_planner import carried_out, codes, steps

ROUTE = virtual_service("reviews", [{"route": route(("v1", 80), ("v3", 20))}])
SUBSETS = destination_rule("reviews", ["v1", "v2", "v3"])
EDGE = {
    "apiVersion": "networking.istio.io/v1",
    "kind": "Gateway",
    "metadata": {"name": "edge", "namespace": "bookinfo"},
    "spec": {"selector": {"istio": "ingressgateway"}, "servers": []},
}


def put(manifest):
    return {"kind": "object", "manifest": manifest}


def gone(manifest):
    named = {"kind": manifest["kind"], "api_version": manifest["apiVersion"]}
    return {"kind": "delete_object", "resource": {**named, "namespace": "bookinfo", "name": name(manifest)}}


def name(manifest):
    return manifest["metadata"]["name"]


def planned(cluster, *asked):
    wanted = rules.parse(list(asked))
    return planner.plan(wanted, live.read(own(cluster), {"bookinfo"}, rules.kinds_read(wanted)))


def refused(*asked):
    with pytest.raises(RulesError) as refusal:
        rules.parse(list(asked))
    return {error.field: error.message for error in refusal.value.errors}


def changed(manifest, **metadata):
    other = copy.deepcopy(manifest)
    other["metadata"].update(metadata)
    return other


def core(kind):
    return {"apiVersion": "v1", "kind": kind}


WRONG = {
    "no manifest": ({"kind": "object"}, "manifest", "This must be an object"),
    "a list": (put([ROUTE]), "manifest", "This must be an object"),
    "no kind": (put({"apiVersion": "networking.istio.io/v1"}), "manifest.kind", "This must be text"),
    "a ConfigMap": (put({**ROUTE, **core("ConfigMap")}), "manifest.kind", "cannot be written"),
    "a Service": (put({**ROUTE, **core("Service")}), "manifest.kind", "cannot be written"),
    "version 9": (
        put({**ROUTE, "apiVersion": "networking.istio.io/v9"}),
        "manifest.apiVersion",
        "is not a version of VirtualService; these are: networking.istio.io/v1,",
    ),
    "no metadata": (put({**ROUTE, "metadata": None}), "manifest.metadata", "This must be an object"),
    "no name": (put({**ROUTE, "metadata": {"namespace": "a"}}), "manifest.metadata.name", "is missing"),
    "dots": (put(changed(ROUTE, name="..")), "manifest.metadata.name", "cannot be the name of a Virtual"),
    "a path": (put(changed(ROUTE, namespace="a/b")), "manifest.metadata.namespace", "cannot be the namesp"),
    "a label of 1": (put(changed(ROUTE, labels={"a": 1})), "manifest.metadata.labels.a", "be a text"),
    "routes as a text": (
        put({**ROUTE, "spec": {"http": "all"}}), "manifest.spec.http", "This must be a list."
    ),
    "a destination as a text": (
        put({**ROUTE, "spec": {"tcp": [{"route": [{"destination": "reviews"}]}]}}),
        "manifest.spec.tcp[0].route[0].destination",
        "This must be an object.",
    ),
    "a weight of yes": (
        put({**ROUTE, "spec": {"http": [{"route": [{"weight": True}]}]}}),
        "manifest.spec.http[0].route[0].weight",
        "This must be a whole number.",
    ),
    "no number": (put({**ROUTE, "spec": {"x": float("nan")}}), "manifest.spec.x", "must be a number"),
    "a number of 400 digits": (put({**ROUTE, "spec": {"x": 10**400}}), "manifest.spec.x", "too large"),
    "half a character": (put({**ROUTE, "spec": {"x": "\ud800"}}), "manifest.spec.x", "cannot be stored"),
    "an unknown member": (put({**ROUTE, "data": {}}), "manifest.data", "Unknown; known are"),
    "no resource": ({"kind": "delete_object"}, "resource", "This must be an object"),
    "a Pod": (
        {"kind": "delete_object", "resource": {"kind": "Pod", "api_version": "v1"}},
        "resource.kind",
        '"v1 Pod" cannot be written here',
    ),
    "the whole collection": (
        {"kind": "delete_object", "resource": {**gone(ROUTE)["resource"], "name": ""}},
        "resource.name",
        "cannot be the name",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("asked", "field", "message"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said_at_its_field(asked, field, message):
    assert message in refused(asked)[f"rules[0].{field}"]


def test_a_manifest_nested_too_deep_is_refused_and_not_walked_to_its_end():
    deep = {}
    for _ in range(5000):
        deep = {"a": deep}
    assert all("levels deep" in message for message in refused(put({**ROUTE, "spec": deep})).values())


def test_what_the_server_keeps_is_no_part_of_the_rule():
    kept = {"uid": "1", "generation": 3, "managedFields": [], "creationTimestamp": "2026-01-01T00:00:00Z"}
    (rule,) = rules.parse([put({**changed(ROUTE, **kept), "status": {"x": 1}})])
    assert rule == Object(ROUTE)


def test_two_rules_for_one_resource_are_refused():
    assert "already sets VirtualService bookinfo/reviews" in refused(put(ROUTE), gone(ROUTE))["rules[1]"]


def test_the_gateways_of_istio_and_of_the_gateway_api_are_two():
    other = {**EDGE, "apiVersion": "gateway.networking.k8s.io/v1", "spec": {}}
    assert len(rules.parse([put(EDGE), put(other)])) == 2


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=12,
)
SPEC = st.dictionaries(st.sampled_from(["hosts", "http", "tcp", "host", "subsets", "trafficPolicy"]), JSON)
HALF_RIGHT = st.fixed_dictionaries(
    {
        "apiVersion": st.sampled_from(["networking.istio.io/v1", "networking.istio.io/v1beta1", "v1"]) | JSON,
        "kind": st.sampled_from(["VirtualService", "DestinationRule", "Gateway", "Sidecar"]) | JSON,
        "metadata": JSON | st.just({"name": "a", "namespace": "bookinfo"}),
        "spec": JSON | SPEC,
    }
)


@given(st.fixed_dictionaries({"kind": st.just("object"), "manifest": JSON | HALF_RIGHT}))
def test_no_manifest_does_anything_but_be_planned_or_refused(asked):
    found, fields = (), ["rules[0]"]
    try:
        found = rules.parse([asked])
    except RulesError as refusal:
        fields = [error.field for error in refusal.errors]
    assert fields
    assert all(field.startswith("rules[0]") for field in fields)
    assert not found or rules.parse([rules.to_json(rule) for rule in found]) == found
    state = live.read(own(bookinfo(SUBSETS)), {"bookinfo"}, rules.kinds_read(found))
    plan = planner.plan([*found, Split("bookinfo", "reviews", {"v1": 100})], state)
    assert plan.hash


@given(generated.virtual_services())
def test_an_object_is_read_back_as_it_was_written(manifest):
    rule = istio.read_object(manifest)
    assert rules.parse([rules.to_json(rule)]) == (rule,)
    assert istio.read_object(istio.set_object(None, rule)) == rule
    assert diff.same(istio.set_object(None, rule), manifest)


@given(generated.virtual_services(), generated.virtual_services())
def test_planning_an_object_a_second_time_is_empty(manifest, other):
    cluster = bookinfo(other, manifest, SUBSETS)
    plan = planned(cluster, put(other))
    carried_out(cluster, plan)
    assert diff.same(cluster.get(REVIEWS), other)
    assert planned(cluster, put(other)).operations == ()


def test_an_older_version_of_the_api_is_the_same_object():
    cluster = bookinfo(ROUTE, SUBSETS)
    assert planned(cluster, put({**ROUTE, "apiVersion": "networking.istio.io/v1beta1"})).operations == ()


def test_kubectls_own_copy_of_the_object_stays():
    note = {diff.LAST_APPLIED: "{}"}
    cluster = bookinfo(changed(ROUTE, annotations=note), SUBSETS)
    plan = planned(cluster, put({**ROUTE, "spec": {**ROUTE["spec"], "exportTo": ["."]}}))
    carried_out(cluster, plan)
    assert cluster.get(REVIEWS)["metadata"]["annotations"] == note


def test_the_version_that_was_read_is_written_over():
    cluster = bookinfo(ROUTE, SUBSETS)
    edited = cluster.get(REVIEWS)
    edited["spec"]["http"][0]["timeout"] = "3s"
    plan = planned(cluster, put(edited))
    assert (codes(plan), steps(plan)) == ([], [("update", "VirtualService")])
    assert [item.path for item in plan.operations[0].differences] == ["spec.http[0].timeout"]


def test_another_version_than_was_read_is_refused_in_words():
    cluster = bookinfo(ROUTE, SUBSETS)
    edited = cluster.get(REVIEWS)
    cluster.edit(REVIEWS, lambda manifest: manifest["spec"].update(exportTo=["."]))
    (problem,) = planned(cluster, put(edited)).errors
    assert (problem.code, problem.field) == ("CHANGED_SINCE", "rules[0].manifest.metadata.resourceVersion")
    assert problem.message == (
        "Somebody changed VirtualService bookinfo/reviews since you read it; read it again."
    )


def test_an_object_that_was_deleted_since_it_was_read_is_refused():
    with pytest.raises(CannotApply, match="not there any more"):
        istio.set_object(None, Object(ROUTE, "7"))


def test_a_second_virtual_service_for_a_host_is_an_error_and_an_old_one_a_warning():
    second = virtual_service("second", [{"route": to_whole()}], hosts=["reviews"])
    assert codes(planned(bookinfo(ROUTE, SUBSETS), put(second)), "error") == ["IST0109"]
    both = bookinfo(ROUTE, SUBSETS, second)
    timed = virtual_service("second", [{"route": to_whole(), "timeout": "1s"}], hosts=["reviews"])
    assert codes(planned(both, put(timed))) == ["IST0109"]
    assert codes(planned(both, put(timed)), "error") == []


def test_a_deleted_virtual_service_says_where_its_requests_go():
    plan = planned(bookinfo(ROUTE, SUBSETS), gone(ROUTE))
    (problem,) = plan.problems
    assert problem.code == "ROUTES_DELETED"
    assert problem.message == (
        "Without VirtualService bookinfo/reviews, requests to reviews.bookinfo.svc.cluster.local in the mesh "
        "go to all pods of the service, whatever their version."
    )
    assert steps(plan) == [("delete", "VirtualService")]


def test_a_deleted_virtual_service_leaves_its_host_to_a_wildcard():
    every = virtual_service("every", [{"route": to_whole()}], hosts=["*.bookinfo.svc.cluster.local"])
    (problem,) = planned(bookinfo(ROUTE, SUBSETS, every), gone(ROUTE)).problems
    assert "go by VirtualService bookinfo/every." in problem.message


def test_a_deleted_virtual_service_of_a_gateway_ends_in_404():
    edge = virtual_service("web", [{"route": to_whole()}], hosts=["shop.example"], gateways=["edge"])
    (problem,) = planned(bookinfo(edge), gone(edge)).problems
    assert problem.message == (
        "Without VirtualService bookinfo/web, requests for shop.example through gateway bookinfo/edge are "
        "answered 404."
    )


def test_a_deleted_policy_is_told():
    policy = {"connectionPool": {}, "tls": {"mode": "ISTIO_MUTUAL"}}
    cluster = bookinfo(destination_rule("reviews", [], trafficPolicy=policy))
    (problem,) = planned(cluster, gone(SUBSETS)).problems
    assert problem.code == "POLICY_DELETED"
    assert "(connectionPool, tls)" in problem.message


def test_a_deleted_gateway_names_who_is_bound_to_it():
    bound = virtual_service("web", [{"route": to_whole()}], hosts=["shop.example"], gateways=["edge"])
    (problem,) = planned(bookinfo(bound, EDGE), gone(EDGE)).problems
    assert problem.code == "GATEWAY_IN_USE"
    assert "VirtualService bookinfo/web" in problem.message


def test_what_is_not_there_needs_no_deleting():
    plan = planned(bookinfo(), gone(ROUTE))
    assert (plan.operations, codes(plan)) == ((), ["NOTHING_TO_DO"])
    assert plan.sources == {(kinds.VIRTUAL_SERVICE, "bookinfo")}


def test_a_kind_that_the_cluster_does_not_have_is_said_before_it_is_written():
    cluster = bookinfo()
    cluster.unserved.add(kinds.GATEWAY)
    (problem,) = planned(cluster, put(EDGE)).errors
    assert problem.code == "KIND_NOT_SERVED"
    assert "does not have the kind Gateway of networking.istio.io" in problem.message


def test_a_delete_rule_is_read_back():
    rule = DeleteObject(Ref(kinds.HTTP_ROUTE, "bookinfo", "reviews.v1"))
    assert rules.parse([rules.to_json(rule)]) == (rule,)


@pytest.mark.django_db
def test_an_object_is_applied_told_and_taken_back(api, cluster):
    before = cluster.get(REVIEWS)
    change = api.applied(put(virtual_service("reviews", [{"route": to_whole(), "timeout": "3s"}])))
    assert (change["namespace"], change["summary"]) == (
        "bookinfo",
        "VirtualService bookinfo/reviews as it was given",
    )
    assert cluster.get(REVIEWS)["spec"]["http"][0]["timeout"] == "3s"
    assert api.post(f"changes/{change['id']}/revert").status_code == 200
    assert diff.same(cluster.get(REVIEWS), before)


@pytest.mark.django_db
def test_a_deleted_object_comes_back_with_the_revert(api, cluster):
    before = cluster.get(REVIEWS)
    change = api.applied(gone(ROUTE))
    assert change["summary"] == "VirtualService bookinfo/reviews deleted"
    assert writes(cluster) == [("delete", "VirtualService bookinfo/reviews")]
    api.post(f"changes/{change['id']}/revert")
    assert diff.same(cluster.get(REVIEWS), before)


@pytest.mark.django_db
def test_a_plan_that_would_break_a_route_is_422_and_nothing_is_kept(api, cluster):
    answer = api.plan(gone(SUBSETS))
    assert answer.status_code == 422
    assert cluster.get(REVIEWS_SUBSETS)
    assert writes(cluster) == []


@pytest.mark.django_db
@pytest.mark.parametrize("asked", [put(EDGE), gone(ROUTE)], ids=["object", "delete_object"])
def test_the_pages_of_a_plan_and_a_change_without_a_service_are_drawn(api, cluster, asked):
    plan = api.plan(asked).json()
    change = api.post(f"plans/{plan['id']}/apply").json()
    for path in (f"/plans/{plan['id']}/", f"/changes/{change['id']}/", "/changes/"):
        page = api.client.get(path)
        assert page.status_code == 200, path
        assert name(asked.get("manifest") or {"metadata": asked.get("resource")}) in page.content.decode()
