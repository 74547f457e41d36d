"""Delays and aborts on the http rules of a VirtualService, and how meshui knows its own again. Pure.

For everyone, the fault stands on every rule that has destinations and no fault yet; an annotation on the
VirtualService keeps what was set. A fault counts as meshui's as long as it says exactly that: once
somebody edits it, it is theirs, and stays. For some requests, a copy of each such rule, narrowed to them,
stands before it; copies are known by their name.
"""

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cluster.refs import Manifest
from routing import durations
from routing.istio.copies import (
    ANNOTATION,
    PREFIX,
    is_copy,
    match_of,
    narrowed,
    read_record,
    shared_header,
    without_copies,
)
from routing.istio.errors import CannotApply, Notice
from routing.istio.hosts import http_rules, name_of
from routing.istio.subsets import free_name
from routing.rules import Abort, Delay, Fault, FaultMatch, HeaderMatch, write_match


@dataclass(frozen=True, slots=True)
class ObservedFault:
    """A fault in force; `owned` when meshui set it. `where` says which requests it meets, in words."""

    delay: Delay | None
    abort: Abort | None
    match: FaultMatch | None
    owned: bool
    where: str


def set_fault(virtual_service: Manifest, fault: Fault) -> tuple[Manifest, tuple[Notice, ...]]:
    """The VirtualService with this fault in the place of the one that meshui set earlier.

    Raises CannotApply when no http rule can take it.
    """
    changed = copy.deepcopy(clear_fault(virtual_service)[0])
    able = [rule for rule in http_rules(changed) if rule.get("route") and "fault" not in rule]
    if not inject(changed, fault, render(fault)):
        raise CannotApply("NO_ROUTE_FOR_FAULT", _nowhere(virtual_service, fault))
    notices = [*_foreign_faults(changed), *not_together(able)]
    return changed, tuple(notices)


def inject(virtual_service: Manifest, fault: Fault, rendered: Mapping[str, Any]) -> bool:
    """Puts a fault, as Istio writes it, on every rule that can take it, in place.

    False when there is none. Raises CannotApply.
    """
    able = [rule for rule in http_rules(virtual_service) if rule.get("route") and "fault" not in rule]
    if fault.match is None:
        written = _for_everyone(virtual_service, able, rendered)
    else:
        written = _for_some(virtual_service, able, rendered, fault.match)
    if written:
        _record(virtual_service, fault, rendered)
    return written


def clear_fault(virtual_service: Manifest) -> tuple[Manifest, tuple[Notice, ...]]:
    """The VirtualService without what meshui set; the same object when there is nothing of it."""
    changed = without_copies(virtual_service)
    if read_record(virtual_service) is not None:
        changed = copy.deepcopy(changed)
        for rule in http_rules(changed):
            if _is_mine(rule, virtual_service):
                del rule["fault"]
        annotations = changed["metadata"]["annotations"]
        del annotations[ANNOTATION]
        if not annotations:
            del changed["metadata"]["annotations"]
    return changed, tuple(_foreign_faults(changed))


def owned_fault(virtual_service: Manifest) -> dict[str, Any] | None:
    """The fault that meshui has set, as it stands on the first rule that has it."""
    rules = http_rules(virtual_service)
    return next((rule["fault"] for rule in rules if _is_mine(rule, virtual_service)), None)


def read_fault(virtual_service: Manifest, namespace: str, service: str) -> Fault | None:
    """The fault that meshui has set, as a rule; None when there is none of its own."""
    for rule in http_rules(virtual_service):
        if _is_mine(rule, virtual_service):
            delay, abort = _read(rule["fault"])
            return Fault(namespace, service, delay, abort, _match(rule, virtual_service))
    return None


def observed_faults(virtual_service: Manifest) -> tuple[ObservedFault, ...]:
    """Every fault in force on a VirtualService, each once."""
    found: list[ObservedFault] = []
    for rule in http_rules(virtual_service):
        if not rule.get("fault"):
            continue
        delay, abort = _read(rule["fault"])
        owned, match = _is_mine(rule, virtual_service), _match(rule, virtual_service)
        observed = ObservedFault(delay, abort, match, owned, "" if owned else _where(rule))
        if observed not in found:
            found.append(observed)
    return tuple(found)


def render(fault: Fault) -> dict[str, Any]:
    """A fault as Istio writes it (HTTPFaultInjection)."""
    rendered: dict[str, Any] = {}
    if fault.delay:
        percentage = {"value": _number(fault.delay.percentage)}
        rendered["delay"] = {"percentage": percentage, "fixedDelay": fault.delay.fixed_delay}
    if fault.abort:
        percentage = {"value": _number(fault.abort.percentage)}
        rendered["abort"] = {"percentage": percentage, **_status(fault.abort)}
    return rendered


def _status(abort: Abort) -> dict[str, Any]:
    if abort.grpc_status is not None:
        return {"grpcStatus": abort.grpc_status}
    return {"httpStatus": abort.http_status}


def _for_everyone(virtual_service: Manifest, able: list[dict[str, Any]], rendered: Mapping[str, Any]) -> bool:
    if any(rule.get("fault") == rendered for rule in http_rules(virtual_service)):
        # Taking ours back later would take theirs too: nothing tells them apart.
        raise CannotApply(
            "SAME_FOREIGN_FAULT",
            f"A rule of {name_of(virtual_service)} already has exactly this fault, and meshui did not set "
            "it.",
        )
    for rule in able:
        rule["fault"] = copy.deepcopy(rendered)
    return bool(able)


def _for_some(
    virtual_service: Manifest,
    able: list[dict[str, Any]],
    rendered: Mapping[str, Any],
    asked: FaultMatch,
) -> bool:
    rules = http_rules(virtual_service)
    names = {str(rule.get("name", "")) for rule in rules}
    woven: list[dict[str, Any]] = []
    for rule in rules:
        matches = narrowed(rule, asked) if any(rule is item for item in able) else []
        if matches:
            name = free_name(f"{PREFIX}{1 + len(woven)}", names)
            names.add(name)
            fault = copy.deepcopy(rendered)
            woven.append({**copy.deepcopy(rule), "name": name, "match": matches, "fault": fault})
        woven.append(rule)
    virtual_service["spec"]["http"] = woven
    return len(woven) > len(rules)


def _record(virtual_service: Manifest, fault: Fault, rendered: Mapping[str, Any]) -> None:
    record: dict[str, Any] = {"fault": rendered}
    if fault.match:
        record["match"] = write_match(fault.match)
    annotations = virtual_service["metadata"].get("annotations") or {}
    text = json.dumps(record, sort_keys=True, separators=(",", ":"))
    virtual_service["metadata"]["annotations"] = {**annotations, ANNOTATION: text}


def _is_mine(rule: Mapping[str, Any], virtual_service: Manifest) -> bool:
    if not rule.get("fault") or is_copy(dict(rule)):
        return bool(rule.get("fault"))
    record = read_record(virtual_service) or {}
    return "match" not in record and rule["fault"] == record.get("fault")


def _match(rule: dict[str, Any], virtual_service: Manifest) -> FaultMatch | None:
    if is_copy(rule):
        return match_of(virtual_service, rule)
    return None if _is_mine(rule, virtual_service) else shared_header(rule)


def _read(fault: Mapping[str, Any]) -> tuple[Delay | None, Abort | None]:
    delay, abort = fault.get("delay"), fault.get("abort")
    read_delay = read_abort = None
    if isinstance(delay, dict):
        read_delay = Delay(_percentage(delay), _duration(str(delay.get("fixedDelay", ""))))
    if isinstance(abort, dict):
        http, grpc = abort.get("httpStatus"), abort.get("grpcStatus")
        status = http if isinstance(http, int) else None
        read_abort = Abort(_percentage(abort), status, grpc if isinstance(grpc, str) else None)
    return read_delay, read_abort


def _percentage(part: Mapping[str, Any]) -> float:
    """The percentage of a fault; without one, Istio meets no request."""
    value = (part.get("percentage") or {}).get("value", part.get("percent", 0))
    return float(value) if isinstance(value, int | float) else 0.0


def _duration(text: str) -> str:
    try:
        return durations.render(durations.parse(text))
    except ValueError:
        return text


def _number(percentage: float) -> int | float:
    return int(percentage) if percentage == int(percentage) else percentage


def _foreign_faults(virtual_service: Manifest) -> list[Notice]:
    rules = http_rules(virtual_service)
    foreign = [rule for rule in rules if rule.get("fault") and not _is_mine(rule, virtual_service)]
    if not foreign:
        return []
    message = (
        f"{len(foreign)} http rule(s) of {name_of(virtual_service)} have a fault that meshui did not set, "
        "or that was edited since; they are left as they are."
    )
    return [Notice("FOREIGN_FAULT", message)]


def not_together(rules: list[dict[str, Any]]) -> list[Notice]:
    """What Istio does not do on rules that have a fault."""
    words = [word for word in ("retries", "timeout") if any(rule.get(word) for rule in rules)]
    if not words:
        return []
    message = f"Istio does not apply {' and '.join(words)} on a rule that has a fault, as long as it has one."
    return [Notice("FAULT_DISABLES_RETRIES", message)]


def _nowhere(virtual_service: Manifest, fault: Fault) -> str:
    asked = fault.match
    with_header = (
        f" with {asked.header}: {asked.value}" if isinstance(asked, HeaderMatch) else " of its match"
    )
    for_whom = f" for requests{with_header}" if asked else ""
    return (
        f"No http rule of {name_of(virtual_service)} can take the fault{for_whom}: each one redirects, "
        "answers directly, has a fault that meshui did not set, or asks for another value of what it matches."
    )


def _where(rule: Mapping[str, Any]) -> str:
    return "requests that its match chooses" if rule.get("match") else "everyone"
