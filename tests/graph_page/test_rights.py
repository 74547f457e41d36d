"""What a person may not see, as the page shows it."""

import pytest

from cluster import connection
from cluster.fake import FakeCluster
from tests.graph_page.conftest import until
from tests.graph_page.feed import PRODUCTPAGE, edge, edge_id, node

pytestmark = pytest.mark.browser
FROM_ELSEWHERE = edge_id("hidden", PRODUCTPAGE)


@pytest.fixture
def hidden(stage, feed, page):
    """Bookinfo, with calls from another namespace."""
    caller = node("hidden", 3)
    stage.say(feed.delta(nodes=[caller], edges=[edge("hidden", PRODUCTPAGE, 3.0, share=None)]))
    page.wait_for_selector(f'tr[data-edge="{FROM_ELSEWHERE}"]', state="attached")
    return page


def test_another_namespace_is_a_row_of_the_table_without_a_name(hidden):
    row = hidden.locator(f'tr[data-edge="{FROM_ELSEWHERE}"]')
    assert row.locator(".cell-source").text_content() == "another namespace"
    item = hidden.locator('li[data-node="hidden"]').text_content()
    assert item.startswith("another namespace, not for you to see: OK")


def test_another_namespace_has_details_but_neither_figures_nor_a_way_to_its_routing(hidden):
    for chosen in ("hidden", FROM_ELSEWHERE):
        hidden.goto(f"/graph/?select={chosen}")
        hidden.wait_for_selector("#panel-hidden:visible")
        assert hidden.locator("#panel-figures").is_hidden()
        assert "another namespace" in hidden.locator("#panel-title").text_content()
    hidden.goto("/graph/?select=hidden")
    hidden.wait_for_selector("#panel-hidden:visible")
    assert hidden.locator("#panel-routing").is_hidden()


def test_who_may_see_nothing_is_told_why(stage, feed, page):
    feed.nodes.clear()
    feed.edges.clear()
    stage.say(feed.full(notice="You may not read any namespace of this cluster."))
    page.wait_for_selector("#note:visible")
    assert page.locator("#note-title").text_content() == "Nothing can be shown to you"
    assert page.locator("#note-text").text_content() == "You may not read any namespace of this cluster."
    assert page.locator("#graph").get_attribute("data-note") == "error"


def test_the_page_of_another_cluster_listens_to_that_clusters_socket(stage, visit):
    with connection.override(FakeCluster(), west=FakeCluster()):
        visit().open("/clusters/west/graph/")
        until(lambda: stage.addresses == {"/clusters/west/ws/graph/"}, "the page has found its socket")
