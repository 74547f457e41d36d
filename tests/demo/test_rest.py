"""The same powers for automation: rules by REST, seen in the graph that the Envoys' own metrics draw."""

import json
import time

import pytest

from tests.console import until

pytestmark = pytest.mark.mesh


@pytest.fixture
def restored(demo):
    """Put the rules of the demo's services back as they were."""
    services = ("reviews", "ratings", "details", "productpage")
    for kind in ("virtualservice", "destinationrule"):
        demo.kubectl("delete", kind, *services, "--ignore-not-found")
    until(lambda: demo.share("reviews", "v2"), "requests reach all of Bookinfo")
    yield demo
    for kind in ("virtualservice", "destinationrule"):
        demo.kubectl("delete", kind, *services, "--ignore-not-found")


def plan(demo, *rules, note="by a test"):
    status, answer = demo.post("api/v1/plans", {"rules": list(rules), "note": note})
    assert status == 201, answer
    return answer


def apply(demo, *rules):
    made = plan(demo, *rules)
    status, change = demo.post(f"api/v1/plans/{made['id']}/apply", {"hash": made["hash"]})
    assert status == 200, change
    assert change["state"] == "applied"
    return change


def judged(demo, change):
    """The verification of a change, once there is a verdict."""
    status, found = demo.get(f"api/v1/changes/{change}/verification")
    assert status == 200, found
    return found["verdict"] in ("as_intended", "differs") and found


def split(**weights):
    return {"kind": "split", "namespace": "bookinfo", "service": "reviews", "weights": weights}


def test_the_graph_has_every_workload_of_bookinfo_and_its_traffic(demo):
    def complete():
        graph = demo.graph()
        apps = {(node["app"], node["version"]) for node in graph["nodes"]}
        wanted = {("productpage", "v1"), ("details", "v1"), ("ratings", "v1"), ("reviews", "v2")}
        return wanted <= apps and graph

    graph = until(complete, "all of Bookinfo is in the graph")
    ids = {node["id"] for node in graph["nodes"]}
    assert all(edge["source"] in ids and edge["target"] in ids for edge in graph["edges"])
    busiest = max(graph["edges"], key=lambda edge: edge["requests_per_second"])
    assert busiest["requests_per_second"] > 5
    assert 0 < busiest["latency_ms"]["p50"] <= busiest["latency_ms"]["p95"] <= busiest["latency_ms"]["p99"]


def test_a_split_is_previewed_applied_seen_in_the_traffic_and_reverted(restored):
    demo = restored
    made = plan(demo, split(v1=80, v3=20))
    kinds = [operation["resource"]["kind"] for operation in made["operations"]]
    assert kinds == ["DestinationRule", "VirtualService"]
    assert made["blast_radius"]["measured"]
    assert [caller["app"] for caller in made["blast_radius"]["callers"]] == ["productpage"]
    assert "not found" in demo.kubectl("get", "vs", "reviews", check=False)

    change = apply(demo, split(v1=80, v3=20))
    written = json.loads(demo.kubectl("get", "vs", "reviews", "-o", "json"))
    weights = {
        route["destination"]["subset"]: route["weight"] for route in written["spec"]["http"][0]["route"]
    }
    assert weights == {"v1": 80, "v3": 20}
    until(
        lambda: 0.15 <= demo.share("reviews", "v3") <= 0.25 and not demo.share("reviews", "v2"),
        "20 % reach v3",
    )

    verified = until(lambda: judged(demo, change["id"]), "enough requests to judge it")
    assert verified["verdict"] == "as_intended", verified
    shares = {each["version"]: each["share"] for each in verified["versions"]}
    assert 10 <= shares["v3"] <= 30
    assert verified["e_value"] < 1

    status, revert = demo.post(f"api/v1/changes/{change['id']}/revert", {})
    assert (status, revert["state"]) == (200, "applied")
    assert "not found" in demo.kubectl("get", "vs", "reviews", check=False)
    until(lambda: demo.share("reviews", "v2") > 0.2, "all versions are served again")


def test_what_acts_is_told_as_badges_as_soon_as_the_console_has_heard_of_it(restored):
    apply(restored, split(v1=80, v3=20))
    until(
        lambda: ("reviews", "split", "80/20", "80 % v1, 20 % v3") in badges(restored), "the split is a badge"
    )


def badges(demo):
    status, found = demo.get("api/v1/badges?namespaces=bookinfo")
    assert status == 200, found
    return {tuple(each[key] for key in ("service", "kind", "short", "text")) for each in found["badges"]}


def test_what_somebody_else_wrote_survives_a_split(restored):
    demo = restored
    apply(demo, split(v1=100))
    patch = '{"spec":{"http":[{"name":"mine","match":[{"headers":{"end-user":{"exact":"jason"}}}],"route":[{"destination":{"host":"reviews","subset":"v1"}}],"timeout":"7s"},{"route":[{"destination":{"host":"reviews","subset":"v1"},"headers":{"request":{"set":{"x-kept":"1"}}}}],"retries":{"attempts":1}}]}}'  # noqa: E501
    demo.kubectl("patch", "vs", "reviews", "--type=merge", "-p", patch)
    apply(demo, split(v1=60, v3=40))
    http = json.loads(demo.kubectl("get", "vs", "reviews", "-o", "json"))["spec"]["http"]
    assert http[0] == json.loads(patch)["spec"]["http"][0]
    assert http[1]["retries"] == {"attempts": 1}
    assert http[1]["route"][0]["headers"] == {"request": {"set": {"x-kept": "1"}}}
    assert [route["weight"] for route in http[1]["route"]] == [60, 40]


def test_a_change_between_preview_and_apply_is_a_conflict_and_nothing_is_overwritten(restored):
    demo = restored
    apply(demo, split(v1=100))
    made = plan(demo, split(v1=50, v2=50))
    patch = '[{"op": "add", "path": "/spec/http/0/timeout", "value": "3s"}]'
    demo.kubectl("patch", "vs", "reviews", "--type=json", "-p", patch)
    before = demo.kubectl("get", "vs", "reviews", "-o", "json")
    status, answer = demo.post(f"api/v1/plans/{made['id']}/apply", {})
    assert (status, answer["error"]["code"]) == (409, "conflict")
    [conflict] = answer["error"]["conflicts"]
    assert any("timeout" in difference["path"] for difference in conflict["theirs_diff"])
    assert any(
        "weight" in difference["path"] or "route" in difference["path"]
        for difference in conflict["yours_diff"]
    )
    assert demo.kubectl("get", "vs", "reviews", "-o", "json") == before


def test_an_abort_for_one_header_hits_those_requests_and_clears_again(restored):
    demo = restored
    fault = {
        "kind": "fault",
        "namespace": "bookinfo",
        "service": "details",
        "abort": {"percentage": 100, "http_status": 503},
        "match": {"header": "end-user", "value": "jason"},
    }

    def failing():
        edges = demo.graph()["edges"]
        return sum(edge["response_flags"].get("FI", 0) for edge in edges)

    apply(demo, fault)
    until(failing, "aborted requests show in the graph")
    apply(demo, {"kind": "clear_fault", "namespace": "bookinfo", "service": "details"})
    until(lambda: not failing(), "no request is aborted any more")


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        (split(v1=80, v3=30), "rules[0].weights"),
        (split(v1=80, v9=20), "rules[0].weights"),
        (split() | {"service": "nobody", "weights": {"v1": 100}}, "rules[0].service"),
        (
            split() | {"kind": "fault", "delay": {"percentage": 101, "fixed_delay": "2s"}},
            "rules[0].delay.percentage",
        ),
        (
            split() | {"kind": "fault", "delay": {"percentage": 50, "fixed_delay": "0s"}},
            "rules[0].delay.fixed_delay",
        ),
        (
            split() | {"kind": "fault", "delay": {"percentage": 50, "fixed_delay": "5 parsecs"}},
            "rules[0].delay.fixed_delay",
        ),
    ],
)
def test_a_bad_rule_is_refused_at_its_field(demo, rule, field):
    if rule["kind"] == "fault":
        rule = {key: value for key, value in rule.items() if key != "weights"}
    status, answer = demo.post("api/v1/plans", {"rules": [rule]})
    assert status == 422
    assert any(error["field"].startswith(field) for error in answer["error"]["fields"]), answer


def test_the_page_of_numbers_follows_a_sidecar_within_three_seconds(restored):
    demo = restored
    until(lambda: any(edge["requests_per_second"] for edge in demo.graph()["edges"]), "traffic flows")
    rule = {
        "kind": "fault",
        "namespace": "bookinfo",
        "service": "details",
        "abort": {"percentage": 100, "http_status": 503},
    }
    apply(demo, rule)
    written = time.monotonic()
    until(lambda: any(edge["error_ratio"] > 0 for edge in demo.graph()["edges"]), "errors show", seconds=10)
    # Includes the way of the rule through the control plane to the Envoys.
    assert time.monotonic() - written < 6
