"""What DestinationRules say of a destination, as one client's namespace sees it: subsets and traffic policy.

Looked up as Istio does: the client's namespace, then the service's, then the root namespace; in the first of
them that has a rule for the host, the most specific host wins, and among equals the first definition of a
subset and the first traffic policy
(https://istio.io/latest/docs/ops/best-practices/traffic-management/#cross-namespace-configuration).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from localmesh.xds import names, policies, tls
from localmesh.xds.model import Endpoint, Mesh, Rule, Service
from localmesh.xds.values import Problem


@dataclass(frozen=True, slots=True)
class Subset:
    """A named part of a service's endpoints, where it is defined (for problems), and its policy."""

    labels: Mapping[str, str]
    policy: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Destination:
    """The effective traffic policy and subsets of one host."""

    policy: Mapping[str, Any]
    subsets: Mapping[str, Subset]

    def at(self, port: int, subset: str = "") -> Mapping[str, Any]:
        """The parts of the traffic policy that hold for a port of the host, or of a subset."""
        named = self.subsets.get(subset)
        return policies.merged(self.policy, named.policy if named else {}, port)

    def selects(self, endpoint: Endpoint, subset: str) -> bool:
        """Whether an endpoint is in a subset (the unnamed one has all)."""
        named = self.subsets.get(subset)
        return named is None or named.labels.items() <= endpoint.labels.items()


NOTHING = Destination({}, {})


def effective(mesh: Mesh, service: Service, client_namespace: str) -> Destination:
    """What DestinationRules say of a service for clients of a namespace."""
    rules = effective_rules(mesh, service, client_namespace)
    if not rules:
        return NOTHING
    policy: Mapping[str, Any] = next(
        (rule.spec["trafficPolicy"] for rule in rules if rule.spec.get("trafficPolicy")), {}
    )
    subsets: dict[str, Subset] = {}
    for rule in rules:
        for each in rule.spec.get("subsets") or ():
            if each.get("name"):
                subset = Subset(each.get("labels") or {}, each.get("trafficPolicy") or {})
                subsets.setdefault(each["name"], subset)
    return Destination(policy, subsets)


def effective_rules(mesh: Mesh, service: Service, client_namespace: str) -> tuple[Rule, ...]:
    """The DestinationRules that together say it, the oldest first; empty when there is none."""
    places = (client_namespace, service.namespace, names.ROOT_NAMESPACE)
    # In Istio what stands in the root namespace is everybody's default, also for the gateways that run there.
    for namespace in dict.fromkeys(places[client_namespace == names.ROOT_NAMESPACE :]):
        by_host = mesh.destination_rules_by_host.get(namespace, {})
        for host in (service.host, *mesh.destination_wildcards.get(namespace, ())):
            seen = tuple(rule for rule in by_host.get(host, ()) if rule.visible_to(client_namespace))
            if seen and names.covers(host, service.host):
                return seen
    return ()


def host_of(rule: Rule) -> str:
    """The full host of a DestinationRule."""
    return names.resolve(str(rule.spec.get("host") or ""), rule.namespace)


def problems(mesh: Mesh, rule: Rule) -> Iterator[Problem]:
    """What of a DestinationRule is not acted on because of its values, or because an older one says it
    already.
    """
    yield from _policy_problems(mesh, rule, rule.spec.get("trafficPolicy") or {}, "spec.trafficPolicy")
    host = host_of(rule)
    if not any(names.covers(host, service.host) for service in mesh.services):
        yield Problem("spec.host", f"there is no Service {host} in the mesh")
    older = [each for each in _siblings(mesh, rule) if each.age < rule.age]
    taken: dict[str, str] = {}
    for each in older:
        for subset in each.spec.get("subsets") or ():
            taken.setdefault(subset.get("name", ""), each.name)
    for index, subset in enumerate(rule.spec.get("subsets") or ()):
        path, name = f"spec.subsets[{index}]", subset.get("name", "")
        policy = subset.get("trafficPolicy") or {}
        yield from _policy_problems(mesh, rule, policy, f"{path}.trafficPolicy")
        if name in taken:
            reason = f"the older DestinationRule {taken[name]} defines subset {name} already"
            yield Problem(path, reason, conflict=True)
        taken.setdefault(name, rule.name)
    first = next((each for each in older if each.spec.get("trafficPolicy")), None)
    if first and rule.spec.get("trafficPolicy"):
        reason = f"the older DestinationRule {first.name} sets the policy of this host already"
        yield Problem("spec.trafficPolicy", reason, conflict=True)


def _policy_problems(mesh: Mesh, rule: Rule, policy: Mapping[str, Any], path: str) -> Iterator[Problem]:
    yield from policies.problems(policy, path)
    yield from tls.problems(mesh, rule.namespace, policy, path)


def _siblings(mesh: Mesh, rule: Rule) -> list[Rule]:
    rules = mesh.destination_rules_by_host.get(rule.namespace, {}).get(host_of(rule), ())
    return [each for each in rules if each.key != rule.key]
