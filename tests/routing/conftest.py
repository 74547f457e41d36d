"""People, a cluster on the stage, and a client of the REST API."""

import pytest

from cluster import connection
from tests.people import own, person
from tests.routing.roles import Rights, everybody, two_namespaces
from tests.routing.stage import bookinfo, destination_rule, route, virtual_service


@pytest.fixture
def olga(db):
    """The operator."""
    return person("olga")


@pytest.fixture
def cluster():
    """Bookinfo, with reviews going to v1."""
    staged = bookinfo(
        virtual_service("reviews", [{"route": route(("v1", 100))}]), destination_rule("reviews", ["v1", "v2"])
    )
    with connection.override(staged):
        yield staged


@pytest.fixture
def acting(cluster):
    """The cluster as the console's own account may use it."""
    return own()


@pytest.fixture
def api(client, olga, settings):
    """Django's test client, signed in, with nothing to wait for between writes."""
    settings.ROUTING_SETTLE_SECONDS = settings.ROUTING_COMMAND_SECONDS = 0
    client.force_login(olga)
    return Api(client)


@pytest.fixture(params=["impersonate", "review"])
def mode(request, settings):
    settings.CLUSTER_ACCESS = request.param
    settings.ROUTING_SETTLE_SECONDS = settings.ROUTING_COMMAND_SECONDS = 0
    return request.param


@pytest.fixture
def rights():
    return Rights()


@pytest.fixture
def shared_cluster(mode, rights):
    """Two namespaces that not everybody may read, in each mode of access."""
    with connection.override(two_namespaces(rights)) as staged:
        yield staged


@pytest.fixture
def people(db):
    return everybody()


@pytest.fixture
def sign_in(client, people):
    def signed_in(role):
        client.force_login(people[role])
        return Api(client)

    return signed_in


class Api:
    """Calls that speak JSON."""

    def __init__(self, client):
        self.client = client

    def get(self, path, **query):
        return self.client.get(f"/api/v1/{path}", query)

    def post(self, path, body=None):
        return self.client.post(f"/api/v1/{path}", body or {}, content_type="application/json")

    def plan(self, *rules, note=""):
        return self.post("plans", {"rules": list(rules), "note": note})

    def applied(self, *rules):
        """The change of a plan that goes through."""
        plan = self.plan(*rules).json()
        answer = self.post(f"plans/{plan['id']}/apply")
        assert answer.status_code == 200, answer.content
        return answer.json()
