from localmesh.apiserver import kinds
from localmesh.workloads.endpoints import SERVICE_NAME
from localmesh.workloads.settings import ready_endpoints


def service(**spec):
    ports = [{"name": "http", "port": 80, "targetPort": "web"}]
    metadata = {"name": "reviews", "namespace": "bookinfo", "labels": {"app": "reviews"}}
    return {"metadata": metadata, "spec": {"selector": {"app": "reviews"}, "ports": ports, **spec}}


def slices(cluster):
    return cluster.store.list(kinds.ENDPOINT_SLICES)


def deployed(cluster, **spec):
    cluster.deploy()
    cluster.store.create(kinds.SERVICES, service(**spec))
    cluster.settle()


def test_a_service_gets_a_slice_with_its_ready_pods(cluster):
    deployed(cluster)
    [found] = slices(cluster)
    assert found["metadata"]["labels"][SERVICE_NAME] == "reviews"
    assert {each["addresses"][0] for each in found["endpoints"]} == {"127.9.1.1", "127.9.1.2"}
    for each in found["endpoints"]:
        assert each["conditions"] == {"ready": True, "serving": True, "terminating": False}
        assert each["targetRef"]["kind"] == "Pod"


def test_a_named_target_port_is_resolved_on_the_pods(cluster):
    deployed(cluster)
    [found] = slices(cluster)
    assert found["ports"] == [{"name": "http", "port": 9080, "protocol": "TCP"}]


def test_pods_with_different_target_ports_are_in_different_slices(cluster):
    deployed(cluster)
    pod = cluster.pods()[0]
    pod["spec"]["containers"][0]["ports"][0]["containerPort"] = 9999
    cluster.store.update(kinds.PODS, pod)
    cluster.settle()
    assert {each["ports"][0]["port"] for each in slices(cluster)} == {9080, 9999}


def test_a_pod_that_is_not_ready_is_in_the_slice_and_not_ready(cluster):
    cluster.deploy(replicas=1)
    cluster.store.create(kinds.SERVICES, service())
    cluster.settle(ready=False)
    [found] = slices(cluster)
    assert found["endpoints"][0]["conditions"] == {"ready": False, "serving": False, "terminating": False}


def test_a_pod_under_deletion_still_serves_but_is_not_ready_for_more(cluster):
    deployed(cluster)
    pod = cluster.pods()[0]
    pod["metadata"]["finalizers"] = ["localmesh/processes"]
    cluster.store.update(kinds.PODS, pod)
    cluster.delete(pod)
    cluster.reconcile()
    leaving = [each for each in slices(cluster)[0]["endpoints"] if each["conditions"]["terminating"]]
    assert [each["conditions"]["ready"] for each in leaving] == [False]
    assert [each["conditions"]["serving"] for each in leaving] == [True]


def test_a_service_without_pods_has_an_empty_slice(cluster):
    cluster.store.create(kinds.SERVICES, service())
    cluster.settle()
    assert [each["endpoints"] for each in slices(cluster)] == [[]]


def test_the_slices_go_with_their_service(cluster):
    deployed(cluster)
    cluster.store.delete(kinds.SERVICES, "bookinfo", "reviews")
    cluster.settle()
    assert slices(cluster) == []


def test_slices_of_somebody_else_are_left_alone(cluster):
    cluster.store.create(
        kinds.ENDPOINT_SLICES,
        {"metadata": {"name": "mine", "namespace": "bookinfo"}, "addressType": "IPv4", "endpoints": []},
    )
    deployed(cluster)
    assert "mine" in {each["metadata"]["name"] for each in slices(cluster)}


def test_a_load_balancer_has_the_addresses_of_its_ready_pods(cluster):
    deployed(cluster, type="LoadBalancer")
    found = cluster.store.get(kinds.SERVICES, "bookinfo", "reviews")
    assert [each["ip"] for each in found["status"]["loadBalancer"]["ingress"]] == ["127.9.1.1", "127.9.1.2"]


def test_ready_endpoints_are_found_by_the_services_port(cluster):
    deployed(cluster)
    found = cluster.store.get(kinds.SERVICES, "bookinfo", "reviews")
    assert ready_endpoints(cluster.store, found, 80) == [("127.9.1.1", 9080), ("127.9.1.2", 9080)]
    assert ready_endpoints(cluster.store, found, 81) == []
