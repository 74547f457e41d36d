"""Forms and YAML follow each other: what is typed comes back as the rules of the forms, or is told not to."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster import kinds
from routing import diff, expressing, planner, rules
from routing.planner import Live
from routing.rules import Abort, ClearFault, Delay, Fault, HeaderMatch, Split
from tests.routing import generated
from tests.routing.generated import SERVICE, SUBSETS_RULE
from tests.routing.stage import destination_rule, route, virtual_service

WEIGHTED = virtual_service("reviews", [{"route": route(("v1", 80), ("v2", 20))}])
SUBSETS = destination_rule("reviews", ["v1", "v2", "v3"])
FAULT = Fault("bookinfo", "reviews", Delay(50.0, "2s"), None, None)


def live(*manifests):
    return Live((SERVICE,), manifests)


def planned(wanted, state):
    """The resources as a plan of these rules leaves them."""
    plan = planner.plan(wanted, state)
    assert plan.errors == ()
    after = {item["kind"]: item for item in state.resources}
    return after | {operation.ref.kind.kind: operation.after for operation in plan.operations}


def edited(change, manifest=WEIGHTED):
    found = copy.deepcopy(manifest)
    change(found)
    return found


def test_an_untouched_text_asks_for_nothing_and_leaves_nothing_over():
    found = expressing.expressed(SERVICE, live(WEIGHTED, SUBSETS), [WEIGHTED, SUBSETS])
    assert found == expressing.Expressed((), ())


def test_other_weights_are_a_split():
    text = edited(lambda item: item["spec"]["http"][0].update(route=route(("v1", 50), ("v2", 50))))
    found = expressing.expressed(SERVICE, live(WEIGHTED, SUBSETS), [text])
    assert found.rules == (Split("bookinfo", "reviews", {"v1": 50, "v2": 50}),)
    assert found.rest == ()


def test_what_no_form_has_is_told_by_its_path():
    def change(item):
        item["spec"]["http"][0] |= {"route": route(("v1", 50), ("v2", 50)), "xFuture": "3s"}
        item["metadata"]["labels"] = {"team": "shop"}

    found = expressing.expressed(SERVICE, live(WEIGHTED, SUBSETS), [edited(change)])
    assert found.rules == (Split("bookinfo", "reviews", {"v1": 50, "v2": 50}),)
    assert {difference.path for _, difference in found.rest} == {"spec.http[0].xFuture", "metadata.labels"}


FAULTS = [
    FAULT,
    Fault("bookinfo", "reviews", None, Abort(10.0, 503), None),
    Fault("bookinfo", "reviews", Delay(1.5, "500ms"), Abort(100.0, 418), HeaderMatch("end-user", "jason")),
]


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_what_the_form_of_a_fault_writes_is_read_as_that_fault(fault):
    state = live(WEIGHTED, SUBSETS)
    text = planned([fault], state)["VirtualService"]
    assert expressing.expressed(SERVICE, state, [text]) == expressing.Expressed((fault,), ())


def test_a_fault_typed_by_hand_is_one_of_the_forms():
    text = edited(lambda item: item["spec"]["http"][0].update(fault={
        "delay": {"percentage": {"value": 50}, "fixedDelay": "2s"}
    }))  # fmt: skip
    found = expressing.expressed(SERVICE, live(WEIGHTED, SUBSETS), [text])
    assert found == expressing.Expressed((FAULT,), ())


def test_taking_the_fault_out_of_the_text_clears_it():
    state = live(planned([FAULT], live(WEIGHTED, SUBSETS))["VirtualService"], SUBSETS)
    text = edited(lambda item: item["spec"]["http"][0].pop("fault"), state.resources[0])
    found = expressing.expressed(SERVICE, state, [text])
    assert found.rules == (ClearFault("bookinfo", "reviews"),)
    assert found.rest == ()


def test_a_fault_that_no_form_has_is_left_over():
    fault = {"abort": {"percentage": {"value": 5}, "grpcStatus": "UNAVAILABLE"}}
    text = edited(lambda item: item["spec"]["http"][0].update(fault=fault))
    found = expressing.expressed(SERVICE, live(WEIGHTED, SUBSETS), [text])
    assert found.rules == ()
    assert [difference.path for _, difference in found.rest] == ["spec.http[0].fault"]


def test_an_edit_of_what_no_rule_says_of_a_policy_is_left_over():
    policy = {"trafficPolicy": {"proxyProtocol": {"version": "V2"}}}
    text = edited(lambda item: item["spec"].update(policy), SUBSETS)
    found = expressing.expressed(SERVICE, live(WEIGHTED, SUBSETS), [WEIGHTED, text])
    assert found.rules == ()
    assert [(ref.kind, difference.path) for ref, difference in found.rest] == [
        (kinds.DESTINATION_RULE, "spec.trafficPolicy")
    ]


def test_a_text_of_another_resource_is_left_over_as_a_whole():
    text = edited(lambda item: item["metadata"].update(name="other"))
    found = expressing.expressed(SERVICE, live(WEIGHTED, SUBSETS), [text])
    assert [difference.op for _, difference in found.rest if not difference.path.startswith("spec")] != []


def test_where_nothing_routes_yet_the_first_rule_is_read_from_what_it_would_write():
    split = Split("bookinfo", "reviews", {"v1": 80, "v2": 0, "v3": 20})
    after = planned([split], live())
    found = expressing.expressed(SERVICE, live(), [after["VirtualService"], after["DestinationRule"]])
    assert found.rest == ()
    (read,) = found.rules
    assert {version: weight for version, weight in read.weights.items() if weight} == {"v1": 80, "v3": 20}


weights = st.tuples(st.integers(0, 100), st.integers(0, 100)).filter(lambda pair: sum(pair) <= 100)


@given(generated.virtual_services(), weights, st.booleans())
def test_what_the_forms_lead_to_is_always_theirs_again(manifest, pair, faulty):
    """From the forms to the text and back: nothing is left over, and the text stays as it is."""
    split = Split("bookinfo", "reviews", {"v1": pair[0], "v2": pair[1], "v3": 100 - sum(pair)})
    wanted = [split, FAULT] if faulty else [split]
    state = live(manifest, SUBSETS_RULE)
    plan = planner.plan(wanted, state)
    if plan.errors:
        return
    after = {Ref_of(item): item for item in state.resources} | {op.ref: op.after for op in plan.operations}
    found = expressing.expressed(SERVICE, state, list(after.values()))
    assert found.rest == ()
    again = {Ref_of(item): item for item in state.resources}
    again |= {op.ref: op.after for op in planner.plan(found.rules, state).operations}
    assert all(diff.fields(again[ref], after[ref]) == () for ref in after)


def Ref_of(manifest):  # noqa: N802
    from cluster.refs import Ref

    return Ref.of(manifest)


def test_the_rules_that_are_read_are_rules_that_are_accepted():
    text = edited(lambda item: item["spec"]["http"][0].update(route=route(("v1", 1), ("v3", 99))))
    found = expressing.expressed(SERVICE, live(WEIGHTED, SUBSETS), [text])
    assert rules.parse([rules.to_json(rule) for rule in found.rules]) == found.rules
