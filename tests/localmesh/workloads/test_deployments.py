from localmesh.apiserver import kinds
from localmesh.workloads.deployments import HASH, REVISION
from localmesh.workloads.objects import condition, name

ONE_AT_A_TIME = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}


def rolled_out(deployment):
    """What `kubectl rollout status` waits for."""
    wanted, status = deployment["spec"]["replicas"], deployment.get("status", {})
    return (
        status.get("observedGeneration", 0) >= deployment["metadata"]["generation"]
        and status.get("updatedReplicas", 0) == wanted
        and status.get("replicas", 0) == wanted
        and status.get("availableReplicas", 0) == wanted
    )


def sizes(cluster):
    return {
        each["metadata"]["annotations"][REVISION]: each["spec"]["replicas"] for each in cluster.replica_sets()
    }


def test_a_deployment_becomes_a_replica_set_and_its_pods(cluster):
    cluster.deploy()
    cluster.settle()
    [replica_set] = cluster.replica_sets()
    assert name(replica_set).startswith("reviews-")
    assert len(cluster.pods()) == 2
    for pod in cluster.pods():
        assert pod["metadata"]["labels"][HASH] == name(replica_set).removeprefix("reviews-")
    assert rolled_out(cluster.deployment())


def test_the_status_tells_the_truth_before_the_pods_are_ready(cluster):
    cluster.deploy()
    cluster.settle(ready=False)
    deployment = cluster.deployment()
    assert deployment["status"]["unavailableReplicas"] == 2
    assert condition(deployment, "Available")["status"] == "False"
    assert condition(deployment, "Progressing")["reason"] == "ReplicaSetUpdated"
    assert not rolled_out(deployment)


def test_a_finished_rollout_is_told_as_kubectl_expects(cluster):
    cluster.deploy()
    cluster.settle()
    deployment = cluster.deployment()
    assert condition(deployment, "Available")["reason"] == "MinimumReplicasAvailable"
    assert condition(deployment, "Progressing")["reason"] == "NewReplicaSetAvailable"
    assert deployment["metadata"]["annotations"][REVISION] == "1"


def test_scaling_changes_the_replica_set_and_starts_no_rollout(cluster):
    cluster.deploy()
    cluster.settle()
    cluster.change(replicas=4)
    cluster.settle()
    assert sizes(cluster) == {"1": 4}
    cluster.change(replicas=0)
    cluster.settle()
    assert cluster.pods() == []
    assert rolled_out(cluster.deployment())


def test_a_new_template_rolls_out_one_pod_at_a_time(cluster):
    cluster.deploy(strategy=ONE_AT_A_TIME)
    cluster.settle()
    cluster.set_image("2")
    cluster.settle(ready=False)
    assert sizes(cluster) == {"1": 2, "2": 1}
    cluster.settle()
    assert sizes(cluster) == {"1": 0, "2": 2}
    assert {pod["spec"]["containers"][0]["image"] for pod in cluster.pods()} == {
        "examples-bookinfo-reviews-v1:2"
    }
    assert rolled_out(cluster.deployment())


def test_a_rollout_whose_pods_never_become_ready_keeps_the_old_ones_serving(cluster):
    cluster.deploy(strategy=ONE_AT_A_TIME, progressDeadlineSeconds=60)
    cluster.settle()
    cluster.set_image("bad")
    cluster.settle(ready=False)
    cluster.settle(ready=False, seconds=61)
    deployment = cluster.deployment()
    assert condition(deployment, "Progressing")["reason"] == "ProgressDeadlineExceeded"
    assert condition(deployment, "Available")["status"] == "True"
    assert sizes(cluster) == {"1": 2, "2": 1}


def test_a_restart_is_a_new_revision(cluster):
    cluster.deploy()
    cluster.settle()
    before = {name(pod) for pod in cluster.pods()}
    template = cluster.deployment()["spec"]["template"]
    template["metadata"]["annotations"] = {"kubectl.kubernetes.io/restartedAt": "2026-01-01T12:00:00Z"}
    cluster.change(template=template)
    cluster.settle()
    assert before.isdisjoint({name(pod) for pod in cluster.pods()})
    assert cluster.deployment()["metadata"]["annotations"][REVISION] == "2"


def test_an_undo_takes_the_old_replica_set_back_as_the_newest_revision(cluster):
    cluster.deploy()
    cluster.settle()
    cluster.set_image("2")
    cluster.settle()
    cluster.set_image("1")
    cluster.settle()
    assert sizes(cluster) == {"2": 0, "3": 2}
    assert cluster.deployment()["metadata"]["annotations"][REVISION] == "3"


def test_a_paused_deployment_scales_but_does_not_roll_out(cluster):
    cluster.deploy()
    cluster.settle()
    cluster.change(paused=True)
    cluster.set_image("2")
    cluster.change(replicas=3)
    cluster.settle()
    assert len(cluster.replica_sets()) == 1
    cluster.change(paused=False)
    cluster.settle()
    assert sizes(cluster) == {"1": 0, "2": 3}


def test_a_recreation_ends_all_old_pods_before_the_first_new_one(cluster):
    cluster.deploy(strategy={"type": "Recreate"})
    cluster.settle()
    for pod in cluster.pods():
        pod["metadata"]["finalizers"] = ["localmesh/processes"]
        cluster.store.update(kinds.PODS, pod)
    cluster.set_image("2")
    cluster.settle()
    assert sizes(cluster) == {"1": 0}
    for pod in cluster.pods():
        pod["metadata"].pop("finalizers")
        cluster.store.update(kinds.PODS, pod)
    cluster.settle()
    assert sizes(cluster) == {"1": 0, "2": 2}


def test_only_so_many_old_revisions_are_kept(cluster):
    cluster.deploy(revisionHistoryLimit=1)
    for tag in ("1", "2", "3", "4"):
        cluster.set_image(tag)
        cluster.settle()
    assert sorted(sizes(cluster)) == ["3", "4"]


def test_a_pod_counts_as_available_only_after_its_minimum_time(cluster):
    cluster.deploy(minReadySeconds=10)
    cluster.settle()
    assert cluster.deployment()["status"]["readyReplicas"] == 2
    assert "availableReplicas" not in cluster.deployment()["status"]
    cluster.settle(seconds=10)
    assert cluster.deployment()["status"]["availableReplicas"] == 2


def test_what_is_settled_is_left_alone(cluster):
    cluster.deploy()
    cluster.settle()
    revision = cluster.store.revision
    cluster.settle(seconds=30)
    assert cluster.store.revision == revision


def test_each_step_is_told_as_an_event(cluster):
    cluster.deploy()
    cluster.settle()
    assert cluster.reasons("reviews") == ["ScalingReplicaSet"]
    [replica_set] = cluster.replica_sets()
    assert cluster.reasons(name(replica_set)) == ["SuccessfulCreate"] * 2
