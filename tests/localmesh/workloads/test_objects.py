import random
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from localmesh.workloads import objects

LABELS = {"app": "reviews", "version": "v1"}
NOON = "2026-01-01T12:00:00Z"
LATER = "2026-01-01T12:00:05Z"


def expression(key, operator, *values):
    return {"matchExpressions": [{"key": key, "operator": operator, "values": list(values)}]}


def test_an_absent_selector_selects_nothing_and_an_empty_one_everything():
    assert not objects.selects(None, LABELS)
    assert objects.selects({}, LABELS)


def test_every_label_of_a_selector_must_match():
    assert objects.selects({"matchLabels": {"app": "reviews"}}, LABELS)
    assert not objects.selects({"matchLabels": {"app": "reviews", "tier": "back"}}, LABELS)


def test_expressions_are_understood():
    assert objects.selects(expression("version", "In", "v1", "v2"), LABELS)
    assert not objects.selects(expression("version", "NotIn", "v1"), LABELS)
    assert objects.selects(expression("tier", "NotIn", "v1"), LABELS)
    assert objects.selects(expression("app", "Exists"), LABELS)
    assert objects.selects(expression("tier", "DoesNotExist"), LABELS)
    assert not objects.selects(expression("app", "Guess"), LABELS)


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
