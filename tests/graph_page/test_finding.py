"""Finding and hiding by an expression, what acts on the graph, and saving it."""

import json
from xml.etree import ElementTree

import pytest
from playwright.sync_api import expect

from tests.graph_page.conftest import until
from tests.graph_page.feed import DETAILS, INGRESS, PRODUCTPAGE, RATINGS, REVIEWS, edge, edge_id, node

pytestmark = pytest.mark.browser

TO_V3 = edge_id(PRODUCTPAGE, REVIEWS[2])
TO_RATINGS = edge_id(REVIEWS[2], RATINGS)
ERRORS = "error_ratio > 1% and namespace = bookinfo"


def found(page):
    """Ids of the nodes and edges that are marked as found."""
    return page.evaluate(
        """() => [...document.querySelectorAll("#node-list li.found, #edge-rows tr.found")]
            .map((each) => each.dataset.node ?? each.dataset.edge)"""
    )


def shown(page):
    """Ids of the nodes that are there."""
    listed = "items => items.map(item => item.dataset.node)"
    return set(page.eval_on_selector_all("#node-list li", listed))


def asked(page, name):
    return page.evaluate("name => new URLSearchParams(location.search).get(name)", name)


def test_find_lights_what_fits_and_lets_the_rest_step_back(page):
    page.fill("#find", ERRORS)
    expect(page.locator("#count")).to_have_text("2 nodes and 2 edges found")
    assert {REVIEWS[2], RATINGS, TO_V3, TO_RATINGS} == set(found(page))
    assert asked(page, "find") == ERRORS


def test_hide_takes_away_and_counts_and_the_table_follows(page):
    page.fill("#hide", "app = ratings or app = details")
    expect(page.locator("#hidden-count")).to_have_text("2 nodes and 2 edges hidden")
    assert shown(page) == {INGRESS, PRODUCTPAGE, REVIEWS[0], REVIEWS[2]}
    assert page.locator("#edge-rows tr").count() == 3
    # What is received counts, drawn or not.
    assert page.locator('.graph-title[data-of="ns:bookinfo"] span').text_content().startswith("64.2 rps")
    page.click("#hidden-count")
    expect(page.locator("#hidden-count")).to_be_hidden()
    assert len(shown(page)) == 6
    assert asked(page, "hide") is None


def test_both_survive_a_reload_and_back_returns_to_the_one_before(page):
    page.locator("#hide").press_sequentially("app = ratings", delay=1)
    page.keyboard.press("Enter")
    page.locator("#find").press_sequentially("reviews", delay=1)
    page.keyboard.press("Enter")
    page.reload()
    page.wait_for_selector("#graph[data-seq]", state="attached")
    expect(page.locator("#hide")).to_have_value("app = ratings")
    expect(page.locator("#count")).to_have_text("2 nodes found")
    expect(page.locator("#hidden-count")).to_have_text("1 node and 1 edge hidden")
    page.go_back()
    expect(page.locator("#find")).to_have_value("")
    expect(page.locator("#hide")).to_have_value("app = ratings")
    page.go_forward()
    expect(page.locator("#find")).to_have_value("reviews")


def test_a_wrong_expression_says_where_and_loses_nothing(page):
    page.fill("#find", "reviews")
    page.fill("#find", "reviews and errorratio > 1%")
    page.keyboard.press("Enter")
    expect(page.locator("#find-error mark")).to_have_text("errorratio")
    expect(page.locator("#find-error .expression-words")).to_have_text(
        "errorratio is no field; did you mean error_ratio?"
    )
    expect(page.locator("#find")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#find")).to_have_value("reviews and errorratio > 1%")
    expect(page.locator("#count")).to_have_text("2 nodes found")
    marked = "field => field.value.slice(field.selectionStart, field.selectionEnd)"
    assert page.eval_on_selector("#find", marked) == "errorratio"
    page.reload()
    expect(page.locator("#find-error mark")).to_have_text("errorratio")


def test_what_is_only_unfinished_is_not_wrong_before_enter(page):
    page.locator("#find").press_sequentially("error_ratio >", delay=1)
    expect(page.locator("#find-error")).to_be_hidden()
    page.keyboard.press("Enter")
    expect(page.locator("#find-error")).to_contain_text("A value is missing after >")


def test_an_expression_can_be_typed_with_the_arrow_keys_alone(page):
    page.keyboard.press("h")
    for begun, chosen in [("hea", "health "), ("", "health = "), ("fai", "health = failing ")]:
        page.keyboard.type(begun)
        page.keyboard.press("ArrowDown")
        expect(page.locator("#hide")).to_have_attribute("aria-activedescendant", "hide-option-0")
        page.keyboard.press("Enter")
        expect(page.locator("#hide")).to_have_value(chosen)
    page.keyboard.press("Escape")
    expect(page.locator("#hidden-count")).to_have_text("1 node and 1 edge hidden")
    assert RATINGS not in shown(page)


def test_a_preset_is_taken_and_taken_back(page):
    page.click("#presets summary")
    page.click('#presets [data-find="health = failing"]')
    expect(page.locator("#find")).to_have_value("health = failing")
    expect(page.locator("#count")).to_contain_text("1 node")
    page.click("#presets summary")
    page.click('#presets [data-find="health = failing"]')
    expect(page.locator("#find")).to_have_value("")


def test_what_changes_live_is_hidden_and_shown_as_it_changes(page, stage, feed):
    page.fill("#hide", "node and error_ratio > 5%")
    expect(page.locator("#hidden-count")).to_have_text("1 node and 1 edge hidden")
    stage.say(feed.delta(nodes=[node(DETAILS, 20.0, 0.5, "failing"), node(RATINGS, 4.02)]))
    expect(page.locator("#hidden-count")).to_have_text("1 node and 1 edge hidden")
    until(lambda: shown(page) == {INGRESS, PRODUCTPAGE, REVIEWS[0], REVIEWS[2], RATINGS}, "the wrong ones")


def test_a_graph_of_which_all_is_hidden_says_so_and_shows_it_again(page):
    page.fill("#hide", "node")
    expect(page.locator("#note-title")).to_have_text("Everything is hidden")
    page.click("#note button")
    expect(page.locator("#hide")).to_have_value("")
    assert len(shown(page)) == 6


# What acts


def badge(kind, text, short="", *, service="", workload=""):
    app, _, version = workload.partition("-")
    return {
        "namespace": "bookinfo",
        "service": service,
        "workload": workload,
        "app": app,
        "version": version,
        "kind": kind,
        "short": short,
        "text": text,
    }


def test_what_acts_is_a_badge_on_the_node_or_the_box_and_can_be_found(visit, stage):
    stage.badges = [
        badge("fault", "10 % aborted with 503; everyone", "abort", service="ratings"),
        badge("split", "80 % v1, 20 % v3", "80/20", service="reviews"),
        badge("no_proxy", "1 of 1 pod without a sidecar", workload="reviews-v3"),
    ]
    page = visit().open("/graph/?find=node+and+fault")
    on_ratings = page.locator(f'.graph-title[data-of="{RATINGS}"] em.fault')
    expect(on_ratings).to_have_text("abort")
    expect(on_ratings).to_have_attribute("title", "Fault: 10 % aborted with 503; everyone")
    expect(page.locator('.graph-title[data-of="box:bookinfo/reviews"] em.split')).to_have_text("80/20")
    expect(page.locator(f'.graph-title[data-of="{REVIEWS[2]}"] em.no_proxy')).to_be_visible()
    expect(page.locator("#count")).to_have_text("1 node found")
    expect(page.locator(".graph-title.dimmed em.split")).to_be_visible()


# Edge labels


def test_two_labels_are_chosen_and_stay_in_the_address(page):
    page.select_option("#label", "throughput")
    page.select_option("#label2", "p95")
    assert asked(page, "label") == "throughput,p95"
    page.reload()
    expect(page.locator("#label")).to_have_value("throughput")
    expect(page.locator("#label2")).to_have_value("p95")


# Saving


def saved(page, form):
    """A file as the browser saves it: its name and its bytes."""
    page.click("#export summary")
    with page.expect_download() as download:
        page.click(f'#export [data-format="{form}"]')
    return download.value.suggested_filename, download.value.path().read_bytes()


SCRIPT = "app:bookinfo/<script>alert(1)</script>/v1"


def test_the_graph_is_saved_as_a_picture_that_opens_anywhere(page, stage, feed):
    stage.say(feed.delta(nodes=[node(SCRIPT, 1.0)], edges=[edge(PRODUCTPAGE, SCRIPT, 1.0)]))
    until(lambda: SCRIPT in shown(page), "the new node")
    page.fill("#hide", "app = details")
    expect(page.locator("#hidden-count")).to_be_visible()
    name, content = saved(page, "svg")
    assert name.startswith("meshui-default-all-20")
    assert name.endswith(".svg")
    picture = ElementTree.fromstring(content)
    texts = [part.text for part in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert {"bookinfo", "reviews", "20.1 rps"} <= set(texts)
    assert not any("details" in text for text in texts if not text.startswith(("1 node", "http")))
    assert any("1 node and 1 edge hidden by: app = details" in text for text in texts)
    assert any("<script>" in text for text in texts)
    assert picture.find(".//{http://www.w3.org/2000/svg}script") is None
    assert len(picture.findall(".//{http://www.w3.org/2000/svg}circle")) >= 1


def test_the_graph_is_saved_as_pixels(page):
    name, content = saved(page, "png")
    assert name.endswith(".png")
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = (int.from_bytes(content[at : at + 4], "big") for at in (16, 20))
    assert 800 < width < 8193
    assert 300 < height < 8193
    assert len(content) > 10_000


def test_the_graph_is_saved_as_data_with_the_address_it_is_of(visit, stage):
    page = visit().open("/graph/?type=workload&ns=bookinfo&hide=idle")
    name, content = saved(page, "json")
    assert name.startswith("meshui-default-bookinfo-20")
    data = json.loads(content)
    assert data["address"] == page.url
    assert stage.asked == ["graph_type=workload&namespaces=bookinfo"]
    assert data["request"].endswith("/api/v1/graph?graph_type=workload&namespaces=bookinfo")
    assert len(data["graph"]["nodes"]) == 6
