"""Reads a request for a rollout; every error at its field, in plain words. Pure."""

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

from cluster import refs
from routing.rollouts import spec as asked
from routing.rollouts.spec import Errors, Gate, Guard, Latency, Promql, Spec, Step, Strategy, Told
from routing.rules.errors import RulesError
from routing.rules.plain import is_text
from routing.rules.reader import Reader, listed, quoted

MAX_STEPS: Final = 50
MAX_GUARDS: Final = 10
MAX_URLS: Final = 10
MAX_TEXT: Final = 2_000
WEEK: Final = 7 * 24 * 3600
_MEMBERS: Final = tuple(Spec.__dataclass_fields__)
_MATCHED: Final = ("header", "cookie")
_ALSO: Final = {"canary": "weighted", "weighted_canary": "weighted", "bluegreen": "blue_green"}
"""What people call the strategies elsewhere."""
T = TypeVar("T")


def parse(body: object) -> Spec:
    """What a request asks for. Raises RulesError with everything that is wrong with it, by field."""
    reader = Reader()
    fields = reader.members(body, "", _MEMBERS) or {}
    strategy = _strategy(reader, fields.get("strategy", "weighted"))
    found = Spec(
        namespace=reader.name(fields.get("namespace"), "namespace", "a namespace"),
        service=reader.name(fields.get("service"), "service", "a service"),
        baseline=reader.version(fields.get("baseline"), "baseline"),
        canary=reader.version(fields.get("canary"), "canary"),
        strategy=strategy,
        steps=_steps(reader, fields.get("steps"), strategy),
        guards=_guards(reader, fields.get("guards")),
        alpha=_number(reader, fields.get("alpha", 0.01), "alpha", 0.0001, 0.2),
        on_harm=_word(reader, fields.get("on_harm", "rollback"), "on_harm", asked.ON_HARM),
        on_no_verdict=_word(
            reader, fields.get("on_no_verdict", "hold"), "on_no_verdict", asked.ON_NO_VERDICT
        ),
        on_no_traffic=_word(
            reader, fields.get("on_no_traffic", "hold"), "on_no_traffic", asked.ON_NO_TRAFFIC
        ),
        interval_seconds=_whole(reader, fields.get("interval_seconds", 10), "interval_seconds", 1, 3600),
        notify=tuple(_list(reader, fields.get("notify", ()), "notify", MAX_URLS, _told)),
        gates=tuple(_list(reader, fields.get("gates", ()), "gates", MAX_URLS, _gate)),
    )
    if found.canary and found.canary == found.baseline:
        reader.error("canary", f"{quoted(found.canary)} is the baseline, too; name another version.")
    if reader.errors:
        raise RulesError(reader.errors)
    return found


def _strategy(reader: Reader, value: object) -> Strategy:
    kind = value.get("kind") if isinstance(value, Mapping) else value
    if isinstance(kind, str):
        plain = kind.lower().replace("-", "_").replace(" ", "_")
        kind = kind if _ALSO.get(plain, plain) not in asked.KINDS else _ALSO.get(plain, plain)
    word = _word(reader, kind, "strategy", asked.KINDS)
    known = {"kind", "name", "value"} if word in _MATCHED else {"kind"}
    fields = (reader.members(value, "strategy", known) or {}) if isinstance(value, Mapping) else {}
    if word not in _MATCHED:
        return Strategy(word)
    name = _text(reader, fields.get("name"), "strategy.name", f"the name of the {word}")
    if name and not _is_token(name):
        reader.error("strategy.name", f"{quoted(name)} cannot be the name of a {word}.")
    return Strategy(word, name, _text(reader, fields.get("value"), "strategy.value", "the value"))


def _is_token(name: str) -> bool:
    """A token of HTTP. Source: RFC 9110, 5.6.2."""
    return name.isascii() and all(char.isalnum() or char in "!#$%&'*+-.^_`|~" for char in name)


def _steps(reader: Reader, value: object, strategy: Strategy) -> tuple[Step, ...]:
    before = len(reader.errors)
    if value in (None, [], ()):
        reader.error("steps", "There is no step; a rollout needs one at least.")
        return ()
    found = tuple(_list(reader, value, "steps", MAX_STEPS, _step))
    if len(reader.errors) == before:
        _check_weights(reader, found, strategy.kind)
    return found


def _step(reader: Reader, value: object, field: str) -> Step:
    fields = reader.members(value, field, ("weight", "seconds", "requests", "pause")) or {}
    pause = fields.get("pause") or False
    if not isinstance(pause, bool):
        reader.error(f"{field}.pause", "This must be true or false.")
    return Step(
        weight=_whole(reader, fields.get("weight"), f"{field}.weight", 0, 100),
        seconds=_whole(reader, fields.get("seconds"), f"{field}.seconds", 1, WEEK),
        requests=_whole(reader, fields.get("requests") or 0, f"{field}.requests", 0, 10**9),
        pause=bool(pause),
    )


def _check_weights(reader: Reader, steps: Sequence[Step], kind: str) -> None:
    weights = [step.weight for step in steps]
    for index, (one, other) in enumerate(itertools.pairwise(weights), 1):
        if other < one:
            reader.error(
                f"steps[{index}].weight", f"{other} is less than the {one} before; steps go up only."
            )
    if kind not in _MATCHED and not any(weights):
        reader.error("steps", "No step sends a request to the canary; its weight is 0 in all of them.")
    if kind == "mirror" and weights[0]:
        reader.error("steps[0].weight", "A rollout that mirrors first begins with a step of weight 0.")
    for index, weight in enumerate(weights):
        if kind == "blue_green" and weight not in (0, 100):
            reader.error(f"steps[{index}].weight", f"Blue-green knows 0 and 100 only, not {weight}.")


def _guards(reader: Reader, value: object) -> tuple[Guard, ...]:
    if value in (None, [], ()):
        return (Errors(),)
    found = _list(reader, value, "guards", MAX_GUARDS, _guard)
    names: set[str] = set()
    for index, guard in enumerate(found):
        name = asked.name_of(guard)
        if name in names or (isinstance(guard, Promql) and name in ("errors", "latency")):
            reader.error(f"guards[{index}]", f"There is another guard {quoted(name)}; each is named once.")
        names.add(name)
    return tuple(found)


def _guard(reader: Reader, value: object, field: str) -> Guard:
    kind = value.get("kind") if isinstance(value, Mapping) else None
    if not isinstance(value, Mapping):
        reader.error(field, 'This must be an object such as {"kind": "errors"}.')
        return Errors()
    read = {"errors": _errors, "latency": _latency, "promql": _promql}
    word = _word(reader, kind, f"{field}.kind", tuple(read))
    return read[word](reader, value, field)


def _errors(reader: Reader, value: Mapping[str, object], field: str) -> Guard:
    fields = reader.members(value, field, ("kind", "margin", "tolerated")) or {}
    return Errors(*_margins(reader, fields, field, Errors()))


def _latency(reader: Reader, value: Mapping[str, object], field: str) -> Guard:
    fields = reader.members(value, field, ("kind", "objective_ms", "margin", "tolerated")) or {}
    objective = _number(reader, fields.get("objective_ms"), f"{field}.objective_ms", 0.1, 3_600_000)
    return Latency(objective, *_margins(reader, fields, field, Latency(1)))


def _margins(
    reader: Reader, fields: Mapping[str, object], field: str, usual: Errors | Latency
) -> tuple[float, float]:
    return (
        _number(reader, fields.get("margin", usual.margin), f"{field}.margin", 0, 10),
        _number(reader, fields.get("tolerated", usual.tolerated), f"{field}.tolerated", 0, 0.99),
    )


def _promql(reader: Reader, value: Mapping[str, object], field: str) -> Guard:
    fields = reader.members(value, field, ("kind", "name", "query", "least", "most", "looks")) or {}
    least, most = (_bound(reader, fields.get(name), f"{field}.{name}") for name in ("least", "most"))
    if fields.get("least") is None and fields.get("most") is None:
        reader.error(field, "Neither least nor most is given; a figure needs a bound.")
    elif least is not None and most is not None and least > most:
        reader.error(f"{field}.least", f"{least:g} is above most, which is {most:g}: nothing lies between.")
    name = fields.get("name")
    if not isinstance(name, str) or not refs.is_label_value(name) or not name:
        reader.error(f"{field}.name", "A name of letters, digits, - _ and . is missing, at most 63 of them.")
        name = ""
    query = _text(reader, fields.get("query"), f"{field}.query", "the query")
    return Promql(name, query, least, most, _whole(reader, fields.get("looks", 3), f"{field}.looks", 1, 100))


def _bound(reader: Reader, value: object, field: str) -> float | None:
    return None if value is None else _number(reader, value, field, -1e300, 1e300)


def _told(reader: Reader, value: object, field: str) -> Told:
    fields = reader.members(value, field, ("url", "format")) or {}
    form = _word(reader, fields.get("format", "json"), f"{field}.format", asked.FORMATS)
    return Told(_text(reader, fields.get("url"), f"{field}.url", "the address"), form)


def _gate(reader: Reader, value: object, field: str) -> Gate:
    fields = reader.members(value, field, ("stage", "url")) or {}
    stage = _word(reader, fields.get("stage"), f"{field}.stage", asked.STAGES)
    return Gate(stage, _text(reader, fields.get("url"), f"{field}.url", "the address"))


def _list(
    reader: Reader, value: object, field: str, most: int, read: Callable[[Reader, Any, str], T]
) -> list[T]:
    if not isinstance(value, list | tuple):
        reader.error(field, "This must be a list.")
        return []
    if len(value) > most:
        reader.error(field, f"{len(value)} are too many; at most {most} are taken.")
        return []
    return [read(reader, item, f"{field}[{index}]") for index, item in enumerate(value)]


def _word(reader: Reader, value: object, field: str, known: Sequence[str]) -> str:
    if isinstance(value, str) and value in known:
        return value
    shown = "This is missing" if value is None else f"{quoted(value)} is not known"
    reader.error(field, f"{shown}; known are {listed(known)}.")
    return known[0]


def _text(reader: Reader, value: object, field: str, what: str) -> str:
    if value is None or value == "":
        reader.error(field, f"{what.capitalize()} is missing.")
    elif not isinstance(value, str) or not is_text(value):
        reader.error(field, f"{quoted(value)} is not a text that can be kept.")
    elif len(value) > MAX_TEXT:
        reader.error(field, f"This is longer than {MAX_TEXT} characters.")
    else:
        return value
    return ""


def _whole(reader: Reader, value: object, field: str, least: int, most: int) -> int:
    if value is None:
        reader.error(field, f"A whole number from {least} to {most} is missing.")
    elif isinstance(value, bool) or not isinstance(value, int):
        reader.error(field, f"{quoted(value)} is no whole number.")
    elif not least <= value <= most:
        reader.error(field, f"{quoted(value)} is outside {least} to {most}.")
    else:
        return value
    return least


def _number(reader: Reader, value: object, field: str, least: float, most: float) -> float:
    if value is None:
        reader.error(field, f"A number from {least:g} to {most:g} is missing.")
    elif isinstance(value, bool) or not isinstance(value, int | float):
        reader.error(field, f"{quoted(value)} is no number.")
    # Compared first: a whole number may be too large for a float. Not a number is in no range.
    elif not least <= value <= most or not math.isfinite(value):
        reader.error(field, f"{quoted(value)} is outside {least:g} to {most:g}.")
    else:
        return float(value)
    return float(least)
