"""What routes and policies of an edited VirtualService and DestinationRule say, as the rules of forms. Pure.

Each function compares what stands there with what is wanted and answers the rules that lead from one to the
other, as far as forms have them; the caller plans them and tells what they do not reach.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from cluster import inventory
from cluster.refs import Manifest
from routing import istio
from routing.istio import HttpRoute
from routing.rules import CLEAR, DestinationPolicy, HttpPolicy, Position, RemoveRoute, Route, Rule

FORM_POLICIES: Final = ("timeout", "retries", "mirrors")
"""What the form of a default route's policies has."""


@dataclass(frozen=True, slots=True)
class _Listed:
    """The named routes that are on a list while it is brought into the wanted order."""

    key: str
    route: HttpRoute


def routes(now: Sequence[HttpRoute], then: Sequence[HttpRoute]) -> tuple[Rule, ...]:
    """Routes that were added, changed, moved or taken away, and policies of the default route.

    Nothing where names do not tell routes apart.
    """
    before, after = _listed(now), _listed(then)
    if len({each.key for each in before}) < len(before) or len({each.key for each in after}) < len(after):
        return ()
    gone = [each for each in before if each.key not in {other.key for other in after}]
    found: list[Rule] = [
        RemoveRoute(*_service(each), each.route.name)
        for each in gone
        if each.route.name and each.route.rule is not None and not each.route.default
    ]
    left = [each for each in before if each not in gone]
    found += _placed(left, after)
    return (*found, *_of_default(now, then))


def _listed(found: Sequence[HttpRoute]) -> list[_Listed]:
    unnamed = iter(range(len(found)))
    return [
        _Listed(
            "default" if each.default else f"name {each.name}" if each.name else f"at {next(unnamed)}", each
        )
        for each in found
    ]


def _service(each: _Listed) -> tuple[str, str]:
    rule = each.route.rule
    return (rule.namespace, rule.service) if rule else ("", "")


def _placed(before: list[_Listed], after: list[_Listed]) -> Iterator[Rule]:
    """The routes that differ or stand elsewhere, walking down the wanted list."""
    order = [each.key for each in before]
    old = {each.key: each.route for each in before}
    for index, each in enumerate(after):
        there = order[index] if index < len(order) else ""
        moved = there != each.key
        if moved:
            order = [key for key in order if key != each.key]
            order.insert(index, each.key)
        rule = each.route.rule
        if rule is None or each.route.default or not (moved or _differs(old.get(each.key), each.route)):
            continue
        yield replace(rule, position=_position(after, index) if moved else None)


def _position(after: list[_Listed], index: int) -> Position | None:
    if index == 0:
        return Position("first")
    previous = after[index - 1].route
    return Position("after", previous.name) if previous.name and not previous.default else None


def _differs(old: HttpRoute | None, new: HttpRoute) -> bool:
    """Whether a route says something else, apart from its fault, which is the fault's own rule."""
    return old is None or _without_fault(old.rule) != _without_fault(new.rule)


def _without_fault(rule: Route | None) -> Route | None:
    return None if rule is None else replace(rule, policies=replace(rule.policies, fault=None))


def _of_default(now: Sequence[HttpRoute], then: Sequence[HttpRoute]) -> Iterator[Rule]:
    old = next((each.rule for each in now if each.default), None)
    new = next((each.rule for each in then if each.default), None)
    if old is None or new is None:
        return
    changes = {
        name: getattr(new.policies, name) or None
        for name in FORM_POLICIES
        if getattr(old.policies, name) != getattr(new.policies, name)
    }
    if changes:
        yield HttpPolicy(new.namespace, new.service, "", changes)


def policies(service: inventory.Service, destination_rule: Manifest | None) -> tuple[DestinationPolicy, ...]:
    """Every traffic policy that a DestinationRule says for a service, its versions and their ports."""
    if destination_rule is None:
        return ()
    subsets = istio.read_subsets(destination_rule, service).by_version
    places: list[tuple[str, str]] = [("", ""), *subsets.items()]
    found = [
        istio.read_policy(
            destination_rule, service.namespace, service.name, version=version, subset=subset, port=port
        )
        for version, subset in places
        for port in (0, *_ports(destination_rule, subset))
    ]
    return tuple(each for each in found if each is not None)


def _ports(destination_rule: Manifest, subset: str) -> Iterable[int]:
    for entry in istio.policy_at(destination_rule, subset).get("portLevelSettings") or ():
        number = (entry.get("port") or {}).get("number") if isinstance(entry, dict) else None
        if isinstance(number, int):
            yield number


def changed_policies(
    now: Sequence[DestinationPolicy], then: Sequence[DestinationPolicy]
) -> Iterator[DestinationPolicy]:
    """By place, the parts that differ; those that are gone as to be cleared."""
    old = {(each.version, each.port): each for each in now}
    new = {(each.version, each.port): each for each in then}
    for place in dict.fromkeys((*old, *new)):
        before = old[place].parts if place in old else {}
        after = new[place].parts if place in new else {}
        parts: dict[str, Any] = {
            name: after.get(name, CLEAR) for name in (*before, *after) if before.get(name) != after.get(name)
        }
        if parts:
            some = new.get(place) or old[place]
            yield DestinationPolicy(some.namespace, some.service, *place, **parts)
