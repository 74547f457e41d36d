"""What a canary rollout is judged by: the requests of one service by version, reading by reading. Pure.

A rollout looks every few seconds. Its looks have to be disjoint, or requests are evidence twice; and
complete, or they are none at all. So a look is a number of whole readings: those after the one at which the
look before ended. Errors are of the same readings as requests, so there are never more of them.

Requests into which a proxy injected a fault are no evidence against a version, and do not count.
A reading is called by its moment (seconds since the epoch), but later than the one before, whatever the clock
did meanwhile.
"""

from bisect import bisect_left, bisect_right
from collections import OrderedDict, defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from threading import Lock
from typing import Final, NamedTuple

from telemetry.reporting import Call, is_proxied
from telemetry.samples import RequestCount, TimeCount, is_error

INJECTED: Final = frozenset(("DI", "FI"))
"""Envoy's response flags of a delay or an abort that was injected.
Source: https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage
"""
SAME_SECONDS: Final = 60.0
"""Longer than it takes to ask the proxies of a large mesh in turn."""
MOST_READINGS: Final = 1200
_MOST_MARKS: Final = 128
_MOST_PINS: Final = 16
_EXACT: Final = 0.2
_ROUNDS: Final = 2
_LEAST_STEP: Final = 0.001


class Seen(NamedTuple):
    """What came to one version. `timed`: requests whose latency is known, `slow`: those above the edge."""

    requests: float = 0.0
    errors: float = 0.0
    timed: float = 0.0
    slow: float = 0.0


class Looked(NamedTuple):
    """A look. `cursor`: up to where it counts, to be handed in with the next one; `seconds`: of how long a
    time. `edge_ms`: above which upper edge of the latency histograms a request is slow; None where that is
    not known. `rates`: requests per second by version, of a time long enough to have some; None: not known.
    """

    cursor: float
    seconds: float
    versions: Mapping[str, Seen]
    edge_ms: float | None = None
    rates: Mapping[str, float] | None = None


class Shared(NamedTuple):
    """Who got the requests since a moment; `unproxied` of them came from callers without a proxy."""

    since: float
    requests: Mapping[str, float]
    errors: Mapping[str, float]
    unproxied: float = 0.0


class Reported(NamedTuple):
    """A count with how good its report is (0 is the best), and of which call."""

    told: RequestCount
    rank: int
    call: Call


class Timed(NamedTuple):
    """A latency histogram, likewise."""

    told: TimeCount
    rank: int
    call: Call


class _Row(NamedTuple):
    since: float
    at: float
    versions: dict[str, Seen]


class _Parts(NamedTuple):
    """Requests in parts that do not overlap, so that each can be taken from without the others."""

    good: float = 0.0
    bad: float = 0.0
    fast: float = 0.0
    slow: float = 0.0

    def plus(self, other: "_Parts") -> "_Parts":
        return _Parts(
            self.good + other.good, self.bad + other.bad, self.fast + other.fast, self.slow + other.slow
        )

    def less(self, other: "_Parts") -> "_Parts":
        return _Parts(*(max(0.0, a - b) for a, b in zip(self, other, strict=True)))


_Whose = tuple[Call, str]
_Totals = dict[str, tuple[float, float]]
_Mark = tuple[float, _Totals, float]
"""What was counted up to a moment: by version, and of callers without a proxy."""


class Watch:
    """One service that a rollout watches; safe in threads. `objective_ms`: what is slow; 0: nobody asks.

    `lag_seconds`: how long before a reading what comes with the next one may have happened. `same_seconds`:
    so long a better report of a call may be late before it is another request that it tells of.
    """

    def __init__(
        self, objective_ms: float = 0.0, lag_seconds: float = 0.0, same_seconds: float = SAME_SECONDS
    ) -> None:
        self._lock = Lock()
        self.objective_ms = objective_ms
        self._edge: float | None = None
        self._lag = lag_seconds
        self._same = same_seconds
        self._rows: deque[_Row] = deque()
        self._newest: float | None = None
        self._floor = float("-inf")
        self._shift = 0.0
        self._lesser: dict[_Whose, list[tuple[float, int, _Parts]]] = {}
        self._debts: dict[_Whose, tuple[float, _Parts]] = {}
        self._totals: _Totals = {}
        self._unproxied = 0.0
        self._marks: list[_Mark] = []
        self._pins: OrderedDict[float, _Mark] = OrderedDict()
        self.readings_unasked = 0

    @property
    def newest(self) -> float | None:
        """The newest reading; None before the first."""
        return self._newest

    @property
    def resumes_at(self) -> float | None:
        """Up to where a look before counted, in another process; None where counting begins now, or has."""
        return self._floor if self._newest is None and self._floor >= 0 else None

    def begins(self, at: float | None) -> None:
        """Counting goes on from a moment: the first reading counts, too. None: it does not."""
        with self._lock:
            if self._newest is None and at is not None:
                self._newest = at
                self._marks.append((at, {}, 0.0))

    def wants(self, objective_ms: float) -> None:
        """Somebody looks, and this is slow for him."""
        with self._lock:
            self.readings_unasked = 0
            if objective_ms != self.objective_ms:
                self.objective_ms, self._edge = objective_ms, None

    def add(self, at: float, since: float, counts: Iterable[Reported], times: Iterable[Timed] = ()) -> None:
        """Takes in a reading of this service at a moment, of what came since another. The first one only says
        where counting begins.
        """
        with self._lock:
            self.readings_unasked += 1
            begins = self._newest is None
            before, now = self._moments(at, since)
            if not begins:
                self._rows.append(_Row(before, now, self._versions(now, [*counts], [*times])))
                self._bound()
            self._newest = now
            self._marks.append((now, dict(self._totals), self._unproxied))
            if len(self._marks) > _MOST_MARKS:
                self._marks = _thinned(self._marks, now)

    def owes(self, call: Call, rank: int, since: float) -> None:
        """A better report of a call came, of what happened since a moment: what lesser ones than `rank` told
        of that time is not counted again.
        """
        with self._lock:
            for whose in [each for each in self._lesser if each[0] == call]:
                told = self._lesser[whose]
                late = [parts for at, lesser, parts in told if lesser > rank and at > since + self._shift]
                self._lesser[whose] = [each for each in told if each[1] <= rank]
                if late and self._newest is not None:
                    owed = _sum(late).plus(self._debts.get(whose, (0.0, _Parts()))[1])
                    self._debts[whose] = self._newest, owed

    def looked(self, cursor: float) -> Looked:
        """What came after the reading at which a look before ended; of readings that span it nothing is told.
        Those up to it are forgotten.
        """
        with self._lock:
            while self._rows and self._rows[0].at <= cursor:
                self._rows.popleft()
            if self._newest is None or self._newest < cursor:
                # Another clock counted before: readings go on from there.
                self._floor = max(self._floor, cursor)
                return Looked(cursor, 0.0, {}, self._edge)
            rows = [row for row in self._rows if row.since >= cursor]
            versions: dict[str, Seen] = {}
            for row in rows:
                for version, seen in row.versions.items():
                    versions[version] = _added(versions.get(version, Seen()), seen)
            seconds = sum(row.at - row.since for row in rows)
            return Looked(self._newest, seconds, versions, self._edge, self._rates(cursor, self._newest))

    def shared(self, moment: float) -> Shared | None:
        """Who got requests in the readings that began at or after a moment; None before there is one. Asked
        again for the same moment, it begins with the same reading.
        """
        with self._lock:
            base = self._pins.get(moment)
            if base is None:
                place = bisect_left(self._marks, moment + self._lag, key=lambda mark: mark[0])
                if place == len(self._marks):
                    return None
                base = self._pins[moment] = self._marks[place]
                while len(self._pins) > _MOST_PINS:
                    self._pins.popitem(last=False)
            self._pins.move_to_end(moment)
            since, totals, unproxied = base
            gained = {name: _less(now, totals.get(name, (0.0, 0.0))) for name, now in self._totals.items()}
            return Shared(
                since,
                {name: requests for name, (requests, _) in gained.items()},
                {name: errors for name, (_, errors) in gained.items()},
                self._unproxied - unproxied,
            )

    def _rates(self, cursor: float, newest: float) -> dict[str, float] | None:
        """Since the look before. Where targets are read at different times, what a reading brings is of a
        longer time than since the one before it: then over two rounds at least.
        """
        begun = min(cursor, newest - _ROUNDS * self._lag)
        place = bisect_right(self._marks, begun, key=lambda mark: mark[0])
        since, totals, _ = self._marks[max(0, place - 1)]
        if since >= newest:
            return None
        return {
            name: (requests - totals.get(name, (0.0, 0.0))[0]) / (newest - since)
            for name, (requests, _) in self._totals.items()
        }

    def _moments(self, at: float, since: float) -> tuple[float, float]:
        """From when to when a reading is, after the one before. A clock that went back is put right."""
        before = max(self._floor, at + self._shift if self._newest is None else self._newest)
        now = at + self._shift
        if self._newest is None and now > self._floor:
            return now, now
        if now <= before:
            now = before + max(_LEAST_STEP, at - since)
            self._shift = now - at
        return before, now

    def _versions(self, now: float, counts: list[Reported], times: list[Timed]) -> dict[str, Seen]:
        self._forget(now - self._same)
        # Of each call, version and rank of the report: good, bad, fast and slow requests.
        found: dict[tuple[Call, str, int], list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0, 0.0])
        for count, rank, call in counts:
            if not _is_injected(count.response_flags):
                found[call, count.labels.destination_canonical_revision, rank][_is_bad(count)] += (
                    count.requests
                )
                self._unproxied += 0.0 if is_proxied(count.labels) else count.requests
        self._choose_edge([each.told for each in times])
        for timed, rank, call in times:
            if not _is_injected(timed.response_flags) and self._edge in timed.edges:
                fast, slow = _split(timed, self._edge)
                parts = found[call, timed.labels.destination_canonical_revision, rank]
                parts[2] += fast
                parts[3] += slow
        versions: dict[str, Seen] = {}
        for (call, version, rank), sums in found.items():
            told = self._paid((call, version), _Parts(*sums))
            if rank:
                self._lesser.setdefault((call, version), []).append((now, rank, told))
            versions[version] = _added(versions.get(version, Seen()), _seen(told))
        for version, seen in versions.items():
            requests, errors = self._totals.get(version, (0.0, 0.0))
            self._totals[version] = requests + seen.requests, errors + seen.errors
        return versions

    def _choose_edge(self, times: list[TimeCount]) -> None:
        """The smallest edge that is not below the objective, and that all histograms have."""
        if not self.objective_ms or not times or any(self._edge in each.edges for each in times):
            return
        common = set(times[0].edges).intersection(*(each.edges for each in times))
        edges = [edge for edge in common if self.objective_ms <= edge < float("inf")]
        self._edge = min(edges, default=None)

    def _paid(self, whose: _Whose, parts: _Parts) -> _Parts:
        if whose not in self._debts:
            return parts
        at, owed = self._debts.pop(whose)
        left = owed.less(parts)
        if any(left):
            self._debts[whose] = at, left
        return parts.less(owed)

    def _forget(self, start: float) -> None:
        self._debts = {whose: debt for whose, debt in self._debts.items() if debt[0] >= start}
        lesser = {whose: [each for each in told if each[0] >= start] for whose, told in self._lesser.items()}
        self._lesser = {whose: told for whose, told in lesser.items() if told}

    def _bound(self) -> None:
        """Of a rollout that nobody looks at, old readings become one."""
        if len(self._rows) > MOST_READINGS:
            first, second = self._rows.popleft(), self._rows.popleft()
            versions = dict(first.versions)
            for version, seen in second.versions.items():
                versions[version] = _added(versions.get(version, Seen()), seen)
            self._rows.appendleft(_Row(first.since, second.at, versions))


def _thinned(marks: Sequence[_Mark], now: float) -> list[_Mark]:
    """So many that a moment is found as exactly as it is long ago."""
    kept = [marks[0]]
    for mark, following in pairwise(marks[1:]):
        if following[0] - kept[-1][0] > _EXACT * (now - following[0]):
            kept.append(mark)
    return [*kept, marks[-1]][-_MOST_MARKS:]


def _is_bad(count: RequestCount) -> bool:
    return is_error(count.response_code, count.response_flags, count.grpc_response_status)


def _is_injected(flags: str) -> bool:
    return bool(flags) and not INJECTED.isdisjoint(flags.split(","))


def _split(timed: TimeCount, edge: float | None) -> tuple[float, float]:
    """The requests up to an edge that is there, and those above it."""
    total = timed.counts[-1]
    fast = next((n for each, n in zip(timed.edges, timed.counts, strict=True) if each == edge), total)
    return fast, max(0.0, total - fast)


def _seen(parts: _Parts) -> Seen:
    return Seen(parts.good + parts.bad, parts.bad, parts.fast + parts.slow, parts.slow)


def _added(one: Seen, other: Seen) -> Seen:
    return Seen(
        one.requests + other.requests,
        one.errors + other.errors,
        one.timed + other.timed,
        one.slow + other.slow,
    )


def _less(now: tuple[float, float], then: tuple[float, float]) -> tuple[float, float]:
    return now[0] - then[0], now[1] - then[1]


def _sum(parts: Iterable[_Parts]) -> _Parts:
    total = _Parts()
    for each in parts:
        total = total.plus(each)
    return total
