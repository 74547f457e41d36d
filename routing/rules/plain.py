"""Whether a stranger's manifest is plain JSON of the right types, before anybody reads it. Pure.

Only what meshui itself reads of a resource is held to a type here; everything else is the API server's to
judge, in its dry run. Sources: istio.io/api, kubernetes/customresourcedefinitions.gen.yaml.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias

from cluster import kinds
from cluster.kinds import Kind
from routing.rules.errors import FieldError
from routing.rules.reader import path_part

Shape: TypeAlias = Any
"""`object` for anything, a type (`float`: any number), [shape] for a list, or members by name (`*`: any)."""

MAX_DEPTH: Final = 32
MAX_ERRORS: Final = 20
MAX_INTEGER: Final = 2**63 - 1
"""The API server keeps whole numbers in 64 bits."""

_TEXTS: Final = {"*": str}
_TEXT_MATCH: Final = {"exact": str, "prefix": str, "regex": str}
_DESTINATION: Final = {"host": str, "subset": str, "port": {"number": int}}
_ROUTES: Final = [{"destination": _DESTINATION, "weight": int, "headers": dict}]
_PERCENT: Final = {"value": float}
_HTTP_MATCH: Final = {
    "name": str,
    "uri": _TEXT_MATCH,
    "scheme": _TEXT_MATCH,
    "method": _TEXT_MATCH,
    "authority": _TEXT_MATCH,
    "headers": {"*": _TEXT_MATCH},
    "withoutHeaders": {"*": _TEXT_MATCH},
    "queryParams": {"*": _TEXT_MATCH},
    "sourceLabels": _TEXTS,
    "sourceNamespace": str,
    "gateways": [str],
    "port": int,
    "ignoreUriCase": bool,
}
_HTTP: Final = {
    "name": str,
    "match": [_HTTP_MATCH],
    "route": _ROUTES,
    "redirect": dict,
    "directResponse": dict,
    "delegate": dict,
    "rewrite": dict,
    "fault": {
        "delay": {"percentage": _PERCENT, "fixedDelay": str, "percent": int},
        "abort": {"percentage": _PERCENT, "httpStatus": int, "grpcStatus": str, "percent": int},
    },
    "mirror": _DESTINATION,
    "mirrors": [{"destination": _DESTINATION, "percentage": _PERCENT}],
    "mirrorPercentage": _PERCENT,
    "headers": dict,
}
_L4_MATCH: Final = {
    "destinationSubnets": [str],
    "sniHosts": [str],
    "port": int,
    "sourceLabels": _TEXTS,
    "sourceNamespace": str,
    "gateways": [str],
}
_L4: Final = {"match": [_L4_MATCH], "route": _ROUTES}
_POLICY: Final[dict[str, Shape]] = {
    "loadBalancer": {"consistentHash": {"httpCookie": dict}, "localityLbSetting": dict, "warmup": dict},
    "connectionPool": {"tcp": {"tcpKeepalive": dict}, "http": dict},
    "outlierDetection": dict,
    "tls": {"mode": str, "subjectAltNames": [str]},
    "tunnel": dict,
}
_PORT_POLICIES: Final = [{"port": {"number": int}, **_POLICY}]
_TRAFFIC_POLICY: Final = {**_POLICY, "portLevelSettings": _PORT_POLICIES}
_SPECS: Final[Mapping[Kind, Shape]] = {
    kinds.VIRTUAL_SERVICE: {
        "hosts": [str],
        "gateways": [str],
        "exportTo": [str],
        "http": [_HTTP],
        "tcp": [_L4],
        "tls": [_L4],
    },
    kinds.DESTINATION_RULE: {
        "host": str,
        "exportTo": [str],
        "workloadSelector": {"matchLabels": _TEXTS},
        "trafficPolicy": _TRAFFIC_POLICY,
        "subsets": [{"name": str, "labels": _TEXTS, "trafficPolicy": _TRAFFIC_POLICY}],
    },
    kinds.GATEWAY: {
        "selector": _TEXTS,
        "servers": [{"name": str, "port": dict, "hosts": [str], "tls": dict, "bind": str}],
    },
    kinds.SIDECAR: {
        "workloadSelector": {"labels": _TEXTS},
        "ingress": [dict],
        "egress": [{"port": dict, "bind": str, "captureMode": str, "hosts": [str]}],
        "outboundTrafficPolicy": dict,
    },
    kinds.SERVICE_ENTRY: {
        "hosts": [str],
        "addresses": [str],
        "exportTo": [str],
        "subjectAltNames": [str],
        "ports": [dict],
        "endpoints": [{"labels": _TEXTS, "ports": {"*": int}}],
        "workloadSelector": {"labels": _TEXTS},
    },
    kinds.PEER_AUTHENTICATION: {
        "selector": {"matchLabels": _TEXTS},
        "mtls": {"mode": str},
        "portLevelMtls": {"*": {"mode": str}},
    },
}
_METADATA: Final = {
    "name": str,
    "namespace": str,
    "labels": _TEXTS,
    "annotations": _TEXTS,
    "finalizers": [str],
    "ownerReferences": [dict],
    "resourceVersion": str,
}
_WORDS: Final[Mapping[Any, str]] = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    dict: "an object",
}


def faults_of(manifest: Mapping[str, Any], kind: Kind, field: str) -> list[FieldError]:
    """What is not plain JSON in a manifest, or else of another type than meshui reads; the first few."""
    found = _first(_not_plain(manifest, field, 0))
    return found or _first(_wrong(manifest, {"metadata": _METADATA, "spec": _SPECS.get(kind, dict)}, field))


def _first(errors: Iterator[FieldError]) -> list[FieldError]:
    return [error for error, _ in zip(errors, range(MAX_ERRORS), strict=False)]


def _not_plain(value: object, path: str, depth: int) -> Iterator[FieldError]:
    if depth > MAX_DEPTH:
        yield FieldError(path, f"This is nested more than {MAX_DEPTH} levels deep.")
    elif isinstance(value, Mapping):
        for key, member in value.items():
            at = f"{path}.{path_part(key)}"
            if not isinstance(key, str) or not is_text(key):
                yield FieldError(at, "The name of a member must be text.")
            else:
                yield from _not_plain(member, at, depth + 1)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _not_plain(item, f"{path}[{index}]", depth + 1)
    elif message := _not_a_value(value):
        yield FieldError(path, message)


def _not_a_value(value: object) -> str:
    if isinstance(value, str):
        return "" if is_text(value) else "The text holds characters that cannot be stored."
    if isinstance(value, float):
        return "" if math.isfinite(value) else "This must be a number."
    if isinstance(value, int):
        return "" if -MAX_INTEGER <= value <= MAX_INTEGER else "The number is too large."
    return "" if value is None else "This is not JSON."


def is_text(value: str) -> bool:
    """Whether a text can be stored and sent."""
    # A lone surrogate cannot be encoded; a NUL cannot be kept in every database.
    return not any(char == "\x00" or "\ud800" <= char <= "\udfff" for char in value)


def _wrong(value: object, shape: Shape, path: str) -> Iterator[FieldError]:
    if isinstance(shape, list):
        if not isinstance(value, list):
            yield FieldError(path, "This must be a list.")
        else:
            for index, item in enumerate(value):
                yield from _wrong(item, shape[0], f"{path}[{index}]")
    elif isinstance(shape, Mapping):
        if not isinstance(value, Mapping):
            yield FieldError(path, "This must be an object.")
        else:
            for key, member in value.items():
                yield from _wrong(member, shape.get(key, shape.get("*", object)), f"{path}.{path_part(key)}")
    elif not _is_a(value, shape):
        yield FieldError(path, f"This must be {_WORDS[shape]}.")


def _is_a(value: object, shape: Shape) -> bool:
    if shape in (int, float) and isinstance(value, bool):
        return False
    return isinstance(value, int | float) if shape is float else isinstance(value, shape)
