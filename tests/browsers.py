"""One way to start the installed Chromium and to listen to its console."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests import needs

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


# Not longer than a module: while it runs, Playwright's own loop keeps asyncio tests from theirs.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The headless Chromium."""
    path = needs.chromium()
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield found
        found.close()


def listen(page: Page) -> list[str]:
    """What the page's console says that it should not: a list that fills while the page lives."""
    heard: list[str] = []
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("console", lambda said: heard.append(said.text) if said.type in ("error", "warning") else None)
    return heard
