"""Who is sent to the canary by a header or a cookie: asked of real Envoys, near misses included."""

import http.client
import ipaddress
import json

import pytest

from cluster import connection
from cluster.kube import KubeCluster
from routing.rolling.mesh.writer import Writer
from routing.rollouts.states import Rule
from tests.localmesh.conftest import mesh  # noqa: F401
from tests.routing.rolling.rows import driven, goes
from tests.routing.rollouts.scenes import STRATEGIES, spec
from tests.routing.test_no_request_fails import at_first

pytestmark = [pytest.mark.mesh, pytest.mark.django_db]
COOKIE, HEADER = (next(each for each in STRATEGIES if each.kind == kind) for kind in ("cookie", "header"))
REACH = {
    "header": [{"X-Canary": "always"}, {"x-canary": "always", "Cookie": "a=b"}],
    "cookie": [
        {"Cookie": "canary=a.b+c"},
        {"Cookie": "first=1; canary=a.b+c"},
        {"Cookie": "canary=a.b+c; last=2"},
        {"Cookie": "first=1;canary=a.b+c;last=2"},
    ],
}
MISS = {
    "header": [{}, {"X-Canary": "never"}, {"X-Canary": "alwaysly"}, {"X-Canaries": "always"}],
    "cookie": [
        {},
        {"Cookie": "canary=axb+c"},
        {"Cookie": "canary=a.b+cd"},
        {"Cookie": "mycanary=a.b+c"},
        {"Cookie": "my canary=a.b+c"},
        {"Cookie": "Canary=a.b+c"},
        {"Cookie": "other=canary=a.b+c"},
    ],
}


def version(pod, headers):
    """The version that answers a request of this pod."""
    inside = str(ipaddress.ip_address(int(ipaddress.ip_address(pod["status"]["podIP"])) + (128 << 8)))
    proxy = http.client.HTTPConnection(inside, 15001, timeout=10)
    try:
        proxy.request("GET", "/reviews/1", headers={"Host": "reviews:9080", **headers})
        return json.loads(proxy.getresponse().read())["podname"].split("-")[1]
    finally:
        proxy.close()


@pytest.mark.timeout(240)
@pytest.mark.parametrize("strategy", [HEADER, COOKIE], ids=lambda each: each.kind)
def test_exactly_those_who_ask_for_it_reach_the_canary(mesh, olga, settings, strategy):  # noqa: F811
    settings.ROUTING_SETTLE_SECONDS = 1
    cluster = KubeCluster.connect(str(mesh.state / "kubeconfig"))
    (pod,) = mesh.pods("app=productpage")
    with connection.override(cluster):
        at_first(cluster)
        rollout = goes(Writer(), driven(olga, spec(strategy), confirmed=Rule(0)), Rule(0, match=True))
        _until(lambda: version(pod, REACH[strategy.kind][0]) == "v3")
        assert {version(pod, headers) for headers in REACH[strategy.kind]} == {"v3"}
        assert {version(pod, headers) for headers in MISS[strategy.kind]} == {"v1"}
        goes(Writer(), rollout, Rule())
        _until(lambda: version(pod, REACH[strategy.kind][0]) == "v1")


def _until(holds):
    for _ in range(200):
        if holds():
            return
    pytest.fail("it never came")
