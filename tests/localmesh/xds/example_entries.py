"""ServiceEntries, WorkloadEntries and Sidecars that have every field that the control plane acts on."""

from tests.localmesh.xds.example_policies import PARTS
from tests.localmesh.xds.objects import destination_rule, istio, service_entry, sidecar, virtual_service

_PORT = {"name": "http-x", "number": 80, "protocol": "GRPC", "targetPort": 81}
_ENDPOINT = {
    "address": "10.0.0.1", "ports": {"http-x": 82}, "labels": {"version": "v1"}, "locality": "eu/west",
    "weight": 3,
}  # fmt: skip
_WORKLOAD = istio("WorkloadEntry", "vm", {**_ENDPOINT, "labels": {"app": "vm", "version": "v1"}})
_SELECTED = {"workloadSelector": {"labels": {"app": "vm"}}}
_POOLS = [part["connectionPool"] for part in PARTS if "connectionPool" in part]
ENTRIES = [
    service_entry(
        _ENDPOINT, "10.0.0.2", ports=[_PORT], addresses=["240.0.0.1"], exportTo=["bookinfo"],
        location="MESH_EXTERNAL",
    ),
    service_entry(_ENDPOINT, ports=[{**_PORT, "number": 9080}, {**_PORT, "name": "b", "number": 90}]),
    service_entry(ports=[_PORT], **_SELECTED),
    service_entry("10.0.0.1"),
    _WORKLOAD,
    sidecar("./reviews.bookinfo.svc.cluster.local", workloadSelector={"labels": {"app": "ratings"}}),
    sidecar("shop/*", outboundTrafficPolicy={"mode": "ALLOW_ANY"}),
    *(sidecar(inboundConnectionPool=pool) for pool in _POOLS),
]  # fmt: skip
_SUBSET = destination_rule("ext.example", "v1", name="ext", trafficPolicy={"outlierDetection": {}})
_RULE = virtual_service(
    {"route": [{"destination": {"host": "ext.example", "subset": "v1"}}]}, hosts=["ext.example"]
)
BESIDE_ENTRIES = [_SUBSET, _RULE, _WORKLOAD, service_entry(ports=[_PORT], **_SELECTED)]
