"""A mechanical cure, planned by its button in a real browser."""

import pytest
from playwright.sync_api import expect

from tests.pages.world import REVIEWS, reviews_destination_rule, reviews_virtual_service

pytestmark = pytest.mark.browser


def test_a_problem_with_a_cure_is_mended_by_a_plan(page, cluster):
    cluster.put(reviews_destination_rule())
    cluster.put(reviews_virtual_service({"v1": 80, "v2": 0, "v3": 10}))
    page.goto("/config/virtualservices.networking.istio.io/bookinfo/reviews/")
    expect(page.locator("#problems + span")).to_have_text("1")
    page.get_by_role("button", name="Plan the cure").click()
    page.wait_for_url("**/plans/**")
    expect(page.locator(".fields")).to_contain_text("spec.http[0].route[0].weight")
    expect(page.get_by_role("row", name="v3 reviews")).to_contain_text("11 %")
    page.click("#apply-button")
    page.wait_for_url("**/changes/**")
    weights = [each["weight"] for each in cluster.get(REVIEWS)["spec"]["http"][0]["route"]]
    assert weights == [89, 0, 11]
