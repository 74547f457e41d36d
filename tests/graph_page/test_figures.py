"""One node or edge over time: its figures, the marks on them, and a range that the address carries."""

import re
from datetime import datetime

import pytest
from playwright.sync_api import expect

from tests.graph_page.conftest import until
from tests.graph_page.feed import REVIEWS
from tests.graph_page.past import TO_V3, Past

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def patience():
    """Pages of many modules take their time on a busy machine."""
    expect.set_options(timeout=20_000)
    yield
    expect.set_options(timeout=5_000)


@pytest.fixture
def past(stage, feed):
    found = Past(feed)
    plain = found.graph
    stage.answers = {**found.answers(), "graph": lambda query: plain({"at": found.now.isoformat(), **query})}
    return found


@pytest.fixture
def open_figures(visit, past):
    def opened(query, **options):
        operator = visit(**options)
        operator.page.goto(f"/figures/?{query}")
        expect(operator.page.locator("#figures")).to_have_attribute("data-points", re.compile(r"\d+"))
        return operator.page

    return opened


def titles(page):
    return page.locator("#chart .annotation-text").all_text_contents()


def test_the_page_draws_codes_errors_quantiles_latency_and_bytes_over_one_axis(open_figures):
    page = open_figures(f"type=versioned_app&id={REVIEWS[2]}&range=1h")
    expect(page.locator("#title")).to_have_text("reviews v3")
    assert len(titles(page)) == 5
    expect(page.locator("#chart .legendtext, #chart .legend2text, #chart .legend3text")).to_have_text(
        ["200", "503", "p50", "p95", "p99", "sent", "received"]
    )
    expect(page.locator("#chart .hm image")).to_have_count(1)
    expect(page.locator("#chart .bars .point").first).to_be_attached()
    expect(page.locator("#summary")).to_contain_text("p95 up to 480 ms")
    expect(page.locator("#age")).to_have_attribute("data-freshness", "live")


def test_a_change_and_a_fault_are_on_the_axis_and_lead_to_their_change(open_figures):
    page = open_figures(f"id={REVIEWS[2]}&range=1h")
    expect(page.locator("#chart .shapelayer path")).to_have_count(3)
    expect(page.locator("#marks a")).to_have_text(
        ["◆ Change on reviews: 20 % to v3", "⚡ Fault on reviews: abort 50 % with 503"]
    )
    expect(page.locator("#marks a").first).to_have_attribute("href", "/changes/7/")
    mark = page.locator("#chart .textpoint", has_text="◆")
    box = mark.bounding_box()
    page.route("**/changes/7/", lambda route: route.fulfill(body="the change"))
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator("#chart .hoverlayer")).to_contain_text("20 % to v3")
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_url("**/changes/7/")


def drag(page):
    """Zooms by dragging over the middle third of the requests."""
    box = page.locator('#chart .nsewdrag[data-subplot="xy5"]').bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 3, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 2 / 3, y, steps=5)
    page.mouse.up()


def span(page):
    """How many seconds the axis of time shows."""
    axis = "document.getElementById('chart')._fullLayout.xaxis.range"
    since, end = page.evaluate(f"{axis}.map(at => new Date(at.replace(' ', 'T')) / 1000)")
    return end - since


def test_a_zoom_outlives_the_next_answers_and_can_become_the_range(open_figures, past):
    page = open_figures(f"id={REVIEWS[2]}&range=15m")
    assert abs(span(page) - 900) < 3
    drag(page)
    expect(page.get_by_role("button", name="All of it")).to_be_visible()
    assert abs(span(page) - 300) < 20
    before = len(past.asked)
    until(lambda: len(past.asked) >= before + 2, "the page asks again while it is live", 20)
    assert abs(span(page) - 300) < 20
    page.get_by_role("button", name="All of it").click()
    expect(page.get_by_role("button", name="All of it")).to_be_hidden()
    assert abs(span(page) - 900) < 60
    drag(page)
    page.get_by_role("button", name="Use the zoom as range").click()
    expect(page).to_have_url(re.compile("range=20.*%7E20"))
    expect(page.locator("#age")).to_have_attribute("data-state", "past")


def test_the_range_is_in_the_address_and_back_leads_to_the_one_before(open_figures, past):
    page = open_figures(f"id={TO_V3.replace('>', '%3E')}&range=5m")
    expect(page.locator("#title")).to_have_text("productpage v1 → reviews v3")
    page.locator("#ranges label", has_text="1 h").click()
    expect(page).to_have_url(re.compile("range=1h"))
    until(lambda: _seconds(past) == 3600, "the hour is asked for")
    page.go_back()
    until(lambda: _seconds(past) == 300, "five minutes are asked for")
    page.fill("#since", "-20m")
    page.fill("#until", "-10m")
    page.press("#until", "Enter")
    until(lambda: _seconds(past) == 600, "ten minutes are asked for")
    page.fill("#since", "soon")
    page.press("#since", "Enter")
    expect(page.locator("#custom-wrong")).to_contain_text("Write both times as 12:04")


def _seconds(past):
    asked = [query for query in past.asked if "since" in query][-1]
    since, until_ = (datetime.fromisoformat(asked[name]) for name in ("since", "until"))
    return (until_ - since).total_seconds()


def test_what_the_server_refuses_is_said_and_the_old_figures_look_old(open_figures, stage, past):
    page = open_figures(f"id={REVIEWS[2]}&range=5m")
    stage.answers["figures"] = lambda query: (
        503,
        {"error": {"code": "unavailable", "message": "Prometheus is away."}},
    )
    expect(page.locator("#figures-note")).to_have_text("Prometheus is away.", timeout=15_000)
    expect(page.locator("#figures")).to_have_class(re.compile("stale"))
    expect(page.locator("#age")).to_contain_text("Source not answering since")
