from pathlib import Path

import pytest

from cluster import connection
from tests.browsers import listen
from tests.people import person
from tests.routing.conftest import Api
from tests.routing.stage import destination_rule, route, virtual_service
from tests.yaml.world import defined


@pytest.fixture
def cluster():
    with connection.override(defined(destination_rule("reviews", ["v1", "v2"]))) as staged:
        yield staged


@pytest.fixture
def olga(db):
    """The operator."""
    return person("olga")


@pytest.fixture
def api(client, olga, settings):
    settings.ROUTING_SETTLE_SECONDS = 0
    client.force_login(olga)
    return Api(client)


BUNDLE = Path(__file__).resolve().parents[2] / "build" / "static" / "yaml-editor.js"
OTHERS = (
    destination_rule("reviews", ["v1", "v2", "v3"]),
    virtual_service("ratings", [{"route": [{"destination": {"host": "ratings"}}]}]),
    virtual_service(
        "edge",
        [{"route": [{"destination": {"host": "vault"}}]}],
        hosts=["shop.example.org"],
        gateways=["nowhere"],
    ),
)


def built():
    """Fails with what to do where the editor was never built: without it these tests show nothing."""
    assert BUNDLE.exists(), "make setup builds the YAML editor"


BROKEN = virtual_service("reviews", [{"route": route(("v1", 80), ("v9", 20))}])


@pytest.fixture
def page(transactional_db, live_server, browser, client, settings):
    """A signed-in page of the running console. The test fails when its console shows an error."""
    settings.ROUTING_SETTLE_SECONDS = 0
    built()
    staged = defined(BROKEN, *OTHERS)
    with connection.override(staged):
        client.force_login(person("ada"))
        context = browser.new_context(base_url=live_server.url, viewport={"width": 1440, "height": 900})
        context.set_default_timeout(10_000)
        session = client.cookies["sessionid"].value
        context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
        opened = context.new_page()
        heard = listen(opened, expected=("Failed to load resource",))
        opened.cluster = staged
        yield opened
        context.close()
        assert heard == []
