"""Plans and changes belong to one cluster: shown there, applied there, looked up there."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.urls import set_script_prefix
from django.utils import timezone

from cluster import connection
from cluster.errors import Unavailable
from routing.models import Change, Plan
from routing.recovery import finish_interrupted
from tests.people import person
from tests.routing.stage import SPLIT, bookinfo, destination_rule, route, virtual_service, writes

pytestmark = pytest.mark.django_db


def staged():
    return bookinfo(
        virtual_service("reviews", [{"route": route(("v1", 100))}]), destination_rule("reviews", ["v1"])
    )


@pytest.fixture
def clusters(settings):
    settings.ROUTING_SETTLE_SECONDS = 0
    east, west = staged(), staged()
    with connection.override(east=east, west=west):
        yield {"east": east, "west": west}
    # A server sets it for each request anew; Django's test client leaves that of the last one.
    set_script_prefix("/")


@pytest.fixture
def call(client, clusters):
    """A call within a cluster."""
    client.force_login(person("olga"))

    def made(cluster, path, body=None):
        address = f"/clusters/{cluster}/api/v1/{path}"
        if body is None:
            return client.get(address)
        return client.post(address, body, content_type="application/json")

    return made


@pytest.fixture
def plan(call):
    """A plan for the west."""
    return call("west", "plans", {"rules": [SPLIT]}).json()["id"]


def test_a_plan_is_of_the_cluster_of_its_address(call, clusters, plan):
    assert Plan.objects.get().cluster == "west"
    assert call("west", f"plans/{plan}").status_code == 200
    assert call("east", f"plans/{plan}").status_code == 404
    assert call("east", f"plans/{plan}/apply", {}).status_code == 404
    assert writes(clusters["east"]) == writes(clusters["west"]) == []


def test_a_change_is_written_shown_and_taken_back_in_its_cluster_only(call, clusters, plan, client):
    change = call("west", f"plans/{plan}/apply", {}).json()["id"]
    assert (len(writes(clusters["west"])), len(writes(clusters["east"]))) == (2, 0)
    assert [item["id"] for item in call("west", "changes").json()["changes"]] == [change]
    assert call("east", "changes").json() == {"changes": [], "next": None}
    assert call("east", f"changes/{change}").status_code == 404
    assert call("east", f"changes/{change}/revert", {}).status_code == 404
    for path in (f"plans/{plan}/", f"changes/{change}/"):
        assert client.get(f"/clusters/west/{path}").status_code == 200
        assert client.get(f"/clusters/east/{path}").status_code == 404
    assert "80 % v1" not in client.get("/clusters/east/changes/").text
    assert call("west", f"changes/{change}/revert", {}).json()["state"] == "applied"
    assert len(writes(clusters["east"])) == 0


def test_without_a_name_it_is_the_default_cluster(call, client, clusters, plan):
    assert client.get(f"/plans/{plan}/").status_code == 404
    mine = call("east", "plans", {"rules": [SPLIT]}).json()["id"]
    assert client.get(f"/plans/{mine}/").status_code == 200


def test_an_interrupted_change_is_looked_up_in_its_own_cluster(call, clusters, plan):
    call("west", f"plans/{plan}/apply", {})
    Change.objects.update(state="started")
    later = timezone.now() + timedelta(minutes=11)
    assert finish_interrupted("east", clusters["east"], later).changes == []
    ended = finish_interrupted("west", clusters["west"], later).changes
    assert [change.state for change in ended] == ["applied"]


def test_a_cluster_that_is_away_keeps_no_other_from_being_looked_up(call, clusters, plan, capsys):
    call("west", f"plans/{plan}/apply", {})
    mine = call("east", "plans", {"rules": [SPLIT]}).json()["id"]
    call("east", f"plans/{mine}/apply", {})
    for change in Change.objects.all():
        change.state, change.operations[0]["state"] = "started", "not_done"
        change.save()
    clusters["east"].fail_next("get", Unavailable("gone"))
    with pytest.raises(CommandError, match=r"east: #.*: The cluster does not answer"):
        call_command("finish_changes", after=0)
    states = dict(Change.objects.values_list("cluster", "state"))
    assert states == {"east": "started", "west": "applied"}
