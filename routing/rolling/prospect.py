"""What lies before a rollout, by the cluster and the traffic of now: the writes of each step, what its judge
could see, what speaks against it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Protocol

from cluster.identity import Ask
from cluster.kinds import DESTINATION_RULE, GRPC_ROUTE, HTTP_ROUTE, SERVICE, VIRTUAL_SERVICE
from cluster.person import PersonCluster
from cluster.refs import Manifest, Ref
from routing import blast, live, operations, problems, scope, stored
from routing.errors import WrongRulesError
from routing.operations import Operation
from routing.planner import Live, Plan
from routing.problems import Need
from routing.rolling import records
from routing.rolling.mesh import sharing, steps
from routing.rolling.mesh.steps import Start
from routing.rollouts import foresight
from routing.rollouts.foresight import Before, Caution, Foresight
from routing.rollouts.spec import Latency, Spec
from routing.rollouts.standing import scene, unknown_service
from routing.rules import FieldError, quoted
from routing.sentences import summary
from telemetry.watching import Looked

Json = dict[str, Any]
_UNMEASURED: Final = "The traffic is not measured just now; what the judge could see is not known."
_OF_TRAFFIC: Final = frozenset({"NO_TRAFFIC", "NOT_MEASURED", "BLIND", "NO_VERDICT"})
"""What is said of traffic that is measured only."""


class Traffic(blast.Traffic, Protocol):
    """The live traffic, and what a rollout would count of it."""

    def looked(self, namespace: str, service: str, cursor: float, objective_ms: float = 0.0) -> Looked | None:
        """See `telemetry.live.Traffic.looked`."""


@dataclass(frozen=True, slots=True)
class Prospect:
    """What lies before a rollout. `plans`: of each step, on what the one before it leaves; `traffic`: of now,
    as JSON; `warnings`: what speaks against it; `problems`: of its plans, as the person may read them;
    `needs`: who may see the rollout.
    """

    spec: Spec
    plans: tuple[Plan, ...]
    foresight: Foresight
    traffic: Json
    warnings: tuple[Caution, ...]
    problems: tuple[Json, ...]
    needs: str

    @property
    def asks(self) -> list[Ask]:
        """The rights that its writes take."""
        return [stored.ask(stored.keep(item)) for plan in self.plans for item in plan.operations]

    def steps(self) -> list[Json]:
        """Each step as the REST API answers it."""
        return [
            {
                "weight": seen.weight,
                "seconds": seen.seconds,
                "sentence": summary(plan.rules),
                "operations": stored.planned_view(plan.operations),
                "sights": [asdict(each) for each in seen.sights],
            }
            for seen, plan in zip(self.foresight.steps, self.plans, strict=True)
        ]


def wrong(spec: Spec, person: PersonCluster) -> list[FieldError]:
    """What the cluster has against a rollout, by field. Raises `cluster.errors.ClusterError`."""
    visible = person.visible_or_raise()
    if visible is not None and spec.namespace not in visible:
        return [FieldError("namespace", f"There is no namespace {quoted(spec.namespace)} that you may read.")]
    start = _read(spec, person)
    found = list(steps.cautions(spec, person, start).errors)
    return found or list(_refused(spec, start))


def of(spec: Spec, person: PersonCluster, traffic: Traffic) -> Prospect:
    """What lies before a rollout with which nothing is wrong. Raises `cluster.errors.ClusterError`."""
    start = _read(spec, person)
    plans = tuple(_plans(spec, start))
    said = steps.cautions(spec, person, start)
    per_second = _per_second(spec, traffic)
    before = Before(
        per_second=per_second,
        bad_ratio=_bad_ratios(spec, person, traffic),
        canary_ready=said.canary_ready,
        manager=said.manager,
        retries=said.retries,
        gateway_only=said.gateway_only,
        verifying={w: sharing.seconds_to_verify(spec, w, per_second) for w in {s.weight for s in spec.steps}},
    )
    seen = foresight.foresee(spec, before)
    return Prospect(
        spec=spec,
        plans=plans,
        foresight=seen,
        traffic=_traffic(spec, before, traffic),
        warnings=tuple(_warnings(spec, start, [*seen.warnings, *said.cautions], traffic)),
        problems=tuple(_problems(plans, person)),
        needs=_needs(spec, plans),
    )


def _read(spec: Spec, person: PersonCluster) -> Start:
    """What stands now, as far as the person may read it: who may not read routes of the Gateway API does
    without them.
    """
    readable = (
        kind
        for kind in (HTTP_ROUTE, GRPC_ROUTE)
        if not person.why_not(Ask("list", kind, spec.namespace)) and person.served_version(kind)
    )
    seen = live.read(person, {spec.namespace}, (VIRTUAL_SERVICE, DESTINATION_RULE, *readable))
    return _start(spec, person, seen)


def _start(spec: Spec, person: PersonCluster, seen: Live) -> Start:
    service = seen.service(spec.namespace, spec.service) or unknown_service(spec.namespace, spec.service)
    return Start(person, seen, scene(seen.resources, service))


def _refused(spec: Spec, start: Start) -> Iterator[FieldError]:
    """Why the first step that cannot be written cannot."""
    found = 0
    try:
        for _ in _plans(spec, start):
            found += 1
    except WrongRulesError as error:
        told = dict.fromkeys(each["message"] for each in error.fields)
        yield from (FieldError(f"steps[{found}]", message) for message in told)


def _plans(spec: Spec, start: Start) -> Iterator[Plan]:
    """The plan of each step, on what the one before it leaves. Raises WrongRulesError."""
    for step in spec.steps:
        (plan,) = steps.drafts(replace(spec, steps=(step,)), start.person, start)
        yield plan
        start = _start(spec, start.person, _after(start.live, plan.operations))


def _after(state: Live, done: Sequence[Operation]) -> Live:
    """The cluster once these are written."""
    made: Mapping[Ref, tuple[Manifest | None, Manifest | None]] = operations.outcome(done)
    kept = [item for item in state.resources if Ref.named(item) not in made]
    new = [after for _, after in made.values() if after is not None]
    return replace(state, resources=(*kept, *new))


def _needs(spec: Spec, plans: Sequence[Plan]) -> str:
    """What must be readable to see the rollout: what it writes, and what that was made of."""
    own: set[Need] = {(kind, spec.namespace) for kind in (VIRTUAL_SERVICE, DESTINATION_RULE, SERVICE)}
    kept = [stored.keep(item) for plan in plans for item in plan.operations]
    sources = own.union(*(plan.sources for plan in plans))
    return scope.needs(kept, [f"{spec.namespace}/{spec.service}"], sources)


def _problems(plans: Sequence[Plan], person: PersonCluster) -> list[Json]:
    found = dict.fromkeys(
        problem for plan in plans for problem in plan.problems if problem.code != "NOTHING_TO_DO"
    )
    readable = person.may_read({need for problem in found for need in problem.needs})
    return [problems.shown(problem.keep(), readable) for problem in found]


def _warnings(spec: Spec, start: Start, said: Sequence[Caution], traffic: Traffic) -> Iterator[Caution]:
    """What speaks against starting; of traffic that nobody measures, only that."""
    deployed = start.scene.service.version(spec.canary) is not None
    if not deployed:
        words = f"{spec.canary} is not deployed yet; the start waits until it has a ready pod."
        yield Caution("CANARY_NOT_DEPLOYED", words)
    if not traffic.available():
        yield Caution("TRAFFIC_UNKNOWN", _UNMEASURED)
    without = (set() if traffic.available() else set(_OF_TRAFFIC)) | (
        set() if deployed else {"CANARY_NOT_READY"}
    )
    yield from (each for each in said if each.code not in without)


def _per_second(spec: Spec, traffic: Traffic) -> float:
    """The requests of all callers, of whatever version: what the two will get together."""
    if not traffic.available():
        return 0.0
    callers = traffic.callers(spec.namespace, spec.service)
    return sum(caller.requests_per_second for caller in callers)


def _bad_ratios(spec: Spec, person: PersonCluster, traffic: Traffic) -> dict[str, float]:
    """The baseline's ratio of bad requests by guard, of those that are measured."""
    if not traffic.available():
        return {}
    failed = traffic.error_ratios(spec.namespace, spec.service).get(spec.baseline)
    found = {
        name: failed if not isinstance(guard, Latency) else _slow_ratio(spec, guard, person, traffic)
        for name, guard in spec.judged.items()
    }
    return {name: ratio for name, ratio in found.items() if ratio is not None}


def _slow_ratio(spec: Spec, guard: Latency, person: PersonCluster, traffic: Traffic) -> float | None:
    """The baseline's requests slower than an objective (0-1). Counting them begins with the first question:
    whoever asks again seconds later is told.
    """
    if records.occupant(person.name, spec.namespace, spec.service) is not None:
        # What a running rollout counts as slow is not to be changed by a preview.
        return None
    seen = traffic.looked(spec.namespace, spec.service, float("-inf"), guard.objective_ms)
    mine = seen.versions.get(spec.baseline) if seen is not None and seen.edge_ms is not None else None
    return mine.slow / mine.timed if mine is not None and mine.timed else None


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
