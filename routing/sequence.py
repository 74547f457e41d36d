"""The order of a plan's writes: make before break, whatever the kinds. Pure.

What others refer to comes first, then the routes, then what no route refers to any more goes. Where one write
would do both, it becomes several: a DestinationRule first gains subsets and loses some after the routes have
left them; a subset that is about to select other pods is left by its routes, changed, and routed to again.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from cluster.kinds import (
    DESTINATION_RULE,
    GATEWAY,
    GATEWAY_API_GATEWAY,
    SERVICE_ENTRY,
    VIRTUAL_SERVICE,
    WORKLOAD_ENTRY,
    Kind,
)
from cluster.refs import Manifest, Ref
from routing import istio
from routing.istio import Subset
from routing.operations import AFTER_ROUTES, AWAY, BEFORE_ROUTES, REDEFINE, ROUTES, Operation, outcome
from routing.operations import operation as write
from routing.problems import Problem, error, warning

_LISTS: Final = {GATEWAY: "servers", GATEWAY_API_GATEWAY: "listeners", SERVICE_ENTRY: "hosts"}
"""What routes refer to in these kinds."""
_RANKS: Final[tuple[Kind, ...]] = (
    WORKLOAD_ENTRY,
    SERVICE_ENTRY,
    GATEWAY,
    GATEWAY_API_GATEWAY,
    DESTINATION_RULE,
)
"""Within one phase, what the others refer to."""


def in_safe_order(
    operations: Iterable[Operation], resources: Iterable[Manifest] = ()
) -> tuple[Operation, ...]:
    """The writes so that no route with a weight ever names a subset that is not there, split where needed.

    At most one write for each resource goes in; `resources`: all that is live of the kinds concerned.
    """
    operations = list(operations)
    moves = _moves(operations, list(resources))
    parts = [part for item in operations for part in _parts(item, moves)]
    parts += [part for item in moves.others for part in _detour(item, item, "", moves.away)]
    return tuple(sorted(parts, key=_place))


def dangling_subsets(
    virtual_services: Iterable[Manifest],
    operations: Iterable[Operation],
    destination_rules: Iterable[Manifest] = (),
) -> tuple[Problem, ...]:
    """An error for each route that, once the operations are done, names a subset which they take away.

    `destination_rules`: all that there are then; of two for one host in a namespace, either may name it.
    """
    done = outcome(operations)
    lost = {ref: _has(before) - _has(after) for ref, (before, after) in done.items() if _is_policy(ref)}
    if not any(lost.values()):
        return ()
    hosts = {host for subsets in lost.values() for host, _ in subsets}
    about = [item for item in destination_rules if istio.host_of(item) in hosts]
    remaining = {(host, istio.namespace_of(item), name) for item in about for host, name in _has(item)}
    routes = [item for item in virtual_services if Ref.named(item) not in done]
    routes += [after for ref, (_, after) in done.items() if ref.kind == VIRTUAL_SERVICE and after]
    found = []
    for ref, subsets in lost.items():
        for host, name in sorted(subsets):
            if (host, ref.namespace, name) in remaining:
                continue
            users = [route for route in routes if istio.uses_subset(route, host, name)]
            if users:
                names = ", ".join(map(istio.name_of, users))
                message = f"Subset {name} of {ref} cannot go: {names} still names it."
                told = {(VIRTUAL_SERVICE, istio.namespace_of(route)) for route in users}
                found.append(error("SUBSET_IN_USE", message, resource=str(ref), needs=told))
    return tuple(found)


def missing_subsets(operations: Iterable[Operation], standing: Iterable[Manifest]) -> tuple[Problem, ...]:
    """An error for each route that these operations would have send requests to a subset that nobody has.

    `standing`: all VirtualServices and DestinationRules as they are now.
    """
    done = {ref: after for ref, (_, after) in outcome(operations).items()}
    now = {Ref.of(item): item for item in standing}
    then = {ref: item for ref, item in {**now, **done}.items() if item is not None}
    found = []
    for each in istio.broken(_rules(now), _rules(then)):
        if (each.host, each.subset) not in istio.weighted_subsets(each.route):
            continue
        route = istio.name_of(each.route)
        message = f"{route} would send requests to subset {each.subset} of {each.host}, which nobody has."
        told = {(VIRTUAL_SERVICE, istio.namespace_of(each.route))}
        found.append(error("SUBSET_MISSING", message, resource=route, needs=told))
    return tuple(found)


def _rules(resources: Mapping[Ref, Manifest]) -> istio.Rules:
    routes, policies = (
        tuple(item for ref, item in resources.items() if ref.kind == kind)
        for kind in (VIRTUAL_SERVICE, DESTINATION_RULE)
    )
    return istio.Rules(routes, policies)


def unsafe_steps(operations: Iterable[Operation], resources: Iterable[Manifest]) -> tuple[Problem, ...]:
    """A warning for each subset that routes need and that is away on the way, or changes its pods under load.

    Only what the order cannot help: a DestinationRule that leaves its host while routes need it, and a subset
    whose route has no other destination.
    """
    operations = list(operations)
    hosts = {host for item in operations for host, _ in _lost(item) | _redefined(item)}
    if not hosts:
        return ()
    state = {Ref.named(item): item for item in resources if _about(item, hosts)}
    at_first, found, changing = _missing(state), [], set()
    for item in operations:
        changing |= _redefined(item) & _used(state.values())
        state = {ref: each for ref, each in state.items() if ref != item.ref}
        if item.after is not None:
            state[item.ref] = item.after
        found.append(_missing(state))
    gaps = set().union(*found[:-1]) - at_first - found[-1]
    return (*(_gap(*subset) for subset in sorted(gaps)), *(_changes(*subset) for subset in sorted(changing)))


@dataclass(frozen=True, slots=True)
class _Moves:
    """The subsets that change their pods, by when they can; `others` are VirtualServices that no write is
    for, and which have to leave them all the same.
    """

    late: frozenset[Subset]
    away: frozenset[Subset]
    others: tuple[Manifest, ...]


def _moves(operations: list[Operation], resources: list[Manifest]) -> _Moves:
    redefined = {subset for item in operations for subset in _redefined(item)}
    if not redefined:
        return _Moves(frozenset(), frozenset(), ())
    done = outcome(operations)
    live = [item for item in resources if _routes(item) and Ref.of(item) not in done]
    before = [item for ref, (item, _) in done.items() if ref.kind == VIRTUAL_SERVICE and item]
    after = [item for ref, (_, item) in done.items() if ref.kind == VIRTUAL_SERVICE and item]
    used_before, used_after = _used([*live, *before]), _used([*live, *after])
    late = frozenset(redefined & used_before - used_after)
    away = frozenset(redefined & used_before & used_after)
    return _Moves(late, away, tuple(item for item in live if istio.weighted_subsets(item) & away))


def _parts(item: Operation, moves: _Moves) -> Iterator[Operation]:
    """One write as one or more, each in its phase."""
    if item.ref.kind == VIRTUAL_SERVICE and item.before and item.after and moves.away:
        yield from _detour(item.before, item.after, item.why, moves.away)
    elif item.ref.kind == DESTINATION_RULE and item.before and item.after:
        yield from _subset_by_subset(item, moves)
    elif item.ref.kind in _LISTS and item.before and item.after:
        yield from _gain_and_lose(item)
    else:
        yield item


def _detour(before: Manifest, after: Manifest, why: str, away: Collection[Subset]) -> Iterator[Operation]:
    """The route, by way of one that sends nothing to the subsets which change meanwhile."""
    leaves = istio.weighted_subsets(before) & set(away)
    # What it is to be comes first: the fewer steps for the requests. Else what it was, without them.
    ways = [istio.without_weight(item, away) for item in (after, before)] if leaves else []
    aside = next((way for way in ways if way is not None), before)
    names = ", ".join(sorted(name for _, name in leaves))
    first = write(before, aside, f"Sends nothing to {names} while it comes to select other pods.", AWAY)
    back = f"Sends requests to {names} again." if names and not why else why
    yield from (part for part in (first, write(aside, after, back, ROUTES)) if part)


def _subset_by_subset(item: Operation, moves: _Moves) -> Iterator[Operation]:
    """A DestinationRule that gains what routes will need, and loses what they need no more."""
    before, after = item.before or {}, item.after or {}
    host = istio.host_of(before)
    if host != istio.host_of(after) or not (_all_named(before) and _all_named(after)):
        yield replace(item, phase=AFTER_ROUTES if _lost(item) else BEFORE_ROUTES)
        return
    late = {name for at, name in moves.late if at == host}
    away = {name for at, name in moves.away if at == host}
    gained = _with_subsets(before, after, keep=late | away)
    changed = _with_subsets(before, after, keep=late)
    if _lost(item) and not (set(istio.labels_of(after)) - set(istio.labels_of(before)) or away):
        gained = changed = before  # nothing that a route would wait for
    steps = [(before, gained, BEFORE_ROUTES), (gained, changed, REDEFINE), (changed, after, AFTER_ROUTES)]
    lost = ", ".join(sorted(name for _, name in _lost(item)))
    for start, end, phase in steps:
        why = item.why
        if phase == AFTER_ROUTES and lost and start is not before:
            why = f"Takes away {lost}, which no route needs any more."
        part = write(start, end, why, phase)
        if part is not None:
            yield part


def _with_subsets(before: Manifest, after: Manifest, keep: Collection[str]) -> Manifest:
    """`after`, still with every subset that it loses, and with the old labels of those in `keep`."""
    old = {str(each["name"]): each for each in istio.subsets_of(before)}
    new = {str(each["name"]): each for each in istio.subsets_of(after)}
    if old.keys() <= new.keys() and not old.keys() & set(keep):
        return after
    subsets = [each if name in keep else new.get(name, each) for name, each in old.items()]
    subsets += [each for name, each in new.items() if name not in old]
    return {**after, "spec": {**after["spec"], "subsets": subsets}}


def _gain_and_lose(item: Operation) -> Iterator[Operation]:
    """A Gateway or ServiceEntry: losing comes after the routes, and where it does both, gaining before."""
    member = _LISTS[item.ref.kind]
    old, new = (_members(each, member) for each in (item.before, item.after))
    lost, gained = [each for each in old if each not in new], [each for each in new if each not in old]
    if not lost or (gained and item.ref.kind != SERVICE_ENTRY):
        yield replace(item, phase=BEFORE_ROUTES)
        return
    if not gained:
        yield replace(item, phase=AFTER_ROUTES)
        return
    after = item.after or {}
    both = {**after, "spec": {**after["spec"], member: [*new, *lost]}}
    yield replace(item, after=both, phase=BEFORE_ROUTES)
    why = f"Takes away {', '.join(map(str, lost))}, which no route needs any more."
    yield replace(item, why=why, before=both, phase=AFTER_ROUTES)


def _place(item: Operation) -> tuple[int, int, int, str, str]:
    rank = _RANKS.index(item.ref.kind) if item.ref.kind in _RANKS else len(_RANKS)
    if item.phase == AFTER_ROUTES:
        rank = -rank
    # A VirtualService without hosts is one that others delegate to: it comes before them, and goes after.
    delegate = item.ref.kind == VIRTUAL_SERVICE and not istio.hosts_of(item.after or item.before or {})
    deleted = item.after is None
    return item.phase, rank, 2 * deleted + (delegate == deleted), item.ref.namespace, item.ref.name


def _members(manifest: Manifest | None, member: str) -> list[Any]:
    found = ((manifest or {}).get("spec") or {}).get(member)
    return found if isinstance(found, list) else []


def _has(destination_rule: Manifest | None) -> set[Subset]:
    if destination_rule is None:
        return set()
    host = istio.host_of(destination_rule)
    return {(host, name) for name in istio.labels_of(destination_rule)}


def _is_policy(ref: Ref) -> bool:
    return ref.kind == DESTINATION_RULE


def _all_named(destination_rule: Manifest) -> bool:
    names = [each.get("name") for each in istio.subsets_of(destination_rule)]
    return all(names) and len(set(names)) == len(names)


def _lost(item: Operation) -> set[Subset]:
    return _has(item.before) - _has(item.after) if _is_policy(item.ref) else set()


def _redefined(item: Operation) -> set[Subset]:
    """The subsets that select other pods after a write."""
    if item.ref.kind != DESTINATION_RULE or item.before is None or item.after is None:
        return set()
    old, new, host = istio.labels_of(item.before), istio.labels_of(item.after), istio.host_of(item.before)
    if host != istio.host_of(item.after):
        return set()
    return {(host, name) for name in old if name in new and old[name] != new[name]}


def _routes(manifest: Manifest) -> bool:
    return bool(manifest["kind"] == VIRTUAL_SERVICE.kind)


def _used(virtual_services: Iterable[Manifest]) -> set[Subset]:
    routes = [item for item in virtual_services if _routes(item)]
    return set().union(*(istio.weighted_subsets(item) for item in routes))


def _about(item: Manifest, hosts: set[str]) -> bool:
    if item["kind"] == DESTINATION_RULE.kind:
        pattern = istio.host_of(item)
        return any(istio.covers(pattern, host) for host in hosts)
    if item["kind"] != VIRTUAL_SERVICE.kind or hosts.isdisjoint(istio.hosts_reached(item)):
        return False
    return any(host in hosts for host, _ in istio.weighted_subsets(item))


def _missing(state: dict[Ref, Manifest]) -> set[Subset]:
    """The subsets that routes need and that nobody defines."""
    rules = [item for ref, item in state.items() if ref.kind == DESTINATION_RULE]
    defined = [(istio.host_of(item), set(istio.labels_of(item))) for item in rules]
    routes = [item for ref, item in state.items() if ref.kind == VIRTUAL_SERVICE]
    return {
        (host, name)
        for host, name in _used(routes)
        if not any(istio.covers(pattern, host) and name in names for pattern, names in defined)
    }


def _gap(host: str, name: str) -> Problem:
    message = (
        f"No order of these writes keeps subset {name} of {host} there all the time: requests to it fail "
        "for a moment. Move the routes to another subset in a plan of its own first."
    )
    return warning("UNSAFE_ORDER", message)


def _changes(host: str, name: str) -> Problem:
    message = (
        f"Subset {name} of {host} comes to select other pods while a route sends it requests that cannot go "
        "elsewhere meanwhile. Let a route share them with another subset first."
    )
    return warning("CHANGES_UNDER_LOAD", message)
