"""Who may start, see and command which rollout, in both modes of access.

               bookinfo                    vault
viewer         sees, previews              nothing
operator       sees, starts, commands      nothing
administrator  sees, starts, commands      sees, starts, commands
nobody         nothing                     nothing
"""

from dataclasses import replace

import pytest
from django.utils import timezone

from routing.models import Rollout, RolloutCommand, RolloutEvent
from routing.rolling import records, starting
from routing.rollouts.states import Figure, Why
from tests.people import own
from tests.routing.roles import HIDDEN
from tests.routing.rolling.asked import BODY, LEDGER, begun, kept, obeys
from tests.routing.stage import NO_TRAFFIC, writes

pytestmark = pytest.mark.django_db
COMMANDS = ["pause", "resume", "promote", "abort", "weight", "step-back", "retry"]
SECRET = "ledger_balance_total"
QUERY = {"kind": "promql", "name": "balance", "query": f'{SECRET}{{namespace="vault"}}', "most": 5}


@pytest.fixture
def cluster(shared_cluster):
    return shared_cluster


@pytest.fixture
def rollouts(cluster, people):
    by = people["administrator"]
    asked = {"bookinfo": BODY, "vault": LEDGER}
    return {name: starting.start(body, by, own(), NO_TRAFFIC)[0].pk for name, body in asked.items()}


@pytest.mark.parametrize(
    ("role", "status"), [("viewer", 403), ("operator", 201), ("administrator", 201), ("nobody", 403)]
)
def test_who_may_write_routes_may_start(role, status, sign_in, cluster):
    answer = sign_in(role).post("rollouts", BODY)
    assert answer.status_code == status, answer.content
    assert Rollout.objects.count() == (status == 201)
    assert writes(cluster) == []


def test_who_may_not_make_subsets_may_not_start(sign_in, cluster, rights):
    rights.taken.add(("oscar", "create"))
    answer = sign_in("operator").post("rollouts", BODY)
    assert answer.status_code == 403
    assert "create destinationrules" in answer.json()["error"]["message"]
    warned = sign_in("operator").post("rollouts/preview", BODY).json()["warnings"]
    assert "NOT_ALLOWED" in [each["code"] for each in warned]


@pytest.mark.parametrize("role", ["viewer", "operator", "nobody"])
def test_a_namespace_that_may_not_be_read_has_no_rollouts(role, sign_in, rollouts, cluster):
    api = sign_in(role)
    shown = [each["id"] for each in api.get("rollouts").json()["rollouts"]]
    assert shown == ([] if role == "nobody" else [rollouts["bookinfo"]])
    for path in ("", "/events", "/evidence"):
        assert api.get(f"rollouts/{rollouts['vault']}{path}").status_code == 404
    for word in COMMANDS:
        assert api.post(f"rollouts/{rollouts['vault']}/{word}", {"weight": 5}).status_code == 404
    told = b"".join(api.get("rollouts/events")) + api.client.get("/metrics").content
    for name in HIDDEN:
        assert name.encode() not in told
    assert not RolloutCommand.objects.exists()


@pytest.mark.parametrize("word", COMMANDS)
@pytest.mark.parametrize(
    ("role", "status"), [("viewer", 403), ("operator", 202), ("administrator", 202), ("nobody", 404)]
)
def test_who_may_change_routes_commands(role, status, word, sign_in, rollouts):
    body = {"weight": 10} if word == "weight" else {}
    answer = sign_in(role).post(f"rollouts/{rollouts['bookinfo']}/{word}", body)
    assert answer.status_code == status, answer.content
    assert RolloutCommand.objects.count() == (status == 202)


def test_a_right_that_was_taken_away_is_missing_at_once(sign_in, rollouts, rights):
    api = sign_in("operator")
    assert api.post(f"rollouts/{rollouts['bookinfo']}/pause").status_code == 202
    rights.taken.add(("oscar", "update"))
    answer = api.post(f"rollouts/{rollouts['bookinfo']}/abort")
    assert answer.status_code == 403
    assert "Nothing was done" in answer.json()["error"]["message"]
    assert RolloutCommand.objects.count() == 1


def test_commands_say_to_whom_they_are_not_given(sign_in, rollouts):
    told = sign_in("viewer").get(f"rollouts/{rollouts['bookinfo']}").json()["commands"]
    assert all("may not" in each["refusal"] for each in told), told
    told = sign_in("operator").get(f"rollouts/{rollouts['bookinfo']}").json()["commands"]
    assert {each["name"]: each["refusal"] for each in told}["pause"] == ""


def test_the_other_rollout_of_a_service_is_named_to_who_may_see_it_only(sign_in, rollouts, cluster, rights):
    answer = sign_in("operator").post("rollouts", BODY)
    assert answer.json()["error"]["rollout"] == rollouts["bookinfo"]
    Rollout.objects.filter(pk=rollouts["bookinfo"]).update(needs="Service./vault")
    hidden = sign_in("operator").post("rollouts", BODY)
    assert hidden.status_code == 409
    assert "rollout" not in hidden.json()["error"]
    assert f"#{rollouts['bookinfo']}" not in hidden.json()["error"]["message"]


def test_only_who_reads_every_namespace_judges_by_a_query(sign_in, cluster):
    answer = sign_in("operator").post("rollouts", {**BODY, "guards": [QUERY]})
    (told,) = answer.json()["error"]["fields"]
    assert (answer.status_code, told["field"]) == (422, "guards[0].query")
    assert "every namespace" in told["message"]


def test_what_a_query_of_an_administrator_answers_is_hidden_from_who_may_not_read_all(
    sign_in, rollouts, people
):
    """Its figures may be those of others."""
    row = Rollout.objects.get(pk=rollouts["bookinfo"])
    Rollout.objects.filter(pk=row.pk).update(
        spec={**row.spec, "guards": [*row.spec["guards"], {**QUERY, "looks": 3}]}
    )
    begun(row.pk)
    driven = records.driven(Rollout.objects.get(pk=row.pk))
    kept(driven.row, replace(driven.state, figures={"balance": Figure(4242.5, 0, 1)}))
    card = sign_in("administrator").get(f"rollouts/{row.pk}").json()["evidence"]
    RolloutEvent.objects.create(rollout=row, at=timezone.now(), kind="card", data=card)
    seen = {}
    for role in ("administrator", "operator", "viewer"):
        api = sign_in(role)
        told = b"".join(api.get(f"rollouts/{row.pk}{path}").content for path in ("", "/evidence"))
        told += b"".join(api.get(f"rollouts/{row.pk}/events")) + api.client.get("/metrics").content
        seen[role] = (SECRET.encode() in told, b"4242.5" in told, b"vault" in told)
    assert seen["administrator"][:2] == (True, True)
    assert seen["operator"] == seen["viewer"] == (False, False, False)


def test_a_key_finds_nothing_that_may_not_be_seen_any_more(sign_in, cluster, rights):
    api = sign_in("operator")
    first = api.post("rollouts", {**BODY, "idempotency_key": "k"})
    assert first.status_code == 201
    Rollout.objects.update(needs="Service./vault")
    assert api.post("rollouts", {**BODY, "idempotency_key": "k"}).status_code == 409


def test_what_was_commanded_is_told_with_the_name_of_who_did(sign_in, rollouts):
    begun(rollouts["bookinfo"])
    sign_in("operator").post(f"rollouts/{rollouts['bookinfo']}/pause")
    obeys()
    found = sign_in("viewer").get(f"rollouts/{rollouts['bookinfo']}").json()
    assert found["why"] == {"code": "person", "words": "oscar paused it."}


def test_reasons_and_diagnoses_name_no_object_that_may_not_be_read(sign_in, rollouts):
    """They are written with the console's own sight."""
    words = "VirtualService vault/ledger-too and VirtualService bookinfo/reviews all claim this host."
    row = Rollout.objects.get(pk=rollouts["bookinfo"])
    driven = records.driven(row)
    share = {"verdict": "differs", "diagnosis": [{"code": "OTHER_VIRTUAL_SERVICE", "message": words}]}
    kept(driven.row, replace(driven.state, status="paused", why=Why("foreign_edit", words)), share=share)
    card = {"why": words, "status": "paused", "step": 0, "figures": []}
    for kind in ("status", "card"):
        RolloutEvent.objects.create(rollout=row, at=timezone.now(), kind=kind, words=words, data=card)
    for role in ("viewer", "operator"):
        api = sign_in(role)
        for path in ("", "/evidence"):
            told = api.get(f"rollouts/{row.pk}{path}").text
            assert "ledger-too" not in told
            assert "an object that you may not read and VirtualService bookinfo/reviews all claim" in told
        assert b"ledger-too" not in b"".join(api.get(f"rollouts/{row.pk}/events"))
        assert "ledger-too" not in api.get("rollouts").text
        assert "ledger-too" not in api.client.get(f"/rollouts/{row.pk}/").text
    assert sign_in("administrator").get(f"rollouts/{row.pk}").json()["why"]["words"] == words
