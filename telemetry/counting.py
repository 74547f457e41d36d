"""How many requests each version of a service got since a moment: what shares are tested with. Pure.

Rates over a window cannot be added up: one request stands in as many of them as the window has ticks. So
each reading brings the requests since the reading before, each exactly once, and they are kept here by when
their counting began. What was counted since a moment is what began after it; what spans it is left out.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from telemetry.samples import Samples, is_counted, is_error

KEPT_SECONDS = 3600.0
GRAIN_SECONDS = 5.0


class Counted(NamedTuple):
    """Who got requests of a service; `proxied`: whether their caller had a proxy of the mesh."""

    namespace: str
    service: str
    version: str
    version_namespace: str
    proxied: bool


class Tally(NamedTuple):
    """Requests, and how many of them failed."""

    requests: float
    errors: float


class Ledger:
    """The counts of the last hour, in steps of a few seconds."""

    def __init__(self, kept_seconds: float = KEPT_SECONDS, grain_seconds: float = GRAIN_SECONDS) -> None:
        self._kept = kept_seconds
        self._grain = grain_seconds
        self._steps: dict[int, _Step] = {}
        self.began: float | None = None

    def add(self, samples: Samples) -> None:
        """Takes in a reading. Those without counts leave everything as it is."""
        since = samples.counted_from
        if since is None:
            return
        self.began = since if self.began is None else min(self.began, since)
        index = int(since // self._grain)
        step = self._steps.get(index)
        if step is None:
            # A new dictionary, so that a thread that reads the old one is not disturbed.
            oldest = int((samples.taken_at - self._kept) // self._grain)
            kept = {at: each for at, each in self._steps.items() if at >= oldest}
            step = kept[index] = _Step(since)
            self._steps = kept
        step.add(since, samples)

    def since(self, moment: float) -> dict[Counted, Tally]:
        """What was counted since a moment (seconds since the epoch), as far back as it is kept."""
        found: dict[Counted, list[float]] = defaultdict(lambda: [0.0, 0.0])
        for step in list(self._steps.values()):
            if step.since < moment:
                continue
            for key, (requests, errors) in list(step.counts.items()):
                found[key][0] += requests
                found[key][1] += errors
        return {key: Tally(*values) for key, values in found.items()}

    def reaches(self, moment: float, now: float) -> float:
        """Since when counts asked for since a moment really are: as far back as they are kept, and known."""
        return max(moment, now - self._kept, moment if self.began is None else self.began)


class _Step:
    def __init__(self, since: float) -> None:
        self.since = since
        self.counts: dict[Counted, tuple[float, float]] = {}

    def add(self, since: float, samples: Samples) -> None:
        self.since = min(self.since, since)
        for key, requests, failed in _reached(samples):
            before = self.counts.get(key, (0.0, 0.0))
            self.counts[key] = before[0] + requests, before[1] + (requests if failed else 0.0)


def _reached(samples: Samples) -> Iterable[tuple[Counted, float, bool]]:
    """The requests that reached a workload: an aborted one chose no version."""
    for count in samples.counts:
        labels = count.labels
        if not is_counted(labels) or not labels.destination_workload:
            continue
        key = Counted(
            labels.destination_service_namespace,
            labels.destination_service_name,
            labels.destination_canonical_revision,
            labels.destination_workload_namespace,
            labels.reporter == "source",
        )
        yield key, count.requests, is_error(count.response_code, count.response_flags, "")
