import pytest
from hypothesis import given
from hypothesis import strategies as st

from localmesh.workloads import tuning


def test_without_annotations_nothing_is_turned():
    assert tuning.read({}) == tuning.Tuning()


@pytest.mark.parametrize(
    ("text", "milliseconds"), [("200ms", 200), ("1.5s", 1500), ("0s", 0), (" 2s ", 2000)]
)
def test_a_delay_is_read_in_milliseconds(text, milliseconds):
    assert tuning.read({tuning.DELAY: text}).delay_ms == milliseconds


@pytest.mark.parametrize("text", ["5 parsecs", "200", "-1s", "61s", "", "1e3s", "NaNs"])
def test_a_bad_delay_is_named_and_counts_as_none(text):
    read = tuning.read({tuning.DELAY: text})
    assert read.delay_ms == 0
    assert f'"{text}"' in read.problems[0]
    assert tuning.DELAY in read.problems[0]


@pytest.mark.parametrize(("text", "ratio"), [("5", 0.05), ("100", 1.0), ("0.5", 0.005)])
def test_an_error_percentage_becomes_a_ratio(text, ratio):
    assert tuning.read({tuning.ERROR_PERCENT: text}).error_ratio == pytest.approx(ratio)


@pytest.mark.parametrize("text", ["101", "-1", "five", "nan", "inf"])
def test_a_bad_percentage_is_named_and_counts_as_none(text):
    read = tuning.read({tuning.ERROR_PERCENT: text})
    assert read.error_ratio == 0
    assert len(read.problems) == 1


def test_a_bad_rate_leaves_the_default():
    read = tuning.read({tuning.REQUESTS_PER_SECOND: "1001"})
    assert read.requests_per_second == tuning.DEFAULT_REQUESTS_PER_SECOND
    assert len(read.problems) == 1


def test_each_bad_value_is_named():
    notes = dict.fromkeys((tuning.DELAY, tuning.ERROR_PERCENT, tuning.REQUESTS_PER_SECOND), "x")
    assert len(tuning.read(notes).problems) == 3


@given(st.text())
def test_no_text_breaks_the_reading(text):
    notes = dict.fromkeys((tuning.DELAY, tuning.ERROR_PERCENT, tuning.REQUESTS_PER_SECOND), text)
    read = tuning.read(notes)
    assert 0 <= read.error_ratio <= 1
    assert 0 <= read.delay_ms <= tuning.MAX_DELAY_MS
    assert 0 <= read.requests_per_second <= tuning.MAX_REQUESTS_PER_SECOND
