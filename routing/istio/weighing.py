"""Which subsets routes name, and how a route gives one of them up for a while. Pure.

A destination gets requests when it stands alone in its route, or has a weight above 0: Envoy answers 503 for
those whose cluster is not there. Source:
https://istio.io/latest/docs/reference/config/networking/virtual-service/#HTTPRouteDestination
"""

import copy
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final, TypeAlias

from cluster.refs import Manifest
from routing.istio.hosts import fqdn, namespace_of
from routing.istio.subsets import subsets_of

Subset: TypeAlias = tuple[str, str]
"""The full host, and the name of one of its subsets."""
Item: TypeAlias = dict[str, Any]

_PROTOCOLS: Final = ("http", "tcp", "tls")


def weighted_subsets(virtual_service: Manifest) -> frozenset[Subset]:
    """The subsets that a VirtualService sends requests to, copies for a mirror included."""
    home = namespace_of(virtual_service)
    items = [item for route in _routes(virtual_service) for item in _weighted(route)]
    return frozenset(_subsets([*items, *_mirrors(virtual_service)], home))


def labels_of(destination_rule: Manifest | None) -> dict[str, Mapping[str, Any]]:
    """The subsets of a DestinationRule by name, each with the labels of the pods that it selects."""
    return {str(item.get("name", "")): item.get("labels") or {} for item in subsets_of(destination_rule)}


def without_weight(virtual_service: Manifest, subsets: Collection[Subset]) -> Manifest | None:
    """The VirtualService with the weight of these subsets spread over the others of the same routes.

    None where a route has no other that gets requests.
    """
    changed = copy.deepcopy(virtual_service)
    home = namespace_of(changed)
    for route in _routes(changed):
        leaving = [item for item in _weighted(route) if not _spares(item, home, subsets)]
        staying = [item for item in _weighted(route) if _spares(item, home, subsets)]
        if leaving and not staying:
            return None
        if leaving:
            _spread(leaving, staying)
    return changed


def _spread(leaving: list[Item], staying: list[Item]) -> None:
    """Weights stay whole and their sum stays: what rounding leaves goes to the largest remainders."""
    total = sum(item["weight"] for item in (*leaving, *staying))
    kept = sum(item["weight"] for item in staying)
    exact = [item["weight"] * total / kept for item in staying]
    shares = [int(share) for share in exact]
    by_remainder = sorted(range(len(exact)), key=lambda index: shares[index] - exact[index])
    for index in by_remainder[: total - sum(shares)]:
        shares[index] += 1
    for item in leaving:
        item["weight"] = 0
    for item, share in zip(staying, shares, strict=True):
        item["weight"] = share


def _spares(item: Item, home: str, subsets: Collection[Subset]) -> bool:
    """Whether a destination of a route is none of these subsets."""
    return not any(each in subsets for each in _subsets([item], home))


def _weighted(route: list[Item]) -> list[Item]:
    return route if len(route) == 1 else [item for item in route if (item.get("weight") or 0) > 0]


def _routes(virtual_service: Manifest) -> Iterator[list[Item]]:
    for rule in _rules(virtual_service):
        route = rule.get("route")
        if isinstance(route, list) and route:
            yield route


def _mirrors(virtual_service: Manifest) -> list[Item]:
    found: list[Item] = []
    for rule in _rules(virtual_service):
        found += [{"destination": rule["mirror"]}] if isinstance(rule.get("mirror"), dict) else []
        found += rule["mirrors"] if isinstance(rule.get("mirrors"), list) else []
    return found


def _rules(virtual_service: Manifest) -> list[dict[str, Any]]:
    spec = virtual_service.get("spec") or {}
    return [rule for name in _PROTOCOLS if isinstance(spec.get(name), list) for rule in spec[name]]


def _subsets(items: Iterable[Item], home: str) -> Iterator[Subset]:
    for item in items:
        destination = item.get("destination") or {}
        if destination.get("subset"):
            yield fqdn(str(destination.get("host", "")), home), str(destination["subset"])
