"""The order of writes: make before break.

after every single write, each subset that a route sends requests to is there
each write starts from what the one before it left, and the last leaves what was wanted
a subset whose pods change gets no request meanwhile, or the plan says so
"""

import copy

from hypothesis import given
from hypothesis import strategies as st

from cluster import kinds
from cluster.refs import Ref
from routing import diff, istio
from routing.operations import AFTER_ROUTES, AWAY, BEFORE_ROUTES, REDEFINE, ROUTES, operation
from routing.sequence import dangling_subsets, in_safe_order, unsafe_steps
from tests.routing.stage import destination_rule, route, virtual_service

HOSTS = ("reviews", "ratings")
NAMES = ("v1", "v2", "v3")


def full(host):
    return f"{host}.bookinfo.svc.cluster.local"


def subset(name, **labels):
    return {"name": name, "labels": labels or {"version": name}}


def policy(name, *subsets, host="reviews", **spec):
    made = destination_rule(name, [], host=host, **spec)
    made["spec"]["subsets"] = [copy.deepcopy(each) for each in subsets]
    return made


def writes(before, after):
    """The writes that lead from one state to another, one for each resource."""
    old, new = ({Ref.of(item): item for item in state} for state in (before, after))
    refs = dict.fromkeys([*old, *new])
    found = (operation(old.get(ref), new.get(ref), "because") for ref in refs)
    return [each for each in found if each]


def missing(state):
    """The subsets that get requests and that no DestinationRule for the host defines."""
    rules = [item for item in state.values() if item["kind"] == "DestinationRule"]
    there = {(istio.host_of(rule), name) for rule in rules for name in istio.labels_of(rule)}
    routes = [item for item in state.values() if item["kind"] == "VirtualService"]
    return {each for item in routes for each in istio.weighted_subsets(item)} - there


def walk(before, operations):
    """The state after each write."""
    state = {Ref.of(item): item for item in before}
    for each in operations:
        assert diff.same(state.get(each.ref), each.before)
        state = {ref: item for ref, item in state.items() if ref != each.ref}
        if each.after is not None:
            state[each.ref] = each.after
        yield each, state


labels = st.sampled_from(["v1", "v2", "v3"])


@st.composite
def routes(draw, there):
    host = draw(st.sampled_from(HOSTS))
    names = draw(st.lists(st.sampled_from([*sorted(there[host]), ""]), min_size=1, max_size=3, unique=True))
    cuts = sorted(draw(st.lists(st.integers(0, 100), min_size=len(names) - 1, max_size=len(names) - 1)))
    weights = [high - low for low, high in zip([0, *cuts], [*cuts, 100], strict=True)]
    return [
        {"destination": {"host": host, **({"subset": name} if name else {})}, "weight": weight}
        for name, weight in zip(names, weights, strict=True)
    ]


@st.composite
def states(draw):
    """DestinationRules, and routes to the subsets that they define."""
    state, there = [], {host: set() for host in HOSTS}
    for host in HOSTS:
        for number in range(draw(st.integers(0, 2))):
            names = draw(st.lists(st.sampled_from(NAMES), unique=True))
            subsets = [subset(name, version=draw(labels)) for name in names]
            there[host].update(names)
            extra = draw(st.sampled_from([{}, {"trafficPolicy": {"tls": {"mode": "ISTIO_MUTUAL"}}}]))
            state.append(policy(f"{host}-{number}", *subsets, host=host, **extra))
    for number in range(draw(st.integers(0, 3))):
        http = [{"route": draw(routes(there))} for _ in range(draw(st.integers(1, 2)))]
        state.append(virtual_service(f"vs-{number}", http, hosts=[f"h{number}"]))
    return state


@given(states(), states())
def test_no_route_ever_sends_requests_to_a_subset_that_is_not_there(before, after):
    operations = in_safe_order(writes(before, after), before)
    state = {Ref.of(item): item for item in before}
    for _, state in walk(before, operations):
        assert not missing(state)
    assert {ref: diff.content(item) for ref, item in state.items()} == {
        Ref.of(item): diff.content(item) for item in after
    }
    assert "UNSAFE_ORDER" not in {each.code for each in unsafe_steps(operations, before)}


@given(states(), states())
def test_a_subset_that_changes_its_pods_gets_no_request_meanwhile_or_the_plan_says_so(before, after):
    operations = in_safe_order(writes(before, after), before)
    told = " ".join(each.message for each in unsafe_steps(operations, before))
    for each, state in walk(before, operations):
        if each.ref.kind != kinds.DESTINATION_RULE or not each.before or not each.after:
            continue
        old, new = istio.labels_of(each.before), istio.labels_of(each.after)
        changing = {(istio.host_of(each.after), name) for name in old.keys() & new if old[name] != new[name]}
        users = [item for item in state.values() if item["kind"] == "VirtualService"]
        used = {used for item in users for used in istio.weighted_subsets(item)}
        assert all(f"Subset {name} of {host}" in told for host, name in changing & used)


@given(states())
def test_nothing_to_change_is_no_write(state):
    assert in_safe_order(writes(state, copy.deepcopy(state)), state) == ()


def shown(operations):
    return [(each.action, each.ref.kind.kind, each.phase) for each in operations]


def test_a_destination_rule_that_gains_and_loses_becomes_two_writes_around_the_routes():
    before = [
        policy("reviews", subset("v1"), subset("v2")),
        virtual_service("reviews", [{"route": route(("v1", 50), ("v2", 50))}]),
    ]
    after = [
        policy("reviews", subset("v2"), subset("v3")),
        virtual_service("reviews", [{"route": route(("v2", 50), ("v3", 50))}]),
    ]
    operations = in_safe_order(writes(before, after), before)
    assert shown(operations) == [
        ("update", "DestinationRule", BEFORE_ROUTES),
        ("update", "VirtualService", ROUTES),
        ("update", "DestinationRule", AFTER_ROUTES),
    ]
    assert list(istio.labels_of(operations[0].after)) == ["v1", "v2", "v3"]
    assert operations[2].why == "Takes away v1, which no route needs any more."


def test_the_weight_leaves_a_subset_before_its_pods_change_and_comes_back_after():
    routes = virtual_service("reviews", [{"route": route(("v1", 70), ("v2", 30))}])
    before = [policy("reviews", subset("v1"), subset("v2")), routes]
    after = [policy("reviews", subset("v1"), subset("v2", version="v3")), copy.deepcopy(routes)]
    operations = in_safe_order(writes(before, after), before)
    assert shown(operations) == [
        ("update", "VirtualService", AWAY),
        ("update", "DestinationRule", REDEFINE),
        ("update", "VirtualService", ROUTES),
    ]
    weights = [[each["weight"] for each in op.after["spec"]["http"][0]["route"]] for op in operations[::2]]
    assert weights == [[100, 0], [70, 30]]
    assert unsafe_steps(operations, before) == ()


def test_a_subset_that_takes_all_requests_changes_under_load_and_the_plan_says_so():
    routes = virtual_service("reviews", [{"route": route(("v1", 100))}])
    before = [policy("reviews", subset("v1")), routes]
    after = [policy("reviews", subset("v1", version="v2")), routes]
    operations = in_safe_order(writes(before, after), before)
    assert shown(operations) == [("update", "DestinationRule", REDEFINE)]
    (told,) = unsafe_steps(operations, before)
    assert told.code == "CHANGES_UNDER_LOAD"
    assert "Subset v1" in told.message


def test_a_destination_rule_that_leaves_its_host_has_no_safe_order_and_the_plan_says_so():
    before = [
        policy("shared", subset("v1")),
        virtual_service("reviews", [{"route": route(("v1", 100))}]),
    ]
    after = [
        policy("shared", subset("v1"), host="ratings"),
        virtual_service("reviews", [{"route": route(("v1", 100), host="ratings")}]),
    ]
    (told,) = unsafe_steps(in_safe_order(writes(before, after), before), before)
    assert told.code == "UNSAFE_ORDER"


def named(kind, name, **spec):
    made = {"apiVersion": kind.api_version, "kind": kind.kind, "spec": spec}
    return {**made, "metadata": {"name": name, "namespace": "bookinfo"}}


def test_what_others_refer_to_comes_first_and_goes_last():
    state = [
        named(kinds.SERVICE_ENTRY, "out", hosts=["a.example.com"]),
        named(kinds.GATEWAY, "edge", servers=[]),
        policy("reviews", subset("v1")),
        named(kinds.HTTP_ROUTE, "web"),
        virtual_service("part", [], hosts=[]),
        virtual_service("reviews", [{"route": route(("v1", 100))}]),
    ]
    state[4]["spec"]["hosts"] = []
    made = [str(each.ref) for each in in_safe_order(reversed(writes([], state)))]
    gone = [str(each.ref) for each in in_safe_order(writes(state, []), state)]
    assert made[:3] == [
        "ServiceEntry bookinfo/out",
        "Gateway bookinfo/edge",
        "DestinationRule bookinfo/reviews",
    ]
    assert made.index("VirtualService bookinfo/part") < made.index("VirtualService bookinfo/reviews")
    assert gone.index("VirtualService bookinfo/part") > gone.index("VirtualService bookinfo/reviews")
    assert gone[-3:] == made[:3][::-1]


def test_a_service_entry_that_changes_its_host_knows_both_meanwhile():
    before = [named(kinds.SERVICE_ENTRY, "out", hosts=["a.example.com"])]
    after = [named(kinds.SERVICE_ENTRY, "out", hosts=["b.example.com"])]
    first, last = in_safe_order(writes(before, after), before)
    assert first.after["spec"]["hosts"] == ["b.example.com", "a.example.com"]
    assert last.after["spec"]["hosts"] == ["b.example.com"]
    assert (first.phase, last.phase) == (BEFORE_ROUTES, AFTER_ROUTES)


def test_a_subset_that_goes_while_a_mirror_needs_it_is_named():
    mirrored = virtual_service("reviews", [{"route": route(("v1", 100))}])
    mirrored["spec"]["http"][0]["mirrors"] = [{"destination": {"host": "reviews", "subset": "v2"}}]
    before = [policy("reviews", subset("v1"), subset("v2")), mirrored]
    after = [policy("reviews", subset("v1")), mirrored]
    (told,) = dangling_subsets([mirrored], in_safe_order(writes(before, after), before))
    assert (told.code, told.level) == ("SUBSET_IN_USE", "error")
