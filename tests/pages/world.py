"""A mesh without a mesh: a fake cluster with Bookinfo, and a source whose traffic follows its rules."""

import time
from collections.abc import Mapping

from cluster import kinds
from cluster.fake import FakeCluster
from cluster.refs import Ref
from telemetry.samples import EdgeLabels, RequestCount, RequestRate, Samples

NAMESPACE = "bookinfo"
VERSIONS = {
    "productpage": ["v1"],
    "details": ["v1"],
    "reviews": ["v1", "v2", "v3"],
    "ratings": ["v1", "v2"],
}
REVIEWS = Ref(kinds.VIRTUAL_SERVICE, NAMESPACE, "reviews")


def bookinfo() -> FakeCluster:
    """The services, with one ready pod of each version; ratings v2 has a pod that is not ready."""
    cluster = FakeCluster()
    for app, versions in VERSIONS.items():
        cluster.put(_service(app))
        for version in versions:
            cluster.put(_deployment(app, version))
            cluster.put(_pod(app, version, ready=(app, version) != ("ratings", "v2")))
    return cluster


def reviews_virtual_service(weights: Mapping[str, int]) -> dict:
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": {"name": "reviews", "namespace": NAMESPACE},
        "spec": {
            "hosts": ["reviews"],
            "http": [
                {
                    "route": [
                        {"destination": {"host": "reviews", "subset": version}, "weight": weight}
                        for version, weight in weights.items()
                    ]
                }
            ],
        },
    }


def reviews_destination_rule() -> dict:
    subsets = [{"name": version, "labels": {"version": version}} for version in VERSIONS["reviews"]]
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "DestinationRule",
        "metadata": {"name": "reviews", "namespace": NAMESPACE},
        "spec": {"host": "reviews", "subsets": subsets},
    }


class FollowingTraffic:
    """A source: productpage sends 12.5 requests a second to reviews, by the weights in the cluster.

    Each reading counts a thousand of them, so that no test waits until there are enough.
    """

    name = "direct"

    def __init__(self, cluster: FakeCluster) -> None:
        self._cluster = cluster

    async def read(self) -> Samples:
        weights = self._weights()
        total = sum(weights.values())
        rates = tuple(
            RequestRate(_labels("reviews", version), "200", "", 12.5 * weight / total)
            for version, weight in weights.items()
            if weight
        )
        rates += (RequestRate(_labels("details", "v1"), "200", "", 12.5),)
        counts = tuple(
            RequestCount(each.labels, "200", "", 1000 * each.requests_per_second / 12.5) for each in rates
        )
        now = time.time()
        return Samples(now, window_seconds=10, requests=rates, counts=counts, counted_from=now - 0.2)

    async def close(self) -> None:
        pass

    def _weights(self) -> dict[str, int]:
        found = self._cluster.list(kinds.VIRTUAL_SERVICE, NAMESPACE).items
        for item in found:
            if item["spec"]["hosts"][0].startswith("reviews"):
                routes = item["spec"]["http"][-1]["route"]
                named = {r["destination"].get("subset", ""): r.get("weight", 100) for r in routes}
                if "" not in named:
                    return named
        return {"v1": 1, "v2": 1, "v3": 1}


def _labels(service: str, version: str) -> EdgeLabels:
    return EdgeLabels(
        reporter="source",
        source_workload="productpage-v1",
        source_workload_namespace=NAMESPACE,
        source_canonical_service="productpage",
        source_canonical_revision="v1",
        destination_service=f"{service}.{NAMESPACE}.svc.cluster.local",
        destination_service_name=service,
        destination_service_namespace=NAMESPACE,
        destination_workload=f"{service}-{version}",
        destination_workload_namespace=NAMESPACE,
        destination_canonical_service=service,
        destination_canonical_revision=version,
        request_protocol="http",
    )


def _service(app: str) -> dict:
    ports = [{"name": "http", "port": 9080, "targetPort": 9080}]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": app, "namespace": NAMESPACE, "labels": {"app": app}},
        "spec": {"selector": {"app": app}, "ports": ports},
    }


def _deployment(app: str, version: str) -> dict:
    labels = {"app": app, "version": version}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": app}]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": f"{app}-{version}", "namespace": NAMESPACE, "labels": labels},
        "spec": {"selector": {"matchLabels": labels}, "template": template},
    }


def _pod(app: str, version: str, *, ready: bool) -> dict:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"{app}-{version}-abc12",
            "namespace": NAMESPACE,
            "labels": {"app": app, "version": version},
        },
        "spec": {"containers": [{"name": app}, {"name": "istio-proxy"}]},
        "status": {
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": "True" if ready else "False"}],
        },
    }
