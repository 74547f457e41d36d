"""A small cluster for the controllers: the real store and controllers; its node only writes statuses."""

import random
from datetime import UTC, datetime, timedelta

from localmesh.apiserver import kinds
from localmesh.apiserver.store import Store
from localmesh.workloads import pod_status
from localmesh.workloads.deployments import Deployments
from localmesh.workloads.endpoints import Endpoints
from localmesh.workloads.objects import name, namespace, timestamp
from localmesh.workloads.replicasets import ReplicaSets


class Cluster:
    def __init__(self):
        self.now = datetime(2026, 1, 1, 12, tzinfo=UTC)
        self.store = Store(None, clock=self.clock)
        self._passes = [
            Deployments(self.store, self.clock).reconcile,
            ReplicaSets(self.store, self.clock, random.Random(1)).reconcile,
            Endpoints(self.store).reconcile,
        ]
        self._addresses = iter(f"127.9.1.{host}" for host in range(1, 250))
        self.store.create(kinds.NAMESPACES, {"metadata": {"name": "bookinfo"}})

    def clock(self):
        return self.now

    def reconcile(self):
        for each in self._passes:
            each()

    def settle(self, *, ready=True, seconds=0.0):
        """Reconcile, let new pods become ready (or only start), until nothing changes any more."""
        self.now += timedelta(seconds=seconds)
        before = None
        while before != self.store.revision:
            before = self.store.revision
            self.reconcile()
            for pod in self.pods():
                self.run(pod, ready=ready)

    def run(self, pod, *, ready=True):
        """What the node writes about a pod whose containers run."""
        ip = (pod.get("status") or {}).get("podIP") or next(self._addresses)
        was_ready = ready or pod_status.READY in [
            each["type"] for each in pod["status"].get("conditions", ()) if each["status"] == "True"
        ]
        statuses = [
            {"name": each["name"], "ready": was_ready, "started": True, "restartCount": 0}
            for each in pod["spec"]["containers"]
        ]
        pod["status"] = pod_status.status_of(
            pod, ip=ip, host_ip="127.9.0.3", containers=statuses, now=timestamp(self.now)
        )
        self.store.update_status(kinds.PODS, pod)

    def pods(self):
        return self.store.list(kinds.PODS)

    def replica_sets(self):
        return self.store.list(kinds.REPLICA_SETS)

    def deployment(self, of="reviews"):
        return self.store.get(kinds.DEPLOYMENTS, "bookinfo", of)

    def change(self, **spec):
        """Write fields of the Deployment's spec, as a client does."""
        deployment = self.deployment()
        deployment["spec"].update(spec)
        return self.store.update(kinds.DEPLOYMENTS, deployment)

    def set_image(self, tag):
        template = self.deployment()["spec"]["template"]
        template["spec"]["containers"][0]["image"] = f"examples-bookinfo-reviews-v1:{tag}"
        self.change(template=template)

    def deploy(self, **spec):
        return self.store.create(kinds.DEPLOYMENTS, reviews(**spec))

    def reasons(self, about):
        return [
            each["reason"]
            for each in self.store.list(kinds.EVENTS)
            if each["involvedObject"]["name"] == about
        ]

    def delete(self, pod):
        self.store.delete(kinds.PODS, namespace(pod), name(pod))


def reviews(**spec):
    return {
        "metadata": {"name": "reviews", "namespace": "bookinfo", "annotations": {"localmesh/delay": "1ms"}},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": "reviews"}},
            "template": {
                "metadata": {"labels": {"app": "reviews", "version": "v1"}},
                "spec": {
                    "containers": [
                        {
                            "name": "reviews",
                            "image": "examples-bookinfo-reviews-v1:1",
                            "ports": [{"containerPort": 9080, "name": "web"}],
                        }
                    ]
                },
            },
            **spec,
        },
    }
