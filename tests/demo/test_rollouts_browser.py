"""Two rollouts as a person sees them: one that promotes itself, and one that the judge takes back."""

import json
import re

import pytest
from playwright.sync_api import Locator, expect

from tests.browsers import listen
from tests.console import until
from tests.demo.rolling import cleared, turned, weights

pytestmark = [pytest.mark.mesh, pytest.mark.browser]
NEW = "/rollouts/new/?namespace=bookinfo&service=reviews&baseline=v1&canary=v3&preset=quick"
SOON_MS = 60_000
ENOUGH_MS = 150_000


@pytest.fixture
def page(browser, demo):
    """A signed-in person's window on a demo that nothing steers; its console has to stay silent."""
    cleared(demo)
    context = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=demo.url)
    context.set_default_timeout(SOON_MS)
    opened = context.new_page()
    heard = listen(opened)
    opened.goto(demo.login_link)
    expect(opened).to_have_url(re.compile(r"/graph/"))
    yield opened
    context.close()
    cleared(demo)
    assert heard == []


def start(page, *, seconds: int) -> None:
    """Fills in the wizard, and starts."""
    page.goto(NEW)
    for step in page.locator(".step [data-part=seconds]").all():
        step.locator("select").select_option("s")
        step.locator("input").fill(str(seconds))
    page.locator("#errors-tolerated").fill("2")
    page.locator("#advanced > summary").click()
    page.locator("#interval").fill("1")
    says(page.locator("#preview-state"), "As of")
    expect(page.locator(".ahead-row")).to_have_count(4, timeout=SOON_MS)
    page.locator("#start").click()
    expect(page).to_have_url(re.compile(r"/rollouts/\d+/$"), timeout=SOON_MS)


def says(what: Locator, words: str | re.Pattern[str], *, within: float = SOON_MS) -> None:
    """Waits until it stands there."""
    expect(what).to_contain_text(words, timeout=within)


def stands(page, *statuses: str, within: float = SOON_MS) -> None:
    """Waits until the page itself says so, without being asked again."""
    expect(page.locator("#rollout")).to_have_attribute(
        "data-status", re.compile("|".join(statuses)), timeout=within
    )


def test_a_healthy_rollout_promotes_itself_before_ones_eyes(page, demo):
    start(page, seconds=1)
    observed = page.locator("[data-bar=observed] [data-text]")
    says(observed, re.compile(r"\d %"))
    stands(page, "promoted", within=ENOUGH_MS)
    says(page.locator("#fact-weight"), "100")
    says(page.locator("#evidence-now"), "No worse")
    left = page.locator("#stops details").filter(has_text="was left")
    expect(left).to_have_count(3, timeout=SOON_MS)
    left.last.locator("summary").click()
    says(left.last, "weight 5 %")
    says(left.last, "share verified")
    says(page.locator("#log"), "Written: 100 % for the canary.")
    until(lambda: demo.share("reviews", "v3") > 0.99, "all requests reach v3")
    page.goto("/rollouts/")
    says(page.locator("#ended-rows li").first, "Promoted")


def test_a_canary_that_goes_bad_is_taken_back_and_its_evidence_can_be_read_and_exported(page, demo, tmp_path):
    start(page, seconds=4)
    says(page.locator("#log"), "Written: 25 % for the canary.", within=ENOUGH_MS)
    turned(demo, "reviews-v3", 5)
    stands(page, "rolled_back", within=ENOUGH_MS)
    says(page.locator("#fact-weight"), "0 %")
    card = page.locator("#evidence-now")
    says(card, "Harm by errors.")
    expect(card).to_contain_text(
        re.compile(r"\d+ of \d+ requests of the canary were bad, 0 of \d+ of the baseline")
    )
    assert weights(demo, "reviews").get("v3", 0) == 0
    until(lambda: demo.share("reviews", "v1") > 0.99, "all requests are back at v1")
    page.locator("#stops details").first.locator("summary").click()
    says(page.locator("#stops details").first, "Harm")
    with page.expect_download() as download:
        page.get_by_role("link", name="All as JSON").click()
    download.value.save_as(tmp_path / "evidence.json")
    [figure] = json.loads((tmp_path / "evidence.json").read_text())["now"]["figures"]
    assert figure["verdict"] == "harm"
    assert figure["highest_e_value"] >= figure["bound"]


def test_a_person_sets_a_weight_and_aborts(page, demo):
    start(page, seconds=600)
    says(page.locator("#log"), "Written: 5 % for the canary.")
    page.get_by_role("button", name="Set weight").first.click()
    page.locator("#weight-number").fill("60")
    page.locator("#ask-weight").get_by_role("button", name="Set weight").click()
    stands(page, "paused")
    until(lambda: 0.5 < demo.share("reviews", "v3") < 0.7, "60 % are seen in the traffic")
    page.get_by_role("button", name="Abort").first.click()
    expect(page.locator("#ask-abort")).to_be_visible()
    page.keyboard.press("Enter")
    stands(page, "aborted")
    until(lambda: demo.share("reviews", "v3") == 0, "v3 gets nothing any more")
