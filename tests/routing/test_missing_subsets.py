"""Taking back and finishing never leave a route with a subset that has gone meanwhile."""

import pytest

from cluster.errors import Forbidden
from routing import apply, plans
from routing.errors import ConflictError
from routing.models import Change, Plan
from tests.routing.stage import (
    NO_TRAFFIC,
    REVIEWS_SUBSETS,
    SPLIT,
    destination_rule,
    route,
    virtual_service,
    weights,
    writes,
)

pytestmark = pytest.mark.django_db
TO_V2 = {**SPLIT, "weights": {"v2": 100}}
PLACE = {"namespace": "bookinfo", "service": "reviews"}
DROP = {"kind": "remove_subset", **PLACE}


class RoutesRefused:
    """Refuses every write of a route but the tries before it."""

    def __init__(self):
        self.tried, self.over = False, False

    def __call__(self, verb, manifest):
        if self.over or manifest["kind"] != "VirtualService":
            return
        if self.tried:
            raise Forbidden("not now", status=403)
        self.tried = True


@pytest.fixture
def stopped(api, cluster):
    """Stops the application of rules before their route; the change."""

    def stop(*rules):
        plan = api.plan(*rules).json()
        cluster.admission = refusing = RoutesRefused()
        answer = api.post(f"plans/{plan['id']}/apply")
        assert answer.status_code == 403, answer.content
        refusing.over = True
        return answer.json()["error"]["change"]

    return stop


def refused(answer, subset):
    assert answer.status_code == 409, answer.content
    message = answer.json()["error"]["message"]
    assert f"subset {subset} of reviews.bookinfo.svc.cluster.local" in message
    return message


def test_a_route_is_not_taken_back_to_a_subset_that_has_gone_since(api, cluster):
    only_v2 = virtual_service("reviews", [{"route": route(("v2", 100))}])
    change = api.applied({"kind": "object", "manifest": only_v2})["id"]
    api.applied({**DROP, "version": "v1"})
    written = len(writes(cluster))
    assert "Nothing was taken back" in refused(api.post(f"changes/{change}/revert"), "v1")
    assert len(writes(cluster)) == written
    assert weights(cluster) == {"v2": 100}
    assert Change.objects.get(pk=change).revert_claimed_at is None


def test_both_are_taken_back_together(api, cluster):
    changes = [api.applied(TO_V2)["id"], api.applied({**DROP, "version": "v1"})["id"]]
    assert api.post("changes/revert", {"changes": changes}).json()["state"] == "applied"
    assert weights(cluster) == {"v1": 100}


def test_a_route_is_not_finished_to_a_subset_that_has_gone_since(api, cluster, stopped):
    change = stopped(TO_V2)
    api.applied({**DROP, "version": "v2"})
    assert "Nothing was planned" in refused(api.post(f"changes/{change}/finish"), "v2")
    assert not Plan.objects.exclude(finishes=None).exists()


def test_a_subset_that_goes_after_the_rest_was_planned_keeps_the_rest_from_being_written(
    api, cluster, stopped
):
    plan = api.post(f"changes/{stopped(TO_V2)}/finish").json()["id"]
    api.applied({**DROP, "version": "v2"})
    written = len(writes(cluster))
    assert "Nothing was written" in refused(api.post(f"plans/{plan}/apply"), "v2")
    assert len(writes(cluster)) == written
    assert api.get(f"plans/{plan}").json()["state"] == "stale"


def test_the_rest_of_a_change_that_was_taken_back_meanwhile_is_not_written(api, cluster, stopped):
    change = stopped(SPLIT)
    plan = api.post(f"changes/{change}/finish").json()["id"]
    assert api.post(f"changes/{change}/revert").json()["state"] == "applied"
    written = len(writes(cluster))
    answer = api.post(f"plans/{plan}/apply")
    assert answer.status_code == 409
    assert f"#{change} has been taken back already" in answer.json()["error"]["message"]
    assert len(writes(cluster)) == written
    assert weights(cluster) == {"v1": 100}


def test_a_change_is_finished_once(api, cluster, stopped):
    change = stopped(SPLIT)
    plans_of_it = [api.post(f"changes/{change}/finish").json()["id"] for _ in range(2)]
    assert api.post(f"plans/{plans_of_it[0]}/apply").status_code == 200
    assert api.post(f"plans/{plans_of_it[1]}/apply").status_code == 409


def test_a_subset_that_somebody_comes_to_need_during_the_wait_does_not_go(olga, cluster, acting, settings):
    settings.ROUTING_SETTLE_SECONDS = 0.01
    rules = [
        {"kind": "route", **PLACE, "default": True, "destinations": [{"version": "v2"}]},
        {**DROP, "version": "v1"},
    ]
    plan = plans.make({"rules": rules}, olga, acting, NO_TRAFFIC)
    assert [item["resource"]["kind"] for item in plan.operations] == ["VirtualService", "DestinationRule"]
    needs_it = [{"route": route(("v1", 100), host="reviews.bookinfo.svc.cluster.local")}]

    def meanwhile(_):
        cluster.put(virtual_service("another", needs_it, hosts=["another.example.com"]))

    with pytest.raises(ConflictError, match="The rest was not written"):
        apply.apply(plan, olga, acting, sleep=meanwhile)
    change = Change.objects.get()
    assert (change.state, [item["state"] for item in change.operations]) == ("partial", ["done", "not_done"])
    assert "another" not in change.message
    assert "v1" in [item["name"] for item in cluster.get(REVIEWS_SUBSETS)["spec"]["subsets"]]


def test_what_a_revert_writes_besides_is_seen_by_those_who_may_read_it(sign_in, shared_cluster):
    """The vault's route has to leave a subset while that comes to select its old pods again."""
    sends = [{"route": route(("v1", 50), ("v2", 50), host="reviews.bookinfo.svc.cluster.local")}]
    admin = sign_in("administrator")
    change = admin.applied(
        {
            "kind": "object",
            "manifest": destination_rule("reviews", ["v1", "v2"])
            | {
                "spec": {
                    "host": "reviews",
                    "subsets": [
                        {"name": "v1", "labels": {"version": "v3"}},
                        {"name": "v2", "labels": {"version": "v2"}},
                    ],
                }
            },
        }
    )["id"]
    shared_cluster.put(virtual_service("to-reviews", sends, "vault"))
    answer = admin.post(f"changes/{change}/revert")
    assert answer.status_code == 200, answer.content
    assert "vault" in answer.text, "the vault's route steps aside"
    revert = answer.json()["id"]
    assert admin.get(f"changes/{revert}").status_code == 200
    viewer = sign_in("viewer")
    assert viewer.get(f"changes/{change}").status_code == 200
    assert viewer.get(f"changes/{revert}").status_code == 404
    assert "vault" not in viewer.get("changes").text
