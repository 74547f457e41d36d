"""Whether every request of one match is taken by another one: what stands behind it is never reached. Pure.

Says yes only where it is certain. On Istio's own form (HTTPMatchRequest).
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from routing.istio.conjunction import accepts, folded
from routing.istio.splits import is_default

Match = Mapping[str, Any]
_SAYS_NOTHING: Final = frozenset({"name", "statPrefix", "ignoreUriCase"})


def taken(match: Match, earlier: Mapping[str, Any]) -> bool:
    """Whether an earlier http rule takes every request of a match."""
    if is_default(earlier):
        return True
    return any(covers(one, match) for one in earlier.get("match") or [] if isinstance(one, Mapping))


def covers(wide: Match, narrow: Match) -> bool:
    """Whether every request that satisfies `narrow` satisfies `wide`."""
    return all(_asks_no_more(key, wide, narrow) for key in wide if key not in _SAYS_NOTHING)


def _asks_no_more(key: str, wide: Match, narrow: Match) -> bool:
    if key == "uri":
        return _uri(wide, narrow)
    compare = _COMPARE.get(key, _equal)
    return compare(narrow.get(key), wide[key])


def _uri(wide: Match, narrow: Match) -> bool:
    asked, given = wide["uri"], narrow.get("uri")
    if isinstance(asked, Mapping) and asked.get("prefix") == "/":
        return True
    if bool(wide.get("ignoreUriCase")) == bool(narrow.get("ignoreUriCase")):
        return _within(given, asked) and (not wide.get("ignoreUriCase") or given == asked)
    return False


def _within(given: Any, asked: Any) -> bool:
    """Whether each value that one StringMatch accepts is accepted by another one."""
    if not isinstance(given, Mapping):
        return False
    if given == asked or not isinstance(asked, Mapping) or not any(asked.values()):
        return True
    if asked.get("regex") == ".*":
        return True
    if "exact" in given:
        return accepts(asked, given["exact"])
    return "prefix" in given and "prefix" in asked and str(given["prefix"]).startswith(str(asked["prefix"]))


def _headers(given: Any, asked: Any) -> bool:
    return _parameters(folded(given), folded(asked))


def _parameters(given: Any, asked: Any) -> bool:
    return all(_within((given or {}).get(name), value) for name, value in (asked or {}).items())


def _without(given: Any, asked: Any) -> bool:
    there = folded(given)
    return all(there.get(name, "") == value for name, value in folded(asked).items())


def _labels(given: Any, asked: Any) -> bool:
    return all((given or {}).get(name) == value for name, value in (asked or {}).items())


def _gateways(given: Any, asked: Any) -> bool:
    return not asked or bool(given and set(given) <= set(asked))


def _equal(given: Any, asked: Any) -> bool:
    return bool(given == asked)


_COMPARE: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "method": _within,
    "scheme": _within,
    "authority": _within,
    "headers": _headers,
    "queryParams": _parameters,
    "withoutHeaders": _without,
    "sourceLabels": _labels,
    "gateways": _gateways,
}
