"""The wizard in a real browser, in front of the real pages and the real REST interface; only the cluster and
its traffic are fakes. Nothing drives what is started.
"""

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import expect

from cluster import kinds
from routing.models import Rollout
from routing.rollouts import spec
from routing.rollouts.spec import PRESETS
from tests.pages.wizard.asked import FULL, NEW, REVIEWS, kept, said
from tests.pages.wizard.filling import ahead, asked, press, step, weights

pytestmark = pytest.mark.browser


def test_a_service_is_chosen_and_the_preview_shows_what_is_to_come(page, rules):
    page.goto(NEW)
    expect(page.locator("#start-reason")).to_have_text("Still to choose: namespace, service.")
    page.select_option("#namespace", "bookinfo")
    page.select_option("#service", "reviews")
    expect(page.get_by_label("Baseline: v1")).to_be_checked()
    expect(page.locator("#start-reason")).to_have_text("Still to choose: canary.")
    page.get_by_label("Canary: v3").check()
    ahead(page)
    expect(page.locator("#preview-figures")).to_contain_text("12.5 rps")
    rows = page.locator(".ahead-row")
    expect(rows).to_have_count(4)
    expect(rows.nth(0)).to_contain_text("5 %")
    expect(rows.nth(3)).to_contain_text("nothing to compare")
    rows.nth(1).click()
    first = page.locator("#preview-steps > li").nth(1)
    expect(first.locator(".diff .add").first).to_contain_text("weight: 75")
    expect(first.locator(".diff .remove").first).to_contain_text("weight: 95")
    first.get_by_text("YAML in full").click()
    expect(first.locator(".code")).to_contain_text("kind: VirtualService")
    page.locator("#preview-callers summary").click()
    expect(page.locator("#preview-callers")).to_contain_text("productpage-v1")
    expect(page.locator("#sum")).to_contain_text("v3 gets 5 % of the requests to reviews for at least 1 min")
    expect(page.locator("#sum")).to_contain_text("Expected end")
    assert "namespace=bookinfo&service=reviews&baseline=v1&canary=v3&preset=quick" in page.url


def test_one_press_starts_it_and_leads_to_its_page(wizard):
    wizard.fill("#note", "Half of the readers asked for stars")
    expect(wizard.locator("#start")).to_have_attribute("aria-disabled", "false")
    wizard.click("#start")
    wizard.wait_for_url("**/rollouts/*/")
    row = Rollout.objects.get()
    assert wizard.url.endswith(f"/rollouts/{row.pk}/")
    assert (row.baseline, row.canary, row.note) == ("v1", "v3", "Half of the readers asked for stars")
    assert row.spec["steps"] == spec.to_json(spec.Spec("", "", "", "", PRESETS["quick"][1]))["steps"]


def test_a_double_click_starts_once(wizard):
    wizard.dblclick("#start")
    wizard.wait_for_url("**/rollouts/*/")
    assert Rollout.objects.count() == 1


def test_a_press_whose_answer_was_lost_is_not_a_second_rollout(wizard):
    keys = []

    def lose(route):
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) > 1:
            route.continue_()
            return
        route.fetch()
        route.abort()

    wizard.route("**/api/v1/rollouts", lose)
    wizard.click("#start")
    expect(wizard.locator("#failure")).to_contain_text("starts once only")
    assert Rollout.objects.count() == 1
    press(wizard)
    wizard.wait_for_url("**/rollouts/*/")
    assert keys[0] == keys[1]
    assert Rollout.objects.count() == 1


def test_everything_that_can_be_asked_for_is_typed_as_it_is_asked_for(page, rules):
    page.goto(f"{NEW}?from={kept(User.objects.get(), FULL).pk}")
    expect(page.locator("#told")).to_have_attribute("open", "")
    assert asked(page) == said()
    expect(page.locator("#sum")).to_contain_text(
        "It holds for a person if errors, slow requests, queue or cpu"
    )


def test_a_preset_fills_the_steps_and_an_edit_makes_them_ones_own(wizard):
    wizard.get_by_label("Careful").check()
    assert weights(wizard) == ["1", "5", "10", "25", "50"]
    expect(step(wizard, 4, "pause").locator("input")).to_be_checked()
    step(wizard, 0, "weight").fill("2")
    expect(wizard.get_by_label("Own")).to_be_checked()
    assert "preset" not in wizard.url
    assert asked(wizard)["steps"][0] == {"weight": 2, "seconds": 300, "requests": 100, "pause": False}


def test_the_address_can_be_sent_to_a_colleague(wizard):
    step(wizard, 0, "weight").fill("7")
    wizard.locator("#latency-on").check()
    wizard.fill("#latency-objective", "250")
    wizard.get_by_text("Hold", exact=True).first.click()
    wizard.locator("#told > summary").click()
    wizard.locator("#notify [data-add]").click()
    wizard.locator("#notify [data-url]").fill("https://hooks.example.com/secret")
    mine = asked(wizard)
    address = wizard.url
    assert "secret" not in address
    wizard.goto("about:blank")
    wizard.goto(address)
    ahead(wizard)
    assert asked(wizard) == {**mine, "notify": []}
    assert mine["on_harm"] == "hold"


def test_what_somebody_reads_stays_when_the_traffic_is_looked_at_again(page, rules):
    page.clock.install()
    page.goto(f"{REVIEWS}&canary=v3")
    page.clock.fast_forward(1_000)
    ahead(page)
    row = page.locator(".ahead-row").nth(1)
    row.click()
    row.evaluate("(summary) => { summary.mine = summary.nextElementSibling.firstChild; }")
    before = page.locator("#preview-state").text_content()
    page.clock.fast_forward(31_000)
    expect(page.locator("#preview-state")).not_to_have_text(before)
    expect(row).to_be_focused()
    assert row.evaluate("(summary) => summary.parentElement.open && summary.mine.isConnected")


def test_steps_follow_the_strategy(wizard):
    strategy = wizard.locator("#strategy")
    strategy.get_by_label("Mirror first").check()
    assert weights(wizard) == ["0", "5", "25", "50", "100"]
    ahead(wizard)
    expect(wizard.locator(".ahead-row").first).to_contain_text("not known")
    strategy.get_by_label("Blue-green").check()
    assert weights(wizard) == ["100"]
    strategy.get_by_label("A/B by cookie").check()
    wizard.get_by_label("Name of the cookie").fill("group")
    wizard.get_by_label("has exactly the value").fill("beta")
    assert asked(wizard)["strategy"] == {"kind": "cookie", "name": "group", "value": "beta"}
    assert weights(wizard) == ["5", "25", "50", "100"]
    ahead(wizard)
    expect(wizard.locator("#sum")).to_contain_text("with the cookie group=beta go to v3")
    wizard.locator(".ahead-row").first.click()
    expect(wizard.locator("#preview-steps .diff .add", has_text="cookie").first).to_be_visible()


def test_steps_are_edited_by_the_keyboard_alone(wizard):
    step(wizard, 0, "weight").focus()
    wizard.keyboard.press("Control+d")
    expect(step(wizard, 1, "weight")).to_be_focused()
    assert weights(wizard) == ["5", "5", "25", "50", "100"]
    wizard.keyboard.type("10")
    wizard.keyboard.press("ArrowDown")
    expect(step(wizard, 2, "weight")).to_be_focused()
    wizard.keyboard.press("ArrowUp")
    wizard.keyboard.press("Tab")
    wizard.keyboard.type("3")
    assert asked(wizard)["steps"][1] == {"weight": 10, "seconds": 180, "requests": 0, "pause": False}
    step(wizard, 4, "requests").focus()
    wizard.keyboard.press("Enter")
    expect(step(wizard, 5, "weight")).to_be_focused()
    remove = wizard.get_by_label("Remove step 6")
    remove.focus()
    wizard.keyboard.press("Enter")
    expect(wizard.get_by_label("Remove step 5")).to_be_focused()
    assert weights(wizard) == ["5", "10", "25", "50", "100"]
    assert Rollout.objects.count() == 0


def test_a_version_that_is_not_deployed_is_typed(wizard):
    wizard.get_by_label("Another version for the canary").fill("v9")
    assert asked(wizard)["canary"] == "v9"
    expect(wizard.locator("#preview-warnings")).to_contain_text("v9 is not deployed yet")
    wizard.get_by_label("Canary: v2").check()
    assert asked(wizard)["canary"] == "v2"


def test_guards_are_counted_as_they_are_sent(wizard):
    wizard.locator("#errors-on").uncheck()
    expect(wizard.locator("#start-reason")).to_have_text("Still to choose: a guard.")
    wizard.locator("#latency-on").check()
    wizard.fill("#latency-objective", "250")
    wizard.get_by_text("Add a figure by PromQL").click()
    query = wizard.locator(".query")
    query.locator("[data-name]").fill("queue")
    query.locator("[data-query]").fill("sum(queue)")
    query.locator("[data-most]").fill("10")
    latency, figure = asked(wizard)["guards"]
    assert (latency["kind"], latency["objective_ms"]) == ("latency", 250)
    assert figure == {"kind": "promql", "name": "queue", "query": "sum(queue)", "most": 10, "looks": 3}
    # There is no Prometheus here: the server says so at that very field, the second guard's.
    expect(query.locator(".error")).to_contain_text("Prometheus")
    expect(query.locator("[data-query]")).to_have_attribute("aria-invalid", "true")


def test_slow_requests_are_told_once_they_are_counted(wizard):
    wizard.locator("#latency-on").check()
    wizard.fill("#latency-objective", "250")
    ahead(wizard)
    expect(wizard.locator("#preview-warnings")).to_contain_text("latency")
    assert asked(wizard)["guards"][1]["margin"] == 0.25


def test_a_preview_that_takes_its_time_can_be_cancelled_and_asked_again(page, rules):
    page.route("**/rollouts/preview", lambda _: None)
    page.goto(f"{REVIEWS}&canary=v3")
    expect(page.locator("#preview-skeleton")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#preview-skeleton")).to_be_hidden()
    expect(page.locator("#preview-state")).to_contain_text("Cancelled")
    page.unroute("**/rollouts/preview")
    page.get_by_role("button", name="Ask again").click()
    ahead(page)


def test_while_another_answer_is_awaited_the_old_one_is_marked_as_old(wizard):
    wizard.route("**/rollouts/preview", lambda _: None)
    step(wizard, 0, "weight").fill("7")
    expect(wizard.locator("#preview-body")).to_have_class("is-old")
    expect(wizard.locator("#sum")).not_to_contain_text("Expected end")


def test_a_service_that_has_a_rollout_names_it(page, rules):
    row = kept(User.objects.get())
    page.goto(f"{REVIEWS}&canary=v3")
    expect(page.locator("#start")).to_have_attribute("aria-disabled", "true")
    expect(page.locator("#start-reason")).to_contain_text("under way")
    page.get_by_role("link", name=f"See #{row.pk}").click()
    page.wait_for_url(f"**/rollouts/{row.pk}/")


def test_a_rollout_that_was_started_meanwhile_is_named_too(wizard):
    row = kept(User.objects.get())
    press(wizard)
    expect(wizard.locator("#failure")).to_contain_text(f"Rollout #{row.pk}")
    expect(wizard.locator("#failure").get_by_role("link")).to_have_attribute("href", f"/rollouts/{row.pk}/")
    assert Rollout.objects.count() == 1


def test_pods_that_become_ready_are_seen_without_loading_again(page, rules, cluster):
    page.clock.install()
    page.goto(f"{NEW}?namespace=bookinfo&service=ratings")
    row = page.locator("[data-version=v2]")
    expect(row).to_contain_text("0 of 1")
    pod = next(
        each for each in cluster.list(kinds.POD, "bookinfo").items if "ratings-v2" in each["metadata"]["name"]
    )
    pod["status"]["conditions"][0]["status"] = "True"
    cluster.put(pod)
    page.clock.fast_forward(10_000)
    expect(row).to_contain_text("1 of 1")


def test_it_fits_a_narrow_screen(wizard):
    wizard.set_viewport_size({"width": 390, "height": 844})
    assert wizard.evaluate("document.documentElement.scrollWidth") == 390
    outside = """[...document.querySelectorAll('#wizard :is(input, select, button, textarea)')]
      .filter((each) => each.offsetWidth && each.getBoundingClientRect().right > innerWidth).length"""
    assert wizard.evaluate(outside) == 0
