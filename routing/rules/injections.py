"""The delay and the abort that make a fault, wherever one is asked for. Pure."""

from dataclasses import dataclass
from typing import Any, Final

from routing import durations
from routing.rules.leaves import one_of
from routing.rules.reader import Reader, quoted

MIN_DELAY: Final = durations.MILLISECOND
MAX_DELAY: Final = 600 * durations.SECOND
"""Longer than any caller waits; Istio itself has no upper bound."""
GRPC_STATUSES: Final = (
    "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
    "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE",
    "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
)  # fmt: skip
"""gRPC's status codes by name, from 1 on; OK is no failure. Source: grpc/grpc, doc/statuscodes.md."""


@dataclass(frozen=True, slots=True)
class Delay:
    """A fixed delay (such as `2s`) before `percentage` (0-100) of the requests."""

    percentage: float
    fixed_delay: str


@dataclass(frozen=True, slots=True)
class Abort:
    """An answer in the place of `percentage` (0-100) of the requests.

    Its status is `http_status`, or `grpc_status` by name.
    """

    percentage: float
    http_status: int | None = None
    grpc_status: str | None = None

    @property
    def status(self) -> str:
        """The status in a word; empty when it is none of both."""
        return str(self.http_status or self.grpc_status or "")

    @property
    def fails(self) -> bool:
        """Whether the requests count as failed: one that is answered 204 does not."""
        return self.http_status is None or self.http_status >= 400


def read_delay(reader: Reader, value: object, at: str) -> Delay | None:
    """A delay; None where there is none, or where it is no object."""
    fields = None if value is None else reader.members(value, at, {"percentage", "fixed_delay"})
    if fields is None:
        return None
    percentage = reader.percentage(fields.get("percentage"), f"{at}.percentage")
    here = f"{at}.fixed_delay"
    return Delay(
        percentage,
        reader.duration(fields.get("fixed_delay"), here, what="delay", least=MIN_DELAY, most=MAX_DELAY),
    )


def read_abort(reader: Reader, value: object, at: str) -> Abort | None:
    """An abort; None where there is none, or where nothing can be made of it."""
    known = {"percentage", "http_status", "grpc_status"}
    fields = None if value is None else reader.members(value, at, known)
    if fields is None:
        return None
    percentage = reader.percentage(fields.get("percentage"), f"{at}.percentage")
    if fields.get("grpc_status") is None:
        return Abort(percentage, _http_status(reader, fields.get("http_status"), f"{at}.http_status"))
    if fields.get("http_status") is not None:
        reader.error(f"{at}.grpc_status", "An abort answers either http_status or grpc_status, not both.")
    name = one_of(GRPC_STATUSES).read(reader, fields["grpc_status"], f"{at}.grpc_status")
    return Abort(percentage, None, str(name))


def write_delay(delay: Delay) -> dict[str, Any]:
    """A delay as `read_delay` takes it."""
    return {"percentage": delay.percentage, "fixed_delay": delay.fixed_delay}


def write_abort(abort: Abort) -> dict[str, Any]:
    """An abort as `read_abort` takes it."""
    status: dict[str, Any] = {"http_status": abort.http_status}
    if abort.grpc_status is not None:
        status = {"grpc_status": abort.grpc_status}
    return {"percentage": abort.percentage, **status}


def _http_status(reader: Reader, status: object, at: str) -> int:
    if isinstance(status, bool) or not isinstance(status, int):
        reader.error(at, "This must be a status code, such as 503.")
        return 0
    if not 200 <= status <= 599:
        reader.error(at, f"{quoted(status)} is outside 200 to 599.")
    return status
