"""Fifty changes under 100 requests a second through real Envoys: not one fails; in naive order some do.

The naive order is that of two files, the routes and then the subsets, each applied once and without a wait
but the tenth of a second that the next kubectl takes to start. (The other way round localmesh forgives for
some seconds, as it takes clusters away late; Istio does not.)
"""

import http.client
import ipaddress
import sys
import threading
import time
from collections import Counter

import pytest

from cluster import connection
from cluster.kube import KubeCluster
from cluster.refs import Ref
from routing import apply, live, plans, writing
from routing.operations import operation, outcome
from routing.planner import plan as planned
from routing.rules import parse
from tests.localmesh.conftest import mesh  # noqa: F401
from tests.people import own
from tests.routing.stage import NO_TRAFFIC

pytestmark = [pytest.mark.mesh, pytest.mark.django_db]
PER_SECOND = 100
CALLERS = 20
KUBECTL_SECONDS = 0.1
REVIEWS = {"namespace": "bookinfo", "service": "reviews"}


def split(**weights):
    return {"kind": "split", **REVIEWS, "weights": weights}


def drop(version):
    return {"kind": "remove_subset", **REVIEWS, "version": version}


def script():
    """Fifty steps: a subset comes, gets a part and then most of the requests, and goes; two change places."""
    for number in range(10):
        now, then = ("v1", "v3") if number % 2 == 0 else ("v3", "v1")
        yield [{"kind": "subset", **REVIEWS, "version": "v2", "name": f"canary-{number}"}]
        yield [split(**{now: 50, "v2": 50})]
        yield [split(**{now: 20, "v2": 80})]
        yield [split(**{now: 100}), drop("v2")]
        yield [split(**{then: 100}), drop(now)]


class Load:
    """Requests at a constant rate from a pod's own proxy, and what became of them."""

    def __init__(self, pod, headers=None):
        self._headers = {"Host": "reviews:9080", **(headers or {})}
        address = ipaddress.ip_address(pod["status"]["podIP"])
        self._inside = str(ipaddress.ip_address(int(address) + (128 << 8)))
        self.answers = Counter()
        self.sent = 0
        self._end = threading.Event()
        self._threads = [threading.Thread(target=self._call, args=(each,)) for each in range(CALLERS)]

    def __enter__(self):
        self.started = time.monotonic()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        for thread in self._threads:
            thread.join()
        self.seconds = time.monotonic() - self.started

    def _call(self, number):
        pause = CALLERS / PER_SECOND
        due = time.monotonic() + number * pause / CALLERS
        proxy = http.client.HTTPConnection(self._inside, 15001, timeout=10)
        while not self._end.wait(max(0.0, due - time.monotonic())):
            due += pause
            try:
                proxy.request("GET", "/health", headers=self._headers)
                answer = proxy.getresponse()
                answer.read()
                self.answers[answer.status] += 1
            except (OSError, http.client.HTTPException) as error:
                self.answers[type(error).__name__] += 1
                proxy.close()
        proxy.close()

    def wait(self, seconds):
        """Lets requests pass."""
        self._end.wait(seconds)

    @property
    def failed(self):
        return sum(count for status, count in self.answers.items() if status != 200)

    @property
    def total(self):
        return sum(self.answers.values())


def at_first(cluster):
    """Reviews at v1, and no other subset."""
    subsets = [{"name": "v1", "labels": {"version": "v1"}}]
    http_rules = [{"route": [{"destination": {"host": "reviews", "subset": "v1"}}]}]
    for kind, spec in (
        ("DestinationRule", {"host": "reviews", "subsets": subsets}),
        ("VirtualService", {"hosts": ["reviews"], "http": http_rules}),
    ):
        metadata = {"name": "reviews", "namespace": "bookinfo"}
        manifest = {"apiVersion": "networking.istio.io/v1", "kind": kind, "metadata": metadata, "spec": spec}
        put(cluster, manifest)
        time.sleep(0.5)


def put(cluster, manifest):
    """Makes a resource what it is to be, in one write."""
    found = live.get(cluster, Ref.of(manifest))
    change = operation(found, manifest, "")
    if change is not None:
        writing.write(cluster, change, found, dry_run=False)


def in_safe_order(olga, acting):
    """By plans, as the console applies them; how many writes there were."""
    count = 0
    for rules in script():
        plan = plans.make({"rules": rules}, olga, acting, NO_TRAFFIC)
        assert plan.operations, rules
        change = apply.apply(plan, olga, acting)
        assert change.state == "applied"
        count += len(change.operations)
    return count


def naively(cluster, acting):
    """The same states, each object written once, the VirtualService first."""
    count = 0
    for rules in script():
        wanted = parse(rules)
        made = planned(wanted, live.read(acting, {"bookinfo"}))
        results = sorted(outcome(made.operations).items(), key=lambda item: item[0].kind.kind, reverse=True)
        for _, (_, after) in results:
            put(cluster, after)
            time.sleep(KUBECTL_SECONDS)
            count += 1
    return count


@pytest.mark.timeout(240)
def test_fifty_changes_fail_no_request_and_in_naive_order_they_do(mesh, olga, settings, capsys):  # noqa: F811
    settings.ROUTING_SETTLE_SECONDS = 0.25
    cluster = KubeCluster.connect(str(mesh.state / "kubeconfig"))
    (pod,) = mesh.pods("app=productpage")
    assert len(list(script())) == 50
    with connection.override(cluster):
        at_first(cluster)
        with Load(pod) as ours:
            ours_writes = in_safe_order(olga, own())
        at_first(cluster)
        with Load(pod) as naive:
            naive_writes = naively(cluster, own())
    with capsys.disabled():
        for name, load, count in (("planned", ours, ours_writes), ("naive", naive, naive_writes)):
            rate = load.total / load.seconds
            line = f"{name}: 50 changes, {count} writes, {load.total} requests at {rate:.0f} a second"
            sys.stdout.write(f"\n{line}, {load.failed} failed {dict(load.answers)}")
    assert ours.total / ours.seconds > 0.9 * PER_SECOND
    assert ours.failed == 0
    assert naive.failed > 0
