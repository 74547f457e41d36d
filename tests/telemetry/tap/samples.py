"""Lines of access logs, pods and services, in few words."""

import json

import msgspec

from cluster import objects
from telemetry.tap.ends import Directory

AT = "2026-01-01T12:00:00.120Z"
EPOCH = 1767268800.12
#: As Istio documents its default text, with this test's own values.
TEXT = (
    '[{at}] "GET /reviews/0?user=jane HTTP/1.1" 503 UF,URX via_upstream - "-" 0 96 12 11 "-" '
    '"curl/8.1 "quoted" -" "aa-bb" "reviews:9080" "10.0.0.5:9080" '
    "outbound|9080|v1|reviews.bookinfo.svc.cluster.local "
    "10.0.0.2:41000 10.96.0.7:9080 10.0.0.2:53000 - default"
)
OUT = {
    "start_time": AT,
    "method": "GET",
    "path": "/reviews/0",
    "protocol": "HTTP/1.1",
    "response_code": 200,
    "response_flags": "-",
    "duration": 12,
    "authority": "reviews:9080",
    "user_agent": "curl/8.1",
    "request_id": "aa-bb",
    "x_forwarded_for": None,
    "upstream_host": "10.0.0.5:9080",
    "upstream_cluster": "outbound|9080|v1|reviews.bookinfo.svc.cluster.local",
    "downstream_local_address": "10.96.0.7:9080",
    "downstream_remote_address": "10.0.0.2:53000",
}
IN = {
    **OUT,
    "upstream_host": "127.0.0.1:9080",
    "upstream_cluster": "inbound|9080||",
    "downstream_local_address": "10.0.0.5:9080",
    "downstream_remote_address": "10.0.0.2:41000",
}


def line(base=None, **fields):
    return json.dumps({**(OUT if base is None else base), **fields}).encode()


def pod(name, ip, *, namespace="bookinfo", app="", version="v1", proxy=True, owner="", **more):
    """A pod of the Deployment `app-version`, as its ReplicaSet made it."""
    app = app or name.partition("-")[0]
    owner = owner or f"{app}-{version}-abc"
    metadata = {
        "name": name,
        "namespace": namespace,
        "uid": f"uid-{namespace}-{name}",
        "labels": {"app": app, "version": version, "pod-template-hash": "abc"},
        "ownerReferences": [{"kind": "ReplicaSet", "name": owner, "controller": True}],
    }
    containers = [{"name": "web"}, *([{"name": "istio-proxy"}] if proxy else [])]
    status = {"phase": "Running", "podIP": ip, "conditions": [{"type": "Ready", "status": "True"}]}
    manifest = {"metadata": metadata, "spec": {"containers": containers}, "status": status}
    return {"apiVersion": "v1", "kind": "Pod", **manifest, **more}


def gateway(name="ingress-0", ip="10.0.0.9", namespace="istio-system"):
    made = pod(name, ip, namespace=namespace, app="ingress", version="latest")
    return {**made, "spec": {"containers": [{"name": "istio-proxy"}]}}


def service(name, namespace="bookinfo"):
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"selector": {"app": name}, "ports": [{"port": 9080}]},
    }


PODS = (
    pod("productpage-0", "10.0.0.2"),
    pod("reviews-1", "10.0.0.5", version="v1"),
    pod("reviews-2", "10.0.0.6", version="v2"),
    pod("plain-0", "10.0.0.7", proxy=False),
    pod("vault-0", "10.0.0.8", namespace="secret"),
    gateway(),
)
SERVICES = (service("productpage"), service("reviews"), service("vault", "secret"))


def directory(pods=PODS, services=SERVICES):
    return Directory(
        [msgspec.convert(each, objects.Pod) for each in pods],
        [msgspec.convert(each, objects.Service) for each in services],
    )


def place(name, of=None):
    found = (of or directory()).by_ip.values()
    return next(each for each in found if each.pod == name)
