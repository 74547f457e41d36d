"""What a rollout writes stands afterwards, whatever was there, and leaves all else as it was."""

import copy

from hypothesis import assume, given
from hypothesis import strategies as st

from routing import diff
from routing.istio.http.mirrors import modern
from routing.rollouts.standing import PREFIX, foreign, standing
from routing.rollouts.states import Rule
from tests.routing.generated import virtual_services
from tests.routing.rollouts.scenes import (
    STRATEGIES,
    all_rules,
    planned,
    seen,
    spec,
    with_subsets,
    written,
)

strategies = st.sampled_from(STRATEGIES)


def mirrored(manifest, draw):
    """Gives some http rules mirrors of somebody's, in the new form or the old one."""
    to = [{"host": "audit"}, {"host": "reviews", "subset": "v2"}, {"host": "ratings", "subset": "x"}]
    for rule in manifest["spec"]["http"]:
        places = draw(st.lists(st.sampled_from(to), max_size=2, unique_by=str)) if "route" in rule else []
        if len(places) == 1 and draw(st.booleans()):
            rule.update(mirror=places[0], mirrorPercentage={"value": 5})
        elif places:
            rule["mirrors"] = [{"destination": each, "percentage": {"value": 5}} for each in places]


@st.composite
def started(draw):
    """Resources of somebody's, and a rollout that could start there."""
    resources = with_subsets(draw(virtual_services()))
    mirrored(resources[0], draw)
    asked = spec(draw(strategies))
    assume(not planned(resources, asked, Rule()).errors)
    return resources, asked


@given(started(), st.data())
def test_what_was_wanted_stands_after_it_was_written_and_nothing_is_foreign(start, data):
    resources, asked = start
    for rule in data.draw(st.lists(st.sampled_from(all_rules(asked)), min_size=1, max_size=3)):
        resources = written(resources, asked, rule)
        assert standing(seen(resources), asked) == rule
        assert foreign(seen(resources), asked, rule) == ""
        assert not planned(resources, asked, rule).operations


def route_of(manifest):
    return manifest["spec"]["http"]


def without_ours(resources, asked):
    """What is not the rollout's, as text: weights of the two versions, its mirror and its route left out."""
    found = copy.deepcopy(resources)
    (virtual,) = (item for item in found if item["kind"] == "VirtualService")
    kept = [modern(rule) for rule in route_of(virtual) if not str(rule.get("name", "")).startswith(PREFIX)]
    for rule in kept:
        for item in rule.get("route") or ():
            item.pop("weight", None)
    virtual["spec"]["http"] = kept
    return diff.canonical(found)


@given(started(), st.sampled_from([Rule(), Rule(100)]))
def test_what_is_of_others_is_byte_for_byte_the_same_at_the_end(start, end):
    resources, asked = start
    # The first write may narrow the whole service to a version, and add the one that lacks.
    first = written(resources, asked, Rule(50))
    before = without_ours(first, asked)
    after = first
    for rule in [*all_rules(asked), end]:
        after = written(after, asked, rule)
    assert without_ours(after, asked) == before
    (virtual,) = (item for item in after if item["kind"] == "VirtualService")
    assert not [rule for rule in route_of(virtual) if str(rule.get("name", "")).startswith(PREFIX)]


@given(started())
def test_a_way_back_is_one_write_from_wherever_it_stands(start):
    resources, asked = start
    for rule in all_rules(asked):
        there = written(resources, asked, rule)
        back = planned(there, asked, Rule())
        assert [item.ref.kind.kind for item in back.operations] in (["VirtualService"], [])
