"""The REST API of plans and changes, as a client of it sees it.

             anonymous   wrong body   wrong rules   live has changed   twice
plans        401         400          422           -                  two plans
apply        401         422 (hash)   -             409 three-way      the same change
revert       401         -            -             409 three-way      409
"""

import json

import pytest

from cluster.errors import Conflict, Forbidden, Invalid, Unavailable
from routing.models import Change, Plan
from tests.routing.stage import RATINGS, REVIEWS, REVIEWS_SUBSETS, to_whole, virtual_service

pytestmark = pytest.mark.django_db

SPLIT = {"kind": "split", "namespace": "bookinfo", "service": "reviews", "weights": {"v1": 80, "v3": 20}}
DELAY = {
    "kind": "fault",
    "namespace": "bookinfo",
    "service": "ratings",
    "delay": {"percentage": 50, "fixed_delay": "2s"},
}
CALM = {"kind": "clear_fault", "namespace": "bookinfo", "service": "ratings"}


def writes(cluster):
    """The writes that reached the cluster, tries left out."""
    return [
        (verb, target)
        for verb, target, dry_run in cluster.calls
        if verb in ("create", "replace", "delete") and not dry_run
    ]


def weights(cluster):
    rule = cluster.get(REVIEWS)["spec"]["http"][-1]
    return {item["destination"]["subset"]: item.get("weight", 100) for item in rule["route"]}


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


def test_between_the_subset_and_the_route_the_proxies_get_a_moment(cluster, olga, settings):
    from routing import apply, plans
    from telemetry import live

    settings.ROUTING_SETTLE_SECONDS = 1.5
    slept = []

    def sleep(seconds):
        slept.append((seconds, len(writes(cluster))))

    apply.apply(plans.make({"rules": [SPLIT]}, olga, cluster, live), olga, cluster, sleep=sleep)
    assert slept == [(1.5, 1)]
    split_back = {**SPLIT, "weights": {"v1": 100}}
    apply.apply(plans.make({"rules": [split_back]}, olga, cluster, live), olga, cluster, sleep=sleep)
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


def test_a_status_written_between_two_writes_is_no_conflict(cluster, olga):
    from routing import apply, plans
    from telemetry import live

    def controller(_):
        cluster.edit(REVIEWS, lambda item: item.update(status={"observedGeneration": "2"}))

    change = apply.apply(plans.make({"rules": [SPLIT]}, olga, cluster, live), olga, cluster, sleep=controller)
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


def test_a_conflict_half_way_ends_as_partial_and_says_what_was_done(cluster, olga):
    from routing import apply, plans
    from routing.errors import ConflictError
    from telemetry import live

    def somebody(_):
        cluster.edit(REVIEWS, lambda item: item["spec"]["http"][0].update(timeout="3s"))

    plan = plans.make({"rules": [SPLIT]}, olga, cluster, live)
    with pytest.raises(ConflictError):
        apply.apply(plan, olga, cluster, sleep=somebody)
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


def test_a_revert_restores_what_was_there(api, cluster):
    before = [cluster.get(ref)["spec"] for ref in (REVIEWS, REVIEWS_SUBSETS)]
    change = api.applied(SPLIT)
    answer = api.post(f"changes/{change['id']}/revert")
    assert answer.status_code == 200
    revert = answer.json()
    assert (revert["kind"], revert["reverts"], revert["state"]) == ("revert", change["id"], "applied")
    assert [item["resource"]["kind"] for item in revert["operations"]] == [
        "VirtualService",
        "DestinationRule",
    ]
    assert [cluster.get(ref)["spec"] for ref in (REVIEWS, REVIEWS_SUBSETS)] == before
    assert api.get(f"changes/{change['id']}").json()["reverted_by"] == revert["id"]


def test_a_revert_can_be_reverted(api, cluster):
    change = api.applied(SPLIT)
    after = [cluster.get(ref)["spec"] for ref in (REVIEWS, REVIEWS_SUBSETS)]
    revert = api.post(f"changes/{change['id']}/revert").json()
    again = api.post(f"changes/{revert['id']}/revert").json()
    assert again["state"] == "applied"
    assert [cluster.get(ref)["spec"] for ref in (REVIEWS, REVIEWS_SUBSETS)] == after


def test_reverting_a_create_deletes_and_reverting_that_creates_again(api, cluster):
    change = api.applied(DELAY)
    assert [item["action"] for item in change["operations"]] == ["create"]
    revert = api.post(f"changes/{change['id']}/revert").json()
    assert [item["action"] for item in revert["operations"]] == ["delete"]
    assert writes(cluster)[-1] == ("delete", str(RATINGS))
    again = api.post(f"changes/{revert['id']}/revert").json()
    assert [item["action"] for item in again["operations"]] == ["create"]
    assert cluster.get(RATINGS)["spec"]["http"][0]["fault"]["delay"]["fixedDelay"] == "2s"


def test_a_second_revert_is_refused(api, cluster):
    change = api.applied(SPLIT)
    assert api.post(f"changes/{change['id']}/revert").status_code == 200
    before = len(writes(cluster))
    answer = api.post(f"changes/{change['id']}/revert")
    assert answer.status_code == 409
    assert "taken back already" in answer.json()["error"]["message"]
    assert len(writes(cluster)) == before


def test_reverting_what_somebody_changed_since_is_a_conflict(api, cluster):
    change = api.applied(SPLIT)
    cluster.edit(REVIEWS, lambda item: item["spec"]["http"][0].update(timeout="3s"))
    before = len(writes(cluster))
    answer = api.post(f"changes/{change['id']}/revert")
    assert answer.status_code == 409
    (conflict,) = answer.json()["error"]["conflicts"]
    assert "timeout: 3s" in conflict["theirs"]
    assert len(writes(cluster)) == before
    cluster.edit(REVIEWS, lambda item: item["spec"]["http"][0].pop("timeout"))
    assert api.post(f"changes/{change['id']}/revert").status_code == 200


def test_a_subset_that_another_route_uses_is_not_taken_away(api, cluster):
    change = api.applied(SPLIT)
    host = "reviews.bookinfo.svc.cluster.local"
    gateway = [{"route": [{"destination": {"host": host, "subset": "v3"}}]}]
    cluster.put(virtual_service("edge", gateway, gateways=["gw"], hosts=["books.example.com"]))
    answer = api.post(f"changes/{change['id']}/revert")
    assert answer.status_code == 409
    assert "VirtualService bookinfo/edge still names it" in answer.json()["error"]["message"]


def test_a_failed_change_has_nothing_to_take_back(api, cluster):
    plan = api.plan(SPLIT).json()
    cluster.fail_next("replace", Conflict("changed"))
    cluster.fail_next("replace", Forbidden("no"))
    change = api.post(f"plans/{plan['id']}/apply").json()["error"]["change"]
    assert api.post(f"changes/{change}/revert").status_code == 409


def test_a_fault_is_set_and_taken_back_by_a_rule(api, cluster):
    api.applied(DELAY)
    (fault,) = api.get("services/bookinfo/ratings").json()["faults"]
    assert (fault["kind"], fault["percentage"], fault["fixed_delay"]) == ("delay", 50.0, "2s")
    assert (fault["match"], fault["owned"]) == (None, True)
    api.applied(CALM)
    assert api.get("services/bookinfo/ratings").json()["faults"] == []


def test_services_tell_versions_weights_and_the_routing_in_a_sentence(api, cluster):
    api.applied(SPLIT)
    service = api.get("services/bookinfo/reviews").json()
    assert service["host"] == "reviews.bookinfo.svc.cluster.local"
    assert service["ports"] == [{"name": "http", "number": 9080, "protocol": "http"}]
    assert [(item["version"], item["subset"], item["weight"]) for item in service["versions"]] == [
        ("v1", "v1", 80), ("v2", "v2", None), ("v3", "v3", 20),
    ]  # fmt: skip
    assert {(item["pods"], item["ready_pods"], item["observed_share"]) for item in service["versions"]} == {
        (1, 1, None)
    }
    assert service["routing"] == {
        "virtual_service": {"namespace": "bookinfo", "name": "reviews"},
        "sentence": "80 % v1, 20 % v3; everyone",
        "editable": True,
        "reason": "",
    }
    listed = api.get("services", namespaces="bookinfo").json()["services"]
    assert [item["name"] for item in listed] == ["details", "productpage", "ratings", "reviews"]
    assert listed[3] == service
    assert api.get("services", namespaces="elsewhere").json() == {"services": []}
    assert len(api.get("services").json()["services"]) == 4


@pytest.mark.parametrize(
    "path", ["services/bookinfo/nothing", "services/nowhere/reviews", "services/../reviews"]
)
def test_a_service_that_is_none_is_404(api, cluster, path):
    answer = api.get(path)
    assert answer.status_code == 404


def test_namespaces_that_are_none_are_refused(api, cluster):
    answer = api.get("services", namespaces="book_info")
    assert answer.status_code == 400
    assert [item["field"] for item in answer.json()["error"]["fields"]] == ["namespaces"]


def test_changes_come_newest_first_in_pages(api, cluster):
    ids = [api.applied(rule)["id"] for rule in (SPLIT, DELAY, CALM)]
    first = api.get("changes", limit=2).json()
    assert [item["id"] for item in first["changes"]] == [ids[2], ids[1]]
    assert first["next"] == ids[1]
    second = api.get("changes", limit=2, before=first["next"]).json()
    assert ([item["id"] for item in second["changes"]], second["next"]) == ([ids[0]], None)
    assert api.get("changes", limit=0).status_code == 400


def test_yaml_is_taken_like_json(api, cluster):
    body = json.dumps({"rules": [SPLIT]})
    for content_type in ("application/yaml", "application/x-yaml", "text/yaml"):
        answer = api.client.post("/api/v1/plans", body, content_type=content_type)
        assert answer.status_code == 201, content_type


BAD_BODIES = {
    "no JSON": ("{", "application/json", 400),
    "not a number": ('{"rules": [NaN]}', "application/json", 400),
    "YAML with an alias": ("rules: &r []\nx: *r", "application/yaml", 400),
    "YAML with a tag": ("rules: !!python/name:os.system", "application/yaml", 400),
    "two documents": ("rules: []\n---\nrules: []", "application/yaml", 400),
    "a form": ("rules=1", "application/x-www-form-urlencoded", 415),
    "a text": ("rules", "text/plain", 415),
    "a list": ("[]", "application/json", 422),
    "nothing": ("{}", "application/json", 422),
}


@pytest.mark.parametrize(("body", "content_type", "status"), BAD_BODIES.values(), ids=BAD_BODIES)
def test_a_bad_body_is_a_clear_error_and_keeps_nothing(api, cluster, body, content_type, status):
    answer = api.client.post("/api/v1/plans", body, content_type=content_type)
    assert answer.status_code == status, answer.content
    error = answer.json()["error"]
    assert error["message"]
    assert "fields" in error
    assert Plan.objects.count() == 0


BAD_RULES = {
    "weights of 90": ({**SPLIT, "weights": {"v1": 70, "v3": 20}}, "rules[0].weights"),
    "an unknown version": ({**SPLIT, "weights": {"v1": 80, "v9": 20}}, "rules[0].weights.v9"),
    "an unknown service": ({**SPLIT, "service": "nothing"}, "rules[0].service"),
    "an unknown namespace": ({**SPLIT, "namespace": "nowhere"}, "rules[0].service"),
    "101 percent": (
        {**DELAY, "delay": {"percentage": 101, "fixed_delay": "2s"}},
        "rules[0].delay.percentage",
    ),
    "a delay of 0": (
        {**DELAY, "delay": {"percentage": 1, "fixed_delay": "0s"}},
        "rules[0].delay.fixed_delay",
    ),
    "5 parsecs": (
        {**DELAY, "delay": {"percentage": 1, "fixed_delay": "5 parsecs"}},
        "rules[0].delay.fixed_delay",
    ),
}


@pytest.mark.parametrize(("rule", "field"), BAD_RULES.values(), ids=BAD_RULES)
def test_a_bad_rule_is_422_at_its_field_and_keeps_nothing(api, cluster, rule, field):
    answer = api.plan(rule)
    assert answer.status_code == 422
    assert [item["field"] for item in answer.json()["error"]["fields"]] == [field]
    assert Plan.objects.count() == 0
    assert writes(cluster) == []


CALLS = [
    ("get", "services"), ("get", "services/bookinfo/reviews"), ("post", "plans"), ("get", "changes"),
    ("get", "plans/00000000-0000-4000-8000-000000000000"), ("get", "changes/1"),
    ("post", "plans/00000000-0000-4000-8000-000000000000/apply"), ("post", "changes/1/revert"),
]  # fmt: skip


@pytest.mark.parametrize(("verb", "path"), CALLS)
def test_nothing_answers_to_nobody(client, cluster, verb, path, db):
    answer = getattr(client, verb)(f"/api/v1/{path}", content_type="application/json")
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "unauthorized"
    assert answer["WWW-Authenticate"]
    assert cluster.calls == []


def test_a_post_with_a_session_needs_the_csrf_token(cluster, olga):
    from django.test import Client

    strict = Client(enforce_csrf_checks=True)
    strict.force_login(olga)
    answer = strict.post("/api/v1/plans", {"rules": [SPLIT]}, content_type="application/json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")


def test_a_token_needs_no_session(client, cluster, olga):
    from knox.models import AuthToken

    _, token = AuthToken.objects.create(olga)
    answer = client.get("/api/v1/changes", headers={"Authorization": f"Bearer {token}"})
    assert answer.json() == {"changes": [], "next": None}


@pytest.mark.parametrize(
    ("path", "status"), [("plans/00000000-0000-4000-8000-000000000000", 404), ("changes/7", 404)]
)
def test_what_does_not_exist_is_404(api, cluster, path, status):
    answer = api.get(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, "not_found")


def test_a_wrong_method_is_405(api, cluster):
    answer = api.post("changes")
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "method_not_allowed")
