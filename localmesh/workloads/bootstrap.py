"""Envoy's bootstrap for a pod: everything that it needs before the control plane speaks. Pure.

Static parts: the metrics (`podIP:15090/stats/prometheus`), readiness (`podIP:15021/healthz/ready`), the
admin side on the inner address, and the way to xDS. All routing comes from the control plane.
"""

from typing import Any

from localmesh import network
from localmesh.workloads.objects import Object, labels, name, namespace, spec
from localmesh.xds.reading import proxy_of, workload_of
from localmesh.xds.sources import XDS_CLUSTER, config_source

ADMIN_CLUSTER = "agent"
_TYPE = "type.googleapis.com/envoy"
_HTTP_MANAGER = f"{_TYPE}.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
_ROUTER = f"{_TYPE}.extensions.filters.http.router.v3.Router"
# What is counted: Istio's own metrics, and how the proxy fares. Thousands of others would cost memory for
# nothing.
_STATS = (
    {"prefix": "istio"},
    {"prefix": "server.live"},
    {"prefix": "server.uptime"},
    {"prefix": "server.memory_"},
    {"prefix": "cluster_manager.cds."},
    {"prefix": "listener_manager.lds."},
    {"suffix": ".update_rejected"},
    {"contains": ".ejections_active"},
    {"suffix": ".upstream_rq_pending_overflow"},
    {"suffix": ".upstream_cx_active"},
    {"suffix": ".upstream_rq_retry"},
)


def node_id(pod: Object, ip: str) -> str:
    """Istio's id of a proxy, `sidecar~IP~pod.namespace~namespace.svc.cluster.local` or `router~...`.

    The control plane's own reading of the pod, so that the two always agree. A proxy that the control plane
    does not take for one (a container of another name) gets an id for which there is no configuration.
    """
    proxy = proxy_of({**pod, "status": {**(pod.get("status") or {}), "podIP": ip}})
    return proxy.id if proxy else f"unknown~{ip}~{name(pod)}.{namespace(pod)}~"


def bootstrap(pod: Object, ip: str, control_plane: str) -> dict[str, Any]:
    """The bootstrap of the pod's proxy; `control_plane` is the address of xDS."""
    inner = network.inner_address(ip)
    own = labels(pod)
    workload = workload_of(pod)
    return {
        "node": {
            "id": node_id(pod, ip),
            "cluster": f"{workload.canonical_service}.{namespace(pod)}",
            "metadata": {
                "NAME": name(pod),
                "NAMESPACE": namespace(pod),
                "WORKLOAD_NAME": workload.name,
                "SERVICE_ACCOUNT": spec(pod).get("serviceAccountName", "default"),
                "CLUSTER_ID": "Kubernetes",
                "INSTANCE_IPS": ip,
                "LABELS": own,
            },
        },
        # As in a cluster: whoever is called sees the caller's pod IP, and writes it into its access log.
        "cluster_manager": {"upstream_bind_config": {"source_address": _socket(ip, 0)}},
        "admin": {"address": _address(inner, network.ADMIN_PORT)},
        "dynamic_resources": {"lds_config": _xds(), "cds_config": _xds()},
        "static_resources": {
            "listeners": [
                _door(ip, network.METRICS_PORT, "/stats/prometheus", "/stats/prometheus"),
                _door(ip, network.READINESS_PORT, "/healthz/ready", "/ready"),
            ],
            "clusters": [
                _cluster(XDS_CLUSTER, control_plane, network.XDS_PORT),
                _cluster(ADMIN_CLUSTER, inner, network.ADMIN_PORT),
            ],
        },
        "stats_flush_interval": "1s",
        "stats_config": {"stats_matcher": {"inclusion_list": {"patterns": list(_STATS)}}},
        "overload_manager": {
            "resource_monitors": [
                {
                    "name": "envoy.resource_monitors.global_downstream_max_connections",
                    "typed_config": {
                        "@type": f"{_TYPE}.extensions.resource_monitors.downstream_connections.v3."
                        "DownstreamConnectionsConfig",
                        "max_active_downstream_connections": 10_000,
                    },
                }
            ]
        },
    }


def _xds() -> dict[str, Any]:
    # Serve nothing before the first answer: ready means that the rules are in force.
    return {**config_source(), "initial_fetch_timeout": "0s"}


def _address(host: str, port: int) -> dict[str, Any]:
    return {"socket_address": _socket(host, port)}


def _socket(host: str, port: int) -> dict[str, Any]:
    return {"address": host, "port_value": port}


def _cluster(cluster: str, host: str, port: int) -> dict[str, Any]:
    endpoint = {"endpoint": {"address": _address(host, port)}}
    return {
        "name": cluster,
        "type": "STATIC",
        "connect_timeout": "1s",
        "load_assignment": {"cluster_name": cluster, "endpoints": [{"lb_endpoints": [endpoint]}]},
    }


def _door(ip: str, port: int, path: str, admin_path: str) -> dict[str, Any]:
    """A listener that lets exactly one path through to the admin side."""
    route = {"match": {"path": path}, "route": {"cluster": ADMIN_CLUSTER, "prefix_rewrite": admin_path}}
    manager = {
        "@type": _HTTP_MANAGER,
        "stat_prefix": f"door_{port}",
        "route_config": {"virtual_hosts": [{"name": "door", "domains": ["*"], "routes": [route]}]},
        "http_filters": [{"name": "envoy.filters.http.router", "typed_config": {"@type": _ROUTER}}],
    }
    http = {"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}
    return {
        "name": f"door_{port}",
        "address": _address(ip, port),
        "filter_chains": [{"filters": [http]}],
    }
