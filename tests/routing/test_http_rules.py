"""HTTP rules as they are asked for, and what is said about everything else.

route         a target, an action, matches, policies
http_policy   a target, at least one policy or null
remove_route  a name
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing import rules
from routing.rules import (
    Abort,
    Destination,
    Fault,
    HttpPolicy,
    Match,
    Policies,
    Position,
    RemoveRoute,
    Route,
    RulesError,
    StringMatch,
)
from routing.rules.http.policies import Mirror, Retries
from routing.sentences import sentence
from tests.routing import generated_http as drawn
from tests.routing.wrong_http import TARGET, WRONG, policy, route


def refused(asked):
    with pytest.raises(RulesError) as refusal:
        rules.parse([asked])
    return {error.field: error.message for error in refusal.value.errors}


@given(drawn.routes() | drawn.http_policies())
def test_a_rule_is_read_back_as_it_was_written(rule):
    assert rules.parse([rules.to_json(rule)]) == (rule,)


def test_a_route_is_read():
    asked = route(
        position={"before": "a"},
        destinations=[{"version": "v2", "weight": 90}, {"service": "ratings", "port": 9080, "weight": 10}],
        mirrors=[{"host": "reviews", "version": "v3"}],
        timeout="1m30s",
        retries={"attempts": 2, "retry_on": ["5xx", "503"]},
    )
    ratings = Destination(host="ratings.bookinfo.svc.cluster.local", port=9080, weight=10)
    assert rules.parse([asked]) == (
        Route(
            "bookinfo",
            "reviews",
            "jason",
            (Destination(version="v2", weight=90), ratings),
            (Match(headers={"end-user": StringMatch("exact", "jason")}),),
            Position("before", "a"),
            Policies(
                mirrors=(Mirror(version="v3"),), timeout="90s", retries=Retries(2, retry_on=("5xx", "503"))
            ),
        ),
    )


def test_the_other_kinds_are_read():
    asked = [
        {"kind": "http_policy", **TARGET, "all": True, "timeout": "2s", "retries": None},
        {"kind": "remove_route", **TARGET, "name": "jason"},
        {
            "kind": "fault",
            **TARGET,
            "abort": {"percentage": 5, "grpc_status": "UNAVAILABLE"},
            "match": {"uri": {"prefix": "/a"}},
        },
    ]
    assert rules.parse(asked) == (
        HttpPolicy("bookinfo", "reviews", "*", {"timeout": "2s", "retries": None}),
        RemoveRoute("bookinfo", "reviews", "jason"),
        Fault(
            "bookinfo",
            "reviews",
            None,
            Abort(5.0, None, "UNAVAILABLE"),
            Match(uri=StringMatch("prefix", "/a")),
        ),
    )


@pytest.mark.parametrize(("asked", "field", "message"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said_at_its_field(asked, field, message):
    found = refused(asked)
    at = f"rules[0].{field}".rstrip(".")
    assert message in found.get(at, found)
    assert all(len(text) < 1000 for text in found.values())


def test_a_route_and_its_removal_contradict_each_other():
    with pytest.raises(RulesError, match="already sets route jason of bookinfo/reviews"):
        rules.parse([route(), {"kind": "remove_route", **TARGET, "name": "jason"}])


SENTENCES = {
    "jason": (route(timeout="2s"), "route jason: requests with end-user: jason to v2, timeout 2s"),
    "the rest": (
        route(
            name=None,
            default=True,
            match=None,
            destinations=[{"version": "v1", "weight": 80}, {"service": "ratings", "weight": 20}],
        ),
        "everything else to 80 % v1, 20 % ratings.bookinfo",
    ),
    "elsewhere": (
        route(
            destinations=None,
            redirect={"authority": "new.example", "scheme": "https", "redirect_code": 308},
            match=[
                {
                    "uri": {"prefix": "/a"},
                    "method": {"exact": "GET"},
                    "without_headers": {"a": {"present": True}},
                }
            ],
        ),
        "route jason: GET requests to /a* without a redirected to https://new.example (308)",
    ),
    "a policy": (
        policy(retries=None, mirrors=[{"version": "v3", "percentage": 5}]),
        "the default route: mirrored: 5 % to v3, no retries",
    ),
    "gone": ({"kind": "remove_route", **TARGET, "name": "jason"}, "no route jason"),
    "gRPC": (
        {
            "kind": "fault",
            **TARGET,
            "abort": {"percentage": 5, "grpc_status": "INTERNAL"},
            "match": {
                "uri": {"regex": "/a.*"},
                "source_labels": {"app": "shop"},
                "query_params": {"q": {"exact": "1"}},
            },
        },
        "5 % aborted with INTERNAL; requests to ~/a.* with ?q=1 from app=shop",
    ),
}


@pytest.mark.parametrize(("asked", "words"), SENTENCES.values(), ids=SENTENCES)
def test_a_rule_is_told_in_plain_words(asked, words):
    assert sentence(rules.parse([asked])[0]) == words


@given(drawn.routes() | drawn.http_policies())
def test_every_rule_has_a_sentence(rule):
    assert "\n" not in sentence(rule)
    assert len(sentence(rule)) < 2000


KEYS = st.sampled_from(
    [
        "exact",
        "prefix",
        "regex",
        "present",
        "uri",
        "headers",
        "request",
        "set",
        "remove",
        "version",
        "host",
        "service",
        "weight",
        "port",
        "before",
        "attempts",
        "retry_on",
        "percentage",
        "abort",
        "grpc_status",
        "allow_origins",
        "status",
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=8,
)
MEMBERS = st.sampled_from(
    [
        "name",
        "default",
        "all",
        "position",
        "match",
        "destinations",
        "redirect",
        "direct_response",
        "headers",
        "rewrite",
        "cors",
        "mirrors",
        "timeout",
        "retries",
        "fault",
        "delay",
        "abort",
        "x",
    ]
)


@given(
    st.sampled_from(["route", "http_policy", "remove_route", "fault"]),
    st.dictionaries(MEMBERS, JSON, max_size=6),
    drawn.routes().map(rules.to_json) | st.just({}),
)
def test_no_input_does_anything_but_be_read_or_refused(kind, noise, sound):
    found, fields = (), []
    try:
        found = rules.parse([{**sound, **TARGET, **noise, "kind": kind}])
    except RulesError as refusal:
        fields = [error.field for error in refusal.errors]
    assert all(field.startswith("rules[0]") for field in fields)
    assert bool(found) is not bool(fields)
    if found:
        assert rules.parse([rules.to_json(rule) for rule in found]) == found
        assert sentence(found[0])
