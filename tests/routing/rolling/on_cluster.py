"""An engine with the real parts that read and write a cluster (the fake one in memory), on made-up traffic.

Boundaries are before each statement that writes to the database, and before and after each write to the
cluster: of the engine, and of the plan that it applies.
"""

from contextlib import contextmanager
from dataclasses import replace

from django.db import connection as database

from cluster import connection
from cluster.errors import Unavailable
from cluster.fake import FakeCluster
from routing import live
from routing.models import Rollout
from routing.rolling import commands, records
from routing.rolling.leader import leading as leaders
from routing.rolling.leader.engine import Engine
from routing.rolling.leader.leading import Leading
from routing.rolling.leader.workers import Inline
from routing.rolling.mesh import pictures
from routing.rolling.mesh.worlds import Worlds
from routing.rolling.mesh.writer import Writer
from routing.rolling.ports import Sample
from routing.rollouts.spec import Step
from routing.rollouts.states import Rule
from tests.routing.rolling.stage import Boundaries, Killed, Stage, started
from tests.routing.rollouts.specs import spec
from tests.routing.stage import REVIEWS, bookinfo, destination_rule, route, virtual_service, weights

STEPS = (Step(25, 20), Step(100, 10))


def reviews(steps=STEPS, **more):
    return replace(
        spec(steps, **more), namespace="bookinfo", service="reviews", baseline="v1", canary="v3"
    )  # fmt: skip


class Passing:
    """Of a cluster: a boundary before and after each write. `away`: it does not answer."""

    boundaries = Boundaries()
    away = False

    def get(self, ref):
        self._answers()
        return super().get(ref)

    def list(self, *args, **more):
        self._answers()
        return super().list(*args, **more)

    def page(self, *args, **more):
        self._answers()
        return super().page(*args, **more)

    def may(self, *args):
        self._answers()
        return super().may(*args)

    def _answers(self):
        if self.away:
            raise Unavailable("The API server is away.")

    def create(self, manifest, *, dry_run=False):
        return self._passing(super().create, manifest, dry_run)

    def replace(self, manifest, *, dry_run=False):
        return self._passing(super().replace, manifest, dry_run)

    def _passing(self, write, manifest, dry_run):
        self._answers()
        if not dry_run:
            self.boundaries.passing("to the cluster")
        answer = write(manifest, dry_run=dry_run)
        if not dry_run:
            self.boundaries.passing("in the cluster")
        return answer


class Guarded(Passing, FakeCluster):
    """The cluster in memory."""


@contextmanager
def bookinfo_cluster():
    """Reviews at v1, with a foreign route before it and a foreign subset."""
    own = {"match": [{"headers": {"x-mine": {"exact": "yes"}}}], "route": route(("v2", 100))}
    staged = bookinfo()
    cluster = Guarded()
    cluster._state = staged._state
    cluster.put(virtual_service("reviews", [own, {"route": route(("v1", 100)), "timeout": "7s"}]))
    cluster.put(destination_rule("reviews", ["v1", "v2"]))
    with connection.override(cluster):
        yield cluster


class OnCluster:
    """One rollout of reviews, and whoever drives it. A process that dies is followed by another."""

    def __init__(self, olga, cluster, wanted=None, row=None):
        self.spec, self.cluster, self.olga = wanted or reviews(), cluster, olga
        self.stage = Stage(self.spec)
        self.mesh = self.stage.meshes["reviews"]
        self.row = row or started(self.stage, olga, self.spec)
        self.boundaries = Boundaries()
        self.engine, self.deaths = self.process(), 0

    def process(self):
        leading = Leading(
            monotonic=lambda: self.stage.time,
            is_gone=lambda holder: holder in self.stage.dead or leaders.gone(holder),
        )
        return Engine(
            Worlds(), Writer(leading.still), self, self,
            leading=leading, workers=Inline(), wall=self.stage.wall, monotonic=lambda: self.stage.time,
        )  # fmt: skip

    def look(self, driven, world, now, epoch):
        seen = self.mesh.observed(driven.state, now.process)
        return replace(seen, now=now, epoch=epoch, world=world), Sample()

    def reading(self, cluster):
        return self.stage.time

    def ask(self, driven, ask):
        return True, ""

    @property
    def fresh(self):
        return Rollout.objects.get(pk=self.row.pk)

    @property
    def state(self):
        return records.driven(self.fresh).state

    @property
    def weight(self):
        """Of the canary, in the cluster."""
        with self.answering():
            return weights(self.cluster).get("v3", 0)

    @contextmanager
    def answering(self):
        """The cluster tells a test what stands, though it may answer nobody else."""
        away, self.cluster.away = self.cluster.away, False
        try:
            yield
        finally:
            self.cluster.away = away

    def looks(self, seconds=10.0):
        self.tick()
        self.mesh.cluster.rule = Rule(self.weight)
        self.stage.passes(seconds)

    def tick(self):
        # What was read, or could not be, is shared by who asks within a second; here none passes by itself.
        pictures.forget()
        self.cluster.boundaries = self.boundaries
        try:
            with database.execute_wrapper(self.boundaries.query):
                self.engine.tick()
        except Killed:
            self.deaths += 1
            self.boundaries = Boundaries()
            self.follows()
            self.tick()

    def follows(self):
        """The process is gone, and another one is there."""
        self.stage.dead.add(self.engine.leading.holder)
        self.engine = self.process()

    def command(self, name, weight=None, key=""):
        return commands.send(self.row, name, self.olga, weight=weight, key=key, now=self.stage.now())

    def goes(self, story=lambda _: None, looks=14):
        seen = []
        for _ in range(looks):
            story(self)
            self.looks()
            seen.append(self.weight)
            if self.state.ended:
                break
        self.engine.leading.release()
        return seen

    def virtual_service(self):
        """What stands, but for the weights."""
        with self.answering():
            http = live.get(self.cluster, REVIEWS)["spec"]["http"]
        return [{key: value for key, value in each.items() if key != "route"} for each in http]
