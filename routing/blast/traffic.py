"""What the acting side asks of the live traffic, as `telemetry.live` answers it. Pure."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from routing import retries


class Caller(Protocol):
    """The requests of one workload to a service; `requests_per_second`, and `error_ratio` from 0 to 1."""

    @property
    def namespace(self) -> str:
        """Its namespace."""

    @property
    def workload(self) -> str:
        """Its name; empty when it has no proxy."""

    @property
    def app(self) -> str:
        """Its app."""

    @property
    def version(self) -> str:
        """Its version."""

    @property
    def requests_per_second(self) -> float:
        """What it sends."""

    @property
    def error_ratio(self) -> float:
        """What part of it fails, from 0 to 1."""


class Counts(Protocol):
    """Requests by version, each counted once, since a moment."""

    @property
    def since(self) -> float:
        """From when they are, in seconds since the epoch."""

    @property
    def requests(self) -> Mapping[str, float]:
        """How many each version got."""

    @property
    def errors(self) -> Mapping[str, float]:
        """How many of them failed."""

    @property
    def unproxied(self) -> float:
        """How many came from callers without a proxy."""


class Traffic(Protocol):
    """Live traffic."""

    def available(self) -> bool:
        """Whether there is a measurement that is not stale."""

    def age_seconds(self) -> float | None:
        """How old it is."""

    def callers(self, namespace: str, service: str) -> Sequence[Caller]:
        """Who calls a service."""

    def shares(self, namespace: str, service: str) -> Mapping[str, float]:
        """The part of its requests that each version got, from 0 to 1."""

    def error_ratios(self, namespace: str, service: str) -> Mapping[str, float]:
        """What part of its requests each version fails, from 0 to 1."""

    def hops(self) -> Sequence[retries.Hop]:
        """Who calls what, and who answers, over the whole mesh."""

    def counts(self, namespace: str, service: str, since: float) -> Counts | None:
        """Requests by version since a moment (seconds since the epoch); None where nothing counts them."""
