"""What is worth knowing of the http routes of a VirtualService as a rule leaves them. Pure."""

import difflib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from cluster.refs import Manifest
from routing import durations
from routing.istio.copies import is_copy
from routing.istio.errors import Notice
from routing.istio.faults import clear_fault, not_together
from routing.istio.hosts import http_rules, name_of
from routing.istio.http.reach import taken
from routing.istio.splits import default_rule, is_default

HttpRule = Mapping[str, Any]


def about_routes(virtual_service: Manifest, changed: Iterable[int]) -> list[Notice]:
    """What to know of the routes at these indexes of `spec.http`, and of the default route."""
    rules = http_rules(virtual_service)
    found: list[Notice] = []
    for index in changed:
        earlier = [rule for rule in rules[:index] if not is_copy(rule)]
        found += _reached(rules[index], earlier, virtual_service)
        found += _shadows(rules[index], index, rules, virtual_service)
        found += not_together([rule for rule in [rules[index]] if rule.get("fault")])
        found += _timeouts(rules[index])
    if default_rule(http_rules(clear_fault(virtual_service)[0])) is None:
        message = f"{name_of(virtual_service)} has no default route: requests that no route matches get 404."
        found.append(Notice("NO_DEFAULT_ROUTE", message))
    return list(dict.fromkeys(found))


def changed_routes(before: Manifest, after: Manifest) -> list[int]:
    """The indexes of the routes that are new, say something else, or stand somewhere else among the others.

    Copies that faults make are left out.
    """
    old = [rule for rule in http_rules(before) if not is_copy(rule)]
    new = [(index, rule) for index, rule in enumerate(http_rules(after)) if not is_copy(rule)]
    matcher = difflib.SequenceMatcher(None, _words(old), _words(rule for _, rule in new), autojunk=False)
    changed = [block for block in matcher.get_opcodes() if block[0] != "equal"]
    return [index for _, _, _, start, end in changed for index, _ in new[start:end]]


def _words(rules: Iterable[HttpRule]) -> list[str]:
    return [json.dumps(rule, sort_keys=True, default=str) for rule in rules]


def _reached(rule: HttpRule, earlier: list[dict[str, Any]], virtual_service: Manifest) -> list[Notice]:
    matches = rule.get("match") or [{}]
    found = [next((other for other in earlier if taken(match, other)), None) for match in matches]
    takers = [_name(other) for other in found if other is not None]
    if not takers:
        return []
    names = ", ".join(dict.fromkeys(takers))
    where = f"{_name(rule)} of {name_of(virtual_service)}"
    if len(takers) == len(matches):
        return [Notice("IST0130", f"{where} is never reached: {names} takes all of its requests first.")]
    message = f"{len(takers)} of {len(matches)} matches of {where} are never reached: {names} comes first."
    return [Notice("IST0131", message)]


def _shadows(
    rule: HttpRule, index: int, rules: list[dict[str, Any]], virtual_service: Manifest
) -> list[Notice]:
    """Routes behind this one that it takes all requests from."""
    if is_default(rule):
        behind = [item for item in rules[index + 1 :] if not is_copy(item)]
        lost = behind
    else:
        behind = [item for item in rules[index + 1 :] if not is_copy(item) and item.get("match")]
        lost = [item for item in behind if all(taken(match, rule) for match in item["match"])]
    if not lost:
        return []
    names = ", ".join(map(_name, lost))
    message = (
        f"{names} of {name_of(virtual_service)} is never reached: {_name(rule)} takes all of its requests."
    )
    return [Notice("IST0130", message)]


def _timeouts(rule: HttpRule) -> list[Notice]:
    retries = rule.get("retries")
    each = _nanoseconds(retries.get("perTryTimeout")) if isinstance(retries, Mapping) else None
    whole = _nanoseconds(rule.get("timeout"))
    if each is None or whole is None or each <= whole:
        return []
    message = (
        f"Each try on {_name(rule)} may take {durations.render(each)}, but the request as a whole only "
        f"{durations.render(whole)}: it ends before the first try does, and is never tried again."
    )
    return [Notice("TRY_LONGER_THAN_TIMEOUT", message)]


def _nanoseconds(text: Any) -> int | None:
    try:
        return durations.parse(text)
    except (ValueError, TypeError):
        return None


def _name(rule: HttpRule) -> str:
    if rule.get("name"):
        return f"route {rule['name']}"
    return "a route without a name" if rule.get("match") else "the default route"
