"""Makes a plan of what somebody asks for, and keeps it."""

from collections.abc import Iterable

from django.contrib.auth.models import User
from django.utils import timezone

from cluster.person import PersonCluster
from routing import blast, live, planner, rules, scope, stored
from routing.apply import Clock
from routing.errors import WrongRulesError
from routing.models import Plan, Rollout
from routing.problems import Problem, warning
from routing.rules import FieldError
from routing.sentences import summary


def make(
    body: object,
    by: User,
    person: PersonCluster,
    traffic: blast.Traffic,
    *,
    now: Clock = timezone.now,
    seen: planner.Live | None = None,
    rollout: int | None = None,
) -> Plan:
    """The plan of a request body, in this person's cluster and by what he may read.

    `seen`: what `routing.live.read` has just read of it, of all that the rules touch. `rollout`: the one that
    makes the plan.

    Raises WrongRulesError (and keeps nothing) when the rules are wrong, or the cluster as it stands does not
    allow them; `cluster.errors.ClusterError` when it cannot be read.
    """
    wanted, plan, state = _drafted(body, person, seen)
    named = {(rule.namespace, rule.service) for rule in wanted.rules if rule.service}
    named |= planner.services_of(plan.operations)
    radius = blast.radius(named, plan.operations, state, traffic)
    problems = [*plan.problems, *blast.problems_of(radius), *_rollouts(person.name, named, rollout)]
    _refuse(problems)
    operations = [stored.keep(operation) for operation in plan.operations]
    return Plan.objects.create(
        cluster=person.name,
        needs=scope.needs(
            operations,
            [f"{rule.namespace}/{rule.service}" for rule in wanted.rules if rule.service],
            plan.sources,
        ),
        created_at=now(),
        created_by=by,
        note=wanted.note,
        rules=[rules.to_json(rule) for rule in wanted.rules],
        operations=operations,
        problems=[problem.keep() for problem in problems],
        blast_radius=radius,
        hash=plan.hash,
        inputs=dict(plan.inputs),
        summary=summary(wanted.rules),
    )


def draft(
    body: object, person: PersonCluster, seen: planner.Live | None = None
) -> tuple[rules.Request, planner.Plan]:
    """What a request body asks for, and the plan of it, which is not kept. Raises what `make` raises.

    `seen`: as for `make`.
    """
    wanted, plan, _ = _drafted(body, person, seen)
    return wanted, plan


def _rollouts(cluster: str, services: set[tuple[str, str]], own: int | None) -> list[Problem]:
    """A warning for each service whose rollout would take this plan for somebody else's edit."""
    running = Rollout.objects.filter(cluster=cluster, occupies__isnull=False)
    found = running.filter(namespace__in={namespace for namespace, _ in services}).order_by("pk")
    return [
        warning(
            "ROLLOUT_RUNNING",
            f"Rollout #{each.pk} takes {each.service} from {each.baseline} to {each.canary} just now. It "
            "pauses if this changes its weights, its mirror or its route; everything else may change.",
            needs=sorted(scope.pairs(each.needs), key=str),
        )
        for each in found
        if each.pk != own and (each.namespace, each.service) in services
    ]


def _drafted(
    body: object, person: PersonCluster, seen: planner.Live | None
) -> tuple[rules.Request, planner.Plan, planner.Live]:
    try:
        wanted = rules.parse_request(body)
    except rules.RulesError as refusal:
        raise WrongRulesError(refusal.errors) from refusal
    places, touched = {rule.namespace for rule in wanted.rules}, rules.kinds_read(wanted.rules)
    state = live.read(person, places, touched) if seen is None else seen
    plan = planner.plan(wanted.rules, state)
    _refuse(plan.problems)
    if not state.whole and (unseen := live.dangling(person, plan.operations)):
        raise WrongRulesError([FieldError("rules", unseen)])
    return wanted, plan, state


def _refuse(problems: Iterable[Problem]) -> None:
    errors = [item for item in problems if item.level == "error"]
    if errors:
        fields = [FieldError(item.field or "rules", item.message) for item in errors]
        raise WrongRulesError(fields, errors)
