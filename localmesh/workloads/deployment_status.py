"""The status of a Deployment, from its ReplicaSets: pure.

The reasons are those that `kubectl rollout status` reads.
"""

from datetime import datetime

from localmesh.workloads import rollout
from localmesh.workloads.objects import (
    Object,
    condition,
    name,
    seconds_since,
    spec,
    status,
    timestamp,
    with_condition,
)

_DEADLINE_SECONDS = 600


def status_of(deployment: Object, new: Object | None, owned: list[Object], now: datetime) -> Object:
    """The new `status` of a Deployment; `owned` are all its ReplicaSets, `new` the one of its template."""
    updated = next((each for each in owned if new is not None and name(each) == name(new)), None)
    figures = _figures(deployment, updated, owned)
    conditions = with_condition(
        status(deployment).get("conditions") or (), _available(deployment, figures), timestamp(now)
    )
    progress = _progressing(deployment, updated, figures, now)
    if progress is not None:
        conditions = with_condition(conditions, progress, timestamp(now))
    observed = deployment["metadata"].get("generation", 1)
    # Kubernetes leaves out what is 0.
    shown = {key: value for key, value in figures.items() if value}
    return {"observedGeneration": observed, **shown, "conditions": conditions}


def _figures(deployment: Object, updated: Object | None, owned: list[Object]) -> dict[str, int]:
    def total(key: str) -> int:
        return sum(int(status(each).get(key, 0)) for each in owned)

    available = total("availableReplicas")
    return {
        "replicas": total("replicas"),
        "updatedReplicas": int(status(updated).get("replicas", 0)) if updated else 0,
        "readyReplicas": total("readyReplicas"),
        "availableReplicas": available,
        "unavailableReplicas": max(0, max(rollout.desired(deployment), total("replicas")) - available),
    }


def _available(deployment: Object, figures: dict[str, int]) -> Object:
    least = rollout.desired(deployment) - rollout.bounds(deployment).unavailable
    if figures["availableReplicas"] >= least:
        reason, message = "MinimumReplicasAvailable", "Deployment has minimum availability."
    else:
        reason, message = (
            "MinimumReplicasUnavailable",
            "Deployment does not have minimum availability.",
        )
    told = "True" if figures["availableReplicas"] >= least else "False"
    return {"type": "Available", "status": told, "reason": reason, "message": message}


def _progressing(
    deployment: Object, updated: Object | None, figures: dict[str, int], now: datetime
) -> Object | None:
    """The condition Progressing; None to leave it as it is."""
    before = condition(deployment, "Progressing")
    about = f'ReplicaSet "{name(updated)}"' if updated else f'Deployment "{name(deployment)}"'
    if _complete(deployment, figures):
        made = _progress("True", "NewReplicaSetAvailable", f"{about} has successfully progressed.")
        same = (
            before is not None
            and before.get("reason") == made["reason"]
            and before["message"] == made["message"]
        )
        return None if same else {**made, "lastUpdateTime": timestamp(now)}
    if before is None or _moved(deployment, figures):
        made = _progress("True", "ReplicaSetUpdated", f"{about} is progressing.")
        return {**made, "lastUpdateTime": timestamp(now)}
    deadline = float(spec(deployment).get("progressDeadlineSeconds") or _DEADLINE_SECONDS)
    if spec(deployment).get("paused") or seconds_since(before["lastUpdateTime"], now) <= deadline:
        return None
    if before.get("reason") == "ProgressDeadlineExceeded":
        return None
    made = _progress("False", "ProgressDeadlineExceeded", f"{about} has timed out progressing.")
    return {**made, "lastUpdateTime": timestamp(now)}


def _progress(told: str, reason: str, message: str) -> Object:
    return {"type": "Progressing", "status": told, "reason": reason, "message": message}


def _complete(deployment: Object, figures: dict[str, int]) -> bool:
    desired = rollout.desired(deployment)
    return figures["updatedReplicas"] == figures["replicas"] == figures["availableReplicas"] == desired


def _moved(deployment: Object, figures: dict[str, int]) -> bool:
    """Whether the rollout went on since the last status: more new pods, fewer old ones, more ready."""
    before = status(deployment)
    if before.get("observedGeneration") != deployment["metadata"].get("generation", 1):
        return True
    old_now = figures["replicas"] - figures["updatedReplicas"]
    old_before = int(before.get("replicas", 0)) - int(before.get("updatedReplicas", 0))
    return (
        figures["updatedReplicas"] > int(before.get("updatedReplicas", 0))
        or old_now < old_before
        or figures["readyReplicas"] > int(before.get("readyReplicas", 0))
        or figures["availableReplicas"] > int(before.get("availableReplicas", 0))
    )
