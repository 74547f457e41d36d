"""What can go wrong between the console and an API server, in the console's own words.

    ClusterError
    +- Unauthorized        401: the cluster does not know our credentials
    +- Forbidden           403: it knows us, and says no
    +- NotFound            404: the object, its namespace, or the whole kind
    +- AlreadyExists       409: on create
    +- Conflict            409: the object has changed since it was read
    +- Expired             410: the moment to go on from is too long ago; list anew
    +- Invalid             400, 413, 422: the cluster refuses the object; `causes` names fields
    +- TooManyRequests     429: `retry_after` in seconds
    +- Unavailable         no answer, a timeout, 5xx, or a 404 that is not an API server's: a write may or
                           may not have happened; `retry_after` in seconds

`cluster.kube` translates at the door; nobody above it sees a foreign exception. Pure.
"""

from dataclasses import dataclass
from typing import ClassVar, Final

MAX_FOREIGN_TEXT: Final = 500
"""Characters of the server's own words that a message carries: a body is untrusted, and may be long."""


def cut(text: str, limit: int = MAX_FOREIGN_TEXT) -> str:
    """Foreign text made fit for a message: control characters out, cut at `limit` characters."""
    plain = "".join(char if char.isprintable() else " " for char in text[: limit + 1])
    plain = " ".join(plain.split())
    return plain if len(text) <= limit else plain[: limit - 1] + "…"


class ClusterError(Exception):
    """Something that the cluster refused, or could not do. `message` is a plain sentence."""

    summary: ClassVar[str] = "The cluster refused the request."

    def __init__(self, detail: str = "", *, status: int | None = None) -> None:
        """`detail` is the server's own message, or what is known of the failure; it is cut."""
        self.detail = cut(detail)
        self.status = status
        self.message = f"{self.summary} {self.detail}".strip()
        super().__init__(self.message)


class Unauthorized(ClusterError):  # noqa: N818  (named as Kubernetes names them; the family carries "Error")
    """The credentials are missing, wrong or expired."""

    summary = "The cluster does not accept meshui's credentials."


class Forbidden(ClusterError):  # noqa: N818
    """The credentials are good, but do not allow this."""

    summary = "The cluster does not allow this."


class NotFound(ClusterError):  # noqa: N818
    """The object, its namespace, or its kind does not exist."""

    summary = "The cluster does not have it."


class AlreadyExists(ClusterError):  # noqa: N818
    """An object of this name exists."""

    summary = "It exists already."


class Conflict(ClusterError):  # noqa: N818
    """The object has changed since it was read, or is another one of the same name."""

    summary = "It has changed in the meantime."


class Expired(ClusterError):  # noqa: N818
    """The moment that a watch or a page was to go on from is too long ago: only a new list helps."""

    summary = "The cluster no longer remembers that moment."


class TooManyRequests(ClusterError):  # noqa: N818
    """The cluster asks for a pause."""

    summary = "The cluster is busy."

    def __init__(self, detail: str = "", *, retry_after: float = 1.0, status: int | None = 429) -> None:
        super().__init__(detail, status=status)
        self.retry_after = retry_after


class Unavailable(ClusterError):  # noqa: N818
    """No answer, or an answer that says nothing. After a write: read again before doing anything else.

    `retry_after`: the seconds that the server asks to be left alone for; 0 where it names none.
    """

    summary = "The cluster does not answer."

    def __init__(self, detail: str = "", *, retry_after: float = 0.0, status: int | None = None) -> None:
        super().__init__(detail, status=status)
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason for a refusal: a path within the object, empty when the server names none."""

    field: str
    message: str


class Invalid(ClusterError):  # noqa: N818
    """The cluster refuses the object itself."""

    summary = "The cluster refuses it as invalid."

    def __init__(self, detail: str = "", causes: tuple[Cause, ...] = (), *, status: int | None = 422) -> None:
        super().__init__(detail, status=status)
        self.causes = tuple(Cause(cut(cause.field, 200), cut(cause.message)) for cause in causes[:50])
