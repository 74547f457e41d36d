import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localmesh.apiserver import kinds
from localmesh.apiserver.errors import BadRequest, Invalid
from localmesh.apiserver.patches import json_patch, merge, merge_difference
from localmesh.apiserver.schemas.registry import schema_for
from localmesh.apiserver.strategic import strategic_merge
from tests.localmesh.apiserver.objects import deployment

SCALARS = st.booleans() | st.integers(-5, 5) | st.text(max_size=3)
VALUES = st.recursive(
    SCALARS,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=2), below, max_size=3),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.text(max_size=2), VALUES, max_size=4)
DEPLOYMENT = schema_for(kinds.DEPLOYMENTS)


def spec(*containers, **rest):
    return {"spec": {"template": {"spec": {"containers": list(containers), **rest}}}}


def containers(obj):
    return obj["spec"]["template"]["spec"]["containers"]


@settings(deadline=None)
@given(OBJECTS, OBJECTS)
def test_the_difference_of_two_objects_turns_one_into_the_other(old, new):
    assert merge(old, merge_difference(old, new)) == new


@settings(deadline=None)
@given(OBJECTS)
def test_the_difference_of_an_object_to_itself_is_empty(value):
    assert merge_difference(value, value) == {}


def test_a_merge_patch_removes_with_null_and_replaces_lists():
    assert merge({"a": 1, "b": {"c": 1, "d": [1, 2]}}, {"a": None, "b": {"d": [3]}}) == {
        "b": {"c": 1, "d": [3]}
    }


def test_a_json_patch_adds_removes_replaces_moves_copies_and_tests():
    operations = [
        {"op": "test", "path": "/a", "value": 1},
        {"op": "add", "path": "/list/1", "value": "x"},
        {"op": "add", "path": "/list/-", "value": "z"},
        {"op": "remove", "path": "/list/0"},
        {"op": "replace", "path": "/a", "value": 2},
        {"op": "copy", "from": "/a", "path": "/b"},
        {"op": "move", "from": "/a", "path": "/c~1d"},
    ]
    assert json_patch({"a": 1, "list": ["o"]}, operations) == {"list": ["x", "z"], "b": 2, "c/d": 2}


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "remove", "path": "/missing"},
        {"op": "replace", "path": "/missing", "value": 1},
        {"op": "test", "path": "/a", "value": 2},
        {"op": "add", "path": "/list/7", "value": 1},
        {"op": "add", "path": "/list/01x", "value": 1},
    ],
)
def test_a_json_patch_that_does_not_apply_is_invalid_and_changes_nothing(operation):
    value = {"a": 1, "list": [1]}
    with pytest.raises(Invalid):
        json_patch(value, [operation])
    assert value == {"a": 1, "list": [1]}


@pytest.mark.parametrize(
    "operations", [{}, [1], [{"op": "add", "path": "/a"}], [{"op": "x", "path": ""}], [{}]]
)
def test_a_malformed_json_patch_is_a_bad_request(operations):
    with pytest.raises(BadRequest):
        json_patch({}, operations)


def test_a_strategic_merge_changes_a_container_by_its_name():
    old = spec({"name": "a", "image": "1", "env": [{"name": "X", "value": "1"}]}, {"name": "b", "image": "1"})
    patch = spec({"name": "a", "image": "2", "env": [{"name": "Y", "value": "2"}]})
    assert containers(strategic_merge(old, patch, DEPLOYMENT)) == [
        {"name": "a", "image": "2", "env": [{"name": "X", "value": "1"}, {"name": "Y", "value": "2"}]},
        {"name": "b", "image": "1"},
    ]


def test_a_strategic_merge_deletes_and_orders_list_items():
    old = spec({"name": "a"}, {"name": "b"}, {"name": "c"})
    patch = spec({"name": "b", "$patch": "delete"}, {"name": "d"})
    patch["spec"]["template"]["spec"]["$setElementOrder/containers"] = [{"name": each} for each in "dca"]
    found = containers(strategic_merge(old, patch, DEPLOYMENT))
    assert [each["name"] for each in found] == ["d", "c", "a"]


def test_a_strategic_merge_replaces_where_it_is_told_to():
    old = spec({"name": "a"}, {"name": "b"})
    patch = spec({"name": "c"}, {"$patch": "replace"})
    assert containers(strategic_merge(old, patch, DEPLOYMENT)) == [{"name": "c"}]


def test_retained_keys_remove_the_other_members_of_a_union():
    old = {"spec": {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}}}
    patch = {"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}}
    assert strategic_merge(old, patch, DEPLOYMENT) == {"spec": {"strategy": {"type": "Recreate"}}}


def test_a_list_of_scalars_merges_as_a_set_and_deletes_by_value():
    old = {"metadata": {"finalizers": ["a", "b"]}}
    patch = {"metadata": {"finalizers": ["c"], "$deleteFromPrimitiveList/finalizers": ["a"]}}
    assert strategic_merge(old, patch, DEPLOYMENT) == {"metadata": {"finalizers": ["b", "c"]}}


def test_a_list_without_a_merge_key_is_replaced():
    old = spec({"name": "a", "args": ["1", "2"]})
    patch = spec({"name": "a", "args": ["3"]})
    assert containers(strategic_merge(old, patch, DEPLOYMENT))[0]["args"] == ["3"]


def test_an_item_without_its_merge_key_is_refused():
    with pytest.raises(BadRequest, match="does not contain declared merge key: name"):
        strategic_merge(spec({"name": "a"}), spec({"image": "x"}), DEPLOYMENT)


NAMES = st.lists(st.sampled_from("abcdef"), unique=True, max_size=6)


@settings(deadline=None)
@given(NAMES, NAMES)
def test_items_that_a_strategic_merge_does_not_name_stay(old_names, new_names):
    old = spec(*({"name": name, "image": "old"} for name in old_names))
    merged = containers(
        strategic_merge(old, spec(*({"name": name, "image": "new"} for name in new_names)), DEPLOYMENT)
    )
    expected = dict.fromkeys(old_names, "old") | dict.fromkeys(new_names, "new")
    assert {each["name"]: each["image"] for each in merged} == expected


@settings(deadline=None)
@given(NAMES, st.permutations("abcdef"))
def test_an_order_of_all_items_is_the_order_of_the_result(names, order):
    old = spec(*({"name": name} for name in names))
    patch = spec()
    patch["spec"]["template"]["spec"]["$setElementOrder/containers"] = [{"name": name} for name in order]
    merged = containers(strategic_merge(old, patch, DEPLOYMENT))
    assert [each["name"] for each in merged] == [name for name in order if name in names]


def test_an_empty_strategic_merge_changes_nothing():
    assert strategic_merge(deployment("a"), {}, DEPLOYMENT) == deployment("a")
