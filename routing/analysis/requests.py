"""Which requests a match of a VirtualService takes, and whether another takes them all. Pure.

Source: https://istio.io/latest/docs/reference/config/networking/virtual-service/#HTTPMatchRequest
"""

from collections.abc import Mapping
from typing import Any, Final

from routing import expressions
from routing.analysis.objects import items, mapping, number, strings, text, texts

Match = Mapping[str, Any]
_SINGLE: Final = ("scheme", "method", "authority")
_NAMED: Final = ("headers", "queryParams")
_ANYTHING: Final = frozenset({".*", "^.*$", ".+", "^.+$"})
_ANY_PATH: Final = _ANYTHING | {"/.*", "^/.*$", "^/.*"}
_MESH: Final = "mesh"


def takes_everything(match: Match) -> bool:
    """Whether a match takes every request, from wherever."""
    asked = {
        name for name, value in match.items() if name not in ("name", "statPrefix", "ignoreUriCase") and value
    }
    return not asked or (asked == {"uri"} and _any_path(mapping(match.get("uri"))))


def is_catch_all(rule: Match) -> bool:
    """Whether an http rule takes every request that comes to it."""
    matches = items(rule.get("match"))
    return not matches or any(takes_everything(mapping(match)) for match in matches)


def covers(earlier: Match, later: Match, gateways: list[str]) -> bool:
    """Whether every request of the later match is one of the earlier match. False where it is not sure.

    `gateways`: those of the VirtualService, which hold for a match that names none.
    """
    return (
        _covers_uri(earlier, later)
        and all(_covers(mapping(earlier.get(name)), mapping(later.get(name))) for name in _SINGLE)
        and all(_covers_named(mapping(earlier.get(name)), mapping(later.get(name))) for name in _NAMED)
        and _without(earlier).items() <= _without(later).items()
        and _covers_callers(earlier, later, gateways)
    )


def _without(match: Match) -> Mapping[str, str]:
    return {name: repr(value) for name, value in mapping(match.get("withoutHeaders")).items()}


def _covers_callers(earlier: Match, later: Match, gateways: list[str]) -> bool:
    port, space = number(earlier.get("port")), text(earlier.get("sourceNamespace"))
    if port and number(later.get("port")) != port:
        return False
    if space and text(later.get("sourceNamespace")) != space:
        return False
    if not texts(earlier.get("sourceLabels")).items() <= texts(later.get("sourceLabels")).items():
        return False
    default = gateways or [_MESH]
    mine, theirs = (set(strings(each.get("gateways")) or default) for each in (earlier, later))
    return theirs <= mine


def _covers_named(earlier: Match, later: Match) -> bool:
    return all(
        name in later and _covers(mapping(asked), mapping(later[name])) for name, asked in earlier.items()
    )


def _covers_uri(earlier: Match, later: Match) -> bool:
    mine, theirs = mapping(earlier.get("uri")), mapping(later.get("uri"))
    if not mine or _any_path(mine):
        return True
    if earlier.get("ignoreUriCase") is True:
        return _covers(_lower(mine), _lower(theirs))
    return later.get("ignoreUriCase") is not True and _covers(mine, theirs)


def _lower(match: Match) -> Match:
    return {how: text(value).lower() if how != "regex" else value for how, value in match.items()}


def _any_path(match: Match) -> bool:
    return text(match.get("prefix")) == "/" or text(match.get("regex")) in _ANY_PATH


def _covers(earlier: Match, later: Match) -> bool:
    """Whether every text that the later condition takes is one that the earlier takes; none takes all."""
    if not earlier:
        return True
    exact, prefix, expression = (text(earlier.get(how)) for how in ("exact", "prefix", "regex"))
    if exact:
        return text(later.get("exact")) == exact
    if prefix:
        return text(later.get("exact") or later.get("prefix")).startswith(prefix)
    return bool(expression and later) and _covers_by_expression(expression, later)


def _covers_by_expression(expression: str, later: Match) -> bool:
    if expression in (".*", "^.*$") or text(later.get("regex")) == expression:
        return True
    value = text(later.get("exact"))
    return bool(value) and _fits(expression, value)


def _fits(expression: str, value: str) -> bool:
    compiled = _compiled(expression)
    return compiled is not None and compiled.fullmatch(value) is not None


def _compiled(expression: str) -> Any:
    """An expression as Envoy reads it; None for one that it refuses."""
    try:
        return expressions.compiled(expression) if len(expression) <= expressions.LONGEST else None
    except ValueError:
        return None
