"""From rules and the live resources to a plan: which writes, in
which order, and what speaks against them. Pure.

Order is make before break: a subset exists before a route names it, and a route stops
naming a subset before it goes. A plan with an error among its problems must not be
applied; one that changes nothing has no operations.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from cluster import inventory, kinds
from cluster.kinds import DESTINATION_RULE, VIRTUAL_SERVICE, Kind
from cluster.refs import Manifest, Ref
from routing import diff, gatewayapi, istio, managers, rules
from routing.drafting import Draft, draft_rule
from routing.operations import (
    AFTER_ROUTES,
    BEFORE_ROUTES,
    ROUTES,
    Action,
    Operation,
    digest,
    hashed,
    operation,
    settles_between,
)
from routing.problems import Need, Problem, error, info, warning
from routing.sequence import dangling_subsets, in_safe_order, missing_subsets, unsafe_steps

__all__ = [
    "AFTER_ROUTES",
    "BEFORE_ROUTES",
    "ROUTES",
    "Action",
    "Live",
    "Operation",
    "Plan",
    "dangling_subsets",
    "digest",
    "in_safe_order",
    "missing_subsets",
    "operation",
    "plan",
    "services_of",
    "settles_between",
]

_NOT_ALL_SEEN: Final = (
    "You may not read every namespace; a rule for the same host in one of the others would go unnoticed here."
)


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
class Plan:
    """What to write, in order, and what speaks against it; `hash`
    stands for all of it and the state it is for. `sources`: what its writes were made of, besides themselves.

    `inputs`: a hash of each object that it was made of, by its name, whether it is written or not.
    """

    rules: tuple[rules.Rule, ...]
    operations: tuple[Operation, ...]
    problems: tuple[Problem, ...]
    hash: str
    sources: frozenset[Need] = frozenset()
    inputs: Mapping[str, str] = field(default_factory=dict)

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that forbid to apply it."""
        return tuple(problem for problem in self.problems if problem.level == "error")


def plan(wanted: Sequence[rules.Rule], live: Live) -> Plan:
    """The plan that makes the rules true, on the live resources as they are."""
    draft = Draft(live.resources, live.services)
    for index, rule in enumerate(wanted):
        path = f"rules[{index}]"
        service = live.service(rule.namespace, rule.service) if rule.service else None
        if rule.service and service is None:
            message = f"There is no service {rule.service} in namespace {rule.namespace}."
            draft.problems.append(error("UNKNOWN_SERVICE", message, f"{path}.service"))
            continue
        draft_rule(draft, rule, service, path)
    operations = in_safe_order(_operations(draft), live.resources)
    problems = [*draft.problems, *_broken(draft, operations, live), *_unserved(operations, live)]
    problems += [*unsafe_steps(operations, live.resources), *managers.warnings(operations)]
    if not operations and not any(problem.level == "error" for problem in problems):
        problems.append(info("NOTHING_TO_DO", "The cluster is already as these rules want it."))
    if not live.whole:
        problems.append(info("NOT_ALL_SEEN", _NOT_ALL_SEEN))
    used = _inputs(wanted, operations, draft, live)
    hash_of_all = digest(wanted, operations, used)
    return Plan(
        tuple(wanted), operations, tuple(dict.fromkeys(problems)), hash_of_all, frozenset(draft.sources), used
    )


def services_of(operations: Iterable[Operation]) -> set[tuple[str, str]]:
    """The services (namespace and name) whose routes or policies these operations change."""
    hosts: set[str] = set()
    for item in operations:
        for manifest in (item.before, item.after):
            if manifest and item.ref.kind == VIRTUAL_SERVICE:
                hosts.update(istio.hosts_of(manifest))
            elif manifest and item.ref.kind == DESTINATION_RULE:
                hosts.add(istio.host_of(manifest))
            elif manifest and item.ref.kind.kind in gatewayapi.KINDS:
                hosts.update(istio.service_host(*parent) for parent in gatewayapi.parents(manifest))
    return {service for service in map(istio.service_of, hosts) if service}


def _broken(draft: Draft, operations: tuple[Operation, ...], live: Live) -> Iterator[Problem]:
    """Routes that would name a subset which nobody has (any more)."""
    if not any(item.ref.kind in (VIRTUAL_SERVICE, DESTINATION_RULE) for item in operations):
        return
    before, after = _concerned(draft, operations)
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


def _concerned(draft: Draft, operations: tuple[Operation, ...]) -> tuple[istio.Rules, istio.Rules]:
    """The routes and policies that these operations can break, as they are and as they are to be."""
    written = [item for change in operations for item in (change.before, change.after) if item]
    policies = [istio.host_of(item) for item in written if kinds.of(item) == DESTINATION_RULE]
    routes = [item for item in written if kinds.of(item) == VIRTUAL_SERVICE]
    hosts = {*policies, *(host for item in routes for host in istio.hosts_reached(item))}
    everything = any(host.startswith("*") for host in policies)
    refs: dict[Kind, list[Ref]] = {}
    for kind in (VIRTUAL_SERVICE, DESTINATION_RULE):
        about = {ref: None for host in sorted(hosts) for ref in draft.refs_about(kind, host)}
        refs[kind] = draft.refs(kind) if everything else list(about)

    def rules_by(read: Callable[[Ref], Manifest | None]) -> istio.Rules:
        found = [tuple(item for ref in refs[kind] if (item := read(ref)) is not None) for kind in refs]
        return istio.Rules(found[0], found[1])

    return rules_by(draft.original), rules_by(draft.get)


def _unserved(operations: Iterable[Operation], live: Live) -> Iterator[Problem]:
    for kind in dict.fromkeys(item.ref.kind for item in operations if item.ref.kind in live.unserved):
        message = (
            f"This cluster does not have the kind {kind} of {kind.group}; its definition has to be installed "
            "before one can be written."
        )
        yield error("KIND_NOT_SERVED", message)


def _operations(draft: Draft) -> list[Operation]:
    found = []
    for ref, after in draft.changed().items():
        change = operation(draft.original(ref), after, draft.why(ref))
        if change is not None:
            found.append(change)
    return found


def _inputs(
    wanted: Iterable[rules.Rule], operations: Iterable[Operation], draft: Draft, live: Live
) -> dict[str, str]:
    """All that a plan was made of: each object's name, and a hash of what was read of it.

    The versions of the services, what steers them, and the policies of every host that a written route sends
    requests to. How many pods are ready is asked again when it is applied.
    """
    found = {}
    hosts = set()
    for rule in wanted:
        service = live.service(rule.namespace, rule.service) if rule.service else None
        if service is not None:
            versions = [[each.version, each.label, dict(each.labels)] for each in service.versions]
            found[f"Service {service.namespace}/{service.name}"] = hashed(versions)
            hosts.add(istio.service_host(service.namespace, service.name))
    written = [item for change in operations for item in (change.before, change.after) if item]
    routes = [item for item in written if kinds.of(item) == VIRTUAL_SERVICE]
    hosts.update(host for item in routes for host in istio.hosts_of(item))
    reached = hosts.union(*(istio.hosts_reached(item) for item in routes))
    refs = {ref for host in hosts for ref in draft.refs_about(VIRTUAL_SERVICE, host)}
    refs |= {ref for host in reached for ref in draft.refs_about(DESTINATION_RULE, host)}
    read = ((ref, draft.original(ref)) for ref in refs)
    return found | {str(ref): hashed(diff.content(item)) for ref, item in read if item is not None}
