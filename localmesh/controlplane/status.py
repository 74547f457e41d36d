"""What is written into the status of Istio's and the Gateway API's resources.

One condition, `Programmed` (the Gateway API's word for "the data plane has it"): True with the reason
`Programmed`, or False with `Conflicted` (another resource has its place, in part at least) or
`NotProgrammed`, and in its message every field that is not acted on. Pure: the time is handed in.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from localmesh.xds import Problem

Object = dict[str, Any]

CONDITION = "Programmed"
CONTROLLER = "localmesh.dev/controlplane"
#: Kubernetes' limit for a condition's message.
_LONGEST = 32_768
#: Resources that report per parent instead.
_ROUTES = ("HTTPRoute", "GRPCRoute")


def with_report(obj: Object, problems: Sequence[Problem], now: str) -> Object | None:
    """The object with its status brought up to date; None when it says so already.

    `now` is RFC 3339. `lastTransitionTime` moves only when the condition's status does. Conditions of other
    types stay.
    """
    status = obj.get("status") or {}
    if obj["kind"] in _ROUTES:
        new = {**status, "parents": _parents(obj, status, problems, now)}
    else:
        conditions = _conditions(status.get("conditions") or [], obj, problems, now)
        new = {**status, "conditions": conditions}
        if obj["apiVersion"].partition("/")[0].endswith("istio.io"):
            new["observedGeneration"] = _generation(obj)
    return None if new == status else {**obj, "status": new}


def _parents(
    obj: Object, status: Mapping[str, Any], problems: Sequence[Problem], now: str
) -> list[dict[str, Any]]:
    kept = {
        str(each.get("parentRef")): each.get("conditions") or []
        for each in status.get("parents") or ()
        if each.get("controllerName") == CONTROLLER
    }
    others = [each for each in status.get("parents") or () if each.get("controllerName") != CONTROLLER]
    ours = [
        {
            "parentRef": parent,
            "controllerName": CONTROLLER,
            "conditions": _conditions(kept.get(str(parent), []), obj, problems, now),
        }
        for parent in (obj.get("spec") or {}).get("parentRefs") or ()
    ]
    return [*others, *ours]


def _conditions(
    conditions: Sequence[Mapping[str, Any]], obj: Object, problems: Sequence[Problem], now: str
) -> list[dict[str, Any]]:
    old: Mapping[str, Any] = next((each for each in conditions if each.get("type") == CONDITION), {})
    status = "False" if problems else "True"
    new = {
        "type": CONDITION,
        "status": status,
        "reason": _reason(problems),
        "message": _message(problems),
        "observedGeneration": _generation(obj),
        "lastTransitionTime": old.get("lastTransitionTime", now) if old.get("status") == status else now,
    }
    return [*(dict(each) for each in conditions if each.get("type") != CONDITION), new]


def _reason(problems: Sequence[Problem]) -> str:
    if not problems:
        return "Programmed"
    return "Conflicted" if any(problem.conflict for problem in problems) else "NotProgrammed"


def _message(problems: Sequence[Problem]) -> str:
    if not problems:
        return "every field is in force"
    text = "not in force: " + "; ".join(f"{problem.path}: {problem.reason}" for problem in problems)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _generation(obj: Object) -> int:
    return int(obj["metadata"].get("generation") or 0)
