import random
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from localmesh.workloads import objects

NOON = "2026-01-01T12:00:00Z"
LATER = "2026-01-01T12:00:05Z"


def test_a_condition_keeps_its_time_until_its_status_changes():
    first = objects.with_condition([], {"type": "Ready", "status": "False"}, NOON)
    same = objects.with_condition(first, {"type": "Ready", "status": "False", "reason": "x"}, LATER)
    other = objects.with_condition(same, {"type": "Ready", "status": "True"}, LATER)
    assert [each[0]["lastTransitionTime"] for each in (first, same, other)] == [NOON, NOON, LATER]
    assert same[0]["reason"] == "x"


def test_other_conditions_stay_where_they_are():
    one = objects.with_condition([{"type": "A"}], {"type": "B", "status": "True"}, NOON)
    assert [each["type"] for each in one] == ["A", "B"]


@given(st.dictionaries(st.text(), st.text()))
def test_a_digest_does_not_depend_on_the_order_of_keys(value):
    backwards = dict(reversed(list(value.items())))
    assert objects.digest(value) == objects.digest(backwards)
    assert len(objects.digest(value)) == 10


def test_a_suffix_has_kubernetes_letters():
    assert set(objects.suffix(random.Random(1), 200)) <= set("bcdfghjklmnpqrstvwxz2456789")


@given(st.floats(0, 4e9))
def test_times_are_read_back_to_the_second(seconds):
    moment = datetime.fromtimestamp(seconds, UTC)
    assert 0 <= objects.seconds_since(objects.timestamp(moment), moment) < 1
