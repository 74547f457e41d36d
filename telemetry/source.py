"""The port to a source of metrics. The collector knows sources by this alone."""

from typing import Protocol

from telemetry.samples import Samples


class SourceUnavailable(Exception):  # noqa: N818  the name in docs/architecture.md
    """The source does not answer; the message says in plain words what was tried."""


class Source(Protocol):
    """Where rates come from."""

    @property
    def name(self) -> str:
        """A word for the page: "direct", "prometheus"."""

    async def read(self) -> Samples:
        """The rates of now. Raises SourceUnavailable."""

    async def close(self) -> None:
        """Lets go of connections; read() is not called again."""
