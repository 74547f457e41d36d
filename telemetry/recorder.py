"""The memory of a source that has none: an hour of readings, a reading every few seconds, in bounded memory.

What it gives back is a reading like those of now, and becomes a graph by the same code: flows, redaction,
view. Readings are kept in segments, each with its own tables of labels, so that labels that are gone are
forgotten with the readings they were in. Written by the collector's thread, read by any. Pure: time comes
with the readings.
"""

import math
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Final, NamedTuple

import msgspec
import numpy as np

from telemetry.columnar import Believes, Choice, Tables, pack, unpack
from telemetry.past import MAX_POINTS, NoHistory, Reach
from telemetry.reporting import Preference, Reporting, call_of
from telemetry.samples import EdgeLabels, Samples
from telemetry.subjects import Subject

STEP_SECONDS: Final = 5.0
KEEP_SECONDS: Final = 3600.0
MAX_BYTES: Final = 64 * 1024 * 1024
READINGS_PER_SEGMENT: Final = 60
# A moment that is further than so many steps behind the last reading lies in a gap: nothing is known of it.
_GAP_STEPS: Final = 3
# What Python takes for a label set of an open segment, and for a reading, besides the packed bytes.
_LABELS_BYTES: Final = 700
_READING_BYTES: Final = 250


class _Reading(NamedTuple):
    taken_at: float
    packed: bytes


class _Segment:
    """Readings that share tables; closed, the tables are packed, too."""

    def __init__(self) -> None:
        self.readings: deque[_Reading] = deque()
        self.added = 0
        self.size = 0
        self._tables: Tables | None = Tables()
        self._packed = b""

    def tables(self) -> Tables:
        open_tables = self._tables
        return Tables.unpacked(self._packed) if open_tables is None else open_tables

    def append(self, samples: Samples, believes: Believes) -> None:
        reading = _Reading(samples.taken_at, pack(samples, self.tables(), believes))
        self.readings.append(reading)
        self.added += 1
        self._count()

    def drop(self, *, newest: bool = False) -> None:
        self.readings.pop() if newest else self.readings.popleft()
        self._count()

    def close(self) -> None:
        if self._tables is not None:
            self._packed = self._tables.packed()
            self._tables = None
            self._count()

    def _count(self) -> None:
        tables = len(self._packed) if self._tables is None else _LABELS_BYTES * len(self._tables.labels)
        self.size = tables + sum(len(each.packed) + _READING_BYTES for each in self.readings)


class Recorder:
    """See the module. `step_seconds`: one reading is kept of each step of the clock; `max_bytes`: beyond, the
    oldest go.
    """

    def __init__(
        self,
        step_seconds: float = STEP_SECONDS,
        *,
        preference: Preference = "caller",
        keep_seconds: float = KEEP_SECONDS,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self._step = step_seconds
        self._preference: Preference = preference
        self._keep = keep_seconds
        self._max_bytes = max_bytes
        self._segments: list[_Segment] = []
        self._lock = threading.Lock()

    def record(self, samples: Samples, reporting: Reporting | None = None) -> None:
        """Keeps a reading, unless one of the same step is kept, or it is the first of all, which measures
        nothing. A clock that was put back makes what it has not reached yet void.
        """
        if not samples.measured:
            return
        with self._lock:
            latest = self._latest()
            if latest is not None and samples.taken_at // self._step == latest // self._step:
                return
            while latest is not None and latest >= samples.taken_at:
                self._drop(newest=True)
                latest = self._latest()
            believes = (reporting or Reporting(samples, self._preference)).believes
            self._open_segment().append(samples, believes)
            self._forget(samples.taken_at)

    def reach(self) -> Reach:
        """From which moment to which; see telemetry.past."""
        with self._lock:
            earliest = self._segments[0].readings[0].taken_at if self._segments else None
            return Reach(earliest, self._latest(), self._step)

    def at(self, moment: float) -> Samples:
        """The reading that was the latest at a moment. Raises NoHistory before the first, and in a gap."""
        found = None
        for segment, readings in self._between(-np.inf, moment):
            found = segment, readings[-1]
        if found is None:
            raise NoHistory(self._words("Nothing is kept of that moment."))
        segment, reading = found
        if moment - reading.taken_at > _GAP_STEPS * self._step:
            raise NoHistory(self._words(f"Nothing was read from {_time(reading.taken_at)} to that moment."))
        return unpack(reading.packed, segment.tables())

    def between(
        self, subject: Subject, since: float, until: float, step_seconds: float
    ) -> tuple[Samples, ...]:
        """The readings of a subject, as telemetry.past.Past.samples_between has them."""
        step = self._whole(max(step_seconds, (until - since) / (MAX_POINTS - 1)))
        found: dict[float, list[Samples]] = {}
        for segment, readings in self._between(since, until):
            tables = segment.tables()
            choice = _choice(subject, tables.labels)
            for reading in readings:
                kept = unpack(reading.packed, tables, choice)
                # By the clock, as readings are kept: so each step has as many as the next.
                reporting = Reporting(kept, self._preference)
                own = _believed(kept, subject, reporting.believes)
                found.setdefault(reading.taken_at // step, []).append(own)
        if not found:
            raise NoHistory(self._words("Nothing is kept of that time."))
        return tuple(_mean(found[number]) for number in sorted(found))

    @property
    def size_in_bytes(self) -> int:
        """What all readings take, with their labels: an estimate that is a little too high."""
        return sum(segment.size for segment in self._segments)

    def __len__(self) -> int:
        return sum(len(segment.readings) for segment in self._segments)

    def _between(self, since: float, until: float) -> Iterator[tuple[_Segment, list[_Reading]]]:
        with self._lock:
            segments = [(segment, list(segment.readings)) for segment in self._segments]
        for segment, readings in segments:
            inside = [each for each in readings if since <= each.taken_at <= until]
            if inside:
                yield segment, inside

    def _whole(self, step_seconds: float) -> float:
        """The next multiple of the recorder's own step."""
        return max(1, math.ceil(step_seconds / self._step - 1e-9)) * self._step

    def _latest(self) -> float | None:
        return self._segments[-1].readings[-1].taken_at if self._segments else None

    def _open_segment(self) -> _Segment:
        if not self._segments or self._segments[-1].added >= READINGS_PER_SEGMENT:
            if self._segments:
                self._segments[-1].close()
            self._segments.append(_Segment())
        return self._segments[-1]

    def _forget(self, now: float) -> None:
        """Lets go of what is too old or too much, but never of the newest reading."""
        while len(self._segments[0].readings) > 1 or len(self._segments) > 1:
            is_old = self._segments[0].readings[0].taken_at < now - self._keep
            if not is_old and self.size_in_bytes <= self._max_bytes:
                return
            self._drop()

    def _drop(self, *, newest: bool = False) -> None:
        segment = self._segments[-1 if newest else 0]
        segment.drop(newest=newest)
        if not segment.readings:
            self._segments.remove(segment)

    def _words(self, what: str) -> str:
        earliest, latest, _ = self.reach()
        if earliest is None or latest is None:
            return f"{what} Nothing has been recorded yet."
        return f"{what} What is kept reaches from {_time(earliest)} to {_time(latest)}."


def _choice(subject: Subject, labels: Iterable[EdgeLabels]) -> Choice:
    """The label sets of a subject, and the other reports of the same calls: they decide who is believed."""
    labels = tuple(labels)
    calls = {call_of(each) for each in labels if subject.fits(each)}
    # Waypoints and ztunnels report one call as several: only all reports together tell.
    whole = bool(calls) and any(each.reporter == "waypoint" for each in labels)
    return Choice(np.array([whole or call_of(each) in calls for each in labels], np.bool_))


def _believed(samples: Samples, subject: Subject, believes: Believes) -> Samples:
    def counts(labels: EdgeLabels) -> bool:
        return believes(labels) and subject.fits(labels)

    return msgspec.structs.replace(
        samples,
        requests=tuple(each for each in samples.requests if counts(each.labels)),
        durations=tuple(each for each in samples.durations if counts(each.labels)),
        volumes=tuple(each for each in samples.volumes if counts(each.labels)),
        idle=(),
    )


def _mean(readings: list[Samples]) -> Samples:
    """The mean of several readings: all of them, each for its part."""
    if len(readings) == 1:
        return readings[0]
    part = 1 / len(readings)
    return Samples(
        taken_at=readings[-1].taken_at,
        window_seconds=readings[-1].window_seconds,
        measured=any(each.measured for each in readings),
        requests=tuple(
            rate._replace(requests_per_second=rate.requests_per_second * part)
            for each in readings
            for rate in each.requests
        ),
        durations=tuple(
            rate._replace(buckets=tuple((edge, count * part) for edge, count in rate.buckets))
            for each in readings
            for rate in each.durations
        ),
        volumes=tuple(
            rate._replace(**{name: getattr(rate, name) * part for name in rate._fields[1:]})
            for each in readings
            for rate in each.volumes
        ),
    )


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
