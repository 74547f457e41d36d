"""Gateway API's HTTPRoute and GRPCRoute, as of its release 1.3."""

from typing import Annotated, Literal

from msgspec import Meta

from localmesh.apiserver.schemas.base import (
    DOMAIN,
    DOMAIN_AND_PATH,
    GATEWAY_DURATION,
    HEADER_NAME,
    KIND,
    LABEL,
    OPTIONAL_DOMAIN,
    UNIQUE,
    WILDCARD_DOMAIN,
    Int32,
    Model,
    extra,
    keyed,
)
from localmesh.apiserver.schemas.gateway_api import ParametersReference
from localmesh.apiserver.schemas.meta import Condition, ObjectMeta


class ParentReference(Model):
    """The gateway or service that a route attaches to."""

    name: Annotated[str, Meta(min_length=1, max_length=253)]
    group: Annotated[
        str, Meta(max_length=253, pattern=OPTIONAL_DOMAIN), extra(default="gateway.networking.k8s.io")
    ] = "gateway.networking.k8s.io"
    kind: Annotated[str, Meta(min_length=1, max_length=63, pattern=KIND), extra(default="Gateway")] = (
        "Gateway"
    )
    namespace: Annotated[str, Meta(min_length=1, max_length=63, pattern=LABEL)] | None = None
    port: Annotated[Int32, Meta(ge=1, le=65535)] | None = None
    section_name: Annotated[str, Meta(min_length=1, max_length=253, pattern=DOMAIN)] | None = None


class HeaderValue(Model):
    """A header and its value."""

    name: Annotated[str, Meta(min_length=1, max_length=256, pattern=HEADER_NAME)]
    value: Annotated[str, Meta(min_length=1, max_length=4096)]


class HeaderModifier(Model):
    """Headers set, added and removed."""

    add: Annotated[list[HeaderValue], Meta(max_length=16), keyed("name")] = []
    remove: Annotated[list[str], Meta(max_length=16), UNIQUE] = []
    set: Annotated[list[HeaderValue], Meta(max_length=16), keyed("name")] = []


class BackendReference(Model):
    """A service and port."""

    name: Annotated[str, Meta(min_length=1, max_length=253)]
    group: Annotated[str, Meta(max_length=253, pattern=OPTIONAL_DOMAIN), extra(default="")] = ""
    kind: Annotated[str, Meta(min_length=1, max_length=63, pattern=KIND), extra(default="Service")] = (
        "Service"
    )
    namespace: Annotated[str, Meta(min_length=1, max_length=63, pattern=LABEL)] | None = None
    port: Annotated[Int32, Meta(ge=1, le=65535)] | None = None


class Fraction(Model):
    """A share of the requests."""

    numerator: Annotated[Int32, Meta(ge=0)]
    denominator: Annotated[Int32, Meta(ge=1), extra(default=100)] = 100


class RequestMirror(Model):
    """A backend that gets a copy of the requests."""

    backend_ref: BackendReference
    fraction: Fraction | None = None
    percent: Annotated[Int32, Meta(ge=0, le=100)] | None = None


class PathModifier(Model):
    """A rewrite of the path."""

    type: Literal["ReplaceFullPath", "ReplacePrefixMatch"]
    replace_full_path: Annotated[str, Meta(max_length=1024)] | None = None
    replace_prefix_match: Annotated[str, Meta(max_length=1024)] | None = None


class RequestRedirect(Model):
    """A redirect answered by the proxy."""

    hostname: Annotated[str, Meta(min_length=1, max_length=253, pattern=DOMAIN)] | None = None
    path: PathModifier | None = None
    port: Annotated[Int32, Meta(ge=1, le=65535)] | None = None
    scheme: Literal["http", "https"] | None = None
    status_code: Annotated[int, extra(default=302)] = 302


class UrlRewrite(Model):
    """A rewrite of path and host name."""

    hostname: Annotated[str, Meta(min_length=1, max_length=253, pattern=DOMAIN)] | None = None
    path: PathModifier | None = None


class HTTPRouteFilter(Model):
    """Something done to requests or responses."""

    type: Literal[
        "RequestHeaderModifier",
        "ResponseHeaderModifier",
        "RequestMirror",
        "RequestRedirect",
        "URLRewrite",
        "ExtensionRef",
    ]
    extension_ref: ParametersReference | None = None
    request_header_modifier: HeaderModifier | None = None
    request_mirror: RequestMirror | None = None
    request_redirect: RequestRedirect | None = None
    response_header_modifier: HeaderModifier | None = None
    url_rewrite: UrlRewrite | None = None


class HTTPBackendReference(Model):
    """A backend with its weight."""

    name: Annotated[str, Meta(min_length=1, max_length=253)]
    filters: Annotated[list[HTTPRouteFilter], Meta(max_length=16)] = []
    group: Annotated[str, Meta(max_length=253, pattern=OPTIONAL_DOMAIN), extra(default="")] = ""
    kind: Annotated[str, Meta(min_length=1, max_length=63, pattern=KIND), extra(default="Service")] = (
        "Service"
    )
    namespace: Annotated[str, Meta(min_length=1, max_length=63, pattern=LABEL)] | None = None
    port: Annotated[Int32, Meta(ge=1, le=65535)] | None = None
    weight: Annotated[Int32, Meta(ge=0, le=1000000), extra(default=1)] = 1


class HTTPHeaderMatch(Model):
    """A condition on a header."""

    name: Annotated[str, Meta(min_length=1, max_length=256, pattern=HEADER_NAME)]
    value: Annotated[str, Meta(min_length=1, max_length=4096)]
    type: Annotated[Literal["Exact", "RegularExpression"], extra(default="Exact")] = "Exact"


class HTTPPathMatch(Model):
    """A condition on the path."""

    type: Annotated[Literal["Exact", "PathPrefix", "RegularExpression"], extra(default="PathPrefix")] = (
        "PathPrefix"
    )
    value: Annotated[str, Meta(max_length=1024), extra(default="/")] = "/"


class HTTPQueryParamMatch(Model):
    """A condition on a query parameter."""

    name: Annotated[str, Meta(min_length=1, max_length=256, pattern=HEADER_NAME)]
    value: Annotated[str, Meta(min_length=1, max_length=1024)]
    type: Annotated[Literal["Exact", "RegularExpression"], extra(default="Exact")] = "Exact"


class HTTPRouteMatch(Model):
    """Conditions on a request, all of which must hold."""

    headers: Annotated[list[HTTPHeaderMatch], Meta(max_length=16), keyed("name")] = []
    method: Literal["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"] | None = (
        None
    )
    path: Annotated[HTTPPathMatch, extra(default={"type": "PathPrefix", "value": "/"})] | None = None
    query_params: Annotated[list[HTTPQueryParamMatch], Meta(max_length=16), keyed("name")] = []


class HTTPRouteTimeouts(Model):
    """How long a request may take."""

    backend_request: Annotated[str, Meta(pattern=GATEWAY_DURATION)] | None = None
    request: Annotated[str, Meta(pattern=GATEWAY_DURATION)] | None = None


class HTTPRouteRule(Model):
    """What is done with matching requests."""

    backend_refs: Annotated[list[HTTPBackendReference], Meta(max_length=16)] = []
    filters: Annotated[list[HTTPRouteFilter], Meta(max_length=16)] = []
    matches: Annotated[
        list[HTTPRouteMatch],
        Meta(max_length=64),
        extra(default=[{"path": {"type": "PathPrefix", "value": "/"}}]),
    ] = []
    timeouts: HTTPRouteTimeouts | None = None


class HTTPRouteSpec(Model):
    """How HTTP requests are routed."""

    hostnames: Annotated[
        list[Annotated[str, Meta(min_length=1, max_length=253, pattern=WILDCARD_DOMAIN)]], Meta(max_length=16)
    ] = []
    parent_refs: Annotated[list[ParentReference], Meta(max_length=32)] = []
    rules: Annotated[
        list[HTTPRouteRule],
        Meta(max_length=16),
        extra(default=[{"matches": [{"path": {"type": "PathPrefix", "value": "/"}}]}]),
    ] = []


class RouteParentStatus(Model):
    """What one parent made of the route."""

    controller_name: Annotated[str, Meta(min_length=1, max_length=253, pattern=DOMAIN_AND_PATH)]
    parent_ref: ParentReference
    conditions: Annotated[list[Condition], Meta(min_length=1, max_length=8), keyed("type")] = []


class HTTPRouteStatus(Model):
    """What the parents made of the route."""

    parents: Annotated[list[RouteParentStatus], Meta(max_length=32)]


class GRPCRouteFilter(Model):
    """Something done to requests or responses."""

    type: Literal["ResponseHeaderModifier", "RequestHeaderModifier", "RequestMirror", "ExtensionRef"]
    extension_ref: ParametersReference | None = None
    request_header_modifier: HeaderModifier | None = None
    request_mirror: RequestMirror | None = None
    response_header_modifier: HeaderModifier | None = None


class GRPCBackendReference(Model):
    """A backend with its weight."""

    name: Annotated[str, Meta(min_length=1, max_length=253)]
    filters: Annotated[list[GRPCRouteFilter], Meta(max_length=16)] = []
    group: Annotated[str, Meta(max_length=253, pattern=OPTIONAL_DOMAIN), extra(default="")] = ""
    kind: Annotated[str, Meta(min_length=1, max_length=63, pattern=KIND), extra(default="Service")] = (
        "Service"
    )
    namespace: Annotated[str, Meta(min_length=1, max_length=63, pattern=LABEL)] | None = None
    port: Annotated[Int32, Meta(ge=1, le=65535)] | None = None
    weight: Annotated[Int32, Meta(ge=0, le=1000000), extra(default=1)] = 1


class GRPCMethodMatch(Model):
    """A condition on service and method."""

    method: Annotated[str, Meta(max_length=1024)] | None = None
    service: Annotated[str, Meta(max_length=1024)] | None = None
    type: Annotated[Literal["Exact", "RegularExpression"], extra(default="Exact")] = "Exact"


class GRPCRouteMatch(Model):
    """Conditions on a call, all of which must hold."""

    headers: Annotated[list[HTTPHeaderMatch], Meta(max_length=16), keyed("name")] = []
    method: GRPCMethodMatch | None = None


class GRPCRouteRule(Model):
    """What is done with matching calls."""

    backend_refs: Annotated[list[GRPCBackendReference], Meta(max_length=16)] = []
    filters: Annotated[list[GRPCRouteFilter], Meta(max_length=16)] = []
    matches: Annotated[list[GRPCRouteMatch], Meta(max_length=64)] = []


class GRPCRouteSpec(Model):
    """How gRPC calls are routed."""

    hostnames: Annotated[
        list[Annotated[str, Meta(min_length=1, max_length=253, pattern=WILDCARD_DOMAIN)]], Meta(max_length=16)
    ] = []
    parent_refs: Annotated[list[ParentReference], Meta(max_length=32)] = []
    rules: Annotated[list[GRPCRouteRule], Meta(max_length=16)] = []


class HTTPRoute(Model):
    """A HTTPRoute: how HTTP requests are routed."""

    metadata: ObjectMeta
    spec: HTTPRouteSpec
    api_version: str = ""
    kind: str = ""
    status: HTTPRouteStatus | None = None


class GRPCRoute(Model):
    """A GRPCRoute: how gRPC calls are routed."""

    metadata: ObjectMeta
    spec: GRPCRouteSpec
    api_version: str = ""
    kind: str = ""
    status: HTTPRouteStatus | None = None
