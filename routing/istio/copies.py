"""The http rules that a fault for some requests adds: copies of a rule, for those requests only. Pure.

A copy is known by its name, and stands right before the rule that it was made of. Which fault was set, and
for which requests, an annotation on the VirtualService keeps.
"""

import copy
import json
from typing import Any, Final

from cluster.refs import Manifest
from routing.istio.conjunction import both
from routing.istio.errors import CannotApply
from routing.istio.hosts import http_rules
from routing.istio.http.fields import MATCHES
from routing.rules import FaultMatch, HeaderMatch, Reader, read_match, write_match
from routing.rules.codec import ABSENT

PREFIX: Final = "meshui-fault-"
ANNOTATION: Final = "meshui.io/faults"

Match = dict[str, Any]
HttpRule = dict[str, Any]


def is_copy(rule: HttpRule) -> bool:
    """Whether a rule is one that a fault for some requests added."""
    return str(rule.get("name", "")).startswith(PREFIX)


def without_copies(virtual_service: Manifest) -> Manifest:
    """The VirtualService without the copies; the same object when there are none."""
    rules = http_rules(virtual_service)
    if not any(map(is_copy, rules)):
        return virtual_service
    changed = copy.deepcopy(virtual_service)
    changed["spec"]["http"] = [rule for rule in http_rules(changed) if not is_copy(rule)]
    return changed


def match_of(virtual_service: Manifest, copied: HttpRule) -> FaultMatch | None:
    """The requests that a copy was made for: as recorded, else by the header that all its matches share."""
    recorded = (read_record(virtual_service) or {}).get("match")
    reader = Reader()
    found = read_match(reader, recorded, "match") if isinstance(recorded, dict) else None
    return shared_header(copied) if found is None or reader.errors else found


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
    has the rule's matches, narrowed to the fault's.

    An empty list when there is none: of a rule with a fault of its own, no copy is ever made.
    """
    if "fault" in rule:
        return []
    rules = http_rules(virtual_service)
    position = next(index for index, item in enumerate(rules) if item is rule)
    for copied in reversed(rules[:position]):
        asked = match_of(virtual_service, copied) if is_copy(copied) else None
        if asked and copied.get("route") and copied.get("match") == _narrowed_if_possible(rule, asked):
            return [copied]
    return []


def narrowed(rule: HttpRule, asked: FaultMatch) -> list[Match]:
    """The matches of a rule, each for the fault's requests only; those
    that no such request can satisfy are left out.

    Raises CannotApply where one match cannot say both.
    """
    (raw,) = MATCHES.encode([_json(asked)], ABSENT)
    found = (both(copy.deepcopy(match), copy.deepcopy(raw)) for match in _matches(rule))
    return [match for match in found if match is not None]


def read_record(virtual_service: Manifest) -> dict[str, Any] | None:
    """What meshui wrote down about its fault: `fault` as rendered, and `match` unless it is for everyone.

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


def _json(asked: FaultMatch) -> dict[str, Any]:
    if isinstance(asked, HeaderMatch):
        return {"headers": {asked.header: {"exact": asked.value}}}
    return write_match(asked)


def _narrowed_if_possible(rule: HttpRule, asked: FaultMatch) -> list[Match] | None:
    try:
        return narrowed(rule, asked)
    except CannotApply:
        return None
