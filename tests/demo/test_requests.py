"""Requests as they pass through real Envoys, seen by a person in the graph's side panel."""

import re
import uuid

import pytest
from playwright.sync_api import expect

from tests.browsers import listen
from tests.console import until

pytestmark = [pytest.mark.mesh, pytest.mark.browser]
SOON_MS = 60_000
TOKEN = "s3cr3t-that-nobody-is-to-see"


@pytest.fixture
def page(browser, demo):
    """A signed-in person's window; its console has to stay silent."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=demo.url)
    context.set_default_timeout(30_000)
    opened = context.new_page()
    heard = listen(opened)
    opened.goto(demo.login_link)
    expect(opened).to_have_url(re.compile(r"/graph/"))
    yield opened
    context.close()
    assert heard == []


def look_at(page, chosen: str):
    """Opens the section of requests for what is chosen; its rows."""
    page.goto(f"/graph/?select={chosen}")
    section = page.locator("#panel-requests")
    if section.get_attribute("open") is None:
        section.get_by_text("Requests as they pass").click()
    rows = page.locator("#requests-rows tr")
    expect(rows.first).to_be_visible(timeout=SOON_MS)
    return rows


def test_a_request_is_seen_as_it_passes_and_its_token_is_not(page, demo):
    rows = look_at(page, "app:istio-system/istio-ingressgateway/latest")
    mark = f"u{uuid.uuid4().hex[:12]}"

    def seen():
        demo.visit(f"/productpage?{mark}=1&token={TOKEN}")
        return rows.filter(has_text=mark).count()

    until(seen, "a request with a name of its own is in the table")
    row = rows.filter(has_text=mark).first
    expect(row).to_contain_text(f"GET /productpage?{mark}=***&token=***")
    expect(row).to_contain_text("productpage v1")
    assert TOKEN not in page.content()


def test_the_requests_of_reviews_name_the_versions_that_answered(page):
    rows = look_at(page, "app:bookinfo/productpage/v1->app:bookinfo/reviews/v2:http")
    expect(rows.first).to_contain_text("productpage v1 → reviews v2")
    expect(rows.first).to_contain_text("/reviews/0")
    page.locator("#type").select_option("app")
    rows = look_at(page, "app:bookinfo/reviews&type=app")
    for version in ("v1", "v2", "v3"):
        expect(rows.filter(has_text=f"productpage v1 → reviews {version}").first).to_be_visible(
            timeout=SOON_MS
        )
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#requests-note")).to_contain_text("Paused")
