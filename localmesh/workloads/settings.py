"""What a pod's application is told while it runs.

The tuning of its Deployment, and where traffic should go.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from localmesh.apiserver import kinds
from localmesh.apiserver.store import Store
from localmesh.workloads import images, tuning
from localmesh.workloads.endpoints import SERVICE_NAME
from localmesh.workloads.events import Recorder
from localmesh.workloads.objects import Object, annotations, controller_of, labels, namespace, spec, uid

TARGET = "http://istio-ingressgateway.istio-system/productpage"


class TuningSource:
    """Finds the tuning of a pod; a bad value becomes an Event of its owner, once."""

    def __init__(self, store: Store, events: Recorder) -> None:
        self._store = store
        self._events = events
        self._told: dict[str, tuple[str, ...]] = {}

    def of(self, pod: Object) -> Mapping[str, Any]:
        """What to tell the pod's application now."""
        owner = self._deployment(pod) or pod
        wanted = tuning.read(annotations(owner))
        self._tell(owner, wanted.problems)
        traffic = next((each for each in spec(pod).get("containers") or () if _is_traffic(each)), None)
        if traffic is None:
            return {"delay_ms": wanted.delay_ms, "error_ratio": wanted.error_ratio}
        return {
            "requests_per_second": wanted.requests_per_second,
            "targets": self._targets(traffic, namespace(pod)),
        }

    def _deployment(self, pod: Object) -> Object | None:
        reference = controller_of(pod)
        if reference is None or reference["kind"] != "ReplicaSet":
            return None
        replica_set = self._store.get(kinds.REPLICA_SETS, namespace(pod), reference["name"])
        owner = controller_of(replica_set) if replica_set else None
        if owner is None or owner["kind"] != "Deployment":
            return replica_set
        return self._store.get(kinds.DEPLOYMENTS, namespace(pod), owner["name"])

    def _tell(self, owner: Object, problems: tuple[str, ...]) -> None:
        if self._told.get(uid(owner), ()) == problems:
            return
        self._told[uid(owner)] = problems
        for problem in problems:
            self._events.warning(owner, "InvalidTuning", problem)

    def _targets(self, container: Object, where: str) -> list[str]:
        """TARGET with the Service's name replaced by each of its ready endpoints."""
        env = {each["name"]: each.get("value", "") for each in container.get("env") or ()}
        target = urlsplit(env.get("TARGET") or TARGET)
        service_name, _, rest = (target.hostname or "").partition(".")
        service_namespace = rest.split(".")[0] or where
        service = self._store.get(kinds.SERVICES, service_namespace, service_name)
        if service is None:
            return []
        found = ready_endpoints(self._store, service, target.port or 80)
        return [target._replace(netloc=f"{ip}:{port}").geturl() for ip, port in found]


def ready_endpoints(store: Store, service: Object, port: int) -> list[tuple[str, int]]:
    """Where a Service's port is served by ready pods, as (IP, port)."""
    wanted = next((each for each in spec(service).get("ports") or () if each["port"] == port), None)
    if wanted is None:
        return []
    found = []
    for each in store.list(kinds.ENDPOINT_SLICES, namespace(service)):
        if labels(each).get(SERVICE_NAME) != service["metadata"]["name"]:
            continue
        for entry in each.get("ports") or ():
            if entry.get("name", "") == wanted.get("name", ""):
                ready = [point for point in each["endpoints"] if point["conditions"]["ready"]]
                found += [(point["addresses"][0], int(entry["port"])) for point in ready]
    return sorted(found)


def _is_traffic(container: Object) -> bool:
    implementation = images.find(container.get("image", ""))
    return implementation is not None and implementation.takes_traffic_settings
