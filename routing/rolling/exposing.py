"""Figures in Prometheus' text format. Pure.

Source: https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
"""

from collections.abc import Mapping
from typing import Final, Literal

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
Kind = Literal["gauge", "counter"]


class Exposition:
    """Collects samples by the name of their family, in the order in which families come first."""

    def __init__(self) -> None:
        self._families: dict[str, list[str]] = {}

    def family(self, name: str, kind: Kind, words: str) -> None:
        """Begins a family; one without a sample is told of all the same."""
        lines = [f"# HELP {name} {_escaped(words, quotes=False)}", f"# TYPE {name} {kind}"]
        self._families.setdefault(name, lines)

    def add(self, name: str, value: float | None, labels: Mapping[str, str] | None = None) -> None:
        """One sample of a family that was begun; None is no sample."""
        if value is None:
            return
        shown = ",".join(f'{key}="{_escaped(text)}"' for key, text in (labels or {}).items())
        self._families[name].append(
            f"{name}{{{shown}}} {_number(value)}" if shown else f"{name} {_number(value)}"
        )

    def text(self) -> str:
        """All of it."""
        return "".join(f"{line}\n" for lines in self._families.values() for line in lines)


def _escaped(text: str, *, quotes: bool = True) -> str:
    plain = text.replace("\\", "\\\\").replace("\n", "\\n")
    return plain.replace('"', '\\"') if quotes else plain


def _number(value: float) -> str:
    if value != value:  # noqa: PLR0124 - the one number that is not itself
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "+Inf" if value > 0 else "-Inf"
    return repr(float(value)) if isinstance(value, float) else str(int(value))
