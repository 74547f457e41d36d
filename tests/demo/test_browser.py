"""The main job, as a person does it: sign in, see the traffic, move it, see it move, put it back."""

import re

import pytest
from playwright.sync_api import expect

from tests.browsers import listen
from tests.console import until

pytestmark = [pytest.mark.mesh, pytest.mark.browser]


@pytest.fixture
def page(browser, demo):
    """A signed-in person's window; its console has to stay silent."""
    for kind in ("virtualservice", "destinationrule"):
        demo.kubectl("delete", kind, "reviews", "ratings", "--ignore-not-found")
    context = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=demo.url)
    context.set_default_timeout(20_000)
    opened = context.new_page()
    heard = listen(opened)
    opened.goto(demo.login_link)
    expect(opened).to_have_url(re.compile(r"/graph/"))
    yield opened
    context.close()
    assert heard == []


def edges(page, target: str) -> dict[str, dict[str, str]]:
    """The graph's edges to a service's versions, as the page itself shows them at this moment."""
    script = "rows => rows.map(row => ({...row.dataset}))"
    shown = page.locator("#edge-rows tr").evaluate_all(script)
    return {row["target"]: row for row in shown if f"/{target}" in row["target"]}


def share(page, version: str) -> float:
    """The part of the requests to reviews that goes to a version, by the graph on the screen."""
    rates = {target: float(row["rps"]) for target, row in edges(page, "reviews").items()}
    total = sum(rates.values())
    return (
        sum(rate for target, rate in rates.items() if target.endswith(f"/{version}")) / total
        if total
        else 0.0
    )


def apply_the_preview(page) -> None:
    page.get_by_role("button", name="Preview").click()
    expect(page).to_have_url(re.compile(r"/plans/"))
    expect(page.get_by_role("heading", name="Who is affected")).to_be_visible()
    page.get_by_role("button", name="Apply").click()
    expect(page).to_have_url(re.compile(r"/changes/\d+/"))


def test_a_split_moves_the_traffic_on_the_screen_and_a_revert_moves_it_back(page):
    page.goto("/routing/bookinfo/reviews/")
    for version, percent in (("v2", 0), ("v1", 80), ("v3", 20)):
        page.get_by_role("textbox", name=f"Share of {version} in percent, as a number").fill(str(percent))
        page.keyboard.press("Tab")
        if version == "v2":
            page.get_by_role("button", name="Keep v2 as it is while others move").click()
    apply_the_preview(page)
    change = page.url
    page.goto("/graph/?ns=bookinfo")
    until(lambda: 0.15 <= share(page, "v3") <= 0.25 and share(page, "v2") == 0, "20 % go to v3 on the screen")
    page.goto(change)
    page.get_by_role("button", name="Revert").click()
    expect(page.get_by_text("Reverts change")).to_be_visible()
    page.goto("/graph/?ns=bookinfo")
    until(lambda: share(page, "v2") > 0.2, "all versions get traffic again on the screen")


def test_a_delay_of_half_the_requests_raises_p95_on_the_screen(page):
    page.goto("/graph/?ns=bookinfo")
    p95 = "ratings edges have latencies"
    until(lambda: all(row["p95"] for row in edges(page, "ratings").values()) and edges(page, "ratings"), p95)
    assert all(float(row["p95"]) < 1000 for row in edges(page, "ratings").values())
    page.goto("/routing/bookinfo/ratings/#fault")
    page.get_by_text("Delay", exact=True).first.click()
    page.get_by_label("Delay by").fill("2s")
    page.get_by_label("of the requests").first.fill("50")
    apply_the_preview(page)
    change = page.url
    page.goto("/graph/?ns=bookinfo")

    def delayed():
        rows = edges(page, "ratings").values()
        return rows and all(row["p95"] and float(row["p95"]) > 1500 for row in rows)

    until(delayed, "p95 of ratings rises over 1.5 s on the screen")
    page.goto(change)
    page.get_by_role("button", name="Revert").click()
    expect(page.get_by_text("Reverts change")).to_be_visible()


def test_the_side_panel_shows_live_figures_and_leads_to_the_split(page):
    page.goto("/graph/?ns=bookinfo&select=app:bookinfo/reviews/v1")
    expect(page.locator("#panel")).to_be_visible()
    expect(page.locator("#panel figure .main-svg").first).to_be_visible()
    page.locator("#routing-split").click()
    expect(page).to_have_url(re.compile(r"/routing/bookinfo/reviews/"))
