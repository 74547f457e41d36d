"""The rows of a benchmark as one table: what was measured, the goal, and whether it was met. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

Verdict: TypeAlias = Literal["met", "MISS", "-"]


@dataclass(frozen=True, slots=True)
class Row:
    """One measured number, and its goal: at most, or at least; without either it is told, not judged."""

    part: str
    what: str
    value: float
    unit: str
    most: float | None = None
    least: float | None = None

    @property
    def verdict(self) -> Verdict:
        """Whether the goal was met."""
        if self.most is None and self.least is None:
            return "-"
        short = self.least is not None and self.value < self.least
        return "MISS" if short or (self.most is not None and self.value > self.most) else "met"

    @property
    def goal(self) -> str:
        """The goal in words; empty where there is none."""
        bounds = [("<=", self.most), (">=", self.least)]
        return " ".join(f"{sign} {_number(bound)} {self.unit}" for sign, bound in bounds if bound is not None)


def render(machine: str, rows: Sequence[Row]) -> str:
    """The table as text, under a line that names the machine."""
    head = ("part", "what", "measured", "goal", "")
    cells = [head] + [
        (row.part, row.what, f"{_number(row.value)} {row.unit}".rstrip(), row.goal, row.verdict)
        for row in rows
    ]
    widths = [max(len(line[column]) for line in cells) for column in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in cells]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join([machine, "", *(line.rstrip() for line in lines)]) + "\n"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"
