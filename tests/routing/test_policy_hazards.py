"""What a traffic policy can do to those whom it meets, told before.

ejection; TLS that the pods refuse; what a port does not take over; who is not met
"""

import pytest

from cluster.fake import FakeCluster
from routing import rules
from tests.routing.policies import TARGET, planned, policy
from tests.routing.stage import WORKLOADS, bookinfo, destination_rule, pod, service
from tests.routing.test_planner import codes


def test_every_pod_ejected_is_an_error():
    plan = planned(bookinfo(), policy(outlier_detection={"max_ejection_percent": 100}))
    assert [(item.code, item.field) for item in plan.errors] == [
        ("ALL_CAN_BE_EJECTED", "rules[0].outlier_detection.max_ejection_percent")
    ]


def test_more_than_half_ejected_is_a_warning():
    assert codes(planned(bookinfo(), policy(outlier_detection={"max_ejection_percent": 51}))) == [
        "MANY_CAN_BE_EJECTED"
    ]
    assert codes(planned(bookinfo(), policy(outlier_detection={"max_ejection_percent": 50}))) == []


def test_a_single_pod_is_few_to_eject():
    one = policy(version="v1", outlier_detection={})
    assert codes(planned(bookinfo(), one)) == ["FEW_TO_EJECT"]
    never = policy(version="v1", outlier_detection={"max_ejection_percent": 0})
    assert codes(planned(bookinfo(), never)) == []
    assert codes(planned(bookinfo(), policy(outlier_detection={}))) == []


def peers(mode, namespace="bookinfo", name="default", **spec):
    return {
        "apiVersion": "security.istio.io/v1",
        "kind": "PeerAuthentication",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {**({"mtls": {"mode": mode}} if mode else {}), **spec},
    }


REVIEWS = {"matchLabels": {"app": "reviews"}}
RATINGS = {"matchLabels": {"app": "ratings"}}
PEERS = {
    "strict namespace, no TLS": ("DISABLE", [peers("STRICT")], ["error"]),
    "strict namespace, Istio's TLS": ("ISTIO_MUTUAL", [peers("STRICT")], []),
    "strict namespace, other TLS": ("SIMPLE", [peers("STRICT")], ["error"]),
    "permissive": ("DISABLE", [peers("PERMISSIVE")], []),
    "no policy": ("DISABLE", [], []),
    "strict mesh": ("DISABLE", [peers("STRICT", "istio-system")], ["error"]),
    "strict mesh, permissive namespace": (
        "DISABLE", [peers("STRICT", "istio-system"), peers("PERMISSIVE")], []
    ),
    "strict mesh, a namespace that says nothing": (
        "DISABLE", [peers("STRICT", "istio-system"), peers("UNSET")], ["error"]
    ),
    "strict elsewhere": ("DISABLE", [peers("STRICT", "shop")], []),
    "disabled, Istio's TLS": ("ISTIO_MUTUAL", [peers("DISABLE")], ["error"]),
    "strict for these pods": (
        "DISABLE", [peers("PERMISSIVE"), peers("STRICT", name="r", selector=REVIEWS)],
        ["error"],
    ),
    "strict for other pods": (
        "DISABLE", [peers("STRICT", name="r", selector=RATINGS)], []
    ),
    "with ports of their own": (
        "DISABLE",
        [peers("STRICT", selector=REVIEWS, portLevelMtls={"9080": {"mode": "DISABLE"}})],
        ["warning"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("mode", "manifests", "levels"), PEERS.values(), ids=PEERS)
def test_a_tls_mode_that_the_pods_refuse_is_told(mode, manifests, levels):
    plan = planned(bookinfo(*manifests), policy(tls={"mode": mode}))
    found = [item.level for item in plan.problems if item.code == "TLS_AGAINST_PEER_AUTHENTICATION"]
    assert found == levels


def test_pods_without_a_proxy_refuse_nothing():
    bare = pod("plain-1", "plain", "v1")
    bare["spec"]["containers"] = [{"name": "plain"}]
    cluster = FakeCluster([*WORKLOADS, service("plain"), bare, peers("STRICT")])
    rule = rules.parse([{**TARGET, "service": "plain", "tls": {"mode": "DISABLE"}}])
    assert codes(planned(cluster, *rule)) == []


def test_a_secret_is_read_by_gateways_only():
    mutual = {"mode": "MUTUAL", "credential_name": "client"}
    assert codes(planned(bookinfo(), policy(tls=mutual))) == ["CREDENTIAL_AT_GATEWAYS_ONLY"]


def test_failover_without_detection_is_told():
    failover = {"locality": {"failover": [{"from": "a", "to": "b"}]}}
    assert codes(planned(bookinfo(), policy(load_balancer=failover))) == ["FAILOVER_WITHOUT_DETECTION"]
    assert codes(planned(bookinfo(), policy(load_balancer=failover, outlier_detection={}))) == []


def test_a_port_that_takes_nothing_over_is_told():
    whole = destination_rule("reviews", [], trafficPolicy={"tls": {"mode": "ISTIO_MUTUAL"}})
    (problem,) = planned(bookinfo(whole), policy(port=9080, load_balancer={"simple": "RANDOM"})).problems
    assert problem.code == "PORT_TAKES_NOTHING_OVER"
    assert "does not take over tls of" in problem.message


def test_a_port_that_the_service_does_not_have_is_an_error():
    plan = planned(bookinfo(), policy(port=80, tls={"mode": "DISABLE"}))
    assert [(item.code, item.field) for item in plan.errors] == [("UNKNOWN_PORT", "rules[0].port")]


def test_a_version_that_the_service_does_not_have_is_an_error():
    plan = planned(bookinfo(), policy(version="v9", tls={"mode": "DISABLE"}))
    assert [(item.code, item.field) for item in plan.errors] == [("UNKNOWN_VERSION", "rules[0].version")]
    assert plan.operations == ()


def test_callers_with_a_rule_of_their_own_are_told():
    theirs = destination_rule("mine", [], "shop", "reviews.bookinfo.svc.cluster.local")
    assert codes(planned(bookinfo(theirs), policy(tls={"mode": "SIMPLE"}))) == ["POLICY_NOT_FOR_ALL"]


def test_a_wildcard_is_replaced_and_its_policy_copied():
    every = destination_rule(
        "every", [], host="*.bookinfo.svc.cluster.local", trafficPolicy={"tls": {"mode": "ISTIO_MUTUAL"}}
    )
    plan = planned(bookinfo(every), policy(outlier_detection={}))
    assert codes(plan) == ["WILDCARD_REPLACED"]
    assert set(plan.operations[0].after["spec"]["trafficPolicy"]) == {"tls", "outlierDetection"}


def test_a_second_destination_rule_is_told_once():
    cluster = bookinfo(
        destination_rule("reviews", ["v1"]), destination_rule("reviews-b", ["v2"], host="reviews")
    )
    plan = planned(cluster, policy(load_balancer={"simple": "RANDOM"}), policy(version="v1", tls=None))
    assert codes(plan).count("DUPLICATE_DESTINATION_RULE") == 2
    assert len(set(plan.problems)) == len(plan.problems)
