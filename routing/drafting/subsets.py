"""Subsets added and removed, drafted. Pure.

A subset that routes still name with weight 0 leaves them first: the planner writes the routes before the
DestinationRule that loses it.
"""

from cluster.kinds import VIRTUAL_SERVICE
from cluster.refs import Manifest, Ref
from routing import istio
from routing.drafting.draft import needs
from routing.drafting.steering import Steering, pods_of
from routing.problems import warning
from routing.rules import RemoveSubset, Subset


def subset(rule: Subset, to: Steering) -> None:
    """Adds a subset to the service's DestinationRule. Raises CannotApply."""
    before = to.destination_rule_to_write()
    changed = istio.add_subset(before, rule, to.service)
    if changed is before:
        return
    to.draft.put(changed, f"Names the pods of {rule.version} so that routes can choose them.")
    to.about_missing_elsewhere([rule.version])
    version = to.service.version(rule.version)
    if version is None or not version.ready_pods:
        message = f"{rule.version} has no ready pod; requests that a route sends to this subset would fail."
        at = f"{to.field}.version"
        to.draft.problems.append(warning("NO_READY_PODS", message, at, needs=pods_of(to.service)))


def remove_subset(rule: RemoveSubset, to: Steering) -> None:
    """Takes a subset out of the routes that give it nothing, and then away. Raises CannotApply."""
    main = to.destination_rules.main
    if main is None:
        return
    to.draft.sources.update(needs([main]))
    names = [rule.subset] if rule.subset else istio.named_for_version(main, rule.version)
    for name in names:
        _remove(name, main, to)
        main = to.draft.get(Ref.of(main)) or main


def _remove(name: str, main: Manifest, to: Steering) -> None:
    found = next((item for item in istio.subsets_of(main) if item.get("name") == name), None)
    if found is None:
        return
    host = istio.host_of(main)
    for route in to.draft.about(VIRTUAL_SERVICE, host):
        if istio.uses_subset(route, host, name):
            why = f"Leaves out subset {name}, which gets no requests and is about to go."
            to.draft.put(istio.drop_destination(route, host, name), why)
    to.draft.put(istio.drop_subset(main, name), f"Takes subset {name} away, which no route names any more.")
    if found.get("trafficPolicy"):
        message = f"Subset {name} has a traffic policy of its own, which goes with it."
        to.draft.warn("POLICY_DELETED", message, to.field, main)
