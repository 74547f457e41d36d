"""Reads Prometheus' text format, and of it only the Istio families that the graph needs.

A proxy is read every second, and from one answer to the next little changes but the numbers. So what stands
before the numbers is kept as a layout: as long as the lines begin as they did, only numbers are read. Knows
nothing of rates, time or HTTP.

Format: https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
"""

import math
import re
from collections.abc import Mapping
from typing import Final, NamedTuple

import msgspec

from telemetry.samples import EdgeLabels, Measure

# Envoy writes its own statistics with this prefix; a sidecar of Istio's strips it.
_ENVOY_PREFIX = "envoy_"
_REQUESTS = "istio_requests_total"
_BUCKET = "istio_request_duration_milliseconds_bucket"
# Istio counts from the server's point of view: what it sent goes back to the caller.
MEASURES: Final[Mapping[str, Measure]] = {
    "istio_tcp_received_bytes_total": "sent_bytes",
    "istio_tcp_sent_bytes_total": "received_bytes",
    "istio_request_bytes_sum": "sent_bytes",
    "istio_response_bytes_sum": "received_bytes",
    "istio_request_messages_total": "sent_messages",
    "istio_response_messages_total": "received_messages",
    "istio_tcp_connections_opened_total": "opened_connections",
    "istio_tcp_connections_closed_total": "closed_connections",
}
"""What each of Istio's counters besides requests measures: a field of VolumeRate."""
_STARTS = tuple(
    f"{prefix}{name}{{" for prefix in ("", _ENVOY_PREFIX) for name in (_REQUESTS, _BUCKET, *MEASURES)
)
_LABEL = re.compile(r'[ \t]*([a-zA-Z_][a-zA-Z0-9_]*)[ \t]*=[ \t]*"((?:[^"\\\n]|\\.)*)"[ \t]*(,|$)')
_ESCAPE = re.compile(r"\\(.)")
_METRIC = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?=[ \t{])")
_UNKNOWN = frozenset(("unknown", "-"))
_SHOWN_PROBLEMS = 3


class RequestSeries(NamedTuple):
    """What tells one counter of requests from another, as far as the graph is concerned."""

    labels: EdgeLabels
    response_code: str
    response_flags: str
    grpc_response_status: str


class VolumeSeries(NamedTuple):
    """What tells one counter of something else than requests from another."""

    labels: EdgeLabels
    measure: Measure


class Counter(NamedTuple):
    """A cumulative count: of requests, or of what the series measures."""

    series: RequestSeries | VolumeSeries
    value: float


class Histogram(NamedTuple):
    """Cumulative counts at or below each upper edge (milliseconds, ascending); the last edge is infinite."""

    labels: EdgeLabels
    edges: tuple[float, ...]
    counts: tuple[float, ...]
    response_flags: str = ""


class Exposition(msgspec.Struct, frozen=True):
    """One answer of one target. The keys are the series as they were written, ignored labels included.

    `recognised` is False where no line is Prometheus' format: some page, not metrics.
    """

    counters: dict[str, Counter]
    histograms: dict[str, Histogram]
    bad_lines: int = 0
    problems: tuple[str, ...] = ()
    recognised: bool = True


class _Bucket(NamedTuple):
    """One line of a histogram; `key` names the histogram by all its labels."""

    key: str
    labels: EdgeLabels
    flags: str
    edge: float


class _Line(NamedTuple):
    """How a line begins, and whether the number behind it is wanted."""

    head: str
    wanted: bool


class _HistogramAt(NamedTuple):
    """A histogram, and where among the numbers its counts stand."""

    key: str
    labels: EdgeLabels
    flags: str
    edges: tuple[float, ...]
    positions: tuple[int, ...]


class _BadLineError(Exception):
    pass


_Known = RequestSeries | VolumeSeries | _Bucket


class Parser:
    """Reads the answers of one target; remembers its layout from one answer to the next."""

    def __init__(self) -> None:
        self._layout = _Layout({})

    def parse(self, text: str) -> Exposition:
        """The Istio series in the text. A line that cannot be read is reported; the rest is used."""
        lines = text.removesuffix("\n").split("\n")
        numbers = self._layout.numbers(lines)
        if numbers is None:
            # Only what this answer uses is kept, so that series that are gone take no memory.
            self._layout = _Layout(self._layout.known)
            numbers = self._layout.learn(lines)
        return self._layout.exposition(numbers)


class _Layout:
    """What stood before the numbers in one answer."""

    def __init__(self, known_before: dict[str, _Known]) -> None:
        self.known: dict[str, _Known] = {}
        self._known_before = known_before
        self._by_base: dict[str, tuple[str, EdgeLabels, str]] = {}
        self._lines: list[_Line] = []
        self._counters: list[tuple[str, RequestSeries | VolumeSeries, int]] = []
        self._buckets: dict[str, dict[float, int]] = {}
        self._labels: dict[str, tuple[EdgeLabels, str]] = {}
        self._histograms: list[_HistogramAt] = []
        self._problems: list[str] = []
        self._bad = 0

    def numbers(self, lines: list[str]) -> list[float] | None:
        """The wanted numbers, if every line begins as it did; else None."""
        if self._bad or len(lines) != len(self._lines):
            return None
        numbers = []
        try:
            for line, (head, wanted) in zip(lines, self._lines, strict=True):
                if not line.startswith(head):
                    return None
                if wanted:
                    numbers.append(float(line[len(head) :]))
        except ValueError:
            return None
        sound = all(0 <= number < math.inf for number in numbers)
        return numbers if sound else None

    def learn(self, lines: list[str]) -> list[float]:
        """Takes the layout from these lines, and returns the numbers."""
        numbers: list[float] = []
        for line in lines:
            try:
                if line.startswith(_STARTS):
                    numbers.append(self._learn(line, len(numbers)))
                else:
                    self._pass_over(line)
            except _BadLineError as error:
                self._report(line, str(error))
        self._lay_out_histograms()
        self._known_before = {}
        self._by_base = {}
        return numbers

    def exposition(self, numbers: list[float]) -> Exposition:
        counters = {head: Counter(series, numbers[position]) for head, series, position in self._counters}
        histograms = {
            key: Histogram(labels, edges, tuple([numbers[position] for position in positions]), flags)
            for key, labels, flags, edges, positions in self._histograms
        }
        recognised = not self._bad or bool(self._lines)
        return Exposition(counters, histograms, self._bad, tuple(self._problems), recognised)

    def _learn(self, line: str, position: int) -> float:
        end = line.rfind("}") + 1
        head = line[:end]
        number = _number(line[end:])
        known = self._known_before.get(head) or self._series(head)
        self.known[head] = known
        self._lines.append(_Line(head, wanted=True))
        if isinstance(known, _Bucket):
            self._labels[known.key] = known.labels, known.flags
            self._buckets.setdefault(known.key, {})[known.edge] = position
        else:
            self._counters.append((head, known, position))
        return number

    def _series(self, head: str) -> _Known:
        name, _, inner = head.partition("{")
        if name.endswith(_BUCKET):
            return self._bucket(name, head, inner)
        labels = _labels(inner[:-1])
        if measure := MEASURES.get(name.removeprefix(_ENVOY_PREFIX)):
            return VolumeSeries(_edge_labels(labels), measure)
        return RequestSeries(
            _edge_labels(labels),
            _blank(labels.get("response_code", "")),
            _blank(labels.get("response_flags", "")),
            _blank(labels.get("grpc_response_status", "")),
        )

    def _bucket(self, name: str, head: str, inner: str) -> _Bucket:
        """The twenty lines of a histogram differ in `le` only, which mostly comes last: the rest is read
        once.

        (`,le="` cannot be part of a value: there, the quote has a backslash before it.)
        """
        base, _, edge = head.rpartition(',le="')
        known = self._by_base.get(base) if base else None
        if known:
            return _Bucket(*known, _edge(edge.removesuffix('"}')))
        labels = _labels(inner[:-1])
        edge = labels.pop("le", "")
        key = f"{name}\n" + "\n".join(f"{label}={value}" for label, value in sorted(labels.items()))
        told = key, _edge_labels(labels), _blank(labels.get("response_flags", ""))
        if base:
            self._by_base[base] = told
        return _Bucket(*told, _edge(edge))

    def _lay_out_histograms(self) -> None:
        for key, positions in self._buckets.items():
            edges = tuple(sorted(positions))
            if edges[-1] == math.inf:
                # The edges belong to the key: counts by an old layout say nothing about those by a new one.
                places = tuple(positions[edge] for edge in edges)
                self._histograms.append(_HistogramAt(f"{key}\n{edges}", *self._labels[key], edges, places))
            else:
                self._report(key, "is a histogram without its +Inf bucket")

    def _pass_over(self, line: str) -> None:
        """Another family, a comment, an empty line; anything else is not Prometheus' format."""
        if line.startswith("#"):
            self._lines.append(_Line(line, wanted=False))
            return
        if not line.strip():
            return
        name = _METRIC.match(line)
        if not name:
            raise _BadLineError("is no line of Prometheus' text format")
        head = line[: line.rfind("}") + 1] or f"{name[1]}{line[name.end()]}"
        self._lines.append(_Line(head, wanted=False))

    def _report(self, line: str, why: str) -> None:
        self._bad += 1
        if len(self._problems) < _SHOWN_PROBLEMS:
            self._problems.append(f"{line[:80]!r} {why}")


def _number(text: str) -> float:
    """The value behind a series; a timestamp after it is ignored."""
    try:
        value = float(text)
    except ValueError:
        try:
            value = float(text.split(maxsplit=1)[0])
        except (ValueError, IndexError):
            raise _BadLineError("has no number") from None
    if not 0 <= value < math.inf:
        raise _BadLineError("is not a count")
    return value


def _labels(text: str) -> dict[str, str]:
    labels = {}
    position = 0
    while position < len(text) and (found := _LABEL.match(text, position)):
        name, value, _ = found.groups()
        labels[name] = _unescaped(value)
        position = found.end()
    if text[position:].strip():
        raise _BadLineError("has labels that cannot be read")
    return labels


def _unescaped(value: str) -> str:
    if "\\" not in value:
        return value
    return _ESCAPE.sub(lambda found: "\n" if found[1] == "n" else found[1], value)


def _edge(text: str) -> float:
    try:
        edge = float(text)
    except ValueError:
        edge = math.nan
    if math.isnan(edge):
        raise _BadLineError("is a bucket without an upper edge")
    return edge


def _edge_labels(labels: dict[str, str]) -> EdgeLabels:
    return EdgeLabels(*(_blank(labels.get(name, "")) for name in EdgeLabels._fields))


def _blank(value: str) -> str:
    return "" if value in _UNKNOWN else value
