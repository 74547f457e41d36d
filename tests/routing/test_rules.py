"""What can be asked for, and what is said about everything else.

split        weights: whole percent, 0 to 100, sum 100, versions that can be
    fault        delay: > 0 to 100 %, 1ms to 10m; abort: > 0 to 100 %, 200 to 599; match: a header
clear_fault  nothing but its service
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing import durations, rules
from routing.rules import Abort, ClearFault, Delay, Fault, HeaderMatch, RulesError, Split

TARGET = {"namespace": "bookinfo", "service": "reviews"}


def split(**weights):
    return {"kind": "split", **TARGET, "weights": weights}


def fault(**parts):
    return {"kind": "fault", **TARGET, **parts}


def delay(percentage=50, fixed_delay="2s"):
    return fault(delay={"percentage": percentage, "fixed_delay": fixed_delay})


def abort(percentage=50, http_status=503):
    return fault(abort={"percentage": percentage, "http_status": http_status})


def match(header="end-user", value="jason"):
    return {**delay(), "match": {"header": header, "value": value}}


def refused(*asked):
    with pytest.raises(RulesError) as refusal:
        rules.parse(list(asked))
    return {error.field: error.message for error in refusal.value.errors}


def test_a_split_is_read():
    assert rules.parse([split(v1=80, v3=20)]) == (Split("bookinfo", "reviews", {"v1": 80, "v3": 20}),)


def test_a_fault_with_everything_is_read():
    asked = fault(
        delay={"percentage": 50, "fixed_delay": "1.5s"},
        abort={"percentage": 0.5, "http_status": 503},
        match={"header": "End-User", "value": "jason"},
    )
    found = Fault(
        "bookinfo", "reviews", Delay(50.0, "1500ms"), Abort(0.5, 503), HeaderMatch("end-user", "jason")
    )
    assert rules.parse([asked]) == (found,)


def test_a_fault_is_taken_back():
    assert rules.parse([{"kind": "clear_fault", **TARGET}]) == (ClearFault("bookinfo", "reviews"),)


def test_weights_that_add_up_to_90_are_refused_at_the_weights():
    assert refused(split(v1=70, v3=20)) == {
        "rules[0].weights": "The weights add up to 90; they must add up to 100."
    }


def test_a_weight_of_101_is_refused_at_its_field():
    assert refused(split(v1=101)) == {"rules[0].weights.v1": "101 is outside 0 to 100."}


WRONG = {
    "a weight below zero": (split(v1=-1, v2=101), "weights.v1", "-1 is outside 0 to 100."),
    "half a percent": (split(v1=99.5, v2=0.5), "weights.v1", "99.5 is not a whole number of percent."),
    "a yes": (split(v1=True, v2=99), "weights.v1", "True is not a whole number of percent."),
    "a weight in words": (split(v1="80"), "weights.v1", '"80" is not a whole number of percent.'),
    "no weights": (split(), "weights", "This must be an object"),
    "weights as a list": ({**split(), "weights": [80, 20]}, "weights", "This must be an object"),
    "a version with a slash": ({**split(), "weights": {"v/1": 100}}, "weights.v/1", "cannot be a version"),
    "an empty version": ({**split(), "weights": {"": 100}}, "weights.", "cannot be a version"),
    "21 versions": ({**split(), "weights": {f"v{n}": 1 for n in range(21)}}, "weights", "too many"),
    "0 percent": (delay(percentage=0), "delay.percentage", "0 % affects no request"),
    "101 percent": (delay(percentage=101), "delay.percentage", "101 is outside 0 to 100."),
    "-1 percent": (abort(percentage=-1), "abort.percentage", "-1 is outside 0 to 100."),
    "no number": (abort(percentage=float("nan")), "abort.percentage", "This must be a number of percent"),
    "a huge number": (abort(percentage=10**400), "abort.percentage", "is outside 0 to 100."),
    "a percentage in words": (delay(percentage="50"), "delay.percentage", "This must be a number"),
    "a delay of 0": (delay(fixed_delay="0s"), "delay.fixed_delay", '"0s" is too short'),
    "less than 1ms": (delay(fixed_delay="999us"), "delay.fixed_delay", '"999us" is too short'),
    "more than 10m": (delay(fixed_delay="601s"), "delay.fixed_delay", '"601s" is too long'),
    "5 parsecs": (
        delay(fixed_delay="5 parsecs"),
        "delay.fixed_delay",
        '"5 parsecs" is not a duration; write 2s or 500ms.',
    ),
    "no unit": (delay(fixed_delay="5"), "delay.fixed_delay", '"5" has no unit; write 2s or 500ms.'),
    "a bare number": (delay(fixed_delay=5), "delay.fixed_delay", "5 is not a duration; write 2s"),
    "a negative delay": (delay(fixed_delay="-2s"), "delay.fixed_delay", '"-2s" is not a duration'),
    "no delay in the delay": (
        fault(delay={"percentage": 50}),
        "delay.fixed_delay",
        "A duration is missing; write 2s or 500ms.",
    ),
    "status 199": (abort(http_status=199), "abort.http_status", "199 is outside 200 to 599."),
    "status 600": (abort(http_status=600), "abort.http_status", "600 is outside 200 to 599."),
    "status in words": (abort(http_status="503"), "abort.http_status", "This must be a status code"),
    "a delay as a text": (fault(delay="2s"), "delay", "This must be an object"),
    "a header with a space": (match(header="end user"), "match.header", "cannot be the name of a header"),
    "a header with a colon": (match(header=":path"), "match.header", "cannot be the name of a header"),
    "the host as a header": (match(header="Host"), "match.header", "is not matched as a header"),
    "a value of two lines": (match(value="a\r\nb"), "match.value", "text on one line"),
    "an empty value": (match(value=""), "match.value", "not empty"),
    "a value of 1025": (match(value="a" * 1025), "match.value", "longer than 1024"),
    "an unknown member": ({**split(v1=100), "weight": 1}, "weight", "Unknown; known are"),
    "a namespace in capitals": ({**split(v1=100), "namespace": "Books"}, "namespace", "cannot be the name"),
    "a namespace of dots": ({**split(v1=100), "namespace": ".."}, "namespace", "cannot be the name"),
    "a service of 64": ({**split(v1=100), "service": "a" * 64}, "service", "cannot be the name"),
    "no service": ({"kind": "clear_fault", "namespace": "a"}, "service", "The name of a service is missing."),
    "an unknown kind": ({"kind": "mirror", **TARGET}, "kind", "The kind must be split, fault, clear"),
}  # fmt: skip


@pytest.mark.parametrize(("asked", "field", "message"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said_at_its_field(asked, field, message):
    found = refused(asked)
    assert message in found[f"rules[0].{field}"]


def test_a_fault_without_any_part_is_refused():
    assert refused(fault()) == {"rules[0]": "A fault needs a delay, an abort or both."}


def test_every_wrong_field_is_named_at_once():
    found = refused(split(v1=101), delay(percentage=0, fixed_delay="soon"))
    assert set(found) == {
        "rules[0].weights.v1",
        "rules[1].delay.percentage",
        "rules[1].delay.fixed_delay",
    }


def test_two_rules_that_contradict_each_other_are_refused():
    assert refused(split(v1=100), split(v2=100)) == {
        "rules[1]": "rules[0] already sets the weights of bookinfo/reviews."
    }
    assert "rules[1]" in refused(delay(), {"kind": "clear_fault", **TARGET})


def test_a_split_and_a_fault_of_one_service_go_together():
    assert len(rules.parse([split(v1=100), delay()])) == 2


@pytest.mark.parametrize("body", [None, [], "rules", 3, {"rules": {}}, {"rules": []}, {}])
def test_a_body_that_is_no_set_of_rules_is_refused(body):
    with pytest.raises(RulesError):
        rules.parse_request(body)


def test_21_rules_are_too_many():
    assert "too many" in refused(*[split(v1=100)] * 21)["rules"]


def test_a_note_is_kept_and_a_long_one_refused():
    assert rules.parse_request({"rules": [split(v1=100)], "note": " why "}).note == "why"
    with pytest.raises(RulesError, match="at most 500"):
        rules.parse_request({"rules": [split(v1=100)], "note": "a" * 501})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(
    st.dictionaries(
        st.sampled_from(["kind", "namespace", "service", "weights", "delay", "abort", "match", "x"]),
        JSON | st.sampled_from(["split", "fault", "clear_fault", "bookinfo"]),
    )
)
def test_no_input_does_anything_but_be_read_or_refused(asked):
    found, fields = (), ["rules[0]"]
    try:
        found = rules.parse([asked])
    except RulesError as refusal:
        fields = [error.field for error in refusal.errors]
    assert fields
    assert all(field.startswith("rules[0]") for field in fields)
    if found:
        assert rules.parse([rules.to_json(rule) for rule in found]) == found


@given(st.integers(min_value=1, max_value=600 * durations.SECOND))
def test_a_duration_is_read_back_as_it_is_written(nanoseconds):
    assert durations.parse(durations.render(nanoseconds)) == nanoseconds


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [("1m30s", 90 * durations.SECOND), (".5s", durations.SECOND // 2), ("1h", 3600 * durations.SECOND)],
)
def test_a_duration_is_read_as_go_reads_it(text, nanoseconds):
    assert durations.parse(text) == nanoseconds
