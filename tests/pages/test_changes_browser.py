"""Finding changes, choosing several to take back, finishing one, and what changed outside."""

import pytest
from playwright.sync_api import expect

from cluster.errors import Forbidden
from routing.models import Change
from tests.pages.world import REVIEWS, reviews_destination_rule, reviews_virtual_service

pytestmark = pytest.mark.browser


@pytest.fixture
def routed(page, cluster):
    cluster.put(reviews_destination_rule())
    cluster.put(reviews_virtual_service({"v1": 80, "v2": 0, "v3": 20}))
    return page


def split(page, version, percent, note=""):
    """One more split, by the editor and the preview; the number of its change."""
    page.goto("/routing/bookinfo/reviews/")
    page.locator(f".split-row[data-version={version}] .input-number").fill(str(percent))
    page.click("#preview")
    page.wait_for_url("**/plans/**")
    page.fill("#note", note)
    page.click("#apply-button")
    page.wait_for_url("**/changes/**")
    return Change.objects.latest("pk").pk


def live_weights(cluster):
    routes = cluster.get(REVIEWS)["spec"]["http"][0]["route"]
    return [route.get("weight") for route in routes]


def test_several_changes_are_found_chosen_and_taken_back_at_once(routed, cluster):
    first, second = split(routed, "v3", 40, "first half"), split(routed, "v3", 60, "second half")
    routed.goto("/changes/")
    routed.fill("#q", "second")
    routed.get_by_role("button", name="Find").click()
    expect(routed.locator("tbody tr")).to_have_count(1)
    routed.get_by_role("link", name="All", exact=True).click()
    for change in (first, second):
        routed.get_by_label(f"Choose change {change}", exact=True).check()
    expect(routed.locator("#group-count")).to_have_text("2 changes chosen")
    routed.click("#group-revert")
    routed.wait_for_url("**/changes/*/")
    expect(routed.get_by_role("heading", level=1)).to_contain_text(f"#{second}, #{first}")
    assert live_weights(cluster) == [80, 0, 20]


def test_what_changed_outside_is_marked_and_shown(routed, cluster):
    change = split(routed, "v3", 40)
    cluster.edit(REVIEWS, lambda manifest: manifest["spec"]["http"][0].update(timeout="3s"))
    routed.goto("/changes/")
    expect(routed.locator("tbody")).to_contain_text("changed outside since")
    routed.goto(f"/changes/{change}/")
    section = routed.get_by_role("region", name="As it stands now")
    expect(section).to_contain_text("changed outside")
    expect(section.locator(".diff .add")).to_contain_text("timeout: 3s")


def test_a_change_that_stopped_half_way_is_finished_by_a_plan(page, cluster):
    cluster.put(reviews_destination_rule())
    cluster.put(reviews_virtual_service({"v1": 80, "v2": 0, "v3": 20}))
    change = split(page, "v3", 40)
    # As a refusal in the middle leaves it: recorded, and not in the cluster.
    row = Change.objects.get(pk=change)
    row.state, row.message = "partial", "The second write was refused."
    row.operations[-1].update(state="failed", message=Forbidden("no", status=403).message)
    row.save()
    back = row.operations[-1]["before"]["spec"]
    cluster.edit(REVIEWS, lambda manifest: manifest.update(spec=back))
    page.goto(f"/changes/{change}/")
    page.click("#finish")
    page.wait_for_url("**/plans/**")
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"Finishes #{change}")
    page.click("#apply-button")
    page.wait_for_url("**/changes/*/")
    assert live_weights(cluster) == [60, 0, 40]
    page.goto(f"/changes/{change}/")
    expect(page.get_by_role("region", name="Record")).to_contain_text("Finished")


def test_the_preview_shows_the_wait_and_gives_the_patch(page, cluster):
    page.goto("/routing/bookinfo/reviews/")
    page.locator(".split-row[data-version=v3] .input-number").fill("50")
    page.click("#preview")
    page.wait_for_url("**/plans/**")
    expect(page.locator(".operation-wait")).to_contain_text("Wait until the proxies have it")
    fold = page.locator(".operation").first.locator("details", has_text="Copy as patch")
    fold.locator("summary").click()
    expect(fold.locator("pre").first).to_be_visible()
