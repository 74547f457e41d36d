"""Objects as the inventory reads them, out of the few words that a test needs."""

import msgspec

from cluster import inventory, kinds, objects

NAMESPACE = "bookinfo"


def read(shape, manifest):
    return msgspec.convert(manifest, shape)


def meta(name, namespace=NAMESPACE, labels=None, owner=None, **more):
    found = {"name": name, "namespace": namespace, "labels": dict(labels or {}), **more}
    if owner:
        kind, owner_name = owner
        found["ownerReferences"] = [{"kind": kind, "name": owner_name, "controller": True}]
    return found


def service(name="reviews", selector=None, ports=(), labels=None, namespace=NAMESPACE, **spec):
    selector = {"app": name} if selector is None else selector
    return read(
        objects.Service,
        {
            "metadata": meta(name, namespace, labels),
            "spec": {"selector": selector, "ports": list(ports), **spec},
        },
    )


def containers(*names, image="docker.io/istio/proxyv2:1.31.1"):
    return [{"name": name, **({"image": image} if name == "istio-proxy" else {})} for name in names]


def pod(
    version="v1",
    *,
    name="x",
    app="reviews",
    namespace=NAMESPACE,
    labels=None,
    owner=None,
    ready=True,
    sidecar=True,
    phase="Running",
    spec=None,
    **metadata,
):
    marks = {"app": app, **({"version": version} if version else {}), **(labels or {})}
    names = ("app", "istio-proxy") if sidecar else ("app",)
    return read(
        objects.Pod,
        {
            "metadata": meta(name, namespace, marks, owner, **metadata),
            "spec": {"containers": containers(*names), **(spec or {})},
            "status": {"phase": phase, "conditions": [{"type": "Ready", "status": str(ready)}]},
        },
    )


def proxy(name="istio-ingressgateway-x", *, image="docker.io/istio/proxyv2:1.31.1", **parts):
    """A pod that is nothing but a proxy."""
    spec = {"containers": containers("istio-proxy", image=image)}
    return pod("", name=name, app="istio-ingressgateway", namespace="istio-system", spec=spec, **parts)


def maker(name, labels=None, *, namespace=NAMESPACE, owner=None, replicas=1, status=None, images=()):
    """A Deployment, or anything else with a pod template."""
    template = {"metadata": {"labels": dict(labels or {})}}
    template["spec"] = {"containers": [{"name": f"c{n}", "image": image} for n, image in enumerate(images)]}
    return read(
        objects.Workload,
        {
            "metadata": meta(name, namespace, owner=owner),
            "spec": {"replicas": replicas, "template": template},
            "status": status or {},
        },
    )


def deployment(version, **parts):
    return maker(f"reviews-{version}", {"app": "reviews", "version": version}, **parts)


def namespace(name=NAMESPACE, **labels):
    """A namespace; in the names of the labels, `_` stands for `-` and `__` for `/`, `___` for `.`."""
    metadata = {"name": name, "uid": f"uid-{name}", "labels": labelled(labels)}
    return read(objects.Namespace, {"metadata": metadata})


def labelled(labels):
    return {
        name.replace("___", ".").replace("__", "/").replace("_", "-"): value for name, value in labels.items()
    }


def endpoint_slice(service_name, *endpoints, name="slice", namespace=NAMESPACE):
    """`endpoints` are (name of a pod or None, address, ready)."""
    return read(
        objects.EndpointSlice,
        {
            "metadata": meta(name, namespace, {"kubernetes.io/service-name": service_name}),
            "endpoints": [
                {
                    "addresses": [address],
                    "conditions": {} if ready is None else {"ready": ready},
                    **({"targetRef": {"kind": "Pod", "name": target}} if target else {}),
                }
                for target, address, ready in endpoints
            ],
        },
    )


def only(pods=(), deployments=(), slices=(), **parts):
    """The one service of a cluster that has it, these pods and these Deployments."""
    made = inventory.workloads({kinds.DEPLOYMENT: deployments}, pods)
    (found,) = inventory.services([service(**parts)], pods, made, slices)
    return found
