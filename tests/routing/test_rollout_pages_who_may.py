"""A rollout in a namespace that somebody may not read is nowhere for him: no page, row, number or link."""

import time

import pytest
from django.utils import timezone

from routing.models import Change, Plan, RolloutEvent
from tests.pages.rollout_stories import Story, spec

pytestmark = pytest.mark.django_db
HERE = "Service./bookinfo VirtualService.networking.istio.io/bookinfo"
THERE = "Service./vault VirtualService.networking.istio.io/vault"
RESTRICTED = ("viewer", "operator", "nobody")


@pytest.fixture
def cluster(shared_cluster):
    return shared_cluster


@pytest.fixture
def hidden(cluster, people):
    """The administrator's rollout of the vault's ledger, which stands still."""
    story = Story(spec(namespace="vault", service="ledger", baseline="v1", canary="v2"), time.time() - 100)
    story.goes(looks=4).does("pause", by="amina")
    return story.keeps(people["administrator"], needs=THERE)


@pytest.mark.parametrize("role", RESTRICTED)
def test_it_is_as_if_it_were_not_there(role, hidden, sign_in):
    page = sign_in(role).client
    assert page.get(f"/rollouts/{hidden.pk}/").status_code == 404
    for path in ("/rollouts/", "/rollouts/?ns=vault", "/rollouts/?service=ledger", "/changes/"):
        answer = page.get(path)
        body = answer.text.replace("?ns=vault", "").replace('value="ledger"', "")
        body = body.replace("?service=ledger", "").replace('"service": "ledger"', "").replace("=vault", "")
        assert answer.status_code == 200
        assert "ledger" not in body
        assert "still</span>" not in body
        assert f"/rollouts/{hidden.pk}/" not in body


def test_the_administrator_sees_it_and_its_number(hidden, sign_in):
    page = sign_in("administrator").client
    assert page.get(f"/rollouts/{hidden.pk}/").status_code == 200
    assert "rollout stands still</span>" in page.get("/changes/").text
    assert f"/rollouts/{hidden.pk}/" in page.get("/routing/").text


@pytest.mark.parametrize(("role", "told"), [("viewer", False), ("administrator", True)])
def test_a_change_that_may_be_seen_does_not_name_a_rollout_that_may_not(role, told, hidden, sign_in, people):
    by = people["administrator"]
    made = {"cluster": "default", "needs": HERE}
    plan = Plan.objects.create(created_at=timezone.now(), created_by=by, **made)
    change = Change.objects.create(plan=plan, kind="apply", state="applied", by=by, at=timezone.now(), **made)
    RolloutEvent.objects.create(rollout=hidden, at=timezone.now(), kind="write", code="done", change=change)
    answer = sign_in(role).client.get(f"/changes/{change.pk}/")
    assert answer.status_code == 200
    assert (f"/rollouts/{hidden.pk}/" in answer.text) == told


def test_who_may_only_read_finds_every_command_refused_in_words(cluster, people, sign_in):
    row = Story(spec(), time.time() - 100).goes(looks=4).keeps(people["administrator"])
    answer = sign_in("viewer").client.get(f"/rollouts/{row.pk}/")
    assert answer.status_code == 200
    assert answer.text.count("User vera may not update") == 7
