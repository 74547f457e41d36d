"""Durations as Go and Istio write them: `2s`, `500ms`, `1m30s`. Pure.

Source: https://pkg.go.dev/time#ParseDuration; Istio's fields ask for at least 1 ms.
"""

import re
from decimal import Decimal
from typing import Final

MILLISECOND: Final = 1_000_000
SECOND: Final = 1_000 * MILLISECOND
_UNITS: Final = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "μs": 1_000,
    "ms": MILLISECOND,
    "s": SECOND,
    "m": 60 * SECOND,
    "h": 3_600 * SECOND,
}
_PART: Final = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)")
MAX_LENGTH: Final = 40


def parse(text: str) -> int:
    """The nanoseconds of a duration. Raises ValueError, in plain words, for anything else."""
    shown = text if len(text) <= MAX_LENGTH else text[:MAX_LENGTH] + "…"
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):
        raise ValueError(f'"{shown}" has no unit; write 2s or 500ms.')
    position, total = 0, Decimal(0)
    while len(text) <= MAX_LENGTH and (part := _PART.match(text, position)):
        total += Decimal(part[1]) * _UNITS[part[2]]
        position = part.end()
    if position != len(text) or not text:
        raise ValueError(f'"{shown}" is not a duration; write 2s or 500ms.')
    return int(total)


def render(nanoseconds: int) -> str:
    """The shortest usual way to write a duration: whole seconds, else milliseconds, else finer."""
    for unit in ("s", "ms", "us"):
        if nanoseconds % _UNITS[unit] == 0:
            return f"{nanoseconds // _UNITS[unit]}{unit}"
    return f"{nanoseconds}ns"
