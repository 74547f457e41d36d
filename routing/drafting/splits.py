"""Weights over versions, drafted. Pure."""

from cluster.kinds import VIRTUAL_SERVICE
from routing import istio
from routing.drafting.draft import needs
from routing.drafting.steering import Steering
from routing.drafting.versions import about_ready_pods, knows_versions
from routing.rules import Split
from routing.sentences import split_sentence


def split(rule: Split, to: Steering) -> None:
    """Puts the weights on the default route of the service. Raises CannotApply."""
    virtual = to.routed()
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
        shares = istio.read_weights(virtual.main, rule.namespace, rule.service, before) or {}
    about_ready_pods(to, rule.weights, shares, _fields(rule, to))
    if virtual.main is not None:
        changed = istio.set_split(virtual.main, rule, subsets)
    else:
        taken = to.draft.names(VIRTUAL_SERVICE, rule.namespace)
        changed = istio.new_virtual_service(rule.namespace, rule.service, taken, rule.weights, subsets)
    to.draft.put(changed, f"Sends {split_sentence(rule.weights)}.")


def _fields(rule: Split, to: Steering) -> dict[str, str]:
    return {version: f"{to.field}.weights.{version}" for version in rule.weights}
