"""TCP and TLS routes: on which port of a pod's inside, and to whom."""

import pytest

from localmesh import xds
from tests.localmesh.xds.objects import (
    PODS,
    cluster,
    destination_rule,
    endpoint_slice,
    mesh,
    pod,
    proxy,
    router,
    service,
    service_entry,
    sidecar,
    to,
    virtual_service,
)  # fmt: skip

DB = service("db", {"port": 5432, "name": "tcp"})
SHOP = service("store", {"port": 8443, "name": "tls"})
CALLER = pod("curl", "127.9.1.7", namespace="shop", app="curl")


def listeners(of, start="productpage"):
    """The listeners on the inside of a pod, by port, without the HTTP proxy."""
    found = xds.configure(of, proxy(of, start)).listeners
    places = {
        each["address"]["socket_address"]["port_value"]: each
        for each in found
        if each["name"].startswith("out")
    }
    return {port: each for port, each in places.items() if port != 15001}


def target(chain):
    (found,) = chain["filters"]
    config = found["typed_config"]
    if "cluster" in config:
        return config["cluster"]
    return {each["name"].split("|")[2]: each["weight"] for each in config["weighted_clusters"]["clusters"]}


def chains(of, port=5432, start="productpage"):
    return [target(each) for each in listeners(of, start)[port]["filter_chains"]]


def names(of, port=8443):
    return [
        tuple(each["filter_chain_match"].get("server_names", ()))
        for each in listeners(of)[port]["filter_chains"]
    ]


def test_without_tcp_services_there_are_no_such_ports():
    assert listeners(mesh()) == {}


def test_a_tcp_service_is_reached_on_its_port_of_the_pods_inside():
    made = mesh(services=[DB])
    (found,) = listeners(made).values()
    assert found["address"]["socket_address"] == {"address": "127.9.129.1", "port_value": 5432}
    assert chains(made) == ["outbound|5432||db.bookinfo.svc.cluster.local"]
    assert "typed_extension_protocol_options" not in cluster(
        made, "outbound|5432||db.bookinfo.svc.cluster.local"
    )


def test_connections_are_split_by_weight():
    split = virtual_service(
        tcp=[{"route": [to("db", "v1", 3), to("db", "v2", 1), to("db", "v3", 0)]}], hosts=["db"]
    )
    made = mesh(split, destination_rule("db", "v1", "v2", "v3"), services=[DB])
    assert chains(made) == [{"v1": 3, "v2": 1}]
    assert xds.report(made, split) == []


@pytest.mark.parametrize(
    ("match", "applies"),
    [
        ({"port": 5432}, True),
        ({"port": 1}, False),
        ({"sourceLabels": {"app": "productpage"}}, True),
        ({"sourceLabels": {"app": "other"}}, False),
        ({"sourceNamespace": "shop"}, False),
        ({"gateways": ["other"]}, False),
    ],
)
def test_the_first_route_that_is_for_the_caller_is_taken(match, applies):
    rule = virtual_service(tcp=[{"match": [match], "route": [to("db", "v1")]}], hosts=["db"])
    expected = (
        "outbound|5432|v1|db.bookinfo.svc.cluster.local"
        if applies
        else "outbound|5432||db.bookinfo.svc.cluster.local"
    )
    assert chains(mesh(rule, services=[DB])) == [expected]


def test_of_several_services_on_one_port_the_callers_own_namespaces_is_meant():
    theirs = service("aaa", {"port": 5432, "name": "tcp"}, namespace="shop")
    made = mesh(services=[DB, theirs], pods=[*PODS, CALLER])
    assert chains(made) == ["outbound|5432||db.bookinfo.svc.cluster.local"]
    assert chains(made, start="curl") == ["outbound|5432||aaa.shop.svc.cluster.local"]
    other = service("zzz", {"port": 5432, "name": "tcp"})
    rule = virtual_service(tcp=[{"route": [to("zzz")]}], hosts=["zzz"])
    (problem,) = xds.report(mesh(rule, services=[DB, other]), rule)
    assert "leads to db.bookinfo" in problem.reason


def test_a_port_of_the_application_stays_its_own():
    assert listeners(mesh(services=[service("x", {"port": 9080, "name": "tcp"})])) == {}
    assert listeners(mesh(services=[service("x", {"port": 15000, "name": "tcp"})])) == {}


def test_ports_that_only_root_may_have_are_left_out_and_named():
    rule = virtual_service(tcp=[{"route": [to("low")]}], hosts=["low"])
    made = xds.build(
        services=[service("low", {"port": 443, "name": "tcp"})],
        pods=PODS,
        virtual_services=[rule],
        lowest_port=1024,
    )
    assert listeners(made) == {}
    assert "without root" in xds.report(made, rule)[0].reason


def test_tls_services_share_a_port_by_the_name_that_is_asked_for():
    made = mesh(services=[SHOP, service("other", {"port": 8443, "name": "https"})])
    assert [each[0] for each in names(made)] == [
        "other.bookinfo.svc.cluster.local",
        "store.bookinfo.svc.cluster.local",
    ]
    assert listeners(made)[8443]["listener_filters"][0]["name"] == "envoy.filters.listener.tls_inspector"


def test_tls_and_plain_tcp_share_a_port():
    made = mesh(services=[SHOP, service("plain", {"port": 8443, "name": "tcp"})])
    assert chains(made, 8443) == [
        "outbound|8443||store.bookinfo.svc.cluster.local", "outbound|8443||plain.bookinfo.svc.cluster.local",
    ]  # fmt: skip


def test_tls_routes_by_sni():
    rule = virtual_service(
        tls=[
            {
                "match": [{"sniHosts": ["A.example", "*.b.example"]}],
                "route": [to("store", "v1", 1), to("store", "v2", 3)],
            },
            {"match": [{"sniHosts": ["a.example", "c.example"]}], "route": [to("store")]},
        ],
        hosts=["store"],
    )
    made = mesh(rule, destination_rule("store", "v1", "v2"), services=[SHOP])
    # Whoever has a name first keeps it.
    assert names(made) == [("a.example", "*.b.example"), ("c.example",)]
    assert chains(made, 8443)[0] == {"v1": 1, "v2": 3}
    assert xds.report(made, rule) == []


def test_hosts_outside_are_reached_the_same_way():
    port = {"name": "tls", "number": 8443, "protocol": "TLS"}
    made = mesh(service_entry("10.0.0.1", ports=[port]))
    assert names(made) == [("ext.example",)]
    assert listeners(mesh(service_entry("10.0.0.1", ports=[port]), sidecar("~/*"))) == {}


def test_the_receiving_sidecar_hands_bytes_on():
    pods = [*PODS, pod("db", "127.9.1.8", app="db", ports=(5432,))]
    made = mesh(
        services=[DB], pods=pods, slices=[endpoint_slice("db", "127.9.1.8", port=5432, port_name="tcp")]
    )
    inbound = next(
        each
        for each in xds.configure(made, proxy(made, "db")).listeners
        if each["traffic_direction"] == "INBOUND"
    )
    assert target(inbound["filter_chains"][0]) == "inbound|5432||"


def test_an_idle_connection_is_closed_when_the_policy_says_so():
    rule = destination_rule("db", trafficPolicy={"connectionPool": {"tcp": {"idleTimeout": "5s"}}})
    (chain,) = listeners(mesh(rule, services=[DB]))[5432]["filter_chains"]
    assert chain["filters"][0]["typed_config"]["idle_timeout"] == "5s"


def test_connections_of_datagrams_are_none():
    made = mesh(services=[service("dns", {"port": 5353, "name": "dns", "protocol": "UDP"})])
    assert listeners(made) == {}
    assert not [each for each in xds.configure(made, proxy(made)).clusters if "5353" in each["name"]]


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        ({"tcp": [{"route": []}]}, "spec.tcp[0].route"),
        ({"tcp": [{"route": [to("db", weight=0), to("db", weight=0)]}]}, "spec.tcp[0].route"),
        ({"tcp": [{"route": [to("nobody")]}]}, "spec.tcp[0].route[0].destination.host"),
        ({"tcp": [{"route": [to("db", port=1)]}]}, "spec.tcp[0].route[0].destination.port"),
        ({"tcp": [{"route": [to("db", "v9")]}]}, "spec.tcp[0].route[0].destination.subset"),
        (
            {"tls": [{"match": [{"sniHosts": ["a b"]}], "route": [to("db")]}]},
            "spec.tls[0].match[0].sniHosts[0]",
        ),
        ({"tcp": [{"route": [to("db")]}], "hosts": ["reviews"]}, "spec.tcp"),
    ],
)
def test_what_is_not_in_force_is_named(spec, path):
    rule = virtual_service(**{"hosts": ["db"], **spec})
    made = mesh(rule, services=[DB, service("reviews")])
    assert path in [each.path for each in xds.report(made, rule)]
    xds.configure(made, proxy(made))


def test_a_gateway_has_no_such_ports():
    made = mesh(services=[DB])
    assert xds.configure(made, router(made)).listeners == ()
