import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localmesh.apiserver import kinds, managed, ownership
from localmesh.apiserver.errors import Conflict
from localmesh.apiserver.managed import Writer
from localmesh.apiserver.schemas.registry import schema_for
from tests.localmesh.apiserver.objects import deployment

SCHEMA = schema_for(kinds.DEPLOYMENTS)
NOW, LATER = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"


def applier(name):
    return Writer(name, "Apply", "apps/v1")


def updater(name):
    return Writer(name, "Update", "apps/v1")


def wanted(**spec):
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}, "spec": spec}


def apply(live, obj, who, *, force=False, now=NOW):
    return managed.apply(live, obj, SCHEMA, applier(who), now, force=force)


def managers(obj):
    return {each["manager"]: each["fieldsV1"] for each in obj["metadata"].get("managedFields", [])}


def test_the_first_apply_owns_what_it_sets():
    found = apply(None, wanted(replicas=1), "one")
    assert managers(found) == {"one": {"f:spec": {"f:replicas": {}}}}


def test_a_field_that_is_no_longer_applied_is_removed():
    live = apply(None, wanted(replicas=1, paused=True), "one")
    assert apply(live, wanted(replicas=1), "one")["spec"] == {"replicas": 1}


def test_a_field_that_another_one_owns_too_stays():
    live = apply(None, wanted(replicas=1, paused=True), "one")
    live = apply(live, wanted(paused=True), "two")
    assert apply(live, wanted(replicas=1), "one")["spec"] == {"replicas": 1, "paused": True}


def test_changing_anothers_field_is_a_conflict_that_names_it():
    live = apply(None, wanted(replicas=1), "one")
    with pytest.raises(Conflict) as caught:
        apply(live, wanted(replicas=2), "two")
    assert (
        caught.value.message
        == 'Apply failed with 1 conflict: conflict with "one" using apps/v1: .spec.replicas'
    )
    assert caught.value.details["causes"][0]["field"] == ".spec.replicas"


def test_force_takes_the_field_over():
    live = apply(None, wanted(replicas=1, paused=True), "one")
    found = apply(live, wanted(replicas=2), "two", force=True)
    assert found["spec"] == {"replicas": 2, "paused": True}
    assert managers(found) == {"one": {"f:spec": {"f:paused": {}}}, "two": {"f:spec": {"f:replicas": {}}}}


def test_an_edit_takes_ownership_of_what_it_changes():
    live = apply(None, wanted(replicas=1, paused=True), "one")
    edited = managed.track(
        live, {**live, "spec": {"replicas": 3, "paused": True}}, SCHEMA, updater("kubectl"), NOW
    )
    assert managers(edited)["kubectl"] == {"f:spec": {"f:replicas": {}}}
    with pytest.raises(Conflict, match='conflict with "kubectl"'):
        apply(edited, wanted(replicas=1, paused=True), "one")


def test_items_of_a_keyed_list_have_owners_of_their_own():
    def of(name):
        containers = [{"name": name, "image": "x"}]
        return wanted(template={"spec": {"containers": containers}})

    live = apply(apply(None, of("a"), "one"), of("b"), "two")
    assert [each["name"] for each in live["spec"]["template"]["spec"]["containers"]] == ["a", "b"]
    gone = apply(live, wanted(), "one")
    assert [each["name"] for each in gone["spec"]["template"]["spec"]["containers"]] == ["b"]


def test_an_apply_of_the_same_again_changes_nothing():
    live = apply(None, deployment("a"), "one")
    assert apply(live, deployment("a"), "one", now=LATER) == live


LABELS = st.dictionaries(st.sampled_from("abcd"), st.sampled_from("xyz"), max_size=4)


def labelled(labels):
    return {**wanted(replicas=1), "metadata": {"name": "a", "labels": labels}}


@settings(deadline=None)
@given(LABELS, LABELS, LABELS)
def test_after_an_apply_the_object_has_what_it_says_and_what_others_own(first, second, foreign):
    live = apply(None, labelled(first), "one")
    live = apply(live, labelled(foreign), "two", force=True)
    found = apply(live, labelled(second), "one", force=True)["metadata"].get("labels", {})
    assert found == foreign | second


@settings(deadline=None)
@given(LABELS)
def test_paths_survive_their_nested_form(labels):
    paths = ownership.paths_of({**deployment("a"), "metadata": {"labels": labels}}, SCHEMA)
    assert ownership.from_fields(ownership.to_fields(paths)) == paths
