"""What runs without traffic, and what its annotations say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster import decoding, kinds, objects
from telemetry import roster
from telemetry.folding import Folding
from telemetry.graph import GRAPH_TYPES, Limits
from telemetry.observation import Observation
from telemetry.roster import NOBODY
from tests.telemetry.builders import gateway, labels, rate, samples
from tests.telemetry.meshes import NAMESPACES, names_hidden_from, readings, rights

RATE = "health.kiali.io/rate"


def item(kind, name, namespace="bookinfo", *, spec=None, **metadata):
    manifest = {"metadata": {"name": name, "namespace": namespace, **metadata}, "spec": spec or {}}
    return decoding.convert(manifest, objects.shape_of(kind))


def deployment(app, version, namespace="bookinfo", **metadata):
    carried = {"app": app, "version": version}
    template = {"metadata": {"labels": carried}}
    return item(kinds.DEPLOYMENT, f"{app}-{version}", namespace, spec={"template": template}, **metadata)


def service(name, namespace="bookinfo", selector=None, **metadata):
    chosen = {"app": name} if selector is None else selector
    return item(kinds.SERVICE, name, namespace, spec={"selector": chosen}, **metadata)


def found(*items):
    """The roster of services and Deployments."""
    by_kind = {kinds.SERVICE: [], kinds.DEPLOYMENT: []}
    for each in items:
        by_kind[kinds.SERVICE if isinstance(each, objects.Service) else kinds.DEPLOYMENT].append(each)
    return roster.of(by_kind)


BOOKINFO = (
    service("reviews"),
    service("outside", selector={}),
    deployment("reviews", "v1"),
    deployment("reviews", "v2"),
    deployment("batch", "v1"),
)


def graph(graph_type, *items, taken=None, visible=None, folded=None, limits=None):
    observation = Observation(1, 1000.0, 1.0, taken or samples(), limits, roster=found(*(items or BOOKINFO)))
    return observation.graph(graph_type, visible, folded or Folding(), idle=True)


@pytest.mark.parametrize(
    ("graph_type", "ids"),
    [
        ("versioned_app", ["app:bookinfo/batch/v1", "app:bookinfo/reviews/v1", "app:bookinfo/reviews/v2"]),
        ("app", ["app:bookinfo/batch", "app:bookinfo/reviews"]),
        ("workload", [f"workload:bookinfo/{each}" for each in ("batch-v1", "reviews-v1", "reviews-v2")]),
        ("service", ["service:bookinfo/reviews"]),
    ],
)
def test_what_runs_is_there_without_any_traffic(graph_type, ids):
    shown = graph(graph_type)
    assert list(shown.nodes) == sorted(shown.nodes)
    assert set(shown.nodes) == {*ids, "service:bookinfo/outside"}
    assert {(node.health, node.requests_per_second) for node in shown.nodes.values()} == {("idle", 0)}
    assert set(shown.node_latency) == set(shown.nodes)


def test_an_idle_node_says_what_is_known_of_it():
    both, one = (
        graph("app").nodes["app:bookinfo/reviews"],
        graph("versioned_app").nodes["app:bookinfo/reviews/v1"],
    )
    assert (both.workload, both.service, both.version) == ("", "reviews", "")
    assert (one.workload, one.service, one.version, one.app) == ("reviews-v1", "reviews", "v1", "reviews")
    assert graph("app").nodes["app:bookinfo/batch"].service == ""


@pytest.mark.parametrize("graph_type", GRAPH_TYPES)
def test_what_has_traffic_is_the_same_node(graph_type):
    taken = samples(rate(labels("batch-v1", "reviews-v1"), 3), rate(labels("batch-v1", "reviews-v2"), 3))
    with_traffic = Observation(1, 1000.0, 1.0, taken).graph(graph_type)
    shown = graph(graph_type, taken=taken)
    idle = {each for each, node in shown.nodes.items() if node.health == "idle"}
    assert idle == {"service:bookinfo/outside"}
    assert {each: node for each, node in shown.nodes.items() if each not in idle} == with_traffic.nodes
    assert shown.edges == with_traffic.edges


def test_a_gateway_that_only_calls_is_not_idle_as_a_service():
    name = "istio-ingressgateway"
    taken = samples(rate(gateway(), 3))
    shown = graph("service", service(name, "istio-system"), taken=taken)
    assert [each for each in shown.nodes if name in each] == [f"app:istio-system/{name}"]


def test_without_being_asked_for_it_is_not_there():
    assert Observation(1, 1000.0, 1.0, samples(), roster=found(*BOOKINFO)).graph("app").nodes == {}


def test_a_folded_namespace_counts_its_idle_nodes():
    shown = graph("app", taken=samples(rate(gateway(), 1)), folded=Folding(frozenset({"bookinfo"})))
    assert shown.nodes["namespace:bookinfo"].members == 4
    assert set(shown.nodes) == {"namespace:bookinfo", "app:istio-system/istio-ingressgateway"}
    nothing = graph("app", folded=Folding(frozenset({"bookinfo"})))
    assert [(node.id, node.members, node.health) for node in nothing.nodes.values()] == [
        ("namespace:bookinfo", 3, "idle")
    ]


def test_a_job_is_nothing_that_waits_for_traffic():
    assert kinds.JOB not in roster.KINDS
    assert kinds.CRON_JOB not in roster.KINDS


def test_what_is_idle_runs_at_home():
    taken = samples(rate(labels(destination_cluster="west"), 1))
    assert graph("app", taken=taken, limits=Limits(home="east")).nodes["app:bookinfo/batch"].cluster == "east"


def test_annotations_say_how_much_may_fail():
    annotated = service("reviews", annotations={RATE: "5xx,20,50,http,inbound"})
    failing = samples(rate(labels(), 7), rate(labels(), 3, "500"))
    known = found(annotated)
    observation = Observation(
        1, 1000.0, 1.0, failing, Limits(tolerances=Limits().tolerances.with_annotations(known.annotated))
    )
    health = {node.app: node.health for node in observation.graph("app").nodes.values()}
    assert health == {"productpage": "failing", "reviews": "degraded"}
    assert known.notes == ()


def test_an_annotation_that_cannot_be_read_is_told_of_once_and_not_used():
    owner = {"kind": "Deployment", "name": "reviews-v1", "controller": True}
    copy = item(kinds.REPLICA_SET, "reviews-v1-5d", annotations={RATE: "nonsense"}, ownerReferences=[owner])
    bad = deployment("reviews", "v1", annotations={RATE: "nonsense"})
    known = roster.of({kinds.DEPLOYMENT: [bad], kinds.REPLICA_SET: [copy]})
    assert known.annotated == {}
    (note,) = known.notes
    assert note.namespace == "bookinfo"
    assert note.text == (
        "The annotation health.kiali.io/rate of the workload bookinfo/reviews-v1 is not used: "
        "'nonsense' is not code,degraded,failure,protocol,direction."
    )


def test_the_annotation_of_a_workload_that_something_else_manages_counts():
    owner = {"kind": "Operated", "name": "it", "controller": True}
    managed = deployment(
        "reviews", "v1", annotations={RATE: "5xx,20,50,http,inbound"}, ownerReferences=[owner]
    )
    assert list(found(managed).annotated) == [("workload", "bookinfo", "reviews-v1")]


def mesh_wide():
    """Of every namespace a workload and a service that never had traffic."""
    return [
        each
        for namespace in NAMESPACES
        for each in (
            deployment(f"{namespace}-idle", "v1", namespace),
            service(f"{namespace}-lonely", namespace),
        )
    ]


@given(readings(), rights, st.sampled_from(GRAPH_TYPES), st.frozensets(st.sampled_from(NAMESPACES)))
def test_nobody_learns_of_what_runs_where_he_may_not_look(taken, visible, graph_type, folded):
    shown = graph(graph_type, *mesh_wide(), taken=taken, visible=visible, folded=Folding(folded & visible))
    told = repr(shown).encode()
    assert [name for name in names_hidden_from(visible) if name in told] == []
    for namespace in visible - folded:
        assert any(node.namespace == namespace and node.health == "idle" for node in shown.nodes.values())


def test_nobody_runs_where_nothing_was_listed():
    assert roster.of({}) == NOBODY
