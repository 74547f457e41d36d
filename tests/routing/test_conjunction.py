"""Two matches at once, and one that takes all requests of another.

both(a, b) is satisfied by exactly the requests that satisfy a and b
covers(a, b) is true only where each request that satisfies b satisfies a
"""

import pytest
import re2
from hypothesis import assume, example, given
from hypothesis import strategies as st

from routing.istio import CannotApply
from routing.istio.conjunction import both
from routing.istio.http.reach import covers

PATHS = ("/", "/a", "/A", "/a/b", "/b")
VALUES = ("", "ja", "jason", "anna")
texts = st.sampled_from(
    [{"exact": "jason"}, {"prefix": "ja"}, {"prefix": "jas"}, {"regex": "ja.*"}, {"regex": ".*"}]
)
conditions = st.dictionaries(st.sampled_from(["user", "tag"]), texts | st.just({}), max_size=2)
matches = st.fixed_dictionaries(
    {},
    optional={
        "uri": st.sampled_from([{"exact": "/a"}, {"prefix": "/"}, {"prefix": "/a"}, {"regex": "/a.*"}]),
        "method": st.sampled_from([{"exact": "GET"}, {"regex": "G.*"}]),
        "headers": conditions,
        "withoutHeaders": st.sampled_from([{"user": {}}, {"tag": {"exact": "jason"}}]),
        "queryParams": conditions,
        "sourceLabels": st.sampled_from([{"app": "shop"}, {"app": "shop", "version": "v1"}]),
        "port": st.sampled_from([80, 9080]),
        "gateways": st.sampled_from([["mesh"], ["edge"], ["mesh", "edge"]]),
        "ignoreUriCase": st.booleans(),
    },
)
maps = st.dictionaries(st.sampled_from(["user", "tag"]), st.sampled_from(VALUES), max_size=2)
requests = st.fixed_dictionaries(
    {
        "path": st.sampled_from(PATHS),
        "method": st.sampled_from(["GET", "POST"]),
        "headers": maps,
        "query": maps,
        "labels": st.sampled_from([{}, {"app": "shop"}, {"app": "shop", "version": "v1"}]),
        "port": st.sampled_from([80, 9080]),
        "gateway": st.sampled_from(["mesh", "edge"]),
    }
)


def compared(text, asked, *, folded=False):
    """What Envoy makes of a StringMatch, written once more."""
    if text is None:
        return False
    if not asked:
        return True
    ((how, wanted),) = asked.items()
    if how == "regex":
        return re2.fullmatch(wanted, text) is not None
    text, wanted = (text.lower(), wanted.lower()) if folded else (text, wanted)
    return text == wanted if how == "exact" else text.startswith(wanted)


def satisfies(request, match):
    case = match.get("ignoreUriCase", False)
    return (
        ("uri" not in match or compared(request["path"], match["uri"], folded=case))
        and ("method" not in match or compared(request["method"], match["method"]))
        and all(compared(request["headers"].get(k), v) for k, v in match.get("headers", {}).items())
        and not any(
            compared(request["headers"].get(k), v) for k, v in match.get("withoutHeaders", {}).items()
        )
        and all(compared(request["query"].get(k), v) for k, v in match.get("queryParams", {}).items())
        and all(request["labels"].get(k) == v for k, v in match.get("sourceLabels", {}).items())
        and match.get("port", request["port"]) == request["port"]
        and request["gateway"] in match.get("gateways", [request["gateway"]])
    )


@given(matches, matches, st.lists(requests, min_size=10, max_size=10))
def test_two_matches_at_once_are_satisfied_by_those_who_satisfy_each(one, other, asked):
    try:
        found = both(one, other)
    except CannotApply:
        assume(False)
    for request in asked:
        wanted = satisfies(request, one) and satisfies(request, other)
        assert (found is not None and satisfies(request, found)) is wanted


@given(matches, matches, st.lists(requests, min_size=10, max_size=10))
@example({"uri": {"prefix": "/"}}, {}, [])
def test_what_covers_a_match_is_satisfied_by_all_who_satisfy_it(wide, narrow, asked):
    if covers(wide, narrow):
        assert all(satisfies(request, wide) for request in asked if satisfies(request, narrow))


COVERED = [
    ({}, {"port": 80}),
    ({"uri": {"prefix": "/a"}}, {"uri": {"exact": "/a/b"}}),
    ({"uri": {"prefix": "/"}}, {}),
    ({"headers": {"User": {}}}, {"headers": {"user": {"exact": "x"}}}),
    ({"port": 80}, {"port": 80, "method": {"exact": "GET"}}),
    ({"sourceLabels": {"app": "a"}}, {"sourceLabels": {"app": "a", "b": "c"}}),
]
FREE = [
    ({"port": 80}, {}),
    ({"uri": {"exact": "/a"}}, {"uri": {"prefix": "/a"}}),
    ({"xFuture": 1}, {"uri": {"exact": "/"}}),
    ({"headers": {"user": {"exact": "x"}}}, {"headers": {"user": {}}}),
    ({"gateways": ["mesh"]}, {}),
]


@pytest.mark.parametrize(("wide", "narrow"), COVERED)
def test_a_match_that_is_covered(wide, narrow):
    assert covers(wide, narrow)


@pytest.mark.parametrize(("wide", "narrow"), FREE)
def test_a_match_that_is_not_covered(wide, narrow):
    assert not covers(wide, narrow)


def test_what_is_unknown_in_a_match_stays_when_it_is_narrowed():
    match = {"statPrefix": "x", "uri": {"prefix": "/a"}}
    assert both(match, {"uri": {"exact": "/a/b"}}) == {"statPrefix": "x", "uri": {"exact": "/a/b"}}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"uri": {"regex": "/a.*"}}, {"uri": {"prefix": "/a"}}),
        ({"uri": {"exact": "/a"}, "ignoreUriCase": True}, {"uri": {"exact": "/A"}}),
        ({"withoutHeaders": {"a": {}}}, {"withoutHeaders": {"a": {"exact": "x"}}}),
    ],
)
def test_what_no_single_match_can_say_is_refused(one, other):
    with pytest.raises(CannotApply, match="No single match can ask both") as refusal:
        both(one, other)
    assert refusal.value.field == "match"
