import pytest

from cluster import connection
from tests.people import person
from tests.routing.conftest import Api
from tests.routing.stage import destination_rule
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
