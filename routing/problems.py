"""What a person should know about a plan, in three levels. Pure.
docs/problems.md has a heading for each code.
"""

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Level: TypeAlias = Literal["error", "warning", "info"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding: `field` is the part of the rules, `resource`
    the object (`VirtualService bookinfo/reviews`).
    """

    level: Level
    code: str
    message: str
    field: str | None = None
    resource: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The problem as the REST API answers it."""
        return {
            "level": self.level,
            "code": self.code,
            "message": self.message,
            "field": self.field,
            "resource": self.resource,
        }


def error(code: str, message: str, field: str | None = None, resource: str | None = None) -> Problem:
    """A problem that forbids to apply the plan."""
    return Problem("error", code, message, field, resource)


def warning(code: str, message: str, field: str | None = None, resource: str | None = None) -> Problem:
    """A problem that a person has to weigh."""
    return Problem("warning", code, message, field, resource)


def info(code: str, message: str, field: str | None = None, resource: str | None = None) -> Problem:
    """Something worth knowing."""
    return Problem("info", code, message, field, resource)
