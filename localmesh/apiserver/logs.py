"""Logs of pods: what is asked for, and the port through which whoever runs the pods gives them."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from localmesh.apiserver.requests import flag, number


@dataclass(frozen=True, slots=True)
class LogOptions:
    """What of a log is asked for. `since_seconds` and `tail_lines` None: everything."""

    container: str | None = None
    follow: bool = False
    previous: bool = False
    timestamps: bool = False
    tail_lines: int | None = None
    since_seconds: int | None = None
    limit_bytes: int | None = None

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "LogOptions":
        """The options in a query. Raises `BadRequest`."""
        return cls(
            container=query.get("container") or None,
            follow=flag(query, "follow"),
            previous=flag(query, "previous"),
            timestamps=flag(query, "timestamps"),
            tail_lines=number(query, "tailLines"),
            since_seconds=number(query, "sinceSeconds"),
            limit_bytes=number(query, "limitBytes"),
        )


class LogReader(Protocol):
    """Gives the log of a pod, in pieces of any size; ends when the log does, or never while following.

    Raises an `ApiError` (`BadRequest` for a container that is not there or has not started).
    """

    def __call__(self, namespace: str, pod: str, options: LogOptions) -> AsyncIterator[bytes]:
        """The log."""


async def no_logs(namespace: str, pod: str, options: LogOptions) -> AsyncIterator[bytes]:
    """For a server without workloads: every log is empty."""
    del namespace, pod, options
    yield b""
