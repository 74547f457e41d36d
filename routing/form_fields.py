"""The fields of the forms of routes and policies, as data that the templates draw. Pure.

A field's `path` is the member of the rule that it fills: so the browser reads rules from fields, and puts
the server's errors at them, without knowing any by name. `type` says how its text is read
(static/js/routing/forms/values.js).
"""

from dataclasses import dataclass
from typing import Final

from routing.rules.policies import MODES, SIMPLE

YES_NO: Final = ("true", "false")


@dataclass(frozen=True, slots=True)
class Field:
    """One field; with `options` a choice among them or nothing."""

    path: str
    label: str
    hint: str = ""
    type: str = "text"
    options: tuple[str, ...] = ()
    size: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """Some fields that are set, or taken away, together: one member of a rule."""

    name: str
    title: str
    about: str
    fields: tuple[Field, ...]
    rows: str = ""


def _number(path: str, label: str, hint: str = "") -> Field:
    return Field(path, label, hint, "number", size="short")


def _duration(path: str, label: str, hint: str = "2s or 500ms") -> Field:
    return Field(path, label, hint, size="short")


def _yes_no(path: str, label: str) -> Field:
    return Field(path, label, type="choice-flag", options=YES_NO, size="short")


def _text(path: str, label: str, hint: str = "") -> Field:
    return Field(path, label, hint)


def _lines(path: str, label: str, hint: str, kind: str = "lines") -> Field:
    return Field(path, label, hint, kind, size="lines")


TIMEOUT: Final = (_duration("timeout", "Answer within"),)
RETRIES: Final = (
    _number("retries.attempts", "Retries", "0 to 25; 0 switches retries off"),
    _duration("retries.per_try_timeout", "Time for each attempt"),
    Field("retries.retry_on", "Retry on", "5xx, connect-failure, reset, 503", "words"),
    _duration("retries.backoff", "Wait between attempts", "25ms"),
    _yes_no("retries.retry_ignore_previous_hosts", "Another pod each time"),
    _yes_no("retries.retry_remote_localities", "Also pods elsewhere"),
)
REWRITE: Final = (
    _text("rewrite.uri", "Path", "the matched prefix becomes this"),
    _text("rewrite.regex.match", "Or the path by a regex (RE2)", "^/api/(.*)$"),
    _text("rewrite.regex.rewrite", "becomes", r"/\1"),
    _text("rewrite.authority", "Host", "a.example"),
)
CORS: Final = (
    _lines(
        "cors.allow_origins",
        "Allowed origins",
        "https://shop.example, or prefix … or regex …, one a line",
        "origins",
    ),
    Field("cors.allow_methods", "Methods", "GET, POST", "words"),
    Field("cors.allow_headers", "Headers to the service", "x-token", "words"),
    Field("cors.expose_headers", "Headers to the page", "x-total", "words"),
    _duration("cors.max_age", "Remembered for", "24h"),
    _yes_no("cors.allow_credentials", "With credentials"),
    Field(
        "cors.unmatched_preflights",
        "Other preflights",
        type="choice",
        options=("FORWARD", "IGNORE"),
        size="short",
    ),
)
REDIRECT: Final = (
    _text("redirect.uri", "Path", "/new; empty keeps it"),
    _text("redirect.authority", "Host", "new.example; empty keeps it"),
    Field("redirect.scheme", "Scheme", type="choice", options=("http", "https"), size="short"),
    _number("redirect.port", "Port"),
    Field(
        "redirect.derive_port",
        "Or the port",
        type="choice",
        options=("FROM_PROTOCOL_DEFAULT", "FROM_REQUEST_PORT"),
    ),
    Field(
        "redirect.redirect_code",
        "Status",
        type="choice-number",
        options=("301", "302", "303", "307", "308"),
        size="short",
    ),
)
DIRECT_RESPONSE: Final = (
    _number("direct_response.status", "Status", "200 to 599"),
    _lines("direct_response.body", "Body", "Sorry, back soon.", "text"),
)
ROUTE_POLICIES: Final = (
    Part("timeout", "Timeout and retries", "", (*TIMEOUT, *RETRIES)),
    Part("rewrite", "Rewrite", "What the service gets in place of what was asked for.", REWRITE),
    Part("headers", "Header operations", "", (), "headers"),
    Part("cors", "CORS", "What browsers may do on pages of other origins.", CORS),
    Part("mirrors", "Mirrors", "Copies of requests; their answers are thrown away.", (), "mirrors"),
)
HTTP_PARTS: Final = (
    Part("timeout", "Timeout", "How long a caller's proxy waits for the whole answer.", TIMEOUT),
    Part("retries", "Retries", "Failed requests that the caller's proxy tries again.", RETRIES),
    Part("mirrors", "Mirrors", "Copies of requests; their answers are thrown away.", (), "mirrors"),
)
DESTINATION_PARTS: Final = (
    Part(
        "load_balancer",
        "Load balancing",
        "How requests are spread over pods.",
        (
            Field("load_balancer.simple", "Algorithm", type="choice", options=SIMPLE),
            _duration("load_balancer.warmup.duration", "Warm-up of new pods", "60s"),
            _number("load_balancer.warmup.minimum_percent", "Starting at %", "10"),
            _number("load_balancer.warmup.aggression", "Aggression", "1"),
            _yes_no("load_balancer.locality.enabled", "By locality"),
            _lines(
                "load_balancer.locality.distribute",
                "Distribute",
                "us-west/zone1/*: us-west/zone1/*=80, us-west/zone2/*=20",
                "shares",
            ),
            _lines("load_balancer.locality.failover", "Or fail over", "us-east: us-west", "pairs"),
            _lines(
                "load_balancer.locality.failover_priority",
                "Or by labels, in order",
                "topology.kubernetes.io/zone",
            ),
        ),
    ),
    Part(
        "session_affinity",
        "Session affinity",
        "Requests that belong together go to one pod. One way of telling them; excludes an algorithm.",
        (
            _text("session_affinity.header", "By header", "x-user"),
            _text("session_affinity.cookie.name", "By cookie", "session"),
            _text("session_affinity.cookie.path", "its path", "/"),
            _duration("session_affinity.cookie.ttl", "set for", "0s: for the session"),
            _text("session_affinity.query_param", "By query parameter", "user"),
            Field(
                "session_affinity.source_ip",
                "By the caller's address",
                type="choice-flag",
                options=("true",),
                size="short",
            ),
        ),
    ),
    Part(
        "connection_pool",
        "Connection pool",
        "Limits for each caller's proxy; beyond them requests fail at once with 503.",
        (
            _number("connection_pool.tcp.max_connections", "Connections"),
            _duration("connection_pool.tcp.connect_timeout", "Connect within"),
            _duration("connection_pool.tcp.idle_timeout", "Idle connections close after", "1h"),
            _duration("connection_pool.tcp.max_connection_duration", "Connections live at most", "1h"),
            _number("connection_pool.tcp.tcp_keepalive.probes", "Keepalive probes"),
            _duration("connection_pool.tcp.tcp_keepalive.time", "after idle for", "7200s"),
            _duration("connection_pool.tcp.tcp_keepalive.interval", "every", "75s"),
            _number("connection_pool.http.http1_max_pending_requests", "Waiting requests"),
            _number("connection_pool.http.http2_max_requests", "Requests at a time"),
            _number("connection_pool.http.max_requests_per_connection", "Requests a connection"),
            _number("connection_pool.http.max_retries", "Retries at a time"),
            _duration("connection_pool.http.idle_timeout", "Without requests, close after", "1h"),
            _number("connection_pool.http.max_concurrent_streams", "Streams a connection"),
            Field(
                "connection_pool.http.h2_upgrade_policy",
                "Upgrade to HTTP/2",
                type="choice",
                options=("DEFAULT", "DO_NOT_UPGRADE", "UPGRADE"),
            ),
            _yes_no("connection_pool.http.use_client_protocol", "The client's protocol"),
        ),
    ),
    Part(
        "outlier_detection",
        "Outlier detection",
        "A pod that fails gets no requests for a while. Empty fields take Istio's defaults.",
        (
            _number("outlier_detection.consecutive_5xx_errors", "5xx in a row", "5; 0 switches this off"),
            _number("outlier_detection.consecutive_gateway_errors", "502, 503, 504 in a row"),
            _number("outlier_detection.consecutive_local_origin_failures", "Failed connects in a row", "5"),
            _yes_no("outlier_detection.split_external_local_origin_errors", "Count those apart"),
            _duration("outlier_detection.interval", "Looked at every", "10s"),
            _duration("outlier_detection.base_ejection_time", "Out for at least", "30s"),
            _number("outlier_detection.max_ejection_percent", "At most % of pods out", "10"),
            _number("outlier_detection.min_health_percent", "Off below % healthy", "0"),
        ),
    ),
    Part(
        "tls",
        "TLS mode",
        "How callers' proxies secure their connections to the pods.",
        (
            Field("tls.mode", "Mode", type="choice", options=MODES),
            _text("tls.credential_name", "Secret", "its name"),
            _text("tls.client_certificate", "Or certificate", "/etc/certs/client.pem"),
            _text("tls.private_key", "its key", "/etc/certs/key.pem"),
            _text("tls.ca_certificates", "CA certificates", "/etc/certs/ca.pem"),
            _text("tls.ca_crl", "Revocation list", "/etc/certs/crl.pem"),
            Field("tls.subject_alt_names", "Subject names", "a.example", "words"),
            _text("tls.sni", "SNI", "a.example"),
            _yes_no("tls.insecure_skip_verify", "Without verification"),
        ),
    ),
)
"""The parts of `http_policy` and of `destination_policy`, in the order in which the forms have them."""
