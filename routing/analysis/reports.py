"""Findings as text, as JSON, and as SARIF 2.1.0 for programs that show them beside the code. Pure.

Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from routing.analysis.findings import Finding
from routing.analysis.messages import TABLE
from routing.analysis.world import World

SARIF_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_SARIF_LEVEL: Final = {"Error": "error", "Warning": "warning", "Info": "note"}


def place(finding: Finding, world: World) -> tuple[str, int]:
    """The file and the line that a finding is about; empty and 0 for what was read from no file."""
    obj = world.get(finding.subject)
    if obj is None or obj.origin is None:
        return "", 0
    return obj.origin.file, obj.origin.line(finding.at)


def as_text(findings: Sequence[Finding], world: World) -> str:
    """One line for each finding, and what they come to."""
    lines = []
    for finding in findings:
        file, line = place(finding, world)
        where = f"{finding.resource} {file}:{line}" if file else finding.resource
        lines.append(f"{finding.level} [{finding.code}] ({where}) {finding.message}")
    counted = [f"{sum(one.level == level for one in findings)} {name}" for level, name in _COUNTED]
    lines.append(", ".join(counted) + "." if findings else "Nothing found.")
    return "\n".join(lines) + "\n"


_COUNTED: Final = (("Error", "errors"), ("Warning", "warnings"), ("Info", "notes"))


def as_json(findings: Sequence[Finding], world: World) -> str:
    """A list of objects, each with its file and line."""
    found = []
    for finding in findings:
        file, line = place(finding, world)
        found.append({**finding.to_json(), "file": file, "line": line})
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"


def as_sarif(findings: Sequence[Finding], world: World) -> str:
    """A log of one run, with a rule for each code that occurs."""
    codes = sorted({finding.code for finding in findings})
    driver = {
        "name": "meshui analyze",
        "informationUri": "https://istio.io/latest/docs/reference/config/analysis/",
        "rules": [_rule(code) for code in codes],
    }
    results = [_result(finding, codes.index(finding.code), world) for finding in findings]
    run = {"tool": {"driver": driver}, "results": results, "columnKind": "unicodeCodePoints"}
    log = {"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2, ensure_ascii=False) + "\n"


def _rule(code: str) -> dict[str, Any]:
    message = TABLE[code]
    return {
        "id": code,
        "name": message.name,
        "shortDescription": {"text": message.cause},
        "fullDescription": {"text": message.cause},
        "help": {"text": f"{message.cause}\n\n{message.cure}"},
        "defaultConfiguration": {"level": _SARIF_LEVEL[message.level]},
    }


def _result(finding: Finding, rule: int, world: World) -> dict[str, Any]:
    file, line = place(finding, world)
    logical = {"fullyQualifiedName": f"{finding.resource} {finding.path}".strip(), "kind": "resource"}
    location: dict[str, Any] = {"logicalLocations": [logical]}
    if file:
        artifact = {"uri": quote(file, safe="/:")}
        location["physicalLocation"] = {"artifactLocation": artifact, "region": {"startLine": line}}
    return {
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": _SARIF_LEVEL[finding.level],
        "message": {"text": f"{finding.resource}: {finding.message}"},
        "locations": [location],
    }


FORMATS: Final[Mapping[str, Callable[[Sequence[Finding], World], str]]] = {
    "text": as_text,
    "json": as_json,
    "sarif": as_sarif,
}
"""How findings can be written."""
