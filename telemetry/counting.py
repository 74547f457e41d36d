"""How many requests each version of a service got since a moment: what shares are tested with. Pure.

Rates over a window cannot be added up: one request stands in as many of them as the window has ticks. So
each reading brings the requests since the reading before, each exactly once, and they are kept here by when
their counting began. What was counted since a moment is what began after it; what spans it is left out.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from threading import Lock
from typing import NamedTuple

from telemetry.reporting import Call, Preference, call_of, is_proxied, rank_of
from telemetry.samples import EdgeLabels, RequestCount, Samples, is_error
from telemetry.watching import SAME_SECONDS, Reported, Timed, Watch

KEPT_SECONDS = 3600.0
GRAIN_SECONDS = 5.0
# Who looked every few seconds, and did not for so many readings, does not come again.
MOST_UNASKED = 600
# Anybody may look at what a rollout would see: who looked longest ago goes first.
MOST_WATCHED = 2000


Service = tuple[str, str]


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
        lag_seconds: float = 0.0,
        same_seconds: float = SAME_SECONDS,
    ) -> None:
        """`lag_seconds`, `same_seconds`: see telemetry.watching.Watch."""
        self._kept = kept_seconds
        self._grain = grain_seconds
        self._preference: Preference = preference
        self._lag = lag_seconds
        self._same = same_seconds
        self._steps: dict[int, _Step] = {}
        self._heard: dict[Call, dict[int, float]] = {}
        self._watches: dict[Service, Watch] = {}
        self._changing = Lock()
        self.began: float | None = None

    def add(self, samples: Samples) -> None:
        """Takes in a reading. Those without counts leave everything as it is."""
        since = samples.counted_from
        if since is None:
            self._watch(samples, [])
            return
        self.began = since if self.began is None else min(self.began, since)
        index = int(since // self._grain)
        step = self._steps.get(index)
        if step is None:
            # A new dictionary, so that a thread that reads the old one is not disturbed.
            oldest = int((samples.taken_at - self._kept) // self._grain)
            kept = {at: each for at, each in self._steps.items() if at >= oldest}
            self._forget(samples.taken_at - self._same)
            step = kept[index] = _Step(since)
            self._steps = kept
        step.since = min(step.since, since)
        ranked = [*self._reached(samples.counts)]
        for _, rank, call in ranked:
            self._hear(call, rank, samples.taken_at, since)
        best = [each for each in ranked if not self._is_better_known(each.call, each.rank, samples.taken_at)]
        for each in best:
            step.add(each)
        self._watch(samples, best)

    def watch(self, namespace: str, service: str, objective_ms: float = 0.0) -> Watch:
        """From now on every reading of a service counts, with what is slower than an objective (0: nothing).

        Goes on for as long as somebody asks again.
        """
        where = namespace, service
        with self._changing:
            watch = self._watches.get(where)
            if watch is None:
                watch = Watch(objective_ms, self._lag, self._same)
                # A new dictionary, as above.
                self._watches = {**_fewer(self._watches), where: watch}
        watch.wants(objective_ms)
        return watch

    @property
    def watched(self) -> dict[Service, Watch]:
        """Who is watched, by namespace and name."""
        return self._watches

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

    def _reached(self, counts: Iterable[RequestCount]) -> Iterable[Reported]:
        """The requests that reached a workload, with how good their report is: an aborted one chose no
        version.
        """
        for count in counts:
            rank = rank_of(count.labels, self._preference)
            if rank is not None and count.labels.destination_workload:
                yield Reported(count, rank, call_of(count.labels))

    def _forget(self, start: float) -> None:
        """Calls of which nothing was heard since."""
        self._heard = {call: told for call, told in self._heard.items() if max(told.values()) >= start}

    def _watch(self, samples: Samples, best: Sequence[Reported]) -> None:
        """Hands on what is of services that are watched; `best`: the counts of which no better is known."""
        watches = self._watches
        if not watches:
            return
        counts: dict[Service, list[Reported]] = defaultdict(list)
        times: dict[Service, list[Timed]] = defaultdict(list)
        for told in best:
            where = _service(told.told.labels)
            if where in watches:
                counts[where].append(told)
        for timed in samples.times:
            rank = rank_of(timed.labels, self._preference)
            if rank is None or not timed.labels.destination_workload:
                continue
            call = call_of(timed.labels)
            if not self._is_better_known(call, rank, samples.taken_at):
                times[_service(timed.labels)].append(Timed(timed, rank, call))
        since = samples.taken_at if samples.counted_from is None else samples.counted_from
        for where, watch in watches.items():
            watch.add(samples.taken_at, since, counts.get(where, ()), times.get(where, ()))
        with self._changing:
            if any(watch.readings_unasked > MOST_UNASKED for watch in watches.values()):
                now = self._watches.items()
                self._watches = {where: each for where, each in now if each.readings_unasked <= MOST_UNASKED}

    def _hear(self, call: Call, rank: int, at: float, since: float) -> None:
        """Notes who reports a call; what lesser reports said of these requests is taken back."""
        heard = self._heard.setdefault(call, {})
        if at - heard.get(rank, float("-inf")) > self._same:
            for step in self._steps.values():
                if step.since > at - self._same:
                    step.drop(call, rank)
            for watch in self._watches.values():
                watch.owes(call, rank, since)
        heard[rank] = at

    def _is_better_known(self, call: Call, rank: int, at: float) -> bool:
        heard = self._heard.get(call, {}).items()
        return any(better < rank and at - heard_at <= self._same for better, heard_at in heard)


def _fewer(watches: dict[Service, Watch]) -> dict[Service, Watch]:
    """Room for one more."""
    if len(watches) < MOST_WATCHED:
        return watches
    oldest = max(watches, key=lambda where: watches[where].readings_unasked)
    return {where: each for where, each in watches.items() if where != oldest}


def _service(labels: EdgeLabels) -> Service:
    return labels.destination_service_namespace, labels.destination_service_name


class _Step:
    """What was counted in a few seconds: by call and rank of the report, since a better one may follow."""

    def __init__(self, since: float) -> None:
        self.since = since
        self._counts: dict[tuple[Call | None, int], dict[Counted, tuple[float, float]]] = {}

    def add(self, reported: Reported) -> None:
        count, rank, call = reported
        labels = count.labels
        key = Counted(
            labels.destination_service_namespace,
            labels.destination_service_name,
            labels.destination_canonical_revision,
            labels.destination_workload_namespace,
            is_proxied(labels),
        )
        # Nothing is better than the best: whose call it was need not be known any more.
        told = self._counts.setdefault((call if rank else None, rank), {})
        requests, errors = told.get(key, (0.0, 0.0))
        failed = is_error(count.response_code, count.response_flags, count.grpc_response_status)
        told[key] = requests + count.requests, errors + (count.requests if failed else 0.0)

    def drop(self, call: Call, better: int) -> None:
        """Takes back what reports worse than `better` said of a call."""
        for rank in range(better + 1, 3):
            self._counts.pop((call, rank), None)

    def tallies(self) -> list[tuple[Counted, tuple[float, float]]]:
        """Safe while another thread adds."""
        return [each for told in list(self._counts.values()) for each in list(told.items())]
