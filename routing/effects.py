"""What a plan changes for the requests to a service, read from the manifests before and after. Pure.

It looks at no rule: whatever kind of rule made the plan, what counts is what the resources say.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from cluster import inventory, kinds
from cluster.refs import Manifest
from routing import diff, gatewayapi, istio, shares
from routing.istio import ObservedFault
from routing.istio.hosts import covers, service_host
from routing.planner import Live, Operation
from routing.shares import WHOLE, Fate, Steered

_LATEST: Final = "9999-12-31T23:59:59Z"


@dataclass(frozen=True, slots=True)
class Bounds:
    """A part of the requests (0-1), of which only the least and the most are known."""

    least: float
    most: float

    @property
    def is_exact(self) -> bool:
        """Whether it is one value."""
        return self.least == self.most


@dataclass(frozen=True, slots=True)
class Effect:
    """What routes a service before the plan, and after it."""

    before: Steered
    after: Steered

    @property
    def service(self) -> inventory.Service:
        """The service."""
        return self.before.service

    @property
    def moves(self) -> bool:
        """Whether any requests go to other versions than before."""
        before, after = (
            {fate.match: fate.shares for fate in each.fates()} for each in (self.before, self.after)
        )
        new = {
            match: shared for match, shared in after.items() if before.get(match, before.get("")) != shared
        }
        return bool(new) or any(
            match not in after and shared != after.get("") for match, shared in before.items()
        )

    @property
    def is_felt(self) -> bool:
        """Whether anything about the requests changes: a subset that nobody names changes nothing."""
        policies = [_policies(each.destination_rules.effective) for each in (self.before, self.after)]
        return policies[0] != policies[1] or not diff.same(self.before.in_force, self.after.in_force)

    def failing(self, error_ratios: Mapping[str, float]) -> Bounds:
        """The part of the requests that fails after the plan and did not before; below 0 where fewer do.

        `error_ratios`: what part of its requests each version fails now, as measured.
        """
        return self._added(lambda fate: _failing(fate, self.service, error_ratios))

    def delayed(self) -> Bounds:
        """The part of the requests that waits after the plan and did not before."""
        return self._added(lambda fate: fate.delayed)

    def faults(self) -> tuple[list[ObservedFault], list[ObservedFault]]:
        """The faults that the plan adds, and those that it takes away."""
        before, after = (_faults(each.in_force) for each in (self.before, self.after))
        return [each for each in after if each not in before], [each for each in before if each not in after]

    def shares(self) -> tuple[dict[str, float], dict[str, float]]:
        """The part (0-1) of the requests on the default route that each version gets, before and after."""
        return self._default(self.before), self._default(self.after)

    def _added(self, part: Callable[[Fate], float]) -> Bounds:
        before, after = ({fate.match: fate for fate in each.fates()} for each in (self.before, self.after))
        default_before, default_after = _default_of(before), _default_of(after)
        pairs = [(before.get(match, default_before), fate) for match, fate in after.items()]
        pairs += [(fate, default_after) for match, fate in before.items() if match not in after]
        differences = [part(new) - part(old) for old, new in pairs]
        return Bounds(min(differences), max(differences))

    def _default(self, steered: Steered) -> dict[str, float]:
        fate = _default_of({fate.match: fate for fate in steered.fates()})
        return _by_version(fate, self.service)


def effects(operations: Sequence[Operation], live: Live, services: Iterable[tuple[str, str]]) -> list[Effect]:
    """What operations change for these services, and for those that what they write is about."""
    named, patterns = set(services), _patterns(operations)
    met = [
        service
        for service in live.services
        if (service.namespace, service.name) in named or _is_about(patterns, service)
    ]
    before, later = live.resources, after(operations, live)
    return [
        Effect(
            *(
                shares.steered(_perhaps_about(service, each), service, live.services)
                for each in (before, later)
            )
        )
        for service in met
    ]


def after(operations: Iterable[Operation], live: Live) -> list[Manifest]:
    """The resources as they are once the operations are done."""
    written = {_name(operation.before or operation.after or {}): operation.after for operation in operations}
    others = [item for item in live.resources if _name(item) not in written]
    return [*others, *(_dated(item) for item in written.values() if item is not None)]


def _dated(manifest: Manifest) -> Manifest:
    """What is new is younger than all that is there, which decides between VirtualServices and routes."""
    return {**manifest, "metadata": {"creationTimestamp": _LATEST, **manifest["metadata"]}}


def _name(manifest: Manifest) -> tuple[str, str, str, str]:
    metadata = manifest["metadata"]
    group = str(manifest.get("apiVersion", "")).rpartition("/")[0]
    return group, str(manifest.get("kind")), str(metadata.get("namespace", "")), str(metadata["name"])


def _patterns(operations: Iterable[Operation]) -> list[str]:
    """The hosts, perhaps with wildcards, of what is written: VirtualServices, routes, DestinationRules."""
    found: set[str] = set()
    for operation in operations:
        for manifest in filter(None, (operation.before, operation.after)):
            if operation.ref.kind == kinds.VIRTUAL_SERVICE:
                found.update(istio.hosts_of(manifest))
            elif operation.ref.kind == kinds.DESTINATION_RULE:
                found.add(istio.host_of(manifest))
            elif operation.ref.kind.kind in gatewayapi.KINDS:
                found.update(service_host(*parent) for parent in gatewayapi.parents(manifest))
    return sorted(found)


def _is_about(patterns: Iterable[str], service: inventory.Service) -> bool:
    host = service_host(service.namespace, service.name)
    return any(covers(pattern, host) for pattern in patterns)


def _perhaps_about(service: inventory.Service, resources: Iterable[Manifest]) -> list[Manifest]:
    """Without those that are about other services, as their hosts are written: most, in a large mesh."""
    first = f"{service.name}."
    return [
        item
        for item in resources
        if any(host == service.name or host.startswith((first, "*")) for host in _written_hosts(item))
    ]


def _written_hosts(manifest: Manifest) -> list[str]:
    if manifest.get("kind") in gatewayapi.KINDS:
        return [service_host(*parent) for parent in gatewayapi.parents(manifest)]
    spec = manifest.get("spec") or {}
    hosts = spec.get("hosts") if manifest.get("kind") == kinds.VIRTUAL_SERVICE.kind else [spec.get("host")]
    return [str(host) for host in hosts] if isinstance(hosts, list) else []


def _faults(virtual_service: Manifest | None) -> list[ObservedFault]:
    return list(istio.observed_faults(virtual_service)) if virtual_service else []


def _policies(destination_rule: Manifest | None) -> list[object]:
    """The traffic policies of a DestinationRule, those of its subsets too, as far as they say something."""
    spec = (destination_rule or {}).get("spec") or {}
    of_subsets = {
        str(each.get("name")): each["trafficPolicy"]
        for each in istio.subsets_of(destination_rule)
        if each.get("trafficPolicy")
    }
    return [spec.get("trafficPolicy"), of_subsets]


def _default_of(fates: Mapping[str, Fate]) -> Fate:
    """The fate of a request that no match chooses; without a default route it is answered 404."""
    return fates.get("", Fate(failing=1.0, status="404"))


def _by_version(fate: Fate, service: inventory.Service) -> dict[str, float]:
    """The shares of a fate, the part of the whole service by its ready pods."""
    found = {version: share for version, share in fate.shares.items() if version != WHOLE}
    whole = fate.shares.get(WHOLE, 0.0)
    pods = sum(version.ready_pods for version in service.versions)
    if whole and pods:
        for version in service.versions:
            found[version.version] = found.get(version.version, 0.0) + whole * version.ready_pods / pods
    return found


def _failing(fate: Fate, service: inventory.Service, error_ratios: Mapping[str, float]) -> float:
    """What part of its requests a fate turns into errors, by the rule itself and by where it sends them."""
    there = 0.0
    for version, share in _by_version(fate, service).items():
        known = service.version(version)
        dead = service.pods_known and known is not None and not known.ready_pods
        there += share * (1.0 if dead else error_ratios.get(version, 0.0))
    return fate.failing + (1 - fate.failing) * there
