"""Http routes of a VirtualService as rules, and rules made true on them. Pure.

A route is known by its name, the default route by being the first that every request matches. Copies that a
fault made are no routes of their own: they follow the route that they were made of.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cluster.refs import Manifest
from routing.istio.copies import is_copy
from routing.istio.errors import CannotApply, Notice
from routing.istio.faults import clear_fault
from routing.istio.hosts import http_rules, name_of, namespace_of
from routing.istio.http.fields import MATCH, Home, route_fields
from routing.istio.http.mirrors import modern, rewritten
from routing.istio.splits import default_rule, is_default
from routing.istio.subsets import Subsets
from routing.istio.upkeep import HttpRule, changed_rules
from routing.rules import HttpPolicy, Position, Reader, RemoveRoute, Route, to_json
from routing.rules.codec import ABSENT
from routing.rules.http.policies import NAMES as POLICIES
from routing.rules.http.routes import ACTIONS, FORWARDED_ONLY, ROUTE
from routing.rules.http.targets import ALL, DEFAULT, told

_ANSWERS: Final = ("redirect", "directResponse", "delegate")
_INDEX: Final = str.maketrans("", "", "0123456789")


@dataclass(frozen=True, slots=True)
class HttpRoute:
    """One http route as it stands at `index` of `spec.http`.

    `said`: its match, action and policies in the words of rules, as far as they can be said. `rule`: all of
    it as a rule; None where its name, its match or its action is none of the vocabulary's. `lost`: the paths
    in the route of what no rule can say; it stays when a rule is written. `delegate`: another VirtualService
    carries it on.
    """

    index: int
    name: str
    default: bool
    said: Mapping[str, Any]
    rule: Route | None
    lost: tuple[str, ...]
    delegate: bool


def home_of(virtual_service: Manifest, namespace: str, service: str, subsets: Subsets) -> Home:
    """What names mean in a VirtualService, for rules about a service."""
    return Home(namespace, service, subsets, namespace_of(virtual_service))


def read_routes(
    virtual_service: Manifest, namespace: str, service: str, subsets: Subsets
) -> tuple[HttpRoute, ...]:
    """Every http route, without the fault that meshui set, which is a rule of its own."""
    home = home_of(virtual_service, namespace, service, subsets)
    places = [index for index, rule in enumerate(http_rules(virtual_service)) if not is_copy(rule)]
    rules = http_rules(clear_fault(virtual_service)[0])
    default = default_rule(rules)
    return tuple(
        _read(rule, index, home, default=rule is default) for rule, index in zip(rules, places, strict=True)
    )


def set_route(virtual_service: Manifest, rule: Route, home: Home) -> Manifest:
    """The VirtualService with a route as the rule says it, at its place.

    Raises CannotApply for a position or an action that cannot be.
    """
    return changed_rules(virtual_service, lambda rules: _set(rules, rule, home, virtual_service))


def set_http_policy(
    virtual_service: Manifest, rule: HttpPolicy, home: Home
) -> tuple[Manifest, tuple[Notice, ...]]:
    """The VirtualService with these policies on a route, or on all that can have them.

    Raises CannotApply where none can.
    """
    notices: list[Notice] = []
    changed = changed_rules(
        virtual_service, lambda rules: notices.extend(_set_policy(rules, rule, home, virtual_service))
    )
    return changed, tuple(notices)


def remove_route(virtual_service: Manifest, rule: RemoveRoute) -> Manifest:
    """The VirtualService without the route of this name. Raises CannotApply for the default route."""
    return changed_rules(virtual_service, lambda rules: _remove(rules, rule, virtual_service))


def find(rules: list[HttpRule], name: str, virtual_service: Manifest) -> HttpRule | None:
    """The route that a rule is about, or None. Raises CannotApply where two have its name."""
    if name == DEFAULT:
        return default_rule(rules)
    found = [rule for rule in rules if rule.get("name") == name]
    if len(found) > 1:
        message = f"{name_of(virtual_service)} has {len(found)} routes named {name}; which one is meant?"
        raise CannotApply("ROUTE_NAME_TWICE", message, "name")
    return found[0] if found else None


def removed(before: Manifest, after: Manifest, home: Home) -> list[str]:
    """The paths of what no rule can say that a change takes away all the same."""
    lost = _lost(before, home) - _lost(after, home)
    return sorted(lost)


def _lost(virtual_service: Manifest, home: Home) -> Counter[str]:
    codec = route_fields(home)
    found: list[str] = []
    for rule in http_rules(clear_fault(virtual_service)[0]):
        codec.decode(modern(_without_name(rule)), "", found)
    return Counter(path.translate(_INDEX).replace("[]", "") for path in found)


def _read(raw: HttpRule, index: int, home: Home, *, default: bool) -> HttpRoute:
    lost: list[str] = []
    codec = route_fields(home)
    said = codec.decode(modern(_without_name(raw)), "", lost)
    said = {} if said is ABSENT else said
    name = str(raw.get("name") or "")
    target: dict[str, Any] = {"default": True} if default else {"name": name or None}
    asked = {key: value for key, value in said.items() if not (default and key == MATCH)}
    rule, wrong = _rule({**target, **asked}, home)
    lost += [
        ".".join(codec.members[key][0]) for key in sorted(wrong) if key in codec.members and key in asked
    ]
    lost += ["name"] if name and "name" in wrong else []
    delegate = "delegate" in raw
    return HttpRoute(index, name, default, said, rule, tuple(dict.fromkeys(lost)), delegate)


def _rule(asked: dict[str, Any], home: Home) -> tuple[Route | None, set[str]]:
    """What was read as a rule, without the policies that are none of the vocabulary's, and what is wrong."""
    reader = Reader()
    found = ROUTE.read(reader, {"namespace": home.namespace, "service": home.service, **asked}, "")
    wrong = {error.field.lstrip(".").split(".")[0].split("[")[0] for error in reader.errors}
    left = {name: value for name, value in asked.items() if name not in wrong & set(POLICIES)}
    if found is not None or left == asked:
        return found, wrong
    found, more = _rule(left, home)
    return found, wrong | more


def _unsaid(raw: HttpRule, wanted: Mapping[str, Any], home: Home, *, default: bool) -> set[str]:
    """The policies of a route that no rule can say, neither on the route as it is nor as it is wanted.

    Who does not set them anew leaves them.
    """
    said = route_fields(home).decode(modern(_without_name(raw)), "", [])
    if said is ABSENT:
        return set()
    target: dict[str, Any] = {"default": True} if default else {"name": raw.get("name")}
    policies = {key: value for key, value in said.items() if key in POLICIES}
    around = {key: value for key, value in said.items() if key in ACTIONS or (key == MATCH and not default)}
    becoming = {key: value for key, value in wanted.items() if key in (MATCH, *ACTIONS)}
    now, then = (_rule({**target, **policies, **part}, home)[1] for part in (around, becoming))
    return now & then & set(POLICIES)


def _without_name(rule: HttpRule) -> HttpRule:
    return {key: value for key, value in rule.items() if key != "name"}


def _set(rules: list[HttpRule], rule: Route, home: Home, virtual_service: Manifest) -> None:
    found = find(rules, rule.name, virtual_service)
    if found is None:
        found = {"name": rule.name} if rule.name else {}
        rules.insert(_before_default(rules) if rule.name else len(rules), found)
    elif rule.name and found is default_rule(rules):
        raise CannotApply("NO_DEFAULT_ROUTE", _default_by_name(virtual_service, rule), "match")
    _refuse_delegate(found, virtual_service)
    said = to_json(rule)
    unsaid = _unsaid(found, said, home, default=not rule.name) - set(said)
    names = [name for name in (MATCH, *ACTIONS, *POLICIES) if rule.name or name != MATCH]
    _write(found, said, [name for name in names if name not in unsaid], home)
    if rule.name and is_default(found):
        raise CannotApply("IST0130", _catch_all(rule), "match")
    if rule.position is not None:
        _move(rules, found, rule.position, virtual_service)


def _write(raw: HttpRule, said: Mapping[str, Any], names: Collection[str], home: Home) -> None:
    """Writes some members over those of a route, in place."""
    old = modern(raw) if "mirrors" in names else raw
    made = rewritten(raw, route_fields(home).some(_with_hosts(said), old, names))
    raw.clear()
    raw.update(made)


def _with_hosts(said: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in said.items() if value is not None}


def _move(rules: list[HttpRule], raw: HttpRule, position: Position, virtual_service: Manifest) -> None:
    others = [rule for rule in rules if rule is not raw]
    if position.where == "first":
        place = 0
    elif position.where == "last":
        place = _before_default(others)
    else:
        other = find(others, position.name, virtual_service)
        if other is None:
            message = f"{name_of(virtual_service)} has no other route named {position.name}."
            raise CannotApply("NO_SUCH_ROUTE", message, f"position.{position.where}")
        place = next(i for i, rule in enumerate(others) if rule is other) + (position.where == "after")
    others.insert(place, raw)
    rules[:] = others


def _before_default(rules: list[HttpRule]) -> int:
    default = default_rule(rules)
    return next((index for index, rule in enumerate(rules) if rule is default), len(rules))


def _set_policy(
    rules: list[HttpRule], rule: HttpPolicy, home: Home, virtual_service: Manifest
) -> list[Notice]:
    if rule.name == ALL:
        found = list(rules)
    else:
        one = find(rules, rule.name, virtual_service)
        if one is None:
            message = f"{name_of(virtual_service)} has no {told(rule.name).removeprefix('the ')}."
            raise CannotApply("NO_SUCH_ROUTE", message, "name")
        found = [one]
    able = [raw for raw in found if not _unable(raw, rule)]
    if not able:
        message = (
            f"{told(rule.name).capitalize()} of {name_of(virtual_service)} cannot have this: nothing is "
            "forwarded where a route redirects, answers directly or delegates, and no prefix can be "
            "rewritten where it matches paths by a regex."
        )
        raise CannotApply("NOT_FORWARDED", message)
    for raw in able:
        _write(raw, to_json(rule), list(rule.changes), home)
    left = len(found) - len(able)
    if not left:
        return []
    message = f"{left} of {len(found)} routes cannot have this (see NOT_FORWARDED), and stay as they are."
    return [Notice("NOT_ON_EVERY_ROUTE", message)]


def _unable(raw: HttpRule, rule: HttpPolicy) -> bool:
    forwarded = any(name in FORWARDED_ONLY and value is not None for name, value in rule.changes.items())
    rewrite = rule.changes.get("rewrite")
    prefix = rewrite is not None and rewrite.uri is not None
    by_regex = prefix and any("regex" in (match.get("uri") or {}) for match in raw.get("match") or [])
    return "delegate" in raw or by_regex or (forwarded and any(raw.get(name) for name in _ANSWERS))


def _remove(rules: list[HttpRule], rule: RemoveRoute, virtual_service: Manifest) -> None:
    found = find(rules, rule.name, virtual_service)
    if found is None:
        return
    left = [item for item in rules if item is not found]
    if found is default_rule(rules) and default_rule(left) is None:
        message = (
            f"{rule.name} is the default route of {name_of(virtual_service)}: without it, requests that no "
            "other route matches would get 404."
        )
        raise CannotApply("NO_DEFAULT_ROUTE", message, "name")
    if not left:
        message = f"{rule.name} is the only route of {name_of(virtual_service)}, which needs at least one."
        raise CannotApply("LAST_ROUTE", message, "name")
    rules[:] = left


def _refuse_delegate(raw: HttpRule, virtual_service: Manifest) -> None:
    if "delegate" in raw:
        other = (raw.get("delegate") or {}).get("name", "")
        message = (
            f"VirtualService {other} carries this route of {name_of(virtual_service)} on; change it there."
        )
        raise CannotApply("DELEGATED_ROUTE", message)


def _catch_all(rule: Route) -> str:
    return (
        f"Every request satisfies this match, so that no route behind {rule.name} would ever be reached. "
        "Change the default route instead."
    )


def _default_by_name(virtual_service: Manifest, rule: Route) -> str:
    return (
        f"{rule.name} is the default route of {name_of(virtual_service)}: with a match, requests that no "
        "other route matches would get 404. Change it as the default route, or add one under another name."
    )
