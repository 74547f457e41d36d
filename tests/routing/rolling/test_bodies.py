"""What is sent has the form that the document promises."""

import json
import re
from pathlib import Path

from routing.rolling.hooks import bodies
from tests.routing.rolling import making
from tests.routing.rolling.making import NOW

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "webhooks.md"


def documented(member):
    blocks = map(json.loads, re.findall(r"```json\n(.*?)```", DOCUMENT.read_text(), re.DOTALL))
    (found,) = (block for block in blocks if member in block)
    return found


def made():
    spec, state = making.spec(), making.state()
    return making.row(spec, state, pk=3), spec, state


def test_a_gate_gets_what_is_documented():
    row, spec, state = made()
    body = bodies.asked(row, spec, state, "before_weight", at=NOW, number="3-17-1")
    expected = documented("stage")
    assert body.keys() == expected.keys()
    assert body["rollout"].keys() == expected["rollout"].keys()
    assert expected["figures"][0].keys() <= body["figures"][0].keys()
    json.dumps(body, allow_nan=False)


def test_who_is_told_gets_what_is_documented():
    row, spec, state = made()
    body = bodies.told(row, spec, state, "held", "It got no request.", at=NOW, number="n")
    assert body.keys() == documented("event").keys()
    json.dumps(body, allow_nan=False)


def test_each_change_of_status_has_words():
    row, spec, state = made()
    for event in ("running", "promoted", "rolled_back", "aborted"):
        assert bodies.told(row, spec, state, event, "", at=NOW, number="n")["words"]
