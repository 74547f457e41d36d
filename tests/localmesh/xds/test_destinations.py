import pytest

from localmesh import xds
from tests.localmesh.xds.objects import REVIEWS, addresses, cluster, destination_rule, mesh, pod, service

NAME = f"outbound|9080||{REVIEWS}"


def subset(name):
    return f"outbound|9080|{name}|{REVIEWS}"


def lb(**policy):
    return {"loadBalancer": policy}


def fields(*rules, name=NAME):
    """The load-balancing fields of a cluster under these rules."""
    found = cluster(mesh(*rules), name)
    return {
        key: found[key] for key in ("lb_policy", "ring_hash_lb_config", "maglev_lb_config") if key in found
    }


def test_a_service_is_one_cluster_with_all_its_ready_endpoints():
    found = cluster(mesh(), NAME)
    assert addresses(found) == ["127.9.1.2:9080", "127.9.1.3:9080", "127.9.1.4:9080"]
    assert found["metadata"]["filter_metadata"]["istio"] == {
        "host": REVIEWS, "name": "reviews", "namespace": "bookinfo",
    }  # fmt: skip


def test_an_endpoint_says_which_workload_it_is():
    found = cluster(mesh(), NAME)["load_assignment"]["endpoints"][0]["lb_endpoints"][0]
    assert found["metadata"]["filter_metadata"]["istio"] == {
        "name": "reviews-v1", "namespace": "bookinfo", "app": "reviews", "version": "v1",
        "canonical_service": "reviews", "canonical_revision": "v1",
    }  # fmt: skip


def test_a_subset_is_the_endpoints_with_its_labels():
    made = mesh(destination_rule("reviews", "v1", "v3"))
    assert addresses(cluster(made, subset("v1"))) == ["127.9.1.2:9080"]
    assert addresses(cluster(made, subset("v3"))) == ["127.9.1.4:9080"]
    assert cluster(made, subset("v2")) is None


def test_a_subset_without_pods_is_there_and_empty():
    assert addresses(cluster(mesh(destination_rule("reviews", "v9")), subset("v9"))) == []


def test_the_first_definition_of_a_subset_wins_and_the_other_is_a_conflict():
    old = destination_rule("reviews", "v1", name="old")
    young = destination_rule("reviews", name="young", subsets=[{"name": "v1", "labels": {"version": "v2"}}])
    made = mesh(young, old)
    assert addresses(cluster(made, subset("v1"))) == ["127.9.1.2:9080"]
    (problem,) = xds.report(made, young)
    assert (problem.path, problem.conflict) == ("spec.subsets[0]", True)
    assert xds.report(made, old) == []


@pytest.mark.parametrize(
    ("namespaces", "wins"),
    [
        (["bookinfo"], "RANDOM"),
        (["istio-system"], "RANDOM"),
        (["istio-system", "bookinfo"], "ROUND_ROBIN"),
        (["shop"], "LEAST_REQUEST"),
    ],
    ids=["the service's", "the root's", "the service's over the root's", "a third one has no say"],
)
def test_a_destination_rule_is_looked_up_by_namespace(namespaces, wins):
    policies = ["RANDOM", "ROUND_ROBIN"]
    rules = [
        destination_rule(REVIEWS, name=f"r-{namespace}", namespace=namespace, trafficPolicy=lb(simple=policy))
        for namespace, policy in zip(namespaces, policies, strict=False)
    ]
    assert fields(*rules) == {"lb_policy": wins}


def test_a_gateway_of_the_root_namespace_asks_the_services_first():
    rules = [
        destination_rule(REVIEWS, name="theirs", trafficPolicy=lb(simple="RANDOM")),
        destination_rule(
            REVIEWS, name="default", namespace="istio-system", trafficPolicy=lb(simple="ROUND_ROBIN")
        ),
    ]
    assert cluster(mesh(*rules), NAME, start="istio-ingressgateway")["lb_policy"] == "RANDOM"


def test_the_clients_own_namespace_comes_first():
    client = pod("curl", "127.9.1.7", namespace="shop")
    rules = [
        destination_rule(REVIEWS, name="theirs", trafficPolicy=lb(simple="RANDOM")),
        destination_rule(REVIEWS, name="ours", namespace="shop", trafficPolicy=lb(simple="ROUND_ROBIN")),
    ]
    made = mesh(*rules, pods=[client])
    assert cluster(made, NAME, start="curl")["lb_policy"] == "ROUND_ROBIN"


def test_a_rule_that_is_not_exported_is_not_seen_elsewhere():
    client = pod("curl", "127.9.1.7", namespace="shop")
    private = destination_rule(REVIEWS, exportTo=["."], trafficPolicy=lb(simple="RANDOM"))
    assert cluster(mesh(private, pods=[client]), NAME, start="curl")["lb_policy"] == "LEAST_REQUEST"


def test_an_exact_host_is_preferred_to_a_wildcard():
    wide = destination_rule("*.bookinfo.svc.cluster.local", name="wide", trafficPolicy=lb(simple="RANDOM"))
    assert fields(wide) == {"lb_policy": "RANDOM"}
    assert fields(wide, destination_rule(trafficPolicy=lb(simple="ROUND_ROBIN"))) == {
        "lb_policy": "ROUND_ROBIN"
    }


@pytest.mark.parametrize(
    ("policy", "envoy"),
    [
        ({}, {"lb_policy": "LEAST_REQUEST"}),
        (lb(simple="LEAST_CONN"), {"lb_policy": "LEAST_REQUEST"}),
        (lb(simple="ROUND_ROBIN"), {"lb_policy": "ROUND_ROBIN"}),
        (lb(simple="RANDOM"), {"lb_policy": "RANDOM"}),
        (lb(simple="PASSTHROUGH"), {"lb_policy": "LEAST_REQUEST"}),
        (
            lb(consistentHash={"httpHeaderName": "user"}),
            {"lb_policy": "RING_HASH", "ring_hash_lb_config": {"minimum_ring_size": 1024}},
        ),
        (
            lb(consistentHash={"useSourceIp": True, "ringHash": {"minimumRingSize": 64}}),
            {"lb_policy": "RING_HASH", "ring_hash_lb_config": {"minimum_ring_size": 64}},
        ),
        (
            lb(consistentHash={"useSourceIp": True, "maglev": {}}),
            {"lb_policy": "MAGLEV", "maglev_lb_config": {"table_size": 65537}},
        ),
        (
            {
                "portLevelSettings": [{"port": {"number": 9080}, **lb(simple="RANDOM")}],
                **lb(simple="ROUND_ROBIN"),
            },
            {"lb_policy": "RANDOM"},
        ),
        (
            {
                "portLevelSettings": [{"port": {"number": 80}, **lb(simple="RANDOM")}],
                **lb(simple="ROUND_ROBIN"),
            },
            {"lb_policy": "ROUND_ROBIN"},
        ),
    ],
)
def test_a_load_balancer_becomes_envoys(policy, envoy):
    assert fields(destination_rule(trafficPolicy=policy)) == envoy


def test_a_subsets_policy_comes_before_the_hosts():
    rule = destination_rule(
        subsets=[{"name": "v1", "labels": {"version": "v1"}, "trafficPolicy": lb(simple="RANDOM")}],
        trafficPolicy=lb(simple="ROUND_ROBIN"),
    )
    assert fields(rule) == {"lb_policy": "ROUND_ROBIN"}
    assert fields(rule, name=subset("v1")) == {"lb_policy": "RANDOM"}


@pytest.mark.parametrize(
    ("consistent_hash", "policy"),
    [
        ({"httpHeaderName": "user"}, {"header": {"header_name": "user"}}),
        ({"useSourceIp": True}, {"connection_properties": {"source_ip": True}}),
        ({"httpQueryParameterName": "u"}, {"query_parameter": {"name": "u"}}),
        ({"httpCookie": {"name": "u", "ttl": "0s"}}, {"cookie": {"name": "u", "ttl": "0s"}}),
        ({"httpCookie": {"name": "u", "path": "/a"}}, {"cookie": {"name": "u", "path": "/a"}}),
    ],
)
def test_what_is_hashed_stands_on_the_route(consistent_hash, policy):
    made = mesh(destination_rule(trafficPolicy=lb(consistentHash=consistent_hash)))
    (configuration,) = xds.configure(
        made, next(p for p in made.proxies if p.pod.startswith("productpage"))
    ).routes
    host = next(each for each in configuration["virtual_hosts"] if each["name"] == f"{REVIEWS}:9080")
    assert host["routes"][0]["route"]["hash_policy"] == [policy]


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        ({"trafficPolicy": lb(simple="PASSTHROUGH")}, "spec.trafficPolicy.loadBalancer.simple"),
        ({"trafficPolicy": lb(consistentHash={})}, "spec.trafficPolicy.loadBalancer.consistentHash"),
        (
            {"trafficPolicy": {"portLevelSettings": [{"port": {"number": 1}, **lb(simple="X")}]}},
            "spec.trafficPolicy.portLevelSettings[0].loadBalancer.simple",
        ),
        (
            {
                "subsets": [
                    {
                        "name": "a",
                        "trafficPolicy": lb(consistentHash={"httpCookie": {"name": "u", "ttl": "x"}}),
                    }
                ]
            },
            "spec.subsets[0].trafficPolicy.loadBalancer.consistentHash.httpCookie.ttl",
        ),
        ({"host": "nobody"}, "spec.host"),
        (
            {"trafficPolicy": {"outlierDetection": {"interval": "soon"}}},
            "spec.trafficPolicy.outlierDetection.interval",
        ),
        ({"trafficPolicy": {"tls": {"mode": "ISTIO_MUTUAL"}}}, "spec.trafficPolicy.tls.mode"),
        ({"workloadSelector": {"matchLabels": {"a": "b"}}}, "spec.workloadSelector"),
    ],
)
def test_what_is_not_acted_on_is_reported_at_its_field(spec, path):
    rule = destination_rule(**{"host": "reviews", "name": "r", **spec})
    assert [problem.path for problem in xds.report(mesh(rule), rule)] == [path]


def test_a_second_policy_for_a_host_is_a_conflict():
    old = destination_rule(name="old", trafficPolicy=lb(simple="RANDOM"))
    young = destination_rule(name="young", trafficPolicy=lb(simple="ROUND_ROBIN"))
    made = mesh(old, young)
    assert cluster(made, NAME)["lb_policy"] == "RANDOM"
    assert [(each.path, each.conflict) for each in xds.report(made, young)] == [("spec.trafficPolicy", True)]


def test_a_grpc_port_is_spoken_to_in_http2():
    made = mesh(services=[service("reviews", {"port": 9080, "name": "grpc"})])
    options = cluster(made, NAME)["typed_extension_protocol_options"]
    assert "http2_protocol_options" in next(iter(options.values()))["explicit_http_config"]


def test_a_sidecar_hands_requests_to_the_inside_of_its_pod():
    found = cluster(mesh(), "inbound|9080||", start="reviews-v1")
    assert addresses(found) == ["127.9.129.2:9080"]
