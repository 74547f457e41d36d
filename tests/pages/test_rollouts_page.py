"""The pages of rollouts as the server answers them, and the ways that lead there."""

import json
import re
import time

import pytest
from django.utils import timezone

from routing.models import Change, Plan, Rollout, RolloutEvent
from tests.pages.rollout_stories import STORIES

pytestmark = pytest.mark.django_db


def kept(ada, name="running", **more):
    return STORIES[name](time.time()).keeps(ada, **more)


def embedded(answer, name):
    found = re.search(rf'<script id="{name}" type="application/json">(.*?)</script>', answer.text, re.DOTALL)
    return json.loads(found.group(1))


def change_of(ada, cluster="default", needs="Service./bookinfo"):
    plan = Plan.objects.create(cluster=cluster, needs=needs, created_at=timezone.now(), created_by=ada)
    return Change.objects.create(
        cluster=cluster, needs=needs, plan=plan, kind="apply", state="applied", by=ada, at=timezone.now(),
        services=["bookinfo/reviews"], summary="25 % to v3",
    )  # fmt: skip


def test_the_list_has_what_is_under_way_and_what_ended(signed_in, cluster, ada):
    ended, running = kept(ada, "promoted"), kept(ada)
    answer = signed_in.get("/rollouts/")
    assert [each["id"] for each in embedded(answer, "list")] == [running.pk, ended.pk]
    assert 'href="/rollouts/new/"' in answer.text
    assert "/api/v1/rollouts" in answer.text


def test_the_list_is_asked_for_namespaces_and_services(signed_in, cluster, ada):
    kept(ada)
    for query, found in (("ns=bookinfo", 1), ("ns=shop", 0), ("service=reviews", 1), ("service=cart", 0)):
        assert len(embedded(signed_in.get(f"/rollouts/?{query}"), "list")) == found, query
    assert "namespace=shop" in signed_in.get("/rollouts/?ns=shop").text


@pytest.mark.parametrize(
    "query", ["before=x", "before=-1", f"before={10**30}", "ns=..,", "service=" + "a" * 900, "before=٣"]
)
def test_an_address_that_makes_no_sense_is_answered(query, signed_in, cluster, ada):
    kept(ada)
    assert signed_in.get(f"/rollouts/?{query}").status_code == 200


def test_what_ended_long_ago_stands_on_further_pages(signed_in, cluster, ada):
    row = kept(ada, "promoted")
    others = [
        Rollout(**{f.attname: getattr(row, f.attname) for f in Rollout._meta.fields if f.name != "id"})
        for _ in range(59)
    ]
    Rollout.objects.bulk_create(others)
    first = signed_in.get("/rollouts/")
    ids = [each["id"] for each in embedded(first, "list")]
    assert (len(ids), ids[0]) == (50, Rollout.objects.latest("pk").pk)
    older = re.search(r'href="/rollouts/\?(before=\d+)"', first.text).group(1)
    second = embedded(signed_in.get(f"/rollouts/?{older}"), "list")
    assert [each["id"] for each in second] == list(range(ids[-1] - 1, row.pk - 1, -1))


def test_a_page_has_all_that_rest_answers(signed_in, cluster, ada):
    row = kept(ada)
    page = embedded(signed_in.get(f"/rollouts/{row.pk}/"), "detail")
    answer = signed_in.get(f"/api/v1/rollouts/{row.pk}").json()
    assert page.keys() == answer.keys()
    assert (page["version"], page["weight"], page["course"]) == (row.version, 25, answer["course"])
    assert page["course"]["until"] == row.course["until"]
    assert "canary_slow" in page["course"]["points"][-1]


def test_what_is_not_there_is_not_found(signed_in, cluster, ada):
    for number in (99, 2**63, 10**30):
        assert signed_in.get(f"/rollouts/{number}/").status_code == 404


def test_whoever_is_not_signed_in_is_asked_to(client, cluster, ada):
    for path in ("/rollouts/", f"/rollouts/{kept(ada).pk}/"):
        assert client.get(path).url.startswith("/login"), path


def test_names_and_notes_are_texts_wherever_they_stand(signed_in, cluster, ada):
    evil = "</script><img src=x onerror=alert(1)>"
    row = kept(ada, note=evil)
    for path in ("/rollouts/", f"/rollouts/{row.pk}/"):
        assert evil not in signed_in.get(path).text, path


def test_the_rail_counts_what_stands_still(signed_in, cluster, ada):
    assert "stands still" not in signed_in.get("/changes/").text
    kept(ada, "paused")
    assert '1<span class="visually-hidden"> rollout stands still</span>' in signed_in.get("/changes/").text
    Rollout.objects.update(occupies=None)
    kept(ada, "held")
    assert '2<span class="visually-hidden"> rollouts stand still</span>' in signed_in.get("/changes/").text


def test_the_routing_pages_lead_to_the_rollout_under_way_or_to_a_new_one(signed_in, cluster, ada):
    start = "/rollouts/new/?namespace=bookinfo&amp;service=reviews"
    assert start in signed_in.get("/routing/bookinfo/reviews/").text
    row = kept(ada)
    service = signed_in.get("/routing/bookinfo/reviews/").text
    assert start not in service
    assert f'<a href="/rollouts/{row.pk}/">Rollout #{row.pk} is running: 25 %</a>' in service
    assert f'href="/rollouts/{row.pk}/"' in signed_in.get("/routing/").text
    assert f'href="/rollouts/{row.pk}/"' not in signed_in.get("/routing/bookinfo/details/").text


def test_a_change_names_the_rollout_that_made_it(signed_in, cluster, ada):
    change = change_of(ada)
    assert "Part of" not in signed_in.get(f"/changes/{change.pk}/").text
    row = kept(ada)
    RolloutEvent.objects.create(rollout=row, at=timezone.now(), kind="write", code="done", change=change)
    page = signed_in.get(f"/changes/{change.pk}/").text
    assert f'Part of <a href="/rollouts/{row.pk}/">rollout #{row.pk}</a>' in page
    assert change.pk in {
        each["change"] for each in embedded(signed_in.get(f"/rollouts/{row.pk}/"), "detail")["log"]
    }
