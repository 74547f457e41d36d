"""Whether the pods of each version can bear what they would get: measured by what a pod bears now. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from cluster.kinds import POD
from routing.blast.met import Met
from routing.problems import Problem, warning

TOO_MUCH: Final = 2.0
"""A pod that gets more than this many times what the busiest pod bears now is warned of."""
WORTH_A_WORD: Final = 1.0
"""Requests per second and pod below which nobody need be warned."""


def versions(met: Met) -> list[dict[str, Any]]:
    """Each version of a service with its requests per second, and those of each ready pod, now and then.

    `ratio`: what a pod would get, measured by what the busiest pod of the service bears now; None where no
    pod bears anything.
    """
    before, after = met.effect.shares()
    now = met.observed or before
    # What the default route does not change stays as it is measured.
    later = now if before == after else after
    pods = {version.version: version.ready_pods for version in met.service.versions}
    busiest = max(
        (_per_pod(met.rate * now.get(name, 0.0), count) or 0.0 for name, count in pods.items()), default=0
    )
    return [
        {
            "namespace": met.service.namespace,
            "service": met.service.name,
            "version": name,
            "ready_pods": count,
            "share_before": round(now.get(name, 0.0), 4),
            "share_after": round(later.get(name, 0.0), 4),
            "requests_per_second_before": round(met.rate * now.get(name, 0.0), 3),
            "requests_per_second_after": round(met.rate * later.get(name, 0.0), 3),
            "per_pod_after": _rounded(_per_pod(met.rate * later.get(name, 0.0), count)),
            "ratio": _ratio(_per_pod(met.rate * later.get(name, 0.0), count), busiest),
        }
        for name, count in pods.items()
    ]


def problems(found: Iterable[Mapping[str, Any]]) -> list[Problem]:
    """A warning for each version whose pods would get far more than any pod bears now."""
    return [
        warning(
            "CANARY_CAPACITY",
            f"Each ready pod of {each['version']} would get {each['per_pod_after']:.3g} requests a second, "
            f"{each['ratio']:.2g} times what the busiest pod of {each['service']} bears now. Add pods first, "
            "or take smaller steps.",
            resource=f"Service {each['namespace']}/{each['service']}",
            needs=[(POD, each["namespace"])],
        )
        for each in found
        if each["ratio"] is not None
        and each["ratio"] > TOO_MUCH
        and each["per_pod_after"] > WORTH_A_WORD
        and each["share_after"] > each["share_before"]
    ]


def _per_pod(requests: float, pods: int) -> float | None:
    return requests / pods if pods else None


def _ratio(wanted: float | None, busiest: float) -> float | None:
    return round(wanted / busiest, 2) if wanted is not None and busiest else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
