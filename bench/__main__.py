"""`python -m bench [--small] [PART...]`: measures, and prints one table. A missed goal is no failure."""

import argparse
import os
import platform
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from bench import (
    analysis,
    browser,
    cluster,
    engine,
    graph,
    incremental,
    planning,
    recorder,
    rollouts,
    viewers,
    watching,
)
from bench.table import Row, render

PARTS: Final[Mapping[str, Callable[[bool], list[Row]]]] = {
    "analysis": analysis.measure,
    "incremental": incremental.measure,
    "cluster": cluster.measure,
    "planning": planning.measure,
    "viewers": viewers.measure,
    "browser": browser.measure,
    "recorder": recorder.measure,
    "graph": graph.measure,
    "judge": rollouts.measure,
    "rollouts": engine.measure,
    "watching": watching.measure,
}
"""Each part by its name: given whether it is to be small, it measures, or raises."""


def machine() -> str:
    """What was measured on: cores, memory, Python."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    names = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    processor = names[0] if names else platform.machine()
    cores = len(os.sched_getaffinity(0))
    return f"{cores} cores ({processor}), {memory:.1f} GiB memory, Python {platform.python_version()}"


def main(arguments: list[str] | None = None) -> int:
    """Measures the parts that were asked for, or all. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; default: all")
    parser.add_argument(
        "--small", action="store_true", help="small numbers: whether it works, not how fast it is"
    )
    options = parser.parse_args(arguments)
    unknown = set(options.parts) - set(PARTS)
    if unknown:
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    rows: list[Row] = []
    for name in options.parts or PARTS:
        rows += PARTS[name](options.small)
    sys.stdout.write(render(machine(), rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
