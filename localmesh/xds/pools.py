"""Limits of connections and requests to a host, and when a failing endpoint is taken out of it.

Fields of Envoy's Cluster, as Istio sets them (pilot/pkg/networking/core/cluster_traffic_policy.go): where
Istio has no limit there is none.
"""

from collections.abc import Mapping
from typing import Any

from localmesh.xds import values
from localmesh.xds.values import Json

Spec = Mapping[str, Any]

#: Istio's default connect timeout.
CONNECT_TIMEOUT = "10s"
HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
#: Envoy's own defaults would be limits; Istio sets none.
_NO_LIMIT = 4_294_967_295
_INT32 = 2_147_483_647
_UINT32 = 4_294_967_295
_LIMITS = (
    ("tcp", "maxConnections", "max_connections"),
    ("http", "http1MaxPendingRequests", "max_pending_requests"),
    ("http", "http2MaxRequests", "max_requests"),
    ("http", "maxRetries", "max_retries"),
)
#: Linux' own limits, in probes and seconds: a socket that is asked for more is not opened.
_MOST_PROBES = 127
_LONGEST_KEEPALIVE = 32_767
#: Istio's defaults of a retry budget: percent of the requests under way, and retries that are always allowed.
_BUDGET_PERCENT = 0.2
_BUDGET_LEAST = 3


def connections(pool: Spec, path: str, *, budget: Spec | None = None, budget_path: str = "") -> Json:
    """The limits of `connectionPool` and `retryBudget`. Raises Unusable."""
    tcp, http = pool.get("tcp") or {}, pool.get("http") or {}
    given = {"tcp": tcp, "http": http}
    threshold: Json = {
        theirs: _limit(given[side].get(ours), f"{path}.{side}.{ours}") for side, ours, theirs in _LIMITS
    }
    if budget is not None:
        threshold["retry_budget"] = _budget(budget, budget_path)
    result: Json = {
        "connect_timeout": values.duration(
            tcp.get("connectTimeout") or CONNECT_TIMEOUT, f"{path}.tcp.connectTimeout", least="0.001"
        ),
        "circuit_breakers": {"thresholds": [threshold]},
    }
    if "tcpKeepalive" in tcp:
        keepalive = _keepalive(tcp["tcpKeepalive"] or {}, f"{path}.tcp.tcpKeepalive")
        result["upstream_connection_options"] = {"tcp_keepalive": keepalive}
    return result


def protocol(pool: Spec, path: str, *, http2: bool, upstream: Json | None = None) -> Json:
    """Which HTTP a cluster speaks and how long a connection lives; empty where Envoy's default does.

    `upstream` are further options of it (`upstream_http_protocol_options`).
    """
    http, common = pool.get("http") or {}, _common(pool, path)
    http2 = speaks_http2(pool, http2=http2)
    streams = values.integer(
        http.get("maxConcurrentStreams") or 0, f"{path}.http.maxConcurrentStreams", 0, _INT32
    )
    speaks: Json = {"max_concurrent_streams": streams} if streams else {}
    if http.get("useClientProtocol"):
        chosen: Json = {
            "use_downstream_protocol_config": {"http_protocol_options": {}, "http2_protocol_options": speaks}
        }
    elif http2:
        chosen = {"explicit_http_config": {"http2_protocol_options": speaks}}
    else:
        chosen = {"explicit_http_config": {"http_protocol_options": {}}}
    if not (common or http2 or upstream or "use_downstream_protocol_config" in chosen):
        return {}
    options = {"@type": f"type.googleapis.com/{HTTP_OPTIONS}", **chosen}
    if common:
        options["common_http_protocol_options"] = common
    if upstream:
        options["upstream_http_protocol_options"] = upstream
    return {"typed_extension_protocol_options": {HTTP_OPTIONS: options}}


def outliers(spec: Spec, path: str) -> tuple[Json, float]:
    """Envoy's outlier detection, and the share (percent) of healthy endpoints below which all get requests.

    Raises Unusable.
    """
    # Istio does not judge by success rates.
    result: Json = {"enforcing_success_rate": 0}
    for ours, theirs in (
        ("consecutive5xxErrors", "consecutive_5xx"),
        ("consecutiveGatewayErrors", "consecutive_gateway_failure"),
    ):
        if spec.get(ours) is not None:
            count = values.integer(spec[ours], f"{path}.{ours}", 0, _UINT32)
            result |= {theirs: count, f"enforcing_{theirs}": 100 if count else 0}
    for ours, theirs in (("interval", "interval"), ("baseEjectionTime", "base_ejection_time")):
        if spec.get(ours):
            result[theirs] = values.duration(spec[ours], f"{path}.{ours}", least="0.001")
    largest = values.integer(spec.get("maxEjectionPercent") or 0, f"{path}.maxEjectionPercent", 0, 100)
    if largest:
        result["max_ejection_percent"] = largest
    if spec.get("splitExternalLocalOriginErrors"):
        result |= _local_origin(spec, path)
    healthy = values.integer(spec.get("minHealthPercent") or 0, f"{path}.minHealthPercent", 0, 100)
    return result, float(healthy)


def speaks_http2(pool: Spec, *, http2: bool) -> bool:
    """Whether a cluster speaks HTTP/2, by its port or because it is told to."""
    return http2 or (pool.get("http") or {}).get("h2UpgradePolicy") == "UPGRADE"


def _limit(value: object, path: str) -> int:
    """Zero says nothing, as in protobuf."""
    return values.integer(value or 0, path, 0, _INT32) or _NO_LIMIT


def _budget(spec: Spec, path: str) -> Json:
    percent = values.number(spec.get("percent", _BUDGET_PERCENT), f"{path}.percent", 0, 100)
    least = values.integer(spec.get("minRetryConcurrency") or 0, f"{path}.minRetryConcurrency", 0, _UINT32)
    return {"budget_percent": {"value": percent}, "min_retry_concurrency": least or _BUDGET_LEAST}


def _keepalive(spec: Spec, path: str) -> Json:
    result: Json = {}
    if spec.get("probes"):
        result["keepalive_probes"] = values.integer(spec["probes"], f"{path}.probes", 1, _MOST_PROBES)
    for ours, theirs in (("time", "keepalive_time"), ("interval", "keepalive_interval")):
        if spec.get(ours):
            text = values.duration(spec[ours], f"{path}.{ours}", least="1")
            seconds = int(float(text.removesuffix("s")))
            result[theirs] = values.integer(seconds, f"{path}.{ours}", 1, _LONGEST_KEEPALIVE)
    return result


def _common(pool: Spec, path: str) -> Json:
    tcp, http = pool.get("tcp") or {}, pool.get("http") or {}
    result: Json = {}
    # The HTTP side's word comes before the TCP side's.
    side, idle = ("http", http["idleTimeout"]) if http.get("idleTimeout") else ("tcp", tcp.get("idleTimeout"))
    if idle:
        result["idle_timeout"] = values.duration(idle, f"{path}.{side}.idleTimeout")
    if tcp.get("maxConnectionDuration"):
        where = f"{path}.tcp.maxConnectionDuration"
        result["max_connection_duration"] = values.duration(
            tcp["maxConnectionDuration"], where, least="0.001"
        )
    where = f"{path}.http.maxRequestsPerConnection"
    requests = values.integer(http.get("maxRequestsPerConnection") or 0, where, 0, _INT32)
    if requests:
        result["max_requests_per_connection"] = requests
    return result


def _local_origin(spec: Spec, path: str) -> Json:
    result: Json = {"split_external_local_origin_errors": True, "enforcing_local_origin_success_rate": 0}
    where = f"{path}.consecutiveLocalOriginFailures"
    failures = values.integer(spec.get("consecutiveLocalOriginFailures") or 0, where, 0, _UINT32)
    if failures:
        result |= {
            "consecutive_local_origin_failure": failures,
            "enforcing_consecutive_local_origin_failure": 100,
        }
    return result
