"""The builder against a parser that is not ours: what goes in as a value comes out as that value."""

import math

import promql_parser
import pytest
import re2
from hypothesis import example, given
from hypothesis import strategies as st

from telemetry.prometheus import promql

VALUES = st.text(max_size=60) | st.sampled_from(
    ['"', "\\", "\\\\n", "\n", "\r\t", "$1", "${x}", "}", "{a='b'}"]
)
NASTY = [
    "<script>alert('1')</script>",
    'a"b\\c\nd',
    "x" * 10_240,
    "é漢😀\u2028",
    '"} or up{a="',
    "\\x41",
    "\x00\x7f",
]


def nasty(test):
    for value in NASTY:
        test = example(value)(test)
    return test


def parsed(expression: promql.Expr):
    return promql_parser.parse(str(expression))


def only_matcher(expression: promql.Expr):
    (found,) = parsed(expression).matchers.matchers
    return found


@nasty
@given(VALUES)
def test_any_value_of_a_label_comes_back_as_the_same_value(value):
    found = only_matcher(promql.metric("up", promql.equal("job", value)))
    assert (found.name, found.value) == ("job", value)


@nasty
@given(VALUES)
def test_a_value_taken_literally_is_a_regular_expression_that_matches_only_it(value):
    found = only_matcher(promql.metric("up", promql.one_of("job", [value])))
    assert str(found.op) == "MatchOp.Re"
    assert re2.fullmatch(found.value, value)
    assert not re2.fullmatch(found.value, f"{value}x")
    assert not re2.fullmatch(found.value, f"x{value}")


@given(st.lists(VALUES, min_size=1, max_size=5), VALUES)
def test_one_of_matches_exactly_its_values(values, other):
    found = only_matcher(promql.metric("up", promql.one_of("job", values)))
    assert all(re2.fullmatch(found.value, value) for value in values)
    assert bool(re2.fullmatch(found.value, other)) == (other in values)


@given(VALUES)
def test_a_label_is_set_to_exactly_the_value(value):
    call = parsed(promql.labelled(promql.metric("up"), "kind", value))
    _, label, replacement, source, pattern = call.args
    assert (label.val, source.val, pattern.val) == ("kind", "", "")
    assert replacement.val.replace("$$", "$") == value


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["=", "!=", "=~", "!~"]), VALUES), max_size=4)
)
def test_all_matchers_arrive_in_their_order(conditions):
    matchers = [
        promql.Matcher(label, operator, promql.literally(value)) for label, operator, value in conditions
    ]
    found = parsed(promql.metric("up", *matchers)).matchers.matchers
    assert [(each.name, each.value) for each in found] == [(each.label, each.value) for each in matchers]


@pytest.mark.parametrize("name", ["", "1up", "up{", 'a"', "a b", "a-b", "a\n", "é"])
def test_what_cannot_be_a_name_is_refused(name):
    with pytest.raises(ValueError, match="cannot be the name of a metric"):
        promql.metric(name)
    with pytest.raises(ValueError, match="cannot be the name of a label"):
        str(promql.equal(name, "x"))
    with pytest.raises(ValueError, match="cannot be the name of a label"):
        promql.sum_by([name], promql.metric("up"))


def test_a_lone_surrogate_which_cannot_be_sent_becomes_a_question_mark():
    assert promql.quoted("a\ud800b") == '"a?b"'


@given(st.floats(min_value=0.001, max_value=1e6))
def test_a_length_of_time_is_read_to_the_millisecond(seconds):
    selector = parsed(promql.rate(promql.over(promql.metric("up"), seconds))).args[0]
    assert selector.range.total_seconds() == pytest.approx(seconds, abs=0.0006)


@pytest.mark.parametrize("value", [0, 0.5, 0.95, 1e-9, -3, 1e300, math.inf])
def test_a_number_is_read_as_the_number(value):
    compared = parsed(promql.compared(promql.metric("up"), "<", value))
    found = compared.rhs
    text = found.prettify() if not isinstance(found, promql_parser.NumberLiteral) else str(found.val)
    assert float(text) == value


def test_the_text_of_each_function():
    up = promql.metric("up", promql.equal("job", "a"))
    last = promql.over(up, 90, offset_seconds=300, at=1700000000.25)
    assert str(promql.rate(last)) == 'rate(up{job="a"}[90s] @ 1700000000.250 offset 300s)'
    assert str(promql.increase(promql.over(up, 0.25))) == 'increase(up{job="a"}[250ms])'
    assert promql.over(up, 60, offset_seconds=-1.5).text == 'up{job="a"}[60s] offset -1500ms'
    assert str(promql.sum_by(["a", "b"], up)) == 'sum by (a, b) (up{job="a"})'
    assert str(promql.highest(promql.timestamp(up))) == 'max(timestamp(up{job="a"}))'
    assert str(promql.histogram_quantile(0.95, up)) == 'histogram_quantile(0.95, up{job="a"})'
    assert str(promql.union([up, promql.metric("down")])) == '(up{job="a"} or down)'
    assert str(promql.labelled(up, "kind", "x$1")) == 'label_replace(up{job="a"}, "kind", "x$$1", "", "")'
    assert str(promql.total(up)) == 'sum(up{job="a"})'
    assert str(promql.count(up)) == 'count(up{job="a"})'
    assert str(promql.count_over_time(promql.over(up, 60))) == 'count_over_time(up{job="a"}[60s])'
    assert str(promql.max_over_time(promql.over(up, 60))) == 'max_over_time(up{job="a"}[60s])'
    down = promql.metric("down")
    assert str(promql.unless_on(["a", "b"], up, down)) == '(up{job="a"} unless on (a, b) down)'
    for built in (
        promql.unless_on(["a"], up, down),
        promql.rate(last),
        promql.sum_by([], up),
        promql.compared(up, "!=", 1),
    ):
        parsed(built)


def test_the_four_operators():
    matchers = (
        promql.equal("a", "1"),
        promql.unequal("b", "2"),
        promql.matching("c", "3.*"),
        promql.not_matching("d", "4|5"),
    )
    assert str(promql.metric("up", *matchers)) == 'up{a="1",b!="2",c=~"3.*",d!~"4|5"}'
