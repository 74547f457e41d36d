"""What a reading of the mesh lacks, in plain words, and to each viewer only what may be known to him.

The name of a pod is a name like any other, and so is a count of pods. Pure.
"""

import math
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from cluster.access import Visible

_NAMED_PODS = 3
_NOTES = 3


class Failure(NamedTuple):
    """A proxy that could not be read, or not in full. `reason` completes "the pod ...".

    `detail`: what the proxy itself wrote, which may name anything; empty where there is nothing to quote.
    """

    namespace: str
    pod: str
    reason: str
    detail: str = ""


class Note(NamedTuple):
    """A sentence about something in a namespace, for who may see that."""

    namespace: str
    text: str


class Shortfall(msgspec.Struct, frozen=True):
    """What is missing from a reading.

    `common` is for everybody, and names nothing of the cluster's. `inner` may quote the cluster or another
    server, and is only for who may see everything. `proxies` counts the proxies of each namespace.
    `every_seconds`: how long it takes until a proxy is asked again, when there are too many to ask all of
    them every time; otherwise 0. `notes`: what else cannot be taken as it is.
    """

    common: str = ""
    inner: str = ""
    proxies: Mapping[str, int] = {}
    failures: tuple[Failure, ...] = ()
    every_seconds: float = 0.0
    notes: tuple[Note, ...] = ()

    def told_to(self, visible: Visible) -> str:
        """The sentences for who may see these namespaces (None: all); empty when nothing is missing."""
        if visible is None:
            inner, seen, count = self.inner, self.failures, sum(self.proxies.values())
        else:
            inner = ""
            seen = tuple(each._replace(detail="") for each in self.failures if each.namespace in visible)
            count = sum(count for namespace, count in self.proxies.items() if namespace in visible)
        noted = [each.text for each in self.notes if visible is None or each.namespace in visible]
        parts = [
            self.common,
            inner,
            _in_turn(count, self.every_seconds),
            _sentence(seen, count),
            *noted[:_NOTES],
            f"And {len(noted) - _NOTES} more of this kind." if len(noted) > _NOTES else "",
        ]
        return " ".join(filter(None, parts))


def _in_turn(proxies: int, every_seconds: float) -> str:
    """That not every proxy is asked every time, and how often each is."""
    if not proxies or every_seconds <= 0:
        return ""
    return (
        "The mesh has more proxies than can be asked every time: "
        f"each of these {proxies} is asked about every {math.ceil(every_seconds)} s."
    )


def _sentence(failures: Iterable[Failure], proxies: int) -> str:
    """Which pods are missing, by name, and why."""
    named = sorted(f"{each.namespace}/{each.pod} {each.reason}{_quoted(each.detail)}" for each in failures)
    if not named:
        return ""
    more = len(named) - _NAMED_PODS
    rest = f"; and {more} more" if more > 0 else ""
    return (
        f"{len(named)} of {proxies} proxies cannot be read in full: {'; '.join(named[:_NAMED_PODS])}{rest}."
    )


def _quoted(detail: str) -> str:
    return f" ({detail})" if detail else ""
