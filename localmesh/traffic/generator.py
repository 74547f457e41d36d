"""The open loop itself: when to send, what to send, and what came back. Time and chance are injected."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

import aiohttp

DEFAULT_REQUESTS_PER_SECOND = 20.0
_IN_FLIGHT_LIMIT = 400
_TIMEOUT = aiohttp.ClientTimeout(total=20)
# A tenth of the people are signed in, so that rules for one user have something to act on.
_SIGNED_IN_RATIO = 0.1
_SIGNED_IN = {"end-user": "jason"}
# Further behind than this, arrivals are skipped instead of sent in a burst.
_CATCH_UP_SECONDS = 1.0
_log = logging.getLogger(__name__)


class Generator:
    """Sends GET requests to its targets in turn; `requests_per_second` is the sum over all of them."""

    def __init__(self, rng: random.Random | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.requests_per_second = DEFAULT_REQUESTS_PER_SECOND
        self.targets: tuple[str, ...] = ()
        self._rng = rng or random.Random()
        self._clock = clock
        self._changed = asyncio.Event()
        self._turn = count()
        self._sending: set[asyncio.Task[None]] = set()
        self._answers: Counter[str] = Counter()

    def apply(self, wanted: Mapping[str, Any]) -> None:
        """Take over `requests_per_second` and `targets` (URLs). Raises ValueError, TypeError."""
        rate = float(wanted.get("requests_per_second", DEFAULT_REQUESTS_PER_SECOND))
        if not 0 <= rate < float("inf"):
            raise ValueError(f"requests_per_second {rate} out of range")
        self.targets = tuple(str(each) for each in wanted.get("targets", ()))
        self.requests_per_second = rate
        self._changed.set()

    def figures(self) -> dict[str, Any]:
        """What came back so far: answers by status code, `timeout`, `unreachable`, `dropped` at the limit."""
        return {
            "requests_per_second": self.requests_per_second,
            "targets": list(self.targets),
            "in_flight": len(self._sending),
            "answers": dict(self._answers),
        }

    async def run(self) -> None:
        """Send until cancelled."""
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=60)
        jar = aiohttp.DummyCookieJar()
        async with aiohttp.ClientSession(connector=connector, cookie_jar=jar, timeout=_TIMEOUT) as session:
            try:
                await self._loop(session)
            finally:
                for task in self._sending:
                    task.cancel()
                await asyncio.gather(*self._sending, return_exceptions=True)

    async def _loop(self, session: aiohttp.ClientSession) -> None:
        due = self._clock()
        while True:
            if not self.targets or self.requests_per_second <= 0:
                self._changed.clear()
                await self._changed.wait()
                due = self._clock()
                continue
            due = max(due, self._clock() - _CATCH_UP_SECONDS)
            due += self._rng.expovariate(self.requests_per_second)
            if await self._turned_before(due):
                due = self._clock()
                continue
            self._send(session)

    async def _turned_before(self, due: float) -> bool:
        """Wait until it is due; true when rate or targets were changed before."""
        self._changed.clear()
        delay = due - self._clock()
        if delay <= 0:
            return False
        try:
            async with asyncio.timeout(delay):
                await self._changed.wait()
        except TimeoutError:
            return False
        return True

    def _send(self, session: aiohttp.ClientSession) -> None:
        if len(self._sending) >= _IN_FLIGHT_LIMIT:
            self._answers["dropped"] += 1
            return
        url = self.targets[next(self._turn) % len(self.targets)]
        task = asyncio.create_task(self._request(session, url))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _request(self, session: aiohttp.ClientSession, url: str) -> None:
        headers = _SIGNED_IN if self._rng.random() < _SIGNED_IN_RATIO else None
        try:
            async with session.get(url, headers=headers) as answer:
                await answer.read()
                self._answers[str(answer.status)] += 1
        except TimeoutError:
            self._answers["timeout"] += 1
        except aiohttp.ClientError as error:
            self._answers["unreachable"] += 1
            _log.debug("%s: %s", url, error)
