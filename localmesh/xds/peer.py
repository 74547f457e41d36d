"""Who called: the headers by which a proxy names its workload to the next one.

In Istio, proxies exchange this through mutual TLS and a metadata exchange; here the caller's proxy writes it
over whatever the application sent, and the callee's proxy reads it and takes it off before its own
application sees it. A caller without a proxy sends none, and is `unknown`.
"""

from localmesh.xds.model import Workload
from localmesh.xds.values import Json

#: The namespace of the dynamic metadata that the receiving proxy puts it in.
PEER = "localmesh.peer"
UNKNOWN = "unknown"
PROTOCOL = "protocol"
_FIELDS = ("name", "namespace", "app", "version", "canonical_service", "canonical_revision")
_FILTER = "type.googleapis.com/envoy.extensions.filters.http.header_to_metadata.v3.Config"


def headers_to_add(workload: Workload) -> list[Json]:
    """What the caller's proxy adds to each request."""
    return [
        {
            "header": {"key": _header(field), "value": literal(getattr(workload, field) or UNKNOWN)},
            "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
        }
        for field in _FIELDS
    ]


def reader() -> Json:
    """The HTTP filter that turns these headers into metadata and removes them.

    It also notes whether the request is gRPC, in every listener, for the label request_protocol.
    """
    return _filter([*(_peer_rule(field) for field in _FIELDS), _protocol_rule()])


def protocol_reader() -> Json:
    """The same, for listeners whose callers name themselves nowhere."""
    return _filter([_protocol_rule()])


def literal(value: str) -> str:
    """A value to be taken as it is where Envoy would read command operators."""
    return value.replace("%", "%%")


def _header(field: str) -> str:
    return f"x-localmesh-source-{field.replace('_', '-')}"


def _peer_rule(field: str) -> Json:
    place = {"metadata_namespace": PEER, "key": field, "type": "STRING"}
    missing = {**place, "value": UNKNOWN}
    return {
        "header": _header(field),
        "on_header_present": place,
        "on_header_missing": missing,
        "remove": True,
    }


def _protocol_rule() -> Json:
    # What is not gRPC is rewritten to nothing, and an empty value is not stored: telemetry then says http.
    rewrite = {"pattern": {"regex": "^(?:application/(grpc).*|.*)$"}, "substitution": r"\1"}
    present = {"metadata_namespace": PEER, "key": PROTOCOL, "regex_value_rewrite": rewrite}
    return {"header": "content-type", "on_header_present": present}


def _filter(rules: list[Json]) -> Json:
    return {
        "name": "envoy.filters.http.header_to_metadata",
        "typed_config": {"@type": _FILTER, "request_rules": rules},
    }
