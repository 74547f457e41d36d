"""A write as a patch for Git: merged into what is there, it gives what is wanted."""

import json
import shlex

from hypothesis import given
from hypothesis import strategies as st

from cluster import kinds
from routing import diff, patches
from routing.operations import operation
from tests.routing import generated
from tests.routing.stage import destination_rule, route, virtual_service

leaves = st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "ä 'b' \"c\" $d"])
trees = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=3),
)
objects = st.dictionaries(st.sampled_from("abcde"), trees, max_size=4)


@given(objects, objects)
def test_the_merge_patch_of_two_objects_leads_from_one_to_the_other(before, after):
    assert diff.canonical(patches.merged(before, patches.merge_patch(before, after))) == diff.canonical(after)


@given(objects)
def test_what_stays_is_no_part_of_a_patch(same):
    assert patches.merge_patch(same, same) == {}


@given(generated.virtual_services(), generated.virtual_services())
def test_the_command_of_kubectl_carries_the_patch_of_a_whole_resource(before, after):
    change = operation(before, after, "because")
    if change is None:
        return
    made = patches.of(change)
    *words, body = shlex.split(made["command"])
    assert words == [
        "kubectl", "patch", "virtualservices.networking.istio.io", "reviews", "--namespace", "bookinfo",
        "--type", "merge", "--patch",
    ]  # fmt: skip
    assert json.loads(body) == made["patch"]
    assert patches.merged(diff.content(before), made["patch"]) == diff.content(after)


def test_a_patch_holds_only_what_changes():
    before = virtual_service("reviews", [{"route": route(("v1", 100))}], exportTo=["."])
    after = virtual_service("reviews", [{"route": route(("v2", 100))}])
    made = patches.of(operation(before, after, "because"))
    assert made["patch"] == {"spec": {"exportTo": None, "http": [{"route": route(("v2", 100))}]}}
    assert made["yaml"].startswith("spec:\n")


def test_a_creation_is_the_object_and_a_deletion_a_command():
    rule = destination_rule("reviews", ["v1"])
    made, gone = (patches.of(operation(*pair, "because")) for pair in ((None, rule), (rule, None)))
    assert (made["type"], made["patch"]["kind"]) == ("create", "DestinationRule")
    assert made["yaml"] in made["command"]
    assert (gone["type"], gone["patch"]) == ("delete", None)
    assert (
        gone["command"] == "kubectl delete destinationrules.networking.istio.io reviews --namespace bookinfo"
    )
    assert patches._resource(kinds.SERVICE) == "services"
