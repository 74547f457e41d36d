"""What a person should know about a plan, in three levels. Pure.
docs/problems.md has a heading for each code.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

Level: TypeAlias = Literal["error", "warning", "info"]
ELSEWHERE: Final = "This is about an object in a namespace that you may not read."


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding: `field` is the part of the rules, `resource` the object (`VirtualService shop/cart`).

    `namespaces`: those of the objects that the message names, by which somebody may read it or not.
    """

    level: Level
    code: str
    message: str
    field: str | None = None
    resource: str | None = None
    namespaces: tuple[str, ...] = ()

    def keep(self) -> dict[str, Any]:
        """The problem as it is kept, with what decides who may read it."""
        return {**self.to_json(), "namespaces": list(self.namespaces)}

    def to_json(self) -> dict[str, Any]:
        """The problem as the REST API answers it to somebody who may read all that it names."""
        return {
            "level": self.level,
            "code": self.code,
            "message": self.message,
            "field": self.field,
            "resource": self.resource,
        }


def shown(kept: Mapping[str, Any], readable: Callable[[str], bool]) -> dict[str, Any]:
    """A problem, as `keep` kept it, for somebody who may not read every namespace: only that there is one."""
    problem = {key: value for key, value in kept.items() if key != "namespaces"}
    if all(map(readable, kept.get("namespaces", ()))):
        return problem
    return {**problem, "message": ELSEWHERE, "resource": None}


def error(
    code: str,
    message: str,
    field: str | None = None,
    resource: str | None = None,
    namespaces: Iterable[str] = (),
) -> Problem:
    """A problem that forbids to apply the plan."""
    return Problem("error", code, message, field, resource, tuple(namespaces))


def warning(
    code: str,
    message: str,
    field: str | None = None,
    resource: str | None = None,
    namespaces: Iterable[str] = (),
) -> Problem:
    """A problem that a person has to weigh."""
    return Problem("warning", code, message, field, resource, tuple(namespaces))


def info(
    code: str,
    message: str,
    field: str | None = None,
    resource: str | None = None,
    namespaces: Iterable[str] = (),
) -> Problem:
    """Something worth knowing."""
    return Problem("info", code, message, field, resource, tuple(namespaces))
