"""From rules and the live resources to a plan: which writes, in
which order, and what speaks against them. Pure.

Order is make before break: a subset exists before a route names it, and a route stops
naming a subset before it goes. A plan with an error among its problems must not be
applied; one that changes nothing has no operations.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from cluster import inventory, kinds
from cluster.kinds import DESTINATION_RULE, GATEWAY, SERVICE_ENTRY, VIRTUAL_SERVICE, WORKLOAD_ENTRY, Kind
from cluster.refs import Manifest, Ref
from routing import diff, istio, rules
from routing.drafting import Draft, draft_rule
from routing.problems import Need, Problem, error, info, warning

_NOT_ALL_SEEN: Final = (
    "You may not read every namespace; a rule for the same host in one of the others would go unnoticed here."
)
Action: TypeAlias = Literal["create", "update", "delete"]

BEFORE_ROUTES: Final = 0
ROUTES: Final = 1
AFTER_ROUTES: Final = 2
_BELOW_ROUTES: Final = (GATEWAY, SERVICE_ENTRY, WORKLOAD_ENTRY)
"""What routes are bound to or lead to."""


@dataclass(frozen=True, slots=True)
class Live:
    """What a plan is made of: the services concerned, and every resource of the kinds that the rules touch.

    `whole`: these are really all; False where some namespaces may not be read. `unserved`: the kinds among
    them whose definitions the cluster does not have.
    """

    services: tuple[inventory.Service, ...]
    resources: tuple[Manifest, ...]
    whole: bool = True
    unserved: frozenset[Kind] = frozenset()

    @property
    def virtual_services(self) -> tuple[Manifest, ...]:
        """Its VirtualServices."""
        return tuple(item for item in self.resources if kinds.of(item) == VIRTUAL_SERVICE)

    @property
    def destination_rules(self) -> tuple[Manifest, ...]:
        """Its DestinationRules."""
        return tuple(item for item in self.resources if kinds.of(item) == DESTINATION_RULE)

    def service(self, namespace: str, name: str) -> inventory.Service | None:
        """The service of this name, or None."""
        return next((s for s in self.services if (s.namespace, s.name) == (namespace, name)), None)


@dataclass(frozen=True, slots=True)
class Operation:
    """One write; `before` is None for a create, `after` for a delete."""

    action: Action
    ref: Ref
    why: str
    before: Manifest | None
    after: Manifest | None

    @property
    def phase(self) -> int:
        """When it belongs: before the routes change, with them, or after."""
        if self.ref.kind in _BELOW_ROUTES:
            return BEFORE_ROUTES if self.after else AFTER_ROUTES
        if self.ref.kind != DESTINATION_RULE:
            return ROUTES
        return AFTER_ROUTES if _subsets(self.before) - _subsets(self.after) else BEFORE_ROUTES

    @property
    def differences(self) -> tuple[diff.FieldDiff, ...]:
        """What it changes, field by field."""
        return diff.fields(self.before, self.after)


@dataclass(frozen=True, slots=True)
class Plan:
    """What to write, in order, and what speaks against it; `hash`
    stands for all of it and the state it is for. `sources`: what its writes were made of, besides themselves.
    """

    rules: tuple[rules.Rule, ...]
    operations: tuple[Operation, ...]
    problems: tuple[Problem, ...]
    hash: str
    sources: frozenset[Need] = frozenset()

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that forbid to apply it."""
        return tuple(problem for problem in self.problems if problem.level == "error")


def plan(wanted: Sequence[rules.Rule], live: Live) -> Plan:
    """The plan that makes the rules true, on the live resources as they are."""
    draft = Draft(live.resources, live.services)
    for index, rule in enumerate(wanted):
        field = f"rules[{index}]"
        service = live.service(rule.namespace, rule.service) if rule.service else None
        if rule.service and service is None:
            message = f"There is no service {rule.service} in namespace {rule.namespace}."
            draft.problems.append(error("UNKNOWN_SERVICE", message, f"{field}.service"))
            continue
        draft_rule(draft, rule, service, field)
    operations = in_safe_order(_operations(draft, live))
    problems = [*draft.problems, *_about_subsets(draft, operations, live), *_unserved(operations, live)]
    if not operations and not any(problem.level == "error" for problem in problems):
        problems.append(info("NOTHING_TO_DO", "The cluster is already as these rules want it."))
    if not live.whole:
        problems.append(info("NOT_ALL_SEEN", _NOT_ALL_SEEN))
    hashed = digest(wanted, operations)
    return Plan(tuple(wanted), operations, tuple(dict.fromkeys(problems)), hashed, frozenset(draft.sources))


def in_safe_order(operations: Iterable[Operation]) -> tuple[Operation, ...]:
    """Operations so that no route ever names a subset that is not there."""
    return tuple(sorted(operations, key=lambda item: (item.phase, item.ref.namespace, item.ref.name)))


def settles_between(earlier: Operation, later: Operation) -> bool:
    """Whether the proxies need a moment between two operations, to learn of the one before the other."""
    return earlier.phase < later.phase


def services_of(operations: Iterable[Operation]) -> set[tuple[str, str]]:
    """The services (namespace and name) whose routes or policies these operations change."""
    hosts: set[str] = set()
    for item in operations:
        for manifest in (item.before, item.after):
            if manifest and item.ref.kind == VIRTUAL_SERVICE:
                hosts.update(istio.hosts_of(manifest))
            elif manifest and item.ref.kind == DESTINATION_RULE:
                hosts.add(istio.host_of(manifest))
    return {service for service in map(istio.service_of, hosts) if service}


def digest(wanted: Sequence[rules.Rule], operations: Iterable[Operation]) -> str:
    """A hash over the rules, each operation's result, and the version of the resource that it is for."""
    parts: list[Any] = [rules.to_json(rule) for rule in wanted]
    for operation in operations:
        metadata = (operation.before or {}).get("metadata") or {}
        base = [metadata.get("uid", ""), metadata.get("resourceVersion", "")]
        parts.append([operation.action, str(operation.ref), base, diff.content(operation.after)])
    return hashlib.sha256(diff.canonical(parts).encode()).hexdigest()


def operation(before: Manifest | None, after: Manifest | None, why: str) -> Operation | None:
    """The write that leads from one state of an object to another; None when they say the same."""
    if diff.same(before, after):
        return None
    if before is None and after is not None:
        return Operation("create", Ref.of(after), why, None, after)
    if before is not None and after is None:
        return Operation("delete", Ref.of(before), why, before, None)
    return Operation("update", Ref.of(before or {}), why, before, after)


def dangling_subsets(
    virtual_services: Iterable[Manifest], operations: Iterable[Operation]
) -> tuple[Problem, ...]:
    """An error for each route that, once the operations are done, names a subset which they take away."""
    done = {item.ref: item for item in operations}
    routes = [item for item in virtual_services if Ref.of(item) not in done]
    routes += [item.after for item in done.values() if item.ref.kind == VIRTUAL_SERVICE and item.after]
    found = []
    for item in done.values():
        if item.ref.kind != DESTINATION_RULE:
            continue
        for host, name in sorted(_subsets(item.before) - _subsets(item.after)):
            users = [route for route in routes if istio.uses_subset(route, host, name)]
            if users:
                names = ", ".join(map(istio.name_of, users))
                message = f"Subset {name} of {item.ref} cannot go: {names} still names it."
                told = {(VIRTUAL_SERVICE, istio.namespace_of(route)) for route in users}
                found.append(error("SUBSET_IN_USE", message, resource=str(item.ref), needs=told))
    return tuple(found)


def _about_subsets(draft: Draft, operations: tuple[Operation, ...], live: Live) -> Iterator[Problem]:
    """What would leave a route without its subset, for good or between two of the writes."""
    yield from _broken(draft, operations, live)
    routes = [item.after for item in operations if item.ref.kind == VIRTUAL_SERVICE and item.after]
    for item in operations:
        if item.ref.kind != DESTINATION_RULE or item.phase != AFTER_ROUTES or item.after is None:
            continue
        for host, name in sorted(_subsets(item.after) - _subsets(item.before)):
            users = [route for route in routes if istio.uses_subset(route, host, name)]
            if users:
                message = (
                    f"{item.ref} gets subset {name} and loses another in one write, while "
                    f"{istio.name_of(users[0])} changes to {name}: in between, requests would fail. Make two "
                    "plans of it, the first with both subsets."
                )
                yield error("SUBSETS_SWAPPED", message, resource=str(item.ref))


def _broken(draft: Draft, operations: tuple[Operation, ...], live: Live) -> Iterator[Problem]:
    """Routes that would name a subset which nobody has (any more)."""
    if not any(item.ref.kind in (VIRTUAL_SERVICE, DESTINATION_RULE) for item in operations):
        return
    before = istio.Rules(live.virtual_services, live.destination_rules)
    after = istio.Rules(tuple(draft.of(VIRTUAL_SERVICE)), tuple(draft.of(DESTINATION_RULE)))
    taken_by = {item.ref.namespace: item.ref for item in operations if item.ref.kind == DESTINATION_RULE}
    for found in istio.broken(before, after):
        route = istio.name_of(found.route)
        told = {(VIRTUAL_SERVICE, istio.namespace_of(found.route))}
        if found.had:
            message = f"Subset {found.subset} of {found.host} cannot go: {route} still names it."
            told |= {(DESTINATION_RULE, namespace) for namespace in taken_by}
            yield error("SUBSET_IN_USE", message, resource=route, needs=sorted(told, key=str))
        else:
            message = f"{route} sends requests to subset {found.subset} of {found.host}, which nobody has."
            # Who may not read all of them cannot say so.
            level = error if live.whole else warning
            yield level("SUBSET_MISSING", message, resource=route, needs=told)


def _unserved(operations: Iterable[Operation], live: Live) -> Iterator[Problem]:
    for kind in dict.fromkeys(item.ref.kind for item in operations if item.ref.kind in live.unserved):
        message = (
            f"This cluster does not have the kind {kind} of {kind.group}; its definition has to be installed "
            "before one can be written."
        )
        yield error("KIND_NOT_SERVED", message)


def _operations(draft: Draft, live: Live) -> list[Operation]:
    before = {Ref.of(item): item for item in live.resources}
    found = []
    for ref, after in draft.resources().items():
        change = operation(before.get(ref), after, draft.why(ref))
        if change is not None:
            found.append(change)
    return found


def _subsets(destination_rule: Manifest | None) -> set[tuple[str, str]]:
    """The host and the name of each subset of a DestinationRule."""
    if destination_rule is None:
        return set()
    host = istio.host_of(destination_rule)
    return {(host, str(subset.get("name", ""))) for subset in istio.subsets_of(destination_rule)}
