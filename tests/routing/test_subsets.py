"""Subsets, added and removed.

add      by the version's label or by labels given; once; the rest of the DestinationRule stays
remove   only without weight; out of the routes first
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing import diff, istio, live, planner, rules
from routing.istio import CannotApply
from routing.rules import RemoveSubset, RulesError, Split, Subset
from tests.people import own
from tests.routing import generated
from tests.routing.generated import SERVICE, VERSIONS
from tests.routing.stage import REVIEWS, REVIEWS_SUBSETS, bookinfo, destination_rule, route, virtual_service
from tests.routing.test_planner import carried_out, codes, steps

TARGET = {"namespace": "bookinfo", "service": "reviews"}
SUBSETS = destination_rule("reviews", ["v1", "v2", "v3"])
HOST = "reviews.bookinfo.svc.cluster.local"


def planned(cluster, *wanted):
    return planner.plan(wanted, live.read(own(cluster), {"bookinfo"}))


def add(version="v3", **rest):
    return Subset("bookinfo", "reviews", version, **rest)


def remove(version="", subset=""):
    return RemoveSubset("bookinfo", "reviews", version, subset)


def routed(*destinations):
    return virtual_service("reviews", [{"route": route(*destinations)}])


def refused(asked):
    with pytest.raises(RulesError) as refusal:
        rules.parse([asked])
    return {error.field: error.message for error in refusal.value.errors}


WRONG = {
    "no version": ({"kind": "subset", **TARGET}, "rules[0].version", "The version is missing."),
    "a version with a slash": (
        {"kind": "subset", **TARGET, "version": "v/1"}, "rules[0].version", '"v/1" cannot be a version.'
    ),
    "a name with a dot": (
        {"kind": "subset", **TARGET, "version": "v1", "name": "v.1"},
        "rules[0].name", '"v.1" cannot be the name of a subset.',
    ),
    "labels of another version": (
        {"kind": "subset", **TARGET, "version": "v1", "labels": {"version": "v2"}},
        "rules[0].labels", 'These labels do not name version "v1"',
    ),
    "no labels": (
        {"kind": "subset", **TARGET, "version": "v1", "labels": {}}, "rules[0].labels", "1 to 20 labels"
    ),
    "a label of 1": (
        {"kind": "subset", **TARGET, "version": "v1", "labels": {"version": 1}},
        "rules[0].labels.version", "1 cannot be the value of a label.",
    ),
    "neither of two": ({"kind": "remove_subset", **TARGET}, "rules[0]", "one of the two"),
    "both of two": (
        {"kind": "remove_subset", **TARGET, "version": "v1", "subset": "v1"}, "rules[0]", "one of the two"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("asked", "field", "message"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said_at_its_field(asked, field, message):
    assert message in refused(asked)[field]


names = st.from_regex(r"[a-z]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
versions = st.sampled_from([*VERSIONS, "v9", "1.2.0"])
labels = st.dictionaries(st.sampled_from(["app", "team/x", "track"]), st.sampled_from(["", "a", "B.c"]))


@st.composite
def subsets(draw, *, whole=False):
    version = draw(versions)
    name = draw(names) if whole or draw(st.booleans()) else ""
    chosen = {**draw(labels), "version": version} if whole or draw(st.booleans()) else None
    return Subset("bookinfo", "reviews", version, name, chosen)


@given(subsets() | st.builds(remove, versions) | st.builds(remove, subset=names))
def test_a_rule_is_read_as_it_is_written(rule):
    assert rules.parse([rules.to_json(rule)]) == (rule,)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@given(
    st.sampled_from(["subset", "remove_subset"]),
    st.dictionaries(
        st.sampled_from(["version", "subset", "name", "labels"]), JSON | st.just({"version": "v1"})
    ),
)
def test_no_input_does_anything_but_be_read_or_refused(kind, fields):
    found, wrong = (), ()
    try:
        found = rules.parse([{"kind": kind, **TARGET, **fields}])
    except RulesError as refusal:
        wrong = refusal.errors
    assert found or wrong


@given(subsets(whole=True), st.sampled_from([("tls", {"mode": "DISABLE"}), ("exportTo", ["."])]))
def test_an_added_subset_is_read_back_and_the_rest_stays(rule, other):
    before = destination_rule("reviews", [], **dict([other]))
    before["spec"]["subsets"] = [{"name": "old-one", "labels": {"version": "v0"}, "trafficPolicy": {"x": 1}}]
    after = istio.add_subset(before, rule, SERVICE)
    assert istio.read_subset(after, "bookinfo", "reviews", rule.name) == rule
    assert istio.drop_subset(after, rule.name) == before


@given(generated.virtual_services(), subsets())
def test_planning_a_second_time_is_empty(manifest, rule):
    cluster = bookinfo(manifest)
    carried_out(cluster, planned(cluster, rule))
    assert planned(cluster, rule).operations == ()


def test_a_subset_of_the_service_has_the_label_that_names_the_version():
    plan = planned(bookinfo(), add())
    assert steps(plan) == [("create", "DestinationRule")]
    assert plan.operations[0].after["spec"] == {
        "host": "reviews",
        "subsets": [{"name": "v3", "labels": {"version": "v3"}}],
    }


def test_a_wildcards_policy_is_copied_into_the_new_rule():
    every = destination_rule(
        "every", [], host="*.bookinfo.svc.cluster.local", trafficPolicy={"tls": {"mode": "ISTIO_MUTUAL"}}
    )
    plan = planned(bookinfo(every), add())
    assert plan.operations[0].after["spec"]["trafficPolicy"] == {"tls": {"mode": "ISTIO_MUTUAL"}}
    assert codes(plan) == ["WILDCARD_REPLACED"]


def test_a_version_that_has_a_subset_needs_no_second_one():
    assert codes(planned(bookinfo(SUBSETS), add())) == ["NOTHING_TO_DO"]


def test_a_name_that_selects_other_pods_is_refused():
    plan = planned(bookinfo(SUBSETS), add("v3", name="v1"))
    assert [(item.code, item.field) for item in plan.errors] == [("SUBSET_EXISTS", "rules[0].name")]


def test_a_subset_may_come_before_its_pods_and_that_is_told():
    assert codes(planned(bookinfo(SUBSETS), add("v4"))) == ["NO_READY_PODS"]


def test_callers_with_a_rule_of_their_own_are_told():
    theirs = destination_rule("mine", ["v1"], "shop", HOST)
    assert codes(planned(bookinfo(theirs), add())) == ["SUBSET_MISSING_ELSEWHERE"]


@pytest.mark.parametrize("kind", ["http", "tcp", "tls"])
def test_a_subset_with_weight_cannot_go(kind):
    manifest = virtual_service("reviews", [])
    manifest["spec"][kind] = [{"route": route(("v1", 80), ("v3", 20))}]
    (problem,) = planned(bookinfo(manifest, SUBSETS), remove("v3")).errors
    assert problem.code == "SUBSET_HAS_WEIGHT"
    assert problem.message == (
        "VirtualService bookinfo/reviews sends 20 % to subset v3; take its weight to 0 first."
    )


def test_the_only_destination_has_everything_whatever_its_weight_says():
    plan = planned(bookinfo(routed(("v3", 0)), SUBSETS), remove("v3"))
    assert codes(plan, "error") == ["SUBSET_HAS_WEIGHT"]


@pytest.mark.parametrize("mirror", [{"mirror": "v3"}, {"mirrors": "v3"}])
def test_a_subset_that_gets_mirrored_requests_cannot_go(mirror):
    destination = {"host": "reviews", "subset": "v3"}
    part = {"mirror": destination} if "mirror" in mirror else {"mirrors": [{"destination": destination}]}
    manifest = virtual_service("reviews", [{"route": route(("v1", 100)), **part}])
    assert codes(planned(bookinfo(manifest, SUBSETS), remove("v3")), "error") == ["SUBSET_HAS_WEIGHT"]


def test_a_subset_leaves_the_routes_and_then_goes():
    cluster = bookinfo(routed(("v1", 100), ("v3", 0)), SUBSETS)
    plan = planned(cluster, remove("v3"))
    assert (codes(plan), steps(plan)) == ([], [("update", "VirtualService"), ("update", "DestinationRule")])
    assert planner.settles_between(*plan.operations)
    carried_out(cluster, plan)
    kept = [{"destination": {"host": "reviews", "subset": "v1"}, "weight": 100}]
    assert cluster.get(REVIEWS)["spec"]["http"][0]["route"] == kept
    assert [item["name"] for item in cluster.get(REVIEWS_SUBSETS)["spec"]["subsets"]] == ["v1", "v2"]
    assert planned(cluster, remove("v3")).operations == ()


def test_weight_and_subset_go_in_one_plan():
    cluster = bookinfo(routed(("v1", 80), ("v3", 20)), SUBSETS)
    plan = planned(cluster, Split("bookinfo", "reviews", {"v1": 100}), remove("v3"))
    assert (codes(plan), steps(plan)) == ([], [("update", "VirtualService"), ("update", "DestinationRule")])
    assert not istio.uses_subset(plan.operations[0].after, HOST, "v3")


AROUND = [("update", "DestinationRule"), ("update", "VirtualService"), ("update", "DestinationRule")]


def test_one_subset_for_another_becomes_two_writes_around_the_route():
    cluster = bookinfo(routed(("v1", 100)), destination_rule("reviews", ["v1", "v2"]))
    plan = planned(cluster, Split("bookinfo", "reviews", {"v1": 50, "v3": 50}), remove("v2"))
    assert (codes(plan), steps(plan)) == ([], AROUND)


def test_every_subset_of_a_version_goes():
    twice = destination_rule("reviews", ["v1", "v3"])
    twice["spec"]["subsets"].append({"name": "canary", "labels": {"version": "v3", "track": "canary"}})
    plan = planned(bookinfo(twice), remove("v3"))
    assert [item["name"] for item in plan.operations[0].after["spec"]["subsets"]] == ["v1"]


def test_a_subsets_own_policy_that_goes_with_it_is_told():
    rule = destination_rule("reviews", ["v1", "v3"])
    rule["spec"]["subsets"][1]["trafficPolicy"] = {"tls": {"mode": "DISABLE"}}
    assert codes(planned(bookinfo(rule), remove(subset="v3"))) == ["POLICY_DELETED"]


@given(generated.virtual_services(), st.sampled_from([*VERSIONS, "strange"]))
def test_a_subset_goes_from_everywhere_or_nothing_changes(manifest, name):
    try:
        after = istio.drop_destination(manifest, HOST, name)
    except CannotApply:
        after = manifest
        assert istio.uses_subset(manifest, HOST, name)
    else:
        assert not istio.uses_subset(after, HOST, name)
    assert {**after, "spec": {}} == {**manifest, "spec": {}}
    assert [{**item, "route": 0} for item in after["spec"]["http"]] == [
        {**item, "route": 0} for item in manifest["spec"]["http"]
    ]


@pytest.mark.django_db
def test_a_subset_is_removed_and_comes_back(api, cluster):
    refs = (REVIEWS_SUBSETS, REVIEWS)
    before = {ref: cluster.get(ref) for ref in refs}
    change = api.applied({"kind": "remove_subset", **TARGET, "subset": "v2"})
    assert change["summary"] == "reviews: subset v2 removed"
    assert api.post(f"changes/{change['id']}/revert").status_code == 200
    assert all(diff.same(cluster.get(ref), manifest) for ref, manifest in before.items())


HIDDEN_ROUTE = virtual_service("secret", [{"route": route(("v2", 100), host=HOST)}], "vault", [HOST])


@pytest.mark.parametrize("before_planning", [True, False])
def test_a_route_that_may_not_be_read_keeps_its_subset_and_is_not_named(
    shared_cluster, sign_in, before_planning
):
    api = sign_in("operator")
    asked = {"kind": "remove_subset", **TARGET, "version": "v2"}
    if before_planning:
        shared_cluster.put(HIDDEN_ROUTE)
        answer = api.plan(asked)
        assert answer.status_code == 422
    else:
        plan = api.plan(asked).json()
        shared_cluster.put(HIDDEN_ROUTE)
        answer = api.post(f"plans/{plan['id']}/apply")
        assert answer.status_code == 409
    assert "an object that you may not read" in answer.content.decode()
    assert "secret" not in answer.content.decode()
    assert "v2" in str(shared_cluster.get(REVIEWS_SUBSETS)["spec"])
