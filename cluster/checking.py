"""The consistency check: does the cache hold what a fresh LIST shows?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from cluster import reading
from cluster.errors import ClusterError
from cluster.kinds import Kind
from cluster.objects import Meta, metadata_of
from cluster.port import Cluster
from cluster.reflector import Reflector

NAMED: Final = 5
"""Differences that a line of the log names; of the others it gives the number."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One object in which cache and LIST differ, by its resource version in each; empty: it is not there."""

    kind: Kind
    namespace: str
    name: str
    cached: str
    listed: str

    def __str__(self) -> str:
        place = f"{self.namespace}/{self.name}" if self.namespace else self.name
        return f"{self.kind} {place} (cached {self.cached or 'not'}, listed {self.listed or 'not'})"


class _Stub(msgspec.Struct, frozen=True):
    """An object of which only the metadata is decoded."""

    metadata: Meta


def compare(cluster: Cluster, reflector: Reflector, pause: Callable[[], object]) -> tuple[Difference, ...]:
    """What differs, and still differs in the same way after `pause`: no watch is about to bring that.

    Nothing where the watch is not open or the cluster does not answer: the age says so already.
    """
    if not reflector.watching:
        return ()
    try:
        first = _differing(cluster, reflector)
        if not first:
            return ()
        pause()
        second = frozenset(_differing(cluster, reflector))
    except ClusterError:
        return ()
    return tuple(difference for difference in first if difference in second) if reflector.watching else ()


def summary(found: Sequence[Difference]) -> str:
    """The first few differences, and how many more there are."""
    more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
    return ", ".join(map(str, found[:NAMED])) + more


def _differing(cluster: Cluster, reflector: Reflector) -> list[Difference]:
    listed = reading.everything(cluster, reflector.kind, _Stub, reflector.namespace)
    truth = {(meta.namespace, meta.name): meta.resource_version for meta in map(metadata_of, listed.items)}
    held = {
        (meta.namespace, meta.name): meta.resource_version
        for meta in map(metadata_of, reflector.store.read())
    }
    return [
        Difference(reflector.kind, *key, held.get(key, ""), truth.get(key, ""))
        for key in sorted(truth.keys() | held.keys())
        if truth.get(key) != held.get(key)
    ]
