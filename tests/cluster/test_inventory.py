"""What runs in the cluster, out of plain lists."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster import inventory, kinds, refs
from cluster.refs import Ref


def service(name="reviews", selector=None, ports=()):
    return {
        "metadata": {"name": name, "namespace": "bookinfo"},
        "spec": {"selector": {"app": name} if selector is None else selector, "ports": list(ports)},
    }


def pod(version="v1", *, ready=True, sidecar=True, phase="Running", app="reviews", **metadata):
    labels = {"app": app, **({"version": version} if version else {})}
    return {
        "metadata": {"name": "x", "namespace": "bookinfo", "labels": labels, **metadata},
        "spec": {"containers": [{"name": "app"}, *([{"name": "istio-proxy"}] if sidecar else [])]},
        "status": {"phase": phase, "conditions": [{"type": "Ready", "status": str(ready)}]},
    }


def deployment(version):
    labels = {"app": "reviews", "version": version}
    return {
        "metadata": {"name": f"reviews-{version}", "namespace": "bookinfo"},
        "spec": {"template": {"metadata": {"labels": labels}}},
    }


def only(pods=(), deployments=(), **parts):
    (found,) = inventory.services([service(**parts)], pods, deployments)
    return found


def test_pods_are_counted_by_version_ready_and_with_a_proxy():
    found = only([pod("v1"), pod("v1", ready=False), pod("v10", sidecar=False), pod("v2")])
    assert [(v.version, v.pods, v.ready_pods, v.pods_with_sidecar) for v in found.versions] == [
        ("v1", 2, 1, 2), ("v2", 1, 1, 1), ("v10", 1, 1, 0),
    ]  # fmt: skip


def test_a_deployment_without_pods_is_a_version_with_none():
    found = only([pod("v1")], [deployment("v1"), deployment("v2")])
    assert [(v.version, v.pods) for v in found.versions] == [("v1", 1), ("v2", 0)]
    assert found.version("v2").labels == {"app": "reviews", "version": "v2"}


def test_pods_that_are_finished_or_of_others_do_not_count():
    found = only([pod("v1", phase="Succeeded"), pod("v2", phase="Failed"), pod("v3", app="ratings")])
    assert found.versions == ()


def test_a_pod_on_its_way_out_is_not_ready():
    assert only([pod("v1", deletionTimestamp="2026-01-01T00:00:00Z")]).versions[0].ready_pods == 0


def test_pods_without_a_version_are_counted_apart():
    found = only([pod(""), pod("v1")])
    assert (found.pods_without_version, len(found.versions)) == (1, 1)


def test_the_canonical_revision_stands_in_for_a_version():
    item = pod("")
    item["metadata"]["labels"]["service.istio.io/canonical-revision"] = "blue"
    (version,) = only([item]).versions
    assert (version.version, version.label) == ("blue", "service.istio.io/canonical-revision")


def test_the_labels_of_a_version_are_those_that_all_its_pods_carry():
    first, second = pod("v1"), pod("v1")
    first["metadata"]["labels"]["pod-template-hash"] = "a"
    second["metadata"]["labels"]["pod-template-hash"] = "b"
    assert only([first, second]).versions[0].labels == {"app": "reviews", "version": "v1"}


def test_a_service_without_a_selector_has_no_pods():
    assert only([pod("v1")], selector={}).versions == ()


def test_a_native_sidecar_counts():
    item = pod("v1", sidecar=False)
    item["spec"]["initContainers"] = [{"name": "istio-proxy", "restartPolicy": "Always"}]
    assert only([item]).versions[0].pods_with_sidecar == 1


@pytest.mark.parametrize(
    ("port", "protocol"),
    [
        ({"name": "http"}, "http"), ({"name": "grpc-web"}, "grpc"), ({"name": "http2-x"}, "http2"),
        ({"name": "web", "protocol": "TCP"}, "tcp"),
        ({"appProtocol": "kubernetes.io/h2c", "name": "grpc"}, "grpc"),
        ({"appProtocol": "HTTP"}, "http"), ({"protocol": "UDP"}, "udp"), ({}, "tcp"),
    ],
)  # fmt: skip
def test_the_protocol_of_a_port_is_picked_as_istio_picks_it(port, protocol):
    assert inventory.protocol_of(port) == protocol


@given(st.lists(st.text()))
def test_any_names_can_be_put_in_natural_order(names):
    assert sorted(sorted(names, key=inventory.natural)) == sorted(names)


def test_versions_come_in_natural_order():
    assert sorted(["v10", "v2", "v1-b", "v1"], key=inventory.natural) == ["v1", "v1-b", "v2", "v10"]


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a..b", "-a", "a-", "A", "a_b", "a/b", "a\n", "é", "a" * 254]
)
def test_what_is_no_name_is_none(name):
    assert not refs.is_dns_subdomain(name)
    assert not refs.is_dns_label(name)
    with pytest.raises(ValueError, match="cannot be the name"):
        Ref(kinds.POD, "bookinfo", name).checked()


@pytest.mark.parametrize("name", ["a", "a.b", "reviews-v1", "1", "a" * 63, "a" * 253])
def test_names_are_names(name):
    assert refs.is_dns_subdomain(name)


def test_a_reference_is_read_from_a_manifest_in_any_version():
    manifest = {
        "apiVersion": "networking.istio.io/v1alpha3",
        "kind": "VirtualService",
        "metadata": {"name": "reviews", "namespace": "bookinfo"},
    }
    assert Ref.of(manifest) == Ref(kinds.VIRTUAL_SERVICE, "bookinfo", "reviews")
    assert str(Ref.of(manifest)) == "VirtualService bookinfo/reviews"
    assert str(Ref(kinds.NAMESPACE, "", "bookinfo")) == "Namespace bookinfo"


@pytest.mark.parametrize(
    "manifest",
    [{}, {"apiVersion": "v1", "kind": "Nothing"}, {"apiVersion": "v2", "kind": "VirtualService"}],
)
def test_an_unknown_kind_is_refused(manifest):
    with pytest.raises(ValueError, match="not a kind"):
        Ref.of(manifest)


def test_a_namespace_has_no_namespace():
    with pytest.raises(ValueError, match="has no namespace"):
        Ref(kinds.NAMESPACE, "bookinfo", "bookinfo").checked()
