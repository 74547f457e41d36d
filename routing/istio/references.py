"""The subsets that routes name, and whether a DestinationRule has them. Pure.

For callers it is the DestinationRule of their own namespace that counts, then the service's, then the root
namespace's; here a subset counts as there where the one of the route's namespace or of the service's has it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cluster.refs import Manifest, Ref
from routing.istio.hosts import (
    all_destinations,
    covers,
    destination_rules_of,
    fqdn,
    host_of,
    namespace_of,
    service_of,
)
from routing.istio.subsets import subsets_of

Named = tuple[str, str]
"""A host and a subset of it."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The VirtualServices and the DestinationRules at one moment."""

    virtual_services: tuple[Manifest, ...]
    destination_rules: tuple[Manifest, ...]


@dataclass(frozen=True, slots=True)
class Broken:
    """A route that names a subset which is not there; `had`: it was there before."""

    route: Manifest
    host: str
    subset: str
    had: bool


def broken(before: Rules, after: Rules) -> Iterator[Broken]:
    """What a change of rules breaks: routes whose subset goes, and routes that come to name one which is not
    there. What was broken before is not its fault.
    """
    old = {Ref.of(item): item for item in before.virtual_services}
    moved = [*_unlike(before.destination_rules, after.destination_rules)]
    for route in after.virtual_services:
        was = old.get(Ref.of(route))
        named_before = named(was) if was is not None else set()
        for host, subset in sorted(named(route)):
            fresh = (host, subset) not in named_before
            touched = fresh or any(covers(host_of(item), host) for item in moved)
            if not touched or subset in _known(after.destination_rules, host, route):
                continue
            had = subset in _known(before.destination_rules, host, route)
            if had or fresh:
                yield Broken(route, host, subset, had)


def named(virtual_service: Manifest) -> set[Named]:
    """The subsets that a VirtualService names, by the full host."""
    home = namespace_of(virtual_service)
    return {
        (fqdn(str(item.get("host", "")), home), str(item["subset"]))
        for item in all_destinations(virtual_service)
        if item.get("subset")
    }


def _known(destination_rules: Iterable[Manifest], host: str, route: Manifest) -> set[str]:
    rules = list(destination_rules)
    service = service_of(host)
    home = namespace_of(route)
    if service is None:
        counting = [item for item in rules if covers(host_of(item), host)]
    else:
        found = destination_rules_of(rules, *service)
        own = [item for item in found.elsewhere if namespace_of(item) == home]
        counting = [item for item in (found.effective, *found.duplicates, *own) if item]
    return {str(subset.get("name", "")) for item in counting for subset in subsets_of(item)}


def _unlike(before: Iterable[Manifest], after: Iterable[Manifest]) -> Iterator[Manifest]:
    """Both states of every DestinationRule that is not the same object in both."""
    was = {Ref.of(item): item for item in before}
    now = {Ref.of(item): item for item in after}
    for ref in {**was, **now}:
        if was.get(ref) is not now.get(ref):
            yield from (item for item in (was.get(ref), now.get(ref)) if item is not None)
