import time

import pytest
from playwright.sync_api import sync_playwright

from tests.graph_page.feed import bookinfo
from tests.graph_page.stage import SETTINGS, Stage, session_cookie
from tests.needs import chromium

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser():
    path = chromium()
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield found
        found.close()


@pytest.fixture
def feed():
    return bookinfo()


@pytest.fixture
def stage(settings, feed):
    for name, value in SETTINGS.items():
        setattr(settings, name, value)
    # Nobody has run collectstatic; WhiteNoise would warn that its folder is not there.
    settings.STATIC_ROOT = settings.BASE_DIR / "static"
    with Stage(feed).serving() as running:
        yield running


class Operator:
    """Somebody who looks at the page, and what their browser's console said."""

    def __init__(self, browser, stage, **options):
        self._stage = stage
        self.errors = []
        self.context = browser.new_context(base_url=stage.url, **options)
        self.context.set_default_timeout(20_000)
        cookie = {"name": "sessionid", "value": session_cookie(), "url": stage.url}
        self.context.add_cookies([cookie])
        self.page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._heard)

    def _heard(self, message):
        # The line about a failed connection is the browser's own; tests that hang up ask for it.
        noise = ("WebSocket connection to", "Failed to load resource")
        if message.type in ("error", "warning") and not message.text.startswith(noise):
            self.errors.append(message.text)

    def open(self, address="/graph/"):
        self.page.goto(address)
        self.page.wait_for_selector("#graph[data-seq]", state="attached")
        return self.page


@pytest.fixture
def visit(browser, stage):
    """Opens a browser window of a person who is signed in; its console has to stay free of errors."""
    operators = []

    def new(**options):
        options.setdefault("viewport", {"width": 1440, "height": 900})
        operators.append(Operator(browser, stage, **options))
        return operators[-1]

    yield new
    errors = [error for operator in operators for error in operator.errors]
    for operator in operators:
        operator.context.close()
    assert errors == []


@pytest.fixture
def page(visit):
    return visit().open()


def until(happened, what, seconds=8.0):
    """Waits for something in this process that a browser brings about."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)
