"""Services, plans and changes in the form that the templates draw: words, shapes and signs. Pure.

Takes what GET answers and adds to it; decides nothing about the mesh.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from routing.sentences import percent

Json = dict[str, Any]

PROBLEM_STATUS: Final = {"error": "failing", "warning": "degraded", "info": "info"}
SIGNS: Final = {
    "add": ("+", "Added: "),
    "remove": ("\N{MINUS SIGN}", "Removed: "),
    "change": ("±", "Changed: "),
}
CHANGE_STATES: Final = {
    "started": ("info", "In progress"),
    "applied": ("ok", "Applied"),
    "conflict": ("degraded", "Conflict, not written"),
    "partial": ("failing", "Partly written"),
    "failed": ("failing", "Failed, not written"),
}
OPERATION_STATES: Final = {
    "done": ("ok", "written"),
    "failed": ("failing", "refused"),
    "not_done": ("idle", "not written"),
}
LONGEST_VALUE: Final = 2000


def service(found: Mapping[str, Any]) -> Json:
    """A service with its shares in whole percent, its faults in words, and its worst problem."""
    problems = ranked(found["problems"])
    weighted = any(version["weight"] is not None for version in found["versions"])
    faults = [_fault(fault) for fault in found["faults"]]
    return {
        **found,
        "versions": [_version(version, weighted=weighted) for version in found["versions"]],
        "faults": faults,
        "weighted": weighted,
        "clearable": any(fault["owned"] for fault in faults),
        "problems": problems,
        "worst": problems[0] if problems else None,
    }


def ranked(problems: Iterable[Mapping[str, Any]]) -> list[Json]:
    """Problems with the shape of their level, the most severe first."""
    levels = list(PROBLEM_STATUS)
    found = [{**problem, "status": PROBLEM_STATUS[problem["level"]]} for problem in problems]
    return sorted(found, key=lambda problem: levels.index(problem["level"]))


def findings(found: Iterable[Mapping[str, Any]]) -> list[Json]:
    """Findings of the analysis with the shape of their level, the most severe first."""
    return ranked({**each, "level": each["level"].lower()} for each in found)


def operation(found: Mapping[str, Any]) -> Json:
    """A planned or done write with its field differences as text and its YAML difference line by line."""
    state = found.get("state")
    return {
        **found,
        "fields": [_field(difference) for difference in found["diff"]],
        "lines": diff_lines(found["unified_diff"]),
        "outcome": _outcome(OPERATION_STATES, state) if state in OPERATION_STATES else None,
        "wait": _wait(found),
    }


def _wait(found: Mapping[str, Any]) -> str:
    """What is or was waited for before a write, as a sentence; empty where nothing is."""
    waited, wait = found.get("waited"), found.get("wait")
    if waited:
        how = "until the proxies had it" if waited["told"] else "for the proxies to learn of it"
        return f"Waited {waited['seconds']:g} s {how}."
    if not wait:
        return ""
    most, delay, least = (wait[name] for name in ("at_most_seconds", "delay_seconds", "least_seconds"))
    first = f"at least {least:g} s and " if least else ""
    return f"Wait until the proxies have it, {first}at most {most:g} s; {delay:g} s where nobody tells."


def change(found: Mapping[str, Any]) -> Json:
    """A change with its state as word and shape, and its writes."""
    return {
        **found,
        "outcome": _outcome(CHANGE_STATES, found["state"]),
        "operations": [operation(item) for item in found["operations"]],
    }


def blast_radius(found: Mapping[str, Any]) -> Json:
    """Who is affected, with error ratios in percent."""
    callers = [
        {**caller, "error_percent": round(100 * caller["error_ratio"], 2)}
        for caller in found.get("callers", [])
    ]
    versions = [
        {
            **version,
            "before": percent(100 * version["share_before"]),
            "after": percent(100 * version["share_after"]),
        }
        for version in found.get("versions", [])
    ]
    return {**found, "callers": callers, "versions": versions}


def diff_lines(unified: str) -> list[Json]:
    """Each line of a unified difference with what it is: add, remove, hunk, file or same."""
    return [{"kind": _line_kind(line), "text": line} for line in unified.splitlines()]


def _line_kind(line: str) -> str:
    if line.startswith(("+++", "---")):
        return "hunk"
    return {"+": "add", "-": "remove", "@": "hunk"}.get(line[:1], "same")


def _version(version: Mapping[str, Any], *, weighted: bool) -> Json:
    weight, share = version["weight"], version["observed_share"]
    if weight is None and weighted:
        weight = 0  # the rule names others, and leaves this one out
    return {
        **version,
        "weight": None if weight is None else f"{weight:.3g}",
        "observed_percent": None if share is None else round(100 * share),
    }


def _fault(fault: Mapping[str, Any]) -> Json:
    share = percent(fault["percentage"])
    match = fault["match"]
    whom = f"requests with {match['header']} = {match['value']}" if match else fault["whom"]
    if fault["kind"] == "delay":
        short, long = f"delay {fault['fixed_delay']}", f"{share} wait {fault['fixed_delay']} longer"
    else:
        status = fault["http_status"] or fault["grpc_status"] or "an unknown status"
        short, long = f"abort {status}", f"{share} are answered {status}"
    return {**fault, "short": f"{short} {share}", "sentence": f"{long}; {whom}."}


def _field(difference: Mapping[str, Any]) -> Json:
    sign, word = SIGNS[difference["op"]]
    old = "" if difference["op"] == "add" else _value(difference["old"])
    new = "" if difference["op"] == "remove" else _value(difference["new"])
    return {**difference, "path": difference["path"] or "(the whole object)", "sign": sign, "word": word} | {
        "old": old,
        "new": new,
    }


def _value(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


def _outcome(states: Mapping[str, tuple[str, str]], state: str) -> Json:
    status, word = states[state]
    return {"status": status, "word": word}
