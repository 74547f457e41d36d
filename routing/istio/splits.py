"""Weights over the versions of a service, on the default route of its VirtualService. Pure.

The default route is the first http rule that matches every request: what stands behind it is never reached.
Only `weight`s change, destinations are added for versions that have none, and one that means the whole
service is narrowed to a version. Everything else in the manifest stays.
"""

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cluster.kinds import VIRTUAL_SERVICE
from cluster.refs import Manifest
from routing.istio.copies import copies_of
from routing.istio.errors import CannotApply
from routing.istio.hosts import MESH, fqdn, http_rules, name_of, namespace_of, percentages, service_host
from routing.istio.subsets import Subsets, free_name
from routing.rules import Split

Route = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Target:
    """What is weighed: the split, its service's subsets, and the namespace that short hosts count from."""

    split: Split
    subsets: Subsets
    home: str

    def owns(self, item: Mapping[str, Any]) -> bool:
        """Whether a destination is the split's service."""
        host = str((item.get("destination") or {}).get("host", ""))
        return fqdn(host, self.home) == service_host(self.split.namespace, self.split.service)

    def version(self, item: Mapping[str, Any]) -> str:
        """The version that a destination stands for; empty for the whole service and for other hosts."""
        subset = str((item.get("destination") or {}).get("subset", ""))
        return self.subsets.versions.get(subset, "") if self.owns(item) else ""


def read_weights(
    virtual_service: Manifest, namespace: str, service: str, subsets: Subsets
) -> dict[str, float] | None:
    """The share of each version in percent on the default route; None when there is no default route.

    A share that belongs to no version stands under the empty name: the
    whole service, an unknown subset, or another host.
    """
    rule = default_rule(http_rules(virtual_service))
    if rule is None or not isinstance(rule.get("route"), list) or not rule["route"]:
        return None
    target = Target(Split(namespace, service, {}), subsets, namespace_of(virtual_service))
    return shares_of(rule["route"], target)


def read_split(virtual_service: Manifest, namespace: str, service: str, subsets: Subsets) -> Split | None:
    """The split in force as a rule; None when the default route is not one over versions in whole percent."""
    shares = read_weights(virtual_service, namespace, service, subsets)
    if not shares or "" in shares or any(share != int(share) for share in shares.values()):
        return None
    return Split(namespace, service, {version: int(share) for version, share in shares.items()})


def set_split(virtual_service: Manifest, split: Split, subsets: Subsets) -> Manifest:
    """The VirtualService with the split on its default route, and on the copy of it that a header fault made.

    Raises CannotApply when there is no default route, or when part of it goes to another host.
    """
    changed = copy.deepcopy(virtual_service)
    rules = http_rules(changed)
    rule = default_rule(rules)
    if rule is None:
        raise CannotApply("NO_DEFAULT_ROUTE", _no_default_route(virtual_service))
    if not isinstance(rule.get("route"), list) or not rule["route"]:
        raise CannotApply("NO_DESTINATIONS", _no_destinations(virtual_service, rules.index(rule)))
    target = Target(split, subsets, namespace_of(changed))
    for copied in copies_of(rule, changed):
        set_weights(copied["route"], target, changed)
    set_weights(rule["route"], target, changed)
    return changed


def new_virtual_service(
    namespace: str, service: str, taken: Iterable[str], weights: Mapping[str, int], subsets: Subsets
) -> Manifest:
    """A VirtualService for a service that has none; without weights, for the whole service."""
    route = new_route(service, weights, subsets)
    return {
        "apiVersion": VIRTUAL_SERVICE.api_version,
        "kind": VIRTUAL_SERVICE.kind,
        "metadata": {"name": free_name(service, set(taken)), "namespace": namespace},
        "spec": {"hosts": [service], "http": [{"route": route or [{"destination": {"host": service}}]}]},
    }


def new_route(service: str, weights: Mapping[str, int], subsets: Subsets) -> Route:
    """A route to the versions that have a weight."""
    route: Route = [
        {"destination": {"host": service, "subset": subsets.by_version[version]}, "weight": weight}
        for version, weight in weights.items()
        if weight > 0
    ]
    if len(route) == 1:
        del route[0]["weight"]
    return route


def default_rule(rules: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The first http rule that every request matches, or None."""
    return next((rule for rule in rules if is_default(rule)), None)


def is_default(rule: Mapping[str, Any]) -> bool:
    """Whether every request from inside the mesh takes a rule, if it comes that far."""
    match = rule.get("match")
    if not isinstance(match, list) or not match:
        return True
    return any(_bare(item) in ({}, {"uri": {"prefix": "/"}}) for item in match)


def _bare(match: Mapping[str, Any]) -> dict[str, Any]:
    """A match without what asks nothing of a request from inside the mesh."""
    inside = MESH in (match.get("gateways") or [])
    return {k: v for k, v in match.items() if k != "name" and not (k == "gateways" and inside)}


def shares_of(route: Route, target: Target) -> dict[str, float]:
    """The share of each version in percent; the empty one is as in `read_weights`."""
    shares: dict[str, float] = {}
    for item, share in zip(route, percentages(route), strict=True):
        version = target.version(item)
        shares[version] = shares.get(version, 0.0) + share
    if not shares.get(""):
        shares.pop("", None)
    return shares


def set_weights(route: Route, target: Target, virtual_service: Manifest) -> None:
    """Changes a route in place; one that has these shares already stays as it is written."""
    wanted = {version: weight for version, weight in target.split.weights.items() if weight}
    if {version: share for version, share in shares_of(route, target).items() if share} == wanted:
        return
    _refuse_other_hosts(route, target, virtual_service)
    _narrow(route, target, wanted)
    carried: set[str] = set()
    for item in route:
        if not target.owns(item):
            continue
        version = target.version(item)
        # Of several destinations for one version, the first carries its weight.
        item["weight"] = 0 if version in carried else wanted.get(version, 0)
        carried.add(version)
    template: dict[str, Any] = next((item["destination"] for item in route if target.owns(item)), {})
    for version, weight in wanted.items():
        if version not in carried:
            route.append({"destination": _destination(template, target, version), "weight": weight})


def _narrow(route: Route, target: Target, wanted: Mapping[str, int]) -> None:
    """Turns destinations of the whole service into those of versions that have none, so that none is lost."""
    present = {target.version(item) for item in route}
    lacking = [version for version in wanted if version not in present]
    whole = [item for item in route if target.owns(item) and not item["destination"].get("subset")]
    for item, version in zip(whole, lacking, strict=False):
        item["destination"]["subset"] = target.subsets.by_version[version]


def _destination(template: Mapping[str, Any], target: Target, version: str) -> dict[str, Any]:
    """A further destination, written like its neighbour: the same spelling of the host, the same port."""
    split = target.split
    short = target.home == split.namespace
    host = template.get("host", split.service if short else service_host(split.namespace, split.service))
    port = {"port": copy.deepcopy(template["port"])} if "port" in template else {}
    return {"host": host, "subset": target.subsets.by_version[version], **port}


def _refuse_other_hosts(route: Route, target: Target, virtual_service: Manifest) -> None:
    for item, share in zip(route, percentages(route), strict=True):
        if share and not target.owns(item):
            other = (item.get("destination") or {}).get("host", "")
            raise CannotApply(
                "OTHER_HOST",
                f"{name_of(virtual_service)} sends {share:g} % of the default route to {other}, which is "
                "another host; weights over versions would leave no room for it. Change that destination "
                "first.",
            )


def _no_default_route(virtual_service: Manifest) -> str:
    return (
        f"{name_of(virtual_service)} has no default route: every one of its http rules has a match. "
        "Add a rule without a match for the remaining requests first."
    )


def _no_destinations(virtual_service: Manifest, index: int) -> str:
    return (
        f"The default route of {name_of(virtual_service)} (http[{index}]) sends requests to no "
        "destination: it redirects, answers directly or delegates. There is nothing to weigh."
    )
