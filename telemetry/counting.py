"""How many requests each version of a service got since a moment: what shares are tested with. Pure.

Rates over a window cannot be added up: one request stands in as many of them as the window has ticks. So
each reading brings the requests since the reading before, each exactly once, and they are kept here by when
their counting began. What was counted since a moment is what began after it; what spans it is left out.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from telemetry.reporting import Call, Preference, call_of, is_proxied, rank_of
from telemetry.samples import RequestCount, Samples, is_error

KEPT_SECONDS = 3600.0
GRAIN_SECONDS = 5.0
# So long after a report of a call a lesser one of it is the same request, told by a proxy that was read
# later or earlier: longer than it takes to ask the proxies of a large mesh in turn.
SAME_SECONDS = 60.0


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
    """The counts of the last hour, in steps of a few seconds.

    Of each call the best report counts (telemetry.reporting). The proxies of its two ends are not read at
    once, so a lesser report may come first: it is taken back when the better one comes.
    """

    def __init__(
        self,
        kept_seconds: float = KEPT_SECONDS,
        grain_seconds: float = GRAIN_SECONDS,
        preference: Preference = "caller",
    ) -> None:
        self._kept = kept_seconds
        self._grain = grain_seconds
        self._preference: Preference = preference
        self._steps: dict[int, _Step] = {}
        self._heard: dict[Call, dict[int, float]] = {}
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
            self._forget(samples.taken_at - SAME_SECONDS)
            step = kept[index] = _Step(since)
            self._steps = kept
        step.since = min(step.since, since)
        ranked = [*self._reached(samples.counts)]
        for count, rank in ranked:
            self._hear(call_of(count.labels), rank, samples.taken_at)
        for count, rank in ranked:
            if not self._is_better_known(call_of(count.labels), rank, samples.taken_at):
                step.add(count, rank)

    def since(self, moment: float) -> dict[Counted, Tally]:
        """What was counted since a moment (seconds since the epoch), as far back as it is kept."""
        found: dict[Counted, list[float]] = defaultdict(lambda: [0.0, 0.0])
        for step in list(self._steps.values()):
            if step.since < moment:
                continue
            for key, (requests, errors) in step.tallies():
                found[key][0] += requests
                found[key][1] += errors
        return {key: Tally(*values) for key, values in found.items()}

    def reaches(self, moment: float, now: float) -> float:
        """Since when counts asked for since a moment really are: as far back as they are kept, and known."""
        return max(moment, now - self._kept, moment if self.began is None else self.began)

    def _reached(self, counts: Iterable[RequestCount]) -> Iterable[tuple[RequestCount, int]]:
        """The requests that reached a workload, with how good their report is: an aborted one chose no
        version.
        """
        for count in counts:
            rank = rank_of(count.labels, self._preference)
            if rank is not None and count.labels.destination_workload:
                yield count, rank

    def _forget(self, start: float) -> None:
        """Calls of which nothing was heard since."""
        self._heard = {call: told for call, told in self._heard.items() if max(told.values()) >= start}

    def _hear(self, call: Call, rank: int, at: float) -> None:
        """Notes who reports a call; what lesser reports said of these requests is taken back."""
        heard = self._heard.setdefault(call, {})
        if at - heard.get(rank, float("-inf")) > SAME_SECONDS:
            for step in self._steps.values():
                if step.since > at - SAME_SECONDS:
                    step.drop(call, rank)
        heard[rank] = at

    def _is_better_known(self, call: Call, rank: int, at: float) -> bool:
        heard = self._heard[call].items()
        return any(better < rank and at - heard_at <= SAME_SECONDS for better, heard_at in heard)


class _Step:
    """What was counted in a few seconds: by call and rank of the report, since a better one may follow."""

    def __init__(self, since: float) -> None:
        self.since = since
        self._counts: dict[tuple[Call | None, int], dict[Counted, tuple[float, float]]] = {}

    def add(self, count: RequestCount, rank: int) -> None:
        labels = count.labels
        key = Counted(
            labels.destination_service_namespace,
            labels.destination_service_name,
            labels.destination_canonical_revision,
            labels.destination_workload_namespace,
            is_proxied(labels),
        )
        # Nothing is better than the best: whose call it was need not be known any more.
        told = self._counts.setdefault((call_of(labels) if rank else None, rank), {})
        requests, errors = told.get(key, (0.0, 0.0))
        failed = is_error(count.response_code, count.response_flags, "")
        told[key] = requests + count.requests, errors + (count.requests if failed else 0.0)

    def drop(self, call: Call, better: int) -> None:
        """Takes back what reports worse than `better` said of a call."""
        for rank in range(better + 1, 3):
            self._counts.pop((call, rank), None)

    def tallies(self) -> list[tuple[Counted, tuple[float, float]]]:
        """Safe while another thread adds."""
        return [each for told in list(self._counts.values()) for each in list(told.items())]
