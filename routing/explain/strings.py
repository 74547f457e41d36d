"""Istio's StringMatch: exactly, by a prefix, by an expression, or just present. In words where not. Pure.

Of a path there is one more kind, the Gateway API's prefix of whole parts.
Expressions are RE2's and must match the whole value, as in Envoy (https://istio.io/latest/docs/reference/
config/networking/virtual-service/#StringMatch).
"""

from collections.abc import Mapping
from typing import Any

from routing.explain import values
from routing.explain.values import Unusable
from routing.gatewayapi.conditions import ELEMENTS
from routing.rules import quoted

_KINDS = ("exact", "prefix", "regex", ELEMENTS)


def kind_of(match: object) -> str:
    """`exact`, `prefix`, `regex`, `path_elements`, or empty where anything that is present will do.

    The expression `*` is none of RE2's: Istio takes it for "present".
    """
    fields = values.mapping(match)
    kind = next((kind for kind in _KINDS if kind in fields), "")
    return "" if kind == "regex" and fields[kind] == "*" else kind


def check(match: object, path: str, *, empty_prefix: bool = False) -> None:
    """Raises Unusable for a StringMatch that Istio or Envoy would refuse."""
    kind = kind_of(match)
    if match is not None and not isinstance(match, Mapping):
        raise Unusable(path, f"{quoted(match)} is not an object such as exact: v1.")
    if not kind:
        return
    value = values.mapping(match)[kind]
    if kind == "regex":
        values.regex(value, f"{path}.regex")
    elif not isinstance(value, str):
        raise Unusable(f"{path}.{kind}", f"{quoted(value)} is not text.")
    elif kind == "prefix" and not value and not empty_prefix:
        raise Unusable(f"{path}.prefix", "An empty prefix is refused.")


def holds(match: object, value: str | None, *, ignore_case: bool = False) -> bool:
    """Whether a value (None: absent) is what a checked StringMatch asks for."""
    kind = kind_of(match)
    if value is None:
        return False
    if not kind:
        return True
    wanted = values.mapping(match)[kind]
    if kind == "regex":
        return _full_match(wanted, value)
    if ignore_case:
        wanted, value = _lower(wanted), _lower(value)
    if kind == ELEMENTS:
        return value == wanted or value.startswith(f"{wanted}/")
    return value.startswith(wanted) if kind == "prefix" else value == wanted


def asked(match: object) -> str:
    """What a StringMatch asks for, to follow "the rule asks for"."""
    kind = kind_of(match)
    wanted = values.mapping(match).get(kind)
    if kind == "regex":
        return f"a match of the expression {quoted(wanted)}"
    if kind == ELEMENTS:
        return f"{quoted(wanted)} or what is below it"
    if kind == "prefix":
        return f"one that begins with {quoted(wanted)}"
    return f"exactly {quoted(wanted)}" if kind else "any value"


def failure(
    match: Mapping[str, Any] | object, value: str | None, what: str, *, ignore_case: bool = False
) -> str | None:
    """None where the value is what is asked for; else what it is and what was asked, in words."""
    if holds(match, value, ignore_case=ignore_case):
        return None
    is_now = "is absent" if value is None else f"is {quoted(value)}"
    return f"{what} {is_now}; the rule asks for {asked(match)}"


def _full_match(pattern: str, value: str) -> bool:
    try:
        return values.expression(pattern).fullmatch(value) is not None
    except UnicodeError:
        return False


def _lower(value: str) -> str:
    # Envoy ignores the case of ASCII letters only.
    return "".join(chr(ord(char) + 32) if "A" <= char <= "Z" else char for char in value)
