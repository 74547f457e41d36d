"""What a person does on the page: choosing, sorting, keys, links, the narrow window."""

import pytest
from playwright.sync_api import expect

from tests.graph_page.conftest import until
from tests.graph_page.feed import DETAILS, INGRESS, PRODUCTPAGE, RATINGS, REVIEWS, edge, edge_id

pytestmark = pytest.mark.browser

TO_V3 = edge_id(PRODUCTPAGE, REVIEWS[2])
TO_RATINGS = edge_id(REVIEWS[2], RATINGS)


def service(name, sentence="80 % v1, 20 % v3; everyone", faults=()):
    return {
        "namespace": "bookinfo",
        "name": name,
        "host": f"{name}.bookinfo.svc.cluster.local",
        "ports": [],
        "versions": [],
        "routing": {"virtual_service": None, "sentence": sentence, "editable": True, "reason": ""},
        "faults": list(faults),
        "problems": [],
    }


def sources(page):
    return page.eval_on_selector_all("#edges tbody tr", "rows => rows.map(row => row.dataset.edge)")


def selected(page):
    return page.evaluate("new URLSearchParams(location.search).get('select')")


def test_the_panel_shows_an_edges_numbers_and_its_figures(visit):
    page = visit().open(f"/graph/?select={TO_RATINGS}")
    expect(page.locator("#panel-title")).to_have_text("reviews v3 → ratings v1")
    expect(page.locator('[data-number="p95"]')).to_have_text("2.04 s")
    expect(page.locator('[data-number="errors"]')).to_have_text("12 %")
    expect(page.locator("#panel-flags")).to_have_text("0.482 rps FI, fault injected: abort")
    expect(page.locator('[data-figure="latency"] [role=img]')).to_have_attribute(
        "aria-label", "Latency over the last five minutes; now p50 10 ms, p95 20 ms, p99 34 ms"
    )
    expect(page.locator("#panel-figures .main-svg").first).to_be_visible()


def test_the_selection_survives_deltas_and_its_numbers_follow(visit, stage, feed):
    page = visit().open(f"/graph/?select={TO_V3}")
    for rps in (5.0, 6.0, 7.0):
        stage.say(feed.delta(edges=[edge(PRODUCTPAGE, REVIEWS[2], rps, share=0.3)]))
        expect(page.locator('[data-number="requests"]')).to_have_text(f"{rps:g} rps")
    assert page.get_attribute("#panel", "data-id") == TO_V3


def test_a_selection_that_leaves_the_graph_keeps_its_panel_and_says_so(visit, stage, feed):
    page = visit().open(f"/graph/?select={TO_V3}")
    stage.say(feed.delta(gone=[TO_V3, TO_RATINGS, REVIEWS[2], RATINGS]))
    expect(page.locator("#panel-gone")).to_contain_text("no request of it was seen in the last 10 s")


def test_the_panel_says_the_routing_in_force_and_leads_to_the_forms(visit, stage):
    fault = {
        "kind": "delay",
        "percentage": 50.0,
        "fixed_delay": "2s",
        "http_status": None,
        "grpc_status": None,
        "match": {"header": "end-user", "value": "jason"},
        "whom": "requests with end-user: jason",
        "owned": True,
    }
    stage.services["bookinfo/reviews"] = service("reviews", faults=[fault])
    page = visit().open(f"/graph/?select={REVIEWS[2]}")
    expect(page.locator("#routing-sentence")).to_have_text("80 % v1, 20 % v3; everyone")
    expect(page.locator("#routing-faults")).to_have_text(
        "Delay of 2s for 50 % of the requests with end-user: jason"
    )
    expect(page.locator("#routing-split")).to_have_attribute("href", "/routing/bookinfo/reviews/")
    expect(page.locator("#routing-fault")).to_have_attribute("href", "/routing/bookinfo/reviews/#fault")


def test_a_node_without_a_service_has_no_routing_and_nothing_is_asked_about_it(visit):
    operator = visit()
    asked = []
    operator.page.on("request", lambda request: asked.append(request.url.partition("/api/v1/")[2]))
    page = operator.open(f"/graph/?select={INGRESS}")
    expect(page.locator("#panel-title")).to_have_text("bookinfo-gateway-istio latest")
    expect(page.locator("#panel-routing")).to_be_hidden()
    assert [one for one in asked if one.startswith("services/")] == []


def test_the_table_twin_sorts_by_a_click_on_its_head(visit):
    page = visit().open("/graph/?view=table")
    page.click('th[data-column="p95"]')
    assert sources(page)[0] == TO_RATINGS
    expect(page.locator('th[data-column="p95"]')).to_have_attribute("aria-sort", "descending")
    page.click('th[data-column="p95"]')
    assert sources(page)[0] == edge_id(PRODUCTPAGE, DETAILS)
    page.click('th[data-column="source"]')
    assert sources(page)[0] == edge_id(INGRESS, PRODUCTPAGE)


def test_a_row_of_the_table_opens_the_panel(visit):
    page = visit().open("/graph/?view=table")
    page.click(f'tr[data-edge="{TO_V3}"]')
    expect(page.locator("#panel-title")).to_have_text("productpage v1 → reviews v3")
    assert selected(page) == TO_V3


def test_the_key_t_switches_between_graph_and_table_and_the_address_tells(page):
    page.keyboard.press("t")
    expect(page.locator("#graph")).to_have_attribute("data-view", "table")
    assert "view=table" in page.url
    page.keyboard.press("t")
    expect(page.locator("#graph")).to_have_attribute("data-view", "graph")


def test_arrow_keys_walk_the_graph_and_escape_closes_the_panel(page):
    for arrow, where in [
        ("ArrowRight", INGRESS),
        ("ArrowRight", PRODUCTPAGE),
        ("ArrowRight", DETAILS),
        ("ArrowUp", REVIEWS[2]),
        ("ArrowUp", REVIEWS[0]),
        ("ArrowDown", REVIEWS[2]),
        ("ArrowRight", RATINGS),
        ("ArrowLeft", REVIEWS[2]),
    ]:
        page.keyboard.press(arrow)
        assert selected(page) == where
    page.keyboard.press("Escape")
    expect(page.locator("#panel")).to_be_hidden()
    assert selected(page) is None


def test_the_slash_goes_to_find_and_find_marks_what_it_found(page):
    page.keyboard.press("/")
    page.keyboard.type("reviews")
    expect(page.locator("#count")).to_have_text("2 nodes found")
    page.keyboard.press("Escape")
    expect(page.locator("#find")).to_have_value("reviews")
    page.keyboard.press("Escape")
    expect(page.locator("#find")).to_have_value("")
    expect(page.locator("#count")).to_have_text("")


def test_letters_typed_into_find_are_no_commands(page):
    page.fill("#find", "")
    page.locator("#find").press_sequentially("tft")
    expect(page.locator("#graph")).to_have_attribute("data-view", "graph")


def test_a_click_on_a_node_selects_it_and_a_click_beside_lets_go(page):
    box = page.locator('.graph-title[data-of="box:bookinfo/reviews"]').bounding_box()
    # The first version stands under its box's title, in the middle of the box.
    page.mouse.click(box["x"] + 55, box["y"] + 60)
    expect(page.locator("#panel-title")).to_have_text("reviews v1")
    page.mouse.click(box["x"] - 400, box["y"] + 500)
    expect(page.locator("#panel")).to_be_hidden()


def test_pointing_at_a_node_tells_its_numbers(page):
    box = page.locator('.graph-title[data-of="box:bookinfo/reviews"]').bounding_box()
    page.mouse.move(box["x"] + 50, box["y"] + 58)
    page.mouse.move(box["x"] + 55, box["y"] + 60)
    expect(page.locator("#tip")).to_contain_text("reviews v1")
    expect(page.locator("#tip")).to_contain_text("16.1 rps · 0 % errors")


def test_the_graph_type_is_asked_of_the_server_and_back_returns_to_the_one_before(page, stage):
    page.select_option("#type", "workload")
    until(lambda: stage.said("subscribe")[-1]["graph_type"] == "workload", "workload was not asked for")
    assert "type=workload" in page.url
    page.go_back()
    until(lambda: stage.said("subscribe")[-1]["graph_type"] == "versioned_app", "back did nothing")
    expect(page.locator("#type")).to_have_value("versioned_app")


def test_a_link_shows_a_colleague_the_same(visit):
    page = visit().open(f"/graph/?ns=bookinfo&label=p95&view=table&select={TO_V3}")
    expect(page.locator("#label")).to_have_value("p95")
    expect(page.locator("#graph")).to_have_attribute("data-view", "table")
    expect(page.locator("#panel-title")).to_have_text("productpage v1 → reviews v3")
    expect(page.locator("#namespaces [data-chosen]")).to_have_text("bookinfo")


def test_the_namespace_chooser_changes_the_view_without_loading_the_page(page, stage):
    page.evaluate("window.same = true")
    page.click("#namespaces summary")
    page.check('#namespaces input[value="bookinfo"]')
    until(lambda: stage.said("subscribe")[-1]["namespaces"] == ["bookinfo"], "not asked for")
    assert "ns=bookinfo" in page.url
    assert page.evaluate("window.same")


def test_a_narrow_window_begins_with_the_table_and_the_panel_is_a_sheet(visit):
    page = visit(viewport={"width": 390, "height": 844}).open()
    expect(page.locator("#graph")).to_have_attribute("data-view", "table")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.click(f'tr[data-edge="{TO_V3}"]')
    sheet = page.locator("#panel").bounding_box()
    assert (sheet["x"], sheet["width"]) == (0, 390)


def test_who_wants_no_motion_sees_no_dots(visit):
    page = visit(reduced_motion="reduce").open()
    expect(page.locator("#stage")).to_have_attribute("data-dots", "still")


def test_the_panel_is_made_wider_by_the_keyboard_and_stays_so(visit):
    operator = visit()
    page = operator.open(f"/graph/?select={TO_V3}")
    before = page.locator("#panel").bounding_box()["width"]
    page.locator("#panel-grip").press("ArrowLeft")
    assert page.locator("#panel").bounding_box()["width"] == before + 24
    page.reload()
    assert page.locator("#panel").bounding_box()["width"] == before + 24


def test_the_theme_changes_the_drawing_without_a_reload(visit):
    page = visit(color_scheme="light").open(f"/graph/?select={TO_V3}")
    expect(page.locator("#panel-figures .main-svg").first).to_be_visible()
    light = page.locator("#panel-figures .xtick text").first.evaluate("e => getComputedStyle(e).fill")
    page.click("#person summary")
    page.check('#theme input[value="dark"]')
    tick = page.locator("#panel-figures .xtick text").first
    until(lambda: tick.evaluate("e => getComputedStyle(e).fill") != light, "the figures kept the old theme")
