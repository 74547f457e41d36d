import time

import pytest

from tests.browsers import listen
from tests.graph_page.feed import bookinfo
from tests.graph_page.stage import SETTINGS, Stage, session_cookie


@pytest.fixture
def feed():
    return bookinfo()


@pytest.fixture
def stage(settings, feed):
    for name, value in SETTINGS.items():
        setattr(settings, name, value)
    with Stage(feed).serving() as running:
        yield running


class Operator:
    """Somebody who looks at the page, and what their browser's console said."""

    def __init__(self, browser, stage, **options):
        self._stage = stage
        self.context = browser.new_context(base_url=stage.url, **options)
        self.context.set_default_timeout(20_000)
        cookie = {"name": "sessionid", "value": session_cookie(), "url": stage.url}
        self.context.add_cookies([cookie])
        self.page = self.context.new_page()
        # The line about a failed connection is the browser's own; tests that hang up ask for it.
        self.errors = listen(self.page, expected=("WebSocket connection to", "Failed to load resource"))

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
