"""The frame of the pages in a real browser: signing in and out, theme, menus, narrow screens."""

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
PAGES = ["/routing/", "/routing/bookinfo/reviews/", "/changes/", "/tokens/"]


def is_dark(page):
    return page.evaluate("document.documentElement.classList.contains('pf-v6-theme-dark')")


def test_a_person_signs_in_by_name_and_password_and_out_again(page):
    User.objects.create_user("grace", password="correct horse battery")
    page.context.clear_cookies()
    page.goto("/routing/")
    page.fill("#id_username", "grace")
    page.fill("#id_password", "wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("do not belong together")
    page.fill("#id_username", "grace")
    page.fill("#id_password", "correct horse battery")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Routing", exact=True)).to_be_visible()
    page.locator("#person summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_the_theme_follows_the_system_until_one_is_chosen_and_then_stays(page):
    page.emulate_media(color_scheme="dark")
    page.goto("/changes/")
    assert is_dark(page)
    page.locator("#person summary").click()
    page.get_by_label("Light").check()
    assert not is_dark(page)
    page.reload()
    assert not is_dark(page)


def test_escape_closes_a_menu_and_gives_the_focus_back(page):
    page.goto("/changes/")
    page.locator("#person summary").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()
    expect(page.locator("#person summary")).to_be_focused()


def test_the_first_tab_stop_skips_to_the_content(page):
    page.goto("/changes/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_a_namespace_is_chosen_in_the_address(page):
    page.goto("/routing/")
    page.locator("#namespaces summary").click()
    page.get_by_label("bookinfo").check()
    page.wait_for_url("**/routing/?ns=bookinfo")
    expect(page.locator("#namespaces [data-chosen]")).to_have_text("bookinfo")


@pytest.mark.parametrize("path", PAGES)
def test_no_page_is_wider_than_a_narrow_screen(page, path):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(path)
    assert page.evaluate("document.documentElement.scrollWidth") == 390


@pytest.mark.parametrize("path", PAGES)
def test_every_control_is_large_enough_to_hit(page, path):
    page.goto(path)
    small = page.evaluate(
        """() => [...document.querySelectorAll('button, summary, input, .rail a, .row-link')]
            .filter((node) => node.checkVisibility() && !node.matches('.choice input, .segments input'))
            .map((node) => [node.outerHTML.slice(0, 80), node.getBoundingClientRect()])
            .filter(([, box]) => box.width < 24 || box.height < 24)
            .map(([name]) => name)"""
    )
    assert small == []


def test_a_new_token_is_shown_once(page):
    page.goto("/tokens/")
    page.get_by_role("button", name="Create token").click()
    secret = page.locator("#secret").text_content()
    assert len(secret) == 64
    page.goto("/tokens/")
    expect(page.locator("#secret")).to_have_count(0)
    page.get_by_role("button", name="Delete the token").click()
    expect(page.get_by_text("The token is revoked.")).to_be_visible()
