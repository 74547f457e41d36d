"""What is told of the cluster before a rollout starts: each step's writes, and what speaks against it."""

from dataclasses import replace

import pytest

from cluster import connection
from cluster.fake import FakeCluster
from cluster.refs import Ref
from routing.errors import WrongRulesError
from routing.rolling.mesh import steps
from tests.people import own
from tests.routing.rollouts.scenes import STRATEGIES, spec
from tests.routing.stage import (
    WORKLOADS,
    bookinfo,
    destination_rule,
    pod,
    route,
    service,
    to_whole,
    virtual_service,
    writes,
)

pytestmark = pytest.mark.django_db
HEADER = next(each for each in STRATEGIES if each.kind == "header")
MIRROR = next(each for each in STRATEGIES if each.kind == "mirror")


def told(*manifests, asked=None, workloads=WORKLOADS):
    """What speaks against a rollout where these resources stand."""
    with connection.override(bookinfo()) as staged:
        for each in (*workloads, *manifests):
            staged.put(each)
        for each in WORKLOADS:
            if each not in workloads:
                staged.remove(Ref.of(each))
        return steps.cautions(asked or spec(), own())


def codes(before):
    return {each.code for each in before.cautions}


TO_V1 = virtual_service("reviews", [{"route": route(("v1", 100))}])
SUBSETS = destination_rule("reviews", ["v1", "v2", "v3"])


def test_there_is_a_plan_for_each_step_from_what_stands_now(cluster):
    found = steps.drafts(spec(), own())
    weights = []
    for plan in found:
        after = plan.operations[-1].after
        weights.append(
            {it["destination"]["subset"]: it["weight"] for it in after["spec"]["http"][0]["route"]}
        )
        assert [each.ref.kind.kind for each in plan.operations] == ["DestinationRule", "VirtualService"]
    assert [each.get("v3") for each in weights] == [5, 25, 50, 100]
    assert writes(cluster) == []


@pytest.mark.parametrize("gone", [True, False], ids=["not yet deployed", "not yet ready"])
def test_a_canary_without_a_ready_pod_is_shown_as_it_will_be(gone):
    workloads = [each for each in WORKLOADS if each["metadata"]["name"] != "reviews-v3-a"]
    more = [] if gone else [pod("reviews-v3-a", "reviews", "v3", ready=False)]
    with connection.override(FakeCluster([*workloads, *more, TO_V1, destination_rule("reviews", ["v1"])])):
        (first, *_), before = steps.drafts(spec(), own()), steps.cautions(spec(), own())
    subset = first.operations[0].after["spec"]["subsets"][-1]
    assert subset == {"name": "v3", "labels": {"version": "v3"}}
    assert before.canary_ready is False
    assert before.errors == ()


def test_what_the_cluster_does_not_allow_is_an_error(cluster):
    cluster.edit(Ref.of(TO_V1), lambda each: each["spec"]["http"][0].update(match=[{"port": 1}]))
    with pytest.raises(WrongRulesError, match="no default route"):
        steps.drafts(spec(), own())


def test_nothing_speaks_against_an_ordinary_start():
    before = told(TO_V1, SUBSETS)
    assert before == steps.Before()


def test_a_version_that_would_lose_its_requests_is_named():
    before = told(virtual_service("reviews", [{"route": route(("v1", 70), ("v2", 30))}]), SUBSETS)
    assert codes(before) == {"OTHERS_LOSE_TRAFFIC"}
    assert before.cautions[0].words.startswith("v2 gets requests now")


def test_without_any_rule_all_versions_share_the_requests_and_the_others_lose_them():
    assert [each.words for each in told().cautions] == ["v2 gets requests now, and none once this begins."]


def test_another_manager_and_retries_are_told():
    argo = {"argocd.argoproj.io/tracking-id": "shop:networking.istio.io/VirtualService:bookinfo/reviews"}
    managed = {**TO_V1, "metadata": {**TO_V1["metadata"], "annotations": argo}}
    managed["spec"] = {**managed["spec"], "http": [{"route": route(("v1", 100)), "retries": {"attempts": 3}}]}
    before = told(managed, SUBSETS)
    assert "Argo CD" in before.manager
    assert before.retries == 3


def test_a_rule_that_is_bound_to_a_gateway_only_is_told():
    edge = virtual_service("edge", [{"route": to_whole()}], hosts=["shop.example"], gateways=["gw"])
    assert told(edge).gateway_only is True
    both = told(edge, TO_V1, SUBSETS)
    assert both.gateway_only is False
    assert codes(both) == {"GATEWAY_BESIDE"}


def test_two_virtual_services_for_the_host_forbid_the_start():
    other = virtual_service("other", [{"route": to_whole()}], hosts=["reviews"])
    (error,) = told(TO_V1, other, SUBSETS).errors
    assert error.field == "service"
    assert "IST0109" in error.message


def test_an_http_route_in_force_forbids_the_start_and_one_of_a_consumer_does_not():
    def http_route(namespace):
        parent = {"group": "", "kind": "Service", "name": "reviews", "namespace": "bookinfo"}
        return {
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "HTTPRoute",
            "metadata": {"name": "reviews", "namespace": namespace},
            "spec": {"parentRefs": [parent], "rules": [{"backendRefs": [{"name": "reviews", "port": 9080}]}]},
        }

    (error,) = told(TO_V1, SUBSETS, http_route("bookinfo")).errors
    assert error.message.startswith("HTTPRoute bookinfo/reviews routes reviews")
    before = told(TO_V1, SUBSETS, http_route("shop"))
    assert (before.errors, codes(before)) == ((), {"CONSUMER_ROUTE"})


def test_a_service_without_a_port_for_http_cannot_be_judged():
    tcp = service("reviews")
    tcp["spec"]["ports"] = [{"port": 3306, "name": "tcp"}]
    (error,) = told(TO_V1, SUBSETS, tcp).errors
    assert "no port for HTTP" in error.message


def test_a_service_or_a_baseline_that_is_not_there_is_named_at_its_field():
    assert [each.field for each in told(asked=replace(spec(), service="nothing")).errors] == ["service"]
    assert [each.field for each in told(TO_V1, asked=replace(spec(), baseline="v9")).errors] == ["baseline"]


def test_a_fault_that_stands_is_told():
    fault = {"abort": {"percentage": {"value": 5}, "httpStatus": 503}}
    faulty = virtual_service("reviews", [{"route": route(("v1", 100)), "fault": fault}])
    assert codes(told(faulty, SUBSETS)) == {"FAULT_STANDS"}
    by_header = told(faulty, SUBSETS, asked=spec(HEADER))
    assert codes(by_header) == {"FAULT_STANDS", "NOT_CARRIED"}
    assert "without fault" in by_header.cautions[-1].words


def test_a_mirror_that_the_rollout_would_take_over_is_told():
    mirrors = [{"destination": {"host": "reviews", "subset": "v3"}, "percentage": {"value": 5}}]
    mirrored = virtual_service("reviews", [{"route": route(("v1", 100)), "mirrors": mirrors}])
    assert codes(told(mirrored, SUBSETS, asked=spec(MIRROR))) == {"MIRROR_STANDS"}
    assert codes(told(mirrored, SUBSETS)) == set()
