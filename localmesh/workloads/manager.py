"""The controllers' loop: whenever anything in the store changed, everybody looks again."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping

from localmesh.apiserver import kinds
from localmesh.apiserver.errors import Gone
from localmesh.apiserver.store import Store

_log = logging.getLogger(__name__)
# Changes come in flocks (one apply, one rollout step): one pass for all of them.
_GATHER_SECONDS = 0.02
# Some things come due without a change: minReadySeconds, a rollout's deadline.
_IDLE_SECONDS = 2.0
Reconcile = Callable[[], None]


class Manager:
    """Runs named, synchronous reconcile passes on the event loop until cancelled."""

    def __init__(self, store: Store, passes: Mapping[str, Reconcile]) -> None:
        self._store = store
        self._passes = dict(passes)
        self._changed = asyncio.Event()

    async def run(self) -> None:
        """Reconcile now, after every change and at least every two seconds."""
        follower = asyncio.create_task(self._follow())
        try:
            while True:
                self._changed.clear()
                self._pass()
                try:
                    async with asyncio.timeout(_IDLE_SECONDS):
                        await self._changed.wait()
                except TimeoutError:
                    continue
                await asyncio.sleep(_GATHER_SECONDS)
        finally:
            follower.cancel()

    def _pass(self) -> None:
        for name, reconcile in self._passes.items():
            try:
                reconcile()
            except Exception:  # noqa: BLE001  the loop's edge: the next pass looks again
                _log.exception("controller %s", name)

    async def _follow(self) -> None:
        while True:
            with contextlib.suppress(Gone), self._store.watch() as watch:
                async for event in watch:
                    if event.resource is not kinds.EVENTS:
                        self._changed.set()
                return
            self._changed.set()
