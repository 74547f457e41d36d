"""Changes http rules under a fault that meshui has set, so that the fault stays what it was. Pure.

The fault is taken off, the rules are changed, and it is put on again: new rules have it as well, and the
copies of those that changed are made anew. What somebody edited on a copy, or took off a rule, stays so.
"""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cluster.refs import Manifest
from routing.istio.copies import copies_of, is_copy, narrowed, read_record
from routing.istio.errors import CannotApply
from routing.istio.faults import clear_fault, inject, owned_fault, read_fault
from routing.istio.hosts import http_rules, name_of
from routing.rules import Fault, FaultMatch

HttpRule = dict[str, Any]


def changed_rules(virtual_service: Manifest, change: Callable[[list[HttpRule]], None]) -> Manifest:
    """The VirtualService after `change` of its http rules, which works in place and keeps what stays.

    The same object when it says the same afterwards. Raises what `change` raises, and CannotApply where the
    fault has no place any more.
    """
    fault = read_fault(virtual_service, "", "")
    bare = virtual_service if fault is None else clear_fault(virtual_service)[0]
    work = copy.deepcopy(bare)
    rules = http_rules(work)
    kept = list(rules)
    change(rules)
    if rules == http_rules(bare):
        return virtual_service
    work["spec"]["http"] = rules
    if fault is not None:
        _put_back(virtual_service, work, kept, fault)
    return work


@dataclass(frozen=True, slots=True)
class _Kept:
    """A rule that stays: as it was in `before`, as the change left it, and as it is with the fault again."""

    old: HttpRule
    bare: HttpRule
    new: HttpRule


def _put_back(before: Manifest, work: Manifest, kept: list[HttpRule], fault: Fault) -> None:
    rendered = (read_record(before) or {}).get("fault") or owned_fault(before) or {}
    originals = [rule for rule in http_rules(before) if not is_copy(rule)]
    marks = {id(new): old for new, old in zip(kept, originals, strict=True)}
    bare = {id(rule): copy.deepcopy(rule) for rule in http_rules(work)}
    if not inject(work, fault, rendered):
        message = f"No http rule of {name_of(before)} could have meshui's fault any more; take it back first."
        raise CannotApply("NO_ROUTE_FOR_FAULT", message)
    for rule in [rule for rule in http_rules(work) if id(rule) in marks]:
        staying = _Kept(marks[id(rule)], bare[id(rule)], rule)
        if fault.match is None:
            _without_again(staying)
        else:
            _copy_as_it_was(staying, before, work, fault.match, rendered)


def _without_again(rule: _Kept) -> None:
    """Somebody took the fault off this rule."""
    if rule.old.get("route") and "fault" not in rule.old:
        rule.new.pop("fault", None)


def _copy_as_it_was(
    rule: _Kept, before: Manifest, work: Manifest, asked: FaultMatch, rendered: Mapping[str, Any]
) -> None:
    copies, news = copies_of(rule.old, before), copies_of(rule.new, work)
    able = rule.old.get("route") and "fault" not in rule.old and narrowed(rule.old, asked)
    if able and not copies:
        work["spec"]["http"] = [item for item in http_rules(work) if not any(item is new for new in news)]
    for copied, new in zip(copies, news, strict=False):
        made = {**rule.old, "name": copied["name"], "match": copied["match"], "fault": rendered}
        for key in {*copied, *made}:
            if copied.get(key) != made.get(key) and rule.bare.get(key) == rule.old.get(key):
                new.pop(key, None)
                new.update({key: copied[key]} if key in copied else {})
