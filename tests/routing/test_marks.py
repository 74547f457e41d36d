"""Marks on the time axis: what was done, when, and how long a fault lasted."""

from datetime import timedelta

import pytest
from django.utils import timezone

from routing.models import Change
from tests.routing.rolling import making as rollouts
from tests.routing.stage import CALM, DELAY, SPLIT

pytestmark = pytest.mark.django_db
LEDGER = {"kind": "split", "namespace": "vault", "service": "ledger", "weights": {"v1": 50, "v2": 50}}
LEDGER_FAULT = {**DELAY, "namespace": "vault", "service": "ledger"}


def marks(api, **query):
    answer = api.get("marks", **query)
    assert answer.status_code == 200, answer.content
    return answer.json()["marks"]


def told(api, **query):
    return [(mark["kind"], mark["service"]) for mark in marks(api, **query)]


def ago(**amount):
    return (timezone.now() - timedelta(**amount)).isoformat().replace("+00:00", "Z")


def move(change, **amount):
    at = timezone.now() - timedelta(**amount)
    Change.objects.filter(pk=change["id"]).update(at=at)
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z")


def test_a_change_is_marked_with_what_who_where_and_its_page(api, cluster):
    change = api.applied(SPLIT)
    (mark,) = marks(api)
    assert mark == {
        "at": change["at"],
        "until": None,
        "kind": "change",
        "title": change["summary"],
        "namespace": "bookinfo",
        "service": "reviews",
        "by": change["by"],
        "url": f"/changes/{change['id']}/",
    }
    assert api.client.get(mark["url"]).status_code == 200


def test_the_newest_come_first_and_a_revert_is_one_of_its_own(api, cluster):
    change = api.applied(SPLIT)
    api.post(f"changes/{change['id']}/revert")
    assert told(api) == [("revert", "reviews"), ("change", "reviews")]


@pytest.mark.parametrize("ending", ["clear", "revert", "another"])
def test_a_fault_lasts_until_it_is_taken_back_cleared_or_replaced(api, cluster, ending):
    fault = api.applied(DELAY)
    assert marks(api)[0]["until"] is None
    api.applied(SPLIT)
    assert [mark["until"] for mark in marks(api) if mark["kind"] == "fault"] == [None]
    if ending == "revert":
        end = api.post(f"changes/{fault['id']}/revert").json()
    else:
        end = api.applied(
            CALM if ending == "clear" else {**DELAY, "delay": {"percentage": 3, "fixed_delay": "1s"}}
        )
    first = marks(api)[-1]
    assert (first["kind"], first["at"], first["until"]) == ("fault", fault["at"], end["at"])


def test_what_was_not_written_is_no_mark_and_ends_no_fault(api, cluster):
    api.applied(DELAY)
    calm = api.applied(CALM)
    Change.objects.filter(pk=calm["id"]).update(state="failed")
    assert [(mark["kind"], mark["until"]) for mark in marks(api)] == [("fault", None)]


def test_only_what_lies_between_the_moments_is_marked(api, cluster):
    old = api.applied(SPLIT)
    api.applied({**SPLIT, "weights": {"v1": 100}})
    move(old, hours=3)
    assert len(marks(api)) == 1
    assert len(marks(api, since=ago(hours=4))) == 2
    assert [mark["title"] for mark in marks(api, since=ago(hours=4), until=ago(hours=2))] == [old["summary"]]


def test_a_fault_that_began_earlier_is_marked_while_it_lasted(api, cluster):
    fault, calm = api.applied(DELAY), api.applied(CALM)
    began, ended = move(fault, hours=5), move(calm, hours=3)
    (mark,) = marks(api, since=ago(hours=4), until=ago(hours=3, minutes=30))
    assert (mark["at"], mark["until"]) == (began, ended)
    assert marks(api, since=ago(hours=2)) == []


def test_marks_are_those_of_the_namespaces_that_are_asked_for(api, cluster):
    api.applied(SPLIT)
    assert len(marks(api, namespaces="bookinfo,elsewhere")) == 1
    assert marks(api, namespaces="elsewhere") == []


def test_there_are_no_more_marks_than_asked_for_and_it_says_that_there_are_more(api, cluster):
    for weight in (10, 20, 30):
        api.applied({**SPLIT, "weights": {"v1": weight, "v3": 100 - weight}})
    answer = api.get("marks", limit=2).json()
    assert (len(answer["marks"]), answer["more"]) == (2, True)
    assert api.get("marks", limit=3).json()["more"] is False


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"since": "yesterday"}, "since"),
        ({"until": "9999-01-01T00:00:00Z"}, "until"),
        ({"since": "1000", "until": "1000"}, "since"),
        ({"namespaces": "No Such"}, "namespaces"),
        ({"limit": "501"}, "limit"),
    ],
)
def test_a_wrong_question_is_refused_at_its_field(api, cluster, query, field):
    answer = api.get("marks", **query)
    assert answer.status_code == 400
    assert [each["field"] for each in answer.json()["error"]["fields"]] == [field]


def rollout_of(change, weight=25, needs=None):
    """The rollout that made a change, as the engine keeps it."""
    made = Change.objects.get(pk=change["id"])
    spec = rollouts.spec()
    row = rollouts.row(
        spec, rollouts.state(), created_by=made.by, needs=made.needs if needs is None else needs
    )
    row.save()
    for code in ("intended", "done"):
        written = made if code == "done" else None
        row.events.create(at=made.at, kind="write", code=code, change=written, data={"weight": weight})
    return row


def test_what_a_rollout_wrote_is_marked_as_its_step_and_leads_to_it(api, cluster):
    own, step = api.applied(CALM), api.applied(SPLIT)
    row = rollout_of(step)
    first, second = marks(api)
    assert (first["kind"], first["title"], first["service"]) == (
        "rollout",
        f"Rollout #{row.pk}: 25 %",
        "reviews",
    )
    assert first["url"] == f"/rollouts/{row.pk}/"
    assert api.client.get(first["url"]).status_code == 200
    assert (second["kind"], second["url"]) == ("change", f"/changes/{own['id']}/")


def test_the_canary_taken_out_is_a_step_to_nothing(api, cluster):
    rollout_of(api.applied(SPLIT), weight=-1)
    assert marks(api)[0]["title"].endswith(": 0 %")


def test_of_a_rollout_that_one_may_not_see_the_change_is_marked(api, cluster):
    change = api.applied(SPLIT)
    rollout_of(change, needs="")
    (mark,) = marks(api)
    assert (mark["kind"], mark["url"]) == ("change", f"/changes/{change['id']}/")


class TestRights:
    """By role; see tests/routing/test_who_may.py."""

    @pytest.fixture
    def cluster(self, shared_cluster):
        return shared_cluster

    def test_of_what_one_may_not_see_there_is_no_mark(self, sign_in, cluster):
        admin = sign_in("administrator")
        for rule in (SPLIT, LEDGER, LEDGER_FAULT):
            admin.applied(rule)
        assert len(marks(admin)) == 3
        for role, expected in (("viewer", [("change", "reviews")]), ("nobody", [])):
            api = sign_in(role)
            assert told(api) == expected
            assert marks(api, namespaces="vault") == []
            assert b"vault" not in api.get("marks").content
            assert b"ledger" not in api.get("marks").content
