"""The port to what was: how far one can look back, the mesh at a moment, and one node or edge over time.

A source with a memory of its own (Prometheus) is a Past itself; telemetry.recorder remembers for others.
Nothing here waits for a tick, and nothing that it answers is taken for new: every reading bears its time.
"""

from typing import NamedTuple, Protocol, runtime_checkable

from telemetry.samples import Samples
from telemetry.subjects import Subject

MAX_POINTS = 720


class NoHistory(Exception):  # noqa: N818  "no history" is the news
    """Nothing is kept of the time that was asked for; the message says, in plain words, what is."""


class Reach(NamedTuple):
    """Where one can travel: seconds since the epoch, None while nothing is kept yet.

    `step_seconds`: how far the kept readings are apart.
    """

    earliest: float | None
    latest: float | None
    step_seconds: float


@runtime_checkable
class Past(Protocol):
    """What was. Each call may raise telemetry.source.SourceUnavailable; cancelling it stops the work."""

    async def reach(self) -> Reach:
        """How far back, at this moment."""

    async def samples_at(self, moment: float) -> Samples:
        """The reading of the whole mesh that was the latest one at a moment (seconds since the epoch).

        Its `taken_at` says when it was taken. Raises NoHistory where none is kept.
        """

    async def samples_between(
        self, subject: Subject, since: float, until: float, step_seconds: float
    ) -> tuple[Samples, ...]:
        """The readings of one subject, oldest first: one for each step, the means over it, `taken_at` the
        moment of the last that it is made of. At most MAX_POINTS: steps are made longer for that, if need be.

        Everything in a reading belongs to the subject and counts, once: what reporters say twice is left out
        by who answers. Labels need not be told apart any more: one set (EdgeLabels()) may stand for all. A
        step of which nothing is known is missing; one without traffic is there and empty.
        Raises NoHistory where the whole range is out of reach.
        """
