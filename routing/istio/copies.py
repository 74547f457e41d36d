"""The http rules that a header fault adds: copies of a rule, for the requests that carry the header. Pure.

A copy is known by its name, and stands right before the rule that it was made of. Which fault was set, and
for which header, an annotation on the VirtualService keeps.
"""

import copy
import json
from typing import Any, Final

import re2

from cluster.refs import Manifest
from routing.istio.hosts import http_rules
from routing.rules import HeaderMatch

PREFIX: Final = "meshui-fault-"
ANNOTATION: Final = "meshui.io/faults"

Match = dict[str, Any]
HttpRule = dict[str, Any]


def is_copy(rule: HttpRule) -> bool:
    """Whether a rule is one that a header fault added."""
    return str(rule.get("name", "")).startswith(PREFIX)


def without_copies(virtual_service: Manifest) -> Manifest:
    """The VirtualService without the copies; the same object when there are none."""
    rules = http_rules(virtual_service)
    if not any(map(is_copy, rules)):
        return virtual_service
    changed = copy.deepcopy(virtual_service)
    changed["spec"]["http"] = [rule for rule in http_rules(changed) if not is_copy(rule)]
    return changed


def header_of(virtual_service: Manifest, copied: HttpRule) -> HeaderMatch | None:
    """The header that a copy was made for: as recorded, else the one that all its matches share."""
    recorded = (read_record(virtual_service) or {}).get("match")
    if isinstance(recorded, dict) and {"header", "value"} <= set(recorded):
        return HeaderMatch(str(recorded["header"]), str(recorded["value"]))
    return shared_header(copied)


def shared_header(rule: HttpRule) -> HeaderMatch | None:
    """The header that every match of a rule asks for with the same exact value, when it is one header."""
    found: set[tuple[str, str]] | None = None
    for match in _matches(rule):
        asked = {
            (name.lower(), str(value["exact"]))
            for name, value in (match.get("headers") or {}).items()
            if isinstance(value, dict) and value.get("exact")
        }
        found = asked if found is None else found & asked
    return HeaderMatch(*found.pop()) if found and len(found) == 1 else None


def copies_of(rule: HttpRule, virtual_service: Manifest) -> list[HttpRule]:
    """The copy that was made of a rule: the nearest before it that
    has the rule's matches, narrowed to its header.

    An empty list when there is none.
    """
    rules = http_rules(virtual_service)
    position = next(index for index, item in enumerate(rules) if item is rule)
    for copied in reversed(rules[:position]):
        header = header_of(virtual_service, copied) if is_copy(copied) else None
        if header and copied.get("route") and copied.get("match") == narrowed(rule, header):
            return [copied]
    return []


def narrowed(rule: HttpRule, header: HeaderMatch) -> list[Match]:
    """The matches of a rule, each for requests with the header only; those
    that no such request can satisfy are left out.
    """
    return [_with(match, header) for match in _matches(rule) if _compatible(match, header)]


def read_record(virtual_service: Manifest) -> dict[str, Any] | None:
    """What meshui wrote down about its fault: `fault` as rendered, and `match` for a header.

    None when nothing is written; a note that cannot be read is an empty one, which owns nothing.
    """
    text = (virtual_service["metadata"].get("annotations") or {}).get(ANNOTATION)
    if text is None:
        return None
    try:
        recorded = json.loads(text)
    except (TypeError, ValueError):
        return {}
    return recorded if isinstance(recorded, dict) else {}


def _matches(rule: HttpRule) -> list[Match]:
    match = rule.get("match")
    return match if isinstance(match, list) and match else [{}]


def _with(match: Match, header: HeaderMatch) -> Match:
    narrowed = copy.deepcopy(match)
    others = {k: v for k, v in (narrowed.get("headers") or {}).items() if k.lower() != header.header}
    narrowed["headers"] = {**others, header.header: {"exact": header.value}}
    return narrowed


def _compatible(match: Match, header: HeaderMatch) -> bool:
    """Whether a request with the header can satisfy a match at all."""
    wanted = [v for k, v in (match.get("headers") or {}).items() if k.lower() == header.header]
    barred = [v for k, v in (match.get("withoutHeaders") or {}).items() if k.lower() == header.header]
    return all(_accepts(value, header.value) for value in wanted) and not any(
        _accepts(value, header.value) for value in barred
    )


def _accepts(string_match: Any, value: str) -> bool:
    """Whether Istio's StringMatch accepts a value; an empty one asks only that the header is there."""
    if not isinstance(string_match, dict) or not string_match:
        return True
    if "exact" in string_match:
        return bool(string_match["exact"] == value)
    if "prefix" in string_match:
        return value.startswith(str(string_match["prefix"]))
    try:
        # The whole value has to match, in RE2's syntax: what Envoy does.
        return re2.fullmatch(str(string_match.get("regex", "")), value) is not None
    except re2.error:
        return False
