"""What steers reviews, and what becomes of it by the rules of a rollout: planned without a cluster."""

import copy

from cluster.refs import Ref
from routing import operations, planner, rules
from routing.rollouts import standing, wanted
from routing.rollouts.spec import Spec, Step, Strategy
from routing.rollouts.states import Rule
from tests.routing.generated import SERVICE, SUBSETS_RULE

STEPS = (Step(5, 1), Step(25, 1), Step(50, 1), Step(100, 1))
STRATEGIES = (
    Strategy(),
    Strategy("blue_green"),
    Strategy("mirror"),
    Strategy("header", "X-Canary", "always"),
    Strategy("cookie", "canary", "a.b+c"),
)


def spec(strategy=Strategy(), **more):  # noqa: B008  (it is frozen)
    return Spec("bookinfo", "reviews", "v1", "v3", more.pop("steps", STEPS), strategy, **more)


def all_rules(asked):
    """Every rule that a rollout may ever want."""
    match = asked.strategy.kind in standing.MATCHED
    weights = (0, 5, 25, 50, 99, 100)
    found = [Rule(), Rule(100), *(Rule(weight, match=match) for weight in weights)]
    return [*found, Rule(0, mirror=True)] if asked.strategy.kind == "mirror" else found


def seen(resources, service=SERVICE):
    return standing.scene(resources, service)


def planned(resources, asked, rule, service=SERVICE):
    """The plan that makes a rule stand."""
    made = wanted.rules(seen(resources, service), asked, rule)
    return planner.plan(rules.parse(made), planner.Live((service,), tuple(resources)))


def done(resources, plan):
    """The resources after a plan."""
    outcome = operations.outcome(plan.operations)
    refs = {Ref.named(item): item for item in resources}
    after = {**refs, **{ref: then for ref, (_, then) in outcome.items()}}
    return [copy.deepcopy(item) for item in after.values() if item is not None]


def written(resources, asked, rule):
    """The resources after a rule was written; it must be possible."""
    plan = planned(resources, asked, rule)
    assert not plan.errors, plan.errors
    return done(resources, plan)


def with_subsets(virtual_service):
    return [virtual_service, copy.deepcopy(SUBSETS_RULE)]
