"""How moments are read."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rest_framework.serializers import ValidationError

from telemetry.moments import MomentField

NOW = 1_800_000_000.0


def read(text):
    return MomentField(clock=lambda: NOW).to_internal_value(text)


@settings(deadline=None)
@given(st.datetimes(datetime(1980, 1, 1), datetime(2026, 12, 31), timezones=st.timezones()))  # noqa: DTZ001
def test_every_moment_that_is_written_with_its_zone_is_read(moment):
    moment = moment.astimezone(UTC)
    assert read(moment.isoformat()) == pytest.approx(moment.timestamp())
    assert read(moment.isoformat().replace("+00:00", "Z")) == pytest.approx(moment.timestamp())
    assert read(f"{moment.timestamp():.6f}") == pytest.approx(moment.timestamp())


def test_an_hour_may_be_that_of_another_place():
    assert read("2026-03-01T14:00:00+02:00") == read("2026-03-01T12:00Z")
    assert read("2026-03-01T14:00:00 02:00") == read("2026-03-01T12:00Z")
    assert read("2026-03-01T10:00:00-0200") == read("2026-03-01T12:00Z")


def test_a_clock_that_is_a_little_ahead_means_now():
    assert read(str(NOW + 3)) == NOW
    with pytest.raises(ValidationError, match="in the future"):
        read(str(NOW + 6))


@settings(deadline=None)
@given(st.text(max_size=60))
def test_whatever_else_is_written_is_refused_in_few_words(text):
    try:
        found = read(text)
    except ValidationError as error:
        said = str(error.detail[0])
        found = 0.0
    else:
        said = ""
    assert 0 <= found <= NOW
    assert len(said) < 400
