"""Weights over versions, drafted. Pure."""

from typing import Final

from cluster.kinds import VIRTUAL_SERVICE
from cluster.refs import Manifest
from routing import istio
from routing.drafting.draft import needs
from routing.drafting.steering import Steering
from routing.drafting.versions import about_ready_pods, knows_versions
from routing.problems import warning
from routing.rules import Split
from routing.sentences import whole_split_sentence

HTTP: Final = frozenset({"http", "http2", "grpc", "grpc-web"})
"""What the inventory calls the protocols of requests."""


def split(rule: Split, to: Steering) -> None:
    """Puts the weights on the default route of the service. Raises CannotApply."""
    virtual = to.routed()
    _knows_port(rule, to)
    if knows_versions(to, _fields(rule, to), {}):
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
    about_ready_pods(to, rule.weights, shares, _fields(rule, to))
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


def _fields(rule: Split, to: Steering) -> dict[str, str]:
    return {version: f"{to.field}.weights.{version}" for version in rule.weights}
