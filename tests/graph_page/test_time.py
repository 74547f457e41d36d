"""Back in time and live again: what the page shows of the past never passes for now."""

import re

import pytest
from playwright.sync_api import expect

from tests.graph_page.conftest import until
from tests.graph_page.feed import PRODUCTPAGE, REVIEWS, edge, iso
from tests.graph_page.past import GONE, TO_V3, Past

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
    stage.answers = found.answers()
    return found


def row(page, edge=TO_V3):
    return page.locator(f'#edges tr[data-edge="{edge}"]')


def address(moment, **more):
    return "/graph/?at=" + "&".join([iso(moment), *(f"{name}={value}" for name, value in more.items())])


def frozen(page):
    """The page says in four ways that it is not live."""
    expect(page.locator("#past")).to_be_visible()
    expect(page.locator("#past-word")).to_contain_text("ot live")
    expect(page.locator("#age")).to_have_attribute("data-state", "past")
    expect(page.locator("#stage")).to_have_attribute("data-dots", "still")
    expect(page.locator(".graph-hatch")).to_be_visible()
    expect(page).to_have_title(re.compile("^◷ "))


def test_a_step_back_shows_the_old_number_and_live_shows_the_new_one(visit, stage, feed, past):
    page = visit().open()
    stage.say(feed.delta())
    expect(page.locator("#graph")).to_have_attribute("data-state", "live")
    expect(page.locator("#time-slider")).to_be_enabled()
    page.locator("#time [data-by='-900']").click()
    frozen(page)
    expect(row(page)).to_have_attribute("data-errors", "0.2")
    rps = float(row(page).get_attribute("data-rps"))
    assert 48 <= rps <= 51, "fifteen minutes ago it was 50"
    expect(page.locator("#past-when")).to_have_text(re.compile(r"^at \d\d:\d\d:\d\d, 1[45] min ago$"))
    expect(page.locator("#age")).to_contain_text(re.compile(r"at \d\d:\d\d:\d\d, 1[45] min ago"))
    expect(page).to_have_url(re.compile(r"at=20\d\d-"))
    until(lambda: not stage._lines, "the page lets the socket go")
    feed.edges[TO_V3]["requests_per_second"] = 99.0
    page.locator("#canvas").press("l")
    expect(row(page)).to_have_attribute("data-rps", "99")
    expect(page.locator("#past")).to_be_hidden()
    expect(page).to_have_url(re.compile(r"/graph/$"))
    stage.say(feed.delta(edges=[edge(PRODUCTPAGE, REVIEWS[2], 98.0)]))
    expect(row(page)).to_have_attribute("data-rps", "98")
    expect(page.locator("#graph")).to_have_attribute("data-state", "live")


def test_a_link_to_a_moment_shows_that_moment_and_asks_for_nothing_live(visit, stage, past):
    page = visit().open(address(past.earliest, type="app", ns="bookinfo"))
    frozen(page)
    expect(row(page)).to_have_attribute("data-rps", "5")
    assert stage.said("subscribe") == []
    assert past.asked[0] == {
        "graph_type": "app",
        "namespaces": "bookinfo",
        "at": iso(past.earliest).replace(".000", ""),
    }


def test_the_keys_step_back_and_forward_through_the_history(visit, past):
    page = visit().open(address(past.earliest))
    page.locator("#canvas").press("]")
    expect(page.locator("#past-when")).to_contain_text(":05" if past.earliest.second == 0 else ":")
    until(lambda: len(past.asked) == 2, "one more moment is asked for")
    assert _seconds(past.asked[1]) - _seconds(past.asked[0]) == 5
    page.locator("#canvas").press("[")
    until(lambda: len(past.asked) == 3, "and the one before")
    assert _seconds(past.asked[2]) == _seconds(past.asked[0])


def _seconds(query):
    hours, minutes, seconds = query["at"].rstrip("Z").split("T")[1].split(":")
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds)


def test_pausing_holds_the_picture_that_is_there(visit, stage, feed, past):
    page = visit().open()
    stage.say(feed.delta(edges=[edge(PRODUCTPAGE, REVIEWS[2], 12.5)]))
    expect(row(page)).to_have_attribute("data-rps", "12.5")
    page.locator("#time-mode input[value=paused]").check()
    frozen(page)
    expect(row(page)).to_have_attribute("data-rps", "12.5")
    assert past.asked == []


def test_a_moment_out_of_reach_shows_a_note_and_no_numbers_of_another_one(visit, stage, feed, past):
    page = visit().open()
    expect(row(page)).to_be_attached()
    past.earliest = past.changed_at
    page.goto(address(past.changed_at.replace(year=2020)))
    expect(page.locator("#note")).to_contain_text(GONE["error"]["message"])
    frozen(page)
    expect(row(page)).to_have_count(0)
    page.locator("#note button").click()
    expect(row(page)).to_be_attached()
    expect(page.locator("#past")).to_be_hidden()


def test_a_source_that_is_away_says_so_and_leaves_nothing_old_on_the_screen(visit, past):
    page = visit().open(address(past.earliest))
    expect(row(page)).to_have_attribute("data-rps", "5")
    past.away = True
    page.get_by_role("button", name="One step forward").click()
    expect(page.locator("#note")).to_contain_text("Prometheus does not answer.")
    expect(row(page)).to_have_count(0)


def test_a_typed_time_leads_there_and_a_wrong_one_says_how_to_write_it(visit, past):
    page = visit().open()
    expect(page.locator("#time-slider")).to_be_enabled()
    page.fill("#time-text", "at noon")
    page.press("#time-text", "Enter")
    expect(page.locator("#time-wrong")).to_contain_text("“at noon” is no time: write 12:04")
    page.fill("#time-text", "-30m")
    page.press("#time-text", "Enter")
    expect(page.locator("#past-when")).to_contain_text(re.compile("(29|30) min ago"))
    expect(page.locator("#time-wrong")).to_be_hidden()


def test_a_replay_plays_moment_after_moment_and_stands_still_when_paused(visit, past):
    operator = visit()
    operator.page.clock.install()
    page = operator.open(address(past.earliest, speed=60))
    expect(page.locator("#past-word")).to_have_text(re.compile("^Replay 60., not live$"))
    expect(page.locator("#time")).to_have_attribute("data-mode", "replay")
    for rps in ("5", "6", "7"):
        expect(row(page)).to_have_attribute("data-rps", rps)
    page.locator("#time-mode input[value=paused]").check()
    expect(page.locator("#past-word")).to_have_text("Not live")
    # Rows that nobody sees are written a little later than the picture.
    page.clock.run_for(2_000)
    shown = row(page).get_attribute("data-rps")
    asked = len(past.asked)
    expect(page).to_have_url(re.compile(r"at=[^&]+$"))
    page.clock.run_for(5_000)
    assert (row(page).get_attribute("data-rps"), len(past.asked)) == (shown, asked)
    frozen(page)


def test_a_replay_that_reaches_the_present_is_live_again(visit, stage, feed, past):
    page = visit().open(address(past.now, speed=60))
    expect(page.locator("#past")).to_be_hidden()
    expect(row(page)).to_have_attribute("data-rps", "4.02")
    assert stage.said("subscribe")


def test_from_a_change_on_the_bar_one_sees_what_it_did(visit, past):
    page = visit().open()
    page.get_by_role("button", name="Change on reviews: 20 % to v3").click()
    card = page.locator("#time-card")
    expect(card).to_contain_text("by ada, in bookinfo")
    expect(card.get_by_role("link", name="Open the change")).to_have_attribute("href", "/changes/7/")
    card.get_by_role("button", name="Before and after it").click()
    frozen(page)
    expect(page.locator("#past-word")).to_have_text("Comparison, not live")
    expect(page.locator("#past-what")).to_contain_text("1 edge fails more, 1 is new; 4 are the same.")
    expect(page).to_have_url(re.compile(r"at=.*vs="))
    page.locator("#canvas").press("t")
    changed = page.locator(f'#difference-rows tr[data-edge="{TO_V3}"]')
    expect(changed).to_have_attribute("data-kind", "failing")
    expect(changed.locator('[data-figure="errors-before"]')).to_have_text("0")
    expect(changed.locator('[data-figure="errors-after"]')).to_have_text("20")
    expect(changed.locator('[data-figure="p95-by"]')).to_have_text("+870")
    expect(page.locator("#difference-rows tr").first).to_have_attribute("data-edge", TO_V3)
    page.get_by_role("columnheader", name="Source").get_by_role("button").click()
    expect(page.locator("#difference-rows tr").first).to_contain_text("bookinfo-gateway")
    changed.click()
    expect(page.locator("#panel-comparison")).to_contain_text("fails more, 0 % → 20 %")
    page.get_by_role("button", name="End the comparison").click()
    expect(page.locator("#differences")).to_be_hidden()
    expect(row(page)).to_have_attribute("data-errors", "0.2")


def test_in_the_past_the_panel_has_the_figures_up_to_that_moment_and_nothing_of_now(visit, past):
    page = visit().open(address(past.changed_at, select=REVIEWS[2]))
    expect(page.locator("#panel figure .main-svg").first).to_be_visible()
    expect(page.locator("#panel-routing")).to_be_hidden()
    asked = next(query for query in past.asked if "since" in query)
    assert asked["until"] == iso(past.changed_at).replace(".000", "")
    expect(page.locator("#all-figures")).to_have_attribute(
        "href", re.compile(r"/figures/\?type=versioned_app&id=app%3A")
    )
