"""What lies before a rollout, by the cluster and the traffic of now: the writes of each step, what its judge
could see, what speaks against it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from cluster import inventory
from cluster.identity import Ask
from cluster.kinds import DESTINATION_RULE, GRPC_ROUTE, HTTP_ROUTE, SERVICE, VIRTUAL_SERVICE
from cluster.person import PersonCluster
from cluster.refs import Manifest, Ref
from routing import istio, live, managers, operations, planner, problems, retries, rules, scope, stored
from routing.blast import Traffic
from routing.operations import Operation
from routing.planner import Live
from routing.problems import Need
from routing.rollouts import foresight, wanted
from routing.rollouts.foresight import Before, Caution, Foresight
from routing.rollouts.moves import rule_of
from routing.rollouts.spec import Latency, Spec
from routing.rollouts.standing import MATCHED, Scene, scene
from routing.rules import FieldError, listed, quoted
from routing.sentences import percent, summary

Json = dict[str, Any]
_NOT_DEPLOYED: Final = "has no pod yet, so that the writes cannot be shown; the start waits for it."
_UNMEASURED: Final = "The traffic is not measured just now; what the judge could see is not known."
_OF_TRAFFIC: Final = frozenset({"NO_TRAFFIC", "NOT_MEASURED", "BLIND", "NO_VERDICT"})
"""What is said of traffic that is measured only."""


@dataclass(frozen=True, slots=True)
class Step:
    """What a step writes, after the steps before it."""

    sentence: str
    plan: planner.Plan


@dataclass(frozen=True, slots=True)
class Prospect:
    """What lies before a rollout. `traffic`: of now, as JSON; `warnings`: what speaks against it;
    `problems`: of its plans, as the person may read them; `needs`: who may see the rollout.
    """

    spec: Spec
    ahead: tuple[Step, ...]
    foresight: Foresight
    traffic: Json
    warnings: tuple[Caution, ...]
    problems: tuple[Json, ...]
    needs: str

    @property
    def asks(self) -> list[Ask]:
        """The rights that its writes take."""
        return [stored.ask(stored.keep(item)) for step in self.ahead for item in step.plan.operations]

    def steps(self) -> list[Json]:
        """Each step as the REST API answers it."""
        unknown: Sequence[Step | None] = self.ahead or [None] * len(self.spec.steps)
        return [
            {
                "weight": seen.weight,
                "seconds": seen.seconds,
                "sentence": step.sentence if step else f"{self.spec.canary} {_NOT_DEPLOYED}",
                "operations": stored.planned_view(step.plan.operations) if step else [],
                "sights": [asdict(each) for each in seen.sights],
            }
            for seen, step in zip(self.foresight.steps, unknown, strict=True)
        ]


def wrong(spec: Spec, person: PersonCluster) -> list[FieldError]:
    """What the cluster has against a rollout, by field. Raises `cluster.errors.ClusterError`."""
    visible = person.visible_or_raise()
    if visible is not None and spec.namespace not in visible:
        return [FieldError("namespace", f"There is no namespace {quoted(spec.namespace)} that you may read.")]
    state = _read(spec, person)
    service = state.service(spec.namespace, spec.service)
    if service is None:
        words = f"There is no service {quoted(spec.service)} in namespace {quoted(spec.namespace)}."
        return [FieldError("service", words)]
    return [*_wrong_versions(spec, service), *_refused(spec, state, service)]


def of(spec: Spec, person: PersonCluster, traffic: Traffic) -> Prospect:
    """What lies before a rollout with which nothing is wrong. Raises `cluster.errors.ClusterError`."""
    state = _read(spec, person)
    service = state.service(spec.namespace, spec.service)
    ahead = _steps(spec, state, service) if service is not None else ()
    before = _before(spec, state, service, traffic)
    seen = foresight.foresee(spec, before)
    found = list(dict.fromkeys(problem for step in ahead for problem in step.plan.problems))
    readable = person.may_read({need for problem in found for need in problem.needs})
    shown = [problems.shown(problem.keep(), readable) for problem in found if problem.code != "NOTHING_TO_DO"]
    return Prospect(
        spec=spec,
        ahead=ahead,
        foresight=seen,
        traffic=_traffic(spec, before, traffic),
        warnings=tuple(_warnings(spec, state, service, seen, measured=traffic.available())),
        problems=tuple(shown),
        needs=_needs(spec, ahead),
    )


def _read(spec: Spec, person: PersonCluster) -> Live:
    """What is routed here. Routes of the Gateway API count where the person may read them."""
    readable = (
        kind
        for kind in (HTTP_ROUTE, GRPC_ROUTE)
        if person.served_version(kind) and not person.why_not(Ask("list", kind, spec.namespace))
    )
    return live.read(person, {spec.namespace}, (VIRTUAL_SERVICE, DESTINATION_RULE, *readable))


def _wrong_versions(spec: Spec, service: inventory.Service) -> Iterable[FieldError]:
    known = [quoted(each.version) for each in service.versions]
    shown = f"known are {listed(known)}" if known else "none of its pods says its version"
    if service.version(spec.baseline) is None:
        words = f"{spec.service} has no version {quoted(spec.baseline)}; {shown}."
        yield FieldError("baseline", words)


def _refused(spec: Spec, state: Live, service: inventory.Service) -> list[FieldError]:
    """Why the steps cannot be written; each reason once."""
    if any(service.version(name) is None for name in (spec.baseline, spec.canary)):
        return []
    found: dict[str, str] = {}
    for index, step in enumerate(_steps(spec, state, service)):
        for problem in step.plan.errors:
            found.setdefault(problem.message, f"steps[{index}]")
    return [FieldError(at, message) for message, at in found.items()]


def _steps(spec: Spec, state: Live, service: inventory.Service) -> tuple[Step, ...]:
    """The writes of each step on what the one before it leaves; none while the canary is not deployed."""
    if service.version(spec.canary) is None:
        return ()
    found = []
    for index in range(len(spec.steps)):
        asked = rules.parse(wanted.rules(scene(state.resources, service), spec, rule_of(spec, index)))
        plan = planner.plan(asked, state)
        found.append(Step(summary(asked), plan))
        state = _after(state, plan.operations)
    return tuple(found)


def _after(state: Live, done: Sequence[Operation]) -> Live:
    """The cluster once these are written."""
    made: Mapping[Ref, tuple[Manifest | None, Manifest | None]] = operations.outcome(done)
    kept = [item for item in state.resources if Ref.of(item) not in made]
    new = [after for _, after in made.values() if after is not None]
    return replace(state, resources=(*kept, *new))


def _needs(spec: Spec, ahead: Sequence[Step]) -> str:
    """What must be readable to see the rollout: what it writes, and what that was made of."""
    own: set[Need] = {(kind, spec.namespace) for kind in (VIRTUAL_SERVICE, DESTINATION_RULE, SERVICE)}
    kept = [stored.keep(item) for step in ahead for item in step.plan.operations]
    sources = own.union(*(step.plan.sources for step in ahead))
    return scope.needs(kept, [f"{spec.namespace}/{spec.service}"], sources)


def _before(spec: Spec, state: Live, service: inventory.Service | None, traffic: Traffic) -> Before:
    virtual = istio.virtual_services_of(state.virtual_services, spec.namespace, spec.service)
    canary = service.version(spec.canary) if service is not None else None
    in_force = virtual.main or virtual.wildcard
    name = (spec.namespace, spec.service)
    return Before(
        per_second=_per_second(spec, traffic),
        bad_ratio=_bad_ratios(spec, traffic),
        canary_ready=canary is not None and canary.ready_pods > 0,
        manager=" and ".join(each.name for each in managers.of(in_force) if each.acts),
        retries=retries.configured(state.virtual_services, [name])[name],
        gateway_only=in_force is None and bool(virtual.gateway_only),
    )


def _warnings(
    spec: Spec,
    state: Live,
    service: inventory.Service | None,
    seen: Foresight,
    *,
    measured: bool,
) -> Iterator[Caution]:
    """What speaks against starting, besides what the judge cannot see."""
    deployed = service is not None and service.version(spec.canary) is not None
    if not deployed:
        yield Caution("CANARY_NOT_DEPLOYED", f"{spec.canary} {_NOT_DEPLOYED}")
    if not measured:
        yield Caution("TRAFFIC_UNKNOWN", _UNMEASURED)
    without = (_OF_TRAFFIC if not measured else frozenset()) | (
        {"CANARY_NOT_READY"} if not deployed else set()
    )
    yield from (each for each in seen.warnings if each.code not in without)
    if service is not None:
        yield from _of_routes(spec, scene(state.resources, service))


def _of_routes(spec: Spec, seen: Scene) -> Iterator[Caution]:
    """What becomes of requests that take other ways than the rollout's."""
    others = {
        version: share
        for version, share in (seen.shares() or {}).items()
        if share and version not in (spec.baseline, spec.canary)
    }
    for version, share in others.items():
        what = f"{version or 'Another destination'} gets {percent(share)} of the requests now"
        yield Caution("OTHER_VERSIONS", f"{what}, and none from the first step on.")
    if spec.strategy.kind in MATCHED and (lost := wanted.not_carried(seen)):
        words = (
            f"Requests to the canary by {spec.strategy.kind} go without {listed(lost)} of the default route."
        )
        yield Caution("NOT_CARRIED", words)


def _per_second(spec: Spec, traffic: Traffic) -> float:
    if not traffic.available():
        return 0.0
    callers = traffic.callers(spec.namespace, spec.service)
    return sum(caller.requests_per_second for caller in callers)


def _bad_ratios(spec: Spec, traffic: Traffic) -> dict[str, float]:
    """The baseline's ratio of bad requests by guard, of those that are measured."""
    if not traffic.available():
        return {}
    failed = traffic.error_ratios(spec.namespace, spec.service)
    found = {}
    for name, guard in spec.judged.items():
        if not isinstance(guard, Latency) and spec.baseline in failed:
            found[name] = failed[spec.baseline]
    return found


def _traffic(spec: Spec, before: Before, traffic: Traffic) -> Json:
    measured = traffic.available()
    callers = traffic.callers(spec.namespace, spec.service) if measured else []
    return {
        "requests_per_second": before.per_second if measured else None,
        "bad_ratio": dict(before.bad_ratio),
        "callers": [
            {
                "namespace": caller.namespace,
                "workload": caller.workload,
                "app": caller.app,
                "version": caller.version,
                "requests_per_second": caller.requests_per_second,
                "error_ratio": caller.error_ratio,
            }
            for caller in callers
        ],
    }
