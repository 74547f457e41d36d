"""How a Deployment moves its replicas from old ReplicaSets to the new one: the arithmetic, pure.

The rules are those of kube-controller-manager (pkg/controller/deployment, rolling.go).
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from localmesh.workloads.objects import Object, spec, status


@dataclass(frozen=True)
class Bounds:
    """How far a rollout may go: pods above and below the desired number."""

    surge: int
    unavailable: int


@dataclass(frozen=True)
class Counts:
    """One ReplicaSet as the arithmetic sees it: pods asked for, and pods available."""

    name: str
    replicas: int
    available: int


def desired(deployment: Object) -> int:
    """`spec.replicas`, 1 when it is absent."""
    replicas = spec(deployment).get("replicas")
    return 1 if replicas is None else int(replicas)


def bounds(deployment: Object) -> Bounds:
    """Read maxSurge (rounded up) and maxUnavailable (rounded down).

    Both 0 would stand still, so one may miss.
    """
    strategy = spec(deployment).get("strategy") or {}
    if strategy.get("type") == "Recreate":
        return Bounds(0, desired(deployment))
    rolling = strategy.get("rollingUpdate") or {}
    surge = _share(rolling.get("maxSurge", "25%"), desired(deployment), up=True)
    unavailable = _share(rolling.get("maxUnavailable", "25%"), desired(deployment), up=False)
    return Bounds(surge, unavailable if surge or unavailable else 1)


def counts(replica_set: Object) -> Counts:
    """The figures of a ReplicaSet."""
    return Counts(
        str(replica_set["metadata"]["name"]),
        int(spec(replica_set).get("replicas", 0)),
        int(status(replica_set).get("availableReplicas", 0)),
    )


def new_replicas(new: Counts, old: Iterable[Counts], desired_replicas: int, allowed: Bounds) -> int:
    """How many pods the new ReplicaSet should have now."""
    if new.replicas >= desired_replicas:
        return desired_replicas
    room = desired_replicas + allowed.surge - new.replicas - sum(each.replicas for each in old)
    return new.replicas + max(0, min(room, desired_replicas - new.replicas))


def old_replicas(
    new: Counts, old: Sequence[Counts], desired_replicas: int, allowed: Bounds
) -> dict[str, int]:
    """How many pods each old ReplicaSet (oldest first) should have now; unhealthy pods go first."""
    wanted = {each.name: each.replicas for each in old}
    total = new.replicas + sum(wanted.values())
    least_available = desired_replicas - allowed.unavailable
    spare = total - least_available - (new.replicas - min(new.replicas, new.available))
    for each in old:
        cleaned = max(0, min(spare, each.replicas - min(each.replicas, each.available)))
        wanted[each.name] -= cleaned
        spare -= cleaned
    surplus = new.available + sum(min(each.available, each.replicas) for each in old) - least_available
    for each in old:
        healthy = min(each.available, wanted[each.name])
        removed = max(0, min(spare, surplus, healthy))
        wanted[each.name] -= removed
        surplus -= removed
        spare -= removed
    return wanted


def _share(value: int | str, of: int, *, up: bool) -> int:
    if isinstance(value, str) and value.endswith("%"):
        exact = of * float(value[:-1]) / 100
        return math.ceil(exact) if up else math.floor(exact)
    return int(value)
