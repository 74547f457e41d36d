"""What the engine has done beside, in threads: looks, writes and questions. Their answers come to a queue.

Nothing here changes a row or the engine's memory; before a write it is asked whether the epoch still counts.
"""

import queue
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from routing.rolling.leader.leading import Leading
from routing.rolling.leader.workers import Job
from routing.rolling.ports import Asker, Done, Driven, Sample, Watcher, Worlds, Writer
from routing.rollouts.inputs import Ask, Now, Observed, World, Write
from routing.rollouts.states import BACKWARD

_NO_LEASE: Final = "This console does not hold the Lease; it is tried again."
_NOT_FENCED: Final = "Nobody knows whether an earlier write may still arrive; it is tried again."


@dataclass(frozen=True, slots=True)
class Begun:
    """What a leader sees first. `fenced`: no write of an earlier leader can arrive any more. `reading`: as
    `Watcher.reading`, when it matters.
    """

    world: World
    fenced: bool
    reading: float | None


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look brought."""

    observed: Observed
    sample: Sample
    begun: Begun


@dataclass(frozen=True, slots=True)
class Wrote:
    """What became of a write."""

    write: Write
    done: Done
    reading: float | None


@dataclass(frozen=True, slots=True)
class Heard:
    """What somebody answered."""

    ask: Ask
    passed: bool
    words: str


Result: TypeAlias = Begun | Looked | Wrote | Heard | Exception | None


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of a job about a rollout whose state had this number; None: the epoch is over."""

    rollout: int
    number: int
    kind: str
    result: Result


class Jobs:
    """Makes the jobs. `heard` is called after each answer."""

    def __init__(
        self,
        parts: tuple[Worlds, Writer, Watcher, Asker],
        leading: Leading,
        now: Callable[[], Now],
        heard: Callable[[], None],
    ) -> None:
        self._worlds, self._writer, self._watcher, self._asker = parts
        self._leading, self._now, self._heard = leading, now, heard
        self.answers: queue.SimpleQueue[Answer] = queue.SimpleQueue()

    def begin(self, driven: Driven, epoch: int, number: int) -> Job:
        """Sees what stands, after no earlier write can arrive any more."""
        return self._job(driven, number, "begin", lambda: self._begun(driven, epoch, fences=True))

    def look(self, driven: Driven, epoch: int, number: int, *, fences: bool) -> Job:
        """Looks at the cluster and the traffic. `fences`: a write is in doubt."""
        return self._job(driven, number, "look", lambda: self._looked(driven, epoch, fences=fences))

    def write(self, driven: Driven, write: Write, epoch: int, number: int, *, fences: bool) -> Job:
        """Writes, if the epoch still counts. `fences`: an earlier write is in doubt."""
        return self._job(driven, number, "write", lambda: self._wrote(driven, write, epoch, fences=fences))

    def ask(self, driven: Driven, ask: Ask, number: int) -> Job:
        """Asks the gates."""
        return self._job(driven, number, "ask", lambda: Heard(ask, *self._asker.ask(driven, ask)))

    def _job(self, driven: Driven, number: int, kind: str, do: Callable[[], Result]) -> Job:
        def job() -> None:
            result: Result = None
            try:
                result = do()
            except Exception as error:
                result = error
                raise
            finally:
                self.answers.put(Answer(driven.row.pk, number, kind, result))
                self._heard()

        return job

    def _begun(self, driven: Driven, epoch: int, *, fences: bool) -> Begun | None:
        pending, fenced = driven.state.intent is not None, True
        if pending and fences:
            if not self._leading.still(epoch):
                return None
            fenced = self._writer.fence(driven)
        world = self._worlds.world(driven)
        if not fenced or not (self._leading.goes_forward or driven.state.backward):
            # Where nobody may write forward, nobody knows what stands: the machine holds.
            world = replace(world, standing=None)
        reading = self._watcher.reading(driven.row.cluster) if pending else None
        return Begun(world, fenced, reading)

    def _looked(self, driven: Driven, epoch: int, *, fences: bool) -> Looked | None:
        begun = self._begun(driven, epoch, fences=fences)
        if begun is None:
            return None
        observed, sample = self._watcher.look(driven, begun.world, self._now(), epoch)
        return Looked(observed, sample, begun)

    def _wrote(self, driven: Driven, write: Write, epoch: int, *, fences: bool) -> Wrote | None:
        if not self._leading.still(epoch):
            return None
        if write.kind not in BACKWARD and not self._leading.goes_forward:
            return Wrote(write, Done("refused", _NO_LEASE), None)
        if fences and not self._writer.fence(driven):
            return Wrote(write, Done("refused", _NOT_FENCED), None)
        done = self._writer.write(driven, write)
        return Wrote(write, done, self._watcher.reading(driven.row.cluster))
