"""The editor in a real browser, on the real server, planner and collector; only the cluster is a fake."""

import re

import pytest
from playwright.sync_api import expect

from cluster.errors import Unavailable
from routing.models import Plan
from tests.pages.world import reviews_destination_rule, reviews_virtual_service

pytestmark = pytest.mark.browser
EDITOR = "/routing/bookinfo/reviews/"


@pytest.fixture
def editor(page, cluster):
    cluster.put(reviews_destination_rule())
    cluster.put(reviews_virtual_service({"v1": 80, "v2": 0, "v3": 20}))
    page.goto(EDITOR)
    return page


def row(page, version):
    return page.locator(f".split-row[data-version={version}]")


def weights(page):
    return [int(field.input_value()) for field in page.locator(".split-row .input-number").all()]


def number(page, version):
    return row(page, version).locator(".input-number")


def choose(page, kind):
    page.locator("#fault-kind label", has_text=re.compile(f"^\\s*{kind}\\s*$")).click()


def test_the_sliders_stand_where_the_rule_in_force_has_them(editor):
    assert weights(editor) == [80, 0, 20]
    assert [slider.input_value() for slider in editor.locator(".range").all()] == ["80", "0", "20"]
    expect(editor.locator("#preview")).to_be_disabled()


def test_the_arrow_keys_move_a_slider_and_the_others_keep_the_sum(editor):
    slider = row(editor, "v3").locator(".range")
    slider.focus()
    for _ in range(3):
        slider.press("ArrowRight")
    assert weights(editor) == [77, 0, 23]


def test_typing_a_number_moves_the_others(editor):
    number(editor, "v3").fill("50")
    assert weights(editor) == [50, 0, 50]


def test_shift_and_arrow_move_a_number_by_ten(editor):
    number(editor, "v3").press("Shift+ArrowUp")
    assert weights(editor) == [70, 0, 30]


def test_a_preset_sets_one_version_and_a_lock_keeps_another(editor):
    row(editor, "v1").locator(".split-lock").click()
    row(editor, "v2").locator("[data-preset='10']").click()
    assert weights(editor) == [80, 10, 10]
    expect(row(editor, "v3").locator("[data-preset='25']")).to_be_disabled()


def test_a_number_that_is_none_is_named_at_once_and_forgotten_on_leaving(editor):
    number(editor, "v3").fill("abc")
    expect(row(editor, "v3").locator(".error")).to_have_text("A whole number from 0 to 100.")
    number(editor, "v3").blur()
    expect(row(editor, "v3").locator(".error")).to_have_count(0)
    assert weights(editor) == [80, 0, 20]


def test_undo_puts_everything_back(editor):
    number(editor, "v3").fill("50")
    choose(editor, "Delay")
    editor.locator("#undo").click()
    expect(editor.locator("#fault-delay")).to_be_hidden()
    expect(editor.locator("#preview")).to_be_disabled()
    assert weights(editor) == [80, 0, 20]


def test_a_split_and_a_fault_go_into_one_plan(editor):
    number(editor, "v3").fill("30")
    choose(editor, "Both")
    editor.locator("label", has_text="Only requests with a header").click()
    editor.fill("#match-header", "end-user")
    editor.fill("#match-value", "jason")
    expect(editor.locator("#api-call")).to_contain_text('"weights":{"v1":70,"v2":0,"v3":30}')
    editor.click("#preview")
    editor.wait_for_url("**/plans/**")
    rules = Plan.objects.get().rules
    assert rules[0]["weights"] == {"v1": 70, "v2": 0, "v3": 30}
    assert rules[1]["delay"] == {"percentage": 50, "fixed_delay": "2s"}
    assert rules[1]["abort"] == {"percentage": 10, "http_status": 503}
    assert rules[1]["match"] == {"header": "end-user", "value": "jason"}


def test_what_the_server_says_stands_at_its_field(editor):
    choose(editor, "Both")
    editor.fill("#fixed-delay", "5 parsecs")
    editor.fill("#abort-percentage", "101")
    editor.click("#preview")
    expect(editor.locator("[data-field='delay.fixed_delay'] .error")).to_contain_text("5 parsecs")
    expect(editor.locator("[data-field='abort.percentage'] .error")).to_contain_text("outside 0 to 100")
    expect(editor.locator("#fixed-delay")).to_be_focused()
    assert Plan.objects.count() == 0
    editor.fill("#fixed-delay", "2s")
    editor.fill("#abort-percentage", "1,5")
    editor.click("#preview")
    editor.wait_for_url("**/plans/**")
    assert Plan.objects.get().rules[0]["abort"]["percentage"] == 1.5


def test_a_version_without_a_ready_pod_is_refused_at_its_row(page):
    page.goto("/routing/bookinfo/ratings/")
    row(page, "v2").locator("[data-preset='10']").click()
    page.click("#preview")
    expect(row(page, "v2").locator(".error")).to_contain_text("v2 has no ready pod")


def test_a_cluster_that_is_away_is_said_and_the_form_stays(editor, cluster):
    number(editor, "v3").fill("30")
    for _ in range(200):  # the page looks by itself, too: at the observed shares, and at what is in the YAML
        cluster.fail_next("list", Unavailable("connection refused"))
    editor.click("#preview")
    expect(editor.locator("#failure")).to_contain_text("The cluster does not answer. connection refused")
    assert weights(editor) == [70, 0, 30]
    expect(editor.locator("#preview")).to_be_enabled()


def test_observed_shares_follow_while_one_looks(editor, cluster):
    observed = row(editor, "v3").locator("[data-observed-text]")
    expect(observed).to_have_text("20 %")
    cluster.put(reviews_virtual_service({"v1": 40, "v2": 0, "v3": 60}))
    expect(observed).to_have_text("60 %")
    expect(number(editor, "v3")).to_have_value("60")


def test_names_from_the_cluster_are_text_and_never_markup(page, cluster):
    service = reviews_virtual_service({"v1": 100})
    service["spec"]["http"][0]["fault"] = {
        "delay": {"fixedDelay": "<img src=x onerror=alert(1)>", "percentage": {"value": 1}}
    }
    cluster.put(reviews_destination_rule())
    cluster.put(service)
    page.goto(EDITOR)
    assert page.locator("img").count() == 0
