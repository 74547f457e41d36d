"""A source of metrics for the load of viewers: some services that call each other, half of whose numbers
change every tick.
"""

import random
import time
from typing import Final

from telemetry.samples import EdgeLabels, RequestRate, Samples

SERVICES: Final = 60
CALLS: Final = 150
CHANGING: Final = 0.5
"""The part of the calls whose numbers change from one reading to the next."""


class Traffic:
    """See telemetry.source.Source."""

    name = "bench"

    def __init__(self) -> None:
        self._random = random.Random(1)  # noqa: S311  it makes numbers up, it guards nothing
        pairs = [(self._random.randrange(SERVICES), self._random.randrange(SERVICES)) for _ in range(CALLS)]
        self._rates = {_labels(*pair): 10.0 for pair in pairs}

    async def read(self) -> Samples:
        """The rates of now."""
        for labels in self._random.sample(list(self._rates), round(CHANGING * len(self._rates))):
            self._rates[labels] = 10 + 90 * self._random.random()
        rates = tuple(RequestRate(labels, "200", "", rate) for labels, rate in self._rates.items())
        return Samples(taken_at=time.time(), window_seconds=10.0, requests=rates)

    async def close(self) -> None:
        """There is nothing to let go of."""


def _labels(source: int, target: int) -> EdgeLabels:
    place = ("shop", "pay")
    return EdgeLabels(
        reporter="source",
        source_workload=f"service-{source}-v1",
        source_workload_namespace=place[source % 2],
        source_canonical_service=f"service-{source}",
        source_canonical_revision="v1",
        destination_service=f"service-{target}.{place[target % 2]}.svc.cluster.local",
        destination_service_name=f"service-{target}",
        destination_service_namespace=place[target % 2],
        destination_workload=f"service-{target}-v1",
        destination_workload_namespace=place[target % 2],
        destination_canonical_service=f"service-{target}",
        destination_canonical_revision="v1",
        request_protocol="http",
    )
