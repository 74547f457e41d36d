"""The forms of routes and policies in a real browser; only the cluster is a fake."""

import copy

import pytest
from playwright.sync_api import expect

from cluster import kinds
from cluster.refs import Ref
from routing.models import Plan
from tests.pages.world import reviews_destination_rule, reviews_virtual_service

pytestmark = pytest.mark.browser
EDITOR = "/routing/bookinfo/reviews/"
JASON = {
    "name": "jason",
    "match": [{"headers": {"end-user": {"exact": "jason"}}}],
    "route": [{"destination": {"host": "reviews", "subset": "v2"}}],
}
OLD = {
    "name": "old",
    "match": [{"uri": {"prefix": "/old"}, "statPrefix": "old"}],
    "redirect": {"uri": "/new"},
}


def put(cluster, *routes):
    cluster.put(reviews_destination_rule())
    found = reviews_virtual_service({"v1": 80, "v2": 0, "v3": 20})
    found["spec"]["http"][:0] = routes
    cluster.put(found)


def routed(page, cluster, *routes):
    put(cluster, *routes)
    page.goto(EDITOR)
    return page


@pytest.fixture
def editor(page, cluster):
    return routed(page, cluster)


def planned(page):
    page.click("#preview")
    page.wait_for_url("**/plans/**")
    return Plan.objects.latest("created_at").rules


def row(page, name):
    return page.locator(".route").filter(has=page.locator("[data-name]", has_text=name))


def condition(page, at=0):
    return page.locator(".condition").nth(at)


def part(page, form, name, choice):
    section = page.locator(form)
    if section.get_attribute("open") is None:
        section.locator("> summary").click()
    found = section.locator(f"[data-part={name}]")
    found.locator("[data-choice]").select_option(choice)
    return found


def test_a_route_for_one_header_is_added(editor):
    editor.click("#add-route")
    editor.fill("#route-name", "jason")
    condition(editor).locator("[data-name]").fill("end-user")
    condition(editor).locator("[data-value]").fill("jason")
    editor.locator(".destination [data-place]").select_option("v2")
    expect(row(editor, "jason")).to_contain_text("end-user = jason")
    expect(editor.locator("#asked")).to_contain_text("route jason new: v2")
    expect(editor.locator("#api-call")).to_contain_text('"name":"jason"')
    (rule,) = planned(editor)
    assert rule == {
        "kind": "route",
        "namespace": "bookinfo",
        "service": "reviews",
        "name": "jason",
        "match": [{"headers": {"end-user": {"exact": "jason"}}}],
        "destinations": [{"version": "v2"}],
    }


def yaml_of(page, at=0):
    return page.locator("textarea[id^=yaml]").nth(at).input_value()


def put_text(page, text, at=0):
    page.locator(".cm-content").nth(at).click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)


def test_the_yaml_follows_a_route(editor):
    editor.click("#add-route")
    editor.fill("#route-name", "jason")
    condition(editor).locator("[data-name]").fill("end-user")
    condition(editor).locator("[data-value]").fill("jason")
    expect(editor.locator("#yaml-pane-0 .cm-content")).to_contain_text("name: jason")


def test_a_route_that_is_typed_in_the_yaml_stands_in_the_list(page, cluster):
    routed(page, cluster, JASON)
    expect(page.locator("#yaml-pane-0 .cm-content")).to_contain_text("exact: jason")
    put_text(page, yaml_of(page).replace("exact: jason", "exact: ada"))
    expect(row(page, "jason")).to_contain_text("end-user = ada")
    expect(row(page, "jason")).to_contain_text("changed")
    expect(page.locator("#yaml-rest")).to_be_hidden()
    (rule,) = planned(page)
    assert rule["match"] == [{"headers": {"end-user": {"exact": "ada"}}}]


def test_policies_that_are_typed_in_the_yaml_are_set_in_the_form(page, cluster):
    routed(page, cluster)
    expect(page.locator("#yaml-pane-0 .cm-content")).to_contain_text("reviews")
    page.click("#tab-1")
    policy = "  trafficPolicy:\n    outlierDetection:\n      consecutive5xxErrors: 5\n"
    put_text(page, yaml_of(page, 1).rstrip("\n") + "\n" + policy, 1)
    found = page.locator("#destination-policy [data-part=outlier_detection]")
    expect(found.locator("[data-choice]")).to_have_value("set")
    errors = found.locator("[data-path='outlier_detection.consecutive_5xx_errors']")
    expect(errors).to_have_value("5")
    expect(page.locator("#destination-policy > summary")).to_contain_text("changed")


def test_a_route_in_force_is_edited_and_keeps_what_no_form_says(page, cluster):
    routed(page, cluster, OLD, JASON)
    expect(row(page, "old")).to_contain_text("also says: match[0].statPrefix (kept)")
    row(page, "jason").locator("[data-do=edit]").click()
    page.locator("#route-destinations [data-add]").click()
    page.locator(".destination [data-weight]").nth(1).fill("25")
    page.locator("[data-policy=timeout] > summary").click()
    page.locator("#route-editor [data-path=timeout]").fill("3s")
    expect(row(page, "jason")).to_contain_text("75 % v2, 25 % v1")
    (rule,) = planned(page)
    assert rule["destinations"] == [{"version": "v2", "weight": 75}, {"version": "v1", "weight": 25}]
    assert rule["timeout"] == "3s"


def test_a_route_is_removed_and_kept_again(page, cluster):
    routed(page, cluster, JASON)
    row(page, "jason").locator("[data-do=remove]").click()
    expect(row(page, "jason")).to_contain_text("removed")
    row(page, "jason").locator("[data-do=remove]").click()
    expect(page.locator("#preview")).to_be_disabled()
    row(page, "jason").locator("[data-do=remove]").click()
    (rule,) = planned(page)
    assert rule == {"kind": "remove_route", "namespace": "bookinfo", "service": "reviews", "name": "jason"}


def test_a_route_moves_by_the_keyboard(page, cluster):
    routed(page, cluster, OLD, JASON)
    row(page, "jason").locator("[data-do=up]").press("Enter")
    expect(page.locator(".route [data-name]").first).to_have_text("jason")
    (rule,) = planned(page)
    assert (rule["name"], rule["position"]) == ("jason", "first")


def test_discarding_leaves_nothing(page, cluster):
    routed(page, cluster, JASON)
    row(page, "jason").locator("[data-do=edit]").click()
    condition(page).locator("[data-value]").fill("somebody else")
    expect(page.locator("#preview")).to_be_enabled()
    page.click("#route-cancel")
    expect(page.locator("#preview")).to_be_disabled()
    expect(page.locator("#route-editor")).to_be_hidden()


def test_a_wrong_regex_is_told_at_its_field(editor):
    editor.click("#add-route")
    editor.fill("#route-name", "beta")
    condition(editor).locator("[data-on]").select_option("uri")
    condition(editor).locator("[data-how]").select_option("regex")
    condition(editor).locator("[data-value]").fill("/beta(")
    editor.click("#route-done")
    editor.click("#preview")
    value = condition(editor).locator("[data-value]")
    expect(condition(editor).locator(".error")).to_contain_text("no regular expression of RE2")
    expect(value).to_be_focused()
    assert Plan.objects.count() == 0


def test_what_is_asked_for_twice_in_one_alternative_is_no_plan(editor):
    editor.click("#add-route")
    editor.fill("#route-name", "beta")
    condition(editor).locator("[data-name]").fill("a")
    editor.locator("[data-add-condition]").click()
    condition(editor, 1).locator("[data-name]").fill("A")
    expect(editor.locator("#match-twice")).to_contain_text("headers.a is asked for twice")
    expect(editor.locator("#preview")).to_be_disabled()


def test_a_timeout_on_the_default_route(editor):
    part(editor, "#http-policy", "timeout", "set").locator("[data-path=timeout]").fill("3s")
    (rule,) = planned(editor)
    about = {"kind": "http_policy", "namespace": "bookinfo", "service": "reviews", "default": True}
    assert rule == {**about, "timeout": "3s"}


def test_outlier_detection_for_one_version_and_what_is_in_force(page, cluster):
    put(cluster)
    rule = reviews_destination_rule()
    rule["spec"]["trafficPolicy"] = {"outlierDetection": {"consecutive5xxErrors": 7}}
    cluster.put(rule)
    page.goto(EDITOR)
    found = part(page, "#destination-policy", "outlier_detection", "")
    expect(found.locator("[data-in-force]")).to_have_text("in force: 5xx in a row 7")
    page.select_option("#policy-version", "v3")
    part(page, "#destination-policy", "outlier_detection", "set")
    found.locator("[data-path='outlier_detection.consecutive_5xx_errors']").fill("5")
    found.locator("[data-path='outlier_detection.max_ejection_percent']").fill("101")
    page.click("#preview")
    expect(found.locator("[data-field='outlier_detection.max_ejection_percent'] .error")).to_be_visible()
    found.locator("[data-path='outlier_detection.max_ejection_percent']").fill("50")
    (rule,) = planned(page)
    assert rule["version"] == "v3"
    assert rule["outlier_detection"] == {"consecutive_5xx_errors": 5, "max_ejection_percent": 50}


def test_a_policy_is_taken_away(page, cluster):
    put(cluster)
    rule = reviews_destination_rule()
    rule["spec"]["trafficPolicy"] = {"outlierDetection": {"consecutive5xxErrors": 7}}
    cluster.put(rule)
    page.goto(EDITOR)
    part(page, "#destination-policy", "outlier_detection", "clear")
    (rule,) = planned(page)
    assert rule["outlier_detection"] is None


def test_what_a_route_of_the_gateway_api_cannot_say_is_told_at_the_choice(page, cluster):
    routed(page, cluster, JASON)
    row(page, "jason").locator("[data-do=edit]").click()
    page.locator("[data-policy=timeout] > summary").click()
    page.locator("#route-editor [data-path='retries.attempts']").fill("2")
    page.locator("#write-as > summary").click()
    page.locator("#write-as label", has_text="HTTPRoute").click()
    page.click("#preview")
    expect(page.locator("#write-as .error")).to_contain_text("An HTTPRoute cannot say")
    assert Plan.objects.count() == 0


def test_explain_asks_about_a_request_that_the_route_takes(page, cluster):
    routed(page, cluster, JASON)
    row(page, "jason").locator("[data-explain]").click()
    page.wait_for_url("**/routing/explain/**")
    expect(page.locator("#q-header")).to_have_value("end-user: jason")


def test_the_list_follows_the_cluster_while_nothing_is_asked_for(page, cluster):
    routed(page, cluster)
    expect(row(page, "jason")).to_have_count(0)
    put(cluster, JASON)
    expect(row(page, "jason")).to_be_visible()


def test_a_route_as_httproute_shows_what_is_written_besides(page, cluster):
    for version in ("v1", "v2", "v3"):
        service = copy.deepcopy(cluster.get(Ref(kinds.SERVICE, "bookinfo", "reviews")))
        service["metadata"] = {"name": f"reviews-{version}", "namespace": "bookinfo"}
        service["spec"]["selector"]["version"] = version
        service.pop("status", None)
        cluster.put(service)
    page.goto(EDITOR)
    page.locator("#write-as > summary").click()
    page.locator("#write-as label", has_text="HTTPRoute").click()
    page.locator(".split-row[data-version=v3] .input-number").fill("20")
    expect(page.locator("#yaml-others")).to_contain_text("HTTPRoute bookinfo/reviews")
    (rule,) = planned(page)
    assert (rule["kind"], rule["as"], rule["rule"]["kind"]) == ("gateway_route", "HTTPRoute", "split")


def test_a_split_for_callers_in_one_namespace_names_it(editor):
    editor.locator("#write-as > summary").click()
    editor.locator("#write-as label", has_text="HTTPRoute").click()
    editor.locator("#write-as label", has_text="one namespace").click()
    editor.fill("#consumer", "Shop!")
    editor.locator(".split-row[data-version=v3] .input-number").fill("30")
    expect(editor.locator("#api-call")).to_contain_text('"consumer":"Shop!"')
    editor.click("#preview")
    expect(editor.locator("[data-field=consumer] .error")).to_be_visible()
    expect(editor.locator("#consumer")).to_be_focused()


def test_retries_on_all_routes_leave_what_is_not_mentioned(page, cluster):
    routed(page, cluster, JASON)
    page.locator("#http-policy > summary").click()
    page.select_option("#http-policy-target", "all")
    retries = part(page, "#http-policy", "retries", "set")
    retries.locator("[data-path='retries.attempts']").fill("2")
    retries.locator("[data-path='retries.retry_on']").fill("5xx, 503")
    (rule,) = planned(page)
    assert rule["all"] is True
    assert rule["retries"] == {"attempts": 2, "retry_on": ["5xx", "503"]}
    assert "timeout" not in rule
