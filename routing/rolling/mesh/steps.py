"""What a rollout would write, step by step, and what of the cluster speaks against it, before the start."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import msgspec

from cluster import inventory
from cluster.identity import Ask
from cluster.kinds import DESTINATION_RULE, GRPC_ROUTE, HTTP_ROUTE, VIRTUAL_SERVICE
from cluster.person import PersonCluster
from routing import istio, live, managers, plans
from routing.drafting.routes import HTTP
from routing.istio.hosts import http_rules
from routing.planner import Live, Plan
from routing.rollouts.foresight import Caution
from routing.rollouts.moves import rule_of
from routing.rollouts.spec import Spec
from routing.rollouts.standing import MATCHED, Scene, mirror_of, own_route, scene, unknown_service
from routing.rollouts.wanted import not_carried, rules
from routing.rules import FieldError


@dataclass(frozen=True, slots=True)
class Before:
    """What is known of the cluster before the start: the members of `foresight.Before` of the same names,
    further cautions, and what forbids the start, by the field of the request.
    """

    canary_ready: bool = True
    manager: str = ""
    retries: int = 0
    gateway_only: bool = False
    cautions: tuple[Caution, ...] = ()
    errors: tuple[FieldError, ...] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Start:
    """What a person would start from, read once: for `drafts` and `cautions` of one request."""

    person: PersonCluster
    live: Live
    scene: Scene


def read(spec: Spec, person: PersonCluster) -> Start:
    """What stands now, as far as this person may read it: who may not read routes of the Gateway API does
    without them. Raises `cluster.errors.ClusterError`.
    """
    kinds = (HTTP_ROUTE, GRPC_ROUTE)
    optional = (kind for kind in kinds if not person.why_not(Ask("list", kind, spec.namespace)))
    seen = live.read(person, {spec.namespace}, (VIRTUAL_SERVICE, DESTINATION_RULE, *optional))
    return begun(spec, person, seen)


def begun(spec: Spec, person: PersonCluster, seen: Live) -> Start:
    """The start from what was read already."""
    service = seen.service(spec.namespace, spec.service) or unknown_service(spec.namespace, spec.service)
    return Start(person, seen, scene(seen.resources, service))


def drafts(spec: Spec, person: PersonCluster, start: Start | None = None) -> list[Plan]:
    """For each step the plan that leads to it from what stands now; nothing is kept.

    Raises WrongRulesError where the cluster as it stands does not allow one, `cluster.errors.ClusterError`.
    """
    start = _as_deployed(start or read(spec, person), spec)
    return [
        plans.draft({"rules": rules(start.scene, spec, rule_of(spec, index))}, person, start.live)[1]
        for index in range(len(spec.steps))
    ]


def cautions(spec: Spec, person: PersonCluster, start: Start | None = None) -> Before:
    """What speaks against starting. Raises `cluster.errors.ClusterError`."""
    start = start or read(spec, person)
    seen = start.scene
    canary = seen.service.version(spec.canary)
    return Before(
        canary_ready=canary is not None and canary.ready_pods > 0,
        manager=_manager(seen),
        retries=_retries(seen),
        gateway_only=bool(seen.virtual.gateway_only) and seen.virtual.main is None,
        cautions=tuple(_cautions(seen, spec)),
        errors=tuple(_errors(seen, spec, start.live)),
    )


def _as_deployed(start: Start, spec: Spec) -> Start:
    """The start as it will be once the canary has a ready pod: until then nothing is written."""
    service = start.live.service(spec.namespace, spec.service)
    if service is None:
        return start
    found = service.version(spec.canary) or _to_come(service, spec)
    if found.ready_pods:
        return start
    versions = [each for each in service.versions if each.version != spec.canary]
    ready = msgspec.structs.replace(found, pods=max(1, found.pods), ready_pods=1)
    deployed = msgspec.structs.replace(service, versions=(*versions, ready))
    services = tuple(deployed if each is service else each for each in start.live.services)
    seen = replace(start.scene, service=deployed)
    return Start(start.person, replace(start.live, services=services), seen)


def _to_come(service: inventory.Service, spec: Spec) -> inventory.Version:
    """The canary before its first pod: named by the label that names the baseline."""
    other = service.version(spec.baseline)
    label = other.label if other is not None and other.label else inventory.VERSION_LABELS[0]
    return inventory.Version(spec.canary, label, 0, 0, 0, {label: spec.canary})


def _manager(seen: Scene) -> str:
    """Who else writes what the rollout would, by himself."""
    written = (seen.virtual.main, seen.destination_rules.main)
    names = [each.name for item in written for each in managers.of(item) if each.acts]
    return ", ".join(dict.fromkeys(names))


def _retries(seen: Scene) -> int:
    """How often a failed request of the default route is tried again."""
    default = seen.default()
    said = (default.said.get("retries") or {}) if default is not None else {}
    attempts = said.get("attempts", 0)
    return attempts if isinstance(attempts, int) else 0


def _errors(seen: Scene, spec: Spec, found: Live) -> Iterator[FieldError]:
    if found.service(spec.namespace, spec.service) is None:
        message = f"There is no service {spec.service} in namespace {spec.namespace}."
        yield FieldError("service", message)
        return
    ports = [port.protocol for port in seen.service.ports]
    if ports and not HTTP.intersection(ports):
        message = f"{spec.service} has no port for HTTP ({', '.join(ports)}); requests are what is judged."
        yield FieldError("service", message)
    if seen.producers:
        names = ", ".join(map(istio.name_of, seen.producers))
        message = (
            f"{names} routes {spec.service}; a rollout steers VirtualServices, and would change nothing."
        )
        yield FieldError("service", message)
    if seen.virtual.rivals and seen.virtual.main:
        names = ", ".join(map(istio.name_of, (seen.virtual.main, *seen.virtual.rivals)))
        message = f"{names} all claim this host; which is in force is undefined (IST0109). Leave one of them."
        yield FieldError("service", message)
    if seen.service.pods_known and seen.service.version(spec.baseline) is None:
        names = ", ".join(each.version for each in seen.service.versions) or "none"
        yield FieldError("baseline", f"{spec.service} has no version {spec.baseline}; it has {names}.")


def _cautions(seen: Scene, spec: Spec) -> Iterator[Caution]:
    if losing := _losing(seen, spec):
        words = f"{', '.join(losing)} gets requests now, and none once this begins."
        yield Caution("OTHERS_LOSE_TRAFFIC", words)
    for item in seen.virtual.gateway_only if seen.virtual.main is not None else ():
        words = f"{istio.name_of(item)} sends requests here from a gateway; they do not follow the rollout."
        yield Caution("GATEWAY_BESIDE", words)
    for item in seen.consumers:
        yield Caution(
            "CONSUMER_ROUTE", f"{istio.name_of(item)} is followed by callers of its namespace instead."
        )
    if any(rule.get("fault") for rule in (http_rules(seen.virtual.main) if seen.virtual.main else ())):
        yield Caution(
            "FAULT_STANDS", f"A fault is injected into requests to {spec.service}; nothing is judged then."
        )
    yield from _of_strategy(seen, spec)


def _losing(seen: Scene, spec: Spec) -> list[str]:
    """The versions that get requests now and would lose all of them."""
    shares = seen.shares()
    if shares is not None and set(shares) != {""}:
        named = [version or "what is no version" for version, share in shares.items() if share]
    else:
        named = [each.version for each in seen.service.versions if each.ready_pods]
    return [version for version in named if version not in (spec.baseline, spec.canary)]


def _of_strategy(seen: Scene, spec: Spec) -> Iterator[Caution]:
    if spec.strategy.kind == "mirror" and mirror_of(seen, spec) is not None:
        words = f"Somebody mirrors requests to {spec.canary} already; the rollout takes that mirror over."
        yield Caution("MIRROR_STANDS", words)
    if spec.strategy.kind not in MATCHED:
        return
    if own_route(seen) is not None:
        yield Caution(
            "ROUTE_STANDS", "The route of an earlier rollout is there still; this one takes it over."
        )
    if lost := not_carried(seen):
        words = f"Requests of the canary's own route go without {', '.join(lost)}, which no rule can say."
        yield Caution("NOT_CARRIED", words)
