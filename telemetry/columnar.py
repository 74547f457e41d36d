"""A reading of the mesh in few bytes, and back: label sets are told once for many readings, figures are
columns.

Rates keep seven digits. A histogram keeps its sum so, and of each bucket the part of the sum in steps of
1/65535, which moves a quantile by less than anybody can see. Counts that fall from one edge to the next
(proxies read at different moments) are lifted first, as they are when quantiles are taken. Pure.
"""

import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from telemetry.samples import DurationRate, EdgeLabels, Idle, RequestRate, Samples, VolumeRate
from telemetry.shortfall import Shortfall

# More saves a tenth of the bytes and costs four times the time.
_LEVEL: Final = 1
_WHOLE: Final = 65535
_RATE: Final = "<f4"
_INDEX: Final = "<i4"
_SHARE: Final = "<u2"
_VOLUMES: Final = VolumeRate._fields[1:]

Columns = NDArray[Any]
Outcome = tuple[str, str, str]
Believes = Callable[[EdgeLabels], bool]


class _Buckets(msgspec.Struct, array_like=True):
    """The histograms that have the same edges."""

    edges: int
    labels: bytes
    totals: bytes
    shares: bytes


class _Packed(msgspec.Struct, array_like=True):
    """The columns of one reading. Labels are numbers of the tables, as differences from one to the next."""

    taken_at: float
    window_seconds: float
    measured: bool
    shortfall: Shortfall
    labels: bytes
    outcomes: bytes
    rates: bytes
    durations: list[_Buckets]
    moving: bytes
    volumes: bytes
    idle: bytes
    idle_seconds: bytes


class _Kept(msgspec.Struct, array_like=True):
    labels: list[EdgeLabels]
    outcomes: list[Outcome]
    edges: list[tuple[float, ...]]


_encoder = msgspec.msgpack.Encoder()
_frames = msgspec.msgpack.Decoder(_Packed)
_tables = msgspec.msgpack.Decoder(_Kept)


class Tables:
    """What many readings share: label sets, outcomes (code, flags, gRPC status), and edges of buckets.

    They only grow; readings that are packed with them are read with them, or with their copy.
    """

    def __init__(self) -> None:
        self.labels: list[EdgeLabels] = []
        self.outcomes: list[Outcome] = []
        self.edges: list[tuple[float, ...]] = []
        self._numbers: tuple[dict[Any, int], ...] = ({}, {}, {})

    def label(self, labels: EdgeLabels) -> int:
        """The number of a label set."""
        return _number(self._numbers[0], self.labels, labels)

    def outcome(self, outcome: Outcome) -> int:
        """The number of an outcome."""
        return _number(self._numbers[1], self.outcomes, outcome)

    def edge(self, edges: tuple[float, ...]) -> int:
        """The number of a list of upper edges."""
        return _number(self._numbers[2], self.edges, edges)

    def packed(self) -> bytes:
        """All tables in few bytes."""
        return zlib.compress(_encoder.encode(_Kept(self.labels, self.outcomes, self.edges)))

    @classmethod
    def unpacked(cls, packed: bytes) -> "Tables":
        """The tables for reading."""
        kept, tables = _tables.decode(zlib.decompress(packed)), cls()
        tables.labels, tables.outcomes, tables.edges = kept.labels, kept.outcomes, kept.edges
        return tables


class Choice(NamedTuple):
    """Which label sets of the tables are wanted: for each, by its number, whether it is."""

    wanted: NDArray[np.bool_]

    def of(self, numbers: Columns) -> NDArray[np.bool_]:
        """Where these numbers are among the wanted."""
        return self.wanted[numbers]


def pack(samples: Samples, tables: Tables, believes: Believes) -> bytes:
    """The reading without its counts, and without what nobody looks at: histograms and volumes of reports
    that are not believed (but for TCP, which tells of mutual TLS).
    """
    volumes = [each for each in samples.volumes if _is_tcp(each.labels) or believes(each.labels)]
    packed = _Packed(
        taken_at=samples.taken_at,
        window_seconds=samples.window_seconds,
        measured=samples.measured,
        shortfall=samples.shortfall,
        labels=_numbers(tables.label(each.labels) for each in samples.requests),
        outcomes=_numbers(tables.outcome(_outcome(each)) for each in samples.requests),
        rates=_floats(each.requests_per_second for each in samples.requests),
        durations=list(_packed_buckets(samples.durations, tables, believes)),
        moving=_numbers(tables.label(each.labels) for each in volumes),
        volumes=np.array([each[1:] for each in volumes], _RATE).reshape(-1, len(_VOLUMES)).T.tobytes(),
        idle=_numbers(tables.label(each.labels) for each in samples.idle),
        idle_seconds=_floats(each.idle_seconds for each in samples.idle),
    )
    return zlib.compress(_encoder.encode(packed), _LEVEL)


def unpack(packed: bytes, tables: Tables, choice: Choice | None = None) -> Samples:
    """The reading as it was; with a choice, what it has of those label sets."""
    frame = _frames.decode(zlib.decompress(packed))
    return Samples(
        taken_at=frame.taken_at,
        window_seconds=frame.window_seconds,
        measured=frame.measured,
        shortfall=frame.shortfall,
        requests=tuple(_requests(frame, tables, choice)),
        durations=tuple(_durations(frame, tables, choice)),
        volumes=tuple(_volumes(frame, tables, choice)),
        idle=tuple(_idle(frame, tables, choice)),
    )


def _packed_buckets(
    durations: Iterable[DurationRate], tables: Tables, believes: Believes
) -> Iterator[_Buckets]:
    groups: dict[tuple[float, ...], list[tuple[int, tuple[float, ...]]]] = defaultdict(list)
    for labels, buckets in durations:
        if buckets and believes(labels):
            edges, counts = zip(*buckets, strict=True)
            groups[edges].append((tables.label(labels), counts))
    for edges, group in groups.items():
        lifted = np.maximum.accumulate(np.array([counts for _, counts in group], np.float64), axis=1)
        totals = lifted[:, -1]
        parts = lifted / np.where(totals > 0, totals, 1.0)[:, None]
        # Rounded before the differences are taken, so that what is rounded does not add up.
        shares = np.diff(np.rint(parts * _WHOLE).astype(np.int64), axis=1, prepend=0)
        yield _Buckets(
            edges=tables.edge(edges),
            labels=_numbers(label for label, _ in group),
            totals=totals.astype(_RATE).tobytes(),
            shares=shares.T.astype(_SHARE).tobytes(),
        )


def _requests(frame: _Packed, tables: Tables, choice: Choice | None) -> Iterator[RequestRate]:
    labels, outcomes, rates = _indexes(frame.labels), _indexes(frame.outcomes), _values(frame.rates)
    for row in _rows(labels, choice):
        code, flags, status = tables.outcomes[outcomes[row]]
        yield RequestRate(tables.labels[labels[row]], code, flags, float(rates[row]), status)


def _durations(frame: _Packed, tables: Tables, choice: Choice | None) -> Iterator[DurationRate]:
    for group in frame.durations:
        labels, totals = _indexes(group.labels), _values(group.totals)
        edges = tables.edges[group.edges]
        shares = np.frombuffer(group.shares, _SHARE).reshape(len(edges), len(labels)).T
        rows = _rows(labels, choice)
        counts = np.cumsum(shares[rows], axis=1, dtype=np.float64) / _WHOLE * totals[rows][:, None]
        for row, each in zip(rows, counts.tolist(), strict=True):
            yield DurationRate(tables.labels[labels[row]], tuple(zip(edges, each, strict=True)))


def _volumes(frame: _Packed, tables: Tables, choice: Choice | None) -> Iterator[VolumeRate]:
    labels = _indexes(frame.moving)
    columns = _values(frame.volumes).reshape(len(_VOLUMES), len(labels)).T
    for row in _rows(labels, choice):
        yield VolumeRate(tables.labels[labels[row]], *columns[row].tolist())


def _idle(frame: _Packed, tables: Tables, choice: Choice | None) -> Iterator[Idle]:
    labels, seconds = _indexes(frame.idle), _values(frame.idle_seconds)
    for row in _rows(labels, choice):
        yield Idle(tables.labels[labels[row]], float(seconds[row]))


def _rows(labels: Columns, choice: Choice | None) -> list[int]:
    found = range(len(labels)) if choice is None else np.flatnonzero(choice.of(labels)).tolist()
    return list(found)


def _outcome(rate: RequestRate) -> Outcome:
    return rate.response_code, rate.response_flags, rate.grpc_response_status


def _is_tcp(labels: EdgeLabels) -> bool:
    return labels.request_protocol.lower() == "tcp"


def _number(numbers: dict[Any, int], table: list[Any], item: Any) -> int:
    number = numbers.get(item)
    if number is None:
        number = numbers[item] = len(table)
        table.append(item)
    return number


def _numbers(numbers: Iterable[int]) -> bytes:
    """As differences: what comes in the order of the table is then the same number again and again."""
    return np.diff(np.fromiter(numbers, _INDEX), prepend=np.int32(0)).astype(_INDEX).tobytes()


def _indexes(packed: bytes) -> Columns:
    return np.cumsum(np.frombuffer(packed, _INDEX))


def _floats(values: Iterable[float]) -> bytes:
    return np.fromiter(values, _RATE).tobytes()


def _values(packed: bytes) -> Columns:
    return np.frombuffer(packed, _RATE)
