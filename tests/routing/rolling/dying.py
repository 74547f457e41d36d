"""Consoles that really die: each a process of its own, on a file, a real API server and the real kill -9.

python -m tests.routing.rolling.dying URL TOKEN STORY EVERY

For each boundary of a rollout (or EVERY so manyth) a process drives it and is killed there; another one
drives it to its end. One line of JSON tells of each; the first is of a rollout that nobody killed. The
processes are forked from this one, which has loaded everything and opened nothing.
"""

import json
import os
import shutil
import signal
import sys
from pathlib import Path

import django

LOOKS = 14


def main(url, token, story, every):
    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connections

    from tests.people import person
    from tests.routing.rolling import on_cluster  # noqa: F401 - a child that imports it itself takes twice as long

    settings.ROUTING_SETTLE_SECONDS = 0
    call_command("migrate", verbosity=0)
    person("olga")
    connections.close_all()
    file = Path(settings.DATABASES["default"]["NAME"])
    blank = file.with_suffix(".blank")
    shutil.copy(file, blank)
    at, last = 0, 0
    while at <= last:
        for each in file.parent.glob(f"{file.name}*"):
            each.unlink()
        shutil.copy(blank, file)
        killed = forked(lambda at=at: driven(url, token, story, at))
        ended = forked(lambda: driven(url, token, story)) if at else killed
        found = json.loads(file.with_suffix(".ended").read_text())
        last = last or found["passed"]
        sys.stdout.write(json.dumps({"at": at, "killed": killed, "ended": ended, **found}) + "\n")
        sys.stdout.flush()
        at += int(every) if at else 1


def forked(do):
    """The exit status of a child that does this, or less than 0: the signal that killed it."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            do()
            status = 0
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def driven(url, token, story, dies_at=0):
    """Drives the rollout, from its start or from where it was left, and writes down how it ended."""
    from django.conf import settings
    from django.contrib.auth.models import User

    from cluster import connection
    from cluster.kube import KubeCluster
    from routing.models import Rollout
    from tests.routing.rolling.on_cluster import OnCluster, Passing
    from tests.routing.rolling.stage import Boundaries

    class Guarded(Passing, KubeCluster):
        """The real adapter."""

    cluster = Guarded.at(url, token)
    with connection.override(cluster):
        row = Rollout.objects.first()
        if row is None:
            restored(cluster)
        played = OnCluster(User.objects.get(), cluster, row=row)
        if row is not None:
            # The clocks of two processes have nothing to do with each other.
            played.stage.passes(5000.0)
            played.mesh.counters[1000.0] = played.mesh.counters[played.mesh.time]
        counted = played.boundaries = Boundaries(dies_at, kill)
        seen = played.goes(STORIES[story], LOOKS)
        told = played.row.events.filter(kind="write", code__in=("done", "found")).order_by("pk")
        ended = {
            "status": played.state.status,
            "weight": played.weight,
            "why": played.state.why and played.state.why.code,
            "intents": [each.data["intent"] for each in told],
            "rules": [each.data["weight"] for each in told],
            "seen": sorted(set(seen)),
            "passed": counted.passed,
        }
    Path(settings.DATABASES["default"]["NAME"]).with_suffix(".ended").write_text(json.dumps(ended))


def kill(_where):
    os.kill(os.getpid(), signal.SIGKILL)


def restored(cluster):
    """All requests go to v1, and nothing is left of a rollout before."""
    from tests.routing.stage import REVIEWS, REVIEWS_SUBSETS, destination_rule, route, virtual_service

    for ref, wanted in (
        (REVIEWS, virtual_service("reviews", [{"route": route(("v1", 100))}])),
        (REVIEWS_SUBSETS, destination_rule("reviews", ["v1"])),
    ):
        found = cluster.get(ref)
        cluster.replace({**found, "spec": wanted["spec"]})


def healthy(_played):
    """Nothing happens."""


def harmful(played):
    played.mesh.canary_bad = 0.3 if played.weight else 0.001


STORIES = {"healthy": healthy, "harmful": harmful}

if __name__ == "__main__":
    main(*sys.argv[1:])
