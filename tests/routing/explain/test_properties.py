"""What holds for every manifest, however odd."""

import json
import math

from hypothesis import given
from hypothesis import strategies as st

from routing import explain
from tests.localmesh.xds import rules as generated
from tests.routing.explain.worlds import world

leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.sampled_from(["reviews", "*"]),
)
keys = st.sampled_from(
    [
        "exact",
        "prefix",
        "regex",
        "host",
        "subset",
        "number",
        "value",
        "port",
        "weight",
        "uri",
        "name",
        "match",
    ]
)
anything = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3), max_leaves=8
)
http_fields = st.sampled_from(
    [
        "match", "route", "redirect", "directResponse", "fault", "rewrite", "timeout", "retries", "mirror",
        "mirrors", "headers", "corsPolicy", "delegate", "name", "mirrorPercentage",
    ]
)  # fmt: skip
odd_rules = st.dictionaries(http_fields, anything, max_size=4)
spec_fields = st.sampled_from(["gateways", "exportTo", "http", "tcp", "tls", "subsets", "trafficPolicy"])
names = st.sampled_from(["reviews", "reviews.bookinfo.svc.cluster.local", "*", "api.example"])


@st.composite
def odd(draw):
    """A manifest whose every part may be anything."""
    kind = draw(st.sampled_from(["VirtualService", "DestinationRule", "Gateway", "ServiceEntry"]))
    spec = draw(st.dictionaries(spec_fields, anything, max_size=3))
    spec |= {"hosts": [draw(names)], "host": draw(names)}
    spec |= draw(st.sampled_from([{}, {"http": draw(st.lists(odd_rules, max_size=3))}]))
    servers = [{"port": draw(anything), "hosts": draw(anything)}, {"port": {"number": 80}, "hosts": ["*"]}]
    spec |= {"servers": servers} if kind == "Gateway" else {}
    metadata = {"name": draw(st.sampled_from("ab")), "namespace": "bookinfo"}
    return {
        "kind": kind,
        "metadata": draw(st.just(metadata) | anything),
        "spec": draw(st.just(spec) | anything),
    }


requests = st.builds(
    explain.Request,
    host=st.sampled_from(["reviews", "ratings", "example.com", "a.example.com", "nobody", ""]),
    namespace=st.sampled_from(["bookinfo", "shop", ""]),
    port=st.sampled_from([None, 80, 9080, 1]),
    path=st.sampled_from(["/", "/a", "/a/b?x=1", "/a/../../b", "*", "", "/%2e%2E/%41?%"]),
    method=st.sampled_from(["GET", "POST"]),
    headers=st.lists(
        st.tuples(st.sampled_from(["x", "end-user"]), st.sampled_from(["", "a", "jason"])), max_size=2
    ).map(tuple),
)
callers = st.sampled_from(
    [
        explain.Caller("bookinfo", {"app": "productpage"}),
        explain.Caller("shop"),
        explain.Caller(),
        explain.Caller(gateway="bookinfo/bookinfo-gateway"),
        explain.Caller(gateway="bookinfo/a"),
    ]
)


def checked(found):
    """What is true of every explanation."""
    json.dumps(found.to_json())
    assert found.sentence
    taken = [rule for rule in found.rules if rule.verdict == "taken"]
    assert len(taken) <= 1
    assert all(rule.reason for rule in found.rules)
    assert all(match.reason for rule in found.rules for match in rule.matches)
    assert all(0 <= answer.probability <= 1 for answer in found.answers)
    assert sum(answer.probability for answer in found.answers) <= 1 + 1e-9
    if found.destinations:
        assert math.isclose(sum(each.probability for each in found.destinations), 1.0)
    if found.outcome in ("redirected", "answered", "no_route"):
        assert math.isclose(sum(answer.probability for answer in found.answers), 1.0)
    assert bool(found.destinations) == (found.outcome == "forwarded")


@given(generated.some_rules(), requests, callers)
def test_every_rule_is_taken_or_has_a_reason_and_shares_sum_to_one(rules, request, caller):
    checked(explain.explain(world(*rules), request, caller))


@given(st.lists(odd(), max_size=4), requests, callers)
def test_explaining_never_raises_whatever_the_manifests_hold(manifests, request, caller):
    checked(explain.explain(world(*manifests), request, caller))


@given(generated.some_rules(), requests, callers)
def test_the_order_in_which_rules_are_read_does_not_matter(rules, request, caller):
    there, back = world(*rules), world(*reversed(rules))
    assert explain.explain(there, request, caller) == explain.explain(back, request, caller)
