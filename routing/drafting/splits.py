"""Weights over versions, drafted. Pure."""

from collections.abc import Mapping

from cluster import inventory
from cluster.kinds import VIRTUAL_SERVICE
from routing import istio
from routing.drafting.draft import needs
from routing.drafting.steering import Steering, pods_of
from routing.problems import error, warning
from routing.rules import Split
from routing.sentences import split_sentence


def split(rule: Split, to: Steering) -> None:
    """Puts the weights on the default route of the service. Raises CannotApply."""
    virtual = to.routed()
    if _knows_versions(rule, to):
        _split(rule, to, virtual)
    to.about_virtual_services(virtual)


def _split(rule: Split, to: Steering, virtual: istio.VirtualServices) -> None:
    effective = to.destination_rules.effective
    before = istio.read_subsets(effective, to.service)
    to.draft.sources.update(needs([effective] if effective else []))
    subsets = to.with_subsets([version for version, weight in rule.weights.items() if weight])
    shares: dict[str, float] = {}
    if virtual.main is not None:
        shares = istio.read_weights(virtual.main, rule.namespace, rule.service, before) or {}
    _about_ready_pods(rule, to, shares)
    if virtual.main is not None:
        changed = istio.set_split(virtual.main, rule, subsets)
    else:
        taken = to.draft.names(VIRTUAL_SERVICE, rule.namespace)
        changed = istio.new_virtual_service(rule.namespace, rule.service, taken, rule.weights, subsets)
    to.draft.put(changed, f"Sends {split_sentence(rule.weights)}.")


def _knows_versions(rule: Split, to: Steering) -> bool:
    known = [version.version for version in to.service.versions]
    unknown = [version for version in rule.weights if version not in known]
    for version in unknown:
        message = f"Service {to.service.name} has no version {version}; it has {', '.join(known) or 'none'}."
        at = f"{to.field}.weights.{version}"
        to.draft.problems.append(error("UNKNOWN_VERSION", message, at, needs=pods_of(to.service)))
    return not unknown


def _about_ready_pods(rule: Split, to: Steering, shares: Mapping[str, float]) -> None:
    service = to.service
    alive = any(version.ready_pods for version in service.versions) or service.pods_without_version
    for version in service.versions:
        weight = rule.weights.get(version.version, 0)
        if not weight or version.ready_pods:
            continue
        # Taking weight away from a version that is down helps, even if not all of it goes. Where no
        # version has a ready pod, every request fails as it is, and no weight makes that worse.
        shrinks = weight <= shares.get(version.version, 0)
        level = warning if shrinks or not (alive and service.pods_known) else error
        at = f"{to.field}.weights.{version.version}"
        message = _no_ready_pods(service, version, weight)
        to.draft.problems.append(level("NO_READY_PODS", message, at, needs=pods_of(service)))


def _no_ready_pods(service: inventory.Service, version: inventory.Version, weight: int) -> str:
    if service.pods_known:
        return f"{version.version} has no ready pod; {weight} % of the requests would fail."
    return f"Whether {version.version} has a ready pod is not known: you may not list pods here."
