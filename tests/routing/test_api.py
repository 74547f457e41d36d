"""Plans and their application over REST, as a client of them sees it.

          wrong hash   live has changed   twice             refused           no answer
apply     422          409 three-way      the same change   422, not written  looked up, not repeated
"""

import pytest

from cluster.errors import Forbidden, Invalid, Unavailable
from routing import apply, plans
from routing.errors import ConflictError
from routing.models import Change, Plan
from tests.routing.stage import (
    DELAY,
    NO_TRAFFIC,
    REVIEWS,
    REVIEWS_SUBSETS,
    SPLIT,
    to_whole,
    virtual_service,
    weights,
    writes,
)

pytestmark = pytest.mark.django_db


def test_a_plan_says_what_would_be_written_and_writes_nothing(api, cluster):
    answer = api.plan(SPLIT, note="canary")
    assert answer.status_code == 201
    plan = answer.json()
    assert (plan["state"], plan["note"], plan["created_by"]) == ("ready", "canary", "olga")
    assert [(item["action"], item["resource"]["kind"]) for item in plan["operations"]] == [
        ("update", "DestinationRule"),
        ("update", "VirtualService"),
    ]
    assert [item["path"] for item in plan["operations"][0]["diff"]] == ["spec.subsets[2]"]
    assert [(item["op"], item["path"]) for item in plan["operations"][1]["diff"]] == [
        ("add", "spec.http[0].route[0].weight"),
        ("add", "spec.http[0].route[1]"),
    ]
    assert "+        subset: v3" in plan["operations"][1]["unified_diff"]
    assert "resourceVersion" not in plan["operations"][1]["yaml_before"]
    assert plan["blast_radius"]["measured"] is False
    assert writes(cluster) == []


def test_a_plan_is_applied_destination_rule_first(api, cluster):
    change = api.applied(SPLIT)
    assert (change["state"], change["kind"], change["by"]) == ("applied", "apply", "olga")
    assert change["summary"] == "reviews: 80 % v1, 20 % v3"
    assert change["services"] == ["bookinfo/reviews"]
    assert [item["state"] for item in change["operations"]] == ["done", "done"]
    assert writes(cluster) == [("replace", str(REVIEWS_SUBSETS)), ("replace", str(REVIEWS))]
    assert weights(cluster) == {"v1": 80, "v3": 20}


def test_between_the_subset_and_the_route_the_proxies_get_a_moment(cluster, acting, olga, settings):
    settings.ROUTING_SETTLE_SECONDS = 1.5
    slept = []

    def sleep(seconds):
        slept.append((seconds, len(writes(cluster))))

    apply.apply(plans.make({"rules": [SPLIT]}, olga, acting, NO_TRAFFIC), olga, acting, sleep=sleep)
    assert slept == [(1.5, 1)]
    split_back = {**SPLIT, "weights": {"v1": 100}}
    apply.apply(plans.make({"rules": [split_back]}, olga, acting, NO_TRAFFIC), olga, acting, sleep=sleep)
    assert len(slept) == 1


def test_applying_twice_answers_the_same_change_and_writes_once(api, cluster):
    plan = api.plan(SPLIT).json()
    first, second = (api.post(f"plans/{plan['id']}/apply") for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json() == second.json()
    assert len(writes(cluster)) == 2
    assert Change.objects.count() == 1


def test_a_plan_that_is_being_applied_cannot_be_applied(api, cluster):
    plan = api.plan(SPLIT).json()
    Plan.objects.update(state="applying")
    answer = api.post(f"plans/{plan['id']}/apply")
    assert answer.status_code == 409
    assert answer.json()["error"]["message"] == "This plan is being applied right now."
    assert writes(cluster) == []


def test_of_two_who_apply_at_once_one_writes(cluster, acting, olga):
    plan = plans.make({"rules": [SPLIT]}, olga, acting, NO_TRAFFIC)

    def meanwhile(_):
        with pytest.raises(ConflictError, match="being applied right now"):
            apply.apply(Plan.objects.get(pk=plan.pk), olga, acting)

    assert apply.apply(plan, olga, acting, sleep=meanwhile).state == "applied"
    assert len(writes(cluster)) == 2
    assert Change.objects.count() == 1


def test_the_hash_of_another_plan_is_refused_at_its_field(api, cluster):
    plan = api.plan(SPLIT).json()
    assert api.post(f"plans/{plan['id']}/apply", {"hash": plan["hash"]}).status_code == 200
    other = api.plan(DELAY).json()
    answer = api.post(f"plans/{other['id']}/apply", {"hash": plan["hash"]})
    assert answer.status_code == 422
    assert [item["field"] for item in answer.json()["error"]["fields"]] == ["hash"]


def test_rules_that_hold_already_make_an_empty_plan_that_says_so(api, cluster):
    api.applied(SPLIT)
    plan = api.plan(SPLIT).json()
    assert plan["operations"] == []
    assert [(item["level"], item["code"]) for item in plan["problems"]] == [("info", "NOTHING_TO_DO")]


def test_somebody_elses_change_is_a_conflict_with_a_three_way_difference(api, cluster):
    plan = api.plan(SPLIT).json()
    cluster.edit(REVIEWS, lambda item: item["spec"]["http"][0].update(timeout="3s"))
    before = len(writes(cluster))
    answer = api.post(f"plans/{plan['id']}/apply")
    assert answer.status_code == 409
    error = answer.json()["error"]
    assert error["code"] == "conflict"
    (conflict,) = error["conflicts"]
    assert conflict["resource"]["kind"] == "VirtualService"
    assert [(item["op"], item["path"]) for item in conflict["theirs_diff"]] == [
        ("add", "spec.http[0].timeout")
    ]
    assert "timeout: 3s" in conflict["theirs"]
    assert "timeout" not in conflict["base"]
    assert "weight: 20" in conflict["yours"]
    assert len(writes(cluster)) == before
    assert Change.objects.get(pk=error["change"]).state == "conflict"
    assert api.get(f"plans/{plan['id']}").json()["state"] == "stale"


def test_a_plan_shows_that_it_is_stale_as_soon_as_somebody_changed_something(api, cluster):
    plan = api.plan(SPLIT).json()
    assert api.get(f"plans/{plan['id']}").json()["state"] == "ready"
    cluster.edit(REVIEWS, lambda item: item["spec"]["http"][0].update(timeout="3s"))
    assert api.get(f"plans/{plan['id']}").json()["state"] == "stale"
    assert api.post(f"plans/{plan['id']}/apply").status_code == 409


def test_a_status_that_a_controller_wrote_meanwhile_is_no_conflict(api, cluster):
    plan = api.plan(SPLIT).json()
    cluster.edit(REVIEWS, lambda item: item.update(status={"observedGeneration": "1"}))
    assert api.post(f"plans/{plan['id']}/apply").status_code == 200
    assert cluster.get(REVIEWS)["status"] == {"observedGeneration": "1"}


def test_a_status_written_between_two_writes_is_no_conflict(cluster, acting, olga):
    def controller(_):
        cluster.edit(REVIEWS, lambda item: item.update(status={"observedGeneration": "2"}))

    change = apply.apply(
        plans.make({"rules": [SPLIT]}, olga, acting, NO_TRAFFIC), olga, acting, sleep=controller
    )
    assert change.state == "applied"
    assert weights(cluster) == {"v1": 80, "v3": 20}


def test_a_rival_that_appeared_meanwhile_is_a_conflict(api, cluster):
    plan = api.plan(SPLIT).json()
    cluster.put(virtual_service("other", [{"route": to_whole()}], hosts=["reviews"]))
    answer = api.post(f"plans/{plan['id']}/apply")
    assert answer.status_code == 409
    assert "all claim this host" in answer.json()["error"]["message"]
    assert writes(cluster) == []


def test_a_deleted_resource_is_a_conflict(api, cluster):
    plan = api.plan(SPLIT).json()
    cluster.remove(REVIEWS)
    error = api.post(f"plans/{plan['id']}/apply").json()["error"]
    assert [item["theirs"] for item in error["conflicts"]] == [""]
    assert writes(cluster) == []


def test_a_conflict_half_way_ends_as_partial_and_says_what_was_done(cluster, acting, olga):
    def somebody(_):
        cluster.edit(REVIEWS, lambda item: item["spec"]["http"][0].update(timeout="3s"))

    plan = plans.make({"rules": [SPLIT]}, olga, acting, NO_TRAFFIC)
    with pytest.raises(ConflictError):
        apply.apply(plan, olga, acting, sleep=somebody)
    change = Change.objects.get()
    assert change.state == "partial"
    assert [item["state"] for item in change.operations] == ["done", "failed"]
    assert "has changed in the meantime" in change.operations[1]["message"]
    assert "Some of it was written" in change.message


def test_what_the_server_refuses_in_the_dry_run_is_not_written_at_all(api, cluster):
    def admission(verb, manifest):
        if manifest["kind"] == "VirtualService":
            raise Invalid("total destination weight = 30", ())

    plan = api.plan(SPLIT).json()
    cluster.admission = admission
    answer = api.post(f"plans/{plan['id']}/apply")
    assert answer.status_code == 422
    assert "total destination weight" in answer.json()["error"]["message"]
    assert writes(cluster) == []
    assert Change.objects.get().state == "failed"


def test_a_lost_answer_is_looked_up_and_the_write_not_repeated(api, cluster):
    plan = api.plan(SPLIT).json()
    cluster.fail_next("replace", Unavailable("timed out"), after=True)
    change = api.post(f"plans/{plan['id']}/apply").json()
    assert change["state"] == "applied"
    assert change["operations"][0]["message"] == "The answer was lost; the cluster has the write."
    assert len(writes(cluster)) == 2


def test_a_write_that_did_not_arrive_is_told_and_not_repeated(api, cluster):
    plan = api.plan(SPLIT).json()
    cluster.fail_next("replace", Unavailable("timed out"))
    answer = api.post(f"plans/{plan['id']}/apply")
    assert answer.status_code == 503
    assert "The write did not arrive" in answer.json()["error"]["message"]
    change = Change.objects.get(pk=answer.json()["error"]["change"])
    assert (change.state, [item["state"] for item in change.operations]) == (
        "failed",
        ["failed", "not_done"],
    )
    assert weights(cluster) == {"v1": 100}


def test_a_lost_answer_that_cannot_be_looked_up_is_told_as_unknown(api, cluster):
    plan = api.plan(SPLIT).json()
    cluster.fail_next("replace", Unavailable("timed out"), after=True)
    cluster.fail_next("get", Unavailable("timed out"), skip=2)
    answer = api.post(f"plans/{plan['id']}/apply")
    assert answer.status_code == 503
    assert "is not known" in answer.json()["error"]["message"]


def test_a_cluster_that_does_not_answer_is_503_and_the_plan_can_be_tried_again(api, cluster):
    plan = api.plan(SPLIT).json()
    cluster.fail_next("get", Unavailable("No connection."))
    answer = api.post(f"plans/{plan['id']}/apply")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")
    assert writes(cluster) == []
    assert api.post(f"plans/{plan['id']}/apply").status_code == 200
    assert sorted(Change.objects.values_list("state", flat=True)) == ["applied", "failed"]


def test_planning_without_a_cluster_is_503(api, cluster):
    cluster.fail_next("list", Unavailable("No connection."))
    answer = api.plan(SPLIT)
    assert answer.status_code == 503
    assert Plan.objects.count() == 0


def test_what_the_cluster_forbids_is_403(api, cluster):
    plan = api.plan(SPLIT).json()
    cluster.fail_next("replace", Forbidden("olga cannot update"))
    answer = api.post(f"plans/{plan['id']}/apply")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")
