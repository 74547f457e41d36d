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
Operator = tuple[str, str]


def listener_metadata() -> Json:
    """The metadata that a listener needs for labels to fall back on."""
    return {"filter_metadata": {METADATA: {UNKNOWN: UNKNOWN, PROTOCOL: _HTTP}}}


def source_log(workload: Workload) -> Json:
    """The access logger of listeners whose requests leave this workload: `reporter="source"`."""
    destination = {
        f"destination_{label}": _first(("UPSTREAM_METADATA", f"{METADATA}:{field}"))
        for label, field in _FIELDS.items()
    }
    service = {
        label: _first(("METADATA", f"CLUSTER:{METADATA}:{field}"), ("METADATA", f"ROUTE:{METADATA}:{field}"))
        for label, field in _SERVICE_FIELDS.items()
    }
    return _log("source", {**_constants("source", workload), **destination, **service})


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
    values = {
        "reporter": reporter,
        **labels,
        "source_principal": UNKNOWN,
        "destination_principal": UNKNOWN,
        "source_cluster": _CLUSTER,
        "destination_cluster": _CLUSTER,
        "request_protocol": protocol,
        "response_code": "%RESPONSE_CODE%",
        # Empty where the response is no gRPC, as in Istio.
        "grpc_response_status": "%GRPC_STATUS_NUMBER%",
        "response_flags": "%RESPONSE_FLAGS%",
        "connection_security_policy": "none",
    }
    tags = [{"name": name, "value_format": value} for name, value in sorted(values.items())]
    config = {
        "@type": _STATS,
        "stats_scope": {"prefix": "istio"},
        "counters": [{"stat": {"name": "requests_total", "tags": tags}, "value_fixed": 1}],
        "histograms": [
            {"stat": {"name": name, "tags": tags}, "unit": unit, "value_format": value}
            for name, unit, value in _HISTOGRAMS
        ],
    }
    return {"name": "envoy.access_loggers.stats", "typed_config": config}
