"""What is written into the status of Istio's and the Gateway API's resources.

One condition, `Programmed` (the Gateway API's word for "the data plane has it"): True with the reason
`Programmed`, or False with `Conflicted` (another resource has its place, in part at least) or
`NotProgrammed`, and in its message every field that is not acted on. Routes of the Gateway API have it for
each parent, beside that API's own `Accepted` and `ResolvedRefs`, and its Gateways for each listener. Pure:
the time is handed in.
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
_GROUP = "gateway.networking.k8s.io"
#: Reasons of a problem that are about what a route refers to.
_REFERENCES = ("BackendNotFound", "InvalidKind", "RefNotPermitted")


def with_report(
    obj: Object, problems: Sequence[Problem], now: str, attached: Mapping[str, int] | None = None
) -> Object | None:
    """The object with its status brought up to date; None when it says so already.

    `attached` is the number of routes of each listener, of a Gateway that has listeners. `now` is RFC 3339.
    `lastTransitionTime` moves only when the condition's status does. Conditions of other types stay.
    """
    status = obj.get("status") or {}
    if obj["kind"] in _ROUTES:
        new = {**status, "parents": _parents(obj, status, problems, now)}
    else:
        conditions = _conditions(status.get("conditions") or [], obj, problems, now)
        new = {**status, "conditions": conditions}
        if attached is not None:
            accepted = [each for each in problems if each.path == "spec.gatewayClassName"]
            said = _verdict(obj, accepted, "Accepted")
            new["conditions"] = _with(conditions, "Accepted", said, now)
            new["listeners"] = _listeners(obj, status, problems, now, attached)
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
            "conditions": _of_parent(index, kept.get(str(parent), []), obj, problems, now),
        }
        for index, parent in enumerate((obj.get("spec") or {}).get("parentRefs") or ())
    ]
    return [*others, *ours]


def _of_parent(
    index: int, old: Sequence[Mapping[str, Any]], obj: Object, problems: Sequence[Problem], now: str
) -> list[dict[str, Any]]:
    """The conditions of a route at one parent; problems of other parents are none of its own."""
    place = f"spec.parentRefs[{index}]"
    mine = [each for each in problems if each.path == place or not each.path.startswith("spec.parentRefs[")]
    refused = [each for each in mine if (each.path == place and each.code) or each.code == "UnsupportedValue"]
    broken = [each for each in mine if each.path != place and each.code in _REFERENCES]
    found = _conditions(old, obj, mine, now)
    for kind, wrong in (("Accepted", refused), ("ResolvedRefs", broken)):
        found = _with(found, kind, _verdict(obj, wrong, kind), now)
    return found


def _listeners(
    obj: Object,
    status: Mapping[str, Any],
    problems: Sequence[Problem],
    now: str,
    attached: Mapping[str, int],
) -> list[dict[str, Any]]:
    """What became of each listener of a Gateway."""
    kept = {each.get("name"): each.get("conditions") or [] for each in status.get("listeners") or ()}
    made = []
    for index, listener in enumerate(obj["spec"].get("listeners") or ()):
        place = f"spec.listeners[{index}]."
        mine = [each for each in problems if each.path.startswith(place)]
        general = [each for each in problems if not each.path.startswith("spec.listeners[")]
        conditions = _conditions(kept.get(listener["name"], []), obj, [*general, *mine], now)
        for kind, path in (("Accepted", "protocol"), ("ResolvedRefs", "tls")):
            wrong = [each for each in mine if each.path.startswith(f"{place}{path}")]
            conditions = _with(conditions, kind, _verdict(obj, wrong, kind), now)
        kinds = [{"group": _GROUP, "kind": kind} for kind in _ROUTES]
        count = attached.get(listener["name"], 0)
        made.append(
            {
                "name": listener["name"],
                "attachedRoutes": count,
                "supportedKinds": kinds,
                "conditions": conditions,
            }
        )
    return made


def _verdict(obj: Object, wrong: Sequence[Problem], right: str) -> dict[str, Any]:
    """What a condition says: right, or what is wrong, by the Gateway API's reason for it."""
    reason = (wrong[0].code or f"Not{right}") if wrong else right
    message = "; ".join(f"{each.path}: {each.reason}" for each in wrong)[:_LONGEST]
    return _said(obj, "False" if wrong else "True", reason, message)


def _conditions(
    conditions: Sequence[Mapping[str, Any]], obj: Object, problems: Sequence[Problem], now: str
) -> list[dict[str, Any]]:
    said = _said(obj, "False" if problems else "True", _reason(problems), _message(problems))
    return _with(conditions, CONDITION, said, now)


def _said(obj: Object, status: str, reason: str, message: str) -> dict[str, Any]:
    return {"status": status, "reason": reason, "message": message, "observedGeneration": _generation(obj)}


def _with(
    conditions: Sequence[Mapping[str, Any]], kind: str, said: Mapping[str, Any], now: str
) -> list[dict[str, Any]]:
    """The conditions with one of them brought up to date."""
    old: Mapping[str, Any] = next((each for each in conditions if each.get("type") == kind), {})
    since = old.get("lastTransitionTime", now) if old.get("status") == said["status"] else now
    new = {"type": kind, **said, "lastTransitionTime": since}
    return [*(dict(each) for each in conditions if each.get("type") != kind), new]


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
