"""Why a request about plans and changes is refused, as rest framework's exceptions.

`meshui.api_errors` answers them in the one shape: `fields` and `extra` become members of "error".
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rest_framework.exceptions import APIException

from routing.problems import Problem
from routing.rules import FieldError


class WrongRulesError(APIException):
    """422: the rules are readable, but wrong in meaning."""

    status_code = 422
    default_code = "invalid"

    def __init__(self, errors: Iterable[FieldError], problems: Sequence[Problem] = ()) -> None:
        """`problems`: what the errors were made of, where they may name what not everybody may read."""
        self.problems = tuple(problems)
        self.fields = [{"field": error.field, "message": error.message} for error in errors]
        named = {field["message"] for field in self.fields}
        super().__init__(named.pop() if len(named) == 1 else "The rules are not valid.")


class UnreadableError(APIException):
    """400: the body cannot be read at all."""

    status_code = 400
    default_code = "invalid"

    def __init__(self, message: str) -> None:
        self.fields = [{"field": "", "message": message}]
        super().__init__(message)


class TooLongError(UnreadableError):
    """413: the body is longer than any plan."""

    status_code = 413


class ConflictError(APIException):
    """409: the cluster, or the plan, is not any more what the request takes it for."""

    status_code = 409
    default_code = "conflict"

    def __init__(
        self, message: str, conflicts: list[dict[str, Any]] | None = None, change: int | None = None
    ) -> None:
        self.extra: Mapping[str, Any] = {"conflicts": conflicts or [], "change": change}
        super().__init__(message)


class NotWrittenError(APIException):
    """The cluster refused or did not answer; `change` is the row that says what was done."""

    def __init__(self, message: str, status: int, change: int, fields: list[dict[str, str]]) -> None:
        self.status_code = status
        self.fields = fields
        self.extra: Mapping[str, Any] = {"change": change}
        super().__init__(message)
