"""Which of the reports of one call is believed, so that no request counts twice and none is lost. Pure.

A call is all that one workload sends to another by one protocol. Its caller's proxy reports it, a waypoint
on its way, and its destination's proxy; each of them may be missing, or not be read. All of a call is taken
from one of them: the best there is, in an order that docs/decisions/0012 explains. The service is no part of
what tells calls apart, because a destination cannot know by which of its services it was called.
"""

from typing import Final, Literal, NamedTuple

import numpy as np

from telemetry.register import (
    REPORTERS,
    Call,
    Columns,
    Flags,
    Floats,
    Numbers,
    Outcome,
    Register,
    call_of,
    protocol_of,
    sums,
)
from telemetry.samples import EdgeLabels, Samples, VolumeRate

__all__ = ["Call", "Preference", "Reading", "Reporting", "call_of", "protocol_of"]

Preference = Literal["caller", "destination"]
"""Whose word counts first: the caller's, or as in Kiali the destination's."""

# The ranks of the reporters in their order, best first, and of one that nobody knows how to take.
_NEVER: Final = 9
_RANKS: Final[dict[Preference, tuple[int, ...]]] = {
    "caller": (0, 1, 2, _NEVER),
    "destination": (2, 1, 0, _NEVER),
}
_WAYPOINT: Final = REPORTERS.index("waypoint")
_VOLUMES: Final = len(VolumeRate._fields) - 1


def rank_of(labels: EdgeLabels, preference: Preference) -> int | None:
    """How good a report this is of its call: 0 is the best; None for one that nobody knows how to take."""
    if labels.reporter not in REPORTERS:
        return None
    return _RANKS[preference][REPORTERS.index(labels.reporter)]


def is_proxied(labels: EdgeLabels) -> bool:
    """Whether the caller has a proxy of the mesh: a destination knows the workload only of one that has."""
    return labels.reporter != "destination" or bool(labels.source_workload)


def moves(volume: VolumeRate) -> bool:
    """Whether there is any traffic in it."""
    return any(rate > 0 for rate in volume[1:])


class Reading(NamedTuple):
    """The figures of a reading that are above 0, as columns; label sets and outcomes by their numbers."""

    labels: Numbers
    outcomes: Numbers
    rates: Floats
    moving: Numbers
    volumes: Floats
    idle: Numbers
    idle_seconds: Floats

    @classmethod
    def of(cls, samples: Samples, register: Register) -> "Reading":
        """The columns of a reading."""
        requests, moved, idle = samples.requests, samples.volumes, samples.idle
        labels = register.label_numbers("requests", [each.labels for each in requests])
        outcomes = register.outcome_numbers([Outcome(each[1], each[2], each[4]) for each in requests])
        rates = np.array([each.requests_per_second for each in requests], np.float64)
        moving = register.label_numbers("volumes", [each.labels for each in moved])
        volumes = np.array([each[1:] for each in moved], np.float64).reshape(-1, _VOLUMES)
        some, moves_something = rates > 0, (volumes > 0).any(axis=1)
        return cls(
            labels[some],
            outcomes[some],
            rates[some],
            moving[moves_something],
            volumes[moves_something],
            register.label_numbers("idle", [each.labels for each in idle]),
            np.array([each.idle_seconds for each in idle], np.float64),
        )

    @property
    def active(self) -> Numbers:
        """The label sets with traffic, some of them more than once."""
        return np.concatenate((self.labels, self.moving))


class Reporting:
    """What is believed of the reports of one reading.

    `register`: where the same source's label sets are numbered.
    """

    def __init__(
        self, samples: Samples, preference: Preference = "caller", register: Register | None = None
    ) -> None:
        self._register = register or Register()
        self._ranks = np.array(_RANKS[preference])
        self.reading = Reading.of(samples, self._register)
        self.columns = columns = self._register.columns()
        ranks = self._ranks[columns.reporter]
        self._best = _best(columns, ranks, self.reading, len(self._register.calls))
        self.believed: Flags = (ranks <= self._best[columns.call]) & (ranks < _NEVER)
        self.believed &= ~_carried(columns, self.reading.active)
        self.secured = _secured(columns, self.reading, len(self._register.calls))
        """Of each call, by its number, what part (0-1) went over mutual TLS; NaN where nobody says."""

    def believes(self, labels: EdgeLabels) -> bool:
        """True where this report is the one of its call that counts."""
        number = self._register.labels.find(labels)
        if number is not None and number < len(self.believed):
            return bool(self.believed[number])
        # It reports nothing in this reading: it would be believed where no better one does.
        rank = int(self._ranks[REPORTERS.index(labels.reporter)]) if labels.reporter in REPORTERS else _NEVER
        call = self._register.calls.find(call_of(labels))
        known = call is not None and call < len(self._best)
        return rank < _NEVER and (not known or bool(rank <= self._best[call]))


def _best(columns: Columns, ranks: Numbers, reading: Reading, calls: int) -> Numbers:
    """The rank of the best report of each call: who has something to report now, else who had once."""
    now = np.full(calls, _NEVER)
    np.minimum.at(now, columns.call[reading.active], ranks[reading.active])
    once = np.full(calls, _NEVER)
    np.minimum.at(once, columns.call[reading.idle], ranks[reading.idle])
    found: Numbers = np.where(now < _NEVER, now, once)
    return found


def _secured(columns: Columns, reading: Reading, calls: int) -> Floats:
    """By call: of what its destination got, requests or TCP bytes, the part over mutual TLS."""
    numbers = np.concatenate((reading.labels, reading.moving))
    amounts = np.concatenate(
        (reading.rates, (reading.volumes[:, 0] + reading.volumes[:, 1]) * columns.is_tcp[reading.moving])
    )
    told = columns.tells[numbers] & (amounts > 0)
    numbers, amounts = numbers[told], amounts[told]
    all_of_it = sums(columns.call[numbers], amounts, calls)
    secured = sums(columns.call[numbers], amounts * columns.secured[numbers], calls)
    found: Floats = np.divide(secured, all_of_it, out=np.full(calls, np.nan), where=all_of_it > 0)
    return found


def _carried(columns: Columns, active: Numbers) -> Flags:
    """The TCP connections of an ambient mesh that carry requests which a waypoint reports.

    The ztunnels report them as TCP, from the caller to the waypoint and from there to the destination. They
    are another look at the same traffic, and are not drawn beside it.
    """
    is_waypoints = columns.reporter == _WAYPOINT
    told = active[is_waypoints[active] & ~columns.is_tcp[active]]
    if not told.size:
        return np.zeros(len(columns.call), np.bool_)
    places = int(max(columns.source.max(), columns.service.max(), columns.destination.max())) + 1
    to_service = columns.source * places + columns.service
    to_workload = columns.source * places + columns.destination
    reached = np.isin(columns.destination, columns.destination[told])
    leads_on = np.isin(to_service, to_service[told]) & ~reached
    now = np.zeros(len(columns.call), np.bool_)
    now[active] = True
    waypoints = columns.destination[leads_on & columns.is_tcp & now]
    from_waypoint = np.isin(columns.source, waypoints) & reached
    straight = np.isin(to_workload, to_workload[told])
    found: Flags = columns.is_tcp & ~is_waypoints & (straight | leads_on | from_waypoint)
    return found
