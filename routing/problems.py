"""What a person should know about a plan, in three levels. Pure.
docs/problems.md has a heading for each code.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from cluster import kinds
from cluster.kinds import DESTINATION_RULE, VIRTUAL_SERVICE, Kind

Level: TypeAlias = Literal["error", "warning", "info"]
Need: TypeAlias = tuple[Kind, str]
"""A kind in a namespace (empty: in all) that somebody must be allowed to read to be shown something."""

ELSEWHERE: Final = "This is about an object that you may not read."
_KINDS: Final[Mapping[str, Kind]] = {f"{kind.kind}.{kind.group}": kind for kind in kinds.ALL}


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding: `field` is the part of the rules, `resource` the object (`VirtualService shop/cart`).

    `needs`: the kinds and namespaces of what the message tells, by which somebody may read it or not.
    """

    level: Level
    code: str
    message: str
    field: str | None = None
    resource: str | None = None
    needs: tuple[Need, ...] = ()

    def keep(self) -> dict[str, Any]:
        """The problem as it is kept, with what decides who may read it."""
        return {**self.to_json(), "needs": [written(need) for need in self.needs]}

    def to_json(self) -> dict[str, Any]:
        """The problem as the REST API answers it to somebody who may read all that it names."""
        return {
            "level": self.level,
            "code": self.code,
            "message": self.message,
            "field": self.field,
            "resource": self.resource,
        }


def written(need: Need) -> str:
    """A need as it is kept: `VirtualService.networking.istio.io/bookinfo`, `Service./bookinfo`."""
    kind, namespace = need
    return f"{kind.kind}.{kind.group}/{namespace}"


def read(text: str) -> Need:
    """The need that `written` wrote."""
    kind, _, namespace = text.partition("/")
    return _KINDS[kind], namespace


def needed(kept: Mapping[str, Any]) -> set[Need]:
    """What must be readable to read a problem as `keep` kept it."""
    if "needs" not in kept:
        # Kept before this was written down: for those who may read everything.
        return {(VIRTUAL_SERVICE, ""), (DESTINATION_RULE, "")}
    return set(map(read, kept["needs"]))


def shown(kept: Mapping[str, Any], readable: Collection[Need]) -> dict[str, Any]:
    """A problem, as `keep` kept it, for somebody who may read this: else only that there is one."""
    problem = {key: kept[key] for key in ("level", "code", "message", "field", "resource")}
    if needed(kept).issubset(readable):
        return problem
    return {**problem, "message": ELSEWHERE, "resource": None}


def error(
    code: str,
    message: str,
    field: str | None = None,
    resource: str | None = None,
    needs: Iterable[Need] = (),
) -> Problem:
    """A problem that forbids to apply the plan."""
    return Problem("error", code, message, field, resource, tuple(needs))


def warning(
    code: str,
    message: str,
    field: str | None = None,
    resource: str | None = None,
    needs: Iterable[Need] = (),
) -> Problem:
    """A problem that a person has to weigh."""
    return Problem("warning", code, message, field, resource, tuple(needs))


def info(
    code: str,
    message: str,
    field: str | None = None,
    resource: str | None = None,
    needs: Iterable[Need] = (),
) -> Problem:
    """Something worth knowing."""
    return Problem("info", code, message, field, resource, tuple(needs))
