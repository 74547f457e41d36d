from datetime import timedelta

from localmesh.apiserver import kinds
from localmesh.workloads import events


def told(cluster):
    return [(each["reason"], each["count"]) for each in cluster.store.list(kinds.EVENTS)]


def test_the_same_event_counts_up_and_another_one_does_not(cluster):
    about = cluster.deploy()
    recorder = events.Recorder(cluster.store, "test", cluster.clock)
    recorder.warning(about, "Unhealthy", "does not answer")
    recorder.warning(about, "Unhealthy", "does not answer")
    recorder.warning(about, "Unhealthy", "answers nonsense")
    assert sorted(told(cluster)) == [("Unhealthy", 1), ("Unhealthy", 2)]


def test_events_are_forgotten_after_an_hour(cluster):
    recorder = events.Recorder(cluster.store, "test", cluster.clock)
    recorder.normal(cluster.deploy(), "Started", "started")
    events.forget_old(cluster.store, cluster.now + timedelta(minutes=59))
    assert told(cluster)
    events.forget_old(cluster.store, cluster.now + timedelta(minutes=61))
    assert not told(cluster)


def test_events_of_cluster_wide_objects_are_kept_in_default(cluster):
    node = cluster.store.create(kinds.NODES, {"metadata": {"name": "localmesh"}})
    events.Recorder(cluster.store, "test", cluster.clock).normal(node, "Ready", "is ready")
    assert cluster.store.list(kinds.EVENTS, "default")
