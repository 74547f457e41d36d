"""Preview, apply, conflict and revert in a real browser."""

import pytest
from playwright.sync_api import expect

from routing.models import Change
from tests.pages.world import REVIEWS, reviews_destination_rule, reviews_virtual_service

pytestmark = pytest.mark.browser


@pytest.fixture
def preview(page, cluster):
    cluster.put(reviews_destination_rule())
    cluster.put(reviews_virtual_service({"v1": 80, "v2": 0, "v3": 20}))
    page.goto("/routing/bookinfo/reviews/")
    page.locator(".split-row[data-version=v3] .input-number").fill("50")
    page.click("#preview")
    page.wait_for_url("**/plans/**")
    return page


def live_weights(cluster):
    routes = cluster.get(REVIEWS)["spec"]["http"][0]["route"]
    return [route.get("weight") for route in routes]


def set_timeout(cluster):
    cluster.edit(REVIEWS, lambda manifest: manifest["spec"]["http"][0].update(timeout="3s"))


def test_the_preview_shows_the_fields_the_yaml_and_the_callers(preview):
    expect(preview.locator(".fields")).to_contain_text("spec.http[0].route[0].weight")
    expect(preview.locator(".diff .add").first).to_contain_text("+")
    expect(preview.locator(".diff .remove").first).to_contain_text("-")
    expect(preview.get_by_role("row", name="productpage-v1")).to_contain_text("12.5")
    expect(preview.get_by_role("row", name="v3 reviews")).to_contain_text("20 % → 50 %")
    expect(preview.get_by_text("Nothing is written yet.")).to_be_visible()


def test_apply_writes_and_the_change_shows_the_traffic_arriving(preview, cluster):
    preview.fill("#note", "Half of the readers")
    preview.click("#apply-button")
    preview.wait_for_url("**/changes/**")
    assert live_weights(cluster) == [50, 0, 50]
    expect(preview.locator("#verdict")).to_contain_text("Configured as intended")
    observed = preview.locator("#convergence > [data-version=v3] [data-bar=observed] [data-text]")
    expect(observed).to_have_text("50 %")
    # What the proxies do in the first seconds does not count.
    expect(preview.locator("#verdict")).to_contain_text("In force", timeout=20_000)
    expect(preview.locator("#evidence")).to_contain_text("requests counted since the change")
    assert Change.objects.get().note == "Half of the readers"


def test_a_conflict_shows_both_sides_and_a_new_plan_keeps_both(preview, cluster):
    set_timeout(cluster)
    preview.click("#apply-button")
    conflict = preview.locator("#conflict")
    expect(conflict.locator("[data-theirs]")).to_contain_text("spec.http[0].timeout")
    expect(conflict.locator("[data-yours]")).to_contain_text("spec.http[0].route[2].weight")
    conflict.get_by_text("The three in full").click()
    expect(conflict.locator("[data-yaml=theirs]")).to_contain_text("timeout: 3s")
    expect(preview.locator("#apply-button")).to_be_disabled()
    assert live_weights(cluster) == [80, 0, 20]
    first = preview.url
    conflict.get_by_role("button", name="Plan again").click()
    preview.wait_for_url(lambda url: "/plans/" in url and url != first)
    preview.click("#apply-button")
    preview.wait_for_url("**/changes/**")
    assert live_weights(cluster) == [50, 0, 50]
    assert cluster.get(REVIEWS)["spec"]["http"][0]["timeout"] == "3s"


def test_a_plan_that_became_stale_says_so_beside_its_disabled_button(preview, cluster):
    set_timeout(cluster)
    preview.reload()
    expect(preview.locator("#apply-button")).to_be_disabled()
    expect(preview.locator("#apply-reason")).to_contain_text("The cluster has changed since this was planned")
    first = preview.url
    preview.click("#again")
    preview.wait_for_url(lambda url: "/plans/" in url and url != first)
    expect(preview.locator("#apply-button")).to_be_enabled()


def test_revert_says_what_it_writes_and_puts_back_what_was_there_with_one_click(preview, cluster):
    preview.click("#apply-button")
    preview.wait_for_url("**/changes/**")
    expect(preview.locator("#revert-body")).to_contain_text("bookinfo/reviews")
    first = preview.url
    preview.click("#revert")
    preview.wait_for_url(lambda url: "/changes/" in url and url != first)
    assert live_weights(cluster) == [80, 0, 20]
    preview.goto("/changes/")
    expect(preview.get_by_role("link", name="reverted by")).to_be_visible()


def test_a_revert_over_somebody_elses_change_is_a_conflict(preview, cluster):
    preview.click("#apply-button")
    preview.wait_for_url("**/changes/**")
    set_timeout(cluster)
    preview.click("#revert")
    expect(preview.locator("#conflict [data-theirs]")).to_contain_text("timeout")
    assert live_weights(cluster) == [50, 0, 50]
