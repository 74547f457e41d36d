"""The services that can be steered, with the routing in force, for the pages and for GET services."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from django.utils import timezone

from cluster import inventory
from cluster.person import PersonCluster
from routing import gatewayapi, istio, live, reading_back
from routing.blast import Traffic
from routing.istio import ObservedFault
from routing.planner import Live
from routing.problems import error, warning
from routing.rules import HeaderMatch, to_json, write_match
from routing.rules.http.policies import NAMES as POLICIES
from routing.rules.http.routes import ACTIONS
from routing.sentences import fault_parts, sentence, split_sentence, whom
from routing.shares import Steered, steered

Json = dict[str, Any]


UNREAD: Final = "You may not read the VirtualServices and DestinationRules of this namespace."


_STEERS_NOTHING: Final[Json] = {"routes": [], "policies": []}


@dataclass(frozen=True, slots=True)
class Services:
    """The services that somebody may see, of what age, and why not newer, as in `cluster.cache.Known`."""

    items: list[Json]
    age_seconds: float | None
    problem: str

    @property
    def known_at(self) -> datetime | None:
        """From when they are; None when they were never read."""
        if self.age_seconds is None:
            return None
        return timezone.now() - timedelta(seconds=self.age_seconds)


def everything(person: PersonCluster, traffic: Traffic, namespaces: Collection[str] = ()) -> Services:
    """Every service of some namespaces (empty: of all). Never raises for a cluster that does not answer."""
    seen = live.seen(person)
    wanted = [item for item in seen.live.services if not namespaces or item.namespace in namespaces]
    return _described(wanted, seen, traffic)


def one(person: PersonCluster, traffic: Traffic, namespace: str, name: str) -> Services:
    """One service, or none where there is none."""
    seen = live.seen(person, namespace)
    service = seen.live.service(namespace, name)
    found = _described([service] if service else [], seen, traffic)
    if service is None:
        return found
    unread = service.namespace in seen.unread
    said = _STEERS_NOTHING if unread else _steering(service, seen.live)
    return replace(found, items=[{**found.items[0], **said}])


def _steering(service: inventory.Service, state: Live) -> Json:
    """The routes and the traffic policies in force, each as POST plans takes it."""
    rules = istio.destination_rules_of(state.destination_rules, service.namespace, service.name)
    found = reading_back.policies(service, rules.effective)
    return {"routes": routes(service, state), "policies": [to_json(each) for each in found]}


def routes(service: inventory.Service, state: Live) -> list[Json]:
    """Every http route of the VirtualService, in the words of rules: its match, action and policies.

    `rule` is the whole as POST plans takes it, null where the vocabulary has no words for all of its name,
    match and action; `not_expressible` lists the fields of the route that no rule can say, and none touches.
    """
    virtual = istio.virtual_services_of(state.virtual_services, service.namespace, service.name)
    rules = istio.destination_rules_of(state.destination_rules, service.namespace, service.name)
    in_force = virtual.main or virtual.wildcard
    if in_force is None:
        return []
    subsets = istio.read_subsets(rules.effective, service)
    return [_route(found) for found in istio.read_routes(in_force, service.namespace, service.name, subsets)]


def _route(found: istio.HttpRoute) -> Json:
    policies = {name: value for name, value in found.said.items() if name in POLICIES}
    action = {name: value for name, value in found.said.items() if name in ACTIONS}
    return {
        "index": found.index,
        "name": found.name,
        "default": found.default,
        "match": found.said.get("match", []),
        "action": action,
        "policies": policies,
        "rule": to_json(found.rule) if found.rule else None,
        "sentence": sentence(found.rule) if found.rule else "",
        "not_expressible": list(found.lost),
    }


def may_know(person: PersonCluster, namespace: str) -> bool:
    """Whether somebody may be told that a namespace's services are not known just now.

    To anybody else a service there is one that does not exist, whether the cluster answers or not.
    """
    return person.readable(namespace)


def _described(services: Iterable[inventory.Service], seen: live.Seen, traffic: Traffic) -> Services:
    items = [
        describe(service, seen.live, traffic, unread=service.namespace in seen.unread) for service in services
    ]
    return Services(items, seen.age_seconds, seen.problem)


def describe(service: inventory.Service, state: Live, traffic: Traffic, *, unread: bool = False) -> Json:
    """One service with the routing in force and, as far as it is measured, the traffic.

    `unread`: what routes it may not be read, so that nothing is said of it.
    """
    found = steered(state.resources, service, state.services)
    virtual, subsets, in_force = found.virtual, found.subsets, found.in_force
    weights = found.default()
    faults = istio.observed_faults(in_force) if in_force else ()
    shares = traffic.shares(service.namespace, service.name) if traffic.available() else {}
    reason = UNREAD if unread else _not_editable(service, virtual)
    return {
        "namespace": service.namespace,
        "name": service.name,
        "host": istio.service_host(service.namespace, service.name),
        "ports": [
            {"name": port.name, "number": port.number, "protocol": port.protocol} for port in service.ports
        ],
        "versions": [_version(version, subsets, weights, shares) for version in service.versions],
        "routing": {
            "virtual_service": None if found.route else _name(in_force),
            "sentence": UNREAD if unread else _routing(found, weights, faults),
            "editable": not reason,
            "reason": reason,
        },
        "faults": [part for fault in faults for part in _faults(fault)],
        "problems": _problems(service, virtual, weights),
    }


def _version(
    version: inventory.Version,
    subsets: istio.Subsets,
    weights: Mapping[str, float] | None,
    shares: Mapping[str, float],
) -> Json:
    share = shares.get(version.version, 0.0) if shares else None
    return {
        "version": version.version,
        "subset": subsets.by_version.get(version.version),
        "pods": version.pods,
        "ready_pods": version.ready_pods,
        "weight": _whole((weights or {}).get(version.version)),
        "observed_share": None if share is None else round(share, 4),
    }


def _whole(weight: float | None) -> float | None:
    """A weight without a fraction that says nothing."""
    return int(weight) if weight is not None and weight == int(weight) else weight


def _faults(fault: ObservedFault) -> list[Json]:
    """A fault as the page shows it: a delay and an abort of the same rule are two."""
    common = {
        "match": write_match(fault.match) if isinstance(fault.match, HeaderMatch) else None,
        "whom": whom(fault.match),
        "owned": fault.owned,
        "where": fault.where,
    }
    found: list[Json] = []
    if fault.delay:
        parts = {"percentage": fault.delay.percentage, "fixed_delay": fault.delay.fixed_delay}
        found.append({"kind": "delay", **parts, "http_status": None, "grpc_status": None, **common})
    if fault.abort:
        parts = {"percentage": fault.abort.percentage, "fixed_delay": None}
        status = {"http_status": fault.abort.http_status, "grpc_status": fault.abort.grpc_status}
        found.append({"kind": "abort", **parts, **status, **common})
    return found


def _routing(found: Steered, weights: Mapping[str, float] | None, faults: tuple[ObservedFault, ...]) -> str:
    """What routes a service; routes of the Gateway API are named, since nothing else here shows them."""
    told = _sentence(weights, faults, routed=found.in_force is not None)
    return f"{gatewayapi.named(found.route)}: {told}" if found.route else told


def _sentence(weights: Mapping[str, float] | None, faults: tuple[ObservedFault, ...], *, routed: bool) -> str:
    if not routed:
        return "All versions by their pods; everyone"
    if weights is None:
        return "No default route"
    whole = set(weights) == {""}
    parts = ["All versions by their pods" if whole else split_sentence(weights)]
    parts += [f"{fault_parts(fault.delay, fault.abort)} for {whom(fault.match)}" for fault in faults]
    return "; ".join([*parts, "everyone"] if not faults else parts)


def _not_editable(service: inventory.Service, virtual: istio.VirtualServices) -> str:
    if virtual.rivals:
        return "Several VirtualServices claim this host; leave one of them first."
    if not service.versions:
        return "No pod of this service says its version; there is nothing to weigh."
    return ""


def _name(manifest: Mapping[str, Any] | None) -> Json | None:
    if manifest is None:
        return None
    return {"namespace": manifest["metadata"]["namespace"], "name": manifest["metadata"]["name"]}


def _problems(
    service: inventory.Service, virtual: istio.VirtualServices, weights: Mapping[str, float] | None
) -> list[Json]:
    found = []
    if virtual.rivals and virtual.main:
        names = ", ".join(istio.name_of(item) for item in (virtual.main, *virtual.rivals))
        found.append(error("IST0109", f"{names} all claim this host; which is in force is undefined."))
    for version, weight in (weights or {}).items():
        known = service.version(version)
        if weight and version and (known is None or not known.ready_pods):
            message = f"{version} has {weight:g} % of the weight, and no ready pod."
            found.append(warning("NO_READY_PODS", message))
    return [problem.to_json() for problem in found]
