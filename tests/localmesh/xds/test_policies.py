"""Traffic policies: limits, outlier detection, localities, warm-up, and what holds for a port."""

import pytest

from localmesh import xds
from tests.localmesh.xds.objects import (
    PODS,
    REVIEWS,
    SLICES,
    cluster,
    destination_rule,
    endpoint_slice,
    mesh,
    pod,
    proxy,
    service,
)  # fmt: skip

NAME = f"outbound|9080||{REVIEWS}"
SUBSET = f"outbound|9080|v1|{REVIEWS}"
NO_LIMIT = 4_294_967_295


def under(policy, name=NAME, **how):
    return cluster(mesh(destination_rule(trafficPolicy=policy), **how), name)


def threshold(of):
    (found,) = of["circuit_breakers"]["thresholds"]
    return found


def options(of):
    (found,) = of["typed_extension_protocol_options"].values()
    return found


def test_without_a_policy_there_is_no_limit():
    found = cluster(mesh(), NAME)
    assert set(threshold(found).values()) == {NO_LIMIT}
    assert found["connect_timeout"] == "10s"
    assert not found.keys() & {"typed_extension_protocol_options", "outlier_detection", "common_lb_config"}


def test_limits_of_a_pool_become_envoys():
    http = {"http1MaxPendingRequests": 1, "http2MaxRequests": 2, "maxRetries": 3}
    found = under({"connectionPool": {"tcp": {"maxConnections": 4, "connectTimeout": "1s"}, "http": http}})
    assert threshold(found) == {
        "max_connections": 4, "max_pending_requests": 1, "max_requests": 2, "max_retries": 3,
    }  # fmt: skip
    assert found["connect_timeout"] == "1s"


def test_a_limit_of_zero_says_nothing():
    assert threshold(under({"connectionPool": {"tcp": {"maxConnections": 0}}}))["max_connections"] == NO_LIMIT


def test_how_long_connections_live():
    tcp = {"idleTimeout": "9s", "maxConnectionDuration": "60s"}
    found = options(under({"connectionPool": {"tcp": tcp, "http": {"maxRequestsPerConnection": 5}}}))
    assert found["common_http_protocol_options"] == {
        "idle_timeout": "9s", "max_connection_duration": "60s", "max_requests_per_connection": 5,
    }  # fmt: skip
    assert found["explicit_http_config"] == {"http_protocol_options": {}}
    both = {"connectionPool": {"tcp": tcp, "http": {"idleTimeout": "1s"}}}
    assert options(under(both))["common_http_protocol_options"]["idle_timeout"] == "1s"


@pytest.mark.parametrize(
    ("http", "port", "spoken"),
    [
        ({"h2UpgradePolicy": "UPGRADE"}, "http", {"http2_protocol_options": {}}),
        ({"h2UpgradePolicy": "DO_NOT_UPGRADE"}, "grpc", {"http2_protocol_options": {}}),
        ({"maxConcurrentStreams": 7}, "grpc", {"http2_protocol_options": {"max_concurrent_streams": 7}}),
    ],
)
def test_which_http_is_spoken(http, port, spoken):
    services = [service("reviews", {"port": 9080, "name": port})]
    assert (
        options(under({"connectionPool": {"http": http}}, services=services))["explicit_http_config"]
        == spoken
    )


def test_the_callers_protocol_can_be_kept():
    found = options(under({"connectionPool": {"http": {"useClientProtocol": True}}}))
    assert found["use_downstream_protocol_config"].keys() == {
        "http_protocol_options",
        "http2_protocol_options",
    }


def test_keepalive_is_in_seconds():
    keepalive = {"probes": 3, "time": "1m", "interval": "75s"}
    found = under({"connectionPool": {"tcp": {"tcpKeepalive": keepalive}}})
    assert found["upstream_connection_options"]["tcp_keepalive"] == {
        "keepalive_probes": 3, "keepalive_time": 60, "keepalive_interval": 75,
    }  # fmt: skip


def test_a_retry_budget_has_istios_defaults():
    assert threshold(under({"retryBudget": {}}))["retry_budget"] == {
        "budget_percent": {"value": 0.2}, "min_retry_concurrency": 3,
    }  # fmt: skip


def test_outlier_detection_counts_errors_in_a_row_and_never_success_rates():
    spec = {
        "consecutive5xxErrors": 3,
        "consecutiveGatewayErrors": 0,
        "interval": "1s",
        "maxEjectionPercent": 100,
    }
    found = under({"outlierDetection": spec})
    assert found["outlier_detection"] == {
        "enforcing_success_rate": 0, "consecutive_5xx": 3, "enforcing_consecutive_5xx": 100,
        "consecutive_gateway_failure": 0, "enforcing_consecutive_gateway_failure": 0,
        "interval": "1s", "max_ejection_percent": 100,
    }  # fmt: skip
    # Istio sends requests to ejected endpoints only if it is told to.
    assert found["common_lb_config"] == {"healthy_panic_threshold": {"value": 0.0}}


def test_local_failures_count_apart_only_when_asked():
    spec = {"consecutiveLocalOriginFailures": 4}
    assert "consecutive_local_origin_failure" not in under({"outlierDetection": spec})["outlier_detection"]
    split = under({"outlierDetection": {**spec, "splitExternalLocalOriginErrors": True}})["outlier_detection"]
    assert split["consecutive_local_origin_failure"] == 4
    assert split["enforcing_local_origin_success_rate"] == 0


def test_a_ports_settings_leave_nothing_of_the_general_ones():
    port = {"port": {"number": 9080}, "connectionPool": {"tcp": {"maxConnections": 7}}}
    found = under({"loadBalancer": {"simple": "RANDOM"}, "outlierDetection": {}, "portLevelSettings": [port]})
    assert found["lb_policy"] == "LEAST_REQUEST"
    assert "outlier_detection" not in found
    assert threshold(found)["max_connections"] == 7


def test_a_subset_inherits_what_it_does_not_say():
    own = {"name": "v1", "labels": {"version": "v1"}, "trafficPolicy": {"loadBalancer": {"simple": "RANDOM"}}}
    rule = destination_rule(subsets=[own], trafficPolicy={"outlierDetection": {"interval": "3s"}})
    found = cluster(mesh(rule), SUBSET)
    assert (found["lb_policy"], found["outlier_detection"]["interval"]) == ("RANDOM", "3s")


def test_the_receiving_sidecar_keeps_the_limits_and_nothing_else():
    policy = {"connectionPool": {"tcp": {"maxConnections": 4}}, "outlierDetection": {}}
    found = under(policy, "inbound|9080||")
    assert threshold(found)["max_connections"] == NO_LIMIT
    made = mesh(destination_rule(trafficPolicy=policy))
    found = cluster(made, "inbound|9080||", start="reviews-v1")
    assert threshold(found)["max_connections"] == 4
    assert "outlier_detection" not in found


@pytest.mark.parametrize(
    ("policy", "path"),
    [
        ({"connectionPool": {"tcp": {"connectTimeout": "0s"}}}, "connectionPool.tcp.connectTimeout"),
        ({"connectionPool": {"tcp": {"maxConnections": -1}}}, "connectionPool.tcp.maxConnections"),
        ({"connectionPool": {"http": {"idleTimeout": "x"}}}, "connectionPool.http.idleTimeout"),
        (
            {"connectionPool": {"tcp": {"tcpKeepalive": {"time": "1ms"}}}},
            "connectionPool.tcp.tcpKeepalive.time",
        ),
        (
            {"connectionPool": {"tcp": {"tcpKeepalive": {"time": "10h"}}}},
            "connectionPool.tcp.tcpKeepalive.time",
        ),
        (
            {"connectionPool": {"tcp": {"tcpKeepalive": {"probes": 128}}}},
            "connectionPool.tcp.tcpKeepalive.probes",
        ),
        ({"retryBudget": {"percent": 101}}, "retryBudget.percent"),
        ({"outlierDetection": {"maxEjectionPercent": 101}}, "outlierDetection.maxEjectionPercent"),
        (
            {"loadBalancer": {"warmup": {"duration": "1s", "aggression": 0.5}}},
            "loadBalancer.warmup.aggression",
        ),
        ({"loadBalancer": {"simple": "RANDOM", "warmup": {"duration": "1s"}}}, "loadBalancer.warmup"),
        (
            {"loadBalancer": {"localityLbSetting": {"failover": [{"from": "a", "to": "b"}]}}},
            "loadBalancer.localityLbSetting.failover",
        ),
        (
            {"loadBalancer": {"localityLbSetting": {"distribute": [{"from": "a", "to": {"b": 99}}]}}},
            "loadBalancer.localityLbSetting.distribute[0].to",
        ),
    ],
)
def test_what_cannot_be_used_is_named_and_does_not_reach_envoy(policy, path):
    rule = destination_rule(trafficPolicy=policy)
    made = mesh(rule)
    assert [each.path for each in xds.report(made, rule)] == [f"spec.trafficPolicy.{path}"]
    usable = cluster(made, NAME)
    assert set(threshold(usable).values()) == {NO_LIMIT}
    assert "outlier_detection" not in usable


WHERE = {
    "reviews-v1": "eu/west/a",
    "reviews-v2": "eu/east/b",
    "reviews-v3": "us/west/c",
    "productpage-v1": "eu/west/z",
}


def placed(**localities):
    return [
        pod(
            name, f"127.9.1.{index}", app=name.partition("-")[0], version=name.partition("-")[2],
            labels={"istio-locality": localities.get(name, WHERE[name])},
        )
        for index, name in enumerate(("productpage-v1", "reviews-v1", "reviews-v2", "reviews-v3"), 1)
    ]  # fmt: skip


def groups(setting, **policy):
    """Locality, priority and weight of each group under a setting."""
    found = under({"loadBalancer": {"localityLbSetting": setting}, **policy}, pods=placed())
    return {
        "/".join(each["locality"].values()): (each.get("priority", 0), each.get("load_balancing_weight"))
        for each in found["load_assignment"]["endpoints"]
    }, "locality_weighted_lb_config" in found.get("common_lb_config", {})


def test_without_outlier_detection_localities_make_no_difference():
    assert groups({}) == ({"eu/west/a": (0, None), "eu/east/b": (0, None), "us/west/c": (0, None)}, False)


def test_with_outlier_detection_the_nearest_come_first():
    found, weighted = groups({}, outlierDetection={})
    assert found == {"eu/west/a": (0, None), "eu/east/b": (1, None), "us/west/c": (2, None)}
    assert not weighted


def test_nearness_can_be_switched_off():
    assert groups({"enabled": False}, outlierDetection={})[0]["us/west/c"] == (0, None)


def test_failover_names_the_next_region():
    four = [*placed(), pod("reviews-v4", "127.9.1.6", app="reviews", labels={"istio-locality": "af.north"})]
    setting = {"failover": [{"from": "eu", "to": "us"}]}
    policy = {"loadBalancer": {"localityLbSetting": setting}, "outlierDetection": {}}
    found = under(policy, pods=four, slices=[*SLICES, endpoint_slice("reviews", "127.9.1.6")])
    ranks = {
        each["locality"]["region"]: each.get("priority", 0) for each in found["load_assignment"]["endpoints"]
    }
    assert ranks["us"] < ranks["af"]


def test_failover_priority_compares_labels_of_client_and_endpoint():
    setting = {"failoverPriority": ["topology.kubernetes.io/region", "topology.kubernetes.io/zone"]}
    found, weighted = groups(setting, outlierDetection={})
    assert found == {"eu/west/a": (0, 1), "eu/east/b": (1, 1), "us/west/c": (2, 1)}
    assert weighted
    found, _ = groups({"failoverPriority": ["version=v3"]}, outlierDetection={})
    assert found["us/west/c"] == (0, 1)


def test_shares_are_distributed_over_localities():
    setting = {"distribute": [{"from": "eu/west/*", "to": {"eu/*": 70, "us/west": 30}}]}
    found, weighted = groups(setting)
    # Two localities of one endpoint each have 70 percent together.
    assert found == {"eu/west/a": (0, 35), "eu/east/b": (0, 35), "us/west/c": (0, 30)}
    assert weighted


def test_a_locality_without_a_share_gets_nothing():
    assert groups({"distribute": [{"from": "*", "to": {"us": 100}}]})[0] == {"us/west/c": (0, 100)}


def test_a_pod_is_where_its_node_is_unless_it_says_otherwise():
    node = {"metadata": {"name": "n", "labels": {"topology.kubernetes.io/region": "eu"}}}
    silent = pod("reviews-v1", "127.9.1.2", app="reviews")
    silent["spec"]["nodeName"] = "n"
    made = xds.build(pods=[silent], nodes=[node])
    assert made.proxies[0].locality == ("eu", "", "")
    silent["metadata"]["labels"]["istio-locality"] = "us.west"
    assert xds.build(pods=[silent], nodes=[node]).proxies[0].locality == ("us", "west", "")


def test_a_warm_up_keeps_endpoints_apart_so_that_envoy_knows_the_new_ones():
    rule = destination_rule(trafficPolicy={"loadBalancer": {"warmup": {"duration": "30s"}}})
    made = mesh(rule)
    found = cluster(made, NAME)
    assert found["type"] == "EDS"
    assert "load_assignment" not in found
    assert found["least_request_lb_config"]["slow_start_config"] == {
        "slow_start_window": "30s",
        "aggression": {"default_value": 1.0, "runtime_key": "localmesh.warmup"},
        "min_weight_percent": {"value": 10.0},
    }
    (assignment,) = xds.configure(made, proxy(made)).endpoints
    assert assignment["cluster_name"] == NAME
    assert len(assignment["endpoints"][0]["lb_endpoints"]) == 3
    fewer = mesh(rule, slices=[endpoint_slice("reviews", "127.9.1.2")], pods=PODS)
    assert cluster(fewer, NAME) == found


def test_an_upgrade_to_http2_ends_at_the_receiving_sidecar():
    policy = {"connectionPool": {"http": {"h2UpgradePolicy": "UPGRADE"}}}
    made = mesh(destination_rule(trafficPolicy=policy))
    assert "http2_protocol_options" in options(cluster(made, NAME))["explicit_http_config"]
    assert "typed_extension_protocol_options" not in cluster(made, "inbound|9080||", start="reviews-v1")
