"""Weights of connections: tcp by port, tls by server name.

read     what belongs to which protocol
write    the rule for exactly these connections; a new one before a more general one; the rest stays
refuse   names of other hosts, rules for some of the names
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing import istio, live, planner, rules
from routing.istio import CannotApply
from routing.rules import RulesError, Split
from tests.people import own
from tests.routing.generated import SERVICE, SUBSETS_RULE, VERSIONS
from tests.routing.stage import (
    bookinfo,
    destination_rule,
    pod,
    route,
    service,
    to_whole,
    virtual_service,
)
from tests.routing.test_planner import carried_out, codes, steps

TARGET = {"kind": "split", "namespace": "bookinfo", "service": "reviews", "weights": {"v1": 100}}
SUBSETS = istio.read_subsets(SUBSETS_RULE, SERVICE)
NAMES = ("a.example", "b.example")


def tcp(port=0, **weights):
    return Split("bookinfo", "reviews", weights, "tcp", port)


def tls(*names, port=0, **weights):
    return Split("bookinfo", "reviews", weights, "tls", port, names)


def streams(protocol, *found):
    return virtual_service("reviews", [], hosts=["reviews", *NAMES], **{protocol: list(found)})


def refused(**parts):
    with pytest.raises(RulesError) as refusal:
        rules.parse([{**TARGET, **parts}])
    return {error.field.removeprefix("rules[0]."): error.message for error in refusal.value.errors}


WRONG = {
    "udp": ({"protocol": "udp"}, "protocol", '"udp" is none of http, tcp and tls.'),
    "a list": ({"protocol": []}, "protocol", "[] is none of"),
    "http by port": ({"port": 80}, "port", "not weighed by port"),
    "tcp by name": ({"protocol": "tcp", "sni_hosts": ["a"]}, "sni_hosts", "Only tls"),
    "tls without a name": ({"protocol": "tls"}, "sni_hosts", "are missing"),
    "no names": ({"protocol": "tls", "sni_hosts": []}, "sni_hosts", "a list of 1 to 20"),
    "a wildcard inside": ({"protocol": "tls", "sni_hosts": ["a.*.b"]}, "sni_hosts[0]", "cannot be a server"),
    "a name twice": ({"protocol": "tls", "sni_hosts": ["a", "a"]}, "sni_hosts[1]", "twice"),
    "port 65536": ({"protocol": "tcp", "port": 65536}, "port", "65536 is not the number of a port."),
}


@pytest.mark.parametrize(("parts", "field", "message"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said_at_its_field(parts, field, message):
    assert message in refused(**parts)[field]


@st.composite
def splits(draw, *, ports=(0, 9080, 9081)):
    chosen = draw(st.lists(st.sampled_from(VERSIONS), min_size=1, unique=True))
    cuts = sorted(draw(st.integers(0, 100)) for _ in chosen[1:])
    weights = [high - low for low, high in zip([0, *cuts], [*cuts, 100], strict=True)]
    shares = dict(zip(chosen, weights, strict=True))
    port = draw(st.sampled_from(ports))
    if draw(st.booleans()):
        return Split("bookinfo", "reviews", shares, "tcp", port)
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, unique=True))
    return Split("bookinfo", "reviews", shares, "tls", port, tuple(names))


@st.composite
def stream_rules(draw):
    match = st.fixed_dictionaries(
        {},
        optional={
            "port": st.sampled_from([9080, 9081]),
            "sniHosts": st.lists(st.sampled_from([*NAMES, "*.example"]), min_size=1, unique=True),
            "sourceLabels": st.just({"app": "x"}),
            "gateways": st.sampled_from([["mesh"], ["edge"], ["edge", "mesh"]]),
        },
    )
    found = {"route": route(("v1", 50), ("v2", 50)), "xFuture": draw(st.integers(0, 9))}
    return {**found, "match": draw(st.lists(match, min_size=1, max_size=2))} if draw(st.booleans()) else found


@st.composite
def virtual_services(draw):
    found = draw(st.lists(stream_rules(), max_size=3))
    return streams("tcp", *found) | {"status": {}} if draw(st.booleans()) else streams("tls", *found)


@given(splits())
def test_a_rule_is_read_as_it_is_written(rule):
    assert rules.parse([rules.to_json(rule)]) == (rule,)


@given(st.dictionaries(st.sampled_from(["protocol", "port", "sni_hosts", "weights"]),
                       st.none() | st.integers() | st.text() | st.lists(st.text() | st.integers())
                       | st.sampled_from(["tcp", "tls"])))  # fmt: skip
def test_no_input_does_anything_but_be_read_or_refused(parts):
    found, wrong = (), ()
    try:
        found = rules.parse([{**TARGET, **parts}])
    except RulesError as refusal:
        wrong = refusal.errors
    assert found or wrong


@given(virtual_services(), splits())
def test_a_split_in_a_resource_is_the_rule_and_the_rest_stays(manifest, rule):
    try:
        after = istio.set_stream_split(manifest, rule, SUBSETS)
    except CannotApply:
        assert len(rule.sni_hosts) > 1  # only names can be half of a rule's
        return
    found = istio.read_stream_split(after, rule, SUBSETS)
    assert found is not None
    assert {k: v for k, v in found.weights.items() if v} == {k: v for k, v in rule.weights.items() if v}
    before_rules = manifest["spec"].get(rule.protocol, [])
    kept = [item for item in after["spec"][rule.protocol] if item in before_rules]
    assert len(kept) >= len(before_rules) - 1
    assert {**after, "spec": 0} == {**manifest, "spec": 0}
    assert {**after["spec"], rule.protocol: 0} == {**manifest["spec"], rule.protocol: 0}
    assert istio.set_stream_split(after, rule, SUBSETS) == after


def planned(cluster, *wanted):
    return planner.plan(wanted, live.read(own(cluster), {"bookinfo"}))


def database():
    """A service with two versions and a port that is not HTTP."""
    plain = service("db", port=3306)
    plain["spec"]["ports"] = [{"port": 3306, "name": "tcp"}]
    return [plain, pod("db-1", "db", "v1"), pod("db-2", "db", "v2")]


def weighed(port=0, **weights):
    return Split("bookinfo", "db", weights, "tcp", port)


def test_a_service_without_routes_gets_a_tcp_rule():
    cluster = bookinfo(*database())
    plan = planned(cluster, weighed(3306, v1=90, v2=10))
    assert (codes(plan), steps(plan)) == ([], [("create", "DestinationRule"), ("create", "VirtualService")])
    assert plan.operations[1].after["spec"] == {
        "hosts": ["db"],
        "tcp": [{"match": [{"port": 3306}], "route": route(("v1", 90), ("v2", 10), host="db")}],
    }
    assert plan.operations[1].why == "Sends tcp connections on port 3306: 90 % v1, 10 % v2."
    carried_out(cluster, plan)
    assert planned(cluster, weighed(3306, v1=90, v2=10)).operations == ()


def test_one_port_gets_a_rule_before_the_one_for_all():
    after = istio.set_stream_split(streams("tcp", {"route": to_whole(), "x": 1}), tcp(9081, v3=100), SUBSETS)
    to_v3 = [{"destination": {"host": "reviews", "subset": "v3"}, "weight": 100}]
    assert after["spec"]["tcp"] == [
        {"match": [{"port": 9081}], "route": to_v3},
        {"route": to_whole(), "x": 1},
    ]


def test_some_names_get_a_rule_before_the_one_for_more():
    both = {"match": [{"sniHosts": ["*.example"]}], "route": route(("v1", 100))}
    after = istio.set_stream_split(streams("tls", both), tls("a.example", v2=100), SUBSETS)
    assert [item["match"][0]["sniHosts"] for item in after["spec"]["tls"]] == [["a.example"], ["*.example"]]
    assert after["spec"]["tls"][1] == both


def test_a_rule_for_some_of_the_names_is_left_alone_and_told():
    one = {"match": [{"sniHosts": ["a.example"]}], "route": route(("v1", 100))}
    with pytest.raises(CannotApply, match=r"not for b\.example") as refusal:
        istio.set_stream_split(streams("tls", one), tls(*NAMES, v2=100), SUBSETS)
    assert (refusal.value.code, refusal.value.field) == ("OTHER_SNI_RULE", "sni_hosts")


def test_a_name_that_is_no_host_is_refused():
    with pytest.raises(CannotApply, match=r"is not for c\.example") as refusal:
        istio.set_stream_split(streams("tls"), tls("c.example", v2=100), SUBSETS)
    assert refusal.value.code == "SNI_NOT_A_HOST"


def test_the_names_are_hosts_of_a_new_virtual_service():
    plan = planned(bookinfo(), tls("a.example", v1=100))
    assert plan.operations[1].after["spec"]["hosts"] == ["reviews", "a.example"]


def test_connections_to_a_port_of_requests_are_told():
    assert codes(planned(bookinfo(), tcp(9080, v1=100))) == ["OTHER_PROTOCOL"]


def test_a_port_that_the_service_does_not_have_is_an_error():
    plan = planned(bookinfo(*database()), weighed(80, v1=100))
    assert [(item.code, item.field) for item in plan.errors] == [("UNKNOWN_PORT", "rules[0].port")]


def test_requests_and_connections_are_weighed_side_by_side():
    both = [{**TARGET}, {**TARGET, "protocol": "tcp", "port": 1}, {**TARGET, "protocol": "tcp", "port": 2}]
    assert len(rules.parse(both)) == 3
    with pytest.raises(RulesError, match="already sets the tcp weights of bookinfo/reviews on port 1"):
        rules.parse([both[1], both[1]])


def test_weight_on_a_version_without_a_pod_is_an_error():
    cluster = bookinfo(*database(), pod("db-3", "db", "v3", ready=False))
    assert codes(planned(cluster, weighed(v1=90, v3=10)), "error") == ["NO_READY_PODS"]


def test_subsets_come_before_the_tcp_rule():
    cluster = bookinfo(*database(), destination_rule("db", ["v1"]))
    plan = planned(cluster, weighed(v1=50, v2=50))
    assert planner.settles_between(*plan.operations)
