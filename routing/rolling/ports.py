"""What the engine needs of the world, so that it can be driven through any of its failures.

The real ones: `mesh.worlds` and `mesh.writer` (the cluster), `mesh.looking` (the traffic), `hooks.gates`
(other people's services). All may be called from any thread, end within seconds, and raise nothing but what
they say here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from routing.models import Rollout
from routing.rollouts.inputs import Ask, Now, Observed, World, Write
from routing.rollouts.spec import Spec
from routing.rollouts.states import State

WriteResult = Literal["done", "refused", "unknown"]


@dataclass(frozen=True, slots=True)
class Driven:
    """A rollout as the engine has it in hand."""

    row: Rollout
    spec: Spec
    state: State


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a write, as `routing.rollouts.inputs.Written` has it; `change`: its record, if any."""

    result: WriteResult
    words: str = ""
    change: int | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """What the pages show of a look, besides the evidence: shares and ratios from 0 to 1, rates in requests
    per second; None where nothing is known. `share`: the verification in full, as plain JSON.
    """

    configured: float | None = None
    observed: float | None = None
    baseline_rate: float | None = None
    canary_rate: float | None = None
    baseline_bad: float | None = None
    canary_bad: float | None = None
    baseline_slow: float | None = None
    canary_slow: float | None = None
    share: Mapping[str, Any] = field(default_factory=dict)


class Worlds(Protocol):
    """Reads the cluster."""

    def world(self, driven: Driven) -> World:
        """What is known now. A cluster that does not answer is `standing=None`; nothing is raised."""


class Writer(Protocol):
    """Writes to the cluster, as a plan of the routing app."""

    def write(self, driven: Driven, write: Write) -> Done:
        """Has a rule stand, if what stands is still what `driven.state.confirmed` says. Raises nothing.

        The epoch (`driven.state.epoch`) is asked for after what stands was read, and the write is conditional
        on that reading: what was confirmed may stand again long after another leader's epoch began.

        The way back (rollback, restore) goes with the console's own rights, everything else with those of
        who started the rollout.
        """

    def fence(self, driven: Driven) -> bool:
        """Changes the resource version of what steers the service, so that a write that is still under way
        (of a leader that was stopped, or unanswered) is refused when it arrives. Raises nothing.

        What stands is looked at after this. Whether it was done, or there is nothing that could be changed;
        False: nobody knows. It goes with the console's own rights.
        """


class Watcher(Protocol):
    """Looks at the traffic."""

    def look(self, driven: Driven, world: World, now: Now, epoch: int) -> tuple[Observed, Sample]:
        """Everything since `driven.state.cursor`. A source that is away is `source=False`. Raises nothing."""

    def reading(self, cluster: str) -> float | None:
        """Up to when the source of a cluster has counted, in seconds since the epoch; None: it does not."""


class Asker(Protocol):
    """Asks other people's services."""

    def ask(self, driven: Driven, ask: Ask) -> tuple[bool, str]:
        """Whether all gates of a stage opened, and if not which and why. Raises nothing."""
