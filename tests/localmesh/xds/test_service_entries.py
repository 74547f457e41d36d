"""ServiceEntries: by which names they are called, and what is behind them."""

import pytest

from localmesh import xds
from tests.localmesh.xds.objects import (
    PODS,
    addresses,
    cluster,
    destination_rule,
    istio,
    mesh,
    outbound,
    pod,
    proxy,
    service_entry,
    to,
    virtual_service,
)  # fmt: skip

NAME = "outbound|80||ext.example"


def domains(of, host="ext.example:80", start="productpage"):
    (configuration,) = xds.configure(of, proxy(of, start)).routes
    return next((each["domains"] for each in configuration["virtual_hosts"] if each["name"] == host), None)


def test_an_entry_with_addresses_is_called_by_its_name():
    made = mesh(service_entry("10.0.0.1", "10.0.0.2"))
    found = cluster(made, NAME)
    assert (found["type"], addresses(found)) == ("STATIC", ["10.0.0.1:80", "10.0.0.2:80"])
    assert domains(made) == ["ext.example", "ext.example:80"]
    assert outbound(made, "ext.example:80")[0]["route"]["cluster"] == NAME
    assert found["metadata"]["filter_metadata"]["istio"]["name"] == "ext.example"


def test_an_address_stands_for_the_name():
    made = mesh(service_entry("10.0.0.1", addresses=["240.0.0.1", "10.0.0.0/8"]))
    assert domains(made) == ["ext.example", "ext.example:80", "240.0.0.1", "240.0.0.1:80"]


@pytest.mark.parametrize(("resolution", "kind"), [("DNS", "STRICT_DNS"), ("DNS_ROUND_ROBIN", "LOGICAL_DNS")])
def test_names_are_looked_up_by_envoy(resolution, kind):
    found = cluster(mesh(service_entry(resolution=resolution)), NAME)
    assert (found["type"], addresses(found)) == (kind, ["ext.example:80"])
    found = cluster(mesh(service_entry("other.example", resolution=resolution)), NAME)
    assert addresses(found) == ["other.example:80"]


def test_without_resolution_the_name_itself_is_looked_up():
    found = cluster(mesh(service_entry(resolution="NONE")), NAME)
    assert (found["type"], addresses(found)) == ("STRICT_DNS", ["ext.example:80"])
    assert (
        cluster(mesh(service_entry(resolution="NONE", hosts=["*.example"])), "outbound|80||*.example") is None
    )


def test_ports_lead_where_port_entry_and_endpoint_say():
    ports = [
        {"name": "a", "number": 80, "protocol": "HTTP"},
        {"name": "b", "number": 81, "protocol": "GRPC", "targetPort": 8081},
        {"name": "c", "number": 82, "protocol": "HTTP"},
    ]
    made = mesh(service_entry({"address": "10.0.0.1", "ports": {"c": 8082}}, ports=ports))
    found = [addresses(cluster(made, f"outbound|{port}||ext.example")) for port in (80, 81, 82)]
    assert found == [["10.0.0.1:80"], ["10.0.0.1:8081"], ["10.0.0.1:8082"]]
    assert "typed_extension_protocol_options" in cluster(made, "outbound|81||ext.example")


def test_labels_make_subsets_and_weights_shares():
    entry = service_entry({"address": "10.0.0.1", "labels": {"version": "v1"}, "weight": 5}, "10.0.0.2")
    found = cluster(mesh(entry, destination_rule("ext.example", "v1")), "outbound|80|v1|ext.example")
    assert addresses(found) == ["10.0.0.1:80"]
    assert found["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["load_balancing_weight"] == 5


def test_rules_hold_for_an_entry_as_for_a_service():
    rule = virtual_service({"route": [to("ext.example")], "timeout": "1s"}, hosts=["ext.example"])
    made = mesh(service_entry("10.0.0.1"), rule)
    assert outbound(made, "ext.example:80")[0]["route"]["timeout"] == "1s"
    assert xds.report(made, rule) == []


def test_pods_and_workload_entries_can_be_selected():
    vm = istio(
        "WorkloadEntry", "vm", {"address": "10.0.0.9", "ports": {"http": 8000}, "labels": {"app": "legacy"}}
    )
    pods = [
        *PODS,
        pod("legacy", "127.9.1.8", app="legacy"),
        pod("legacy-away", "127.9.1.9", app="legacy", namespace="shop"),
    ]
    made = mesh(service_entry(workloadSelector={"labels": {"app": "legacy"}}), vm, pods=pods)
    assert addresses(cluster(made, NAME)) == ["10.0.0.9:8000", "127.9.1.8:80"]
    assert xds.report(made, vm) == []


def test_a_pod_that_is_not_ready_is_not_selected():
    unready = pod("legacy", "127.9.1.8", app="legacy")
    unready["status"]["conditions"] = [{"type": "Ready", "status": "False"}]
    made = mesh(service_entry(workloadSelector={"labels": {"app": "legacy"}}), pods=[*PODS, unready])
    assert addresses(cluster(made, NAME)) == []


def test_an_entry_is_seen_where_it_is_exported():
    pods = [*PODS, pod("curl", "127.9.1.7", namespace="shop")]
    made = mesh(service_entry("10.0.0.1", exportTo=["."]), pods=pods)
    assert cluster(made, NAME)
    assert cluster(made, NAME, start="curl") is None
    assert domains(made, start="curl") is None


def test_a_wildcard_is_a_name_for_all_under_it():
    made = mesh(service_entry("10.0.0.1", hosts=["*.example"]))
    assert domains(made, "*.example:80") == ["*.example", "*.example:80"]


@pytest.mark.parametrize(
    ("entry", "path"),
    [
        (service_entry("somewhere.example"), "spec.endpoints[0].address"),
        (service_entry("unix:///tmp/x"), "spec.endpoints[0].address"),
        (service_entry(resolution="NONE", hosts=["*.example"]), "spec.resolution"),
        (service_entry("10.0.0.1", hosts=["a b"]), "spec.hosts[0]"),
        (service_entry("10.0.0.1", ports=[]), "spec.ports"),
        (service_entry("10.0.0.1", subjectAltNames=["x"]), "spec.subjectAltNames"),
        (istio("WorkloadEntry", "vm", {"address": "name.example"}), "spec.address"),
    ],
)
def test_what_is_not_acted_on_is_named(entry, path):
    made = mesh(entry)
    assert [each.path for each in xds.report(made, entry)] == [path]
    xds.configure(made, proxy(made))


def test_the_first_owner_of_a_host_keeps_it():
    old, young = service_entry("10.0.0.1", name="old"), service_entry("10.0.0.2", name="young")
    made = mesh(old, young)
    assert addresses(cluster(made, NAME)) == ["10.0.0.1:80"]
    assert [(each.path, each.conflict) for each in xds.report(made, young)] == [("spec.hosts[0]", True)]
    mine = service_entry("10.0.0.1", hosts=["reviews.bookinfo.svc.cluster.local"])
    assert xds.report(mesh(mine), mine)[0].conflict


def test_what_may_lead_out_of_the_machine_is_not_called_from_a_pods_own_address():
    made = mesh(service_entry("10.0.0.1"))
    assert cluster(made, NAME)["upstream_bind_config"]["source_address"]["address"] == "0.0.0.0"
    assert "upstream_bind_config" not in cluster(made, "outbound|9080||reviews.bookinfo.svc.cluster.local")
