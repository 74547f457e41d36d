"""Versions that a rule sends requests to: whether they are there, and whether they can answer. Pure."""

from collections.abc import Mapping

from cluster import inventory
from routing.drafting.steering import Steering, pods_of
from routing.problems import error, warning


def knows_versions(to: Steering, fields: Mapping[str, str], known_by_subset: Mapping[str, str]) -> bool:
    """Whether the service has these versions; notes an error at the field of each that it has not.

    `fields`: the part of the rule that names a version. A version that a subset still selects counts as well.
    """
    known = [version.version for version in to.service.versions]
    unknown = [version for version in fields if version not in known and version not in known_by_subset]
    for version in unknown:
        message = f"Service {to.service.name} has no version {version}; it has {', '.join(known) or 'none'}."
        to.draft.problems.append(
            error("UNKNOWN_VERSION", message, fields[version], needs=pods_of(to.service))
        )
    return not unknown


def about_ready_pods(
    to: Steering, weights: Mapping[str, float], before: Mapping[str, float], fields: Mapping[str, str]
) -> None:
    """Notes each version that gets requests and has no ready pod. Weights and shares in percent."""
    service = to.service
    alive = any(version.ready_pods for version in service.versions) or service.pods_without_version
    for name, weight in weights.items():
        version = service.version(name)
        if not weight or (version is not None and version.ready_pods):
            continue
        # Taking weight away from a version that is down helps, even if not all of it goes. Where no
        # version has a ready pod, every request fails as it is, and no weight makes that worse.
        shrinks = weight <= before.get(name, 0)
        level = warning if shrinks or not (alive and service.pods_known) else error
        message = _no_ready_pods(service, name, weight)
        to.draft.problems.append(level("NO_READY_PODS", message, fields[name], needs=pods_of(service)))


def _no_ready_pods(service: inventory.Service, version: str, weight: float) -> str:
    if service.pods_known:
        return f"{version} has no ready pod; {weight:g} % of the requests would fail."
    return f"Whether {version} has a ready pod is not known: you may not list pods here."
