"""The Overview in a real browser: live rows, found by name, and the way from them to the graph."""

import pytest
from playwright.sync_api import expect

from tests.browsers import listen
from tests.pages.served import console
from tests.pages.world import FollowingTraffic, reviews_virtual_service
from tests.people import person

pytestmark = pytest.mark.browser


@pytest.fixture
def page(transactional_db, browser, client, cluster, settings):
    """A signed-in page of the whole console. The test fails when its console shows an error."""
    settings.TELEMETRY_TICK_SECONDS = 0.2
    client.force_login(person("ada"))
    with console(FollowingTraffic(cluster)) as url:
        context = browser.new_context(base_url=url, viewport={"width": 1440, "height": 900})
        context.set_default_timeout(20_000)
        cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": url}
        context.add_cookies([cookie])
        page = context.new_page()
        heard = listen(page, expected=("Failed to load resource", "WebSocket connection to"))
        yield page
        context.close()
    assert heard == []


def test_services_stand_there_live_with_a_sparkline_and_lead_to_the_graph(page):
    page.goto("/overview/")
    reviews = page.locator('tr[data-service="bookinfo/reviews"]')
    expect(reviews).to_contain_text("12.5 rps")
    expect(reviews.locator(".status")).to_have_text("OK")
    expect(reviews.locator("polyline").first).to_be_attached()
    expect(page.locator("#sums")).to_contain_text("all well; 25 rps in 1 namespace.")
    expect(page.locator("#age")).to_contain_text("Live")
    expect(page.locator('tr[data-service="bookinfo/ratings"] .status')).to_have_text("Idle")
    reviews.get_by_role("link").click()
    expect(page.locator("#panel")).to_contain_text("reviews")
    assert "select=service" in page.url


def test_what_is_typed_filters_the_rows_and_stays_in_the_address(page):
    page.goto("/overview/")
    expect(page.locator("#service-table tbody tr")).to_have_count(3)
    page.locator("#find").fill("det book")
    expect(page.locator("#service-table tbody tr")).to_have_count(1)
    expect(page.locator("#left-out")).to_have_text("1 found")
    page.reload()
    expect(page.locator("#find")).to_have_value("det book")
    expect(page.locator("#service-table tbody tr")).to_have_count(1)


def test_problems_of_the_configuration_stand_beside(page, cluster):
    cluster.put(reviews_virtual_service({"v1": 80, "v3": 20}))
    page.goto("/overview/")
    namespace = page.locator('tr[data-namespace="bookinfo"]')
    expect(namespace).to_contain_text("error")
    expect(page.locator("#problem-rows .problem").first).to_contain_text("VirtualService bookinfo/reviews")
    namespace.get_by_role("link", name="error").click()
    expect(page.get_by_role("heading", name="Config", exact=True)).to_be_visible()


@pytest.mark.parametrize("width", [1440, 390])
def test_nothing_runs_out_of_the_page(page, width):
    page.set_viewport_size({"width": width, "height": 900})
    page.goto("/overview/")
    expect(page.locator("#service-table tbody tr")).to_have_count(3)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
