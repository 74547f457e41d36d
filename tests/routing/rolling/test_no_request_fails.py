"""Whole rollouts under load through real Envoys: from nothing to all and back, and not one request fails."""

import sys
from contextlib import ExitStack

import pytest

from cluster import connection
from cluster.kube import KubeCluster
from routing.rolling.mesh.worlds import Worlds
from routing.rolling.mesh.writer import Writer
from routing.rollouts.states import Rule
from tests.localmesh.conftest import mesh  # noqa: F401
from tests.routing.rolling.rows import does, driven
from tests.routing.rollouts.scenes import STRATEGIES, spec
from tests.routing.test_no_request_fails import PER_SECOND, Load, at_first

pytestmark = [pytest.mark.mesh, pytest.mark.django_db]
WEIGHTED, HEADER, MIRROR = (
    next(each for each in STRATEGIES if each.kind == kind) for kind in ("weighted", "header", "mirror")
)
LASTS = 1.0
"""Seconds of load at each step, at least: a request that fails late is to be seen."""


def course(strategy):
    """Up, back with one write, up again to the end, and as it would be promoted."""
    match = strategy.kind == "header"
    first = {"mirror": [Rule(0, mirror=True)], "header": [Rule(0, match=True)]}.get(strategy.kind, [])
    up = [*first, *(Rule(weight, match=match) for weight in (5, 50, 100))]
    yield from (("advance", rule) for rule in up[:-1])
    yield "rollback", Rule()
    yield from (("advance", rule) for rule in up)
    yield "promote", Rule(100)
    yield "rollback", Rule()


@pytest.mark.timeout(240)
@pytest.mark.parametrize("strategy", [WEIGHTED, HEADER, MIRROR], ids=lambda each: each.kind)
def test_no_request_fails_from_nothing_to_everything_and_back(mesh, olga, settings, capsys, strategy):  # noqa: F811
    settings.ROUTING_SETTLE_SECONDS = 0.25
    cluster = KubeCluster.connect(str(mesh.state / "kubeconfig"))
    (pod,) = mesh.pods("app=productpage")
    with connection.override(cluster), ExitStack() as stack:
        at_first(cluster)
        loads = [stack.enter_context(Load(pod))]
        if strategy is HEADER:
            loads.append(stack.enter_context(Load(pod, {"X-Canary": "always"})))
        count = follow(driven(olga, spec(strategy), confirmed=Rule(0)), strategy, loads)
    with capsys.disabled():
        total, failed = sum(each.total for each in loads), sum(each.failed for each in loads)
        sys.stdout.write(f"\n{strategy.kind}: {count} writes, {total} requests, {failed} failed")
    assert all(each.total / each.seconds > 0.8 * PER_SECOND for each in loads)
    assert [dict(each.answers) for each in loads if each.failed] == []


def follow(rollout, strategy, loads):
    """Does all of a course, some requests at each step; how many writes there were."""
    count = 0
    for kind, rule in course(strategy):
        done, rollout = does(Writer(), rollout, kind, rule)
        assert done.result == "done", done
        assert Worlds().world(rollout).standing == rule
        count += done.change is not None
        before = [each.total for each in loads]
        while any(each.total < old + LASTS * PER_SECOND for each, old in zip(loads, before, strict=True)):
            loads[0].wait(0.05)
    return count
