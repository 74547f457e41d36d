"""What other engines of rollouts did to their users, by the numbers of the issues: none of it here.

Of Argo Rollouts: argoproj/argo-rollouts; of Flagger: fluxcd/flagger.
"""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing import istio
from routing.istio.hosts import percentages
from routing.istio.splits import default_rule
from routing.operations import outcome
from routing.rollouts.standing import PREFIX, foreign, standing
from routing.rollouts.states import Rule
from tests.routing.rollouts.scenes import STRATEGIES, all_rules, done, planned, seen, spec, written
from tests.routing.rollouts.test_wanted import started
from tests.routing.stage import destination_rule, route, virtual_service

each_strategy = pytest.mark.parametrize("strategy", STRATEGIES, ids=lambda each: each.kind)
RETRIES = {"attempts": 3, "perTryTimeout": "2s", "retryOn": "5xx,connect-failure"}
FAULT = {"delay": {"percentage": {"value": 10}, "fixedDelay": "3s"}}


def resources(**default):
    return [
        virtual_service("reviews", [{"route": route(("v1", 100)), **default}]),
        destination_rule("reviews", ["v1", "v2"]),
    ]


def of_kind(found, kind):
    return next(item for item in found if item["kind"] == kind)


def rules_of(found):
    return of_kind(found, "VirtualService")["spec"]["http"]


def through(found, asked, *rules):
    """The resources after each of these rules."""
    for rule in rules:
        found = written(found, asked, rule)
        yield found


@each_strategy
def test_retries_of_the_route_survive_every_step_and_the_end(strategy):
    """argo-rollouts#2266: a stanza of retries was deleted."""
    asked = spec(strategy)
    for found in through(resources(retries=RETRIES), asked, *all_rules(asked), Rule()):
        assert all(rule["retries"] == RETRIES for rule in rules_of(found))


@each_strategy
def test_subsets_of_others_survive_every_step_and_the_end(strategy):
    """Argo Rollouts drops the subsets of a DestinationRule that it does not know."""
    asked, start = spec(strategy), resources()
    blue = {"name": "blue", "labels": {"color": "blue"}, "trafficPolicy": {"tls": {"mode": "DISABLE"}}}
    of_kind(start, "DestinationRule")["spec"]["subsets"].append(blue)
    for found in through(start, asked, *all_rules(asked), Rule()):
        assert blue in of_kind(found, "DestinationRule")["spec"]["subsets"]


@given(started(), st.data())
def test_weights_are_never_all_zero_and_always_a_hundred_together(start, data):
    """argo-rollouts#3141: every weight was 0."""
    found, asked = start
    for rule in data.draw(st.lists(st.sampled_from(all_rules(asked)), min_size=1, max_size=4)):
        found = written(found, asked, rule)
        default = default_rule(rules_of(found))
        shares = percentages(default["route"])
        assert sum(shares) == 100
        assert len(default["route"]) == 1 or sum(item["weight"] for item in default["route"]) == 100


@given(started(), st.data())
def test_no_route_ever_names_a_subset_that_is_not_there_yet_or_any_more(start, data):
    """argo-rollouts#4564, #4612, #4195: 503 while the DestinationRule was late, at the end, at an abort."""
    found, asked = start
    of_kind(found, "DestinationRule")["spec"]["subsets"] = []
    with_weight = istio.weighted_subsets(of_kind(found, "VirtualService"))
    for rule in data.draw(st.lists(st.sampled_from(all_rules(asked)), min_size=1, max_size=4)):
        plan = planned(found, asked, rule)
        if plan.errors:
            return
        for index in range(1, len(plan.operations) + 1):
            now = {}
            for operation in plan.operations[:index]:
                now[operation.ref] = operation.after
            virtual, policy = (
                next((item for ref, item in now.items() if ref.kind.kind == kind), of_kind(found, kind))
                for kind in ("VirtualService", "DestinationRule")
            )
            have = {(istio.host_of(policy), each["name"]) for each in policy["spec"]["subsets"]}
            # What somebody's routes lacked before is theirs.
            assert istio.weighted_subsets(virtual) <= have | with_weight
        found = done(found, plan)


@each_strategy
def test_the_end_takes_no_subset_away(strategy):
    """argo-rollouts#4195: requests under way found their cluster gone."""
    asked = spec(strategy)
    *_, there = through(resources(), asked, *all_rules(asked))
    before = of_kind(there, "DestinationRule")
    for end in (Rule(), Rule(100)):
        plan = planned(there, asked, end)
        assert {ref.kind.kind for ref in outcome(plan.operations)} <= {"VirtualService"}
        assert of_kind(done(there, plan), "DestinationRule") == before


@each_strategy
def test_no_rule_of_the_rollout_is_left_after_an_abort_at_any_step(strategy):
    """argo-rollouts#1838: a stale rule stayed."""
    asked, start = spec(strategy), resources()
    for found in through(start, asked, *all_rules(asked)):
        back = written(found, asked, Rule())
        assert not [rule for rule in rules_of(back) if str(rule.get("name", "")).startswith(PREFIX)]
        assert not [rule for rule in rules_of(back) if rule.get("mirrors") or rule.get("mirror")]
        assert standing(seen(back), asked) == Rule()


@each_strategy
def test_faults_of_others_stay_where_they_are_and_are_put_nowhere_else(strategy):
    """flagger#703: faults were overwritten."""
    asked = spec(strategy)
    for found in through(resources(fault=FAULT), asked, *all_rules(asked), Rule()):
        default = default_rule(rules_of(found))
        assert default["fault"] == FAULT
        assert [rule for rule in rules_of(found) if rule is not default and "fault" in rule] == []


@each_strategy
def test_ones_own_virtual_service_stays_the_only_one_with_its_name_and_labels(strategy):
    """flagger#1715: keep my own VirtualService."""
    asked, start = spec(strategy), resources()
    mine = of_kind(start, "VirtualService")
    mine["metadata"] |= {"name": "my-own", "labels": {"team": "books"}, "annotations": {"by": "hand"}}
    metadata = copy.deepcopy(mine["metadata"])
    for found in through(start, asked, *all_rules(asked), Rule(100)):
        assert [item["metadata"] for item in found if item["kind"] == "VirtualService"] == [metadata]


@each_strategy
def test_what_changes_under_a_rollout_and_is_of_others_is_kept_by_its_next_step(strategy):
    """argo-rollouts and Flagger both write what they remember over what stands."""
    asked = spec(strategy)
    *_, found = through(resources(), asked, all_rules(asked)[3])
    default = default_rule(rules_of(found))
    default |= {"timeout": "7s", "xFuture": {"deep": [1]}}
    jason = {"name": "jason", "match": [{"uri": {"exact": "/x"}}], "route": route(("v2", 100))}
    rules_of(found).insert(0, copy.deepcopy(jason))
    assert foreign(seen(found), asked, all_rules(asked)[3]) == ""
    after = written(found, asked, all_rules(asked)[4])
    kept = default_rule(rules_of(after))
    assert (kept["timeout"], kept["xFuture"]) == ("7s", {"deep": [1]})
    assert jason in rules_of(after)
    own = [rule for rule in rules_of(after) if str(rule.get("name", "")).startswith(PREFIX)]
    # The rollout's own route follows the default route.
    assert all(rule["timeout"] == "7s" for rule in own)
