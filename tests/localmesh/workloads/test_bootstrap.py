import pytest

from localmesh.network import Network
from localmesh.workloads import bootstrap, commands, injection


@pytest.fixture
def reviews():
    pod = {
        "metadata": {
            "name": "reviews-v1-abc-x",
            "namespace": "bookinfo",
            "uid": "1",
            "labels": {"app": "reviews", "pod-template-hash": "abc"},
            "ownerReferences": [{"kind": "ReplicaSet", "name": "reviews-v1-abc", "controller": True}],
        },
        "spec": {
            "containers": [
                {
                    "name": "reviews",
                    "image": "examples-bookinfo-reviews-v1",
                    "ports": [{"containerPort": 9080}],
                    "env": [
                        {"name": "LOG_DIR", "value": "/tmp/logs"},
                        {"name": "ME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
                        {"name": "LD_PRELOAD", "value": "/evil.so"},
                        {"name": "PYTHONPATH", "value": "/evil"},
                        {"name": "LOCALMESH_CONTROL", "value": "0.0.0.0:1"},
                    ],
                }
            ]
        },
    }
    return injection.inject(pod)


def environment(pod):
    return commands.application_environment(pod, pod["spec"]["containers"][0], "127.9.1.2", Network(9))


def test_a_sidecars_id_and_workload_are_istios(reviews):
    node = bootstrap.bootstrap(reviews, "127.9.1.2", "127.9.0.2")["node"]
    assert node["id"] == "sidecar~127.9.1.2~reviews-v1-abc-x.bookinfo~bookinfo.svc.cluster.local"
    assert node["metadata"]["WORKLOAD_NAME"] == "reviews-v1"
    assert node["cluster"] == "reviews.bookinfo"


def test_a_proxys_connections_come_from_its_pods_address(reviews):
    manager = bootstrap.bootstrap(reviews, "127.9.1.2", "127.9.0.2")["cluster_manager"]
    assert manager["upstream_bind_config"]["source_address"] == {"address": "127.9.1.2", "port_value": 0}


def test_a_gateways_id_says_router():
    gateway = {
        "metadata": {"name": "g", "namespace": "istio-system", "labels": {"istio": "ingressgateway"}},
        "spec": {"containers": [{"name": "istio-proxy", "image": "istio/proxyv2"}]},
    }
    assert bootstrap.node_id(gateway, "127.9.1.3").startswith("router~127.9.1.3~g.istio-system~")


def test_the_admin_side_is_inside_and_only_two_paths_lead_there(reviews):
    config = bootstrap.bootstrap(reviews, "127.9.1.2", "127.9.0.2")
    assert config["admin"]["address"]["socket_address"] == {"address": "127.9.129.2", "port_value": 15000}
    doors = {}
    for listener in config["static_resources"]["listeners"]:
        where = listener["address"]["socket_address"]
        manager = listener["filter_chains"][0]["filters"][0]["typed_config"]
        [route] = manager["route_config"]["virtual_hosts"][0]["routes"]
        doors[where["address"], where["port_value"]] = route["match"]
    assert doors == {
        ("127.9.1.2", 15090): {"path": "/stats/prometheus"},
        ("127.9.1.2", 15021): {"path": "/healthz/ready"},
    }


def test_beside_a_sidecar_the_application_is_inside_and_asks_it(reviews):
    env = environment(reviews)
    assert env["LOCALMESH_ADDRESS"] == "127.9.129.2"
    assert env["LOCALMESH_OUTBOUND"] == "http://127.9.129.2:15001"
    assert env["LOCALMESH_PORTS"] == "9080"


def test_without_a_sidecar_it_listens_on_the_pods_ip_and_asks_the_nodes_service_proxy(reviews):
    reviews["spec"]["containers"].pop()
    env = environment(reviews)
    assert env["LOCALMESH_ADDRESS"] == "127.9.1.2"
    assert env["LOCALMESH_OUTBOUND"] == "http://127.9.0.3:15001/~/bookinfo"


def test_a_manifest_sets_its_own_variables_but_not_ours(reviews):
    env = environment(reviews)
    assert env["LOG_DIR"] == "/tmp/logs"
    assert env["ME"] == "reviews-v1-abc-x"
    assert "LD_PRELOAD" not in env
    assert env["PYTHONPATH"] != "/evil"
    assert env["LOCALMESH_CONTROL"] == "127.9.129.2:15002"
