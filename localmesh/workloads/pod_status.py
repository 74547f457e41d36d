"""The status of a Pod from what its containers do: pure."""

from collections.abc import Sequence
from typing import Any

from localmesh.workloads.objects import Object, condition, status, with_condition

SCHEDULED, INITIALIZED, CONTAINERS_READY, READY = "PodScheduled", "Initialized", "ContainersReady", "Ready"


def status_of(
    pod: Object, *, ip: str, host_ip: str, containers: Sequence[dict[str, Any]], now: str
) -> Object:
    """The new `status` of a pod on this node with these containerStatuses, at `now` (RFC 3339)."""
    old = status(pod)
    started = bool(containers) and all(each["started"] or each["restartCount"] for each in containers)
    # A pod that ran once is Running, also while a container waits for its restart.
    phase = "Running" if started or old.get("phase") == "Running" else "Pending"
    unready = [each["name"] for each in containers if not each["ready"]]
    conditions = list(old.get("conditions") or ())
    for kind, met in (
        (SCHEDULED, True),
        (INITIALIZED, True),
        (CONTAINERS_READY, not unready),
        (READY, not unready),
    ):
        conditions = with_condition(conditions, _condition(kind, unready, met=met), now)
    return {
        "phase": phase,
        "conditions": conditions,
        "hostIP": host_ip,
        "hostIPs": [{"ip": host_ip}],
        "podIP": ip,
        "podIPs": [{"ip": ip}],
        "startTime": old.get("startTime") or now,
        "containerStatuses": list(containers),
        "qosClass": "BestEffort",
    }


def became_ready(before: Object, after: Object) -> bool:
    """Whether the pod's readiness changed from no to yes."""
    old, new = condition(before, READY), condition(after, READY)
    return (old is None or old["status"] != "True") and new is not None and new["status"] == "True"


def _condition(kind: str, unready: list[str], *, met: bool) -> Object:
    made = {"type": kind, "status": "True" if met else "False", "lastProbeTime": None}
    if not met:
        made["reason"] = "ContainersNotReady"
        made["message"] = f"containers with unready status: [{' '.join(unready)}]"
    return made
