import pytest

from localmesh import xds
from localmesh.xds.model import inner_address
from localmesh.xds.reading import workload_of
from tests.localmesh.xds.objects import REVIEWS, endpoint_slice, gateway_pod, pod, service, virtual_service


def test_the_inside_of_a_pod_is_128_blocks_above_it():
    assert inner_address("127.9.1.2") == "127.9.129.2"


def test_a_pod_with_the_proxys_container_is_in_the_mesh_under_istios_node_id():
    (proxy,) = xds.build(pods=[pod("reviews-v1", "127.9.1.2", app="reviews", version="v1")]).proxies
    assert proxy.id == "sidecar~127.9.1.2~reviews-v1-5d9f-abcde.bookinfo~bookinfo.svc.cluster.local"
    assert (proxy.kind, proxy.inner_ip, proxy.ports) == ("sidecar", "127.9.129.2", (9080,))


def test_a_gateways_pod_is_a_router():
    (proxy,) = xds.build(pods=[gateway_pod("127.9.1.9")]).proxies
    assert proxy.kind == "router"
    assert proxy.port_of("web") == 8080


def test_an_application_that_calls_itself_a_gateway_keeps_its_sidecar():
    labelled = pod("fake", "127.9.1.2", labels={"istio": "ingressgateway"})
    assert [each.kind for each in xds.build(pods=[labelled]).proxies] == ["sidecar"]


@pytest.mark.parametrize(
    "outside",
    [pod("plain", "127.9.1.2", sidecar=False), pod("pending", None), pod("fresh", "")],
    ids=["without a sidecar", "without an address", "with an empty address"],
)
def test_such_a_pod_has_no_proxy(outside):
    assert xds.build(pods=[outside]).proxies == ()


def test_a_workload_is_named_after_its_deployment():
    workload = workload_of(pod("reviews-v1", "127.9.1.2", app="reviews", version="v1"))
    assert (workload.name, workload.app, workload.version) == ("reviews-v1", "reviews", "v1")
    assert (workload.canonical_service, workload.canonical_revision) == ("reviews", "v1")


def test_a_bare_pod_is_its_own_workload_of_the_latest_revision():
    bare = {"metadata": {"name": "curl", "namespace": "x"}}
    workload = workload_of(bare)
    assert (workload.name, workload.canonical_service, workload.canonical_revision) == (
        "curl",
        "curl",
        "latest",
    )


@pytest.mark.parametrize(
    ("port", "protocol"),
    [
        ({"port": 1}, "http"),
        ({"port": 1, "name": "http"}, "http"),
        ({"port": 1, "name": "http2-web"}, "http2"),
        ({"port": 1, "name": "grpc"}, "http2"),
        ({"port": 1, "name": "tcp-db"}, "tcp"),
        ({"port": 1, "name": "mysql"}, "tcp"),
        ({"port": 1, "name": "http", "appProtocol": "grpc"}, "http2"),
        ({"port": 1, "name": "http", "protocol": "UDP"}, "udp"),
    ],
)
def test_a_ports_protocol_is_read_from_what_it_says(port, protocol):
    mesh = xds.build(services=[service("a", port)])
    assert mesh.services[0].ports[0].protocol == protocol


def test_endpoints_that_are_not_ready_get_nothing():
    slices = [endpoint_slice("reviews", "127.9.1.2"), endpoint_slice("reviews", "127.9.1.3", ready=False)]
    mesh = xds.build(services=[service("reviews")], endpoint_slices=slices)
    assert [each.address for each in mesh.endpoints[REVIEWS]] == ["127.9.1.2"]


def test_an_address_in_two_slices_counts_once():
    slices = [endpoint_slice("reviews", "127.9.1.2"), endpoint_slice("reviews", "127.9.1.2", "127.9.1.3")]
    mesh = xds.build(endpoint_slices=slices)
    assert [each.address for each in mesh.endpoints[REVIEWS]] == ["127.9.1.2", "127.9.1.3"]


def test_rules_are_ordered_by_age_and_then_by_name():
    old = virtual_service(name="z", created="2026-01-01T00:00:00Z")
    same = virtual_service(name="a", created="2026-01-01T00:00:01Z")
    young = virtual_service(name="b", created="2026-01-01T00:00:01Z")
    mesh = xds.build(virtual_services=[young, same, old])
    assert [rule.name for rule in mesh.virtual_services] == ["z", "a", "b"]
