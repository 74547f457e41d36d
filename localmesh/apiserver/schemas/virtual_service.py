"""Istio's VirtualService, as of istio.io/api 1.27."""

from typing import Literal

from msgspec import field

from localmesh.apiserver.schemas.base import (
    Bytes,
    Double,
    Duration,
    Int32,
    Model,
    NullableBool,
    NullableUInt32,
    UInt32,
)
from localmesh.apiserver.schemas.common import Destination
from localmesh.apiserver.schemas.meta import ObjectMeta, OpenIstioStatus


class StringMatch(Model):
    """A text to compare with: exact, by prefix, or by an RE2 expression."""

    at_most_one = (
        (
            "exact",
            "prefix",
            "regex",
        ),
    )

    exact: str | None = None
    prefix: str | None = None
    regex: str | None = None


class CorsPolicy(Model):
    """What browsers of other origins may do."""

    allow_credentials: NullableBool | None = None
    allow_headers: list[str] = []
    allow_methods: list[str] = []
    allow_origin: list[str] = []
    allow_origins: list[StringMatch] = []
    expose_headers: list[str] = []
    max_age: Duration | None = None
    unmatched_preflights: Literal["UNSPECIFIED", "FORWARD", "IGNORE"] | None = None


class Delegate(Model):
    """Another VirtualService that carries on."""

    name: str = ""
    namespace: str = ""


class DirectResponseBody(Model):
    """The body of a fixed answer."""

    at_most_one = (
        (
            "string",
            "bytes",
        ),
    )

    bytes: Bytes | None = None
    string: str | None = None


class DirectResponse(Model):
    """A fixed answer, without any destination."""

    status: UInt32
    body: DirectResponseBody | None = None


class Percent(Model):
    """A percentage, 0 to 100."""

    value: Double | None = None


class Abort(Model):
    """Requests answered with an error."""

    at_most_one = (
        (
            "httpStatus",
            "grpcStatus",
            "http2Error",
        ),
    )

    grpc_status: str | None = None
    http2_error: str | None = None
    http_status: Int32 | None = None
    percentage: Percent | None = None


class Delay(Model):
    """Requests held back."""

    at_most_one = (
        (
            "fixedDelay",
            "exponentialDelay",
        ),
    )

    exponential_delay: Duration | None = None
    fixed_delay: Duration | None = None
    percent: Int32 | None = None
    percentage: Percent | None = None


class Fault(Model):
    """Faults injected at the caller."""

    abort: Abort | None = None
    delay: Delay | None = None


class HeaderOperations(Model):
    """Headers set, added and removed."""

    add: dict[str, str] = {}
    remove: list[str] = []
    set: dict[str, str] = {}


class Headers(Model):
    """What is done to the headers of requests and responses."""

    request: HeaderOperations | None = None
    response: HeaderOperations | None = None


class HttpMatch(Model):
    """Conditions on an HTTP request, all of which must hold."""

    authority: StringMatch | None = None
    gateways: list[str] = []
    headers: dict[str, StringMatch] = {}
    ignore_uri_case: bool = False
    method: StringMatch | None = None
    name: str = ""
    port: UInt32 | None = None
    query_params: dict[str, StringMatch] = {}
    scheme: StringMatch | None = None
    source_labels: dict[str, str] = {}
    source_namespace: str = ""
    stat_prefix: str = ""
    uri: StringMatch | None = None
    without_headers: dict[str, StringMatch] = {}


class Mirror(Model):
    """A destination that gets a copy of the requests."""

    destination: Destination
    percentage: Percent | None = None


class Redirect(Model):
    """A redirect answered by the proxy."""

    at_most_one = (
        (
            "port",
            "derivePort",
        ),
    )

    authority: str = ""
    derive_port: Literal["FROM_PROTOCOL_DEFAULT", "FROM_REQUEST_PORT"] | None = None
    port: UInt32 | None = None
    redirect_code: UInt32 | None = None
    scheme: str = ""
    uri: str = ""


class Retries(Model):
    """When and how often a request is tried again."""

    attempts: Int32 | None = None
    backoff: Duration | None = None
    per_try_timeout: Duration | None = None
    retry_ignore_previous_hosts: NullableBool | None = None
    retry_on: str = ""
    retry_remote_localities: NullableBool | None = None


class RegexRewrite(Model):
    """A rewrite by an RE2 expression."""

    match: str = ""
    rewrite: str = ""


class Rewrite(Model):
    """A rewrite of path and authority."""

    authority: str = ""
    uri: str = ""
    uri_regex_rewrite: RegexRewrite | None = None


class HttpRouteDestination(Model):
    """A destination with its weight."""

    destination: Destination
    headers: Headers | None = None
    weight: Int32 | None = None


class HttpRoute(Model):
    """One HTTP route: the first whose match holds is taken."""

    cors_policy: CorsPolicy | None = None
    delegate: Delegate | None = None
    direct_response: DirectResponse | None = None
    fault: Fault | None = None
    headers: Headers | None = None
    match: list[HttpMatch] = []
    mirror: Destination | None = None
    legacy_mirror_percent: NullableUInt32 | None = field(name="mirror_percent", default=None)
    mirror_percent: NullableUInt32 | None = None
    mirror_percentage: Percent | None = None
    mirrors: list[Mirror] = []
    name: str = ""
    redirect: Redirect | None = None
    retries: Retries | None = None
    rewrite: Rewrite | None = None
    route: list[HttpRouteDestination] = []
    timeout: Duration | None = None


class TcpMatch(Model):
    """Conditions on a TCP connection."""

    destination_subnets: list[str] = []
    gateways: list[str] = []
    port: UInt32 | None = None
    source_labels: dict[str, str] = {}
    source_namespace: str = ""
    source_subnet: str = ""


class RouteDestination(Model):
    """A destination with its weight."""

    destination: Destination
    weight: Int32 | None = None


class TcpRoute(Model):
    """One route of TCP connections."""

    match: list[TcpMatch] = []
    route: list[RouteDestination] = []


class TlsMatch(Model):
    """Conditions on a TLS connection that is not ended here."""

    sni_hosts: list[str]
    destination_subnets: list[str] = []
    gateways: list[str] = []
    port: UInt32 | None = None
    source_labels: dict[str, str] = {}
    source_namespace: str = ""


class TlsRoute(Model):
    """One route of TLS connections that pass through."""

    match: list[TlsMatch]
    route: list[RouteDestination] = []


class VirtualServiceSpec(Model):
    """How requests to hosts are routed."""

    export_to: list[str] = []
    gateways: list[str] = []
    hosts: list[str] = []
    http: list[HttpRoute] = []
    tcp: list[TcpRoute] = []
    tls: list[TlsRoute] = []


class VirtualService(Model):
    """A VirtualService: how requests to hosts are routed."""

    metadata: ObjectMeta
    spec: VirtualServiceSpec
    api_version: str = ""
    kind: str = ""
    status: OpenIstioStatus | None = None
