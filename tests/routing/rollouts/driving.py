"""A cluster, a database and a leader made up: to drive the machine of a rollout through whatever may happen.

The leader keeps to what `machine` asks of it. It dies at any boundary that it is told to.
"""

import json
from dataclasses import dataclass, field, replace

from routing.rollouts import machine, states
from routing.rollouts.inputs import (
    Answered,
    Ask,
    Command,
    Notify,
    Now,
    Observed,
    Record,
    StaleEpochError,
    World,
    Write,
    Written,
)
from routing.rollouts.judge import Look
from routing.rollouts.states import Rule, State

SECONDS = 10.0


class DiedError(Exception):
    """The process ended here."""


@dataclass
class Cluster:
    """What steers the service, and who wrote it; `lost` answers: after the write, or before it."""

    rule: Rule = field(default_factory=lambda: Rule(-1))
    version: int = 1
    writes: list[tuple[int, str, Rule]] = field(default_factory=list)
    stood: list[Rule] = field(default_factory=list)
    baseline: str = "ready"
    canary: str = "ready"
    namespace_gone: bool = False
    away: bool = False
    lost: str = ""
    may: bool | None = True

    def write(self, action: Write, version: int) -> str:
        lost, self.lost = self.lost, ""
        if self.away or version != self.version:
            return "unknown" if self.away else "refused"
        if lost == "before":
            return "unknown"
        self.edit(action.rule)
        self.writes.append((action.intent, action.kind, action.rule))
        self.stood.append(action.rule)
        return "unknown" if lost else "done"

    def edit(self, rule: Rule) -> None:
        """Somebody writes; who, the version does not tell."""
        self.rule = rule
        self.version += 1

    def world(self) -> World:
        if self.away:
            return World(may=self.may)
        return World(self.rule, self.baseline, self.canary, self.namespace_gone, may=self.may)


@dataclass
class Database:
    """The saved rollout: its state, and what was to be told and kept, saved with it."""

    text: str
    kept: list[dict] = field(default_factory=list)
    told: list[Notify] = field(default_factory=list)
    handled: set[int] = field(default_factory=set)

    @property
    def state(self) -> State:
        return states.from_json(json.loads(self.text))

    def save(self, state: State, actions, command: int = 0) -> None:
        if state.epoch < self.state.epoch:
            raise StaleEpochError("Another leader saved.")
        self.text = json.dumps(states.to_json(state), allow_nan=False)
        self.handled |= {command} - {0}
        self.kept += [
            json.loads(json.dumps(a.card, allow_nan=False)) for a in actions if isinstance(a, Record)
        ]
        self.told += [a for a in actions if isinstance(a, Notify)]


@dataclass
class Mesh:
    """Everything but the leader. `time` is in seconds; `shift` is how wrong the wall clock is."""

    spec: object
    cluster: Cluster = field(default_factory=Cluster)
    time: float = 1000.0
    shift: float = 0.0
    rate: float = 4000.0
    bad: float = 0.001
    canary_bad: float = 0.001
    slow: float = 0.0
    source: bool = True
    injected: bool = False
    share: str = "as_intended"
    values: dict = field(default_factory=dict)
    gates: bool = True
    counters: dict[float, tuple[float, ...]] = field(default_factory=lambda: {1000.0: (0.0, 0.0, 0.0, 0.0)})

    def __post_init__(self):
        self.database = Database(json.dumps(states.to_json(State())))

    def passes(self, seconds: float = SECONDS) -> None:
        """Time goes on, and with it the traffic."""
        b, b_bad, c, c_bad = self.counters[self.time]
        self.time += seconds
        part = max(0, self.cluster.rule.weight) / 100 + 0.1 * self.cluster.rule.match
        canary = self.rate * seconds * min(part, 1)
        baseline = self.rate * seconds - canary
        self.counters[self.time] = (
            b + baseline, b_bad + baseline * self.bad, c + canary, c_bad + canary * self.canary_bad
        )  # fmt: skip

    def now(self, process: str) -> Now:
        return Now(self.time + self.shift, self.time, process)

    def observed(self, state: State, process: str) -> Observed:
        since = self.counters.get(state.cursor, self.counters[1000.0])
        b, b_bad, c, c_bad = (now - then for now, then in zip(self.counters[self.time], since, strict=True))
        look = Look(b, min(b_bad, b), c, min(c_bad, c))
        return Observed(
            now=self.now(process),
            epoch=state.epoch,
            world=self.cluster.world(),
            cursor=self.time if self.source else -1.0,
            source=self.source,
            looks=dict.fromkeys(self.spec.judged, look) if self.source else {},
            values=self.values,
            requests=c if self.source else 0.0,
            injected=self.injected,
            share=self.share,
            share_of=state.written,
        )


class Leader:
    """One process that has the rollout. `dies_at`: the number of the boundary at which it ends (0: never)."""

    def __init__(self, mesh: Mesh, epoch: int, dies_at: int = 0) -> None:
        self.mesh, self.epoch, self.process = mesh, epoch, f"process {epoch}"
        self.dies_at, self.boundaries = dies_at, 0
        self.begun = False

    @property
    def state(self) -> State:
        return self.mesh.database.state

    def boundary(self) -> None:
        self.boundaries += 1
        if self.boundaries == self.dies_at:
            self.dies()

    def dies(self) -> None:
        raise DiedError

    def resumes(self) -> None:
        """Reads what was left, and finishes it."""
        world, version = self.mesh.cluster.world(), self.mesh.cluster.version
        mine = machine.resumed(
            self.state, self.mesh.spec, world, self.mesh.now(self.process), self.epoch
        )  # fmt: skip
        self.begun = True
        self.does(mine, version)

    def looks(self) -> None:
        if not self.begun:
            self.resumes()
        self.hears(self.mesh.observed(self.state, self.process))

    def commands(self, name: str, number: int = 0, **more) -> None:
        """Does what a person commanded, unless the command of this number was done before a crash."""
        if not self.begun:
            self.resumes()
        if number not in self.mesh.database.handled:
            self.hears(Command(name, self.mesh.now(self.process), self.epoch, by="ann", **more), number)

    def hears(self, heard, command: int = 0) -> None:
        version = self.mesh.cluster.version
        outcome = machine.step(self.state, self.mesh.spec, replace(heard, epoch=self.epoch))
        self.does(outcome, version, command)

    def does(self, outcome, version: int, command: int = 0) -> None:
        state, actions = outcome
        self.boundary()
        self.mesh.database.save(state, actions, command)
        self.boundary()
        for action in actions:
            if isinstance(action, Write):
                self.writes(action, version)
            elif isinstance(action, Ask):
                self.hears(
                    Answered(action.id, self.mesh.gates, self.mesh.now(self.process), self.epoch, "no")
                )

    def writes(self, action: Write, version: int) -> None:
        if self.state.epoch != self.epoch:
            raise StaleEpochError("Another leader has it.")
        self.boundary()
        result = self.mesh.cluster.write(action, version)
        self.boundary()
        self.hears(Written(action.intent, result, self.mesh.now(self.process), self.epoch))


def goes(mesh: Mesh, leader: Leader, looks: int = 60) -> State:
    """Look after look, until it ends or stands still for a person."""
    for _ in range(looks):
        leader.looks()
        if leader.state.ended or leader.state.status == "paused":
            break
        mesh.passes()
    return leader.state


def started(spec, **more) -> tuple[Mesh, Leader]:
    """A rollout whose first step was just written."""
    mesh = Mesh(spec, **more)
    leader = Leader(mesh, 1)
    leader.looks()
    return mesh, leader


def after(spec, looks: int, **more) -> tuple[Mesh, Leader]:
    """A rollout some looks after its start."""
    mesh, leader = started(spec, **more)
    for _ in range(looks):
        mesh.passes()
        leader.looks()
    return mesh, leader
