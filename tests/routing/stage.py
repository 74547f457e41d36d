"""Bookinfo on the stage: what a cluster holds when the tests begin."""

from pathlib import Path

import yaml

from cluster import kinds
from cluster.fake import FakeCluster
from cluster.refs import Ref
from telemetry.live import Traffic

BOOKINFO = Path(__file__).resolve().parents[3] / "shared" / "bookinfo"
REVIEWS = Ref(kinds.VIRTUAL_SERVICE, "bookinfo", "reviews")
REVIEWS_SUBSETS = Ref(kinds.DESTINATION_RULE, "bookinfo", "reviews")
RATINGS = Ref(kinds.VIRTUAL_SERVICE, "bookinfo", "ratings")


def service(name, namespace="bookinfo", port=9080, **selector):
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace, "labels": {"app": name}},
        "spec": {"ports": [{"port": port, "name": "http"}], "selector": selector or {"app": name}},
    }


def pod(name, app, version, namespace="bookinfo", *, ready=True, **labels):
    condition = {"type": "Ready", "status": "True" if ready else "False"}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": {"app": app, **({"version": version} if version else {}), **labels},
        },
        "spec": {"containers": [{"name": app}, {"name": "istio-proxy"}]},
        "status": {"phase": "Running", "conditions": [condition]},
    }


def virtual_service(name, http, namespace="bookinfo", hosts=None, gateways=None, **spec):
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "hosts": hosts or [name],
            **({"gateways": gateways} if gateways else {}),
            "http": http,
            **spec,
        },
    }


def destination_rule(name, subsets, namespace="bookinfo", host=None, **spec):
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "DestinationRule",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "host": host or name,
            "subsets": [{"name": subset, "labels": {"version": subset}} for subset in subsets],
            **spec,
        },
    }


def route(*destinations, host="reviews"):
    """`route(("v1", 80), ("v3", 20))`; a single destination has no weight."""
    items = [{"destination": {"host": host, "subset": subset}, "weight": w} for subset, w in destinations]
    if len(items) == 1:
        del items[0]["weight"]
    return items


def to_whole(host="reviews", **rest):
    return [{"destination": {"host": host, **rest}}]


NO_TRAFFIC = Traffic(None, None)
WORKLOADS = [
    service("productpage"), service("details"), service("reviews"), service("ratings"),
    pod("productpage-v1-a", "productpage", "v1"), pod("details-v1-a", "details", "v1"),
    pod("reviews-v1-a", "reviews", "v1"), pod("reviews-v2-a", "reviews", "v2"),
    pod("reviews-v3-a", "reviews", "v3"), pod("ratings-v1-a", "ratings", "v1"),
]  # fmt: skip


def bookinfo(*manifests):
    """A cluster with Bookinfo's workloads and these resources."""
    return FakeCluster([*WORKLOADS, *manifests])


def published(file):
    """The manifests of one of Bookinfo's published files, in namespace bookinfo."""
    found = [item for item in yaml.safe_load_all((BOOKINFO / file).read_text()) if item]
    for item in found:
        item["metadata"]["namespace"] = "bookinfo"
    return found


SPLIT = {"kind": "split", "namespace": "bookinfo", "service": "reviews", "weights": {"v1": 80, "v3": 20}}
DELAY = {
    "kind": "fault",
    "namespace": "bookinfo",
    "service": "ratings",
    "delay": {"percentage": 50, "fixed_delay": "2s"},
}
CALM = {"kind": "clear_fault", "namespace": "bookinfo", "service": "ratings"}


def writes(cluster):
    """The writes that reached the cluster, tries left out."""
    return [
        (verb, target)
        for verb, target, dry_run in cluster.calls
        if verb in ("create", "replace", "delete") and not dry_run
    ]


def weights(cluster):
    rule = cluster.get(REVIEWS)["spec"]["http"][-1]
    return {item["destination"]["subset"]: item.get("weight", 100) for item in rule["route"]}
