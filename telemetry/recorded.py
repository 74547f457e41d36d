"""What the recorder remembers, as the port has it. Unpacking is done in a thread: nobody waits for it."""

import asyncio

from telemetry.past import Reach
from telemetry.recorder import Recorder
from telemetry.samples import Samples
from telemetry.subjects import Subject


class RecordedPast:
    """See telemetry.past.Past."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    async def reach(self) -> Reach:
        """See telemetry.past.Past."""
        return self._recorder.reach()

    async def samples_at(self, moment: float) -> Samples:
        """See telemetry.past.Past."""
        return await asyncio.to_thread(self._recorder.at, moment)

    async def samples_between(
        self, subject: Subject, since: float, until: float, step_seconds: float
    ) -> tuple[Samples, ...]:
        """See telemetry.past.Past."""
        return await asyncio.to_thread(self._recorder.between, subject, since, until, step_seconds)
