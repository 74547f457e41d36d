"""The page follows the socket: full frames, deltas, gaps, reconnects, and silence."""

import pytest
from playwright.sync_api import expect

from tests.graph_page.conftest import until
from tests.graph_page.feed import (
    DETAILS,
    PRODUCTPAGE,
    RATINGS,
    REVIEWS,
    REVIEWS_SERVICE,
    edge,
    edge_id,
    node,
    now,
)

pytestmark = pytest.mark.browser

TO_V3 = edge_id(PRODUCTPAGE, REVIEWS[2])


def row(page, edge):
    return page.locator(f'#edges tr[data-edge="{edge}"]')


def positions(page):
    """Where each drawn title stands: they move with the nodes."""
    return page.eval_on_selector_all(".graph-title", "all => all.map(e => [e.dataset.of, e.style.transform])")


def test_the_full_frame_is_on_the_page_as_rows_that_tests_and_screen_readers_read(page):
    found = row(page, TO_V3)
    expect(found).to_have_attribute("data-source", PRODUCTPAGE)
    expect(found).to_have_attribute("data-target", REVIEWS[2])
    expect(found).to_have_attribute("data-rps", "4.02")
    expect(found).to_have_attribute("data-share", "0.2")
    expect(found).to_have_attribute("data-p95", "47")
    expect(page.locator(f'#node-list [data-node="{RATINGS}"]')).to_have_text(
        "ratings v1, app: Failing, 4.02 rps, 12 % errors"
    )


def test_the_numbers_of_a_delta_replace_those_before(page, stage, feed):
    stage.say(feed.delta(edges=[edge(PRODUCTPAGE, REVIEWS[2], 10.1, share=0.5)]))
    expect(row(page, TO_V3)).to_have_attribute("data-share", "0.5")
    expect(row(page, TO_V3)).to_have_attribute("data-rps", "10.1")


def test_numbers_alone_leave_the_picture_where_it_is(page, stage, feed):
    before = positions(page)
    for rps in (8.0, 300.0, 0.1):
        stage.say(feed.delta(edges=[edge(PRODUCTPAGE, REVIEWS[2], rps)]))
        expect(row(page, TO_V3)).to_have_attribute("data-rps", f"{rps:g}")
    assert positions(page) == before


def test_a_node_that_joins_and_leaves_is_drawn_and_removed(page, stage, feed):
    joining = edge(PRODUCTPAGE, REVIEWS_SERVICE, 2.0, p95=None, error_ratio=1.0, flags={"FI": 2.0})
    stage.say(feed.delta(nodes=[node(REVIEWS_SERVICE, 2.0, 1.0, "failing")], edges=[joining]))
    expect(row(page, joining["id"])).to_have_attribute("data-health", "failing")
    expect(row(page, joining["id"])).to_have_attribute("data-p95", "")
    stage.say(feed.delta(gone=[REVIEWS_SERVICE, joining["id"]]))
    expect(row(page, joining["id"])).to_have_count(0)


def test_after_a_gap_the_page_asks_for_a_full_frame_and_changes_nothing_before_it_has_one(page, stage, feed):
    stage.answers_subscriptions = False
    feed.delta(edges=[edge(PRODUCTPAGE, DETAILS, 77.0)])  # this one is lost
    stage.say(feed.delta(edges=[edge(PRODUCTPAGE, REVIEWS[2], 9.9)]))
    until(lambda: stage.said("resync"), "the page did not ask")
    expect(row(page, TO_V3)).to_have_attribute("data-rps", "4.02")
    stage.say(feed.full())
    expect(row(page, TO_V3)).to_have_attribute("data-rps", "9.9")
    expect(row(page, edge_id(PRODUCTPAGE, DETAILS))).to_have_attribute("data-rps", "77")


def test_when_the_line_drops_the_page_comes_back_subscribes_and_watches_again(visit, stage, feed):
    page = visit().open(f"/graph/?select={REVIEWS[2]}&type=app&ns=bookinfo")
    until(lambda: stage.said("watch"), "nothing was watched")
    stage.heard.clear()
    feed.edges[TO_V3]["requests_per_second"] = 6.5
    stage.hang_up()
    expect(row(page, TO_V3)).to_have_attribute("data-rps", "6.5")
    until(lambda: stage.said("watch"), "nothing was watched again")
    assert stage.said("subscribe") == [{"type": "subscribe", "graph_type": "app", "namespaces": ["bookinfo"]}]
    assert stage.said("watch")[-1]["id"] == REVIEWS[2]


def test_a_source_that_does_not_answer_freezes_the_page_and_says_since_when(page, stage, feed):
    since = page.evaluate("iso => new Date(iso).toLocaleTimeString('en-GB')", now().isoformat())
    stage.say(feed.delta())
    expect(page.locator("#graph")).to_have_attribute("data-state", "live")
    expect(page.locator("#stage")).to_have_attribute("data-dots", "running")
    stage.say(feed.stale())
    expect(page.locator("#graph")).to_have_attribute("data-state", "stale")
    expect(page.locator("#age")).to_contain_text(f"Source not answering since {since[:5]}")
    expect(page.locator("#stage")).to_have_attribute("data-dots", "still")
    expect(page.locator(".graph-hatch")).to_be_visible()
    expect(row(page, TO_V3)).to_have_attribute("data-rps", "4.02")
    expect(page.locator("#announcer")).to_contain_text("Source not answering")
    # The figures stand still; their age does not.
    then = int(page.locator("#age").get_attribute("data-age"))
    expect(page.locator("#age")).to_have_attribute("data-age", str(then + 2))
    expect(page.locator("#age")).to_contain_text(f"{then + 2} s old")
    stage.say(feed.delta())
    expect(page.locator("#graph")).to_have_attribute("data-state", "live")
    expect(page.locator(".graph-hatch")).to_be_hidden()


def test_silence_makes_the_numbers_late_and_then_stale(visit, stage, feed):
    feed.tick_seconds = 0.3
    page = visit().open()
    stage.say(feed.delta())
    expect(page.locator("#graph")).to_have_attribute("data-state", "live")
    expect(page.locator("#graph")).to_have_attribute("data-state", "late")
    expect(page.locator("#graph")).to_have_attribute("data-state", "stale")


def test_the_page_says_that_it_is_offline_only_after_five_seconds(page, stage):
    page.clock.install()
    stage.refuses = True
    stage.hang_up()
    page.clock.run_for(4_000)
    assert page.get_attribute("#graph", "data-state") != "offline"
    page.clock.run_for(2_000)
    expect(page.locator("#graph")).to_have_attribute("data-state", "offline")
    expect(page.locator("#age")).to_contain_text("Offline since")


def test_whoever_is_signed_out_is_asked_to_sign_in_and_will_come_back_here(page, stage):
    stage.hang_up(4401)
    page.wait_for_url("**/login/?next=**")
    assert page.url.endswith("/login/?next=%2Fgraph%2F")


def test_an_empty_graph_says_what_it_will_show_and_the_one_thing_to_do(visit, stage, feed):
    feed.nodes.clear()
    feed.edges.clear()
    page = visit().open("/graph/?ns=bookinfo")
    expect(page.locator("#note")).to_contain_text("No traffic in bookinfo in the last 10 s")
    page.click("#note button")
    until(lambda: stage.said("subscribe")[-1]["namespaces"] == [], "not all namespaces were asked for")
    expect(page.locator("#note button")).to_be_hidden()


def test_an_error_of_the_servers_is_shown_and_the_graph_stays(page, stage):
    stage.say({"type": "error", "message": "The message is not understood: <b>no</b>"})
    expect(page.locator("#notice")).to_have_text("The message is not understood: <b>no</b>")
    expect(row(page, TO_V3)).to_have_count(1)


def test_a_name_that_is_markup_stays_text(page, stage, feed):
    bad = "app:bookinfo/<img src=x onerror=alert(1)>/v1"
    evil = node(bad, 1.0)
    stage.say(feed.delta(nodes=[evil], edges=[edge(PRODUCTPAGE, bad, 1.0)]))
    expect(page.locator("#node-list")).to_contain_text("<img src=x onerror=alert(1)> v1")
    assert page.locator("#graph img").count() == 0
