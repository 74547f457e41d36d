"""What a rollout writes and reads on servers that speak the real wire format, from its start to its end.

On localmesh's API server and on a real kube-apiserver, which refuse what does not fit the published schemas.
"""

import copy
import sys
import time
from contextlib import contextmanager
from dataclasses import replace

import pytest

from cluster import connection, kinds
from cluster.refs import Ref
from routing import diff
from routing.models import Change
from routing.rolling.mesh.worlds import Worlds
from routing.rolling.mesh.writer import Writer
from routing.rollouts.standing import PREFIX
from routing.rollouts.states import Rule
from tests.routing.rolling import clusters
from tests.routing.rolling.rows import does, driven, goes
from tests.routing.rollouts.scenes import STRATEGIES, spec

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _without_waiting(settings):
    settings.ROUTING_SETTLE_SECONDS = 0


@pytest.fixture(params=["localmesh", "kube-apiserver"])
def server(request):
    """A cluster and a namespace in it, with reviews."""
    with _cluster(request) as (cluster, namespace):
        clusters.bookinfo(cluster, namespace)
        with connection.override(cluster):
            yield cluster, namespace


@contextmanager
def _cluster(request):
    if request.param == "localmesh":
        with clusters.localmesh() as cluster:
            yield cluster, "bookinfo"
        return
    real = request.getfixturevalue("kube_apiserver")
    yield real.cluster(real.admin_token), real.namespace()


def theirs(cluster, namespace):
    """Gives reviews all that somebody else may have set there."""
    found = cluster.get(clusters.reviews(namespace))
    found["metadata"]["labels"] = {"team": "books"}
    default = found["spec"]["http"][0]
    default |= {
        "name": "primary",
        "timeout": "4s",
        "retries": {"attempts": 2, "perTryTimeout": "1s", "retryOn": "5xx"},
        "headers": {"request": {"set": {"x-from": "mesh"}}},
        "corsPolicy": {"allowOrigins": [{"exact": "https://shop.example"}], "maxAge": "24h"},
        "mirrors": [{"destination": {"host": "audit"}, "percentage": {"value": 5}}],
    }
    jason = {"name": "jason", "match": [{"headers": {"end-user": {"exact": "jason"}}}]}
    to_v2 = {"route": [{"destination": {"host": "reviews", "subset": "v2"}}], "timeout": "9s"}
    found["spec"]["http"].insert(0, {**jason, **to_v2})
    cluster.replace(found)
    rule = cluster.get(Ref(kinds.DESTINATION_RULE, namespace, "reviews"))
    rule["spec"]["trafficPolicy"] = {"connectionPool": {"http": {"http1MaxPendingRequests": 7}}}
    rule["spec"]["subsets"].append({"name": "blue", "labels": {"color": "blue"}})
    cluster.replace(rule)


def kept(cluster, namespace):
    """All of both resources but the two versions' destinations, the canary's subset and the rollout's own."""
    virtual = diff.content(cluster.get(clusters.reviews(namespace)))
    policy = diff.content(cluster.get(Ref(kinds.DESTINATION_RULE, namespace, "reviews")))
    rules = [each for each in virtual["spec"]["http"] if not each.get("name", "").startswith(PREFIX)]
    for rule in rules:
        if rule.get("name") == "primary":
            rule.pop("route")
    policy["spec"]["subsets"] = [each for each in policy["spec"]["subsets"] if each["name"] != "v3"]
    return copy.deepcopy([{**virtual, "spec": {**virtual["spec"], "http": rules}}, policy])


def course(strategy):
    """The rules of a whole rollout of this strategy."""
    if strategy.kind == "blue_green":
        return [Rule(100)]
    match = strategy.kind in ("header", "cookie")
    first = [Rule(0, mirror=True)] if strategy.kind == "mirror" else [Rule(0, match=True)] * match
    return [*first, *(Rule(weight, match=match) for weight in (5, 25, 50, 100))]


@pytest.mark.parametrize("strategy", STRATEGIES, ids=lambda each: each.kind)
@pytest.mark.parametrize(
    "end", [("promote", Rule(100)), ("rollback", Rule())], ids=["promoted", "rolled back"]
)
def test_a_whole_rollout_stands_as_it_was_written_and_keeps_what_is_of_others(server, olga, strategy, end):
    cluster, namespace = server
    theirs(cluster, namespace)
    before = kept(cluster, namespace)
    asked = replace(spec(strategy), namespace=namespace)
    rollout, worlds = driven(olga, asked, confirmed=Rule(0)), Worlds()
    for rule in course(strategy):
        rollout = goes(Writer(), rollout, rule)
        world = worlds.world(rollout)
        assert (world.standing, world.foreign, world.may) == (rule, "", True)
    done, rollout = does(Writer(), rollout, *end)
    assert done.result == "done", done
    assert worlds.world(rollout).standing == end[1]
    assert kept(cluster, namespace) == before


def test_a_fence_refuses_what_is_under_way_and_leaves_nothing(server, olga):
    cluster, namespace = server
    rollout = goes(Writer(), driven(olga, replace(spec(), namespace=namespace), confirmed=Rule(0)), Rule(5))
    before = cluster.get(clusters.reviews(namespace))
    assert Writer().fence(rollout) is True
    after = cluster.get(clusters.reviews(namespace))
    assert diff.content(after) == diff.content(before)
    assert after["metadata"]["resourceVersion"] != before["metadata"]["resourceVersion"]


def test_a_way_back_among_a_thousand_services(olga, capsys):
    with clusters.localmesh(crowd=1000) as cluster, connection.override(cluster):
        clusters.bookinfo(cluster)
        rollout = goes(Writer(), driven(olga, confirmed=Rule(0)), Rule(25))
        began = time.monotonic()
        done, _ = does(Writer(), rollout, "rollback", Rule())
        seconds = time.monotonic() - began
    assert done.result == "done"
    (written,) = Change.objects.get(pk=done.change).operations
    assert written["action"] == "update"
    with capsys.disabled():
        sys.stdout.write(f"\nrolled back among 1,000 services in {seconds * 1000:.0f} ms")
