"""What a person sees of a large mesh: namespaces folded and unfolded, idle things, one node's neighbourhood."""

import pytest
from playwright.sync_api import expect

from tests.graph_page.conftest import until
from tests.graph_page.feed import PRODUCTPAGE, REVIEWS, Feed, bookinfo, edge, node

pytestmark = pytest.mark.browser

SHOP = [f"app:shop/{name}/v1" for name in ("cart", "payment")]
CARD = "namespace:shop"
IDLE = "app:shop/old/v1"


class Folding(Feed):
    """Bookinfo and a shop, of which it sends what is asked for, as the hub does."""

    def __init__(self):
        super().__init__()
        self.__dict__ |= vars(bookinfo())
        self.left_out = 0
        extra = [node(one, 5.0) for one in SHOP]
        calls = [edge(PRODUCTPAGE, SHOP[0], 5.0), edge(SHOP[0], SHOP[1], 5.0, protocol="tcp") | {"mtls": 0.5}]
        self._take(extra, calls, [])

    def answer(self, subscribe):
        frame = super().answer(subscribe)
        if "shop" in subscribe.get("fold", []):
            self._fold(frame)
        if subscribe.get("idle"):
            frame["nodes"].append(node(IDLE, 0.0, 0.0, "idle"))
        if focus := subscribe.get("focus"):
            near = [one for one in frame["edges"] if focus in (one["source"], one["target"])]
            kept = {focus, *(one[end] for one in near for end in ("source", "target"))}
            frame |= {"edges": near, "nodes": [one for one in frame["nodes"] if one["id"] in kept]}
        return frame | {"left_out": {"nodes": 0, "edges": self.left_out}}

    def _fold(self, frame):
        card = node(CARD, 5.0) | {"namespace": "shop", "app": "", "members": 2}
        frame["nodes"] = [one for one in frame["nodes"] if one["namespace"] != "shop"] + [card]
        frame["edges"] = [one for one in frame["edges"] if one["source"] not in SHOP]
        for one in frame["edges"]:
            if one["target"] in SHOP:
                one |= {"target": CARD, "id": f"{one['source']}->{CARD}:http"}
        frame["folded"] = ["shop"]


@pytest.fixture
def feed():
    return Folding()


def ids(page):
    return set(page.eval_on_selector_all("#node-list li", "all => all.map(e => e.dataset.node)"))


def shows(page, *wanted):
    until(lambda: set(wanted) <= ids(page), f"{wanted} are not shown: {ids(page)}")


def hides(page, *unwanted):
    until(lambda: not set(unwanted) & ids(page), f"{unwanted} are still shown")


def title(page, box):
    return page.locator(f'.graph-title[data-of="{box}"]')


def test_the_minus_of_a_namespaces_box_folds_it_and_the_address_says_so(page, stage):
    title(page, "ns:shop").get_by_role("button", include_hidden=True).click()
    shows(page, CARD)
    hides(page, *SHOP)
    assert "fold=shop" in page.url
    assert stage.said("subscribe")[-1]["fold"] == ["shop"]
    expect(page.locator(f'#node-list [data-node="{CARD}"]')).to_have_text(
        "shop (namespace), folded, 2 inside: OK, 5 rps, 0 % errors"
    )
    expect(page.locator(f'#edges tr[data-target="{CARD}"]')).to_have_count(1)
    page.reload()
    shows(page, CARD)
    page.go_back()
    shows(page, *SHOP)


def test_plus_and_minus_keys_fold_the_namespace_of_what_is_chosen(visit, stage):
    page = visit().open(f"/graph/?select={SHOP[1]}")
    page.keyboard.press("-")
    shows(page, CARD)
    page.goto(f"/graph/?select={CARD}&fold=shop")
    shows(page, CARD)
    page.locator("#canvas").focus()
    page.keyboard.press("+")
    shows(page, *SHOP)
    assert "unfold=shop" in page.url


def test_the_panel_of_a_folded_namespace_unfolds_it(visit):
    page = visit().open(f"/graph/?select={CARD}&fold=shop")
    expect(page.locator("#panel-title")).to_have_text("shop (namespace)")
    page.get_by_role("button", name="Unfold shop").click()
    shows(page, *SHOP)


def test_a_double_click_on_a_folded_namespace_unfolds_it(visit):
    page = visit().open("/graph/?fold=shop")
    shows(page, CARD)
    page.mouse.dblclick(*card(page))
    shows(page, *SHOP)


def card(page):
    """A point on the card of the folded namespace: where the tip names it alone."""
    box = page.locator("#canvas").bounding_box()
    for row in range(30, int(box["height"]) - 20, 30):
        for column in range(40, int(box["width"]) - 20, 80):
            at = (box["x"] + column, box["y"] + row)
            page.mouse.move(*at)
            if page.locator("#tip:not([hidden]) b").all_text_contents() == ["shop (namespace)"]:
                return at
    raise AssertionError("no card is there")


def test_all_are_folded_and_unfolded_from_the_bar(page, stage):
    page.get_by_role("button", name="Fold all", exact=True).click()
    until(lambda: stage.said("subscribe")[-1].get("fold") == ["bookinfo", "shop"], "not all were folded")
    shows(page, CARD)
    page.get_by_role("button", name="Unfold all").click()
    until(lambda: "fold" not in stage.said("subscribe")[-1], "still folded")
    assert stage.said("subscribe")[-1]["unfold"] == ["*"]
    shows(page, *SHOP)


def test_idle_things_are_shown_when_asked_for(page, stage):
    page.get_by_label("Idle").check()
    shows(page, IDLE)
    expect(page.locator(f'#node-list [data-node="{IDLE}"]')).to_have_attribute("data-health", "idle")
    assert "idle=1" in page.url
    page.reload()
    shows(page, IDLE)
    expect(page.get_by_label("Idle")).to_be_checked()


def test_the_neighbourhood_of_a_node_is_shown_alone_and_left_again(visit, stage):
    page = visit().open(f"/graph/?select={SHOP[0]}")
    page.keyboard.press("n")
    hides(page, *REVIEWS)
    shows(page, *SHOP, PRODUCTPAGE)
    expect(page.locator("#focus-words")).to_have_text("Neighbourhood of cart v1, 1 step")
    page.get_by_role("button", name="One step more").click()
    until(lambda: stage.said("subscribe")[-1]["depth"] == 2, "one step more was not asked for")
    expect(page.locator("#focus-words")).to_have_text("Neighbourhood of cart v1, 2 steps")
    page.reload()
    expect(page.locator("#focus-words")).to_have_text("Neighbourhood of cart v1, 2 steps")
    page.get_by_role("button", name="Show all").click()
    shows(page, REVIEWS[0])
    expect(page.locator("#focus-bar")).to_be_hidden()
    assert "focus" not in page.url


def test_what_the_server_left_out_is_said(visit, feed):
    feed.left_out = 120
    page = visit().open()
    expect(page.locator("#left-out")).to_have_text("120 quieter edges not drawn")


def test_the_mark_for_calls_without_mutual_tls_is_offered_where_somebody_reports(page, stage, feed):
    page.locator("#legend summary").click()
    expect(page.get_by_label("without mutual TLS")).to_be_visible()
    stage.say(feed.delta(edges=[edge(SHOP[0], SHOP[1], 5.0, protocol="tcp")]))
    expect(page.get_by_label("without mutual TLS")).to_be_hidden()


def test_a_long_table_comes_in_parts(visit, feed):
    many = [node(f"app:shop/many-{number}/v1", 1.0) for number in range(450)]
    feed._take(many, [edge(PRODUCTPAGE, one["id"], 1.0) for one in many], [])
    page = visit().open("/graph/?view=table")
    rows = page.locator("#edge-rows tr")
    expect(rows).to_have_count(400)
    page.locator("#more-rows").click()
    expect(page.locator("#more-rows")).to_be_hidden()
    assert rows.count() > 450
