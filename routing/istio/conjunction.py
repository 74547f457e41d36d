"""Two matches at once: the requests that satisfy both, as one match, where one can say it. Pure.

All on Istio's own form (HTTPMatchRequest). Values are compared as Envoy does: a regex has to match the whole
value, in RE2's syntax.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from routing import expressions
from routing.istio.errors import CannotApply

Match = dict[str, Any]


class _Never(Exception):  # noqa: N818  (it ends a comparison, it is no error)
    """No request satisfies both."""


def both(match: Match, asked: Match) -> Match | None:
    """The match for requests that satisfy both; None where there can be none.

    Raises CannotApply (MATCH_NOT_COMBINED) where no single match can say it. What is unknown in `match`
    stays.
    """
    try:
        found = {key: _BOTH[key](match, asked) for key in _BOTH if key in match or key in asked}
    except _Never:
        return None
    if _barred(found):
        return None
    joined = {**match, **{key: value for key, value in found.items() if value not in (None, {}, [])}}
    if "uri" in asked and "uri" not in match:
        joined.pop("ignoreUriCase", None)
        joined |= {"ignoreUriCase": True} if asked.get("ignoreUriCase") else {}
    return joined


def accepts(string_match: Any, value: str) -> bool:
    """Whether Istio's StringMatch accepts a value; an empty one asks only that there is one."""
    if _is_presence(string_match):
        return True
    if "exact" in string_match:
        return bool(string_match["exact"] == value)
    if "prefix" in string_match:
        return value.startswith(str(string_match["prefix"]))
    try:
        return expressions.compiled(str(string_match.get("regex", ""))).fullmatch(value) is not None
    except ValueError:
        return False


def folded(headers: Any) -> dict[str, Any]:
    """Conditions on headers by their names in lower case."""
    return {str(name).lower(): value for name, value in (headers or {}).items()}


def _is_presence(string_match: Any) -> bool:
    return not isinstance(string_match, Mapping) or not any(string_match.values())


def _strings(one: Any, other: Any, what: str) -> Any:
    if one == other or _is_presence(other):
        return one
    if _is_presence(one):
        return other
    for exact, condition in ((other, one), (one, other)):
        if "exact" in exact:
            if not accepts(condition, exact["exact"]):
                raise _Never
            return exact
    if "prefix" not in one or "prefix" not in other:
        raise _cannot(what)
    longer, shorter = sorted((one, other), key=lambda item: -len(item["prefix"]))
    if not longer["prefix"].startswith(shorter["prefix"]):
        raise _Never
    return longer


def _text(key: str) -> Callable[[Match, Match], Any]:
    def combined(match: Match, asked: Match) -> Any:
        if key not in match or key not in asked:
            return match.get(key, asked.get(key))
        return _strings(match[key], asked[key], f"the {key}")

    return combined


def _uri(match: Match, asked: Match) -> Any:
    insensitive = {bool(item.get("ignoreUriCase")) for item in (match, asked) if "uri" in item}
    if "uri" in match and "uri" in asked and insensitive != {False} and match["uri"] != asked["uri"]:
        raise _cannot("the uri, one of them without regard to case,")
    return _text("uri")(match, asked)


def _headers(match: Match, asked: Match) -> Any:
    wanted = folded(asked.get("headers"))
    there = {
        name: value for name, value in (match.get("headers") or {}).items() if name.lower() not in wanted
    }
    old = folded(match.get("headers"))
    return there | {
        name: _strings(old[name], value, f"header {name}") if name in old else value
        for name, value in wanted.items()
    }


def _without(match: Match, asked: Match) -> Any:
    old = folded(match.get("withoutHeaders"))
    for name, value in folded(asked.get("withoutHeaders")).items():
        if name in old and old[name] != value:
            raise _cannot(f"the absence of header {name}")
    new = {k: v for k, v in folded(asked.get("withoutHeaders")).items() if k not in old}
    return {**(match.get("withoutHeaders") or {}), **new}


def _parameters(match: Match, asked: Match) -> Any:
    old, wanted = match.get("queryParams") or {}, asked.get("queryParams") or {}
    common = {name: _strings(old[name], wanted[name], f"parameter {name}") for name in set(old) & set(wanted)}
    return {**old, **wanted, **common}


def _labels(match: Match, asked: Match) -> Any:
    old, wanted = match.get("sourceLabels") or {}, asked.get("sourceLabels") or {}
    if any(old.get(name, value) != value for name, value in wanted.items()):
        raise _Never
    return {**old, **wanted}


def _gateways(match: Match, asked: Match) -> Any:
    old, wanted = match.get("gateways") or [], asked.get("gateways") or []
    common = [name for name in old if name in wanted] if old and wanted else [*old, *wanted]
    if old and wanted and not common:
        raise _Never
    return common


def _same(key: str) -> Callable[[Match, Match], Any]:
    def combined(match: Match, asked: Match) -> Any:
        if match.get(key) and asked.get(key) and match[key] != asked[key]:
            raise _Never
        return match.get(key) or asked.get(key)

    return combined


def _barred(match: Match) -> bool:
    """Whether a match asks for a header that it also asks not to be there."""
    barred = folded(match.get("withoutHeaders"))
    for name, value in folded(match.get("headers")).items():
        exact = value.get("exact") if isinstance(value, Mapping) else None
        if name in barred and (_is_presence(barred[name]) or (exact and accepts(barred[name], exact))):
            return True
    return False


def _cannot(what: str) -> CannotApply:
    message = (
        f"No single match can ask both for what a route and for what the fault say of {what}. Give the fault "
        "an exact value, or a prefix."
    )
    return CannotApply("MATCH_NOT_COMBINED", message, "match")


_BOTH: Final[Mapping[str, Callable[[Match, Match], Any]]] = {
    "uri": _uri,
    "method": _text("method"),
    "scheme": _text("scheme"),
    "authority": _text("authority"),
    "headers": _headers,
    "withoutHeaders": _without,
    "queryParams": _parameters,
    "sourceLabels": _labels,
    "sourceNamespace": _same("sourceNamespace"),
    "gateways": _gateways,
    "port": _same("port"),
}
