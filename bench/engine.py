"""How long a tick takes while many rollouts run at once in one process (`bench.driven`, in a process of its
own): of the processor's time, so that other load does not count.
"""

import json
import statistics
import subprocess
import sys
import tempfile
from typing import Final

from bench.table import Row

PART: Final = "rollouts"
COUNT, TICKS = 200, 40
SMALL_COUNT, SMALL_TICKS = 4, 2


def measure(small: bool) -> list[Row]:  # noqa: FBT001  (the signature of every part)
    """Drives them, all looked at in each tick, with curves as long as they get."""
    count, ticks = (SMALL_COUNT, SMALL_TICKS) if small else (COUNT, TICKS)
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "bench.driven", folder, str(count), str(ticks)]
        said = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    found = json.loads(said.splitlines()[-1])
    if {tuple(row[:2]) for row in found["rollouts"]} != {("running", 0)}:
        raise RuntimeError(f"not all rollouts run: {found['rollouts'][:5]}")
    words = f"{count} rollouts, all looked at in each tick:"
    return [
        Row(PART, f"{words} a tick, median", statistics.median(found["ticks"]), "s", most=1.0),
        Row(PART, f"{words} a tick, the longest", max(found["ticks"]), "s", most=1.0),
        Row(PART, f"{words} of it the database, median", statistics.median(found["database"]), "s"),
        Row(PART, f"{words} statements", found["statements"], ""),
        Row(PART, f"{count} first writes, each a plan, one after the other", found["begun"], "s"),
    ]
