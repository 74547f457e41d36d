"""Asks a source that counts nothing by itself for what rollouts watch, tick by tick, for all of them at once.

Looks are then answered from memory, however many rollouts look, and whether or not the source answers.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Final

from telemetry.counting import Ledger
from telemetry.source import SourceUnavailable, Watched, Watching

_TICKS_OF_PATIENCE: Final = 3
_LEAST_PATIENCE_SECONDS: Final = 10.0
_log = logging.getLogger(__name__)


class Attending:
    """Feeds a ledger. `clock` is monotonic, in seconds; `timeout_seconds`: how long one question may take."""

    def __init__(
        self,
        source: Watching,
        ledger: Ledger,
        *,
        tick_seconds: float,
        timeout_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._ledger = ledger
        self._tick = tick_seconds
        self._timeout = timeout_seconds
        self._clock = clock
        self._answered_at = clock()

    def is_current(self) -> bool:
        """Whether what is watched is of now: it was asked for lately, and answered."""
        patience = max(_LEAST_PATIENCE_SECONDS, _TICKS_OF_PATIENCE * self._tick)
        return self._clock() - self._answered_at <= patience

    async def run(self) -> None:
        """Asks until it is cancelled."""
        while True:
            await asyncio.sleep(self._tick)
            try:
                async with asyncio.timeout(self._timeout):
                    await self.once()
            except (SourceUnavailable, TimeoutError) as error:
                _log.info("What rollouts watch is not answered: %s", error)
            except Exception:  # noqa: BLE001  the edge of the loop: the next tick is due, whatever it was
                _log.exception("What rollouts watch could not be counted")

    async def once(self) -> None:
        """Asks once; nothing where nobody watches. Raises SourceUnavailable."""
        watches = dict(self._ledger.watched)
        wanted = {where: Watched(watch.resumes_at, watch.objective_ms) for where, watch in watches.items()}
        samples = await self._source.watched(wanted)
        for where, each in wanted.items():
            watches[where].begins(each.since)
        if samples is not None:
            self._ledger.add(samples)
        self._answered_at = self._clock()
