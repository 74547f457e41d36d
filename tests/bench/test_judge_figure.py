"""The figure in the documents is the one that the script draws."""

from pathlib import Path

from bench.judge_figure import figure


def test_the_figure_in_the_documents_is_what_the_simulation_gives():
    assert (Path(__file__).resolve().parents[2] / "docs" / "judge.svg").read_text() == figure()
