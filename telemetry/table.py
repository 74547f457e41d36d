"""A reading summed up by who called whom, as columns: what all graphs of it have in common. Pure.

telemetry.flows tells the same one by one.
"""

from typing import NamedTuple

import numpy as np

from telemetry.latencies import Histograms
from telemetry.register import Flags, Floats, Numbers, Outcome, Register, sums
from telemetry.reporting import Reporting
from telemetry.samples import EdgeLabels, Samples


class Endings(NamedTuple):
    """How requests ended: of the flow `flows`, `rates` per second as the outcome `outcomes` says."""

    flows: Numbers
    outcomes: Numbers
    rates: Floats


class Durations(NamedTuple):
    """Latency: the histogram in each row is of the flow beside it."""

    flows: Numbers
    histograms: Histograms


class Table(NamedTuple):
    """The flows of a reading, in the order of their label sets' numbers; see telemetry.flows.Flow.

    `volumes` has the columns sent bytes, received bytes, messages, connections. `mtls` is NaN where no
    destination reports.
    """

    numbers: Numbers
    labels: list[EdgeLabels]
    reached: Flags
    requests: Floats
    errors: Floats
    volumes: Floats
    mtls: Floats
    idle_seconds: Floats
    endings: Endings
    outcomes: list[Outcome]
    durations: Durations


def table_of(samples: Samples, reporting: Reporting, register: Register) -> Table:
    """The columns of a reading, of what is believed in it; the register is the one of the reporting."""
    reading, believed = reporting.reading, reporting.believed
    counted, moved = believed[reading.labels], believed[reading.moving]
    active = np.unique(np.concatenate((reading.labels[counted], reading.moving[moved])))
    resting = believed[reading.idle] & ~np.isin(reading.idle, active)
    numbers = np.unique(np.concatenate((active, reading.idle[resting])))
    idle = np.zeros(len(numbers))
    idle[np.searchsorted(numbers, reading.idle[resting])] = reading.idle_seconds[resting]
    flows = np.searchsorted(numbers, reading.labels[counted])
    rates, outcomes = reading.rates[counted], reading.outcomes[counted]
    requests = sums(flows, rates, len(numbers))
    columns, labels = reporting.columns, register.labels.items
    return Table(
        numbers=numbers,
        labels=[labels[number] for number in numbers.tolist()],
        reached=columns.reached[numbers],
        requests=requests,
        errors=sums(flows, rates * register.errors()[outcomes], len(numbers)),
        volumes=_volumes(
            reading.volumes[moved], np.searchsorted(numbers, reading.moving[moved]), len(numbers)
        ),
        mtls=reporting.secured[columns.call[numbers]],
        idle_seconds=idle,
        endings=Endings(flows, outcomes, rates),
        outcomes=register.outcomes.items,
        durations=_durations(samples, numbers, idle == 0, register),
    )


def _volumes(volumes: Floats, flows: Numbers, count: int) -> Floats:
    sent, received, out, back, opened = (sums(flows, volumes[:, column], count) for column in range(5))
    return np.stack((sent, received, out + back, opened), axis=1)


def _durations(samples: Samples, numbers: Numbers, active: Flags, register: Register) -> Durations:
    """The histograms of flows that carry something."""
    if not len(numbers):
        return Durations(np.zeros(0, np.int64), Histograms.of(()))
    labels = register.label_numbers("durations", [each.labels for each in samples.durations])
    place = np.minimum(np.searchsorted(numbers, labels), len(numbers) - 1)
    wanted = (numbers[place] == labels) & active[place]
    chosen = [samples.durations[row] for row in np.flatnonzero(wanted).tolist()]
    return Durations(place[wanted], Histograms.of(chosen))
