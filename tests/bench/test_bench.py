"""The whole benchmark with small numbers: that it measures and tells, never how fast."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bench.__main__ import PARTS
from bench.table import Row, render

ROOT = Path(__file__).resolve().parents[2]


def bench(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "bench", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONWARNINGS": "error::ResourceWarning", "PYTHONFAULTHANDLER": "1"},
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )


@pytest.mark.timeout(450)
def test_the_whole_of_it_prints_one_table_with_a_verdict_for_each_goal():
    done = bench("--small")
    assert done.returncode == 0, done.stderr
    machine, empty, head, _, *rows = done.stdout.splitlines()
    assert re.fullmatch(r"\d+ cores \(.+\), [\d.]+ GiB memory, Python 3\.11\.\d+", machine)
    assert empty == ""
    assert head.split() == ["part", "what", "measured", "goal"]
    assert {row.split()[0] for row in rows} == set(PARTS)
    judged = [row for row in rows if re.search(r" [<>]= [\d.,]+.* (met|MISS)$", row)]
    assert {row.split()[0] for row in judged} == set(PARTS)
    assert all(row.endswith("  -") for row in rows if row not in judged)
    assert all(re.search(r" -?\d[\d.,e+]* ", row) for row in rows)


def test_an_unknown_part_is_refused_by_name():
    done = bench("nonsense")
    assert done.returncode == 2
    assert "there is no part nonsense" in done.stderr


@pytest.mark.parametrize(("value", "verdict"), [(4.9, "met"), (5.0, "met"), (5.1, "MISS")])
def test_a_goal_is_met_up_to_its_very_number(value, verdict):
    assert Row("cluster", "first list", value, "s", most=5.0).verdict == verdict


@pytest.mark.parametrize(("value", "verdict"), [(989, "MISS"), (990, "met"), (1000, "met")])
def test_a_goal_can_be_a_least_number(value, verdict):
    assert Row("cluster", "events", value, "a second", least=990).verdict == verdict


def test_a_table_stands_in_columns():
    rows = [
        Row("cluster", "first list", 3.14159, "s", most=5.0),
        Row("cluster", "events", 1000.0, "a second"),
    ]
    assert render("a machine", rows) == (
        "a machine\n"
        "\n"
        "part     what        measured        goal\n"
        "-------  ----------  --------------  ------  ---\n"
        "cluster  first list  3.14 s          <= 5 s  met\n"
        "cluster  events      1,000 a second          -\n"
    )
