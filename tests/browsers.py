"""One way to start the installed Chromium and to listen to its console."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

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
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # That same loop makes Django take this thread for an async context.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        found = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield found
        found.close()


def listen(page: Page, *, expected: tuple[str, ...] = ()) -> list[str]:
    """What the page's console says that it should not: a list that fills while the page lives.

    `expected`: beginnings of the browser's own lines that a test asks for, as the one about an answer of 4xx.
    """
    heard: list[str] = []

    def hear(said: ConsoleMessage) -> None:
        if said.type in ("error", "warning") and not said.text.startswith(expected):
            heard.append(said.text)

    page.on("console", hear)
    page.on("pageerror", lambda error: heard.append(str(error)))
    return heard
