"""The graph and its figures over REST."""

import pytest
from django.test import Client

from cluster import connection
from telemetry import runtime
from telemetry.frames import SourceState
from telemetry.observation import Observation
from telemetry.runtime import Runtime
from telemetry.shortfall import Failure, Shortfall
from tests.telemetry.builders import gateway, labels, rate, samples
from tests.telemetry.fakes import FakeSource
from tests.telemetry.viewers import Rights, SignedIn, fake_cluster, owner, viewer

pytestmark = pytest.mark.django_db
EDGE = "app:bookinfo/productpage->app:bookinfo/reviews:http"


@pytest.fixture(autouse=True)
def rights():
    """Of two clusters, default and west."""
    rights = Rights()
    with connection.override(fake_cluster(rights), west=fake_cluster(rights)):
        yield rights


@pytest.fixture
def client() -> Client:
    return SignedIn(owner()).client


def having_read(*rates) -> Runtime:
    """A runtime that has read once and is not running."""
    running = Runtime(FakeSource(), tick_seconds=1.0, window_seconds=10.0)
    latest = Observation(7, 1000.0, 0.0, samples(*rates))
    running.collector.latest = latest
    running.observed(latest, running.collector.state)
    return running


@pytest.fixture
def observed(monkeypatch) -> Runtime:
    running = having_read(rate(gateway(), 4), rate(labels(), 3))
    west = having_read(rate(labels(), 30))
    monkeypatch.setattr(runtime, "_runtimes", {"default": running, "west": west})
    return running


def fields(response) -> list[str]:
    assert response.json()["error"]["code"] == "invalid"
    return [field["field"] for field in response.json()["error"]["fields"]]


def test_nobody_sees_the_graph_without_a_sign_in(observed):
    assert Client().get("/api/v1/graph").status_code == 401
    assert Client().get("/api/v1/series?id=x").status_code == 401


def test_the_graph_is_answered_in_the_agreed_shape(client, observed):
    answer = client.get("/api/v1/graph?graph_type=app&namespaces=bookinfo").json()
    assert (answer["seq"], answer["taken_at"], answer["graph_type"], answer["namespaces"]) == (
        7, "1970-01-01T00:16:40.000Z", "app", ["bookinfo"],
    )  # fmt: skip
    assert "type" not in answer
    assert answer["edges"][0]["id"] == EDGE
    assert {node["id"] for node in answer["nodes"]} >= {"app:bookinfo/productpage", "app:bookinfo/reviews"}


def test_without_a_question_it_is_the_versioned_app_graph_of_all_namespaces(client, observed):
    for query in ("", "?namespaces=", "?namespaces=,"):
        answer = client.get(f"/api/v1/graph{query}").json()
        assert (answer["graph_type"], answer["namespaces"], len(answer["edges"])) == ("versioned_app", [], 2)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("graph_type=pie", "graph_type"),
        ("namespaces=No%20Such", "namespaces"),
        ("namespaces=-a", "namespaces"),
        ("namespaces=" + ",".join(f"n{n}" for n in range(101)), "namespaces"),
        ("namespaces=*", "namespaces"),
        ("fold=*", "fold"),
        ("unfold=a,b_c", "unfold"),
        ("focus=" + "a" * 1025, "focus"),
        ("depth=0", "depth"),
        ("depth=six", "depth"),
        ("idle=perhaps", "idle"),
    ],
)
def test_a_wrong_question_is_refused_at_its_field(client, observed, query, field):
    response = client.get(f"/api/v1/graph?{query}")
    assert response.status_code == 400
    assert fields(response) == [field]


def test_namespaces_are_folded_and_what_is_near_is_cut_out(client, observed):
    folded = client.get("/api/v1/graph?graph_type=app&fold=bookinfo,*outside&depth=5").json()
    assert (folded["folded"], folded["left_out"]) == (["bookinfo"], {"nodes": 0, "edges": 0})
    assert [(node["id"], node["members"]) for node in folded["nodes"]] == [
        ("app:istio-system/istio-ingressgateway", 0),
        ("namespace:bookinfo", 2),
    ]
    near = client.get("/api/v1/graph?graph_type=app&focus=app:bookinfo/reviews&unfold=*").json()
    assert [node["app"] for node in near["nodes"]] == ["productpage", "reviews"]


def test_old_figures_are_answered_as_old(client, observed):
    observed.collector.state = SourceState(
        "fake", "stale", 10.0, since=1001.0, shortfall=Shortfall("away"), taken_at=1000.0
    )
    source = client.get("/api/v1/graph").json()["source"]
    assert (source["state"], source["since"], source["message"]) == (
        "stale",
        "1970-01-01T00:16:41.000Z",
        "away",
    )


def test_before_the_first_reading_there_is_nothing_to_answer(client, observed):
    observed.collector.latest = None
    response = client.get("/api/v1/graph")
    assert (response.status_code, response.json()["error"]["code"]) == (503, "unavailable")


def test_a_process_without_a_collector_says_so(client):
    assert client.get("/api/v1/graph").status_code == 503


def test_series_are_answered_by_id(client, observed):
    answer = client.get("/api/v1/series", {"graph_type": "app", "id": EDGE}).json()
    assert (answer["id"], answer["step_seconds"], answer["t"], answer["requests"]) == (
        EDGE,
        1.0,
        [1000.0],
        [3.0],
    )


def test_an_unknown_id_is_not_found(client, observed):
    response = client.get("/api/v1/series", {"id": "nothing"})
    assert (response.status_code, response.json()["error"]["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("query", "field"),
    [({}, "id"), ({"id": "x", "seconds": "0"}, "seconds"), ({"id": "x", "seconds": "3601"}, "seconds")],
)
def test_a_wrong_question_for_series_is_refused_at_its_field(client, observed, query, field):
    response = client.get("/api/v1/series", query)
    assert response.status_code == 400
    assert fields(response) == [field]


def test_the_openapi_document_names_every_field(client, settings):
    document = client.get("/api/v1/schema/?format=json").json()
    shapes = document["components"]["schemas"]
    assert {"source", "target", "share", "latency_ms"} <= shapes["Edge"]["properties"].keys()
    assert "source" in shapes["Graph"]["properties"]
    assert {"errors", "p99"} <= shapes["Series"]["properties"].keys()
    assert {"/api/v1/graph", "/api/v1/series"} <= document["paths"].keys()


def test_each_cluster_has_its_own_graph(client, observed):
    (edge,) = client.get("/clusters/west/api/v1/graph?graph_type=app").json()["edges"]
    assert (edge["id"], edge["requests_per_second"]) == (EDGE, 30)
    answer = client.get("/clusters/west/api/v1/series", {"graph_type": "app", "id": EDGE}).json()
    assert answer["requests"] == [30]
    assert client.get("/clusters/nowhere/api/v1/graph").status_code == 404


@pytest.fixture
def lena(rights) -> Client:
    """She may read bookinfo, and nothing else."""
    rights.of["lena"] = frozenset({"bookinfo"})
    return SignedIn(viewer("lena")).client


@pytest.mark.parametrize("graph_type", ["versioned_app", "app", "workload", "service"])
def test_another_namespace_has_no_name_in_the_graph(lena, observed, graph_type):
    observed.collector.state = SourceState(
        "fake",
        "ok",
        10.0,
        shortfall=Shortfall("", "istio-system", {}, (Failure("istio-system", "x", "hangs"),)),
    )
    response = lena.get(f"/api/v1/graph?graph_type={graph_type}")
    assert response.status_code == 200
    assert b"istio" not in response.content
    assert [node["kind"] for node in response.json()["nodes"]].count("hidden") == 1
    assert sum(edge["requests_per_second"] for edge in response.json()["edges"]) == 7


def test_figures_are_told_of_what_may_be_seen_only(lena, observed):
    def asked(series_id):
        return lena.get("/api/v1/series", {"graph_type": "app", "id": series_id})

    assert asked(EDGE).json()["requests"] == [3]
    hidden = asked("app:istio-system/istio-ingressgateway")
    absent = asked("app:nowhere/nothing")
    redacted = asked("hidden->app:bookinfo/productpage:http")
    assert hidden.status_code == absent.status_code == redacted.status_code == 404
    assert hidden.content == absent.content == redacted.content


def test_who_may_read_nothing_gets_an_empty_graph(rights, observed):
    answer = SignedIn(viewer("nobody")).client.get("/api/v1/graph").json()
    assert (answer["nodes"], answer["edges"]) == ([], [])


def test_rights_that_cannot_be_asked_for_are_no_rights(lena, rights, observed):
    rights.away = True
    response = lena.get("/api/v1/graph")
    assert (response.status_code, response.json()["error"]["code"]) == (503, "unavailable")
    assert "What you may see could not be asked" in response.json()["error"]["message"]
    assert lena.get("/api/v1/series", {"graph_type": "app", "id": EDGE}).status_code == 503
