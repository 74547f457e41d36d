"""What an hour of the past costs in memory, and what it costs to keep and to ask.

The readings are those of proxies that are read themselves: whole requests within a window, at random about
the rate of each call, so that no two readings are alike.
"""

import math
import time
from collections.abc import Callable
from typing import Final

import numpy as np

from bench import synthetic
from bench.synthetic import BUCKETS_MS, REPORTERS, Call, Mesh, Reporter
from bench.table import Row
from telemetry import figures, subjects
from telemetry.recorder import KEEP_SECONDS, READINGS_PER_SEGMENT, STEP_SECONDS, Recorder
from telemetry.reporting import Reporting
from telemetry.samples import DurationRate, EdgeLabels, RequestRate, Samples, VolumeRate

PART: Final = "recorder"
WINDOW: Final = 10.0
START: Final = 1_700_000_000.0
_HOUR: Final = KEEP_SECONDS / STEP_SECONDS
_UNBOUNDED: Final = 1 << 40


def measure(small: bool) -> list[Row]:  # noqa: FBT001  a part's one question
    """The rows of this part."""
    sizes = ((4, 10), (20, 60)) if small else ((4, 10), (1000, 5000))
    return [row for services, edges in sizes for row in _of(services, edges)]


def _of(services: int, edges: int) -> list[Row]:
    mesh = synthetic.mesh(services, edges=edges)
    readings = [_reading(mesh, number) for number in range(6)]
    recorder, spent = _recorded(readings)
    mib = recorder.size_in_bytes / len(recorder) * _HOUR / 1024**2
    first = mesh.calls[0].target
    (subject, *_) = subjects.of("app", f"app:{first.namespace}/{first.app}")
    until = START + STEP_SECONDS * len(recorder)

    def hour() -> object:
        return figures.of(recorder.between(subject, START, until, STEP_SECONDS))

    name = f"{edges:,} edges"
    most = 4.0 if edges <= 100 else 200.0
    return [
        Row(PART, f"an hour of {name} in memory", mib, "MiB", most=most),
        Row(PART, f"what 64 MiB hold of {name}", min(60.0, 60.0 * 64 / mib), "min", least=15),
        Row(PART, f"to keep a reading of {name}, every {STEP_SECONDS:g} s", spent, "ms", most=250),
        Row(PART, f"to unpack a moment of {name}", _ms(lambda: recorder.at(START + 30)), "ms", most=500),
        Row(PART, f"figures of one of {name}, an hour", _ms(hour) / len(recorder) * _HOUR, "ms", most=10_000),
    ]


def _recorded(readings: list[Samples]) -> tuple[Recorder, float]:
    """A recorder with two closed segments, and the milliseconds that each reading took."""
    recorder, spent = Recorder(max_bytes=_UNBOUNDED), 0.0
    for number in range(2 * READINGS_PER_SEGMENT + 1):
        reading = readings[number % len(readings)]
        at = START + STEP_SECONDS * number
        moved = Samples(at, WINDOW, reading.requests, reading.durations, volumes=reading.volumes)
        reporting = Reporting(moved)
        began = time.process_time()
        recorder.record(moved, reporting)
        spent += time.process_time() - began
    return recorder, 1000 * spent / len(recorder)


def _ms(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return 1000 * (time.process_time() - began)


def _reading(mesh: Mesh, number: int) -> Samples:
    chance = np.random.default_rng(number)
    requests: list[RequestRate] = []
    durations: list[DurationRate] = []
    volumes: list[VolumeRate] = []
    for call in mesh.calls:
        for reporter in REPORTERS:
            labels = _labels(call, reporter)
            count = chance.poisson(call.per_second * WINDOW)
            volumes.append(
                VolumeRate(labels, count * call.request_bytes / WINDOW, count * call.response_bytes / WINDOW)
            )
            if call.protocol == "tcp":
                continue
            for outcome in call.outcomes:
                rate = chance.binomial(count, outcome.share) / WINDOW
                if rate > 0:
                    requests.append(RequestRate(labels, outcome.code, outcome.flags, rate, outcome.grpc))
            durations.append(DurationRate(labels, _buckets(call, reporter, count, chance)))
    return Samples(START, WINDOW, tuple(requests), tuple(durations), volumes=tuple(volumes))


def _buckets(
    call: Call, reporter: Reporter, count: int, chance: np.random.Generator
) -> tuple[tuple[float, float], ...]:
    below = [call.below(edge, reporter) for edge in BUCKETS_MS]
    parts = np.diff(below, prepend=0.0).clip(min=0.0)
    counts = np.cumsum(chance.multinomial(count, parts / parts.sum())) / WINDOW
    return tuple(zip((*map(float, BUCKETS_MS[:-1]), math.inf), counts.tolist(), strict=True))


def _labels(call: Call, reporter: Reporter) -> EdgeLabels:
    told = synthetic.labels(call, reporter)
    known = {name: value for name, value in told.items() if name in EdgeLabels._fields}
    return EdgeLabels(**{name: "" if value == "unknown" else value for name, value in known.items()})
