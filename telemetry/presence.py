"""Remembers who called whom, so that an edge without requests fades instead of vanishing at once.

Works on samples, so that it serves every source. Pure: the time is passed in.
"""

import msgspec

from telemetry.reporting import moves
from telemetry.samples import EdgeLabels, Idle, Samples


class Presence:
    """The labels that carried traffic during the last `keep_seconds`."""

    def __init__(self, keep_seconds: float = 300.0) -> None:
        self._keep = keep_seconds
        self._seen: dict[EdgeLabels, float] = {}

    def mark(self, samples: Samples, now: float) -> Samples:
        """The samples with `idle` filled: labels without traffic in the window, and for how long."""
        active = {rate.labels for rate in samples.requests if rate.requests_per_second > 0}
        active.update(volume.labels for volume in samples.volumes if moves(volume))
        self._seen.update(dict.fromkeys(active, now))
        self._seen = {labels: at for labels, at in self._seen.items() if now - at <= self._keep}
        idle = tuple(Idle(labels, now - at) for labels, at in self._seen.items() if labels not in active)
        return msgspec.structs.replace(samples, idle=idle)
