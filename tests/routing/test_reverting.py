"""Taking a change back over REST."""

import pytest

from cluster.errors import Conflict, Forbidden
from routing import revert
from routing.errors import ConflictError
from routing.models import Change
from tests.routing.stage import DELAY, RATINGS, REVIEWS, REVIEWS_SUBSETS, SPLIT, virtual_service, writes

pytestmark = pytest.mark.django_db


def test_of_two_who_take_a_change_back_at_once_one_does(api, cluster, acting, olga):
    change = Change.objects.get(pk=api.applied(SPLIT)["id"])

    def meanwhile(_):
        with pytest.raises(ConflictError, match="or is just now"):
            revert.revert(Change.objects.get(pk=change.pk), olga, acting)

    assert revert.revert(change, olga, acting, sleep=meanwhile).state == "applied"
    assert len(writes(cluster)) == 4


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
