"""Two moments side by side: only what was really not there is missing."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from telemetry import comparison, cut
from telemetry.comparison import Side
from telemetry.observation import Observation
from telemetry.past_api import folded_alike
from telemetry.picture import picture
from telemetry.samples import Samples
from telemetry.snapshot import View
from tests.telemetry.builders import labels, rate, samples
from tests.telemetry.meshes import readings, rights

APPS = View("app")


def seen(reading, moment=1000.0):
    return Observation(0, moment, moment, reading)


def side(reading, view=APPS):
    observation = seen(reading)
    snapshot = picture(observation, view)
    return Side(snapshot, observation.graph(view.graph_type, view.visible))


def in_namespaces(count, per_namespace, rps=1.0):
    """A mesh in which each namespace has so many apps that call each other in a row."""
    calls = []
    for namespace in (f"team-{number}" for number in range(count)):
        for number in range(per_namespace):
            home = {"source_workload_namespace": namespace, "destination_workload_namespace": namespace}
            service = {"destination_service_namespace": namespace}
            calls.append(rate(labels(f"app{number}-v1", f"app{number + 1}-v1", **home, **service), rps))
    return samples(*calls)


def test_what_came_and_what_went_has_no_figures_on_one_side():
    old, new = rate(labels("web-v1", "old-v1"), 1), rate(labels("web-v1", "new-v1"), 2)
    found = comparison.compare(side(samples(old)), side(samples(new)))
    sides = {node["app"]: (node["before"] is None, node["after"] is None) for node in found["nodes"]}
    assert sides == {"web": (False, False), "old": (False, True), "new": (True, False)}
    assert [edge["after"] is None for edge in found["edges"]] == [False, True]


@settings(deadline=None)
@given(readings(), readings(), st.none() | rights)
def test_each_side_has_what_its_own_picture_has(one, other, visible):
    view = View("app", visible=visible)
    before, after = side(one, view), side(other, view)
    found = comparison.compare(before, after)
    for name in ("nodes", "edges"):
        for which, taken in (("before", before), ("after", after)):
            shown = getattr(taken.snapshot, name)
            told = {each["id"]: each[which] for each in found[name] if each[which] is not None}
            assert {key: value.requests_per_second for key, value in told.items()} == {
                key: value.requests_per_second for key, value in shown.items()
            }


@settings(deadline=None)
@given(readings())
def test_a_moment_compared_with_itself_has_no_differences(reading):
    found = comparison.compare(side(reading), side(reading))
    assert all(each["before"] == each["after"] for each in (*found["nodes"], *found["edges"]))


def test_what_was_left_out_of_a_picture_is_not_taken_for_gone():
    before = side(in_namespaces(1, 2))
    whole = before.whole
    less = msgspec.structs.replace(before.snapshot, edges={}, left_out=cut.LeftOut(0, 2))
    found = comparison.compare(before, Side(less, whole))
    assert all(edge["after"] == edge["before"] for edge in found["edges"])


def test_both_moments_are_folded_alike_though_only_one_would_fold_by_itself():
    small, large = in_namespaces(4, 5), in_namespaces(4, 100)
    view = View("app")
    assert picture(seen(small), view).folding != picture(seen(large), view).folding
    for was, now in ((small, large), (large, small)):
        before, after = folded_alike(seen(was), seen(now), view)
        assert before.snapshot.folding == after.snapshot.folding
        found = comparison.compare(before, after)
        assert all(node["before"] and node["after"] for node in found["nodes"])


def test_a_comparison_of_empty_moments_is_empty():
    nothing = Samples(1000.0, 10.0)
    assert comparison.compare(side(nothing), side(nothing)) == {"nodes": [], "edges": []}
