"""Label sets as numbers: what a label set means is worked out once, and looked up in every tick. Pure.

A reading of a large mesh is tens of thousands of figures, and nearly all of its labels are those of the
reading before. So each label set gets a number, and what matters of it is a row of small numbers, which
numpy can compare by the thousand. A register only grows; whoever keeps one lets it go when it is crowded.
"""

from collections.abc import Hashable
from typing import Any, Final, Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from telemetry.samples import EdgeLabels, is_error

Numbers = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Item = TypeVar("Item", bound=Hashable)

REPORTERS: Final = ("source", "waypoint", "destination")
# So many label sets more than were of use in one tick are kept before all are forgotten.
_SPARE: Final = 10_000
_SEES_MTLS: Final = frozenset(("destination", "waypoint"))
_MUTUAL_TLS: Final = "mutual_tls"


class Call(NamedTuple):
    """One workload's traffic to another by one protocol. Without a workload that it reached, only the caller
    knows of it; without one that it comes from, only the destination.
    """

    source: str
    source_namespace: str
    source_cluster: str
    destination: str
    destination_namespace: str
    destination_cluster: str
    protocol: str


class Outcome(NamedTuple):
    """How a request ended."""

    response_code: str
    response_flags: str
    grpc_response_status: str


def protocol_of(labels: EdgeLabels) -> str:
    """`http`, `grpc` or `tcp`."""
    protocol = labels.request_protocol.lower()
    return protocol if protocol in ("grpc", "tcp") else "http"


def call_of(labels: EdgeLabels) -> Call:
    """The call that these labels report."""
    return Call(
        labels.source_workload,
        labels.source_workload_namespace,
        labels.source_cluster,
        labels.destination_workload,
        labels.destination_workload_namespace,
        labels.destination_cluster,
        protocol_of(labels),
    )


class Numbering(Generic[Item]):
    """Gives each thing a number, from 0 on."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self._numbers: dict[Item, int] = {}

    def __len__(self) -> int:
        return len(self.items)

    def find(self, item: Item) -> int | None:
        """The number of what has one."""
        return self._numbers.get(item)

    def number(self, item: Item) -> int:
        """The number of a thing; a new one for what has none yet."""
        found = self._numbers.get(item)
        if found is None:
            found = self._numbers[item] = len(self.items)
            self.items.append(item)
        return found

    def numbers(self, items: list[Item]) -> Numbers:
        """The numbers of a list."""
        return np.fromiter(map(self._known_or_new, items), np.int64, len(items))

    def _known_or_new(self, item: Item) -> int:
        found = self._numbers.get(item)
        return self.number(item) if found is None else found


class Columns(NamedTuple):
    """What matters of each label set, by its number. `reporter` is a place in REPORTERS, or beyond.

    `tells`: whether it can tell of mutual TLS, and does; `secured`: it says that there was. `source`,
    `service` and `destination` number names with their namespaces; `reached`: a workload got it.
    """

    call: Numbers
    reporter: Numbers
    is_tcp: Flags
    tells: Flags
    secured: Flags
    source: Numbers
    service: Numbers
    destination: Numbers
    reached: Flags


class Register:
    """The label sets of one source's readings, and how requests end."""

    def __init__(self) -> None:
        self.labels: Numbering[EdgeLabels] = Numbering()
        self.calls: Numbering[Call] = Numbering()
        self.outcomes: Numbering[Outcome] = Numbering()
        self._places: Numbering[tuple[str, str]] = Numbering()
        self._table = np.zeros((0, len(Columns._fields)), np.int64)
        self._errors = np.zeros(0, np.bool_)
        self._last: dict[str, tuple[list[Any], Numbers]] = {}

    def label_numbers(self, kind: str, labels: list[EdgeLabels]) -> Numbers:
        """The numbers of the labels of one kind of figures."""
        return self._as_before(kind, self.labels, labels)

    def outcome_numbers(self, outcomes: list[Outcome]) -> Numbers:
        """The numbers of how requests ended."""
        return self._as_before("outcomes", self.outcomes, outcomes)

    def _as_before(self, kind: str, numbering: Numbering[Item], items: list[Item]) -> Numbers:
        """Mostly a list is that of the reading before: to see that costs less than to look all of it up."""
        known = self._last.get(kind)
        if known is None or known[0] != items:
            known = self._last[kind] = items, numbering.numbers(items)
        return known[1]

    def columns(self) -> Columns:
        """What matters of all label sets that have a number."""
        fresh = self.labels.items[len(self._table) :]
        if fresh:
            rows = np.array([self._row(each) for each in fresh], np.int64)
            self._table = np.concatenate((self._table, rows))
        call, reporter, is_tcp, tells, secured, source, service, destination, reached = self._table.T
        return Columns(
            call,
            reporter,
            is_tcp.astype(np.bool_),
            tells.astype(np.bool_),
            secured.astype(np.bool_),
            source,
            service,
            destination,
            reached.astype(np.bool_),
        )

    def errors(self) -> Flags:
        """Of each outcome whether it is an error."""
        fresh = self.outcomes.items[len(self._errors) :]
        if fresh:
            self._errors = np.concatenate((self._errors, np.array([is_error(*each) for each in fresh])))
        return self._errors

    def is_crowded(self, used: int) -> bool:
        """Whether most of it was of no use in a reading of so many label sets: names come and go."""
        return len(self.labels) > 2 * used + _SPARE

    def _row(self, labels: EdgeLabels) -> tuple[int, ...]:
        tells = labels.reporter in _SEES_MTLS and bool(labels.connection_security_policy)
        place = self._places.number
        return (
            self.calls.number(call_of(labels)),
            REPORTERS.index(labels.reporter) if labels.reporter in REPORTERS else len(REPORTERS),
            protocol_of(labels) == "tcp",
            tells,
            tells and labels.connection_security_policy == _MUTUAL_TLS,
            place((labels.source_workload_namespace, labels.source_workload)),
            place((labels.destination_service_namespace, labels.destination_service_name)),
            place((labels.destination_workload_namespace, labels.destination_workload)),
            bool(labels.destination_workload),
        )


def sums(numbers: Numbers, values: Floats, count: int) -> Floats:
    """What the values with each number come to; numbers are from 0 to below `count`."""
    return np.bincount(numbers, values, count).astype(np.float64, copy=False)
