"""Durations as Go and protobuf write them: "300ms", "1.5s", "1h30m"."""

import re

_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)", re.ASCII)
_WHOLE = re.compile(rf"[-+]?(0|(?:{_PART.pattern})+)", re.ASCII)


class BadDuration(ValueError):  # noqa: N818
    """The text is not a duration."""


def seconds(text: str) -> float:
    """The length of a duration in seconds. Raises `BadDuration` with what Go's parser says."""
    if not _WHOLE.fullmatch(text):
        raise BadDuration(_complaint(text))
    total = sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))
    return -total if text.startswith("-") else total


def _complaint(text: str) -> str:
    if re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)", text):
        return f'time: missing unit in duration "{text}"'
    unit = re.fullmatch(r"[-+]?(?:\d+\.?\d*|\.\d+)([^\d.]+)", text)
    if unit:
        return f'time: unknown unit "{unit[1]}" in duration "{text}"'
    return f'time: invalid duration "{text}"'
