"""Sidecars, ServiceEntries and Gateways: a resource each.

read     hosts, ports, protocols, what excludes each other
write    what the rule can say, and nothing else
hazards  two for the same workloads, hosts that are served no more
"""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster import kinds
from routing import istio, live, planner, rules
from routing.rules import Gateway, RulesError, ServiceEntry, Sidecar
from tests.people import own
from tests.routing.resources import (
    HTTP,
    HTTPS,
    NAMED,
    entries,
    entry,
    gateway,
    gateways,
    resources,
    sidecar,
    sidecars,
    tls,
)
from tests.routing.stage import bookinfo, to_whole, virtual_service
from tests.routing.test_planner import carried_out, codes, steps


def refused(asked):
    with pytest.raises(RulesError) as refusal:
        rules.parse([asked])
    return {error.field.removeprefix("rules[0]").lstrip("."): error.message for error in refusal.value.errors}


WRONG = {
    "no name": ({**sidecar(), "name": None}, "name", "The name of the Sidecar is missing."),
    "dots": (sidecar(name=".."), "name", '".." cannot be the name of a Sidecar.'),
    "an unknown member": (sidecar(ingress=[]), "ingress", "Unknown; known are"),
    "nothing to reach": (sidecar(egress=None), "", "needs egress, outbound_traffic_policy or both"),
    "an empty list": (sidecar(egress=[]), "egress", "a list of 1 to 100"),
    "no namespace": (sidecar(egress=[{"hosts": ["cart"]}]), "egress[0].hosts[0]", "cannot be namespace/host"),
    "a wildcard inside": (sidecar(egress=[{"hosts": ["./a.*.b"]}]), "egress[0].hosts[0]", "cannot be"),
    "half a wildcard": (sidecar(egress=[{"hosts": ["./a*.b"]}]), "egress[0].hosts[0]", "cannot be"),
    "all ports first": (
        sidecar(egress=[{"hosts": ["./*"]}, {"port": {"number": 80, "protocol": "HTTP"}, "hosts": ["./*"]}]),
        "egress[0]",
        "they stand last",
    ),
    "a port without protocol": (
        sidecar(egress=[{"port": {"number": 80}, "hosts": ["./*"]}]), "egress[0].port.protocol", "missing"
    ),
    "an unknown policy": (
        sidecar(outbound_traffic_policy="DENY"), "outbound_traffic_policy", "none of ALLOW_ANY and REGISTRY"
    ),
    "a label with a space": (
        sidecar(workload_labels={"app": "a b"}), "workload_labels.app", "cannot be the value of a label"
    ),
    "no host": (entry(hosts=None), "hosts", "is missing"),
    "every host": (entry(hosts=["*"]), "hosts[0]", "cannot be a host"),
    "a host twice": (entry(hosts=["a.b", "a.b"]), "hosts[1]", "twice"),
    "an unknown protocol": (
        entry(ports=[{"number": 1, "name": "x", "protocol": "QUIC"}]), "ports[0].protocol", "is none of HTTP,"
    ),
    "a port twice": (entry(ports=[*entry()["ports"], {**entry()["ports"][0], "name": "b"}]),
                     "ports[1].number", "Another port has 443"),
    "endpoints for none": (
        entry(endpoints=[{"address": "1.2.3.4"}]), "resolution", "endpoints need STATIC or DNS"
    ),
    "static without endpoints": (entry(resolution="STATIC"), "resolution", "needs endpoints"),
    "a wildcard to look up": (
        entry(hosts=["*.example"], resolution="DNS"), "resolution", "*.example cannot be looked up"
    ),
    "two for a round robin": (
        entry(resolution="DNS_ROUND_ROBIN", endpoints=[{"address": "a.b"}, {"address": "c.d"}]),
        "resolution", "one endpoint at most",
    ),
    "a name for static": (
        entry(resolution="STATIC", endpoints=[{"address": "a.b"}]), "endpoints[0].address", "looked up"
    ),
    "a port that is not there": (
        entry(resolution="DNS", endpoints=[{"address": "a.b", "ports": {"x": 1}}]),
        "endpoints[0].ports.x", "it has tls",
    ),
    "both of two": (
        entry(resolution="STATIC", endpoints=[{"address": "::1"}], workload_labels={"a": "b"}),
        "", "endpoints and workload_labels exclude each other",
    ),
    "no address": (entry(addresses=["1.2.3"]), "addresses[0]", "cannot be an IP address"),
    "no scope": (entry(export_to=["a/b"]), "export_to[0]", "cannot be a namespace, . or *"),
    "no selector": (gateway(HTTP, selector=None), "selector", "are missing"),
    "no server": (gateway(), "servers", "a list of 1 to 100"),
    "no hosts": (gateway({**HTTP, "hosts": None}), "servers[0].hosts", "is missing"),
    "port 0": (gateway({**HTTP, "port": 0}), "servers[0].port", "0 is outside 1 to 65535."),
    "a path": (gateway({**HTTP, "hosts": ["a.b/c"]}), "servers[0].hosts[0]", "cannot be a host"),
    "HTTPS without TLS": (gateway({**HTTPS, "tls": None}), "servers[0].tls", "HTTPS needs tls"),
    "HTTP with TLS": (gateway({**HTTP, "tls": {"mode": "SIMPLE"}}), "servers[0].tls", "HTTP has no TLS"),
    "no certificate": (tls(mode="SIMPLE"), "servers[0].tls.mode", "needs credential_name, or server_cert"),
    "no mode": (tls(credential_name="a"), "servers[0].tls.mode", "The mode is missing"),
    "no authority": (
        tls(mode="MUTUAL", server_certificate="/c", private_key="/k"),
        "servers[0].tls.ca_certificates", "needs the callers' certificate authority",
    ),
    "secrets and files": (
        tls(mode="SIMPLE", credential_name="a", private_key="/k"), "servers[0].tls.credential_name", "not b"
    ),
    "a certificate to pass through": (
        tls(mode="PASSTHROUGH", credential_name="a"), "servers[0].tls", "does not use credential_name"
    ),
    "a redirect to itself": (
        tls(mode="PASSTHROUGH", https_redirect=True), "servers[0].tls.https_redirect", "without TLS"
    ),
    "versions the wrong way": (
        tls(mode="PASSTHROUGH", min_protocol_version="TLSV1_3", max_protocol_version="TLSV1_2"),
        "servers[0].tls.min_protocol_version", "TLSV1_3 is later than TLSV1_2.",
    ),
    "a host twice on a port": (gateway(HTTP, HTTP), "servers[1].hosts[0]", "Another server has this host"),
}  # fmt: skip


@pytest.mark.parametrize(("asked", "field", "message"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said_at_its_field(asked, field, message):
    assert message in refused(asked)[field]


@given(resources)
def test_a_rule_is_read_as_it_is_written(rule):
    assert rules.parse([rules.to_json(rule)]) == (rule,)


@given(resources)
def test_a_resource_is_its_rule(rule):
    manifest = istio.set_resource(None, rule)
    assert istio.read_resource(type(rule), manifest) == rule
    assert kinds.of(manifest) == rule.of


FOREIGN = {
    Sidecar: {"ingress": [{"port": {"number": 1}}], "outboundTrafficPolicy": {"egressProxy": {"host": "x"}}},
    ServiceEntry: {"xFuture": 1, "workloadSelector": {"xFuture": 2}},
    Gateway: {"xFuture": {"a": [1]}},
}


@given(resources, resources)
def test_what_the_rule_cannot_say_stays(rule, other):
    before = istio.set_resource(None, other if type(other) is type(rule) else rule)
    before["spec"] |= copy.deepcopy(FOREIGN[type(rule)])
    before["metadata"] |= {"labels": {"team": "books"}, "annotations": {"owner": "books"}}
    after = istio.set_resource(before, rule)
    assert istio.read_resource(type(rule), after) == rule
    assert after["metadata"] == before["metadata"]
    for name, value in FOREIGN[type(rule)].items():
        kept = after["spec"][name]
        assert kept == value or value.items() <= kept.items()


@given(resources)
def test_unknown_fields_of_ports_and_servers_stay(rule):
    before = istio.set_resource(None, rule)
    lists = [value for value in before["spec"].values() if isinstance(value, list)]
    for item in (item for found in lists for item in found if isinstance(item, dict)):
        item["xFuture"] = item.get("number", 1)
    assert istio.set_resource(before, rule) == before


def planned(cluster, *asked):
    wanted = rules.parse(list(asked))
    return planner.plan(wanted, live.read(own(cluster), {"bookinfo"}, rules.kinds_read(wanted)))


@given(sidecars() | entries() | gateways())
def test_planning_a_second_time_is_empty(asked):
    cluster = bookinfo()
    plan = planned(cluster, asked)
    assert [action for action, _ in steps(plan)] == ["create"]
    carried_out(cluster, plan)
    assert planned(cluster, asked).operations == ()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
MEMBERS = [
    "egress",
    "workload_labels",
    "hosts",
    "ports",
    "endpoints",
    "resolution",
    "selector",
    "servers",
    "tls",
]
INNER = st.lists(
    st.dictionaries(st.sampled_from(["port", "hosts", "number", "name", "address", "tls", "protocol"]), JSON)
)


@given(
    st.sampled_from(["sidecar", "service_entry", "gateway"]),
    st.dictionaries(st.sampled_from(MEMBERS), JSON | INNER),
)
def test_no_input_does_anything_but_be_read_or_refused(kind, members):
    found, fields = (), ["rules[0]"]
    try:
        found = rules.parse([{"kind": kind, **NAMED, **members}])
    except RulesError as refusal:
        fields = [error.field for error in refusal.errors]
    assert all(field.startswith("rules[0]") for field in fields)
    assert not found or rules.parse([rules.to_json(rule) for rule in found]) == found


def manifest_of(asked, name="two"):
    (rule,) = rules.parse([{**asked, "name": name}])
    return istio.set_resource(None, rule)


def test_a_sidecar_says_what_is_left_to_reach():
    (problem,) = planned(bookinfo(), sidecar(outbound_traffic_policy="REGISTRY_ONLY")).problems
    assert (problem.code, problem.message) == (
        "REACHES_ONLY",
        "Workloads of namespace bookinfo then know ./* only; requests to anything else are refused.",
    )


@pytest.mark.parametrize(
    ("members", "code"), [({}, "IST0111"), ({"workload_labels": {"app": "x"}}, "IST0110")]
)
def test_a_second_sidecar_for_the_same_workloads_is_an_error_and_an_old_one_a_warning(members, code):
    asked = sidecar(**members)
    assert codes(planned(bookinfo(manifest_of(asked)), asked), "error") == [code]
    both = bookinfo(manifest_of(asked), manifest_of(asked, "one"))
    assert code in codes(planned(both, {**asked, "egress": [{"hosts": ["*/*"]}]}), "warning")
    assert (
        codes(planned(bookinfo(manifest_of(sidecar())), sidecar(workload_labels={"a": "b"})), "error") == []
    )


def test_a_host_of_two_entries_is_told():
    assert codes(planned(bookinfo(manifest_of(entry())), entry())) == ["SAME_HOST"]


def test_tcp_without_an_address_is_told():
    tcp = [{"number": 3306, "name": "db", "protocol": "TCP"}]
    assert codes(planned(bookinfo(), entry(ports=tcp))) == ["IST0134"]
    assert codes(planned(bookinfo(), entry(ports=tcp, addresses=["10.1.2.3"]))) == []


def test_two_gateways_for_one_host_are_an_error_and_old_ones_a_warning():
    assert codes(planned(bookinfo(manifest_of(gateway(HTTP))), gateway(HTTP)), "error") == [
        "GATEWAYS_OVERLAP"
    ]
    both = bookinfo(manifest_of(gateway(HTTP)), manifest_of(gateway(HTTP), "one"))
    assert codes(planned(both, gateway(HTTP, HTTPS))) == ["GATEWAYS_OVERLAP"]
    assert codes(planned(both, gateway(HTTP, HTTPS)), "error") == []
    others = gateway(HTTP, selector={"istio": "other"})
    assert codes(planned(bookinfo(manifest_of(gateway(HTTP))), others)) == []


def test_a_host_that_is_served_no_more_names_who_routes_it():
    route = virtual_service("web", [{"route": to_whole()}], hosts=["shop.example"], gateways=["one"])
    cluster = bookinfo(route, manifest_of(gateway(HTTP), "one"))
    plan = planned(cluster, gateway({**HTTP, "hosts": ["other.example"]}))
    assert codes(plan) == ["HOST_NOT_SERVED"]
    assert "VirtualService bookinfo/web routes shop.example" in plan.problems[0].message
    assert codes(planned(cluster, gateway({**HTTP, "hosts": ["*.example"]}))) == []


def test_a_gateway_is_there_before_the_route_that_is_bound_to_it():
    route = virtual_service("a-web", [{"route": to_whole()}], hosts=["shop.example"], gateways=["one"])
    plan = planned(bookinfo(), {"kind": "object", "manifest": route}, gateway(HTTP))
    assert [kind for _, kind in steps(plan)] == ["Gateway", "VirtualService"]


def test_a_server_keeps_what_it_had_when_its_hosts_change():
    before = manifest_of(gateway(HTTP, HTTPS))
    before["spec"]["servers"][1]["bind"] = "10.0.0.1"
    (rule,) = rules.parse([gateway({**HTTPS, "hosts": ["new.example"]}, HTTP)])
    after = istio.set_resource(before, rule)
    assert [server.get("bind") for server in after["spec"]["servers"]] == ["10.0.0.1", None]


@pytest.mark.django_db
def test_a_gateway_is_applied_told_and_taken_back(api, cluster):
    change = api.applied(gateway(HTTP))
    assert change["summary"] == "Gateway bookinfo/one serves shop.example:80"
    (found,) = cluster.list(kinds.GATEWAY).items
    assert found["spec"]["servers"][0]["port"] == {"number": 80, "protocol": "HTTP", "name": "http-80"}
    api.post(f"changes/{change['id']}/revert")
    assert cluster.list(kinds.GATEWAY).items == ()
