import pytest

from localmesh.apiserver import kinds
from localmesh.workloads import tuning
from localmesh.workloads.events import Recorder
from localmesh.workloads.settings import TuningSource


@pytest.fixture
def source(cluster):
    return TuningSource(cluster.store, Recorder(cluster.store, "kubelet", cluster.clock))


def annotate(cluster, key, value):
    deployment = cluster.deployment()
    deployment["metadata"]["annotations"] = {key: value}
    cluster.store.update(kinds.DEPLOYMENTS, deployment)


def deployed(cluster, **spec):
    cluster.deploy(replicas=1, **spec)
    cluster.settle()
    return cluster.pods()[0]


def test_a_pod_has_the_tuning_of_its_deployment(cluster, source):
    pod = deployed(cluster)
    annotate(cluster, tuning.DELAY, "200ms")
    assert source.of(pod) == {"delay_ms": 200.0, "error_ratio": 0.0}


def test_turning_a_knob_starts_no_rollout(cluster):
    deployed(cluster)
    annotate(cluster, tuning.ERROR_PERCENT, "5")
    cluster.settle()
    assert len(cluster.replica_sets()) == 1


def test_a_bad_value_is_told_once_as_an_event_of_the_deployment(cluster, source):
    pod = deployed(cluster)
    annotate(cluster, tuning.ERROR_PERCENT, "5 parsecs")
    for _ in range(3):
        assert source.of(pod)["error_ratio"] == 0
    [event] = [each for each in cluster.store.list(kinds.EVENTS) if each["reason"] == "InvalidTuning"]
    assert event["count"] == 1
    assert "5 parsecs" in event["message"]


def test_a_pod_of_its_own_has_its_own_annotations(cluster, source):
    pod = deployed(cluster)
    pod["metadata"] = {**pod["metadata"], "ownerReferences": [], "annotations": {tuning.DELAY: "1s"}}
    assert source.of(pod)["delay_ms"] == 1000


def test_traffic_goes_to_the_ready_endpoints_of_its_target(cluster, source):
    deployed(cluster)
    ports = [{"name": "http", "port": 80, "targetPort": 9080}]
    cluster.store.create(
        kinds.SERVICES,
        {
            "metadata": {"name": "reviews", "namespace": "bookinfo"},
            "spec": {"selector": {"app": "reviews"}, "ports": ports},
        },
    )
    cluster.settle()
    traffic = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "traffic", "namespace": "load", "uid": "1"},
        "spec": {
            "containers": [
                {
                    "name": "traffic",
                    "image": "localmesh/traffic",
                    "env": [{"name": "TARGET", "value": "http://reviews.bookinfo/reviews/0"}],
                }
            ]
        },
    }
    assert source.of(traffic) == {
        "requests_per_second": 20.0,
        "targets": ["http://127.9.1.1:9080/reviews/0"],
    }
