"""One write of a plan, and what can be told of writes without asking anybody. Pure.

A plan's writes stand in phases; between two of them the proxies need a moment to learn of the one before the
other. Which write belongs to which is `routing.sequence`'s business.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from cluster.kinds import GRPC_ROUTE, HTTP_ROUTE, VIRTUAL_SERVICE, Kind
from cluster.refs import Manifest, Ref
from routing import diff, rules

Action: TypeAlias = Literal["create", "update", "delete"]

BEFORE_ROUTES: Final = 0
"""What routes refer to comes to be."""
AWAY: Final = 1
"""Routes leave, for a while, a subset that is about to select other pods."""
REDEFINE: Final = 2
"""That subset selects its new pods."""
ROUTES: Final = 3
"""Routes become what they are to be."""
AFTER_ROUTES: Final = 4
"""What no route refers to any more goes."""
LEAVING: Final = frozenset({REDEFINE, AFTER_ROUTES})
"""Before these, requests that are under way with what is to go need a moment, whatever the proxies have."""
ROUTE_KINDS: Final[tuple[Kind, ...]] = (VIRTUAL_SERVICE, HTTP_ROUTE, GRPC_ROUTE)


@dataclass(frozen=True, slots=True)
class Operation:
    """One write; `before` is None for a create, `after` for a delete; `phase` is when it belongs.

    Of several for one resource, each starts from what the one before it leaves.
    """

    action: Action
    ref: Ref
    why: str
    before: Manifest | None
    after: Manifest | None
    phase: int = ROUTES

    @property
    def differences(self) -> tuple[diff.FieldDiff, ...]:
        """What it changes, field by field."""
        return diff.fields(self.before, self.after)


def operation(
    before: Manifest | None, after: Manifest | None, why: str, phase: int | None = None
) -> Operation | None:
    """The write that leads from one state of an object to another; None when they say the same.

    Without a `phase` it gets that of its kind.
    """
    if diff.same(before, after):
        return None
    ref = Ref.of(after or before or {})
    action: Action = "create" if before is None else "delete" if after is None else "update"
    return Operation(action, ref, why, before, after, natural_phase(ref, after) if phase is None else phase)


def natural_phase(ref: Ref, after: Manifest | None) -> int:
    """When a write of this kind belongs, as long as nothing more is known of it."""
    if ref.kind in ROUTE_KINDS:
        return ROUTES
    return BEFORE_ROUTES if after is not None else AFTER_ROUTES


def settles_between(earlier: Operation, later: Operation) -> bool:
    """Whether the proxies need a moment between two operations, to learn of the one before the other."""
    return earlier.phase < later.phase


def outcome(operations: Iterable[Operation]) -> dict[Ref, tuple[Manifest | None, Manifest | None]]:
    """What each resource is before the first of its operations, and after the last."""
    found: dict[Ref, tuple[Manifest | None, Manifest | None]] = {}
    for item in operations:
        found[item.ref] = (found[item.ref][0] if item.ref in found else item.before, item.after)
    return found


def digest(
    wanted: Sequence[rules.Rule], operations: Iterable[Operation], inputs: Mapping[str, str] | None = None
) -> str:
    """A hash over the rules, each operation's result, the version of the resource that it is for, and all
    that the plan was made of.
    """
    parts: list[Any] = [rules.to_json(rule) for rule in wanted]
    for item in operations:
        metadata = (item.before or {}).get("metadata") or {}
        base = [metadata.get("uid", ""), metadata.get("resourceVersion", "")]
        parts.append([item.action, str(item.ref), base, diff.content(item.after), item.phase])
    return hashed([*parts, dict(inputs or {})])


def hashed(value: Any) -> str:
    """A hash of a value, the same for equal ones."""
    return hashlib.sha256(diff.canonical(value).encode()).hexdigest()
