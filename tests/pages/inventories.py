"""A cluster with something of everything that an inventory tells."""

from cluster import kinds
from cluster.fake import FakeCluster
from cluster.refs import Ref
from tests.pages.world import NAMESPACE, VERSIONS, bookinfo

PROXY = "docker.io/istio/proxyv2:1.31.1"
AMBIENT = {"ambient.istio.io/redirection": "enabled"}


def mesh() -> FakeCluster:
    """Bookinfo with sidecars but for one pod; Istio; a shop in ambient mode; a namespace outside the mesh."""
    cluster = bookinfo()
    for manifest in cluster.list(kinds.POD).items:
        cluster.edit(Ref.of(manifest), _as_a_deployment_makes_it)
    for app in VERSIONS:
        cluster.put(endpoint_slice(app))
    cluster.put(namespace("bookinfo", {"istio-injection": "enabled"}))
    cluster.put(pod("batch-1", "bookinfo", {"app": "batch"}, "app"))
    cluster.put(
        namespace("shop", {"istio.io/dataplane-mode": "ambient", "istio.io/use-waypoint": "waypoint"})
    )
    cluster.put(service("cart", "shop"))
    cluster.put(stateful_set("cart", "shop", replicas=2))
    cluster.put(
        pod("cart-0", "shop", {"app": "cart"}, "app", annotations=AMBIENT, owner=("StatefulSet", "cart"))
    )
    cluster.put(waypoint("waypoint", "shop"))
    cluster.put(namespace("tools", {}))
    cluster.put(service("external", "tools", selector={}))
    for name, image in (("istiod", "docker.io/istio/pilot:1.31.1"), ("istio-ingressgateway", PROXY)):
        cluster.put(deployment(name, "istio-system", image))
        container = "istio-proxy" if image == PROXY else "discovery"
        owner = ("ReplicaSet", f"{name}-5d8f")
        labels = {"app": name, "pod-template-hash": "5d8f"}
        cluster.put(pod(f"{name}-5d8f-x", "istio-system", labels, container, image=image, owner=owner))
    return cluster


def namespace(name, labels):
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def service(name, place, selector=None):
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": place},
        "spec": {
            "selector": {"app": name} if selector is None else selector,
            "ports": [{"name": "http", "port": 80}],
        },
    }


def pod(name, place, labels, container, *, image=None, annotations=None, owner=None):
    owners = [{"kind": owner[0], "name": owner[1], "controller": True}] if owner else []
    metadata = {"name": name, "namespace": place, "labels": labels, "annotations": annotations or {}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {**metadata, "ownerReferences": owners},
        "spec": {"containers": [{"name": container, "image": image}]},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
    }


def deployment(name, place, image):
    template = {
        "metadata": {"labels": {"app": name}},
        "spec": {"containers": [{"name": "c", "image": image}]},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": place},
        "spec": {"replicas": 1, "template": template},
    }


def stateful_set(name, place, replicas):
    template = {"metadata": {"labels": {"app": name}}}
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": name, "namespace": place},
        "spec": {"replicas": replicas, "template": template},
    }


def waypoint(name, place):
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "Gateway",
        "metadata": {"name": name, "namespace": place},
        "spec": {"gatewayClassName": "istio-waypoint"},
        "status": {"conditions": [{"type": "Programmed", "status": "True"}]},
    }


def endpoint_slice(app):
    """The addresses of an app of Bookinfo."""
    endpoints = [
        {
            "addresses": [f"10.0.0.{number}"],
            "conditions": {"ready": (app, version) != ("ratings", "v2")},
            "targetRef": {"kind": "Pod", "name": f"{app}-{version}-abc12"},
        }
        for number, version in enumerate(VERSIONS[app], 1)
    ]
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": f"{app}-x",
            "namespace": NAMESPACE,
            "labels": {"kubernetes.io/service-name": app},
        },
        "addressType": "IPv4",
        "endpoints": endpoints,
    }


def _as_a_deployment_makes_it(manifest):
    metadata = manifest["metadata"]
    app, version = metadata["labels"]["app"], metadata["labels"]["version"]
    metadata["labels"]["pod-template-hash"] = "5d8f"
    owner = {"kind": "ReplicaSet", "name": f"{app}-{version}-5d8f", "controller": True}
    metadata["ownerReferences"] = [owner]
    manifest["spec"]["containers"][1]["image"] = PROXY
