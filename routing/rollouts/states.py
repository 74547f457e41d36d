"""What a rollout remembers between two looks; it can be written down and read again. Pure.

An intent is here before it is done. So whoever reads a state after a crash knows what may have been done, and
finds out by what stands in the cluster.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

import msgspec

from routing.rollouts.judge import Evidence

Status: TypeAlias = Literal[
    "planned", "running", "paused", "held", "promoted", "rolled_back", "aborted", "gone"
]
Kind: TypeAlias = Literal["advance", "back", "set", "rollback", "promote", "restore"]

ENDED: Final = frozenset({"promoted", "rolled_back", "aborted", "gone"})
BACKWARD: Final = frozenset({"rollback", "restore"})
"""The intents that take the canary out of the traffic."""
MOST_POINTS: Final = 100


@dataclass(frozen=True, slots=True)
class Rule:
    """What steers the service: the canary's weight in percent (-1: no weights stand), whether it gets copies,
    and whether requests with the strategy's header or cookie go to it.
    """

    weight: int = 0
    mirror: bool = False
    match: bool = False

    @property
    def feeds(self) -> bool:
        """Whether the canary gets requests that are answered."""
        return self.weight > 0 or self.match


@dataclass(frozen=True, slots=True)
class Intent:
    """A write that is to be done once. `step`: where the rollout stands after it; `end`: the status that it
    ends with, or empty.
    """

    id: int
    kind: Kind
    rule: Rule
    step: int
    end: str = ""


@dataclass(frozen=True, slots=True)
class Why:
    """Why a rollout stands still: a code that programs know, and words for people."""

    code: str
    words: str


@dataclass(frozen=True, slots=True)
class Clock:
    """The clock of a step. `counted`: seconds under watch since the share was first `verified`. `reading` is
    monotonic, and means something within one `process` only. `quiet`: seconds since the last request.
    """

    verified: bool = False
    counted: float = 0.0
    reading: float = 0.0
    process: str = ""
    requests: float = 0.0
    quiet: float = 0.0


@dataclass(frozen=True, slots=True)
class Figure:
    """What a query answered: the last value (None: nothing usable), how often out of bounds in a row."""

    value: float | None = None
    out: int = 0
    looks: int = 0


@dataclass(frozen=True, slots=True)
class Point:
    """The evidence at a moment (`at` in epoch seconds), in natural logarithms, and the canary's requests."""

    at: float
    requests: float
    harm: float
    no_worse: float


@dataclass(frozen=True, slots=True)
class Trail:
    """The evidence over time: every `every`-th look, thinned out so that there are at most MOST_POINTS."""

    every: int = 1
    looks: int = 0
    points: tuple[Point, ...] = ()

    def added(self, point: Point) -> "Trail":
        """The trail with one more look."""
        points = (*self.points, point) if self.looks % self.every == 0 else self.points
        if len(points) <= MOST_POINTS:
            return Trail(self.every, self.looks + 1, points)
        return Trail(self.every * 2, self.looks + 1, points[::2])


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody was asked at a stage and has not answered yet."""

    id: int
    stage: str


@dataclass(frozen=True, slots=True)
class State:
    """`step`: -1 before the first. `wanted`: what is to stand; `confirmed`: what stood when last looked at or
    written (None: never seen); `written`: the intent that brought it. `numbers`: how many intents and
    questions had one. `doubted`: what intents before the pending one may have brought, of which nobody saw
    whether they did. `approved`: the step that a person let end. `passed`: the stages whose gates opened for
    the next move. `cursor`: up to where the source was counted, in its time. `finishing`: a person asked to
    promote. `harmed`: the guards that found harm.
    """

    status: Status = "planned"
    step: int = -1
    wanted: Rule = Rule()
    confirmed: Rule | None = None
    written: int = 0
    clock: Clock = Clock()
    evidence: Mapping[str, Evidence] = field(default_factory=dict)
    trails: Mapping[str, Trail] = field(default_factory=dict)
    figures: Mapping[str, Figure] = field(default_factory=dict)
    why: Why | None = None
    epoch: int = 0
    numbers: int = 0
    intent: Intent | None = None
    doubted: tuple[Rule, ...] = ()
    gate: Asked | None = None
    approved: int = -1
    passed: tuple[str, ...] = ()
    cursor: float = -1.0
    finishing: bool = False
    harmed: tuple[str, ...] = ()

    @property
    def ended(self) -> bool:
        """Whether nothing more comes."""
        return self.status in ENDED

    @property
    def begun(self) -> bool:
        """Whether anything was, or may have been, written."""
        return self.written > 0 or self.intent is not None

    @property
    def backward(self) -> bool:
        """Whether the canary is being taken out of the traffic."""
        return self.intent is not None and self.intent.kind in BACKWARD


def to_json(state: State) -> dict[str, Any]:
    """The state as plain JSON."""
    # As dataclasses.asdict does, in a fifteenth of the time: it is asked for at every look of every rollout.
    found: dict[str, Any] = msgspec.to_builtins(state)
    return found


def from_json(body: Mapping[str, Any]) -> State:
    """The state that `to_json` wrote. Raises KeyError, TypeError for anything else."""
    found = dict(body)
    for name, cls in (("clock", Clock), ("why", Why), ("intent", Intent), ("gate", Asked)):
        found[name] = cls(**found[name]) if found[name] is not None else None
    if found["intent"] is not None:
        found["intent"] = Intent(**{**body["intent"], "rule": Rule(**body["intent"]["rule"])})
    found["wanted"] = Rule(**body["wanted"])
    found["confirmed"] = None if body["confirmed"] is None else Rule(**body["confirmed"])
    found["evidence"] = {name: _evidence(each) for name, each in body["evidence"].items()}
    found["trails"] = {name: _trail(each) for name, each in body["trails"].items()}
    found["figures"] = {name: Figure(**each) for name, each in body["figures"].items()}
    found["doubted"] = tuple(Rule(**each) for each in body["doubted"])
    found["harmed"], found["passed"] = tuple(body["harmed"]), tuple(body["passed"])
    return State(**found)


def _evidence(body: Mapping[str, Any]) -> Evidence:
    lists = {name: tuple(body[name]) for name in ("harm", "no_worse", "tolerable")}
    return Evidence(**{**body, **lists})


def _trail(body: Mapping[str, Any]) -> Trail:
    return Trail(**{**body, "points": tuple(Point(**each) for each in body["points"])})
