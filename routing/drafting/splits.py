"""Weights over versions, drafted. Pure."""

from collections.abc import Mapping
from typing import Final

from cluster import inventory
from cluster.kinds import VIRTUAL_SERVICE
from cluster.refs import Manifest
from routing import istio
from routing.drafting.draft import needs
from routing.drafting.steering import Steering, pods_of
from routing.problems import error, warning
from routing.rules import Split
from routing.sentences import whole_split_sentence

HTTP: Final = frozenset({"http", "http2", "grpc", "grpc-web"})
"""What the inventory calls the protocols of requests."""


def split(rule: Split, to: Steering) -> None:
    """Puts the weights on the default route of the service. Raises CannotApply."""
    virtual = to.routed()
    _knows_port(rule, to)
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
        shares = _shares(rule, virtual.main, before)
    _about_ready_pods(rule, to, shares)
    to.draft.put(_changed(rule, to, virtual.main, subsets), f"Sends {whole_split_sentence(rule)}.")


def _shares(rule: Split, main: Manifest, subsets: istio.Subsets) -> dict[str, float]:
    if rule.protocol == "http":
        return istio.read_weights(main, rule.namespace, rule.service, subsets) or {}
    return istio.read_stream_weights(main, rule, subsets) or {}


def _changed(rule: Split, to: Steering, main: Manifest | None, subsets: istio.Subsets) -> Manifest:
    if main is not None:
        change = istio.set_split if rule.protocol == "http" else istio.set_stream_split
        return change(main, rule, subsets)
    taken = to.draft.names(VIRTUAL_SERVICE, rule.namespace)
    new = istio.new_virtual_service(rule.namespace, rule.service, taken, rule.weights, subsets)
    return new if rule.protocol == "http" else istio.new_stream_virtual_service(rule, taken, subsets, new)


def _knows_port(rule: Split, to: Steering) -> None:
    """Raises CannotApply for a port that the service does not have; warns of one of another protocol."""
    if rule.protocol == "http":
        return
    if rule.port:
        to.require_port(rule.port)
    for port in to.service.ports:
        if port.protocol in HTTP and rule.port in (0, port.number):
            message = (
                f"Port {port.number} of {to.service.name} is {port.protocol}: its requests follow http "
                f"rules, not {rule.protocol} rules."
            )
            to.draft.problems.append(warning("OTHER_PROTOCOL", message, f"{to.field}.protocol"))


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
