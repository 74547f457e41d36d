"""Traffic policies of a service, a version, a port.

read     every member at its field; what excludes each other
write    the mentioned parts only; null clears; the rest stays
"""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.refs import Ref
from routing import diff, istio, rules
from routing.rules import RulesError
from tests.routing.policies import TARGET, planned, policies, policy
from tests.routing.stage import (
    REVIEWS_SUBSETS,
    bookinfo,
    destination_rule,
)
from tests.routing.test_planner import carried_out, codes, steps


def refused(**parts):
    with pytest.raises(RulesError) as refusal:
        rules.parse([{**TARGET, **parts}])
    return {error.field.removeprefix("rules[0]").lstrip("."): error.message for error in refusal.value.errors}


WRONG = {
    "nothing": ({}, "", "A policy sets or clears one of"),
    "an unknown part": ({"proxy": {}}, "proxy", "Unknown; known are"),
    "port 0": ({"port": 0, "tls": None}, "port", "0 is not the number of a port."),
    "an empty balancer": ({"load_balancer": {}}, "load_balancer", "must have simple, warmup or locality"),
    "an unknown balancer": (
        {"load_balancer": {"simple": "LEAST_CONN"}},
        "load_balancer.simple",
        '"LEAST_CONN" is none of ROUND_ROBIN, LEAST_REQUEST, RANDOM and PASSTHROUGH.',
    ),
    "two balancers": (
        {"load_balancer": {"simple": "RANDOM"}, "session_affinity": {"header": "x"}},
        "load_balancer.simple",
        "exclude each other",
    ),
    "a warmup without end": ({"load_balancer": {"warmup": {}}}, "load_balancer.warmup.duration", "missing"),
    "90 percent": (
        {"load_balancer": {"locality": {"distribute": [{"from": "a", "to": {"b": 90}}]}}},
        "load_balancer.locality.distribute[0].to",
        "The weights add up to 90",
    ),
    "two localities": (
        {"load_balancer": {"locality": {"failover": [{"from": "a", "to": "b"}], "failover_priority": ["x"]}}},
        "load_balancer.locality",
        "failover and failover_priority exclude each other",
    ),
    "a failover to itself": (
        {"load_balancer": {"locality": {"failover": [{"from": "a", "to": "a"}]}}},
        "load_balancer.locality.failover[0]",
        "cannot fail over to itself",
    ),
    "two affinities": (
        {"session_affinity": {"header": "x", "source_ip": True}}, "session_affinity", "exclude each other"
    ),
    "no source address": ({"session_affinity": {"source_ip": False}}, "session_affinity.source_ip", "Only t"),
    "a header of two words": (
        {"session_affinity": {"header": "x y"}}, "session_affinity.header", "be the name of a header"
    ),
    "a header of two lines": (
        {"session_affinity": {"header": "x\r\ny"}}, "session_affinity.header", "be the name of a header"
    ),
    "a cookie without a name": (
        {"session_affinity": {"cookie": {"ttl": "1h"}}}, "session_affinity.cookie.name", "is missing"
    ),
    "an empty pool": ({"connection_pool": {}}, "connection_pool", "must have tcp, http or both"),
    "half a connection": (
        {"connection_pool": {"tcp": {"max_connections": 0.5}}},
        "connection_pool.tcp.max_connections",
        "0.5 is not a whole number.",
    ),
    "-1 requests": (
        {"connection_pool": {"http": {"max_retries": -1}}},
        "connection_pool.http.max_retries",
        "-1 is outside 0 to 2147483647.",
    ),
    "no time to connect": (
        {"connection_pool": {"tcp": {"connect_timeout": "0s"}}},
        "connection_pool.tcp.connect_timeout",
        "too short; the least duration is 1ms",
    ),
    "an upgrade of the client's protocol": (
        {"connection_pool": {"http": {"use_client_protocol": True, "h2_upgrade_policy": "UPGRADE"}}},
        "connection_pool.http.h2_upgrade_policy",
        "not upgraded",
    ),
    "101 percent": (
        {"outlier_detection": {"max_ejection_percent": 101}},
        "outlier_detection.max_ejection_percent",
        "101 is outside 0 to 100.",
    ),
    "a yes for a number": (
        {"outlier_detection": {"consecutive_5xx_errors": True}},
        "outlier_detection.consecutive_5xx_errors",
        "True is not a whole number.",
    ),
    "no mode": ({"tls": {"sni": "a"}}, "tls.mode", "The mode is missing"),
    "mutual without a certificate": (
        {"tls": {"mode": "MUTUAL", "client_certificate": "/c"}}, "tls.mode", "or credential_name"
    ),
    "secrets and files": (
        {"tls": {"mode": "SIMPLE", "credential_name": "a", "ca_certificates": "/c"}},
        "tls.credential_name",
        "not both (ca_certificates)",
    ),
    "a certificate for none": (
        {"tls": {"mode": "DISABLE", "sni": "a"}}, "tls.sni", "Mode DISABLE does not use this."
    ),
    "Istio's with files": (
        {"tls": {"mode": "ISTIO_MUTUAL", "private_key": "/k"}}, "tls.private_key", "does not use this"
    ),
    "unverified with a CA": (
        {"tls": {"mode": "SIMPLE", "insecure_skip_verify": True, "ca_certificates": "/c"}},
        "tls.insecure_skip_verify",
        "are not used",
    ),
    "a name twice": (
        {"tls": {"mode": "SIMPLE", "subject_alt_names": ["a", "a"]}}, "tls.subject_alt_names[1]", "twice"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("parts", "field", "message"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said_at_its_field(parts, field, message):
    assert message in refused(**parts)[field]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
NAMES = [
    "version",
    "port",
    "load_balancer",
    "session_affinity",
    "connection_pool",
    "outlier_detection",
    "tls",
]
INNER = st.dictionaries(
    st.sampled_from(["simple", "locality", "cookie", "tcp", "http", "mode", "interval", "header"]),
    JSON,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(NAMES), JSON | INNER))
def test_no_input_does_anything_but_be_read_or_refused(parts):
    found, fields = (), ["rules[0]"]
    try:
        found = rules.parse([{**TARGET, **parts}])
    except RulesError as refusal:
        fields = [error.field for error in refusal.errors]
    assert all(field.startswith("rules[0]") for field in fields)
    assert not found or rules.parse([rules.to_json(rule) for rule in found]) == found


@given(policies())
def test_a_rule_is_read_as_it_is_written(rule):
    assert rules.parse([rules.to_json(rule)]) == (rule,)


@given(policies(clears=False))
def test_a_policy_in_a_resource_is_the_rule(rule):
    manifest, _ = istio.set_policy(destination_rule("reviews", ["v1", "v3"]), rule, rule.version)
    found = istio.read_policy(
        manifest, "bookinfo", "reviews", version=rule.version, subset=rule.version, port=rule.port
    )
    assert found == rule


FOREIGN = {
    "loadBalancer": {"xFuture": 1, "localityLbSetting": {"xFuture": 2}, "consistentHash": {"maglev": {}}},
    "connectionPool": {"tcp": {"xFuture": 3, "tcpKeepalive": {"xFuture": 4}}, "http": {"xFuture": 5}},
    "outlierDetection": {"consecutiveErrors": 5},
    "tls": {"xFuture": 6, "mode": "SIMPLE"},
    "tunnel": {"protocol": "POST"},
    "proxyProtocol": {"version": "V2"},
}


@given(policies(), policies())
def test_what_no_rule_names_stays(rule, other):
    before = destination_rule("reviews", ["v1", "v3"])
    ports = [{"port": {"number": port}, **copy.deepcopy(FOREIGN)} for port in (9080, 9081)]
    for holder in (before["spec"], *before["spec"]["subsets"]):
        holder["trafficPolicy"] = {**copy.deepcopy(FOREIGN), "portLevelSettings": copy.deepcopy(ports)}
    before, _ = istio.set_policy(before, other, other.version)
    after, _ = istio.set_policy(before, rule, rule.version)
    changed = {difference.path for difference in diff.fields(before, after)}
    prefix = (
        f"spec.subsets[{('v1', 'v3').index(rule.version)}].trafficPolicy"
        if rule.version
        else ("spec.trafficPolicy")
    )
    assert all(path.startswith(prefix) for path in changed)
    level = istio.policy_at(after, rule.version, rule.port)
    assert (level["tunnel"], level["proxyProtocol"]) == ({"protocol": "POST"}, {"version": "V2"})
    for name, (first, *rest) in PLACES.items():
        if name not in rule.parts:
            was = istio.policy_at(before, rule.version, rule.port).get(first)
            now = level.get(first)
            assert now == was or (rest and (now or {}).get(rest[0]) == (was or {}).get(rest[0]))


PLACES = {
    "tcp": ("connectionPool", "tcp"),
    "http": ("connectionPool", "http"),
    "outlier_detection": ("outlierDetection",),
    "tls": ("tls",),
}  # fmt: skip


@given(policies(clears=False))
def test_unknown_fields_inside_a_part_stay(rule):
    before = destination_rule("reviews", ["v1", "v3"])
    ports = [{"port": {"number": 9080}, **copy.deepcopy(FOREIGN)}]
    for holder in (before["spec"], *before["spec"]["subsets"]):
        holder["trafficPolicy"] = {**copy.deepcopy(FOREIGN), "portLevelSettings": copy.deepcopy(ports)}
    after, _ = istio.set_policy(before, rule, rule.version)
    level = istio.policy_at(after, rule.version, rule.port)
    assert level["connectionPool"]["tcp"]["xFuture"] == 3
    assert level["connectionPool"]["http"]["xFuture"] == 5
    assert level["outlierDetection"]["consecutiveErrors"] == 5
    assert level["tls"]["xFuture"] == 6
    assert level["loadBalancer"]["xFuture"] == 1


@given(policies())
def test_planning_a_second_time_is_empty(rule):
    cluster = bookinfo(destination_rule("reviews", ["v1"]))
    plan = planned(cluster, rule)
    carried_out(cluster, plan)
    assert planned(cluster, rule).operations == ()


@given(policies(clears=False))
def test_what_was_set_and_cleared_leaves_no_trace(rule):
    before = destination_rule("reviews", ["v1", "v3"], exportTo=["."])
    after, _ = istio.set_policy(before, rule, rule.version)
    asked = {name: None for name in rules.to_json(rule) if name in NAMES[2:]}
    clear = policy(**asked, **({"version": rule.version} if rule.version else {}), port=rule.port or None)
    assert istio.set_policy(after, clear, rule.version)[0] == before


def test_a_rule_is_created_where_there_is_none():
    plan = planned(bookinfo(), policy(outlier_detection={"interval": "10s"}))
    assert steps(plan) == [("create", "DestinationRule")]
    assert plan.operations[0].after["spec"] == {
        "host": "reviews",
        "trafficPolicy": {"outlierDetection": {"interval": "10s"}},
    }


def test_there_is_nothing_to_clear_where_there_is_nothing():
    assert codes(planned(bookinfo(), policy(tls=None, connection_pool=None))) == ["NOTHING_TO_DO"]
    assert codes(planned(bookinfo(), policy(version="v1", tls=None))) == ["NOTHING_TO_DO"]


def test_a_version_without_a_subset_gets_one():
    plan = planned(bookinfo(), policy(version="v3", load_balancer={"simple": "RANDOM"}))
    assert plan.operations[0].after["spec"]["subsets"] == [
        {
            "name": "v3",
            "labels": {"version": "v3"},
            "trafficPolicy": {"loadBalancer": {"simple": "RANDOM"}},
        }
    ]


def test_affinity_puts_the_simple_balancer_out_and_that_is_told():
    simple = {"loadBalancer": {"simple": "ROUND_ROBIN"}}
    cluster = bookinfo(destination_rule("reviews", [], trafficPolicy=simple))
    plan = planned(cluster, policy(session_affinity={"header": "end-user"}))
    assert codes(plan) == ["LOAD_BALANCER_REPLACED"]
    assert plan.operations[0].after["spec"]["trafficPolicy"] == {
        "loadBalancer": {"consistentHash": {"httpHeaderName": "end-user"}}
    }


RANDOM = {"simple": "RANDOM"}


@pytest.mark.django_db
def test_a_policy_is_applied_told_and_taken_back(api, cluster):
    before = cluster.get(REVIEWS_SUBSETS)
    change = api.applied(
        {
            **TARGET,
            "version": "v1",
            "tls": None,
            "load_balancer": {"simple": "RANDOM"},
            "outlier_detection": {},
        }
    )
    assert change["summary"] == "reviews: load balancing RANDOM, outlier detection, no TLS mode; version v1"
    after = cluster.get(REVIEWS_SUBSETS)
    assert after["spec"]["subsets"][0]["trafficPolicy"] == {
        "loadBalancer": {"simple": "RANDOM"},
        "outlierDetection": {},
    }
    api.post(f"changes/{change['id']}/revert")
    assert diff.same(cluster.get(Ref.of(before)), before)
