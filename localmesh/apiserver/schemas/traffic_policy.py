"""How connections to a host are made: Istio's TrafficPolicy and its parts.

Apart from DestinationRule, because Sidecar uses the connection pool as well.
"""

from typing import Annotated, Literal

from msgspec import Meta

from localmesh.apiserver.schemas.base import (
    NULLABLE,
    Double,
    Duration,
    Int32,
    Model,
    NullableBool,
    NullableUInt32,
    Percentage,
    UInt32,
    UInt64,
)


class HttpPool(Model):
    """Limits of HTTP connections to a host."""

    h2_upgrade_policy: Literal["DEFAULT", "DO_NOT_UPGRADE", "UPGRADE"] | None = None
    http1_max_pending_requests: Int32 | None = None
    http2_max_requests: Int32 | None = None
    idle_timeout: Duration | None = None
    max_concurrent_streams: Int32 | None = None
    max_requests_per_connection: Int32 | None = None
    max_retries: Int32 | None = None
    use_client_protocol: bool = False


class TcpKeepalive(Model):
    """How dead TCP connections are found."""

    interval: Duration | None = None
    probes: UInt32 | None = None
    time: Duration | None = None


class TcpPool(Model):
    """Limits of TCP connections to a host."""

    connect_timeout: Duration | None = None
    idle_timeout: str = ""
    max_connection_duration: Duration | None = None
    max_connections: Int32 | None = None
    tcp_keepalive: TcpKeepalive | None = None


class ConnectionPool(Model):
    """Limits of connections to a host."""

    http: HttpPool | None = None
    tcp: TcpPool | None = None


class HttpCookie(Model):
    """The cookie by which requests stick to an endpoint."""

    name: str
    path: str = ""
    ttl: str = ""


class Maglev(Model):
    """The Maglev hash and its table."""

    table_size: UInt64 | None = None


class RingHash(Model):
    """The ring hash and its ring."""

    minimum_ring_size: UInt64 | None = None


class ConsistentHash(Model):
    """What requests are hashed by, so that equal ones reach the same endpoint."""

    at_most_one = (
        (
            "httpHeaderName",
            "httpCookie",
            "useSourceIp",
            "httpQueryParameterName",
        ),
        (
            "ringHash",
            "maglev",
        ),
    )

    http_cookie: HttpCookie | None = None
    http_header_name: str | None = None
    http_query_parameter_name: str | None = None
    maglev: Maglev | None = None
    minimum_ring_size: UInt64 | None = None
    ring_hash: RingHash | None = None
    use_source_ip: bool | None = None


class LocalityDistribute(Model):
    """The shares (percent) of one locality's traffic that go to others."""

    from_: str = ""
    to: dict[str, UInt32] = {}


class LocalityFailover(Model):
    """Where a region's traffic goes when its own endpoints are unhealthy."""

    from_: str = ""
    to: str = ""


class LocalityLoadBalancer(Model):
    """How traffic prefers near endpoints."""

    distribute: list[LocalityDistribute] = []
    enabled: NullableBool | None = None
    failover: list[LocalityFailover] = []
    failover_priority: list[str] = []


class Warmup(Model):
    """How slowly a new endpoint takes its share."""

    duration: Duration
    aggression: Annotated[Double, Meta(ge=1), NULLABLE] | None = None
    minimum_percent: Percentage | None = None


class LoadBalancer(Model):
    """How an endpoint is chosen."""

    at_most_one = (
        (
            "simple",
            "consistentHash",
        ),
    )

    consistent_hash: ConsistentHash | None = None
    locality_lb_setting: LocalityLoadBalancer | None = None
    simple: (
        Literal["UNSPECIFIED", "LEAST_CONN", "RANDOM", "PASSTHROUGH", "ROUND_ROBIN", "LEAST_REQUEST"] | None
    ) = None
    warmup: Warmup | None = None
    warmup_duration_secs: Duration | None = None


class OutlierDetection(Model):
    """When a failing endpoint is taken out, and for how long."""

    base_ejection_time: Duration | None = None
    consecutive5xx_errors: NullableUInt32 | None = None
    consecutive_errors: Int32 | None = None
    consecutive_gateway_errors: NullableUInt32 | None = None
    consecutive_local_origin_failures: NullableUInt32 | None = None
    interval: Duration | None = None
    max_ejection_percent: Int32 | None = None
    min_health_percent: Int32 | None = None
    split_external_local_origin_errors: bool = False


class PortSelector(Model):
    """A port by its number."""

    number: UInt32 | None = None


class ClientTls(Model):
    """TLS of connections to a host."""

    ca_certificates: str = ""
    ca_crl: str = ""
    client_certificate: str = ""
    credential_name: str = ""
    insecure_skip_verify: NullableBool | None = None
    mode: Literal["DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL"] | None = None
    private_key: str = ""
    sni: str = ""
    subject_alt_names: list[str] = []


class PortTrafficPolicy(Model):
    """A traffic policy for one port."""

    connection_pool: ConnectionPool | None = None
    load_balancer: LoadBalancer | None = None
    outlier_detection: OutlierDetection | None = None
    port: PortSelector | None = None
    tls: ClientTls | None = None


class ProxyProtocol(Model):
    """The PROXY protocol towards the endpoints."""

    version: Literal["V1", "V2"] | None = None


class RetryBudget(Model):
    """How many retries may be under way beside the requests."""

    min_retry_concurrency: UInt32 | None = None
    percent: Percentage | None = None


class Tunnel(Model):
    """A tunnel through a proxy."""

    target_host: str
    target_port: UInt32
    protocol: str = ""


class TrafficPolicy(Model):
    """How connections to a host are made."""

    connection_pool: ConnectionPool | None = None
    load_balancer: LoadBalancer | None = None
    outlier_detection: OutlierDetection | None = None
    port_level_settings: Annotated[list[PortTrafficPolicy], Meta(max_length=4096)] = []
    proxy_protocol: ProxyProtocol | None = None
    retry_budget: RetryBudget | None = None
    tls: ClientTls | None = None
    tunnel: Tunnel | None = None
