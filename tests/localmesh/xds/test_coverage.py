import pytest

from localmesh import xds
from tests.localmesh.xds.objects import destination_rule, gateway, istio, mesh, server, to, virtual_service


def paths(obj):
    return [problem.path for problem in xds.not_programmed(obj["kind"], obj)]


@pytest.mark.parametrize(
    ("obj", "path"),
    [
        (
            virtual_service(tcp=[{"match": [{"destinationSubnets": ["10.0.0.0/8"]}]}]),
            "spec.tcp[0].match[0].destinationSubnets",
        ),
        (
            virtual_service(tls=[{"match": [{"sourceSubnet": "10.0.0.0/8"}]}]),
            "spec.tls[0].match[0].sourceSubnet",
        ),
        (virtual_service({"route": [to()], "someday": 1}), "spec.http[0].someday"),
        (virtual_service({"route": [{**to(), "cost": 1}]}), "spec.http[0].route[0].cost"),
        (
            virtual_service({"route": [to()], "retries": {"attempts": 1, "retryRemoteLocalities": True}}),
            "spec.http[0].retries.retryRemoteLocalities",
        ),
        (
            destination_rule(trafficPolicy={"proxyProtocol": {"version": "V2"}}),
            "spec.trafficPolicy.proxyProtocol",
        ),
        (
            destination_rule(trafficPolicy={"outlierDetection": {"consecutiveErrors": 5}}),
            "spec.trafficPolicy.outlierDetection.consecutiveErrors",
        ),
        (gateway({**server(), "tls": {"privateKey": "/key.pem"}}), "spec.servers[0].tls.privateKey"),
        (gateway({**server(), "bind": "1.2.3.4"}), "spec.servers[0].bind"),
    ],
)
def test_a_field_that_nobody_acts_on_is_named(obj, path):
    assert paths(obj) == [path]


@pytest.mark.parametrize("kind", ["WorkloadGroup", "ProxyConfig", "PeerAuthentication", "EnvoyFilter"])
def test_a_kind_that_nobody_acts_on_is_named_whole(kind):
    (problem,) = xds.not_programmed(kind, istio(kind, "x", {"a": 1}))
    assert problem.path == "spec"
    assert kind in problem.reason


def test_the_gateway_apis_gateway_is_not_taken_for_istios():
    other = {**gateway(), "apiVersion": "gateway.networking.k8s.io/v1"}
    assert paths(other) == ["spec.selector", "spec.servers"]


def test_a_field_at_its_zero_value_says_nothing():
    assert paths(virtual_service({"route": [to()], "corsPolicy": {}}, tcp=[], tls=None)) == []


def test_bookinfos_rules_are_all_in_force():
    rule = virtual_service(
        {
            "match": [{"headers": {"end-user": {"exact": "jason"}}}],
            "fault": {"delay": {"percentage": {"value": 100.0}, "fixedDelay": "7s"}},
            "route": [to(subset="v1")],
        },
        {"route": [to(subset="v1", weight=50), to(subset="v3", weight=50)]},
    )
    subsets = destination_rule("reviews", "v1", "v2", "v3")
    made = mesh(rule, subsets, gateway())
    assert [xds.report(made, each) for each in (rule, subsets, gateway())] == [[], [], []]
