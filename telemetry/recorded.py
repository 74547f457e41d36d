"""What the recorder remembers, as the port has it. Unpacking is done in a thread: nobody waits for it."""

import asyncio

from telemetry.past import Reach
from telemetry.recorder import Recorder, Reporting
from telemetry.samples import Samples
from telemetry.subjects import Subject


class RecordedPast:
    """See telemetry.past.Past. `reporting` says which reports of a reading are believed."""

    def __init__(self, recorder: Recorder, reporting: Reporting) -> None:
        self._recorder = recorder
        self._reporting = reporting

    def record(self, samples: Samples) -> None:
        """Keeps a reading, if it is time for one."""
        self._recorder.record(samples, self._reporting(samples))

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
        return await asyncio.to_thread(
            self._recorder.between, subject, since, until, step_seconds, self._reporting
        )
