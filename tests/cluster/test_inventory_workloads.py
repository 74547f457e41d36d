"""Workloads: what makes pods, each once, under the name of who is really in charge."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster import inventory, kinds, objects
from tests.cluster.building import NAMESPACE, deployment, maker, meta, namespace, pod, read

LABELS = {"app": "reviews", "version": "v1"}


def cron_job(name, *, suspend=False):
    template = {"spec": {"template": {"metadata": {"labels": {"app": name}}}}}
    return read(
        objects.CronJob, {"metadata": meta(name), "spec": {"suspend": suspend, "jobTemplate": template}}
    )


def made(by_kind=None, pods=(), **more):
    return {f"{each.kind} {each.name}": each for each in inventory.workloads(by_kind or {}, pods, **more)}


def replica_set(name, owner=None, **parts):
    return maker(name, LABELS, owner=owner, **parts)


def test_a_replica_set_counts_for_its_deployment():
    found = made(
        {
            kinds.DEPLOYMENT: [maker("reviews", LABELS, replicas=2)],
            kinds.REPLICA_SET: [
                replica_set("reviews-old", ("Deployment", "reviews"), replicas=0),
                replica_set("reviews-new", ("Deployment", "reviews"), replicas=2),
            ],
        },
        [
            pod(name="a", owner=("ReplicaSet", "reviews-new")),
            pod(name="b", owner=("ReplicaSet", "reviews-old")),
        ],
    )
    assert list(found) == ["Deployment reviews"]
    assert (found["Deployment reviews"].wanted, found["Deployment reviews"].pods) == (2, 2)


def test_a_bare_replica_set_is_a_workload():
    found = made({kinds.REPLICA_SET: [replica_set("old")]}, [pod(owner=("ReplicaSet", "old"))])
    assert [(each.kind, each.name, each.pods) for each in found.values()] == [("ReplicaSet", "old", 1)]


def test_a_replica_set_of_something_unknown_stays_one_and_names_its_owner():
    found = made(
        {kinds.REPLICA_SET: [replica_set("x-1", ("Website", "x"))]}, [pod(owner=("ReplicaSet", "x-1"))]
    )
    assert found["ReplicaSet x-1"].owner == "Website x"
    assert found["ReplicaSet x-1"].pods == 1


def test_a_rollout_that_cannot_be_read_stands_there_by_its_replica_sets():
    sets = [
        replica_set("r-a", ("Rollout", "r"), replicas=1),
        replica_set("r-b", ("Rollout", "r"), replicas=3),
    ]
    pods = [pod(name=name, owner=("ReplicaSet", "r-b")) for name in "abc"]
    found = made({kinds.REPLICA_SET: sets}, pods)
    assert list(found) == ["Rollout r"]
    assert (found["Rollout r"].wanted, found["Rollout r"].pods, found["Rollout r"].version) == (4, 3, "v1")


def test_a_rollout_that_can_be_read_says_itself_what_it_wants():
    rollout = maker("r", LABELS, replicas=5)
    sets = [replica_set("r-a", ("Rollout", "r"), replicas=1)]
    assert made({kinds.ROLLOUT: [rollout], kinds.REPLICA_SET: sets})["Rollout r"].wanted == 5


@pytest.mark.parametrize(
    ("label", "kind"), [("pod-template-hash", "Deployment"), ("rollouts-pod-template-hash", "Rollout")]
)
def test_where_replica_sets_were_not_read_the_hash_leads_to_the_owner(label, kind):
    mine = pod(labels={label: "5d8f"}, owner=("ReplicaSet", "reviews-v1-5d8f"))
    assert list(made({}, [mine])) == [f"{kind} reviews-v1"]
    assert list(made({}, [pod(owner=("ReplicaSet", "reviews-v1-5d8f"))])) == ["ReplicaSet reviews-v1-5d8f"]


def test_a_job_counts_for_its_cron_job_and_a_bare_one_for_itself():
    jobs = [
        maker("nightly-1", owner=("CronJob", "nightly"), replicas=None, status={"active": 1}),
        maker("once", replicas=None, status={"active": 2}),
    ]
    pods = [pod(name="a", owner=("Job", "nightly-1")), pod(name="b", owner=("Job", "once"))]
    found = made({kinds.CRON_JOB: [cron_job("nightly", suspend=True)], kinds.JOB: jobs}, pods)
    assert sorted(found) == ["CronJob nightly", "Job once"]
    assert found["CronJob nightly"].suspended
    assert [(each.wanted, each.pods) for each in found.values()] == [(1, 1), (2, 1)]


def test_a_daemon_set_wants_what_its_nodes_ask_for():
    daemons = maker("agent", replicas=None, status={"desiredNumberScheduled": 7})
    assert made({kinds.DAEMON_SET: [daemons]})["DaemonSet agent"].wanted == 7


def test_a_deployment_that_says_nothing_wants_one_pod():
    assert made({kinds.DEPLOYMENT: [maker("x", replicas=None)]})["Deployment x"].wanted == 1


def test_a_pod_that_nothing_makes_is_a_workload_and_so_is_a_static_one():
    found = made({}, [pod(name="lonely"), pod(name="etcd-node1", owner=("Node", "node1"))])
    assert sorted(found) == ["Pod etcd-node1", "Pod lonely"]


def test_an_operator_s_pods_belong_to_what_owns_them():
    assert list(made({}, [pod(owner=("StrimziPodSet", "kafka"))])) == ["StrimziPodSet kafka"]


def test_an_app_without_a_label_is_named_after_the_workload_and_its_version_is_the_latest():
    (found,) = made({kinds.DEPLOYMENT: [maker("x")]}).values()
    assert (found.app, found.version) == ("x", "latest")


def test_pods_are_counted_by_how_they_join_the_mesh():
    redirected = {"annotations": {"ambient.istio.io/redirection": "enabled"}}
    pods = [
        pod(name="a", owner=("StatefulSet", "s")),
        pod(name="b", owner=("StatefulSet", "s"), sidecar=False, **redirected),
        pod(name="c", owner=("StatefulSet", "s"), sidecar=False),
        pod(name="d", owner=("StatefulSet", "s"), phase="Succeeded"),
    ]
    found = made({}, pods, namespaces=[namespace(istio_injection="enabled")])["StatefulSet s"]
    assert (found.pods, found.pods_with_sidecar, found.pods_ambient, found.pods_missing_proxy) == (3, 1, 1, 1)


def test_where_pods_may_not_be_listed_a_workload_speaks_for_itself():
    by_kind = {
        kinds.DEPLOYMENT: [deployment("v1", status={"replicas": 3, "readyReplicas": 1})],
        kinds.DAEMON_SET: [maker("agent", status={"currentNumberScheduled": 4, "numberReady": 4})],
    }
    found = inventory.workloads(by_kind, [], pods_hidden={NAMESPACE})
    assert [(each.pods, each.ready_pods, each.pods_known) for each in found] == [(4, 4, False), (3, 1, False)]


KINDS = (kinds.DEPLOYMENT, kinds.REPLICA_SET, kinds.JOB, kinds.CRON_JOB, kinds.STATEFUL_SET)
NAMES = st.sampled_from(["a", "b", "c"])
OWNERS = st.none() | st.tuples(st.sampled_from([kind.kind for kind in KINDS] + ["Rollout", "Node"]), NAMES)


@given(
    st.lists(st.tuples(st.sampled_from(KINDS[:3]), NAMES, OWNERS), max_size=8),
    st.lists(OWNERS, max_size=12),
)
def test_every_pod_counts_for_exactly_one_workload(makers, owners):
    by_kind = {kind: [] for kind in KINDS}
    for kind, name, owner in makers:
        by_kind[kind].append(maker(name, LABELS, owner=owner))
    pods = [pod(name=f"p{n}", owner=owner) for n, owner in enumerate(owners)]
    found = inventory.workloads(by_kind, pods)
    assert sum(each.pods for each in found) == len(pods)
    assert len({(each.kind, each.name) for each in found}) == len(found)
