"""Which DestinationRule counts for a destination, and whether it can be reached."""

import pytest

from routing import explain
from tests.routing.explain.worlds import HOST, ask, to, world
from tests.routing.stage import destination_rule, pod, service, virtual_service

TO_V1 = virtual_service("reviews", [{"route": [to("v1")]}])
SHOP = explain.Caller("shop")
ROUND = {"loadBalancer": {"simple": "ROUND_ROBIN"}}


def rule(name, namespace="bookinfo", host=HOST, subsets=("v1",), created=1, **spec):
    made = destination_rule(name, list(subsets), namespace, host, **spec)
    made["metadata"]["creationTimestamp"] = f"2026-01-{created:02}T00:00:00Z"
    return made


def in_force(*rules, caller=SHOP):
    found = ask(world(TO_V1, *rules), caller=caller).destinations[0].rule
    return found and found.resource.removeprefix("DestinationRule ")


def test_the_callers_namespace_is_asked_first_then_the_services_then_the_root():
    everywhere = [rule("a", "shop"), rule("b"), rule("c", "istio-system")]
    assert in_force(*everywhere) == "shop/a"
    assert in_force(*everywhere[1:]) == "bookinfo/b"
    assert in_force(*everywhere[2:]) == "istio-system/c"
    assert in_force() is None


def test_whoever_runs_in_the_root_namespace_asks_the_service_first():
    assert (
        in_force(rule("b"), rule("c", "istio-system"), caller=explain.Caller("istio-system")) == "bookinfo/b"
    )


def test_what_the_root_namespace_keeps_to_itself_comes_first_there():
    rules = rule("b"), rule("c", "istio-system", exportTo=["."])
    assert in_force(*rules, caller=explain.Caller("istio-system")) == "istio-system/c"
    assert in_force(*rules) == "bookinfo/b"


def test_one_that_is_not_exported_to_the_caller_does_not_count():
    assert in_force(rule("b", exportTo=["."]), rule("c", "istio-system")) == "istio-system/c"


def test_the_most_specific_host_counts_within_a_namespace():
    wide = rule("wide", host="*.bookinfo.svc.cluster.local", created=1)
    assert in_force(wide, rule("plain", created=2)) == "bookinfo/plain"


def test_one_for_chosen_workloads_counts_for_those_only():
    chosen = rule("chosen", workloadSelector={"matchLabels": {"app": "productpage"}})
    caller = explain.Caller("bookinfo", {"app": "productpage"})
    assert in_force(chosen, rule("b"), caller=caller) == "bookinfo/chosen"
    assert in_force(chosen, rule("b"), caller=explain.Caller("bookinfo", {"app": "x"})) == "bookinfo/b"


def test_of_two_the_first_definition_of_a_subset_and_of_the_policy_counts():
    first = rule("a", subsets=["v2"], created=1)
    second = rule("b", subsets=["v1", "v2"], created=2, trafficPolicy=ROUND)
    found = ask(world(TO_V1, first, second)).destinations[0]
    assert (found.problem, found.rule.resource) == (None, "DestinationRule bookinfo/a")
    assert found.rule.merged == ("DestinationRule bookinfo/b",)
    assert found.rule.policy == ROUND


def test_the_subsets_policy_lies_over_the_hosts_and_a_ports_over_both():
    spec = {
        "trafficPolicy": {
            **ROUND,
            "tls": {"mode": "DISABLE"},
            "outlierDetection": {"consecutive5xxErrors": 3},
            "portLevelSettings": [{"port": {"number": 9080}, "tls": {"mode": "SIMPLE"}}],
        }
    }
    made = rule("a", **spec)
    made["spec"]["subsets"][0]["trafficPolicy"] = {"loadBalancer": {"simple": "RANDOM"}}
    found = ask(world(TO_V1, made)).destinations[0].rule
    # Settings for a port take the place of all general ones, given or not; the subset's lie over them.
    assert found.policy == {"tls": {"mode": "SIMPLE"}, "loadBalancer": {"simple": "RANDOM"}}
    assert found.sources == {
        "tls": "DestinationRule bookinfo/a spec.trafficPolicy, port 9080",
        "loadBalancer": "DestinationRule bookinfo/a subset v1",
    }


def test_a_subset_says_which_pods_it_selects():
    found = ask(world(TO_V1, rule("a"))).destinations[0]
    assert (found.labels, found.pods, found.ready_pods, found.versions) == (
        {"version": "v1"},
        1,
        1,
        {"v1": 1},
    )


@pytest.mark.parametrize(
    ("destination", "flag", "words"),
    [
        (to("v9"), "NC", "DestinationRule bookinfo/a defines no subset v9"),
        (
            to(host="nobody"),
            "NC",
            "no Service and no ServiceEntry is called nobody.bookinfo.svc.cluster.local",
        ),
        (to(port=1), "NC", "Service bookinfo/reviews has no port 1"),
        (to("empty"), "UH", "subset empty of reviews.bookinfo.svc.cluster.local has no pod"),
        (to(host="asleep"), "UH", "asleep.bookinfo.svc.cluster.local has no ready pod"),
    ],
)
def test_a_destination_that_cannot_be_reached_is_503_and_says_why(destination, flag, words):
    asleep = service("asleep"), pod("asleep-1", "asleep", "v1", ready=False)
    manifests = [virtual_service("reviews", [{"route": [destination]}]), rule("a", subsets=["v1", "empty"])]
    found = ask(world(*manifests, *asleep))
    assert words in found.destinations[0].problem.message
    assert [(each.status, each.flag, each.probability) for each in found.answers] == [(503, flag, 1.0)]


def test_what_pods_there_are_is_not_guessed_where_they_may_not_be_read():
    found = ask(world(TO_V1, rule("a"), pods_hidden=["bookinfo"])).destinations[0]
    assert (found.pods, found.ready_pods, found.problem) == (None, None, None)


def test_a_service_entry_is_a_destination_too():
    entry = {
        "kind": "ServiceEntry",
        "metadata": {"name": "out", "namespace": "bookinfo"},
        "spec": {"hosts": ["*.example"], "ports": [{"number": 443, "protocol": "HTTPS", "name": "tls"}]},
    }
    found = ask(world(entry), "api.example", port=443)
    assert (found.protocol, found.outcome, found.destinations[0].host) == ("tls", "forwarded", "api.example")
