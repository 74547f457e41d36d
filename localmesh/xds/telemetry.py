"""Istio's standard metrics, out of Envoy's own access logger for statistics.

Names and labels are Istio's (https://istio.io/latest/docs/reference/config/metrics/); Envoy prints them with
the prefix `envoy_`. The half that is the proxy itself is written as constants, the other half is read from
metadata. Everything that is not known is `unknown`: each label falls back to a constant in the listener's
metadata.
"""

import json
from collections.abc import Mapping

from localmesh.xds.clusters import METADATA
from localmesh.xds.model import Service, Workload
from localmesh.xds.peer import PEER, PROTOCOL, UNKNOWN, literal
from localmesh.xds.values import Json

_STATS = "type.googleapis.com/envoy.extensions.access_loggers.stats.v3.Config"
#: Istio's name for the only cluster of an installation.
_CLUSTER = "Kubernetes"
_FIELDS = {
    "workload": "name",
    "workload_namespace": "namespace",
    "app": "app",
    "version": "version",
    "canonical_service": "canonical_service",
    "canonical_revision": "canonical_revision",
}
_CONSTANT = {
    "source_principal": UNKNOWN,
    "destination_principal": UNKNOWN,
    "source_cluster": _CLUSTER,
    "destination_cluster": _CLUSTER,
    "response_flags": "%RESPONSE_FLAGS%",
    "connection_security_policy": "none",
}
_SERVICE_FIELDS = {
    "destination_service": "host",
    "destination_service_name": "name",
    "destination_service_namespace": "namespace",
}
_HISTOGRAMS = (
    ("request_duration_milliseconds", "Milliseconds", "%DURATION%"),
    # Istio counts headers too: total_size.
    ("request_bytes", "Bytes", "%DOWNSTREAM_WIRE_BYTES_RECEIVED%"),
    ("response_bytes", "Bytes", "%DOWNSTREAM_WIRE_BYTES_SENT%"),
)
_HTTP = "http"
_TCP = "tcp"
# Envoy tells a connection when its upstream is there, and when it is over. In between it can tell how much
# has been moved since the connection began, but not how much since it last told: no counter can take that.
_OPENED = "TcpUpstreamConnected"
_CLOSED = "TcpConnectionEnd"
Operator = tuple[str, str]


def listener_metadata() -> Json:
    """The metadata that a listener needs for labels to fall back on."""
    return {"filter_metadata": {METADATA: {UNKNOWN: UNKNOWN, PROTOCOL: _HTTP}}}


def source_log(workload: Workload) -> Json:
    """The access logger of listeners whose requests leave this workload: `reporter="source"`."""
    return _log("source", _seen_by_source(workload))


def connection_logs(workload: Workload) -> list[Json]:
    """The access loggers of connections that leave this workload.

    Bytes are counted when a connection is over. The destination reports none: without Istio's mutual TLS it
    cannot know who called.
    """
    tags = _tags({**_seen_by_source(workload), **_CONSTANT, "reporter": "source", "request_protocol": _TCP})
    opened = [_counter("tcp_connections_opened_total", tags)]
    closed = [
        _counter("tcp_connections_closed_total", tags),
        _counter("tcp_sent_bytes_total", tags, "%BYTES_SENT%"),
        _counter("tcp_received_bytes_total", tags, "%BYTES_RECEIVED%"),
    ]
    return [_when(_OPENED, _logger(opened)), _when(_CLOSED, _logger(closed))]


def destination_log(workload: Workload, service: Service | None) -> Json:
    """The access logger of listeners whose requests are for this workload: `reporter="destination"`."""
    source = {
        f"source_{label}": _first(("DYNAMIC_METADATA", f"{PEER}:{field}")) for label, field in _FIELDS.items()
    }
    called = {
        "destination_service": service.host if service else UNKNOWN,
        "destination_service_name": service.name if service else UNKNOWN,
        "destination_service_namespace": service.namespace if service else workload.namespace,
    }
    return _log("destination", {**source, **_constants("destination", workload), **called})


def _seen_by_source(workload: Workload) -> dict[str, str]:
    destination = {
        f"destination_{label}": _first(("UPSTREAM_METADATA", f"{METADATA}:{field}"))
        for label, field in _FIELDS.items()
    }
    service = {
        label: _first(("METADATA", f"CLUSTER:{METADATA}:{field}"), ("METADATA", f"ROUTE:{METADATA}:{field}"))
        for label, field in _SERVICE_FIELDS.items()
    }
    return {**_constants("source", workload), **destination, **service}


def _constants(side: str, workload: Workload) -> dict[str, str]:
    return {
        f"{side}_{label}": literal(getattr(workload, field) or UNKNOWN) for label, field in _FIELDS.items()
    }


def _first(*operators: Operator) -> str:
    """A command operator: the first of these that has a value, or `unknown`."""
    return _coalesce(*operators, ("METADATA", f"LISTENER:{METADATA}:{UNKNOWN}"))


def _coalesce(*operators: Operator) -> str:
    choices = {"operators": [{"command": command, "param": param} for command, param in operators]}
    return f"%COALESCE({json.dumps(choices)})%"


def _log(reporter: str, labels: Mapping[str, str]) -> Json:
    protocol = _coalesce(
        ("DYNAMIC_METADATA", f"{PEER}:{PROTOCOL}"), ("METADATA", f"LISTENER:{METADATA}:{PROTOCOL}")
    )
    tags = _tags(
        {
            "reporter": reporter,
            **labels,
            **_CONSTANT,
            "request_protocol": protocol,
            "response_code": "%RESPONSE_CODE%",
            # Empty where the response is no gRPC, as in Istio.
            "grpc_response_status": "%GRPC_STATUS_NUMBER%",
        }
    )
    histograms = [
        {"stat": {"name": name, "tags": tags}, "unit": unit, "value_format": value}
        for name, unit, value in _HISTOGRAMS
    ]
    return _logger([_counter("requests_total", tags)], histograms)


def _tags(values: Mapping[str, str]) -> list[Json]:
    return [{"name": name, "value_format": value} for name, value in sorted(values.items())]


def _counter(name: str, tags: list[Json], value: str = "") -> Json:
    """Counts what the operator says, or each time one."""
    return {
        "stat": {"name": name, "tags": tags},
        **({"value_format": value} if value else {"value_fixed": 1}),
    }


def _logger(counters: list[Json], histograms: list[Json] | None = None) -> Json:
    config = {"@type": _STATS, "stats_scope": {"prefix": "istio"}, "counters": counters}
    if histograms:
        config["histograms"] = histograms
    return {"name": "envoy.access_loggers.stats", "typed_config": config}


def _when(moment: str, logger: Json) -> Json:
    return {**logger, "filter": {"log_type_filter": {"types": [moment]}}}
