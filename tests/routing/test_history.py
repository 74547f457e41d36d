"""Finding changes, taking several back at once, finishing one over REST, and drift."""

from datetime import timedelta

import pytest
from django.utils import timezone

from cluster.errors import Forbidden
from routing.models import Change
from tests.people import person
from tests.routing.stage import CALM, DELAY, RATINGS, REVIEWS, REVIEWS_SUBSETS, SPLIT, weights, writes

pytestmark = pytest.mark.django_db
MORE = {**SPLIT, "weights": {"v1": 50, "v3": 50}}


def ids(answer):
    assert answer.status_code == 200, answer.content
    return [change["id"] for change in answer.json()["changes"]]


@pytest.fixture
def three(api, cluster):
    """A split with a note, a fault, and the fault taken back by somebody else."""
    split = api.plan(SPLIT, note="canary of 100 %").json()
    first = api.post(f"plans/{split['id']}/apply").json()["id"]
    second, third = api.applied(DELAY)["id"], api.applied(CALM)["id"]
    Change.objects.filter(pk=third).update(by=person("amina"), at=timezone.now() - timedelta(days=3))
    return first, second, third


def test_changes_are_found_by_word_place_person_state_and_time(api, three):
    first, second, third = three
    assert ids(api.get("changes")) == [third, second, first]
    assert ids(api.get("changes", q="100 %")) == [first]
    assert ids(api.get("changes", q="CANARY")) == [first]
    assert ids(api.get("changes", q="DestinationRule")) == [first]
    assert ids(api.get("changes", q="nothing like it")) == []
    assert ids(api.get("changes", service="ratings")) == [third, second]
    assert ids(api.get("changes", service="bookinfo/reviews")) == [first]
    assert ids(api.get("changes", service="ating")) == []
    assert ids(api.get("changes", namespace="bookinfo")) == [third, second, first]
    assert ids(api.get("changes", namespace="book")) == []
    assert ids(api.get("changes", by="amina")) == [third]
    assert ids(api.get("changes", state="applied", q="")) == [third, second, first]
    assert ids(api.get("changes", state="failed")) == []
    yesterday = (timezone.now() - timedelta(days=1)).isoformat()
    assert ids(api.get("changes", since=yesterday)) == [second, first]
    assert ids(api.get("changes", until=yesterday)) == [third]
    assert ids(api.get("changes", service="ratings", before=third, limit=1)) == [second]


@pytest.mark.parametrize(
    "wrong", [{"state": "great"}, {"since": "yesterday"}, {"before": 2**70}, {"q": "x" * 201}]
)
def test_a_question_that_makes_no_sense_is_refused_at_its_field(api, cluster, wrong):
    answer = api.get("changes", **wrong)
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["error"]["fields"]] == list(wrong)


def test_several_changes_are_taken_back_at_once_the_newest_first(api, cluster):
    before = [cluster.get(ref)["spec"] for ref in (REVIEWS, REVIEWS_SUBSETS)]
    changes = [api.applied(rule)["id"] for rule in (SPLIT, MORE, DELAY)]
    written = len(writes(cluster))
    answer = api.post("changes/revert", {"changes": changes, "note": "all of it"})
    assert answer.status_code == 200, answer.content
    revert = answer.json()
    assert (revert["kind"], revert["reverts"], revert["reverts_all"]) == ("revert", changes[2], changes[::-1])
    assert revert["note"] == "all of it"
    assert [cluster.get(ref)["spec"] for ref in (REVIEWS, REVIEWS_SUBSETS)] == before
    assert len(writes(cluster)) == written + 3, "one write for each object, whatever came between"
    for change in changes:
        assert api.get(f"changes/{change}").json()["reverted_by"] == revert["id"]
        assert api.post(f"changes/{change}/revert").status_code == 409
    assert api.post(f"changes/{revert['id']}/revert").json()["state"] == "applied"
    assert weights(cluster) == {"v1": 50, "v3": 50}
    assert cluster.get(RATINGS)


def test_a_group_that_leaves_out_a_change_in_between_is_a_conflict_by_name(api, cluster):
    first, _, third = (api.applied(rule)["id"] for rule in (SPLIT, MORE, SPLIT))
    written = len(writes(cluster))
    answer = api.post("changes/revert", {"changes": [first, third]})
    assert answer.status_code == 409
    error = answer.json()["error"]
    assert "VirtualService bookinfo/reviews was changed since" in error["message"]
    assert [conflict["resource"]["name"] for conflict in error["conflicts"]] == ["reviews"]
    assert len(writes(cluster)) == written
    assert not Change.objects.exclude(revert_claimed_at=None).exists()


def test_a_group_names_changes_that_there_are(api, cluster):
    change = api.applied(SPLIT)["id"]
    assert api.post("changes/revert", {"changes": [change, 999]}).status_code == 404
    assert api.post("changes/revert", {"changes": []}).status_code == 400
    assert api.post("changes/revert", {"changes": [change, change]}).json()["reverts_all"] == [change]


@pytest.fixture
def half_way(api, cluster):
    """A change of which the first of two writes was done, and the second refused."""
    plan = api.plan(SPLIT).json()
    cluster.admission = refuse = Refusing()
    refused = api.post(f"plans/{plan['id']}/apply")
    assert refused.status_code == 403
    refuse.over = True
    return refused.json()["error"]["change"]


class Refusing:
    """Lets the tries and the first write through, and refuses the write of the route."""

    def __init__(self):
        self.seen, self.over = [], False

    def __call__(self, verb, manifest):
        if self.over or manifest["kind"] != "VirtualService":
            return
        self.seen.append(verb)
        if len(self.seen) > 1:
            raise Forbidden("not now", status=403)


def test_the_rest_of_a_change_is_planned_applied_and_linked(api, cluster, half_way):
    change = api.get(f"changes/{half_way}").json()
    assert (change["state"], [item["state"] for item in change["operations"]]) == (
        "partial",
        ["done", "failed"],
    )
    answer = api.post(f"changes/{half_way}/finish", {"note": "the rest"})
    assert answer.status_code == 201, answer.content
    plan = answer.json()
    assert (plan["finishes"], plan["note"], plan["state"]) == (half_way, "the rest", "ready")
    assert [item["resource"]["kind"] for item in plan["operations"]] == ["VirtualService"]
    done = api.post(f"plans/{plan['id']}/apply").json()
    assert (done["kind"], done["finishes"], done["services"]) == ("finish", half_way, ["bookinfo/reviews"])
    assert weights(cluster) == {"v1": 80, "v3": 20}
    assert api.get(f"changes/{half_way}").json()["finished_by"] == done["id"]
    assert api.post(f"changes/{half_way}/finish").status_code == 409
    both = api.post("changes/revert", {"changes": [half_way, done["id"]]})
    assert both.json()["state"] == "applied"
    assert weights(cluster) == {"v1": 100}


def test_what_was_done_of_a_change_is_taken_back_and_then_nothing_is_left_to_finish(api, cluster, half_way):
    assert api.post(f"changes/{half_way}/revert").json()["state"] == "applied"
    assert [item["name"] for item in cluster.get(REVIEWS_SUBSETS)["spec"]["subsets"]] == ["v1", "v2"]
    answer = api.post(f"changes/{half_way}/finish")
    assert (answer.status_code, "taken back already" in answer.json()["error"]["message"]) == (409, True)


def test_the_rest_is_not_planned_over_what_somebody_changed_since(api, cluster, half_way):
    cluster.edit(REVIEWS, lambda item: item["spec"]["http"][0].update(timeout="3s"))
    answer = api.post(f"changes/{half_way}/finish")
    assert answer.status_code == 409
    (conflict,) = answer.json()["error"]["conflicts"]
    assert "timeout: 3s" in conflict["theirs"]


def test_a_change_that_went_through_has_nothing_to_finish(api, cluster):
    answer = api.post(f"changes/{api.applied(SPLIT)['id']}/finish")
    assert (answer.status_code, "did not stop" in answer.json()["error"]["message"]) == (409, True)


def drift(api, change):
    found = api.get(f"changes/{change}").json()["drift"]
    return {item["resource"]["kind"]: item["state"] for item in found}


def test_what_somebody_changes_outside_is_shown_beside_the_change(api, cluster):
    change = api.applied(SPLIT)["id"]
    assert drift(api, change) == {"DestinationRule": "same", "VirtualService": "same"}
    cluster.edit(REVIEWS, lambda item: item["spec"]["http"][0].update(timeout="3s"))
    cluster.remove(REVIEWS_SUBSETS)
    assert drift(api, change) == {"DestinationRule": "gone", "VirtualService": "changed"}
    (changed,) = [item for item in api.get(f"changes/{change}").json()["drift"] if item["diff"][1:] == []]
    assert [item["path"] for item in changed["diff"]] == ["spec.http[0].timeout"]
    assert "+    timeout: 3s" in changed["unified_diff"]


def test_a_later_change_of_ours_is_no_drift(api, cluster):
    first, second = api.applied(SPLIT)["id"], api.applied(MORE)["id"]
    assert drift(api, first) == {"DestinationRule": "same", "VirtualService": "same"}
    (_, route) = api.get(f"changes/{first}").json()["drift"]
    assert route["last_change"] == second
    cluster.edit(REVIEWS, lambda item: item["spec"]["http"][0].update(timeout="3s"))
    assert drift(api, first)["VirtualService"] == "changed"


def test_what_a_revert_deleted_and_somebody_made_again_has_drifted(api, cluster):
    change = api.applied(DELAY)["id"]
    kept = cluster.get(RATINGS)
    revert = api.post(f"changes/{change}/revert").json()["id"]
    assert drift(api, revert) == {"VirtualService": "same"}
    cluster.put({**kept, "metadata": {"name": "ratings", "namespace": "bookinfo"}})
    assert drift(api, revert) == {"VirtualService": "changed"}
