"""Which rule a request takes, and what is said of the others."""

import pytest

from routing import explain
from routing.explain import paths
from tests.routing.explain.worlds import ask, reasons, shares, to, verdicts, world
from tests.routing.stage import destination_rule, virtual_service

SUBSETS = destination_rule("reviews", ["v1", "v2", "v3"])
EVERYONE = {"route": [to("v1")]}


def routed(*http, **spec):
    return world(virtual_service("reviews", list(http), **spec), SUBSETS)


def only(match):
    """A first rule with this match to v2, and all else to v1."""
    return routed({"match": [match], "route": [to("v2")]}, EVERYONE)


def test_a_rule_that_is_not_taken_says_which_condition_failed():
    found = ask(only({"headers": {"end-user": {"exact": "jason"}}}))
    assert verdicts(found) == ["not_matched", "taken"]
    assert reasons(found)[0] == 'Header end-user is absent; the rule asks for exactly "jason".'
    assert shares(found) == {"v1": 1.0}


def test_a_rule_behind_the_one_taken_is_never_reached():
    found = ask(only({"headers": {"end-user": {"exact": "jason"}}}), headers={"End-User": "jason"})
    assert verdicts(found) == ["taken", "not_reached"]
    assert reasons(found) == ["All its conditions hold.", "Never reached: rule 1 matched before."]
    assert shares(found) == {"v2": 1.0}


@pytest.mark.parametrize(
    ("match", "request_", "reason"),
    [
        ({"uri": {"exact": "/a"}}, {"path": "/b"}, 'The path is "/b"; the rule asks for exactly "/a".'),
        (
            {"uri": {"prefix": "/a"}},
            {"path": "/A/b"},
            'The path is "/A/b"; the rule asks for one that begins with "/a".',
        ),
        (
            {"uri": {"regex": "/a/\\d+"}},
            {"path": "/a/1/b"},
            'The path is "/a/1/b"; the rule asks for a match of the expression "/a/\\d+".',
        ),
        ({"method": {"exact": "POST"}}, {}, 'The method is "GET"; the rule asks for exactly "POST".'),
        ({"scheme": {"exact": "https"}}, {}, 'The scheme is "http"; the rule asks for exactly "https".'),
        (
            {"authority": {"exact": "x"}},
            {},
            'The authority is "reviews:9080"; the rule asks for exactly "x".',
        ),
        ({"headers": {"a": {}}}, {}, "Header a is absent; the rule asks for any value."),
        (
            {"withoutHeaders": {"a": {}}},
            {"headers": {"a": "1"}},
            'Header a is "1"; the rule asks that it is absent.',
        ),
        (
            {"withoutHeaders": {"a": {"exact": "1"}}},
            {"headers": {"a": "1"}},
            'Header a is "1"; the rule asks that it is not exactly "1".',
        ),
        (
            {"withoutHeaders": {"a": {"regex": ".*"}}},
            {},
            (
                "Header a is absent, which counts as empty; the rule asks that it is not a match of the "
                'expression ".*".'
            ),
        ),
        (
            {"queryParams": {"v": {"exact": "2"}}},
            {"path": "/?v=3&v=2"},
            'The parameter v of the query is "3"; the rule asks for exactly "2".',
        ),
        ({"port": 80}, {}, "The rule is for port 80; this goes to port 9080."),
        (
            {"sourceLabels": {"app": "x"}},
            {},
            'Label app of the caller is "productpage"; the rule asks for "x".',
        ),
        ({"sourceLabels": {"tier": "x"}}, {}, 'The caller has no label tier; the rule asks for "x".'),
        (
            {"sourceNamespace": "shop"},
            {},
            'The caller is in namespace "bookinfo"; the rule asks for "shop".',
        ),
        (
            {"gateways": ["front"]},
            {},
            "The rule is for gateway bookinfo/front; this comes from inside the mesh.",
        ),
        (
            {"headers": {"@request.auth.claims.group": {"exact": "a"}}},
            {},
            (
                "The rule asks for @request.auth.claims.group, a claim of a verified token; this request "
                "carries none."
            ),
        ),
    ],
)
def test_each_kind_of_condition_can_fail_in_words(match, request_, reason):
    found = ask(only(match), **request_)
    assert reasons(found)[0] == reason
    assert shares(found) == {"v1": 1.0}


@pytest.mark.parametrize(
    ("match", "request_"),
    [
        ({"uri": {"exact": "/a"}}, {"path": "/a?b=c"}),
        ({"uri": {"exact": "/a"}, "ignoreUriCase": True}, {"path": "/A"}),
        ({"uri": {"prefix": "/aB"}, "ignoreUriCase": True}, {"path": "/AbC"}),
        ({"uri": {"regex": "/a/\\d+"}}, {"path": "/a/12?x"}),
        ({"uri": {"prefix": "/b"}}, {"path": "/a/../b"}),
        ({"uri": {}}, {}),
        ({"method": {"exact": "PUT"}}, {"method": "PUT"}),
        ({"headers": {"a": {"regex": "*"}}}, {"headers": {"A": ""}}),
        ({"headers": {"a": {"prefix": "b"}}}, {"headers": {"a": "bc"}}),
        ({"withoutHeaders": {"a": {"exact": "1"}}}, {}),
        ({"withoutHeaders": {"a": {}}}, {}),
        ({"queryParams": {"debug": {}}}, {"path": "/?debug"}),
        ({"port": 9080}, {}),
        ({"sourceLabels": {"app": "productpage"}}, {}),
        ({"sourceNamespace": "bookinfo"}, {}),
        ({"gateways": ["mesh"]}, {}),
        # As Istio has it, gateways take the place of the conditions on the caller.
        ({"gateways": ["mesh"], "sourceLabels": {"app": "other"}}, {}),
        ({}, {}),
    ],
)
def test_each_kind_of_condition_can_hold(match, request_):
    assert shares(ask(only(match), **request_)) == {"v2": 1.0}


def test_several_matches_are_alternatives_and_each_has_its_reason():
    rule = {"match": [{"uri": {"exact": "/a"}}, {"uri": {"exact": "/b"}}], "route": [to("v2")]}
    found = ask(routed(rule, EVERYONE), path="/c")
    assert [match.reason for match in found.rules[0].matches] == [
        'the path is "/c"; the rule asks for exactly "/a"',
        'the path is "/c"; the rule asks for exactly "/b"',
    ]
    taken = ask(routed(rule, EVERYONE), path="/b")
    assert [match.holds for match in taken.rules[0].matches] == [False, True]
    assert taken.rules[0].reason == "All conditions of match 2 hold."


def test_no_rule_that_matches_is_404():
    found = ask(routed({"match": [{"uri": {"exact": "/a"}}], "route": [to("v1")]}))
    assert (found.outcome, [(each.status, each.flag) for each in found.answers]) == (
        "no_route",
        [(404, "NR")],
    )
    assert found.destinations == ()


def test_a_rule_that_istio_refuses_is_passed_over_and_says_why():
    broken = {"match": [{"uri": {"regex": "(("}}], "route": [to("v2")]}
    found = ask(routed(broken, EVERYONE))
    assert verdicts(found) == ["unusable", "taken"]
    assert found.rules[0].reason.startswith("Not used, as Istio refuses it. spec.http[0].match[0].uri.regex:")


def test_a_pattern_that_would_hang_python_is_answered_at_once():
    # Python's own expressions take seconds for this; RE2 does not backtrack.
    found = ask(only({"headers": {"a": {"regex": "(a+)+$"}}}), headers={"a": "a" * 40 + "!"})
    assert shares(found) == {"v1": 1.0}


def test_a_redirect_says_where_it_leads():
    redirect = {"uri": "/new", "authority": "other.example", "scheme": "https", "redirectCode": 308}
    found = ask(routed({"redirect": redirect}), path="/old?x=1")
    (answer,) = found.answers
    assert (found.outcome, answer.status, answer.location) == (
        "redirected",
        308,
        "https://other.example/new?x=1",
    )


@pytest.mark.parametrize(
    ("redirect", "location"),
    [
        ({"uri": "/n"}, "http://reviews:9080/n?q=1"),
        ({"uri": "/n?own=1"}, "http://reviews:9080/n?own=1"),
        ({"authority": "o"}, "http://o/p?q=1"),
        ({"port": 8443, "scheme": "https"}, "https://reviews:8443/p?q=1"),
        ({"port": 443, "scheme": "https"}, "https://reviews:9080/p?q=1"),
        ({"derivePort": "FROM_REQUEST_PORT", "authority": "o"}, "http://o:9080/p?q=1"),
    ],
)
def test_a_redirect_keeps_what_it_does_not_name(redirect, location):
    assert ask(routed({"redirect": redirect}), path="/p?q=1").answers[0].location == location


def test_a_direct_response_asks_no_service():
    found = ask(routed({"directResponse": {"status": 418, "body": {"string": "tea"}}}))
    assert (found.outcome, found.answers[0].status, found.destinations) == ("answered", 418, ())
    assert found.policies.direct_response == {"status": 418, "body": {"string": "tea"}}


def test_faults_come_with_their_probabilities():
    fault = {
        "delay": {"fixedDelay": "1500ms", "percentage": {"value": 50}},
        "abort": {"httpStatus": 503, "percentage": {"value": 25}},
    }
    found = ask(routed({"fault": fault, "route": [to("v1", 80), to("v3", 20)]}))
    assert found.policies.fault == explain.answer.Fault(0.5, 1.5, 0.25, 503)
    assert [(each.status, each.flag, each.probability) for each in found.answers] == [(503, "FI", 0.25)]
    assert shares(found) == {"v1": 0.8, "v3": 0.2}


def test_a_grpc_status_comes_with_the_http_status_200():
    fault = {"abort": {"grpcStatus": "UNAVAILABLE", "percentage": {"value": 100}}}
    (answer,) = ask(routed({"fault": fault, **EVERYONE})).answers
    assert (answer.status, answer.flag) == (200, "FI")
    assert "the gRPC status UNAVAILABLE" in answer.message


def test_the_only_destination_gets_everything_whatever_its_weight():
    assert shares(ask(routed({"route": [to("v1", 0)]}))) == {"v1": 1.0}


def test_weights_need_no_sum_of_100_and_zero_is_none():
    found = ask(routed({"route": [to("v1", 1), to("v2", 3), to("v3", 0)]}))
    assert shares(found) == {"v1": 0.25, "v2": 0.75, "v3": 0.0}


def test_weights_that_sum_to_nothing_are_refused():
    found = ask(routed({"route": [to("v1", 0), to("v2", 0)]}))
    assert verdicts(found) == ["unusable"]
    assert found.outcome == "no_route"


def test_mirrors_come_with_their_share():
    rule = {**EVERYONE, "mirror": to("v2")["destination"], "mirrorPercentage": {"value": 50}}
    rule |= {"mirrors": [to("v9"), {**to("v3"), "percentage": {"value": 0}}]}
    found = ask(routed(rule)).policies.mirrors
    assert [(each.subset, each.probability) for each in found] == [("v2", 0.5), ("v9", 1.0)]
    assert found[1].problem.flag == "NC"


def test_retries_are_istios_where_the_rule_says_nothing():
    assert ask(routed(EVERYONE)).policies.retries["default"] is True
    given = ask(routed({**EVERYONE, "retries": {"attempts": 5, "retryOn": "5xx"}})).policies.retries
    assert given == {"attempts": 5, "retryOn": "5xx", "default": False}


@pytest.mark.parametrize(
    ("match", "rewrite", "path", "sent"),
    [
        ({"uri": {"prefix": "/old/"}}, {"uri": "/new/"}, "/old/a?b=c", "/new/a?b=c"),
        ({"uri": {"exact": "/old"}}, {"uri": "/new"}, "/old?b", "/new?b"),
        ({"uri": {"regex": "/o.*"}}, {"uri": "/new"}, "/old/x", "/new"),
        ({}, {"uri": "/new/"}, "/a/b", "/new/a/b"),
        ({}, {"uriRegexRewrite": {"match": "^/(\\w+)/(\\w+)$", "rewrite": "/\\2/\\1"}}, "/a/b?c", "/b/a?c"),
        ({}, {"uriRegexRewrite": {"match": "a*", "rewrite": "x"}}, "/baac", "x/xbxcx"),
        ({}, {"authority": "other"}, "/a", "/a"),
    ],
)
def test_the_destination_sees_the_rewritten_path(match, rewrite, path, sent):
    found = ask(routed({"match": [match], "route": [to("v1")], "rewrite": rewrite}), path=path)
    assert found.destinations[0].sent.path == sent
    assert found.destinations[0].sent.authority == rewrite.get("authority", "reviews:9080")


def test_the_destination_sees_the_changed_headers():
    operations = {"request": {"set": {"x-set": "1"}, "add": {"x-more": "b"}, "remove": ["x-gone"]}}
    theirs = {**to("v1"), "headers": {"request": {"add": {"x-v": "v1"}}}}
    found = ask(
        routed({"route": [theirs], "headers": operations}),
        headers={"X-Set": "0", "x-gone": "0", "x-more": "a"},
    )
    assert found.destinations[0].sent.headers == (("x-more", "a,b"), ("x-set", "1"), ("x-v", "v1"))


def test_the_only_destination_has_the_last_word_on_a_header_and_of_several_the_route_has_it():
    ours = {"request": {"set": {"x": "ours"}, "add": {"y": "1"}}}
    theirs = {"request": {"set": {"x": "theirs", "y": "0"}, "add": {"y": "2"}}}
    alone = ask(routed({"route": [{**to("v1"), "headers": theirs}], "headers": ours}))
    assert dict(alone.destinations[0].sent.headers) == {"x": "theirs", "y": "0,1,2"}
    several = [{**to("v1", 1), "headers": theirs}, to("v2", 1)]
    found = ask(routed({"route": several, "headers": ours}))
    assert dict(found.destinations[0].sent.headers) == {"x": "ours", "y": "0,2,1"}
    assert dict(found.destinations[1].sent.headers) == {"x": "ours", "y": "1"}


@pytest.mark.parametrize(
    ("path", "matched"),
    [
        ("/a/../b", "/b"),
        ("/a/b/..", "/a/"),
        ("/a/.", "/a/"),
        ("/../..", "/"),
        ("/a/%2E%2e/b", "/b"),
        ("/a\\b", "/a/b"),
        ("/a/..;x/b", "/b"),
        ("/a//b", "/a//b"),
        ("/%41%7e%2F", "/A~%2F"),
        ('/"<>^`{|}', "/%22%3C%3E%5E%60%7B%7C%7D"),
        ("/%zz", "/%zz"),
        ("*", "*"),
    ],
)
def test_a_path_is_normalised_as_envoy_was_seen_to_do_it(path, matched):
    assert paths.normalised(path) == matched
    assert paths.normalised(matched) == matched
