"""Whether everybody can use the wizard: names for screen readers, focus in order, contrast, and people
without the right to write.
"""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from cluster.models import KubernetesIdentity
from tests.pages.wizard.asked import REVIEWS
from tests.pages.wizard.filling import ahead, press, step
from tests.routing.roles import Rights

pytestmark = pytest.mark.browser
PROBES = Path(__file__).with_name("probes.js").read_text().rstrip().rstrip(";")


def found(page, probe):
    return page.evaluate(f"{PROBES}.said('{probe}')")


@pytest.fixture
def full(wizard):
    """The wizard with everything open, and with errors and warnings to read."""
    wizard.locator("#latency-on").check()
    wizard.fill("#latency-objective", "250")
    ahead(wizard)
    wizard.locator(".ahead-row").first.click()
    wizard.locator("#told > summary").click()
    for box in ("notify", "gates", "queries"):
        wizard.locator(f"#{box} [data-add]").click()
    wizard.locator("#advanced > summary").click()
    step(wizard, 0, "weight").fill("many")
    press(wizard)
    expect(wizard.locator("[data-said]").first).to_be_visible()
    return wizard


def test_everything_has_a_name_and_is_large_enough_to_hit(full):
    assert found(full, "nameless") == []
    assert found(full, "small") == []
    full.locator("#note").evaluate("(field) => field.removeAttribute('aria-label')")
    assert len(found(full, "nameless")) == 1


def test_all_words_stand_out_from_their_ground_light_and_dark(full):
    for scheme in ("light", "dark"):
        full.emulate_media(color_scheme=scheme)
        assert found(full, "faint") == [], scheme
    full.locator("#sum").evaluate("(words) => { words.style.color = '#666' }")
    assert len(found(full, "faint")) == 1


def test_the_focus_goes_through_the_form_in_its_order_and_ends_at_start(wizard):
    seen = []
    wizard.locator("#namespace").focus()
    for _ in range(80):
        seen.append(
            wizard.evaluate("[...document.querySelectorAll('#wizard *')].indexOf(document.activeElement)")
        )
        if wizard.evaluate("document.activeElement.id") == "start":
            break
        wizard.keyboard.press("Tab")
    assert wizard.evaluate("document.activeElement.id") == "start"
    assert seen == sorted(seen)
    assert len(seen) > 30


def test_enter_in_a_field_never_starts_anything(wizard):
    sent = []
    wizard.on(
        "request", lambda request: sent.append(request.url) if request.url.endswith("/v1/rollouts") else 0
    )
    for selector in ("#note", "#errors-margin", "#other-version"):
        wizard.locator(selector).press("Enter")
    wizard.wait_for_timeout(200)
    assert sent == []


def test_who_may_not_write_reads_why_beside_start(page, rules, cluster):
    cluster.rights = Rights()
    KubernetesIdentity.objects.update(own=False, username="vera")
    page.goto(f"{REVIEWS}&canary=v3")
    expect(page.locator("#start")).to_have_attribute("aria-disabled", "true")
    expect(page.locator("#start-reason")).to_contain_text("User vera may not update virtualservices")
    expect(page.locator("#refusal")).to_contain_text("User vera may not")
    ahead(page)
