"""What it costs to count for rollouts: on top of every reading, and for every look. In processor time."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import msgspec

from bench.table import Row
from telemetry.counting import Ledger
from telemetry.exposition import Counter, Exposition, Histogram, RequestSeries
from telemetry.prometheus.answers import tracks
from telemetry.prometheus.watched import Follower
from telemetry.rates import RateWindow
from telemetry.samples import EdgeLabels, RequestCount, Samples, TimeCount
from telemetry.source import Watched

PART: Final = "watching"
EDGES: Final = (0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000, math.inf)
CALLERS: Final = 5
VERSIONS: Final = ("v1", "v2")
OBJECTIVE_MS: Final = 200.0
_BEGAN: Final = 1_764_304_500.0
_ROUNDS: Final = 5
_SCRAPE: Final = 15.0

Service = tuple[str, str]


def measure(small: bool) -> list[Row]:  # noqa: FBT001  as all parts are called
    """The rows of the part `watching`."""
    services, rollouts = (40, 8) if small else (1000, 200)
    mesh = [*_labels(services)]
    watched = [_service(number) for number in range(rollouts)]
    what = f"{len(mesh) // len(VERSIONS):,} edges, {rollouts} rollouts"
    (none, _), (counted, looked) = _ledger(mesh, []), _ledger(mesh, watched)
    plain, timed = _window(mesh, services, []), _window(mesh, services, watched)
    return [
        Row(PART, f"{what}: counting a reading, more than without them", _more(counted, none), "ms", most=50),
        Row(
            PART,
            f"{what}: latencies of a reading, more than without them",
            _more(timed, plain),
            "ms",
            most=50,
        ),
        Row(PART, f"{what}: all looks and shares of a tick", 1000 * looked, "ms", most=100),
        Row(
            PART, f"{rollouts} rollouts: an answer of Prometheus", 1000 * _followed(rollouts), "ms", most=300
        ),
    ]


def _more(much: float, little: float) -> float:
    return 1000 * max(0.0, much - little)


def _service(number: int) -> Service:
    return f"team-{number % 20:02}", f"service-{number:04}"


def _labels(services: int) -> Iterator[EdgeLabels]:
    """Each service is called by some, and has two versions."""
    for number in range(services):
        place, name = _service(number)
        for caller in range(CALLERS):
            from_place, from_name = _service((number * 7 + caller * 13) % services)
            for version in VERSIONS:
                yield EdgeLabels(
                    "source", f"{from_name}-v1", from_place, from_name, "v1", f"{name}.{place}", name, place,
                    f"{name}-{version}", place, name, version, "http", "", "", "mutual_tls",
                )  # fmt: skip


def _timed(do: Callable[[int], None]) -> float:
    """The shortest time of some rounds, in seconds."""
    found = []
    for number in range(_ROUNDS):
        began = time.process_time()
        do(number)
        found.append(time.process_time() - began)
    return min(found)


def _reading(mesh: Sequence[EdgeLabels], watched: set[Service], at: float) -> Samples:
    counts = tuple(RequestCount(of, code, "", 9.0) for of in mesh for code in ("200", "503"))
    buckets = tuple(float(place) for place in range(len(EDGES)))
    times = tuple(TimeCount(of, "", EDGES, buckets) for of in mesh if (of[7], of[6]) in watched)
    return Samples(at, 10.0, counts=counts, counted_from=at - 1, times=times)


def _ledger(mesh: Sequence[EdgeLabels], watched: Sequence[Service]) -> tuple[float, float]:
    """How long a reading takes to be counted, and all looks at it."""
    ledger = Ledger()
    readings = [_reading(mesh, set(watched), _BEGAN + second) for second in range(2 * _ROUNDS)]
    for where in watched:
        ledger.watch(*where, OBJECTIVE_MS)
    added = _timed(lambda number: ledger.add(readings[number]))

    def look(number: int) -> None:
        for where in watched:
            watch = ledger.watch(*where, OBJECTIVE_MS)
            watch.looked(_BEGAN + number)
            watch.shared(_BEGAN + 1)
            watch.shared(_BEGAN + 2)

    return added, _timed(look)


def _window(mesh: Sequence[EdgeLabels], services: int, watched: Sequence[Service]) -> float:
    """How long it takes to take in what all proxies of a mesh answer."""
    window = RateWindow(10.0)
    window.timed = frozenset(watched)
    each = len(mesh) // services
    answers = [
        [_exposition(mesh[first : first + each], second) for first in range(0, len(mesh), each)]
        for second in range(_ROUNDS + 1)
    ]

    def take(second: int) -> None:
        for number, answer in enumerate(answers[second]):
            window.observe(str(number), float(second), answer)
        window.take_counts()
        window.take_times()

    take(0)
    return _timed(lambda number: take(number + 1))


def _exposition(mesh: Sequence[EdgeLabels], second: int) -> Exposition:
    counters = {str(of): Counter(RequestSeries(of, "200", "", ""), 9.0 * second) for of in mesh}
    buckets = tuple(float(place * second) for place in range(len(EDGES)))
    return Exposition(counters, {str(of): Histogram(of, tuple(EDGES), buckets) for of in mesh})


def _followed(rollouts: int) -> float:
    """How long it takes to read and count one answer about all services that are watched."""
    mesh = [*_labels(rollouts)]
    bodies = [_body(mesh, _BEGAN + _SCRAPE * tick, tick) for tick in range(_ROUNDS + 1)]
    services = {_service(number): Watched(None, OBJECTIVE_MS) for number in range(rollouts)}
    follower = Follower(_SCRAPE)
    ledger = Ledger(0.0)
    for where in services:
        ledger.watch(*where, OBJECTIVE_MS)

    def take(tick: int) -> None:
        samples = follower.taken_in(services, tracks(bodies[tick]), _BEGAN + _SCRAPE * tick)
        if samples is not None:
            ledger.add(samples)

    take(0)
    return _timed(lambda number: take(number + 1))


def _body(mesh: Sequence[EdgeLabels], now: float, tick: int) -> bytes:
    """Two counters and two buckets of each call, with the samples of the last four scrapes."""
    result = []
    for of in mesh:
        told = {name: value for name, value in of._asdict().items() if value}
        for more in (
            {"__name__": "istio_requests_total", "response_code": "200"},
            {"__name__": "istio_requests_total", "response_code": "503"},
            {"__name__": "istio_request_duration_milliseconds_bucket", "le": "250"},
            {"__name__": "istio_request_duration_milliseconds_bucket", "le": "+Inf"},
        ):
            metric = {
                **told,
                **more,
                "job": "pods",
                "instance": of.source_workload,
                "pod": of.source_workload,
            }
            points = [(now - _SCRAPE * (3 - place), str(100 + 9 * (tick + place))) for place in range(4)]
            result.append({"metric": dict(sorted(metric.items())), "values": points})
    answer = {"status": "success", "data": {"resultType": "matrix", "result": result}}
    return msgspec.json.encode(answer)
