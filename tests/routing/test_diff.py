"""Differences between manifests, as data and as text."""

import copy

import pytest
from hypothesis import given

from routing import diff
from routing.diff import FieldDiff
from tests.routing import generated
from tests.routing.stage import destination_rule, route, to_whole, virtual_service


def changed(manifest, change):
    after = copy.deepcopy(manifest)
    change(after["spec"])
    return diff.fields(manifest, after)


@given(generated.virtual_services())
def test_nothing_differs_from_itself(manifest):
    assert diff.fields(manifest, copy.deepcopy(manifest)) == ()
    assert diff.unified(manifest, manifest, "x") == ""


@given(generated.virtual_services(), generated.virtual_services())
def test_two_manifests_differ_in_a_field_exactly_when_they_are_not_the_same(one, other):
    assert (diff.fields(one, other) == ()) is diff.same(one, other)
    assert (diff.unified(one, other, "x") == "") is diff.same(one, other)


def test_a_weight_is_one_change_at_its_path():
    manifest = virtual_service("reviews", [{"route": route(("v1", 80), ("v3", 20))}])
    found = changed(manifest, lambda spec: spec["http"][0]["route"][1].update(weight=30))
    assert found == (FieldDiff("change", "spec.http[0].route[1].weight", 20, 30),)


def test_a_rule_in_front_of_the_others_is_one_addition():
    manifest = virtual_service("reviews", [{"route": to_whole()}])
    rule = {"match": [{"uri": {"exact": "/a"}}], "route": to_whole()}
    assert changed(manifest, lambda spec: spec["http"].insert(0, rule)) == (
        FieldDiff("add", "spec.http[0]", None, rule),
    )


def test_a_subset_that_goes_is_one_removal_at_its_old_place():
    manifest = destination_rule("reviews", ["v1", "v2", "v3"])
    assert changed(manifest, lambda spec: spec["subsets"].pop(1)) == (
        FieldDiff("remove", "spec.subsets[1]", {"name": "v2", "labels": {"version": "v2"}}, None),
    )


def test_another_order_is_a_change_too():
    manifest = virtual_service("reviews", [{"match": [{"uri": {"exact": "/a"}}]}, {"route": to_whole()}])
    found = changed(manifest, lambda spec: spec["http"].reverse())
    assert [item.path for item in found] == ["spec.http (order)"]


def test_a_key_with_dots_stands_in_brackets():
    manifest = virtual_service("reviews", [])
    after = copy.deepcopy(manifest)
    after["metadata"]["annotations"] = {"meshui.io/faults": "{}", "plain": "x"}
    before = copy.deepcopy(manifest)
    before["metadata"]["annotations"] = {"plain": "x"}
    assert [item.path for item in diff.fields(before, after)] == ['metadata.annotations["meshui.io/faults"]']


@pytest.mark.parametrize(
    "key", ["managedFields", "resourceVersion", "uid", "generation", "creationTimestamp"]
)
def test_what_the_server_keeps_is_no_difference(key):
    manifest = virtual_service("reviews", [])
    after = copy.deepcopy(manifest)
    after["metadata"][key] = "7"
    after["status"] = {"x": 1}
    assert diff.fields(manifest, after) == ()
    assert "7" not in diff.to_yaml(after)


def test_creating_and_deleting_are_told_whole():
    manifest = virtual_service("reviews", [])
    assert {item.op for item in diff.fields(None, manifest)} == {"add"}
    assert {item.op for item in diff.fields(manifest, None)} == {"remove"}
    assert diff.to_yaml(None) == ""
    assert diff.unified(None, manifest, "VirtualService bookinfo/reviews").startswith(
        "--- VirtualService bookinfo/reviews (live)\n+++ VirtualService bookinfo/reviews (planned)\n"
    )


def test_true_is_not_one():
    manifest = virtual_service("reviews", [], x=1)
    assert changed(manifest, lambda spec: spec.update(x=True)) == (FieldDiff("change", "spec.x", 1, True),)
