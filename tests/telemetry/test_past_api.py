"""The past over REST, with a source that remembers nothing itself."""

import time

import pytest
from django.test import Client

from cluster import connection
from telemetry import runtime
from telemetry.past import NoHistory, Reach
from telemetry.runtime import Runtime
from telemetry.samples import Samples, VolumeRate
from telemetry.shortfall import Shortfall
from telemetry.source import SourceUnavailable
from tests.telemetry.builders import durations, gateway, labels, rate
from tests.telemetry.fakes import FakeSource
from tests.telemetry.viewers import Rights, SignedIn, fake_cluster, owner, viewer

pytestmark = pytest.mark.django_db
EDGE = "app:bookinfo/productpage->app:bookinfo/reviews:http"
FROM_GATEWAY = "app:istio-system/istio-ingressgateway->app:bookinfo/productpage:http"
CALL = labels()
START = float(int(time.time()) // 60 * 60 - 600)
BOOKINFO_ONLY = frozenset({"bookinfo"})


@pytest.fixture(autouse=True)
def rights():
    rights = Rights()
    with connection.override(fake_cluster(rights)):
        yield rights


@pytest.fixture
def client() -> Client:
    return SignedIn(owner()).client


def at(seconds, *rates, **rest) -> Samples:
    return Samples(START + seconds, 10.0, tuple(rates), **rest)


def having_seen(source, *readings) -> Runtime:
    running = Runtime(source, tick_seconds=1.0, window_seconds=10.0)
    for reading in readings:
        latest = running.collector.look_back(reading)
        running.collector.latest = latest
        running.observed(latest, running.collector.state)
    return running


@pytest.fixture
def minute(monkeypatch) -> Runtime:
    """A minute in which reviews begins to fail, and the gateway to call."""
    good = [at(5 * n, rate(CALL, 10), durations=(durations(CALL, 0, 10, 10, 10, 10, 10),)) for n in range(6)]
    bad = [
        at(
            30 + 5 * n,
            rate(CALL, 6),
            rate(CALL, 2, "503"),
            rate(gateway(), 8),
            durations=(durations(CALL, 0, 0, 0, 4, 8, 8),),
            volumes=(VolumeRate(CALL, 100.0, 900.0),),
        )
        for n in range(6)
    ]
    return observing(monkeypatch, FakeSource(), *good, *bad)


def observing(monkeypatch, source, *readings) -> Runtime:
    running = having_seen(source, *readings)
    monkeypatch.setattr(runtime, "_runtimes", {"default": running})
    return running


def get(client, path, **query):
    return client.get(f"/api/v1/{path}", query)


def iso(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(START + seconds))


def error_of(response):
    error = response.json()["error"]
    return response.status_code, [each["field"] for each in error["fields"]], error


@pytest.mark.parametrize("path", ["history", "figures?id=x", "graph/comparison?before=1", "graph?at=1"])
def test_nobody_looks_back_without_a_sign_in(minute, path):
    assert Client().get(f"/api/v1/{path}").status_code == 401


def test_history_says_where_one_can_travel(client, minute):
    assert get(client, "history").json() == {
        "earliest": iso(0).replace("Z", ".000Z"),
        "latest": iso(55).replace("Z", ".000Z"),
        "step_seconds": 5.0,
        "source": "fake",
    }


def test_before_anything_is_kept_history_says_so(client, monkeypatch):
    observing(monkeypatch, FakeSource())
    answer = get(client, "history").json()
    assert (answer["earliest"], answer["latest"]) == (None, None)


def test_the_graph_of_a_moment_is_that_of_the_moment(client, minute):
    for moment in (iso(12), str(START + 12), iso(12).replace("Z", "+00:00"), iso(12).replace("Z", " 00:00")):
        answer = get(client, "graph", graph_type="app", at=moment).json()
        assert answer["taken_at"] == answer["source"]["taken_at"] == iso(10).replace("Z", ".000Z")
        assert [(edge["id"], edge["error_ratio"]) for edge in answer["edges"]] == [(EDGE, 0)]
    answer = get(client, "graph", graph_type="app", at=iso(59)).json()
    assert {edge["id"]: edge["error_ratio"] for edge in answer["edges"]} == {EDGE: 0.25, FROM_GATEWAY: 0}


def test_a_moment_shows_what_one_may_see_now_and_no_more(minute, rights):
    rights.of["ann"] = BOOKINFO_ONLY
    answer = get(SignedIn(viewer("ann")).client, "graph", graph_type="app", at=iso(59))
    assert b"gateway" not in answer.content
    assert {edge["source"] for edge in answer.json()["edges"]} == {"hidden", "app:bookinfo/productpage"}


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        ("yesterday", "no moment"),
        ("2026-03-01", "no moment"),
        ("2026-13-01T12:00:00Z", "no moment"),
        ("2026-03-01T12:00:00", "has no time zone"),
        ("-5", "no moment"),
        ("nan", "no moment"),
        ("1e9", "no moment"),
        ("9" * 400, "no moment"),
        (str(1000 * START), "no moment"),
        (str(START + 3600), "in the future"),
        ("9999-12-31T23:59:59Z", "in the future"),
    ],
)
def test_a_moment_that_cannot_be_is_refused_at_its_field(client, minute, moment, words):
    for path, field in (("graph", "at"), ("graph/comparison", "before"), ("figures", "since")):
        status, fields, error = error_of(get(client, path, **{"id": EDGE, field: moment}))
        assert (status, fields) == (400, [field])
        assert words in error["fields"][0]["message"]
        assert len(error["fields"][0]["message"]) < 200


def test_beyond_the_reach_one_is_told_how_far_it_goes(client, minute):
    for path, field in (("graph", "at"), ("graph/comparison", "before"), ("figures", "until")):
        status, fields, error = error_of(get(client, path, **{"id": EDGE, field: str(START - 60)}))
        assert (status, fields) == (404, [])
        assert f"from {iso(0)} to {iso(55)}" in error["message"]


def test_two_moments_stand_side_by_side(client, minute):
    answer = get(client, "graph/comparison", graph_type="app", before=iso(5), after=iso(55)).json()
    assert (answer["before"], answer["after"]) == tuple(iso(at).replace("Z", ".000Z") for at in (5, 55))
    edges = {edge.pop("id"): edge for edge in answer["edges"]}
    assert edges[EDGE]["before"]["requests_per_second"] == 10
    assert edges[EDGE]["after"] == {
        "requests_per_second": 8,
        "error_ratio": 0.25,
        "p50": 50,
        "p95": pytest.approx(95, abs=1),
        "p99": pytest.approx(99, abs=1),
        "bytes_per_second": 1000,
        "health": "failing",
    }
    assert (edges[FROM_GATEWAY]["before"], edges[FROM_GATEWAY]["after"]["requests_per_second"]) == (None, 8)
    came = [node["id"] for node in answer["nodes"] if node["before"] is None]
    assert came == ["app:istio-system/istio-ingressgateway"]


def test_a_moment_is_compared_with_now_where_no_other_is_named(client, minute):
    answer = get(client, "graph/comparison", graph_type="app", before=iso(5)).json()
    assert answer["after"] == iso(55).replace("Z", ".000Z")


def test_a_comparison_needs_a_moment(client, minute):
    assert error_of(get(client, "graph/comparison"))[:2] == (400, ["before"])


def test_a_comparison_shows_what_one_may_see_now_and_no_more(minute, rights):
    rights.of["ann"] = BOOKINFO_ONLY
    query = {"graph_type": "app", "before": iso(5), "after": iso(55)}
    answer = get(SignedIn(viewer("ann")).client, "graph/comparison", **query)
    assert b"gateway" not in answer.content
    assert EDGE in [edge["id"] for edge in answer.json()["edges"]]


def test_the_figures_of_an_edge_tell_codes_errors_latency_and_bytes(client, minute):
    answer = get(client, "figures", graph_type="app", id=EDGE, since=iso(0), until=iso(59)).json()
    assert (answer["id"], answer["step_seconds"], len(answer["t"])) == (EDGE, 5, 12)
    assert answer["t"][0] == START
    assert answer["codes"] == {"200": [10] * 6 + [6] * 6, "503": [0] * 6 + [2] * 6}
    assert answer["errors"] == [0] * 6 + [2] * 6
    assert (answer["p50"][0], answer["p50"][-1]) == (3, 50)
    assert answer["heat"]["edges_ms"] == [1, 5, 10, 50, 100, None]
    assert [row[-1] for row in answer["heat"]["per_second"]] == [0, 0, 0, 4, 4, 0]
    assert (answer["sent_bytes"][-1], answer["received_bytes"][-1]) == (100, 900)


def test_the_figures_of_a_node_are_what_it_receives_or_else_what_it_sends(client, minute):
    received = get(client, "figures", graph_type="app", id="app:bookinfo/productpage").json()
    assert sum(received["codes"]["200"]) == 6 * 8
    sent = get(client, "figures", graph_type="app", id="app:istio-system/istio-ingressgateway").json()
    assert sum(sent["codes"]["200"]) == 6 * 8


def test_a_range_that_begins_before_the_reach_begins_with_it(client, minute):
    answer = get(client, "figures", graph_type="app", id=EDGE, since=str(START - 3000)).json()
    assert answer["since"] == iso(0).replace("Z", ".000Z")


def test_fewer_points_are_means(client, minute):
    query = {"graph_type": "app", "id": EDGE, "since": iso(0), "until": iso(60), "points": 3}
    answer = get(client, "figures", **query).json()
    assert answer["step_seconds"] == 30
    assert answer["codes"] == {"200": [10, 6], "503": [0, 2]}


def test_nothing_at_all_is_told_of_an_edge_whose_other_end_one_may_not_see(minute, rights):
    rights.of["ann"] = BOOKINFO_ONLY
    client = SignedIn(viewer("ann")).client
    assert get(client, "figures", graph_type="app", id=EDGE).status_code == 200
    foreign = get(client, "figures", graph_type="app", id=FROM_GATEWAY)
    nonsense = get(client, "figures", graph_type="app", id="nonsense")
    assert foreign.status_code == nonsense.status_code == 404
    assert foreign.json() == nonsense.json()
    for everything in ("unknown", "hidden", "service:/host.example.org", "namespace:istio-system"):
        assert get(client, "figures", graph_type="app", id=everything).status_code == 404


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({}, "id"),
        ({"id": "a" * 1025}, "id"),
        ({"id": EDGE, "graph_type": "pie"}, "graph_type"),
        ({"id": EDGE, "points": "721"}, "points"),
        ({"id": EDGE, "points": "1"}, "points"),
        ({"id": EDGE, "since": str(START + 10), "until": str(START + 10)}, "since"),
    ],
)
def test_a_wrong_question_about_figures_is_refused_at_its_field(client, minute, query, field):
    assert error_of(get(client, "figures", **query))[:2] == (400, [field])


class Remembering(FakeSource):
    """A source with a memory of its own, which answers with an exception."""

    def __init__(self, error):
        super().__init__()
        self.error = error

    async def reach(self):
        return Reach(START - 86400, START + 55, 15.0)

    async def samples_at(self, moment):
        raise self.error

    async def samples_between(self, subject, since, until, step_seconds):
        raise self.error


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (SourceUnavailable(Shortfall("Prometheus is away.")), 503, "Prometheus is away."),
        (SourceUnavailable("dial tcp vault-0"), 503, "dial tcp vault-0"),
        (TimeoutError(), 503, "did not answer within"),
        (NoHistory("Prometheus keeps 2 hours."), 404, "Prometheus keeps 2 hours."),
    ],
)
def test_a_source_with_a_memory_is_asked_itself_and_its_trouble_is_told(
    client, monkeypatch, error, status, words
):
    observing(monkeypatch, Remembering(error))
    assert get(client, "history").json()["step_seconds"] == 15.0
    for path in ("graph", "figures", "graph/comparison"):
        query = {"id": EDGE, "at": iso(0), "before": iso(0), "after": iso(50)}
        found, _, said = error_of(get(client, path, **query))
        assert (found, words in said["message"]) == (status, True)


def test_what_another_server_says_is_not_for_everybody(rights, monkeypatch):
    observing(monkeypatch, Remembering(SourceUnavailable("dial tcp vault-0")))
    rights.of["ann"] = BOOKINFO_ONLY
    answer = get(SignedIn(viewer("ann")).client, "graph", at=iso(0))
    assert answer.status_code == 503
    assert b"vault" not in answer.content


def test_with_a_memory_of_its_own_nothing_is_recorded_beside_it(monkeypatch):
    running = observing(monkeypatch, Remembering(TimeoutError()), at(0, rate(CALL, 1)))
    assert running.recorder is None
