"""Builds PromQL, and is the only place that does: whatever a label's value holds, it comes out as that value.

Pure. Expressions are a type of their own, so that no text of somebody else's can stand where PromQL stands.

Grammar: https://prometheus.io/docs/prometheus/latest/querying/basics/
"""

import math
import re
from collections.abc import Iterable
from typing import Literal, NamedTuple, TypeAlias

_METRIC = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
# What RE2 reads as something else than itself.
_SPECIAL = re.compile(r"[\\.+*?()|\[\]{}^$]")
_UNPRINTABLE = re.compile(r'["\\\x00-\x1f\x7f]')

Comparison: TypeAlias = Literal[">", ">=", "<", "<=", "==", "!="]


class Expr(NamedTuple):
    """A PromQL expression that yields a vector or a number."""

    text: str

    def __str__(self) -> str:
        """As it is sent."""
        return self.text


class Range(NamedTuple):
    """A range vector: the samples of a stretch of time."""

    text: str


class Matcher(NamedTuple):
    """One condition on a label, already in PromQL's form."""

    label: str
    operator: Literal["=", "!=", "=~", "!~"]
    value: str

    def __str__(self) -> str:
        """As it stands between the braces."""
        return f"{_label(self.label)}{self.operator}{quoted(self.value)}"


def quoted(value: str) -> str:
    """A string literal. What is no Unicode (a lone surrogate) becomes a question mark: none can be sent."""
    clean = value.encode("utf-8", "replace").decode("utf-8")
    return f'"{_UNPRINTABLE.sub(_escaped, clean)}"'


def literally(value: str) -> str:
    """A regular expression (RE2) that matches this text and nothing else."""
    return _SPECIAL.sub(r"\\\g<0>", value)


def equal(label: str, value: str) -> Matcher:
    """The label has this value; "" also stands for a label that is missing."""
    return Matcher(label, "=", value)


def unequal(label: str, value: str) -> Matcher:
    """The label has another value."""
    return Matcher(label, "!=", value)


def matching(label: str, pattern: str) -> Matcher:
    """The whole value matches the regular expression (RE2)."""
    return Matcher(label, "=~", pattern)


def not_matching(label: str, pattern: str) -> Matcher:
    """Everything that matching() leaves out."""
    return Matcher(label, "!~", pattern)


def one_of(label: str, values: Iterable[str]) -> Matcher:
    """The label has one of these values."""
    return matching(label, "|".join(map(literally, values)))


def metric(name: str, *matchers: Matcher) -> Expr:
    """The newest samples of a metric.

    Raises ValueError for what cannot be a metric's or a label's name.
    """
    if not _METRIC.fullmatch(name):
        raise ValueError(f"{name[:80]!r} cannot be the name of a metric.")
    return Expr(f"{name}{{{','.join(map(str, matchers))}}}" if matchers else name)


def over(selected: Expr, seconds: float, *, offset_seconds: float = 0.0, at: float | None = None) -> Range:
    """The samples of the last `seconds` of what metric() selects, before `at` (seconds since the epoch)."""
    moved = f" offset {duration(offset_seconds)}" if offset_seconds else ""
    fixed = "" if at is None else f" @ {at:.3f}"
    return Range(f"{selected}[{duration(seconds)}]{fixed}{moved}")


def duration(seconds: float) -> str:
    """A length of time, to the millisecond; at least one of them."""
    milliseconds = round(abs(seconds) * 1000) or 1
    sign = "-" if seconds < 0 else ""
    if milliseconds % 1000:
        return f"{sign}{milliseconds}ms"
    return f"{sign}{milliseconds // 1000}s"


def rate(samples: Range) -> Expr:
    """What a counter gains per second."""
    return Expr(f"rate({samples.text})")


def increase(samples: Range) -> Expr:
    """What a counter gains over the range."""
    return Expr(f"increase({samples.text})")


def timestamp(selected: Expr) -> Expr:
    """When the samples were taken, in seconds since the epoch."""
    return Expr(f"timestamp({selected})")


def sum_by(labels: Iterable[str], vector: Expr) -> Expr:
    """The sums of what has the same values of these labels."""
    return Expr(f"sum by ({', '.join(map(_label, labels))}) ({vector})")


def total(vector: Expr) -> Expr:
    """The sum of everything, without labels."""
    return Expr(f"sum({vector})")


def count(vector: Expr) -> Expr:
    """How many series there are; nothing where there are none."""
    return Expr(f"count({vector})")


def count_over_time(samples: Range) -> Expr:
    """How many samples each series has in the range."""
    return Expr(f"count_over_time({samples.text})")


def max_over_time(samples: Range) -> Expr:
    """The largest sample of each series in the range."""
    return Expr(f"max_over_time({samples.text})")


def unless_on(labels: Iterable[str], vector: Expr, others: Expr) -> Expr:
    """What has no counterpart among the others with the same values of these labels."""
    return Expr(f"({vector} unless on ({', '.join(map(_label, labels))}) {others})")


def highest(vector: Expr) -> Expr:
    """The largest value of all."""
    return Expr(f"max({vector})")


def histogram_quantile(ratio: float, buckets: Expr) -> Expr:
    """The value below which `ratio` (0-1) of the observations lie; `buckets` keeps the label `le`."""
    return Expr(f"histogram_quantile({number(ratio)}, {buckets})")


def compared(vector: Expr, operator: Comparison, value: float) -> Expr:
    """Keeps what compares so. NaN never does."""
    return Expr(f"{vector} {operator} {number(value)}")


def labelled(vector: Expr, label: str, value: str) -> Expr:
    """The same, with a label set to a value."""
    # Without a source label everything matches the empty expression; "$" would begin a group's name.
    replacement = quoted(value.replace("$", "$$"))
    return Expr(f'label_replace({vector}, "{_label(label)}", {replacement}, "", "")')


def union(vectors: Iterable[Expr]) -> Expr:
    """All series of all of them; of two with the same labels the first."""
    return Expr(f"({' or '.join(map(str, vectors))})")


def number(value: float) -> str:
    """A number literal."""
    if math.isinf(value):
        return "Inf" if value > 0 else "-Inf"
    return f"{value:.15g}"


def _escaped(found: re.Match[str]) -> str:
    character = found[0]
    if character in '"\\':
        return f"\\{character}"
    return "\\n" if character == "\n" else f"\\u{ord(character):04x}"


def _label(name: str) -> str:
    if not _LABEL.fullmatch(name):
        raise ValueError(f"{name[:80]!r} cannot be the name of a label.")
    return name
