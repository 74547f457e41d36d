"""A plan goes stale when anything that it was made of changed, whether it writes it or not."""

import pytest

from cluster.refs import Ref
from tests.routing.stage import SPLIT, destination_rule, pod, virtual_service, weights, writes

pytestmark = pytest.mark.django_db
TO_V1 = {**SPLIT, "weights": {"v1": 50, "v2": 50}}


def stale(api, plan):
    """What the plan says of itself, and what applying it answers."""
    state = api.get(f"plans/{plan['id']}").json()["state"]
    answer = api.post(f"plans/{plan['id']}/apply")
    return state, answer.status_code


@pytest.fixture
def plan(api, cluster):
    """It writes the VirtualService only: the DestinationRule has both subsets."""
    made = api.plan(TO_V1).json()
    assert [item["resource"]["kind"] for item in made["operations"]] == ["VirtualService"]
    return made


def test_what_nobody_touched_is_ready(api, cluster, plan):
    assert stale(api, plan) == ("ready", 200)
    assert weights(cluster) == {"v1": 50, "v2": 50}


def test_a_policy_that_it_does_not_write_makes_it_stale(api, cluster, plan):
    reviews = Ref.of(destination_rule("reviews", []))
    tls = {"trafficPolicy": {"tls": {"mode": "ISTIO_MUTUAL"}}}
    cluster.edit(reviews, lambda item: item["spec"].update(tls))
    assert api.get(f"plans/{plan['id']}").json()["state"] == "stale"
    assert writes(cluster) == []


def test_applying_at_once_says_what_changed(api, cluster, plan):
    reviews = Ref.of(destination_rule("reviews", []))
    cluster.edit(reviews, lambda item: item["spec"].update(exportTo=["*"]))
    answer = api.post(f"plans/{plan['id']}/apply")
    assert answer.status_code == 409
    message = answer.json()["error"]["message"]
    assert message == (
        "What the plan was made of has changed since: DestinationRule bookinfo/reviews. Nothing was written."
    )
    assert writes(cluster) == []


def test_a_new_version_of_the_service_makes_it_stale(api, cluster, plan):
    cluster.put(pod("reviews-v4-a", "reviews", "v4"))
    assert stale(api, plan) == ("stale", 409)


def test_another_pod_of_a_version_does_not(api, cluster, plan):
    cluster.put(pod("reviews-v1-b", "reviews", "v1"))
    assert stale(api, plan) == ("ready", 200)


def test_a_route_from_a_gateway_that_came_since_makes_it_stale(api, cluster, plan):
    to_reviews = [{"route": [{"destination": {"host": "reviews"}}]}]
    cluster.put(virtual_service("edge", to_reviews, hosts=["books.example.com"], gateways=["gw"]))
    assert stale(api, plan) == ("stale", 409)


def test_what_is_about_another_service_does_not(api, cluster, plan):
    cluster.put(destination_rule("ratings", ["v1"]))
    cluster.put(destination_rule("wide", ["v1"], host="*.elsewhere.example.com"))
    assert stale(api, plan) == ("ready", 200)


def test_the_policies_of_a_host_that_a_written_route_reaches_count(api, cluster):
    mirrored = cluster.get(Ref.of(virtual_service("reviews", [])))
    mirrored["spec"]["http"][0]["mirror"] = {"host": "details"}
    cluster.replace(mirrored)
    cluster.put(destination_rule("details", ["v1"]))
    plan = api.plan(TO_V1).json()
    cluster.edit(Ref.of(destination_rule("details", [])), lambda item: item["spec"].update(exportTo=["."]))
    assert stale(api, plan) == ("stale", 409)
