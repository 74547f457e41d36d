"""Written stand-ins behind the ports of telemetry."""

import asyncio
from collections import deque

from telemetry.samples import Samples
from telemetry.shortfall import Shortfall
from telemetry.source import SourceUnavailable
from telemetry.targets import Target


class FakeSource:
    """A source whose answers are told: samples, an exception, or None to hang until cancelled."""

    name = "fake"

    def __init__(self, *answers: Samples | Exception | None) -> None:
        self.answers = deque(answers)
        self.reads = 0
        self.closed = False
        self._asked = asyncio.Condition()

    async def asked(self, times: int) -> None:
        """Waits until read() was called so often."""
        async with asyncio.timeout(2), self._asked:
            await self._asked.wait_for(lambda: self.reads >= times)

    async def read(self) -> Samples:
        async with self._asked:
            self.reads += 1
            self._asked.notify_all()
        answer = self.answers.popleft() if self.answers else SourceUnavailable("Nothing is left to say.")
        if answer is None:
            await asyncio.Event().wait()
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def close(self) -> None:
        self.closed = True


class FakeTargets:
    """A list of targets that is told."""

    def __init__(self, *targets: Target) -> None:
        self.targets = targets
        self.problem = Shortfall()

    async def current(self) -> tuple[Target, ...]:
        return self.targets


class Clock:
    """Time that passes only when it is told to, or when somebody sleeps."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)
