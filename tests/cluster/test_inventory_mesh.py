"""Who is in the mesh and how, which waypoint serves what, and Istio itself."""

import pytest

from cluster import inventory, kinds, objects
from cluster.inventory import Found
from tests.cluster.building import containers, labelled, maker, namespace, pod, proxy, read, service

MANAGED = "gateway.istio.io/managed"


def waypoint(name="waypoint", place="bookinfo", *, ready="True", labels=None, gateway_class="istio-waypoint"):
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "Gateway",
        "metadata": {"name": name, "namespace": place, "labels": labels},
        "spec": {"gatewayClassName": gateway_class},
        "status": {"conditions": [{"type": "Programmed", "status": ready, "message": "no pod is ready"}]},
    }


def joined(item, **labels):
    """The pod's namespace, as the inventory of a cluster with just these two has it."""
    (found,) = inventory.derive(Found(namespaces=[namespace(**labels)], pods=[item])).namespaces
    return found


def test_a_native_sidecar_is_one():
    spec = {"containers": containers("app"), "initContainers": containers("istio-proxy")}
    assert inventory.proxy_of(pod(spec=spec)) == "sidecar"


@pytest.mark.parametrize(
    ("item", "found"),
    [
        (pod(), "sidecar"),
        (pod(sidecar=False), ""),
        (proxy(), "gateway"),
        (proxy(labels={MANAGED: "istio.io-gateway-controller"}), "gateway"),
        (proxy(labels={MANAGED: "istio.io-mesh-controller"}), "waypoint"),
        (proxy(image="registry:5000/istio/ztunnel:1.31.1-distroless"), "ztunnel"),
        (proxy(image=""), "gateway"),
        (pod(spec={"containers": None, "initContainers": None}), ""),
    ],
)
def test_which_proxy_a_pod_carries(item, found):
    assert inventory.proxy_of(item) == found
    assert inventory.has_sidecar(item) == (found == "sidecar")
    assert inventory.has_envoy(item) == (found in ("sidecar", "gateway", "waypoint"))


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("docker.io/istio/pilot:1.31.1", "1.31.1"), ("istio/pilot:1.31.1-distroless", "1.31.1"),
        ("registry:5000/istio/pilot", ""), ("pilot@sha256:abc", ""), ("pilot:1.30.0@sha256:abc", "1.30.0"),
        ("pilot:1.31-alpha.7a1", "1.31-alpha.7a1"), ("", ""),
    ],
)  # fmt: skip
def test_a_version_is_read_from_the_tag_of_an_image(image, version):
    assert inventory.image_version(image) == version


@pytest.mark.parametrize(
    ("labels", "mode", "injection", "revision"),
    [
        ({}, "none", "", ""),
        ({"istio_injection": "enabled"}, "sidecar", "enabled", ""),
        ({"istio_injection": "disabled", "istio___io__rev": "canary"}, "none", "disabled", ""),
        ({"istio___io__rev": "canary"}, "sidecar", "enabled", "canary"),
        ({"istio_injection": "enabled", "istio___io__rev": "canary"}, "sidecar", "enabled", ""),
        ({"istio___io__dataplane_mode": "ambient"}, "ambient", "", ""),
        ({"istio___io__dataplane_mode": "ambient", "istio_injection": "enabled"}, "sidecar", "enabled", ""),
    ],
)
def test_what_the_labels_of_a_namespace_ask_for(labels, mode, injection, revision):
    (found,) = inventory.derive(Found(namespaces=[namespace(**labels)])).namespaces
    assert (found.mode, found.injection, found.revision) == (mode, injection, revision)


REDIRECTED = {"annotations": {"ambient.istio.io/redirection": "enabled"}}


@pytest.mark.parametrize(
    ("asked", "of_pod", "missing"),
    [
        ({"istio_injection": "enabled"}, {}, 1),
        ({"istio___io__rev": "canary"}, {}, 1),
        ({"istio_injection": "enabled"}, {"labels": {"sidecar.istio.io/inject": "false"}}, 0),
        ({"istio_injection": "enabled"}, {"annotations": {"sidecar.istio.io/inject": "false"}}, 0),
        ({"istio_injection": "enabled"}, {"spec": {"hostNetwork": True}}, 0),
        ({"istio_injection": "enabled"}, {"phase": "Succeeded"}, 0),
        ({"istio_injection": "enabled"}, REDIRECTED, 0),
        ({}, {}, 0),
        ({}, {"labels": {"sidecar.istio.io/inject": "true"}}, 1),
        ({}, {"labels": {"istio.io/rev": "canary"}}, 1),
        ({"istio_injection": "disabled"}, {"labels": {"sidecar.istio.io/inject": "true"}}, 0),
        ({"istio___io__dataplane_mode": "ambient"}, {}, 1),
        ({"istio___io__dataplane_mode": "ambient"}, {"phase": "Pending"}, 0),
        ({"istio___io__dataplane_mode": "ambient"}, REDIRECTED, 0),
        ({"istio___io__dataplane_mode": "ambient"}, {"labels": {"istio.io/dataplane-mode": "none"}}, 0),
        ({}, {"labels": {"istio.io/dataplane-mode": "ambient"}}, 1),
    ],
)
def test_pods_that_should_be_in_the_mesh_and_are_not_are_counted(asked, of_pod, missing):
    assert joined(pod(sidecar=False, **of_pod), **asked).pods_missing_proxy == missing


def test_a_pod_with_a_sidecar_lacks_nothing():
    found = joined(pod(), istio_injection="enabled")
    assert (found.pods, found.pods_with_sidecar, found.pods_missing_proxy) == (1, 1, 0)


def test_an_ambient_pod_is_known_by_what_istio_wrote_on_it():
    found = joined(pod(sidecar=False, **REDIRECTED), istio___io__dataplane_mode="ambient")
    assert (found.pods_ambient, found.pods_with_sidecar) == (1, 0)


@pytest.mark.parametrize(
    ("of_service", "of_namespace", "used"),
    [
        ({}, {}, ""),
        ({}, {"istio___io__use_waypoint": "waypoint"}, "bookinfo/waypoint"),
        ({"istio___io__use_waypoint": "own"}, {"istio___io__use_waypoint": "waypoint"}, "bookinfo/own"),
        ({"istio___io__use_waypoint": "none"}, {"istio___io__use_waypoint": "waypoint"}, ""),
        (
            {"istio___io__use_waypoint": "shared", "istio___io__use_waypoint_namespace": "infra"},
            {},
            "infra/shared",
        ),
    ],
)
def test_the_waypoint_of_a_service_is_its_own_else_its_namespace_s(of_service, of_namespace, used):
    found = inventory.derive(
        Found(
            namespaces=[namespace(**of_namespace), namespace("infra")],
            services=[service(labels=labelled(of_service))],
        )
    )
    assert found.services[0].waypoint == used


def test_a_waypoint_in_a_namespace_that_is_not_shown_has_no_name():
    labels = {"istio___io__use_waypoint": "shared", "istio___io__use_waypoint_namespace": "secret"}
    found = inventory.derive(
        Found(namespaces=[namespace(**labels)], services=[service(labels=labelled(labels))])
    )
    assert found.services[0].waypoint == found.namespaces[0].waypoint == inventory.ELSEWHERE
    assert found.waypoints == ()


def test_waypoints_are_the_gateways_of_their_class_and_say_whether_they_work():
    gateways = [
        waypoint(labels={"istio.io/waypoint-for": "all", "istio.io/rev": "canary"}),
        waypoint("broken", ready="False"),
        waypoint("ingress", gateway_class="istio"),
    ]
    broken, working = inventory.derive(Found(gateways=gateways)).waypoints
    assert (working.exists, working.ready, working.serves, working.revision) == (True, True, "all", "canary")
    assert (broken.ready, broken.serves, broken.reason) == (False, "service", "no pod is ready")


def test_a_waypoint_that_is_used_and_is_not_there_is_told():
    found = Found(namespaces=[namespace(istio___io__use_waypoint="waypoint")], services=[service()])
    (missing,) = inventory.derive(found).waypoints
    assert (missing.namespace, missing.name, missing.exists) == ("bookinfo", "waypoint", False)


def test_where_gateways_may_not_be_listed_no_waypoint_is_called_missing():
    found = Found(
        namespaces=[namespace(istio___io__use_waypoint="waypoint")],
        hidden={"bookinfo": {kinds.GATEWAY_API_GATEWAY}},
    )
    assert inventory.derive(found).waypoints == ()


@pytest.mark.parametrize(
    "broken",
    [{"spec": None}, {"metadata": None}, {"spec": []}, {"status": {"conditions": [None, 3]}}, {"status": 1}],
)
def test_a_gateway_in_any_state_is_no_error(broken):
    inventory.derive(Found(gateways=[{**waypoint(), **broken}]))


def istiod(name, revision, image, **parts):
    labels = {"app": "istiod", **({"istio.io/rev": revision} if revision else {})}
    return maker(name, labels, namespace="istio-system", images=[image], **parts)


def test_istio_is_told_by_its_control_planes_and_proxies():
    deployments = [
        istiod("istiod-1-30", "1-30", "docker.io/istio/pilot:1.30.2-distroless", replicas=2),
        istiod("istiod", "", "docker.io/istio/pilot:1.31.1"),
    ]
    old = containers("app", "istio-proxy", image="docker.io/istio/proxyv2:1.30.2")
    pods = [
        pod(name="a"),
        pod(name="b"),
        pod(name="c", spec={"containers": old}),
        proxy(owner=("StatefulSet", "istio-ingressgateway")),
        proxy("ztunnel-x", image="istio/ztunnel:1.31.1"),
    ]
    mesh = inventory.derive(Found(pods=pods, workloads={kinds.DEPLOYMENT: deployments})).mesh
    assert mesh.versions == ("1.30.2", "1.31.1")
    assert mesh.revisions == ("1-30", "default")
    assert [plane.wanted for plane in mesh.control_planes] == [2, 1]
    assert list(mesh.proxies.items()) == [("1.31.1", 3), ("1.30.2", 1)]
    assert mesh.ztunnels == {"1.31.1": 1}
    assert [gateway.name for gateway in mesh.gateways] == ["istio-ingressgateway"]


def test_a_cluster_without_anything_has_an_inventory():
    found = inventory.derive(Found())
    assert (found.namespaces, found.services, found.workloads, found.waypoints) == ((), (), (), ())
    assert found.mesh.versions == ()


def test_of_a_namespace_that_is_known_by_its_name_alone_nothing_is_claimed():
    unread = read(objects.Namespace, {"metadata": {"name": "bookinfo"}})
    (found,) = inventory.derive(Found(namespaces=[unread])).namespaces
    assert found.mode == "unknown"
