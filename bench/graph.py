"""How fast Prometheus' answers become a graph and a frame, and what that takes.

Each size is measured in a process of its own, which is given the answers as files: `python -m bench.graph
FOLDER`. Times are of the processor, so that other work on the machine counts less; parsing the same bytes is
timed in the same run, between the others.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from bench import answers, synthetic
from bench.table import Row
from telemetry import frames
from telemetry.frames import SourceState
from telemetry.memory import Memory
from telemetry.observation import Observation
from telemetry.pausing import no_cycle_search
from telemetry.presence import Presence
from telemetry.prometheus.answers import vector
from telemetry.prometheus.assembling import Assembler, Reading
from telemetry.prometheus.queries import CODES, MEASURE
from telemetry.samples import EdgeLabels, Samples
from telemetry.snapshot import Snapshot, View, delta

_BEGAN: Final = 1_764_304_500.0
_VIEW: Final = View("versioned_app")
_SOURCE: Final = SourceState("prometheus", "ok", 10.0)
_TICKS: Final = 8
_MOVING: Final = 20
"""In the last tick every so-many-eth call moves, and no other."""

_Labels = msgspec.defstruct(
    "_Labels", [(name, str, "") for name in (*EdgeLabels._fields, *CODES, MEASURE)], gc=False
)


class _Series(msgspec.Struct, gc=False):
    metric: _Labels  # type: ignore[valid-type]
    value: tuple[float, str]


class _Data(msgspec.Struct):
    result: list[_Series]


class _Answer(msgspec.Struct):
    status: str
    data: _Data


class Size(NamedTuple):
    """Of a mesh."""

    services: int
    workloads: int
    edges: int


def measure(small: bool) -> list[Row]:  # noqa: FBT001  as all parts are called
    """The rows of the part `graph`."""
    sizes = (
        [Size(20, 40, 100), Size(40, 80, 200)]
        if small
        else [Size(1000, 2000, 5000), Size(10_000, 20_000, 30_000)]
    )
    company, giant = (_in_a_process(size) for size in sizes)
    here, there = (f"{size.edges:,} edges" for size in sizes)
    ratio, more = company["frame"] / company["parse"], giant["frame"] / giant["parse"]
    saved = 100 * company["delta_bytes"] / company["frame_bytes"]
    rows = (
        (f"{here}: answers to the full frame, against parsing them", ratio, "times", 4),
        (f"{here}: answers to the full frame", 1e3 * company["frame"], "ms", None),
        (f"{here}: the same in the first tick, all labels new", 1e3 * company["first"], "ms", None),
        (f"{here}: parsing the answers", 1e3 * company["parse"], "ms", None),
        (f"{here}: the answers", company["bytes"] / 1e6, "MB", None),
        (f"{here}: a delta of 5 % of the edges, against the frame", saved, "percent", 10),
        (f"{here}: the same, computed and written", 1e3 * company["delta"], "ms", 20),
        (f"{there}: answers to the full frame", giant["frame"], "s", 2),
        (f"{there}: the same, against parsing them", more, "times", None),
        (f"{there}: the process", giant["memory"] / 1e6, "MB", 600),
    )
    return [Row("graph", what, value, unit, most=most) for what, value, unit, most in rows]


def _in_a_process(size: Size) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="meshui-bench-") as folder:
        made = synthetic.mesh(*size)
        busy = {call for number, call in enumerate(made.calls) if number % _MOVING == 0}
        for subject, series in answers.series(made).items():
            for tick in range(2):
                moves: Callable[[synthetic.Call], bool] = busy.__contains__
                body = answers.body(series, _BEGAN + tick, 3.0 * tick, moves)
                Path(folder, f"{subject}.{tick}").write_bytes(body)
        done = subprocess.run(
            [sys.executable, "-m", "bench.graph", folder], capture_output=True, text=True, check=False
        )
    if done.returncode != 0:
        raise RuntimeError(f"The measuring process failed: {done.stderr[-500:]}")
    found: dict[str, float] = json.loads(done.stdout)
    return found


class _Pipeline:
    """What a collector does in a tick, from the answers on."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._assembler = Assembler()
        self._presence = Presence()
        self._memory = Memory()
        self._seq = 0

    def bodies(self, tick: int) -> Iterator[tuple[str, bytes]]:
        """The answers of a tick, one after another."""
        for each in sorted(self._folder.glob(f"*.{tick}")):
            yield each.stem, each.read_bytes()

    def read(self, body: bytes) -> Reading:
        """What an answer says; its bytes need not be kept."""
        with no_cycle_search():
            return self._assembler.read(vector(body))

    def snapshot(self, readings: Mapping[str, Sequence[Reading]]) -> Snapshot:
        """The graph."""
        self._seq += 1
        with no_cycle_search():
            parts = self._assembler.assemble(readings)
            samples = self._presence.mark(
                Samples(
                    _BEGAN + self._seq,
                    10.0,
                    requests=parts.requests,
                    durations=parts.durations,
                    volumes=parts.volumes,
                ),
                float(self._seq),
            )
            seen = Observation(self._seq, samples.taken_at, 0.0, samples, memory=self._memory)
            return Snapshot.of(self._seq, samples.taken_at, _VIEW, seen.graph(_VIEW.graph_type))


def _picture(pipeline: _Pipeline, tick: int) -> tuple[float, Snapshot]:
    """From the answers of a tick to the graph, and how long it took, without reading the files."""
    taken, readings = 0.0, {}
    for subject, body in pipeline.bodies(tick):
        seconds, readings[subject] = _timed(partial(pipeline.read, body))
        taken += seconds
        del body
    seconds, found = _timed(
        partial(pipeline.snapshot, {subject: [each] for subject, each in readings.items()})
    )
    return taken + seconds, found


def _frame(pipeline: _Pipeline) -> tuple[float, bytes]:
    taken, found = _picture(pipeline, 0)
    seconds, shown = _timed(lambda: frames.full(found, _SOURCE, 1.0))
    return taken + seconds, shown


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.process_time()
    result = work()
    return time.process_time() - began, result


def _measured(folder: Path) -> dict[str, float]:
    pipeline = _Pipeline(folder)
    first, _ = _frame(pipeline)
    times, shown = zip(*(_frame(pipeline) for _ in range(_TICKS)), strict=True)
    # Before anything is parsed whole, which takes more.
    memory = _most_resident()
    before, after = _picture(pipeline, 0)[1], _picture(pipeline, 1)[1]
    deltas = [_timed(lambda: frames.delta(delta(before, after), _SOURCE, None)) for _ in range(_TICKS)]
    return {
        "bytes": sum(len(body) for _, body in pipeline.bodies(0)),
        "first": first,
        "frame": statistics.median(times),
        "frame_bytes": len(shown[0]),
        "delta": statistics.median(taken for taken, _ in deltas),
        "delta_bytes": len(deltas[0][1]),
        "memory": memory,
        "parse": _parsing([body for _, body in pipeline.bodies(0)]),
    }


def _most_resident() -> int:
    """The most bytes that this process ever had in memory.

    Not by getrusage, which counts what its parent had when it made this process.
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


def _parsing(bodies: Sequence[bytes]) -> float:
    """Seconds that the fastest parser here takes to read all of it: into structs with the labels we need."""
    taken = []
    for decode in (msgspec.json.Decoder(_Answer).decode, msgspec.json.Decoder().decode):
        times = []
        for _ in range(3):
            with no_cycle_search():
                times.append(sum(_timed(partial(decode, body))[0] for body in bodies))
        taken.append(statistics.median(times))
    return min(taken)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_measured(Path(sys.argv[1]))))
