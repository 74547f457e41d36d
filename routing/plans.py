"""Makes a plan of what somebody asks for, and keeps it."""

from django.contrib.auth.models import User
from django.utils import timezone

from cluster.person import PersonCluster
from routing import blast, live, planner, rules, scope, stored
from routing.apply import Clock
from routing.errors import WrongRulesError
from routing.models import Plan
from routing.rules import FieldError
from routing.sentences import summary


def make(
    body: object, by: User, person: PersonCluster, traffic: blast.Traffic, *, now: Clock = timezone.now
) -> Plan:
    """The plan of a request body, in this person's cluster and by what he may read.

    Raises WrongRulesError (and keeps nothing) when the rules are wrong, or the cluster as it stands does not
    allow them; `cluster.errors.ClusterError` when it cannot be read.
    """
    wanted, plan = draft(body, person)
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
        problems=[problem.keep() for problem in plan.problems],
        blast_radius=blast.radius(wanted.rules, traffic, _touched(wanted.rules, plan)),
        hash=plan.hash,
        inputs=dict(plan.inputs),
        summary=summary(wanted.rules),
    )


def draft(body: object, person: PersonCluster) -> tuple[rules.Request, planner.Plan]:
    """What a request body asks for, and the plan of it, which is not kept. Raises what `make` raises."""
    try:
        wanted = rules.parse_request(body)
    except rules.RulesError as refusal:
        raise WrongRulesError(refusal.errors) from refusal
    places, touched = {rule.namespace for rule in wanted.rules}, rules.kinds_read(wanted.rules)
    plan = planner.plan(wanted.rules, live.read(person, places, touched))
    if plan.errors:
        raise WrongRulesError(FieldError(item.field or "rules", item.message) for item in plan.errors)
    return wanted, plan


def _touched(wanted: tuple[rules.Rule, ...], plan: planner.Plan) -> set[tuple[str, str]]:
    """The services whose routes and policies change by rules that are about no service."""
    if all(rule.service for rule in wanted):
        return set()
    return planner.services_of(plan.operations)
