"""Back in time on the real mesh: a fault is seen before and after, replayed, and marked on the figures."""

import re

import pytest
from playwright.sync_api import expect

from tests.console import until
from tests.demo.test_browser import apply_the_preview, edges, page

pytestmark = [pytest.mark.mesh, pytest.mark.browser]

__all__ = ["page"]
RATINGS = "app:bookinfo/ratings/v1"


def p95(page) -> list[float]:
    """Of the calls to ratings, as the page itself shows them at this moment."""
    return [float(row["p95"]) for row in edges(page, "ratings").values() if row["p95"]]


def moment(page) -> str:
    """A second ago, by the clock of this machine, which is the server's too."""
    return page.evaluate("() => new Date(Date.now() - 1000).toISOString()")


def test_the_mesh_before_a_fault_can_be_seen_after_it(page, demo):
    page.goto("/graph/?ns=bookinfo")
    until(lambda: p95(page) and max(p95(page)) < 1000, "ratings answers fast")
    until(lambda: demo.get("api/v1/history")[1]["earliest"], "something is kept of it")
    calm = moment(page)
    page.goto("/routing/bookinfo/ratings/#fault")
    page.get_by_text("Delay", exact=True).first.click()
    page.get_by_label("Delay by").fill("2s")
    page.get_by_label("of the requests").first.fill("50")
    apply_the_preview(page)
    change = page.url
    page.goto("/graph/?ns=bookinfo")
    until(lambda: p95(page) and min(p95(page)) > 1500, "ratings is slow now")
    page.goto(f"/graph/?ns=bookinfo&at={calm}")
    until(lambda: p95(page) and max(p95(page)) < 1000, "ratings is fast at that moment")
    expect(page.locator("#age")).to_have_attribute("data-state", "past")
    page.locator("#canvas").press("l")
    until(lambda: p95(page) and min(p95(page)) > 1500, "ratings is slow when the page is live again")
    expect(page.locator("#age")).to_have_attribute("data-state", "ok")
    slow = moment(page)
    until(lambda: demo.get("api/v1/history")[1]["latest"] > slow, "what is slow is history")
    # Not by the button on the mark: a minute before, another test may have slowed the same calls down.
    page.goto(f"/graph/?ns=bookinfo&at={slow}&vs={calm}")
    expect(page.locator("#past-what")).to_contain_text("slower", timeout=20_000)
    page.locator("#canvas").press("l")
    expect(page.get_by_role("button", name=re.compile("^Fault.*ratings")).last).to_be_visible()
    page.goto(f"/figures/?id={RATINGS}&range=5m")
    expect(page.locator("#chart .hm image")).to_be_attached(timeout=20_000)
    expect(page.locator("#marks")).to_contain_text("50 % delayed by 2s")
    page.goto(change)
    page.get_by_role("button", name="Revert").click()
    expect(page.get_by_text("Reverts change")).to_be_visible()
