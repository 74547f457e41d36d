"""Each code is said where it should be, and not said where nearly the same is right."""

import re
from pathlib import Path

import pytest

from routing.analysis.analyzers import ALL
from routing.analysis.engine import analyze
from routing.analysis.messages import TABLE
from tests.routing.analysis.build import told, world
from tests.routing.analysis.samples import BAD_AND_GOOD

ROOT = Path(__file__).resolve().parents[3]
ELSEWHERE = {"IST0161": "test_certificates.py"}


@pytest.mark.parametrize("code", BAD_AND_GOOD)
def test_a_code_is_said_of_what_is_wrong(code):
    bad, _ = BAD_AND_GOOD[code]
    assert told(code, *bad)


@pytest.mark.parametrize("code", BAD_AND_GOOD)
def test_a_code_is_not_said_of_what_is_right(code):
    _, good = BAD_AND_GOOD[code]
    assert told(code, *good) == []


def test_every_code_of_every_analyzer_has_its_samples_and_its_place_in_the_table():
    said = {code for analyzer in ALL for code in analyzer.codes}
    assert said <= set(TABLE)
    istio = {code for code in said if code.startswith("IST")}
    assert istio == (set(BAD_AND_GOOD) | set(ELSEWHERE)) & istio
    assert set(BAD_AND_GOOD) <= said


def test_analyzers_say_only_the_codes_that_they_declare():
    for bad, good in BAD_AND_GOOD.values():
        for analyzer in ALL:
            for objects in (bad, good):
                assert {one.code for one in analyze(world(*objects), [analyzer])} <= analyzer.codes


def test_every_code_has_its_heading_with_cause_and_cure_in_the_documents():
    text = (ROOT / "docs" / "analysis.md").read_text()
    headings = set(re.findall(r"^### `(\w+)`", text, re.MULTILINE))
    assert set(TABLE) <= headings
