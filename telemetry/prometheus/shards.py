"""Splits a question into several that no series answers twice, and each series answers: for servers that
limit how many series one query may touch.

Pure. PromQL has no hash, but whether a name has an even number of certain letters is a regular language, and
as good as a coin toss: k such conditions, each as it stands or negated, make 2^k parts. Each part is the
exact complement of its neighbour, so nothing is lost whatever the names look like.
"""

from collections.abc import Iterable
from typing import Final

from telemetry.prometheus.promql import Matcher, matching, not_matching

COUNTS: Final = (1, 2, 4, 8, 16)

# Both ends of a call in turn, so that one busy service is split by its callers. Each set has about half of
# what names are made of; the sets differ in about half of their letters, so that the conditions are
# independent.
_CONDITIONS: Final = (
    ("destination_workload", "acegikmoqsuwy02468"),
    ("source_workload", "acegikmoqsuwy02468"),
    ("destination_workload", "abefijmnqruvyz014589"),
    ("source_workload", "abefijmnqruvyz014589"),
)


def shards(count: int) -> tuple[tuple[Matcher, ...], ...]:
    """The conditions of each part; `count` is one of COUNTS. Raises ValueError for any other.

    Every series meets the conditions of exactly one part, and the labels are among those that are grouped
    by: no sum is torn apart.
    """
    if count not in COUNTS:
        raise ValueError(f"There cannot be {count} shards, only {', '.join(map(str, COUNTS))}.")
    parts: tuple[tuple[Matcher, ...], ...] = ((),)
    for condition in _CONDITIONS[: COUNTS.index(count)]:
        parts = tuple((*part, half) for part in parts for half in _halves(*condition))
    return parts


def _halves(label: str, letters: str) -> Iterable[Matcher]:
    others = f"[^{letters}]*"
    even = f"{others}([{letters}]{others}[{letters}]{others})*"
    return matching(label, even), not_matching(label, even)
