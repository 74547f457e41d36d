"""The YAML editor, and the two sides of a service's editor, in a real browser on the real server."""

import re

import pytest
from playwright.sync_api import expect

from cluster import kinds
from cluster.refs import Ref
from routing.models import Plan
from tests.routing.stage import destination_rule, route, virtual_service

pytestmark = pytest.mark.browser
SERVICE = "/routing/bookinfo/reviews/"
CONFIG = "/config/virtualservices.networking.istio.io/bookinfo"
REVIEWS = Ref(kinds.VIRTUAL_SERVICE, "bookinfo", "reviews")


@pytest.fixture
def editor(page):
    """The editor of reviews, 80 % to v1 and 20 % to v2."""
    page.cluster.put(virtual_service("reviews", [{"route": route(("v1", 80), ("v2", 20))}]))
    page.goto(SERVICE)
    expect(page.locator("#yaml-pane-0 .cm-content")).to_contain_text("weight: 80")
    return page


def yaml_of(page, at=0):
    """The text of an editor as the page has it, whether the editor shows all of it or not."""
    return page.locator("textarea[id^=yaml]").nth(at).input_value()


def edit(page, old, new, at=0):
    """Replaces a part of the text as somebody does who types."""
    text = yaml_of(page, at)
    assert old in text
    put_text(page, text.replace(old, new, 1), at)


def put_text(page, text, at=0):
    content = page.locator(".cm-content").nth(at)
    content.click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)
    assert yaml_of(page, at) == text


def weights(page):
    return [int(field.input_value()) for field in page.locator(".split-row .input-number").all()]


def test_a_moved_slider_moves_the_yaml(editor):
    editor.locator(".split-row[data-version=v2] .input-number").fill("50")
    expect(editor.locator("#yaml-pane-0 .cm-content")).to_contain_text("weight: 50")
    assert yaml_of(editor).count("weight: 50") == 2
    expect(editor.locator("#yaml-pane-0 .cm-changedLine")).to_have_count(2)
    expect(editor.locator("#tab-0")).to_contain_text("changed")


def test_a_weight_typed_in_the_yaml_moves_the_sliders_and_stays_as_it_was_typed(editor):
    text = yaml_of(editor).replace("weight: 80", "weight:   35").replace("weight: 20", "weight: 65")
    put_text(editor, text)
    expect(editor.locator(".split-row[data-version=v2] .input-number")).to_have_value("65")
    assert weights(editor) == [35, 65, 0]
    assert yaml_of(editor) == text
    expect(editor.locator("#yaml-rest")).to_be_hidden()
    expect(editor.locator("#preview")).to_be_enabled()


def test_a_fault_typed_in_the_yaml_is_chosen_in_the_form(editor):
    fault = "    fault:\n      abort:\n        httpStatus: 503\n        percentage:\n          value: 5\n"
    put_text(editor, yaml_of(editor).rstrip("\n") + "\n" + fault)
    expect(editor.locator("#fault-kind [value=abort]")).to_be_checked()
    expect(editor.locator("#http-status")).to_have_value("503")
    expect(editor.locator("#abort-percentage")).to_have_value("5")


def test_a_fault_of_the_form_stands_in_the_yaml_and_goes_again(editor):
    editor.locator("#fault-kind label", has_text="Delay").click()
    expect(editor.locator("#yaml-pane-0 .cm-content")).to_contain_text("fixedDelay: 2s")
    editor.locator("#fault-kind label", has_text="No new fault").click()
    expect(editor.locator("#yaml-pane-0 .cm-content")).not_to_contain_text("fixedDelay")


def test_what_no_form_can_say_is_named_and_planned_as_it_stands(editor):
    edit(editor, "  http:\n  - route:", "  http:\n  - corsPolicy:\n      maxAge: 3s\n    route:")
    rest = editor.locator("#yaml-rest")
    expect(rest).to_contain_text("spec.http[0].corsPolicy")
    expect(editor.locator("#asked")).to_contain_text("the YAML as it stands")
    editor.locator("#preview").click()
    editor.wait_for_url("**/plans/**")
    assert [rule["kind"] for rule in Plan.objects.get().rules] == ["object"]
    expect(editor.locator(".fields")).to_contain_text("spec.http[0].corsPolicy")


def test_a_form_goes_on_from_what_was_typed_and_nothing_typed_is_lost(editor):
    edit(editor, "  http:\n  - route:", "  http:\n  - corsPolicy:\n      maxAge: 3s\n    route:")
    expect(editor.locator("#yaml-rest")).to_contain_text("corsPolicy")
    editor.locator(".split-row[data-version=v3] .input-number").fill("10")
    expect(editor.locator("#yaml-pane-0 .cm-content")).to_contain_text("weight: 10")
    assert "maxAge: 3s" in yaml_of(editor)
    editor.locator("#preview").click()
    editor.wait_for_url("**/plans/**")
    assert [rule["kind"] for rule in Plan.objects.get().rules] == ["object", "split"]
    editor.click("#apply-button")
    editor.wait_for_url("**/changes/**")
    (rule,) = editor.cluster.get(REVIEWS)["spec"]["http"]
    assert rule["corsPolicy"] == {"maxAge": "3s"}
    assert {item["destination"]["subset"]: item["weight"] for item in rule["route"]}["v3"] == 10


def test_a_text_with_an_error_is_kept_and_cannot_be_planned_whatever_the_form_does(editor):
    edit(editor, "route:", "ruote:")
    expect(editor.locator("#yaml-problems")).to_contain_text('perhaps "route" is meant')
    expect(editor.locator("#preview")).to_be_disabled()
    expect(editor.locator("#asked")).to_contain_text("The YAML has errors")
    editor.locator(".split-row[data-version=v2] .input-number").fill("50")
    expect(editor.locator("#preview")).to_be_disabled()
    assert "ruote:" in yaml_of(editor)
    edit(editor, "ruote:", "route:")
    expect(editor.locator("#yaml-pane-0 .cm-content")).to_contain_text("weight: 50")
    expect(editor.locator("#preview")).to_be_enabled()


def test_undo_puts_both_sides_back(editor):
    before = yaml_of(editor)
    edit(editor, "weight: 80", "weight: 70")
    edit(editor, "weight: 20", "weight: 30")
    expect(editor.locator(".split-row[data-version=v2] .input-number")).to_have_value("30")
    editor.locator("#undo").click()
    assert yaml_of(editor) == before
    assert weights(editor) == [80, 20, 0]
    expect(editor.locator("#preview")).to_be_disabled()


def test_a_service_without_rules_shows_what_the_first_would_be(page):
    page.goto("/routing/bookinfo/details/#fault")
    expect(page.locator("#yaml-pane-0 [data-none]")).to_be_visible()
    page.locator("#fault-kind label", has_text="Abort").click()
    expect(page.locator("#yaml-pane-0 .cm-content")).to_contain_text("httpStatus: 503")
    expect(page.locator("#yaml-pane-0 [data-none]")).to_be_hidden()


def test_the_tabs_are_walked_by_the_arrow_keys(editor):
    editor.locator("#tab-0").focus()
    editor.keyboard.press("ArrowRight")
    expect(editor.locator("#tab-1")).to_be_focused()
    expect(editor.locator("#yaml-pane-1")).to_be_visible()
    expect(editor.locator("#yaml-pane-0")).to_be_hidden()
    expect(editor.locator("#yaml-pane-1 .cm-content")).to_contain_text("subsets:")


@pytest.fixture
def resource(page):
    page.goto(f"{CONFIG}/ratings/")
    expect(page.locator(".cm-content")).to_contain_text("host: ratings")
    return page


def test_the_editor_takes_the_place_of_the_text_and_is_named(resource):
    expect(resource.get_by_role("textbox", name="The YAML of this resource")).to_be_visible()
    expect(resource.locator("#yaml")).to_be_hidden()
    expect(resource.locator("#yaml-state")).to_have_text("no problem")


def test_a_mistake_is_marked_at_its_line_and_the_list_leads_there(resource):
    edit(resource, "hosts:", "hots:")
    expect(resource.locator(".cm-lintRange-error")).to_have_text("hots:")
    listed = resource.locator("#yaml-problem-list li")
    expect(listed).to_contain_text('There is no field "hots"; perhaps "hosts" is meant.')
    listed.get_by_role("button", name=re.compile("line")).click()
    expect(resource.locator(".cm-content")).to_be_focused()
    expect(resource.locator(".cm-activeLine")).to_contain_text("hots:")


def test_a_wrong_text_is_not_planned(resource):
    edit(resource, "hosts:", "hots:")
    resource.locator("#preview").click()
    expect(resource.locator("#failure")).to_contain_text("The text has errors")
    assert Plan.objects.count() == 0


def test_keys_are_completed_from_the_schema_with_their_descriptions(resource):
    put_text(resource, yaml_of(resource).rstrip("\n"))
    resource.keyboard.press("Control+End")
    resource.keyboard.press("Enter")
    resource.keyboard.press("Home")
    resource.keyboard.type("    ret")
    option = resource.locator(".cm-tooltip-autocomplete li", has_text="retries")
    expect(option).to_be_visible()
    option.click()
    assert "    retries:" in yaml_of(resource)


def test_values_of_an_enum_are_completed(resource):
    text = yaml_of(resource).rstrip("\n") + "\n    redirect:\n      derivePort: "
    put_text(resource, text)
    resource.keyboard.press("Control+Space")
    expect(resource.locator(".cm-tooltip-autocomplete li", has_text="FROM_PROTOCOL_DEFAULT")).to_be_visible()


def test_escape_and_tab_leave_the_editor(resource):
    resource.locator(".cm-content").click()
    resource.keyboard.press("Tab")
    expect(resource.locator(".cm-content")).to_be_focused()
    resource.keyboard.press("Escape")
    resource.keyboard.press("Tab")
    expect(resource.locator(".cm-content")).not_to_be_focused()


def test_an_edit_is_previewed_applied_and_stands_in_the_history(resource):
    edit(resource, "  hosts:\n  - ratings", "  hosts:\n  - ratings\n  - ratings.bookinfo.svc.cluster.local")
    resource.locator("#preview").click()
    resource.wait_for_url("**/plans/**")
    resource.click("#apply-button")
    resource.wait_for_url("**/changes/**")
    assert len(resource.cluster.get(Ref(kinds.VIRTUAL_SERVICE, "bookinfo", "ratings"))["spec"]["hosts"]) == 2
    resource.goto(f"{CONFIG}/ratings/")
    expect(resource.locator("section", has=resource.locator("#history")).get_by_role("link")).to_have_count(1)


def test_an_edit_of_what_somebody_changed_meanwhile_is_refused(resource):
    edit(resource, "  - ratings", "  - ratings.bookinfo.svc.cluster.local")
    ref = Ref(kinds.VIRTUAL_SERVICE, "bookinfo", "ratings")
    resource.cluster.edit(ref, lambda item: item["metadata"].update(labels={"a": "b"}))
    resource.locator("#preview").click()
    expect(resource.locator("#failure")).to_contain_text("Somebody changed VirtualService bookinfo/ratings")
    assert "ratings.bookinfo.svc" in yaml_of(resource)


def test_delete_is_a_plan_that_says_what_holds_then(resource):
    resource.locator("#delete").click()
    resource.wait_for_url("**/plans/**")
    expect(resource.locator("main")).to_contain_text("Without VirtualService bookinfo/ratings")
    assert [rule["kind"] for rule in Plan.objects.get().rules] == ["delete_object"]


def test_a_new_resource_is_written_from_its_example(page):
    page.goto("/config/new/?kind=destinationrules.networking.istio.io&ns=bookinfo")
    expect(page.locator(".cm-content")).to_contain_text("kind: DestinationRule")
    put_text(page, yaml_of(page).replace("my-service", "details").replace("my-destinationrule", "details"))
    expect(page.locator("#preview")).to_be_enabled()
    page.locator("#preview").click()
    page.wait_for_url("**/plans/**")
    page.click("#apply-button")
    page.wait_for_url("**/changes/**")
    assert page.cluster.get(Ref(kinds.DESTINATION_RULE, "bookinfo", "details"))["spec"]["host"] == "details"


def test_the_list_is_filtered_as_somebody_types(page):
    page.cluster.put(destination_rule("ratings", ["v1"]))
    page.goto("/config/")
    page.locator("#q").type("ratings destin")
    page.wait_for_url(re.compile(r"q=ratings\+destin"))
    expect(page.locator("#resources .row-link")).to_have_count(1)
    expect(page.locator("#q")).to_be_focused()
    page.locator("#kind").select_option("gateways.networking.istio.io")
    expect(page.get_by_text("Nothing fits")).to_be_visible()
