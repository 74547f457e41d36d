"""What the state machine of a rollout hears, and what it wants done. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from routing.rollouts.judge import Look
from routing.rollouts.states import Kind, Rule

Presence: TypeAlias = Literal["ready", "not_ready", "gone", "unknown"]
Share: TypeAlias = Literal["as_intended", "differs", "not_yet_known", "not_measured"]
COMMANDS: Final = ("pause", "resume", "step_back", "set_weight", "promote", "abort", "retry")


class StaleEpochError(Exception):
    """Another leader took over (or this one has not read the state since it did): nothing may be done."""


class RefusedError(Exception):
    """A command that makes no sense now; the message says why, and what would."""


@dataclass(frozen=True, slots=True)
class Now:
    """`wall` in epoch seconds, for the record only. `monotonic` in seconds never goes back within one
    `process`, and is not compared between two.
    """

    wall: float
    monotonic: float
    process: str


@dataclass(frozen=True, slots=True)
class World:
    """What is known of the cluster now. `standing`: what steers the service (None: not known, the API is
    away). `foreign`: in words, what somebody else changed of what the rollout owns since its last write.
    `may`: whether who started it still may (None: not known).
    """

    standing: Rule | None = None
    baseline: Presence = "unknown"
    canary: Presence = "unknown"
    namespace_gone: bool = False
    foreign: str = ""
    may: bool | None = None


@dataclass(frozen=True, slots=True)
class Observed:
    """A look. `looks` by judged guard, `values` by queried guard (None: none, many or not a number),
    `requests` of the canary: all since the last cursor, up to `cursor`. `source`: whether there is anything
    to look at. `injected`: an experiment injected faults meanwhile. `share` is of the rule that the intent
    `share_of` wrote.
    """

    now: Now
    epoch: int
    world: World
    cursor: float
    source: bool = True
    looks: Mapping[str, Look] = field(default_factory=dict)
    values: Mapping[str, float | None] = field(default_factory=dict)
    requests: float = 0.0
    injected: bool = False
    share: Share = "not_yet_known"
    share_of: int = 0


@dataclass(frozen=True, slots=True)
class Command:
    """What a person wants; `weight` in percent for set_weight only."""

    name: str
    now: Now
    epoch: int
    by: str = ""
    weight: int | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a write. done; refused: surely nothing was written; unknown: no answer came."""

    intent: int
    result: Literal["done", "refused", "unknown"]
    now: Now
    epoch: int
    words: str = ""


@dataclass(frozen=True, slots=True)
class Answered:
    """What the gates of a stage said: all passed, or one refused or did not answer in time."""

    id: int
    passed: bool
    now: Now
    epoch: int
    words: str = ""


Input: TypeAlias = Observed | Command | Written | Answered


@dataclass(frozen=True, slots=True)
class Write:
    """Have this rule stand. A rollback or restore writes on objects that are there, and never makes one."""

    intent: int
    kind: Kind
    rule: Rule


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask the gates of a stage; the answer comes as Answered with this id."""

    id: int
    stage: str


@dataclass(frozen=True, slots=True)
class Notify:
    """Tell people: the new status, or what it stands still for."""

    event: str
    words: str


@dataclass(frozen=True, slots=True)
class Record:
    """Keep an evidence card."""

    card: Mapping[str, Any]


Action: TypeAlias = Write | Ask | Notify | Record
