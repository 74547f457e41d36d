"""A rollout as it is asked for on a command line: its flags, made into the body that `POST rollouts` takes.

What the flags mean is checked where REST checks it; here only what cannot be read as a flag at all.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from routing.rollouts import spec as specs
from routing.rollouts.spec import PRESETS
from routing.rules import quoted

Json = dict[str, Any]
NAMED: Final = ("namespace", "service", "baseline", "canary")


class FlagError(Exception):
    """A flag that cannot be read; the message names it."""


def body_of(options: Mapping[str, Any], given: Any = None) -> Any:
    """The body of a rollout: `given` is what a file says, and flags say it anew. Raises FlagError."""
    if given is not None and not isinstance(given, Mapping):
        raise FlagError("--file: this is no object with namespace, service and so on.")
    found: Json = dict(given or {})
    found |= _preset(options.get("preset"))
    found |= {name: options[name] for name in NAMED if options.get(name) is not None}
    if options.get("strategy"):
        found["strategy"] = strategy(options["strategy"])
    if options.get("steps"):
        found["steps"] = [step(text) for text in options["steps"].split(",")]
    if options.get("guard"):
        found["guards"] = [guard(text) for text in options["guard"]]
    if options.get("notify"):
        found["notify"] = [told(text) for text in options["notify"]]
    if options.get("gate"):
        found["gates"] = [gate(text) for text in options["gate"]]
    found |= {
        name: options[name] for name in ("on_harm", "interval_seconds") if options.get(name) is not None
    }
    return found


def strategy(text: str) -> Any:
    """`weighted`, or `header:NAME=VALUE`, `cookie:NAME=VALUE`. Raises FlagError."""
    kind, colon, rest = text.partition(":")
    if not colon:
        return kind
    name, equals, value = rest.partition("=")
    if not equals:
        raise FlagError(f"--strategy: {quoted(text)} lacks a value; write {kind}:NAME=VALUE.")
    return {"kind": kind, "name": name, "value": value}


def step(text: str) -> Json:
    """`25:60`: weight in percent and seconds; then requests, and pause. Raises FlagError."""
    parts = text.strip().split(":")
    pause = parts[-1] == "pause"
    numbers = parts[:-1] if pause else parts
    if not 2 <= len(numbers) <= 3:
        raise FlagError(f"--steps: {quoted(text)} is no step; write WEIGHT:SECONDS[:REQUESTS][:pause].")
    named = zip(("weight", "seconds", "requests"), numbers, strict=False)
    return {name: _whole(number, text) for name, number in named} | ({"pause": True} if pause else {})


def guard(text: str) -> Json:
    """`errors`, `latency:250` (milliseconds), or a guard as JSON. Raises FlagError."""
    if text.startswith("{"):
        try:
            found = json.loads(text)
        except ValueError as error:
            raise FlagError(f"--guard: {quoted(text)} is no JSON: {error}.") from error
        return dict(found)
    kind, colon, objective = text.partition(":")
    if not colon:
        return {"kind": kind}
    try:
        return {"kind": kind, "objective_ms": float(objective)}
    except ValueError as error:
        raise FlagError(f"--guard: {quoted(objective)} is no number of milliseconds.") from error


def told(text: str) -> Json:
    """An address, or `slack=` and one."""
    slack = text.startswith("slack=")
    return {"url": text.removeprefix("slack="), "format": "slack" if slack else "json"}


def gate(text: str) -> Json:
    """`before_weight=https://...`. Raises FlagError."""
    stage, equals, url = text.partition("=")
    if not equals:
        stages = ", ".join(specs.STAGES)
        raise FlagError(f"--gate: {quoted(text)} is no STAGE=URL; stages are {stages}.")
    return {"stage": stage, "url": url}


def _preset(name: str | None) -> Json:
    if name is None:
        return {}
    kind, steps = PRESETS[name]
    whole = specs.to_json(specs.Spec("n", "s", "b", "c", steps, kind))
    return {"strategy": whole["strategy"], "steps": whole["steps"]}


def _whole(number: str, text: str) -> int:
    try:
        return int(number)
    except ValueError as error:
        raise FlagError(f"--steps: {quoted(number)} in {quoted(text)} is no whole number.") from error


def listed(names: Sequence[str]) -> str:
    """Some names for a message; not hundreds."""
    shown = ", ".join(names[:10])
    return f"{shown} and {len(names) - 10} more" if len(names) > 10 else shown
