"""The errors of the API, in the form in which Kubernetes answers them.

One family, so that the store and the validation raise what the HTTP side only has to serialise. The reasons
and codes are those of `k8s.io/apimachinery/pkg/api/errors`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing that is wrong, at its field: `reason` is Kubernetes's word: FieldValueInvalid, ..."""

    field: str
    message: str
    reason: str = "FieldValueInvalid"

    def text(self) -> str:
        """How the cause reads inside the message of the whole error."""
        return f"{self.field}: {self.message}" if self.field else self.message

    def told(self) -> dict[str, str]:
        """The cause in the details of a `Status`."""
        return {"reason": self.reason, "message": self.message, "field": self.field}


class ApiError(Exception):
    """Anything that the API refuses; `status()` is its form on the wire."""

    code: ClassVar[int] = 500
    reason: ClassVar[str] = "InternalError"

    def __init__(self, message: str, *, details: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.details = details or {}

    def status(self) -> dict[str, Any]:
        """The `Status` object of the answer's body."""
        body: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
        }
        if self.details:
            body["details"] = self.details
        body["code"] = self.code
        return body


class BadRequest(ApiError):  # noqa: N818  (named as Kubernetes names them; the family carries "Error")
    """The request cannot be understood."""

    code, reason = 400, "BadRequest"


class Unauthorized(ApiError):  # noqa: N818
    """No token, or not the right one."""

    code, reason = 401, "Unauthorized"


class Forbidden(ApiError):  # noqa: N818
    """Understood and refused, whoever asks."""

    code, reason = 403, "Forbidden"


class NotFound(ApiError):  # noqa: N818
    """No such object, or no such path."""

    code, reason = 404, "NotFound"


class MethodNotAllowed(ApiError):  # noqa: N818
    """The resource does not know the verb."""

    code, reason = 405, "MethodNotAllowed"


class NotAcceptable(ApiError):  # noqa: N818
    """None of the media types that the client accepts can be produced."""

    code, reason = 406, "NotAcceptable"


class AlreadyExists(ApiError):  # noqa: N818
    """The name is taken."""

    code, reason = 409, "AlreadyExists"


class Conflict(ApiError):  # noqa: N818
    """The object is not what the writer thinks that it is."""

    code, reason = 409, "Conflict"


class Gone(ApiError):  # noqa: N818
    """The history that a watch asks for is no longer kept: list again."""

    code, reason = 410, "Expired"


class TooLarge(ApiError):  # noqa: N818
    """The body is larger than the API takes."""

    code, reason = 413, "RequestEntityTooLarge"


class UnsupportedMediaType(ApiError):  # noqa: N818
    """The body's media type is not spoken here."""

    code, reason = 415, "UnsupportedMediaType"


class Invalid(ApiError):  # noqa: N818
    """The object was read and is wrong; `causes` says where."""

    code, reason = 422, "Invalid"

    def __init__(self, kind: str, group: str, name: str, causes: Iterable[Cause]) -> None:
        self.causes = tuple(causes)
        texts = [cause.text() for cause in self.causes]
        told = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
        qualified = f"{kind}.{group}" if group else kind
        super().__init__(
            f'{qualified} "{name}" is invalid: {told}',
            details={
                "name": name,
                "group": group,
                "kind": kind,
                "causes": [cause.told() for cause in self.causes],
            },
        )


def _about(plural: str, group: str, name: str) -> tuple[str, dict[str, Any]]:
    qualified = f"{plural}.{group}" if group else plural
    return f'{qualified} "{name}"', {"name": name, "group": group, "kind": plural}


def not_found(plural: str, group: str, name: str) -> NotFound:
    """There is no object of that name."""
    told, details = _about(plural, group, name)
    return NotFound(f"{told} not found", details=details)


def already_exists(plural: str, group: str, name: str) -> AlreadyExists:
    """There is already an object of that name."""
    told, details = _about(plural, group, name)
    return AlreadyExists(f"{told} already exists", details=details)


def conflict(plural: str, group: str, name: str, why: str) -> Conflict:
    """The write's condition does not hold."""
    told, details = _about(plural, group, name)
    return Conflict(f"Operation cannot be fulfilled on {told}: {why}", details=details)


def forbidden(plural: str, group: str, name: str, why: str, *causes: Cause) -> Forbidden:
    """The write is refused for a reason of policy."""
    told, details = _about(plural, group, name)
    if causes:
        details["causes"] = [each.told() for each in causes]
    return Forbidden(f"{told} is forbidden: {why}", details=details)
