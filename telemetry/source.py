"""The port to a source of metrics. The collector knows sources by this alone."""

from collections.abc import Collection, Mapping
from typing import NamedTuple, Protocol, runtime_checkable

from telemetry.samples import Samples
from telemetry.shortfall import Shortfall


class SourceUnavailable(Exception):  # noqa: N818  the name in docs/architecture.md
    """The source does not answer. `shortfall` says in plain words what was tried."""

    def __init__(self, said: Shortfall | str) -> None:
        """A text counts as the words of another server, which may name anything: not everybody is told."""
        self.shortfall = said if isinstance(said, Shortfall) else Shortfall(inner=said)
        super().__init__(self.shortfall.told_to(None))


class Source(Protocol):
    """Where rates come from."""

    @property
    def name(self) -> str:
        """A word for the page: "direct", "prometheus"."""

    async def read(self) -> Samples:
        """The rates of now. Raises SourceUnavailable."""

    async def close(self) -> None:
        """Lets go of connections; read() is not called again."""


@runtime_checkable
class Counting(Protocol):
    """A source that does not count with every reading, but can be asked for the counts of one service."""

    async def counted(self, namespace: str, service: str, since: float) -> Samples:
        """The requests to a service since a moment (seconds since the epoch), each exactly once: `counts`,
        and in `counted_from` since when they really are. Raises SourceUnavailable.
        """


class Watched(NamedTuple):
    """A service that is watched: from which moment on (seconds since the epoch; None: from now on), and above
    how many milliseconds a request is slow (0: nobody asks).
    """

    since: float | None = None
    objective_ms: float = 0.0


@runtime_checkable
class Watching(Protocol):
    """A source that counts nothing with every reading, but can be asked again and again for all services that
    are watched.
    """

    scrape_seconds: float
    """How long before a moment what is counted after it may have happened."""

    async def watched(self, services: Mapping[tuple[str, str], Watched]) -> Samples | None:
        """What came to these services (namespace and name) since this was asked the last time: `counts` and
        `times`, each request once. None where nothing newer is known. Raises SourceUnavailable.
        """


@runtime_checkable
class Timing(Protocol):
    """A source that counts with every reading; latencies only of services of which somebody wants them."""

    def time(self, services: Collection[tuple[str, str]]) -> None:
        """From now on `times` of each reading are of these services (namespace and name), and no others."""
