"""What is kept from one reading of a source to the next: the numbers of labels, and the layouts of graphs.

Nothing in it changes what a graph shows, only what it costs. One thread at a time may read a source with it;
others may ask for graphs meanwhile. Pure.
"""

from typing import Final

import numpy as np

from telemetry.layout import Layout, Plan
from telemetry.register import Numbers, Register
from telemetry.samples import Samples
from telemetry.table import Table

# For one source; each person with other rights, and each way to fold, has a layout of its own.
_MOST_LAYOUTS: Final = 64


class Memory:
    """Of one source."""

    def __init__(self) -> None:
        self._register = Register()
        self._layouts: dict[Plan, Layout] = {}

    def register_for(self, samples: Samples) -> Register:
        """Where the labels of the next reading are numbered: a new one, when names have come and gone."""
        used = len(samples.requests) + len(samples.volumes) + len(samples.idle)
        if self._register.is_crowded(used):
            self._register, self._layouts = Register(), {}
        return self._register

    def layout(self, table: Table, rows: Numbers, plan: Plan) -> Layout:
        """The layout of these rows of the table: mostly that of the reading before."""
        numbers = table.numbers[rows]
        found = self._layouts.pop(plan, None)
        if found is None or not np.array_equal(found.numbers, numbers):
            found = Layout(numbers, [table.labels[row] for row in rows.tolist()], plan)
        layouts = {**self._layouts, plan: found}
        while len(layouts) > _MOST_LAYOUTS:
            del layouts[next(iter(layouts))]
        self._layouts = layouts
        return found
