"""What stands in requests about rollouts besides the rollout itself: a note, a key, a weight. Pure.

A key makes a request safe to be sent again: what was done by it once is not done again. It is a header, as
the IETF's draft on Idempotency-Key has it, or a member of the body.
"""

from collections.abc import Mapping
from typing import Any, Final

from routing.rollouts.spec import KINDS
from routing.rules import FieldError, RulesError
from routing.rules.plain import is_text
from routing.rules.reader import Reader, quoted

MAX_KEY: Final = 255
MAX_NOTE: Final = 500
KEY_NAMES: Final = ("idempotency_key", "Idempotency-Key")
STRATEGIES: Final[Mapping[str, str]] = {
    **{kind: kind for kind in KINDS},
    "canary": "weighted",
    "weighted_canary": "weighted",
    "mirror_first": "mirror",
    "bluegreen": "blue_green",
}
"""Strategies by the names that people have for them, with underscores in the place of hyphens and spaces."""


def taken_apart(body: Any, header: str | None) -> tuple[Any, str, str]:
    """The rollout that a body asks for, its note and its key; what is no object stays as it is.

    Raises RulesError for a note or a key that cannot be kept.
    """
    if not isinstance(body, Mapping):
        return body, "", key_of(header)
    mine = {name: value for name, value in body.items() if name not in ("note", *KEY_NAMES)}
    asked = {name: _usual(name, value) for name, value in mine.items() if value is not None}
    return asked, _note(body.get("note", "")), key_of(header, *(body.get(name) for name in KEY_NAMES))


def _usual(name: str, value: Any) -> Any:
    """A member as the parser knows it: a strategy by its name there, a step without what is empty."""
    if name == "strategy":
        return _strategy(value)
    if name == "steps" and isinstance(value, list):
        return [_filled(step) for step in value]
    return value


def _strategy(value: Any) -> Any:
    if isinstance(value, Mapping) and "kind" in value:
        return {**value, "kind": _strategy(value["kind"])}
    if not isinstance(value, str):
        return value
    word = value.strip().lower().replace("-", "_").replace(" ", "_")
    return STRATEGIES.get(word, value)


def _filled(step: Any) -> Any:
    if not isinstance(step, Mapping):
        return step
    return {name: value for name, value in step.items() if value is not None}


def key_of(*given: object) -> str:
    """The key among those that may be given; empty without one. Raises RulesError."""
    keys = [key for key in given if key is not None]
    for key in keys:
        if not isinstance(key, str) or not key or not (key.isascii() and key.isprintable()) or " " in key:
            shown = f"{quoted(key)} is no key; it has at least one visible character, and no space."
            raise RulesError([FieldError("idempotency_key", shown)])
        if len(key) > MAX_KEY:
            raise RulesError([FieldError("idempotency_key", f"A key has {MAX_KEY} characters at most.")])
    if len(set(keys)) > 1:
        raise RulesError([FieldError("idempotency_key", "Header and body say different keys.")])
    return str(keys[0]) if keys else ""


def command(body: Any, header: str | None, *, weighs: bool) -> tuple[str, int | None]:
    """The key of a command, and the weight in percent that it sets, where it does. Raises RulesError."""
    reader = Reader()
    known = ("weight", *KEY_NAMES) if weighs else KEY_NAMES
    fields = reader.members(body or {}, "", known) or {}
    weight = _weight(reader, fields.get("weight")) if weighs else None
    try:
        key = key_of(header, *(fields.get(name) for name in KEY_NAMES))
    except RulesError as error:
        reader.errors += error.errors
        key = ""
    if reader.errors:
        raise RulesError(reader.errors)
    return key, weight


def _weight(reader: Reader, value: object) -> int | None:
    if value is None:
        reader.error("weight", "A whole number of percent from 0 to 100 is missing.")
    elif isinstance(value, bool) or not isinstance(value, int):
        reader.error("weight", f"{quoted(value)} is no whole number of percent.")
    elif not 0 <= value <= 100:
        reader.error("weight", f"{quoted(value)} is outside 0 to 100.")
    else:
        return value
    return None


def _note(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or not is_text(value):
        raise RulesError([FieldError("note", f"{quoted(value)} is not a text that can be kept.")])
    if len(value) > MAX_NOTE:
        raise RulesError([FieldError("note", f"A note has {MAX_NOTE} characters at most.")])
    return value
