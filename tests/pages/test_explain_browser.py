"""Asking for an explanation in a real browser; the page needs no script for it."""

import pytest
from playwright.sync_api import expect

from tests.pages.world import reviews_destination_rule, reviews_virtual_service

pytestmark = pytest.mark.browser


@pytest.fixture
def rules(cluster):
    cluster.put(reviews_destination_rule())
    made = reviews_virtual_service({"v1": 80, "v2": 0, "v3": 20})
    jason = {
        "match": [{"headers": {"end-user": {"exact": "jason"}}}],
        "route": [{"destination": {"host": "reviews", "subset": "v2"}}],
    }
    made["spec"]["http"].insert(0, jason)
    cluster.put(made)


def test_a_request_is_asked_about_and_its_address_carries_the_question(page, rules):
    page.goto("/routing/bookinfo/reviews/")
    page.get_by_role("link", name="Explain", exact=True).first.click()
    expect(page.locator("#verdict-sentence")).to_contain_text("Rule 2 of VirtualService bookinfo/reviews")
    expect(page.locator('.target[data-subset="v1"] .share')).to_have_text("80 %")
    page.get_by_label("Headers").fill("end-user: jason")
    page.get_by_role("button", name="Explain").click()
    expect(page.locator("#verdict-sentence")).to_contain_text("Rule 1 of VirtualService bookinfo/reviews")
    expect(page.locator('[data-rule="1"]')).to_have_attribute("data-verdict", "taken")
    expect(page.locator('[data-rule="2"]')).to_contain_text("Never reached: rule 1 matched before.")
    assert "header=end-user%3A+jason" in page.url
    page.reload()
    expect(page.get_by_label("Headers")).to_have_value("end-user: jason")


@pytest.mark.parametrize("width", [1440, 390])
def test_nothing_runs_out_of_the_page(page, rules, width):
    page.set_viewport_size({"width": width, "height": 900})
    page.goto("/routing/explain/?host=reviews&namespace=bookinfo&header=x:+" + "a" * 300)
    expect(page.locator(".target")).to_have_count(3)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
