"""What lies before a rollout, by the cluster and the traffic of now: the writes of each step, what its judge
could see, what speaks against it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Protocol

from cluster.identity import Ask
from cluster.kinds import DESTINATION_RULE, SERVICE, VIRTUAL_SERVICE
from cluster.person import PersonCluster
from cluster.refs import Manifest, Ref
from routing import blast, operations, problems, scope, stored
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
from routing.rules import FieldError, RulesError, quoted
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


@dataclass(frozen=True, slots=True)
class Draft:
    """A rollout that can be written: what stands, what the cluster says of it, and the plan of each step on
    what the one before it leaves.
    """

    spec: Spec
    start: Start
    said: steps.Before
    plans: tuple[Plan, ...]


def drafted(spec: Spec, person: PersonCluster) -> Draft:
    """A rollout held against its cluster. Raises RulesError with what that has against it, by field;
    `cluster.errors.ClusterError`.
    """
    visible = person.visible_or_raise()
    if visible is not None and spec.namespace not in visible:
        words = f"There is no namespace {quoted(spec.namespace)} that you may read."
        raise RulesError([FieldError("namespace", words)])
    start = steps.read(spec, person)
    said = steps.cautions(spec, person, start)
    if said.errors:
        raise RulesError(said.errors)
    return Draft(spec, start, said, _plans(spec, start))


def of(draft: Draft, person: PersonCluster, traffic: Traffic) -> Prospect:
    """What lies before a rollout that can be written."""
    spec, said, plans = draft.spec, draft.said, draft.plans
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
        warnings=tuple(_warnings(spec, draft.start, [*seen.warnings, *said.cautions], traffic)),
        problems=tuple(_problems(plans, person)),
        needs=_needs(spec, plans),
    )


def _plans(spec: Spec, start: Start) -> tuple[Plan, ...]:
    """The plan of each step. Raises RulesError at the first step that cannot be written."""
    found: list[Plan] = []
    for index, step in enumerate(spec.steps):
        try:
            (plan,) = steps.drafts(replace(spec, steps=(step,)), start.person, start)
        except WrongRulesError as error:
            told = dict.fromkeys(each["message"] for each in error.fields)
            raise RulesError([FieldError(f"steps[{index}]", words) for words in told]) from error
        found.append(plan)
        start = steps.begun(spec, start.person, _after(start.live, plan.operations))
    return tuple(found)


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
