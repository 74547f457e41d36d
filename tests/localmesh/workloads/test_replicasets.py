from localmesh.apiserver import kinds
from localmesh.workloads.objects import controller_of, name


def test_a_deleted_pod_is_replaced(cluster):
    cluster.deploy()
    cluster.settle()
    gone = cluster.pods()[0]
    cluster.delete(gone)
    cluster.settle()
    assert len(cluster.pods()) == 2
    assert name(gone) not in {name(pod) for pod in cluster.pods()}


def test_a_pod_under_deletion_is_replaced_at_once(cluster):
    cluster.deploy(replicas=1)
    cluster.settle()
    [leaving] = cluster.pods()
    leaving["metadata"]["finalizers"] = ["localmesh/processes"]
    cluster.store.update(kinds.PODS, leaving)
    cluster.delete(leaving)
    cluster.settle()
    assert len(cluster.pods()) == 2
    assert cluster.deployment()["status"]["replicas"] == 1


def test_scaling_down_takes_the_pod_that_is_not_ready(cluster):
    cluster.deploy(replicas=1)
    cluster.settle()
    [old] = cluster.pods()
    cluster.change(replicas=2)
    cluster.reconcile()
    cluster.change(replicas=1)
    cluster.settle()
    assert [name(pod) for pod in cluster.pods()] == [name(old)]


def test_a_pod_whose_labels_no_longer_match_is_released_and_replaced(cluster):
    cluster.deploy(replicas=1)
    cluster.settle()
    [pod] = cluster.pods()
    pod["metadata"]["labels"]["app"] = "quarantine"
    cluster.store.update(kinds.PODS, pod)
    cluster.settle()
    released = cluster.store.get(kinds.PODS, "bookinfo", name(pod))
    assert controller_of(released) is None
    assert len(cluster.pods()) == 2


def test_a_matching_pod_without_owner_is_adopted(cluster):
    cluster.deploy(replicas=1)
    cluster.settle()
    [pod] = cluster.pods()
    label = pod["metadata"]["labels"]["app"]
    pod["metadata"]["labels"]["app"] = "quarantine"
    cluster.store.update(kinds.PODS, pod)
    cluster.settle()
    pod = cluster.store.get(kinds.PODS, "bookinfo", name(pod))
    pod["metadata"]["labels"]["app"] = label
    cluster.store.update(kinds.PODS, pod)
    cluster.settle()
    assert len(cluster.pods()) == 1


def test_pods_of_an_injected_namespace_are_created_with_their_sidecar(cluster):
    namespace = cluster.store.get(kinds.NAMESPACES, None, "bookinfo")
    namespace["metadata"]["labels"] = {"istio-injection": "enabled"}
    cluster.store.update(kinds.NAMESPACES, namespace)
    cluster.deploy(replicas=1)
    cluster.settle()
    [pod] = cluster.pods()
    assert [each["name"] for each in pod["spec"]["containers"]] == ["reviews", "istio-proxy"]
