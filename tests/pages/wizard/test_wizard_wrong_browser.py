"""What cannot be asked for: told at its very field, in words, and nothing is started.

| What is typed | Where it is told |
|---|---|
| WRONG, below | at the field, which is marked and described by the words |
| several at once | the first gets the focus when Start is pressed |
| what is empty and never was visited | not before Start is pressed |
"""

import pytest
from playwright.sync_api import expect

from routing.models import Rollout
from tests.pages.wizard.asked import NEW, REVIEWS
from tests.pages.wizard.filling import ahead, asked, press, step

pytestmark = pytest.mark.browser


def fill_step(at, part, value):
    def fill(page):
        step(page, at, part).fill(value)
        step(page, at, part).blur()

    return fill


def amount(at, value, unit="min"):
    def fill(page):
        step(page, at, "seconds").locator("[data-amount]").fill(value)
        step(page, at, "seconds").locator("[data-unit]").select_option(unit)

    return fill


def field(selector, value):
    return lambda page: page.fill(selector, value)


def strategy(title, *then):
    def choose(page):
        page.locator("#strategy").get_by_label(title).check()
        for each in then:
            each(page)

    return choose


def latency(objective):
    def fill(page):
        page.locator("#latency-on").check()
        page.fill("#latency-objective", objective)
        page.locator("#latency-objective").blur()

    return fill


def query(**parts):
    def fill(page):
        page.get_by_text("Add a figure by PromQL").click()
        for name, value in {"name": "queue", "query": "up", "most": "1", "looks": "3", **parts}.items():
            row = page.locator(".query").last
            row.locator(f"[data-{name}]").fill(value)
            row.locator(f"[data-{name}]").blur()

    return fill


def address(box, url):
    def fill(page):
        page.locator("#told").evaluate("(fold) => fold.open = true")
        page.locator(f"#{box} [data-add]").click()
        page.locator(f"#{box} [data-url]").fill(url)
        page.locator(f"#{box} [data-url]").blur()

    return fill


def advanced(selector, value):
    def fill(page):
        page.locator("#advanced").evaluate("(fold) => fold.open = true")
        page.fill(selector, value)

    return fill


WRONG = {
    "steps go down": (fill_step(1, "weight", "3"), "steps[1].weight", "steps go up only"),
    "a weight above 100": (fill_step(3, "weight", "150"), "steps[3].weight", "outside 0 to 100"),
    "half a percent": (fill_step(0, "weight", "2.5"), "steps[0].weight", "no whole number"),
    "no weight": (fill_step(0, "weight", ""), "steps[0].weight", "no whole number"),
    "a weight in words": (fill_step(0, "weight", "five"), "steps[0].weight", "no whole number"),
    "a weight that is markup": (fill_step(0, "weight", "<img src=x>"), "steps[0].weight", "<img src=x>"),
    "0 s": (amount(0, "0", "s"), "steps[0].seconds", "from 1 s to 168 h"),
    "less than a second": (amount(0, "0.5", "s"), "steps[0].seconds", "Whole seconds"),
    "negative time": (amount(0, "-1"), "steps[0].seconds", "from 1 s to 168 h"),
    "eight days": (amount(0, "192", "h"), "steps[0].seconds", "from 1 s to 168 h"),
    "requests below 0": (fill_step(0, "requests", "-1"), "steps[0].requests", "outside 0 to"),
    "half a request": (fill_step(0, "requests", "1.5"), "steps[0].requests", "no whole number"),
    "the baseline as canary": (
        lambda page: page.get_by_label("Canary: v1").check(),
        "canary",
        "is the baseline, too",
    ),
    "a version that is none": (field("#other-version", "v 3!"), "canary", "cannot be a version"),
    "a header's name with a space": (
        strategy("A/B by header", field("#strategy-value", "1"), field("#strategy-name", "end user")),
        "strategy.name",
        "cannot be the name of a header",
    ),
    "mirror first without a copy": (
        strategy("Mirror first", fill_step(0, "weight", "5")),
        "steps[0].weight",
        "begins with a step of weight 0",
    ),
    "blue-green in parts": (
        strategy("Blue-green", fill_step(0, "weight", "50")),
        "steps[0].weight",
        "knows 0 and 100 only",
    ),
    "a margin below 0": (field("#errors-margin", "-1"), "guards[0].margin", "Percent from 0 to 1000"),
    "a tolerated ratio of 100 %": (
        field("#errors-tolerated", "100"),
        "guards[0].tolerated",
        "Percent from 0 to 99",
    ),
    "an objective of 0 ms": (latency("0"), "guards[1].objective_ms", "outside 0.1 to"),
    "no objective": (latency(""), "guards[1].objective_ms", "missing"),
    "a query without bounds": (query(most=""), "guards[1]", "needs a bound"),
    "bounds that nothing is within": (query(least="5"), "guards[1].least", "nothing lies between"),
    "no query": (query(query=""), "guards[1].query", "missing"),
    "a figure that has a guard's name": (query(name="errors"), "guards[1]", "each is named once"),
    "a figure without a name": (query(name="a b"), "guards[1].name", "A name of letters"),
    "no looks": (query(looks="0"), "guards[1].looks", "outside 1 to 100"),
    "a query without a Prometheus": (query(), "guards[1].query", "Prometheus"),
    "a webhook to a private address": (address("notify", "https://10.1.2.3/x"), "notify[0].url", "10.1.2.3"),
    "a webhook to metadata": (address("gates", "http://169.254.169.254/"), "gates[0].url", "169.254.169.254"),
    "a webhook that is a script": (address("notify", "javascript:alert(1)"), "notify[0].url", ""),
    "no address": (address("gates", ""), "gates[0].url", "missing"),
    "an alpha of 0": (advanced("#alpha", "0"), "alpha", "from 0.01 to 20"),
    "an alpha that is none": (advanced("#alpha", "NaN"), "alpha", "from 0.01 to 20"),
    "a look every 0 s": (advanced("#interval", "0"), "interval_seconds", "outside 1 to 3600"),
}


# Several in one browser: each one alone would take as long as all of a handful.
HANDFULS = [list(WRONG)[at : at + 6] for at in range(0, len(WRONG), 6)]


def message(page, path):
    return page.locator(f"[data-said='{path}']")


@pytest.mark.parametrize("names", HANDFULS, ids=lambda names: names[0])
def test_what_is_wrong_is_told_at_its_field_while_it_is_typed(page, rules, names):
    for name in names:
        fill, path, words = WRONG[name]
        page.goto("about:blank")
        page.goto(f"{REVIEWS}&canary=v3")
        fill(page)
        told = message(page, path)
        expect(told, name).to_contain_text(words)
        expect(page.locator("#start"), name).to_have_attribute("aria-disabled", "true")
        expect(page.locator("#start-reason"), name).to_contain_text("field is wrong")
        marked = page.locator(f"[aria-describedby='{told.first.get_attribute('id')}']")
        expect(marked, name).to_have_attribute("aria-invalid", "true")
        press(page)
        expect(marked, name).to_be_focused()
    assert Rollout.objects.count() == 0


def test_start_leads_to_the_first_of_several_and_counts_them(wizard):
    amount(2, "0", "s")(wizard)
    advanced("#alpha", "50")(wizard)
    fill_step(1, "weight", "101")(wizard)
    # Two that the page knows, one that the server finds: all at once.
    expect(wizard.locator("#start-reason")).to_have_text("3 fields are wrong; press to see which.")
    expect(message(wizard, "steps[1].weight")).to_contain_text("outside 0 to 100")
    expect(message(wizard, "alpha")).to_have_text("Percent from 0.01 to 20.")
    press(wizard)
    expect(step(wizard, 1, "weight")).to_be_focused()
    step(wizard, 1, "weight").fill("25")
    wizard.fill("#alpha", "1")
    expect(wizard.locator("#start-reason")).to_contain_text("1 field is wrong")
    press(wizard)
    expect(step(wizard, 2, "seconds").locator("[data-amount]")).to_be_focused()
    step(wizard, 2, "seconds").locator("[data-amount]").fill("1")
    ahead(wizard)
    expect(wizard.locator("[data-said]")).to_have_count(0)
    expect(wizard.locator("#start")).to_have_attribute("aria-disabled", "false")


def test_what_was_never_visited_is_left_in_peace_until_start_is_pressed(wizard):
    wizard.locator("#strategy").get_by_label("A/B by header").check()
    expect(wizard.locator("#start-reason")).to_contain_text("2 fields are wrong")
    expect(wizard.locator("[data-said]")).to_have_count(0)
    press(wizard)
    expect(message(wizard, "strategy.name")).to_contain_text("missing")
    expect(wizard.locator("#strategy-name")).to_be_focused()


def test_an_empty_form_says_what_to_choose_and_leads_there(page, rules):
    page.goto(NEW)
    expect(page.locator("[data-said]")).to_have_count(0)
    press(page)
    expect(page.locator("#namespace")).to_be_focused()
    expect(message(page, "namespace")).to_have_text("Choose a namespace.")
    page.select_option("#namespace", "bookinfo")
    page.select_option("#service", "reviews")
    expect(page.get_by_label("Baseline: v1")).to_be_checked()
    press(page)
    expect(message(page, "canary")).to_have_text("Choose the version that is to come.")
    expect(page.get_by_label("Canary: v1")).to_be_focused()


def test_a_service_that_is_not_there_is_told_at_its_field(page, rules):
    page.goto(f"{NEW}?namespace=bookinfo&service=nothing&baseline=v1&canary=v2")
    expect(message(page, "service")).to_contain_text("no service nothing")
    assert asked(page)["service"] == "nothing"


def test_a_console_that_is_away_is_told_and_asked_again(page, rules):
    page.route("**/rollouts/preview", lambda route: route.abort())
    page.goto(f"{REVIEWS}&canary=v3")
    expect(page.locator("#preview-state")).to_contain_text("The console does not answer.")
    page.unroute("**/rollouts/preview")
    page.get_by_role("button", name="Ask again").click()
    ahead(page)


def test_a_refused_start_says_why_and_keeps_what_was_typed(wizard):
    body = '{"error": {"code": "forbidden", "message": "User vera may not update that.", "fields": []}}'
    wizard.route("**/api/v1/rollouts", lambda route: route.fulfill(status=403, body=body))
    fill_step(0, "weight", "7")(wizard)
    ahead(wizard)
    wizard.click("#start")
    expect(wizard.locator("#failure")).to_contain_text("User vera may not update that.")
    expect(wizard.locator("#failure")).to_be_focused()
    expect(step(wizard, 0, "weight")).to_have_value("7")
    expect(wizard.locator("#start")).to_have_attribute("aria-busy", "false")
