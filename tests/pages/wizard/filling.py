"""How a browser test reads and fills the wizard."""

import json

from playwright.sync_api import expect


def ahead(page):
    """Waits until what is known before the start is of what is typed."""
    expect(page.locator("#preview-state")).to_contain_text("As of", timeout=20_000)
    expect(page.locator("#preview-body")).not_to_have_class("is-old")


def step(page, at, part):
    """A field of a step."""
    return page.locator(".step").nth(at).locator(f"[data-part={part}]")


def weights(page):
    """What is typed as weights."""
    return [field.input_value() for field in page.locator(".step [data-part=weight]").all()]


def asked(page):
    """What the equivalent API call sends."""
    call = page.locator("#api-call").text_content()
    return json.loads(call.split("-d '")[1].rpartition("' \\")[0].replace(r"'\''", "'"))


def press(page):
    """Presses Start whether it looks as if it could be pressed or not."""
    page.dispatch_event("#start", "click")
