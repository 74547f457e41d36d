"""Every kind of rule, applied and taken back on localmesh's API server: Istio's real schemas and checks."""

import pytest

from cluster import connection, kinds
from cluster.kube import KubeCluster
from cluster.refs import Ref
from routing import diff
from tests.cluster.servers import TOKEN, api_server
from tests.routing.stage import WORKLOADS, destination_rule, published, virtual_service
from tests.routing.test_on_localmesh import _run

pytestmark = pytest.mark.django_db

TARGET = {"namespace": "bookinfo", "service": "reviews"}
NAMED = {"namespace": "bookinfo", "name": "one"}
POLICY = {"kind": "destination_policy", **TARGET}
EXAMPLES = {
    "subset": [{"kind": "subset", **TARGET, "version": "v3", "name": "canary", "labels": {"version": "v3"}}],
    "remove_subset": [{"kind": "remove_subset", **TARGET, "version": "v2"}],
    "tcp": [{"kind": "split", **TARGET, "protocol": "tcp", "port": 9080, "weights": {"v1": 90, "v2": 10}}],
    "balancing": [
        {
            **POLICY,
            "load_balancer": {
                "simple": "LEAST_REQUEST",
                "warmup": {"duration": "30s", "minimum_percent": 12.5, "aggression": 1},
                "locality": {"enabled": True, "distribute": [{"from": "a/*", "to": {"a/*": 80, "b/*": 20}}]},
            },
        }
    ],
    "affinity": [{**POLICY, "session_affinity": {"cookie": {"name": "user", "path": "/", "ttl": "0s"}}}],
    "affinity by address": [{**POLICY, "session_affinity": {"source_ip": True}, "port": 9080}],
    "limits": [
        {
            **POLICY,
            "version": "v1",
            "connection_pool": {
                "tcp": {
                    "max_connections": 10,
                    "connect_timeout": "2s",
                    "tcp_keepalive": {"probes": 3, "time": "1h", "interval": "75s"},
                    "max_connection_duration": "1h",
                    "idle_timeout": "5m",
                },
                "http": {
                    "http1_max_pending_requests": 1,
                    "http2_max_requests": 2,
                    "max_requests_per_connection": 3,
                    "max_retries": 4,
                    "idle_timeout": "10s",
                    "h2_upgrade_policy": "DO_NOT_UPGRADE",
                    "use_client_protocol": True,
                    "max_concurrent_streams": 5,
                },
            },
        }
    ],
    "ejection": [
        {
            **POLICY,
            "outlier_detection": {
                "consecutive_5xx_errors": 5,
                "consecutive_gateway_errors": 3,
                "consecutive_local_origin_failures": 2,
                "split_external_local_origin_errors": True,
                "interval": "10s",
                "base_ejection_time": "30s",
                "max_ejection_percent": 50,
                "min_health_percent": 0,
            },
        }
    ],
    "TLS": [
        {
            **POLICY,
            "tls": {
                "mode": "MUTUAL",
                "client_certificate": "/c.pem",
                "private_key": "/k.pem",
                "ca_certificates": "/ca.pem",
                "sni": "a.example",
                "subject_alt_names": ["a"],
            },
        }
    ],
    "sidecar": [
        {
            "kind": "sidecar",
            **NAMED,
            "workload_labels": {"app": "reviews"},
            "egress": [
                {"port": {"number": 9080, "protocol": "HTTP", "name": "http"}, "hosts": ["./*"]},
                {"hosts": ["istio-system/*"]},
            ],
            "outbound_traffic_policy": "REGISTRY_ONLY",
        }
    ],
    "service_entry": [
        {
            "kind": "service_entry",
            **NAMED,
            "hosts": ["pay.example"],
            "addresses": ["10.1.2.3"],
            "ports": [{"number": 443, "name": "tls", "protocol": "TLS", "target_port": 8443}],
            "location": "MESH_INTERNAL",
            "resolution": "STATIC",
            "endpoints": [
                {
                    "address": "10.0.0.1",
                    "ports": {"tls": 8443},
                    "labels": {"app": "pay"},
                    "network": "n",
                    "locality": "a/b",
                    "weight": 2,
                    "service_account": "pay",
                }
            ],
            "export_to": ["."],
            "subject_alt_names": ["spiffe://pay"],
        }
    ],
    "gateway": [
        {
            "kind": "gateway",
            **NAMED,
            "selector": {"istio": "ingressgateway"},
            "servers": [
                {"port": 80, "protocol": "HTTP", "hosts": ["*.example"], "tls": {"https_redirect": True}},
                {
                    "port": 443,
                    "protocol": "HTTPS",
                    "hosts": ["bookinfo/shop.example"],
                    "name": "shop",
                    "tls": {
                        "mode": "MUTUAL",
                        "credential_name": "cert",
                        "min_protocol_version": "TLSV1_2",
                        "max_protocol_version": "TLSV1_3",
                        "cipher_suites": ["ECDHE-RSA-AES128-GCM-SHA256"],
                        "subject_alt_names": ["a"],
                    },
                },
            ],
        }
    ],
    "objects": [
        {"kind": "object", "manifest": destination_rule("details", ["v1"])},
        {
            "kind": "object",
            "manifest": virtual_service(
                "details", [{"route": [{"destination": {"host": "details", "subset": "v1"}}]}]
            ),
        },
    ],
    "deletes": [
        {
            "kind": "delete_object",
            "resource": {**NAMED, "kind": kind, "api_version": "networking.istio.io/v1", "name": "reviews"},
        }
        for kind in ("VirtualService", "DestinationRule")
    ],
}


@pytest.fixture(scope="module")
def url():
    with api_server() as address:
        yield address


@pytest.fixture
def cluster(url):
    """The adapter on a running server with reviews' workloads and its published rules."""
    adapter = KubeCluster.at(url, TOKEN)
    if not adapter.list(kinds.SERVICE, "bookinfo").items:
        for manifest in WORKLOADS:
            _run(adapter, manifest)
    for file in ("destination-rule-all.yaml", "virtual-service-all-v1.yaml"):
        for manifest in published(file):
            if manifest["metadata"]["name"] == "reviews":
                adapter.create(manifest)
    with connection.override(adapter):
        yield adapter
    for kind in kinds.ISTIO:
        for item in adapter.list(kind, "bookinfo").items:
            adapter.delete(Ref.of(item), item["metadata"]["resourceVersion"])


def contents(cluster):
    found = (item for kind in kinds.ISTIO for item in cluster.list(kind, "bookinfo").items)
    return {str(Ref.of(item)): diff.content(item) for item in found}


@pytest.mark.parametrize("asked", EXAMPLES.values(), ids=EXAMPLES)
def test_a_rule_is_taken_by_istios_schemas_is_stable_and_leaves_no_trace(api, cluster, asked):
    before = contents(cluster)
    change = api.applied(*asked)
    assert change["operations"]
    again = api.plan(*asked).json()
    assert again["operations"] == []
    assert contents(cluster) != before
    assert api.post(f"changes/{change['id']}/revert").status_code == 200
    assert contents(cluster) == before
