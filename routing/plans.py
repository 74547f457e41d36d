"""Makes a plan of what somebody asks for, and keeps it."""

from collections.abc import Iterable

from django.contrib.auth.models import User
from django.utils import timezone

from cluster.person import PersonCluster
from routing import blast, live, planner, rules, scope, stored
from routing.apply import Clock
from routing.errors import WrongRulesError
from routing.models import Plan
from routing.problems import Problem
from routing.rules import FieldError
from routing.sentences import summary


def make(
    body: object, by: User, person: PersonCluster, traffic: blast.Traffic, *, now: Clock = timezone.now
) -> Plan:
    """The plan of a request body, in this person's cluster and by what he may read.

    Raises WrongRulesError (and keeps nothing) when the rules are wrong, or the cluster as it stands does not
    allow them; `cluster.errors.ClusterError` when it cannot be read.
    """
    wanted, plan, state = _drafted(body, person)
    named = {(rule.namespace, rule.service) for rule in wanted.rules if rule.service}
    named |= planner.services_of(plan.operations)
    radius = blast.radius(named, plan.operations, state, traffic)
    problems = [*plan.problems, *blast.problems_of(radius)]
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


def draft(body: object, person: PersonCluster) -> tuple[rules.Request, planner.Plan]:
    """What a request body asks for, and the plan of it, which is not kept. Raises what `make` raises."""
    wanted, plan, _ = _drafted(body, person)
    return wanted, plan


def _drafted(body: object, person: PersonCluster) -> tuple[rules.Request, planner.Plan, planner.Live]:
    try:
        wanted = rules.parse_request(body)
    except rules.RulesError as refusal:
        raise WrongRulesError(refusal.errors) from refusal
    places, touched = {rule.namespace for rule in wanted.rules}, rules.kinds_read(wanted.rules)
    state = live.read(person, places, touched)
    plan = planner.plan(wanted.rules, state)
    _refuse(plan.problems)
    if not state.whole and (unseen := live.dangling(person, plan.operations)):
        raise WrongRulesError([FieldError("rules", unseen)])
    return wanted, plan, state


def _refuse(problems: Iterable[Problem]) -> None:
    errors = [item for item in problems if item.level == "error"]
    if errors:
        raise WrongRulesError(FieldError(item.field or "rules", item.message) for item in errors)
