"""Writes routing/analysis/schemas.json from the definitions that localmesh serves, which are Istio's own.

`python -m tests.routing.analysis.schemas`
"""

import json
from pathlib import Path

from localmesh.apiserver.definitions import definitions
from routing.analysis.kinds import ISTIO

FILE = Path(__file__).resolve().parents[3] / "routing" / "analysis" / "schemas.json"
DROPPED = {"description", "default", "x-kubernetes-validations"}


def trimmed(schema):
    """What the analysis needs of a schema: no words, and of the rules only which texts are durations."""
    found = {}
    for key, value in schema.items():
        if key == "properties":
            found[key] = {name: trimmed(each) for name, each in value.items()}
        elif key in ("items", "additionalProperties") and isinstance(value, dict):
            found[key] = trimmed(value)
        elif key not in DROPPED:
            found[key] = value
    rules = [rule["rule"] for rule in schema.get("x-kubernetes-validations", ())]
    if any(rule.startswith("duration(self)") for rule in rules):
        found["format"] = "duration"
    return found


def wanted():
    """The schema of the spec of each kind of Istio's that has one: `group/Kind`."""
    found = {}
    for definition in definitions():
        spec = definition["spec"]
        kind = spec["group"], spec["names"]["kind"]
        if kind in ISTIO:
            newest = spec["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
            found["/".join(kind)] = trimmed(newest)
    return dict(sorted(found.items()))


def text():
    lines = [f"{json.dumps(kind)}: {json.dumps(schema, sort_keys=True)}" for kind, schema in wanted().items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    FILE.write_text(text())
