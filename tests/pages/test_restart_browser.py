"""The server goes away and comes back under a page that somebody has set up: nothing of it is lost."""

import re
import socket
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec
import pytest
from playwright.sync_api import expect

from tests.browsers import listen
from tests.pages.served import console
from tests.pages.world import FollowingTraffic, reviews_virtual_service
from tests.people import person

pytestmark = pytest.mark.browser

REVIEWS = "app:bookinfo/reviews/v3"
SET = {
    "find": "name = reviews",
    "hide": "name = details",
    "label": "errors,p95",
    "fold": "shop",
    "idle": "1",
    "select": REVIEWS,
}


@pytest.fixture
def port():
    """A port that two servers in turn can have."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@pytest.fixture
def served(transactional_db, client, cluster, settings, port):
    """Starts the console: the same database, cluster and port each time."""
    settings.TELEMETRY_TICK_SECONDS = 0.2
    client.force_login(person("ada"))
    return lambda: console(WithAShop(cluster), port)


@pytest.fixture
def page(browser, client, port, served):
    """A signed-in page that is not there yet. The test fails when its console shows an error of our own."""
    url = f"http://127.0.0.1:{port}"
    context = browser.new_context(base_url=url, viewport={"width": 1440, "height": 900})
    context.set_default_timeout(20_000)
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": url}])
    page = context.new_page()
    heard = listen(page, expected=("Failed to load resource", "WebSocket connection to"))
    yield page
    context.close()
    assert heard == []


class WithAShop(FollowingTraffic):
    """Bookinfo's traffic, and calls of its reviews in a second namespace."""

    async def read(self):
        samples = await super().read()
        called = samples.requests[0]
        shop = {
            "source_workload": "reviews-v3",
            "source_canonical_service": "reviews",
            "source_canonical_revision": "v3",
            "destination_service": "card.shop.svc.cluster.local",
            "destination_service_name": "card",
            "destination_service_namespace": "shop",
            "destination_workload": "card-v1",
            "destination_workload_namespace": "shop",
            "destination_canonical_service": "card",
            "destination_canonical_revision": "v1",
        }
        labels = called.labels._replace(**shop)
        return msgspec.structs.replace(samples, requests=(*samples.requests, called._replace(labels=labels)))


def all_stands_as_it_was_set(page):
    """What the address, the tool bar, the graph and the panel show."""
    expect(page.locator("#find")).to_have_value(SET["find"])
    expect(page.locator("#hide")).to_have_value(SET["hide"])
    expect(page.locator("#label")).to_have_value("errors")
    expect(page.locator("#label2")).to_have_value("p95")
    expect(page.locator("#idle")).to_be_checked()
    expect(page.locator("#panel")).to_be_visible()
    expect(page.locator("#panel")).to_have_attribute("data-id", REVIEWS)
    expect(page.locator("#hidden-count")).to_contain_text("hidden")
    expect(page.locator("#count")).to_contain_text("found")
    query = {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}
    assert query == SET


def test_a_restart_of_the_server_loses_nothing_that_the_person_set(page, served, cluster):
    with served():
        page.goto(f"/graph/?{urlencode(SET)}")
        expect(page.locator("#graph")).to_have_attribute("data-state", "live")
        expect(page.locator('[data-number="requests"]')).to_have_text("4.17 rps")
        all_stands_as_it_was_set(page)
        page.evaluate("window.sameDocument = true")
    expect(page.locator("#graph")).to_have_attribute("data-state", "offline", timeout=20_000)
    expect(page.locator("#graph")).to_have_class(re.compile(r"\bfrozen\b"))
    expect(page.locator("#age")).to_contain_text("since")
    expect(page.locator('[data-number="requests"]')).to_have_text("4.17 rps")
    all_stands_as_it_was_set(page)
    cluster.put(reviews_virtual_service({"v3": 100}))
    with served():
        expect(page.locator('[data-number="requests"]')).to_have_text("12.5 rps", timeout=30_000)
        expect(page.locator("#graph")).to_have_attribute("data-state", "live")
        expect(page.locator("#graph")).not_to_have_class(re.compile(r"\bfrozen\b"))
        all_stands_as_it_was_set(page)
        assert page.evaluate("window.sameDocument")
