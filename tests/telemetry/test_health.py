"""Health by Kiali's rules: who is degraded or failing at how many percent of which codes."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.health import (
    BadToleranceError,
    Subject,
    Tolerances,
    read_annotation,
    read_rules,
    worst,
)

APP = Subject("app", "bookinfo", "reviews", "reviews-v1", "reviews")
NOTHING: dict[tuple[str, str], float] = {}


def codes(protocol="http", **rates):
    """Codes as keyword arguments cannot begin with a digit: c500=1."""
    return {(protocol, name.removeprefix("c").replace("none", "-")): rate for name, rate in rates.items()}


def rule(tolerance, **about):
    return {**about, "tolerance": tolerance}


def rules(*given):
    return Tolerances(read_rules(json.dumps(given)))


@pytest.mark.parametrize(
    ("received", "health"),
    [
        (codes(c200=100), "ok"),
        (codes(c200=99.99, c500=0.01), "degraded"),
        (codes(c200=90.1, c503=9.9), "degraded"),
        (codes(c200=90, c503=5, c500=5), "failing"),
        (codes(c200=90.1, c404=9.9), "ok"),
        (codes(c200=90, c404=10), "degraded"),
        (codes(c200=80, c404=20), "failing"),
        (codes(c200=95, none=5), "degraded"),
        (codes(c200=90, none=10), "failing"),
        (codes("grpc", c0=99, c14=1), "degraded"),
        (codes("grpc", c0=90, c1=10), "failing"),
        (codes("grpc", c0=90, c17=10), "ok"),
        (codes("grpc", c0=90, none=10), "failing"),
        (codes("http", c14=100), "ok"),
        ({**codes(c200=1000), **codes("grpc", c2=1)}, "failing"),  # each protocol by itself
        (NOTHING, "ok"),
    ],
)
def test_the_defaults_are_kialis(received, health):
    assert Tolerances().health(APP, received, NOTHING) == health
    assert Tolerances().health(APP, NOTHING, received) == health


def test_what_is_sent_and_what_is_received_are_not_mixed():
    assert Tolerances().health(APP, codes(c200=1000), codes(c500=1)) == "failing"


def test_the_first_rule_that_is_about_it_counts_and_nothing_else():
    lenient = rule([{"code": "5xx", "degraded": 50, "failure": 90}], namespace="book.*", name="re.*s")
    strict = rule([{"code": "404", "failure": 1}], namespace="bookinfo")
    some = rules(lenient, strict)
    assert some.health(APP, codes(c200=60, c500=40), NOTHING) == "ok"
    assert some.health(APP, codes(c200=60, c404=40), NOTHING) == "ok"
    other = APP._replace(name="ratings")
    assert some.health(other, codes(c200=60, c404=40), NOTHING) == "failing"
    assert some.health(APP._replace(namespace="shop"), codes(c500=1), NOTHING) == "failing"


def test_an_expression_matches_all_of_a_word():
    some = rules(rule([], namespace="book", kind="app|workload"))
    assert some.health(APP, codes(c500=1), NOTHING) == "failing"
    assert some.health(APP._replace(namespace="book"), codes(c500=1), NOTHING) == "ok"
    assert some.health(Subject("service", "book", "reviews"), codes(c500=1), NOTHING) == "failing"


def test_a_tolerance_can_be_of_one_direction():
    some = rules(rule([{"code": "500", "failure": 10, "direction": "inbound"}]))
    assert some.health(APP, codes(c500=1), NOTHING) == "failing"
    assert some.health(APP, NOTHING, codes(c500=1)) == "ok"


def test_a_failure_of_zero_percent_is_none():
    some = rules(rule([{"code": "500", "degraded": 1}]))
    assert some.health(APP, codes(c500=1), NOTHING) == "degraded"


def test_an_annotation_comes_before_the_rules_and_the_workloads_before_the_services():
    some = rules(rule([]))
    on_service = {("service", "bookinfo", "reviews"): read_annotation("5xx,1,2,http,inbound")}
    on_both = {**on_service, ("workload", "bookinfo", "reviews-v1"): read_annotation("404,1,2,.*,.*")}
    assert some.with_annotations(on_service).health(APP, codes(c500=1), NOTHING) == "failing"
    assert some.with_annotations(on_both).health(APP, codes(c500=1), NOTHING) == "ok"
    assert some.with_annotations(on_both).health(APP, codes(c404=1), NOTHING) == "failing"
    elsewhere = APP._replace(namespace="shop")
    assert some.with_annotations(on_both).health(elsewhere, codes(c404=1), NOTHING) == "ok"


def test_an_annotation_of_several_parts_is_all_of_them():
    read = read_annotation("4xx,20,30,http,inbound; ^5XX$,0,10,http|grpc,.*")
    assert [(each.degraded, each.failure) for each in read] == [(20, 30), (0, 10)]
    assert read[1].code.fullmatch("503")
    assert not read[1].code.fullmatch("5033")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is not code,degraded,failure,protocol,direction"),
        ("4xx,20,30,http", "is not code,degraded,failure,protocol,direction"),
        ("4xx,20,30,http,inbound;", "is not code,degraded,failure,protocol,direction"),
        ("4xx,a,30,http,inbound", "no number"),
        ("4xx,20,nan,http,inbound", "failure is nan"),
        ("4xx,20,1e999,http,inbound", "failure is inf"),
        ("4xx,-1,30,http,inbound", "degraded is -1"),
        ("4xx,40,30,http,inbound", "degraded at more percent than it is failing"),
        ("(,20,30,http,inbound", "no regular expression"),
        ("4xx,20,30,ht\ud800tp,inbound", "no regular expression"),
        (";".join(["4xx,20,30,http,inbound"] * 21), "more than 20"),
        ("x" * 2000, "longer than 1024"),
    ],
)
def test_a_bad_annotation_is_refused_in_words(text, said):
    with pytest.raises(BadToleranceError, match=said):
        read_annotation(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[{", "truncated"),
        ("{}", "Expected `array`"),
        ('[{"namespace": "a"}]', "tolerance"),
        ('[{"tolerance": [{"code": 5}]}]', r"\$\[0\]\.tolerance\[0\]\.code|\$\[...\]"),
        ('[{"tolerance": [{"cod": "5"}]}]', "cod"),
        ('[{"tolerance": [{"code": "(?=5)"}]}]', r"\[0\]\.tolerance\[0\]\.code is no regular expression"),
        ('[{"tolerance": [], "kind": "["}]', r"\[0\]\.kind"),
        ('[{"tolerance": [{"failure": 101}]}]', "from 0 to 100"),
        (json.dumps([rule([])] * 1001), "more than 1000"),
        (json.dumps([rule([{}] * 21)]), "more than 20"),
    ],
)
def test_bad_rules_are_refused_at_their_place(text, said):
    with pytest.raises(BadToleranceError, match=said):
        read_rules(text)


def test_no_rules_are_no_rules():
    assert read_rules("") == read_rules(" ") == read_rules("[]") == ()


@given(st.text(max_size=60))
def test_whatever_an_annotation_says_it_is_read_or_refused(text):
    try:
        read = read_annotation(text)
    except BadToleranceError:
        return
    assert len(read) == text.count(";") + 1


@given(
    st.dictionaries(
        st.tuples(
            st.sampled_from(["http", "grpc", "tcp"]), st.sampled_from(["200", "404", "500", "0", "14", "-"])
        ),
        st.floats(0.001, 1000),
    )
)
def test_the_quick_way_comes_to_the_same_as_asking_every_tolerance(received):
    tolerances = Tolerances()
    asked = worst(each.judge(received) for each in tolerances.of(APP) if each.direction.fullmatch("inbound"))
    assert tolerances.health(APP, received, NOTHING) == asked
    assert tolerances.health(APP, received, NOTHING) == asked
