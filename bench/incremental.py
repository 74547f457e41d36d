"""What it costs to keep an analysis current: the first one, and one change after another."""

import statistics
import time
from typing import Final

from bench import meshes
from bench.table import Row
from routing.analysis.analyzers import LIVE
from routing.analysis.engine import analyze
from routing.analysis.incremental import Incremental
from routing.analysis.objects import Obj
from routing.analysis.world import World

PART: Final = "incremental"
CHANGE_MILLISECONDS: Final = 50.0
CHANGES: Final = 30


class NotEqualError(RuntimeError):
    """The kept analysis says something else than a whole one."""


def measure(small: bool) -> list[Row]:  # noqa: FBT001  (as each part of `bench.__main__.PARTS` is called)
    """Measures on 1,000 services with as many VirtualServices and DestinationRules. Raises NotEqualError."""
    services, namespaces = (20, 4) if small else (1000, 50)
    world = World(Obj.of(each) for each in meshes.objects(services, namespaces))
    start = time.perf_counter()
    kept = Incremental(world, LIVE)
    first = time.perf_counter() - start
    edits = {
        "VirtualService": lambda number, place: meshes.virtual_service(number, place, 80),
        "Service": meshes.service,
        "DestinationRule": meshes.destination_rule,
    }
    rows = [Row(PART, f"first analysis of {services:,} services with their routes, to be kept", first, "s")]
    for kind, make in edits.items():
        took = []
        for number in range(min(CHANGES, services)):
            obj = Obj.of(make(number, f"team-{number % namespaces:03}"))
            start = time.perf_counter()
            kept.change((), [obj])
            told = len(kept.findings)
            took.append(1000 * (time.perf_counter() - start))
        what = f"one {kind} changed, {told:,} findings told, the slowest of {len(took)}"
        rows.append(Row(PART, what, max(took), "ms", CHANGE_MILLISECONDS))
        rows.append(Row(PART, f"one {kind} changed, the median", statistics.median(took), "ms"))
    if kept.findings != analyze(kept.world, LIVE):
        raise NotEqualError("The kept analysis and a whole one differ.")
    return rows
