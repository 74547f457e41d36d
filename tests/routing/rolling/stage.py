"""Engines on a stage: the real database and the real engine, in a made-up cluster and traffic.

Time passes when it is told to. Whoever has a boundary may die or sleep there: before each statement that
writes to the database, and before and after each call that leaves the process.
"""

from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count

from django.db import connection as database
from django.db.utils import OperationalError

from routing.models import Rollout
from routing.rolling import commands, records
from routing.rolling.leader.engine import Engine
from routing.rolling.leader.leading import Leading
from routing.rolling.leader.workers import Inline
from routing.rolling.ports import Done, Sample
from routing.rollouts.inputs import Write
from routing.rollouts.states import Rule
from tests.routing.rollouts.driving import Mesh
from tests.routing.rollouts.specs import spec as a_spec

CLUSTER = "default"
_numbers = count(1)


class Killed(BaseException):
    """Nothing catches it, as nothing catches kill -9."""


class Boundaries:
    """Counts what is passed; at the one with the number `at` something happens, once."""

    def __init__(self, at=0, deed=None):
        self.at, self.passed, self.deed = at, 0, deed

    def passing(self, where):
        self.passed += 1
        if self.passed == self.at:
            self.deed(where) if self.deed else self.die()

    @staticmethod
    def die():
        raise Killed

    @staticmethod
    def quiet():
        """Whether the database can be asked."""
        return True

    def query(self, execute, sql, params, many, context):
        if sql.split(" ", 1)[0] in {"INSERT", "UPDATE", "DELETE"}:
            self.passing(sql.split(" ", 2)[0])
        return execute(sql, params, many, context)


class Outage(Boundaries):
    """From a boundary on the database is away, until a minute has passed."""

    def __init__(self, stage, at):
        super().__init__(at, self.begins)
        self.stage, self.until = stage, 0.0

    def begins(self, _where):
        self.until = self.stage.time + 60.0

    def quiet(self):
        """Whether the database can be asked."""
        return self.stage.time >= self.until

    def query(self, execute, sql, params, many, context):
        if self.until == 0.0:
            super().query(lambda *_: None, sql, params, many, context)
        if self.stage.time < self.until:
            raise OperationalError("the database is away")
        return execute(sql, params, many, context)


class Late:
    """A write on its way: it arrives when it is told to."""

    def __init__(self, mesh, action, version):
        self.mesh, self.action, self.version = mesh, action, version

    def arrives(self):
        return self.mesh.cluster.write(self.action, self.version)


class Parts:
    """The four ports on the meshes of a stage, for one process."""

    def __init__(self, stage, boundaries):
        self.stage, self.boundaries = stage, boundaries
        self.still = lambda epoch: True

    def mesh(self, driven):
        return self.stage.meshes[driven.spec.service]

    def world(self, driven):
        return self.mesh(driven).cluster.world()

    def fence(self, driven):
        cluster = self.mesh(driven).cluster
        self.boundaries.passing("fence")
        if not cluster.away:
            cluster.version += 1
        self.boundaries.passing("fenced")
        return not cluster.away

    def write(self, driven, write: Write):
        mesh, state = self.mesh(driven), driven.state
        self.boundaries.passing("read")
        if mesh.cluster.away:
            return Done("unknown", "The API server is away.")
        if state.confirmed is not None and mesh.cluster.rule not in (state.confirmed, *state.doubted):
            return Done("refused", "Something else stands than was expected.")
        version = mesh.cluster.version
        self.boundaries.passing("ask for the epoch")
        # After what stands was read: else it may stand again, long after somebody else's epoch began.
        if not self.still(driven.state.epoch):
            return Done("refused", "The epoch is over.")
        self.boundaries.passing("write")
        if mesh.cluster.lost == "late":
            mesh.cluster.lost = ""
            self.stage.late.append(Late(mesh, write, version))
            return Done("unknown", "No answer.")
        mesh.cluster.lost = (self.stage.losses or {}).pop(write.rule.weight, mesh.cluster.lost)
        result = mesh.cluster.write(write, version)
        self.boundaries.passing("written")
        return Done(result, "" if result == "done" else f"It was {result}.")

    def look(self, driven, world, now, epoch):
        mesh = self.mesh(driven)
        seen = mesh.observed(driven.state, now.process)
        share = max(0, mesh.cluster.rule.weight) / 100
        sample = Sample(configured=share, observed=share, share={"verdict": "as_intended"})
        return replace(seen, now=now, epoch=epoch, world=world), sample

    def reading(self, cluster):
        return self.stage.time

    def ask(self, driven, ask):
        self.boundaries.passing("ask")
        opened = self.mesh(driven).gates
        self.boundaries.passing("asked")
        return opened, "" if opened else "It said no."


class Stage:
    """A world for engines. `shift`: how wrong the wall clock is, in seconds. `losses`: by the weight of a
    write, whether its answer is lost before or after it was done.
    """

    def __init__(self, *wanted, **more):
        self.meshes = {each.service: Mesh(each, **more) for each in wanted}
        self.time, self.shift = 1000.0, 0.0
        self.dead, self.late = set(), []
        self.losses = None

    def passes(self, seconds=10.0):
        for mesh in self.meshes.values():
            mesh.passes(seconds)
        self.time += seconds

    def wall(self):
        return 1_800_000_000.0 + self.time + self.shift

    def now(self):
        return datetime.fromtimestamp(self.wall(), UTC)

    def engine(self, boundaries=None):
        """Another process."""
        parts = Parts(self, boundaries or Boundaries())
        leading = Leading(f"process {next(_numbers)}", monotonic=self._clock, is_gone=self.dead.__contains__)
        parts.still = leading.still
        return Engine(
            parts, parts, parts, parts,
            leading=leading, workers=Inline(), wall=self.wall, monotonic=self._clock,
        )  # fmt: skip

    def _clock(self):
        return self.time


class Played:
    """One rollout on a stage, and whoever drives it. A process that dies is followed by another."""

    def __init__(self, olga, wanted=None, *, boundaries=None, stage=None, **more):
        self.spec = wanted or a_spec()
        self.olga = olga
        self.stage = stage or Stage(self.spec, **more)
        self.mesh = self.stage.meshes[self.spec.service]
        self.row = started(self.stage, olga, self.spec)
        self.deaths = 0
        self.driven_by(boundaries or Boundaries())

    def driven_by(self, boundaries):
        """The leader from now on passes these."""
        self.boundaries = boundaries
        self.engine = self.stage.engine(boundaries)

    @property
    def state(self):
        return records.driven(self.fresh).state

    @property
    def fresh(self):
        return Rollout.objects.get(pk=self.row.pk)

    def looks(self, times=1, seconds=10.0):
        for _ in range(times):
            self.tick()
            self.stage.passes(seconds)

    def tick(self):
        """One second of whoever leads; whoever dies in it is followed at once."""
        try:
            with database.execute_wrapper(self.boundaries.query):
                self.engine.tick()
        except Killed:
            self.deaths += 1
            self.dies()
            self.tick()

    def dies(self):
        """The process is gone; the next one has no boundary."""
        self.stage.dead.add(self.engine.leading.holder)
        self.engine = self.stage.engine()

    def command(self, name, weight=None, key=""):
        return commands.send(self.row, name, self.olga, weight=weight, key=key, now=self.stage.now())

    def goes(self, looks=40):
        """Look after look, until it ends or stands still for a person."""
        for _ in range(looks):
            self.looks()
            if self.state.ended or self.state.status == "paused":
                break
        return self.state


class Owner:
    """A person's cluster, as far as a rollout's row asks for it."""

    def __init__(self, name=CLUSTER):
        self.name = name


def started(stage, olga, wanted, cluster=CLUSTER, **more):
    return records.create(wanted, olga, Owner(cluster), "Service./shop", now=stage.now(), **more)


def summary(played):
    """How it ended, in the record and in the cluster."""
    row = played.fresh
    return row.status, row.step, row.why, row.weight, played.mesh.cluster.rule, row.occupies


def written(played):
    return [(kind, rule) for _, kind, rule in played.mesh.cluster.writes]


def assert_true(played, *weights):
    """The log tells of each write in the cluster, once and in order; the row says what its state says, and
    the weights were of a step or asked for.
    """
    row, cluster = played.fresh, played.mesh.cluster
    told = row.events.filter(kind="write", code__in=("done", "found")).order_by("pk")
    assert [each.data["intent"] for each in told] == [number for number, _, _ in cluster.writes]
    numbers = [number for number, _, _ in cluster.writes]
    assert len(set(numbers)) == len(numbers)
    state = played.state
    assert (row.status, row.step) == (state.status, state.step)
    assert (row.occupies is None) == state.ended == (row.finished_at is not None)
    assert set(cluster.stood) <= steps_of(played.spec) | {Rule(each) for each in weights}
    if state.ended:
        last = row.events.filter(kind="card").order_by("pk").last()
        assert (last.code, last.data["status"]) == (state.status, state.status)


def steps_of(wanted):
    return {Rule(0), Rule(100), *(Rule(step.weight) for step in wanted.steps)}


@contextmanager
def database_away():
    """Whoever asks the database gets no answer."""

    def refused(*_):
        raise OperationalError("the database is away")

    with database.execute_wrapper(refused):
        yield
