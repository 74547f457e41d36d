"""The ReplicaSet controller: as many pods as asked for, and its status."""

import random
from collections.abc import Callable
from copy import deepcopy
from datetime import datetime

from localmesh.apiserver import kinds
from localmesh.apiserver.store import Store
from localmesh.selectors import selects
from localmesh.workloads import injection
from localmesh.workloads.events import Recorder
from localmesh.workloads.objects import (
    Object,
    condition,
    controlled_by,
    controller_of,
    is_true,
    labels,
    name,
    namespace,
    owner_reference,
    seconds_since,
    spec,
    status,
    suffix,
    terminating,
)


class ReplicaSets:
    """Reconciles all ReplicaSets in one synchronous pass."""

    def __init__(self, store: Store, clock: Callable[[], datetime], rng: random.Random) -> None:
        self._store = store
        self._clock = clock
        self._rng = rng
        self._events = Recorder(store, "replicaset-controller", clock)

    def reconcile(self) -> None:
        """Create and delete pods until every ReplicaSet has what it asks for; write the statuses."""
        for replica_set in self._store.list(kinds.REPLICA_SETS):
            if not terminating(replica_set):
                self._one(replica_set)

    def _one(self, replica_set: Object) -> None:
        pods = self._claim(replica_set)
        wanted = int(spec(replica_set).get("replicas", 1))
        for _ in range(wanted - len(pods)):
            pods.append(self._create(replica_set))
        for pod in sorted(pods, key=_worth)[: max(0, len(pods) - wanted)]:
            pods.remove(pod)
            self._store.delete(kinds.PODS, namespace(pod), name(pod))
            self._events.normal(replica_set, "SuccessfulDelete", f"Deleted pod: {name(pod)}")
        self._report(replica_set, pods)

    def _claim(self, replica_set: Object) -> list[Object]:
        """The living pods: adopt matching orphans, release those that no longer match, as a cluster does."""
        claimed = []
        selector = spec(replica_set).get("selector")
        for pod in self._store.list(kinds.PODS, namespace(replica_set)):
            if terminating(pod) or status(pod).get("phase") in {"Failed", "Succeeded"}:
                continue
            matches, owned = selects(selector, labels(pod)), controlled_by(pod, replica_set)
            if owned and not matches:
                pod["metadata"]["ownerReferences"] = [
                    each for each in pod["metadata"]["ownerReferences"] if not each.get("controller")
                ]
                self._store.update(kinds.PODS, pod)
            elif matches and controller_of(pod) is None:
                references = pod["metadata"].get("ownerReferences") or []
                pod["metadata"]["ownerReferences"] = [*references, owner_reference(replica_set)]
                claimed.append(self._store.update(kinds.PODS, pod))
            elif matches and owned:
                claimed.append(pod)
        return claimed

    def _create(self, replica_set: Object) -> Object:
        template = deepcopy(spec(replica_set)["template"])
        pod_name = f"{name(replica_set)}-{suffix(self._rng)}"
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                **(template.get("metadata") or {}),
                "name": pod_name,
                "generateName": f"{name(replica_set)}-",
                "namespace": namespace(replica_set),
                "ownerReferences": [owner_reference(replica_set)],
            },
            "spec": template.get("spec") or {},
            "status": {"phase": "Pending"},
        }
        if injection.wanted(pod, self._store.get(kinds.NAMESPACES, None, namespace(replica_set))):
            pod = injection.inject(pod)
        created = self._store.create(kinds.PODS, pod)
        self._events.normal(replica_set, "SuccessfulCreate", f"Created pod: {pod_name}")
        return created

    def _report(self, replica_set: Object, pods: list[Object]) -> None:
        ready = [pod for pod in pods if is_true(pod, "Ready")]
        patience = float(spec(replica_set).get("minReadySeconds") or 0)
        now = self._clock()
        figures = {
            "fullyLabeledReplicas": len(pods),
            "readyReplicas": len(ready),
            "availableReplicas": sum(_ready_for(pod, now) >= patience for pod in ready),
        }
        replica_set["status"] = {
            "replicas": len(pods),
            **{key: value for key, value in figures.items() if value},
            "observedGeneration": replica_set["metadata"].get("generation", 1),
        }
        self._store.update_status(kinds.REPLICA_SETS, replica_set)


def _ready_for(pod: Object, now: datetime) -> float:
    ready = condition(pod, "Ready")
    # Times are whole seconds: a pod that is ready in this second is so for 0 s, never less.
    return max(0.0, seconds_since(ready["lastTransitionTime"], now)) if ready else 0.0


def _worth(pod: Object) -> tuple[bool, bool, bool, float]:
    """Who goes first when there are too many: unscheduled, then not running, not ready, then the youngest."""
    born = datetime.fromisoformat(pod["metadata"]["creationTimestamp"]).timestamp()
    return (
        bool(spec(pod).get("nodeName")),
        status(pod).get("phase") == "Running",
        is_true(pod, "Ready"),
        -born,
    )
