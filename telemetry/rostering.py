"""Keeps a cluster's roster up to date, out of its watch cache.

In a task and threads of its own: a cache that does not run asks the cluster, and thousands of services take
a while to go through. Everybody else reads what is known already.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from cluster.cache import Cache
from cluster.errors import ClusterError
from cluster.kinds import Kind
from telemetry import roster
from telemetry.roster import NOBODY, Roster

_log = logging.getLogger(__name__)
LOOK_SECONDS = 5.0
"""How often changes are looked for: in a cluster where something always changes, the roster is made so often
at most.
"""


class Rosters:
    """The roster of one cluster. `cache` gives its watch cache, or raises ClusterError while it is away."""

    def __init__(
        self,
        cache: Callable[[], Cache],
        *,
        look_seconds: float = LOOK_SECONDS,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._cache = cache
        self._look_seconds = look_seconds
        self._sleep = sleep
        self._made_of: dict[Kind, tuple[Any, ...]] = {}
        self._roster = NOBODY

    def current(self) -> Roster:
        """The last one that was made; nobody before the first."""
        return self._roster

    async def run(self) -> None:
        """Looks until it is cancelled. Whatever goes wrong, what is known stays."""
        while True:
            try:
                await asyncio.to_thread(self.look)
            except Exception:  # noqa: BLE001  the edge of the loop: the next look is due, whatever it was
                _log.exception("The list of what runs could not be made")
            await self._sleep(self._look_seconds)

    def look(self) -> None:
        """Makes the roster again if something has changed. May wait for the cluster."""
        try:
            known = {kind: self._cache().read(kind) for kind in roster.KINDS}
        except ClusterError as error:
            _log.debug("The list of what runs is not brought up to date: %s", error.message)
            return
        items = {
            kind: each.items
            if each.age_seconds is not None or not each.served
            else self._made_of.get(kind, ())
            for kind, each in known.items()
        }
        # The cache answers with the same tuples until something changes.
        if self._made_of and all(items[kind] is self._made_of[kind] for kind in items):
            return
        self._roster = roster.of(items)
        self._made_of = items
