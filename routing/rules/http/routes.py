"""One http route of a service, whole, and taking one away. Pure.

A route owns what the vocabulary knows: what a rule leaves out is not there afterwards. What the vocabulary
does not know stays on the route.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from routing.rules import leaves
from routing.rules.http import policies
from routing.rules.http.actions import (
    DIRECT_RESPONSE,
    REDIRECT,
    Destination,
    Destinations,
    DirectResponse,
    Redirect,
)
from routing.rules.http.headers import Headers
from routing.rules.http.matches import MATCHES, Match
from routing.rules.http.policies import Cors, Injection, Mirror, Retries, Rewrite
from routing.rules.http.targets import DEFAULT, read_target, told, write_target
from routing.rules.reader import Reader, listed, quoted
from routing.rules.word import Word

Action: TypeAlias = tuple[Destination, ...] | Redirect | DirectResponse
FORWARDED_ONLY: Final = ("rewrite", "mirrors", "timeout", "retries", "fault")
"""Policies on requests that go somewhere; nothing is forwarded by a redirect or a direct response."""
ACTIONS: Final = ("destinations", "redirect", "direct_response")


@dataclass(frozen=True, slots=True)
class Position:
    """Where a route stands: `first` or `last` of all, or `before` or `after` the one of a name."""

    where: Literal["first", "last", "before", "after"]
    name: str = ""


@dataclass(frozen=True, slots=True)
class Policies:
    """What else becomes of the requests on a route."""

    headers: Headers | None = None
    rewrite: Rewrite | None = None
    cors: Cors | None = None
    mirrors: tuple[Mirror, ...] = ()
    timeout: str | None = None
    retries: Retries | None = None
    fault: Injection | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """One http route of a service; an empty `name` is the default route, which has no match."""

    namespace: str
    service: str
    name: str
    action: Action
    match: tuple[Match, ...] = ()
    position: Position | None = None
    policies: Policies = field(default_factory=Policies)


@dataclass(frozen=True, slots=True)
class RemoveRoute:
    """No route of this name."""

    namespace: str
    service: str
    name: str


def _read(reader: Reader, value: Mapping[str, object], at: str) -> Route | None:
    before = len(reader.errors)
    known = (
        "kind",
        "namespace",
        "service",
        "name",
        "default",
        "position",
        "match",
        *ACTIONS,
        *policies.NAMES,
    )
    fields = reader.members(value, at, known) or {}
    namespace, service = reader.target(fields, at)
    name = read_target(reader, fields, at)
    position = _position(reader, fields.get("position"), f"{at}.position")
    match = MATCHES.read(reader, fields.get("match") or [], f"{at}.match")
    action = _action(reader, fields, at, namespace, service)
    found = read_policies(reader, fields, at, namespace, service)
    if name == DEFAULT and fields.get("default"):
        for word in ("match", "position"):
            if fields.get(word):
                reader.error(f"{at}.{word}", "The default route has none: it is for all remaining requests.")
    _check_rewrite(reader, match, found, at)
    if len(reader.errors) > before or action is None:
        return None
    return Route(namespace, service, name, action, match, position, Policies(**found))


def read_policies(
    reader: Reader, fields: Mapping[str, object], at: str, namespace: str, service: str
) -> dict[str, Any]:
    """The policies that stand in `fields`, each read."""
    return {
        name: field.read(reader, fields[name], f"{at}.{name}")
        for name, field in policies.fields(namespace, service).items()
        if fields.get(name) is not None
    }


def write_policies(found: Policies, namespace: str, service: str) -> dict[str, Any]:
    """Policies as `read_policies` reads them, without those that are not set."""
    fields = policies.fields(namespace, service)
    return {name: fields[name].write(item) for name in fields if (item := getattr(found, name))}


def _action(
    reader: Reader, fields: Mapping[str, object], at: str, namespace: str, service: str
) -> Action | None:
    given = [word for word in ACTIONS if fields.get(word) is not None]
    if len(given) != 1:
        where = f"{at}.{given[1]}" if given else f"{at}.destinations"
        reader.error(where, f"A route needs exactly one of {listed(ACTIONS)}.")
        return None
    word = given[0]
    if word == "destinations":
        return Destinations(namespace, service).read(reader, fields[word], f"{at}.{word}")
    for name in FORWARDED_ONLY:
        if fields.get(name) is not None:
            told = f"Nothing is forwarded where there is a {word}; it goes without {name}."
            reader.error(f"{at}.{name}", told)
    found: Action | None = (REDIRECT if word == "redirect" else DIRECT_RESPONSE).read(
        reader, fields[word], f"{at}.{word}"
    )
    return found


def _position(reader: Reader, value: object, at: str) -> Position | None:
    if value is None or value == "first":
        return Position("first") if value else None
    if value == "last":
        return Position("last")
    if not isinstance(value, Mapping) or len(value) != 1 or not {"before", "after"} & set(value):
        told = (
            f'{quoted(value)} is no position; write "first", "last", {{"before": name}} or {{"after": name}}.'
        )
        reader.error(at, told)
        return None
    where: Literal["before", "after"] = "before" if "before" in value else "after"
    return Position(where, leaves.ROUTE_NAME.read(reader, value[where], f"{at}.{where}"))


def _check_rewrite(reader: Reader, match: Any, found: Mapping[str, Any], at: str) -> None:
    rewrite = found.get("rewrite")
    if rewrite is None or not rewrite.uri:
        return
    for index, item in enumerate(match):
        if item is not None and item.uri is not None and item.uri.how == "regex":
            told = (
                f"{at}.match[{index}] matches the path by a regex, which has no prefix to rewrite; use regex."
            )
            reader.error(f"{at}.rewrite.uri", told)


def _write(rule: Route) -> dict[str, Any]:
    written: dict[str, Any] = {
        "namespace": rule.namespace,
        "service": rule.service,
        **write_target(rule.name),
    }
    if rule.position is not None:
        where, name = rule.position.where, rule.position.name
        written["position"] = {where: name} if name else where
    if rule.match:
        written["match"] = MATCHES.write(rule.match)
    return {
        **written,
        **write_action(rule.action, rule.namespace, rule.service),
        **write_policies(rule.policies, rule.namespace, rule.service),
    }


def write_action(action: Action, namespace: str, service: str) -> dict[str, Any]:
    """An action under its name."""
    if isinstance(action, Redirect):
        return {"redirect": REDIRECT.write(action)}
    if isinstance(action, DirectResponse):
        return {"direct_response": DIRECT_RESPONSE.write(action)}
    return {"destinations": Destinations(namespace, service).write(action)}


def _read_remove(reader: Reader, value: Mapping[str, object], at: str) -> RemoveRoute:
    fields = reader.members(value, at, {"kind", "namespace", "service", "name"}) or {}
    namespace, service = reader.target(fields, at)
    return RemoveRoute(namespace, service, leaves.ROUTE_NAME.read(reader, fields.get("name"), f"{at}.name"))


def _write_remove(rule: RemoveRoute) -> dict[str, Any]:
    return {"namespace": rule.namespace, "service": rule.service, "name": rule.name}


def _sets(rule: Route | RemoveRoute) -> str:
    return f"{told(rule.name)} of {rule.namespace}/{rule.service}"


ROUTE: Final = Word("route", Route, _read, _write, _sets)
REMOVE_ROUTE: Final = Word("remove_route", RemoveRoute, _read_remove, _write_remove, _sets)
