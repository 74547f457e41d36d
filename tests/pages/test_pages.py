"""The acting pages as the server renders them, before any script runs."""

import uuid

import pytest

from cluster import connection, kinds
from cluster.errors import Unavailable
from routing.live import SHOWN
from routing.models import Change, Plan
from tests.console import until
from tests.pages.world import REVIEWS, reviews_destination_rule, reviews_virtual_service

EDITOR = "/routing/bookinfo/reviews/"


@pytest.fixture
def rules_in_force(cluster):
    cluster.put(reviews_destination_rule())
    cluster.put(reviews_virtual_service({"v1": 80, "v2": 0, "v3": 20}))
    return cluster


def split(**weights):
    return {"kind": "split", "namespace": "bookinfo", "service": "reviews", "weights": weights}


def plan(client, *rules):
    answer = client.post("/api/v1/plans", {"rules": list(rules)}, content_type="application/json")
    assert answer.status_code == 201, answer.content
    return answer.json()["id"]


def apply(client, plan_id):
    answer = client.post(f"/api/v1/plans/{plan_id}/apply", {}, content_type="application/json")
    return answer.json()


def text(client, path, status=200):
    answer = client.get(path)
    assert answer.status_code == status
    return " ".join(answer.content.decode().split())


@pytest.mark.parametrize(
    "path", ["/routing/", EDITOR, "/changes/", f"/plans/{uuid.UUID(int=1)}/", "/tokens/"]
)
def test_nobody_sees_a_page_without_signing_in(client, db, path):
    answer = client.get(path)
    assert answer.status_code == 302
    assert answer["Location"] == f"/login/?next={path}"


def test_the_table_has_each_service_with_its_rule_in_one_sentence(signed_in, rules_in_force):
    page = text(signed_in, "/routing/")
    for name in ("productpage", "details", "reviews", "ratings"):
        assert f"/routing/bookinfo/{name}/" in page
    assert "80 % v1, 20 % v3; everyone" in page


def test_a_namespace_without_services_says_so_and_offers_all(signed_in, cluster):
    page = text(signed_in, "/routing/?ns=elsewhere")
    assert "No service in elsewhere" in page
    assert "Show all namespaces" in page


def test_a_cluster_that_was_never_reached_is_an_error_with_the_way_on(signed_in, cluster):
    cluster.fail_next("list", Unavailable("connection refused"))
    page = text(signed_in, "/routing/")
    assert "The cluster does not answer." in page
    assert "connection refused" in page
    assert "Try again" in page


def test_when_the_cluster_goes_away_the_page_keeps_what_it_knew(signed_in, rules_in_force, monkeypatch):
    watched = connection.get().cache
    watched.start()
    assert watched.wait_until_settled(20)
    away = Unavailable("connection refused")
    monkeypatch.setattr(rules_in_force, "watch", refusal(away))
    monkeypatch.setattr(rules_in_force, "page", refusal(away))
    rules_in_force.cut_watches()
    until(lambda: all(watched.read(kind).problem for kind in SHOWN), "the cache notices")
    page = text(signed_in, EDITOR)
    assert "meshui cannot read services: The cluster does not answer." in page
    assert "Below is what was known" in page
    assert "80 % v1, 20 % v3" in page


def refusal(error):
    def refuse(*_, **__):
        raise error

    return refuse


def test_an_editor_of_a_cluster_that_was_never_reached_is_a_503(signed_in, cluster):
    cluster.fail_next("list", Unavailable())
    assert "The cluster does not answer." in text(signed_in, EDITOR, status=503)


def test_an_unknown_service_is_a_404(signed_in, cluster):
    assert "Not found" in text(signed_in, "/routing/bookinfo/nothing/", status=404)


def test_a_service_with_one_version_says_what_a_split_needs(signed_in, cluster):
    assert "Only one version" in text(signed_in, "/routing/bookinfo/details/")


def test_routes_are_written_as_httproutes_only_where_the_cluster_serves_them(signed_in, cluster):
    page = "/routing/bookinfo/reviews/"
    assert 'value="HTTPRoute"' in signed_in.get(page).content.decode()
    cluster.unserved.add(kinds.HTTP_ROUTE)
    assert 'id="write-as"' not in signed_in.get(page).content.decode()


def test_the_preview_names_fields_and_yaml_and_says_what_is_not_measured(signed_in, rules_in_force):
    page = text(signed_in, f"/plans/{plan(signed_in, split(v1=50, v3=50))}/")
    assert "spec.http[0].route[0].weight" in page
    assert "There is no current measurement of the traffic." in page
    assert "<del>80</del> → <ins>50</ins>" in page


def test_a_plan_that_changes_nothing_cannot_be_applied_and_says_why(signed_in, rules_in_force):
    page = text(signed_in, f"/plans/{plan(signed_in, split(v1=80, v3=20))}/")
    assert "There is nothing to do." in page
    assert Plan.objects.get().operations == []


def test_an_applied_plan_leads_to_its_change(signed_in, rules_in_force):
    plan_id = plan(signed_in, split(v1=50, v3=50))
    change = apply(signed_in, plan_id)
    page = text(signed_in, f"/plans/{plan_id}/")
    assert "This plan is applied already." in page
    assert f"/changes/{change['id']}/" in page


def test_a_preview_without_a_cluster_disables_apply_with_the_reason(signed_in, rules_in_force):
    plan_id = plan(signed_in, split(v1=50, v3=50))
    rules_in_force.fail_next("get", Unavailable())
    assert "The cluster does not answer. Load this page again when it does." in text(
        signed_in, f"/plans/{plan_id}/"
    )


def test_a_conflict_is_a_change_that_wrote_nothing_and_offers_no_revert(signed_in, rules_in_force):
    plan_id = plan(signed_in, split(v1=50, v3=50))
    rules_in_force.edit(REVIEWS, lambda manifest: manifest["spec"]["http"][0].update(timeout="3s"))
    assert apply(signed_in, plan_id)["error"]["code"] == "conflict"
    page = text(signed_in, f"/changes/{Change.objects.get().pk}/")
    assert "Conflict, not written" in page
    assert 'id="revert"' not in page


def test_the_list_of_changes_is_paged(signed_in, rules_in_force, monkeypatch):
    monkeypatch.setattr("routing.views.changes.PAGE", 2)
    for weight in (10, 20, 30):
        apply(signed_in, plan(signed_in, split(v1=100 - weight, v3=weight)))
    newest = text(signed_in, "/changes/")
    assert "70 % v1, 30 % v3" in newest
    assert "90 % v1, 10 % v3" not in newest
    oldest = Change.objects.order_by("pk").first()
    page = text(signed_in, f"/changes/?before={oldest.pk + 1}")
    assert "90 % v1, 10 % v3" in page
    assert "Older" not in page


@pytest.mark.parametrize("before", ["x", "-1", "9" * 40, "²"])
def test_a_wrong_page_mark_is_ignored(signed_in, rules_in_force, before):
    apply(signed_in, plan(signed_in, split(v1=50, v3=50)))
    assert "50 % v1, 50 % v3" in text(signed_in, f"/changes/?before={before}")


def test_a_page_carries_no_inline_style_and_no_script_without_a_nonce(signed_in, rules_in_force):
    for path in (
        "/routing/",
        EDITOR,
        "/changes/",
        "/tokens/",
        f"/plans/{plan(signed_in, split(v1=50, v3=50))}/",
    ):
        page = text(signed_in, path)
        assert " style=" not in page
        assert " onclick=" not in page
        inline = [tag for tag in page.split("<script")[1:] if "src=" not in tag.split(">")[0]]
        assert all("nonce=" in tag or "application/json" in tag.split(">")[0] for tag in inline)


def test_a_header_value_from_a_rule_is_text_on_every_page(signed_in, rules_in_force):
    fault = {
        "kind": "fault",
        "namespace": "bookinfo",
        "service": "reviews",
        "delay": {"percentage": 1, "fixed_delay": "1s"},
        "match": {"header": "x", "value": "</script><img src=x>"},
    }
    plan_id = plan(signed_in, fault)
    apply(signed_in, plan_id)
    for path in (
        f"/plans/{plan_id}/",
        "/routing/",
        EDITOR,
        "/changes/",
        f"/changes/{Change.objects.get().pk}/",
    ):
        assert "<img" not in text(signed_in, path)
