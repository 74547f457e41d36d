"""HTTPRoute: what happens to a request that matched.

Faults act before the router, as in Istio: an aborted request is never retried, and the route's timeout runs
only after an injected delay. The share of requests that the fault spares has timeout and retries as usual.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from localmesh.retryon import RETRY_CONDITIONS
from localmesh.xds import cors, headers, values
from localmesh.xds.values import Json, Unusable

Spec = Mapping[str, Any]

FAULT_FILTER = "envoy.filters.http.fault"
FAULT_TYPE = "type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault"
_PREVIOUS_HOSTS: Json = {
    "name": "envoy.retry_host_predicates.previous_hosts",
    "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"
    },
}
#: Istio's policy where a route says nothing.
_RETRY_ON = "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes"
_REDIRECTS = {
    301: "MOVED_PERMANENTLY",
    302: "FOUND",
    303: "SEE_OTHER",
    307: "TEMPORARY_REDIRECT",
    308: "PERMANENT_REDIRECT",
}
_REPLACE_PREFIX = "%PREFIX()%"
_DEFAULT_PORTS = {"http": 80, "https": 443}
_GRPC_CODES = {
    name: code
    for code, name in enumerate(
        [
            "OK",
            "CANCELLED",
            "UNKNOWN",
            "INVALID_ARGUMENT",
            "DEADLINE_EXCEEDED",
            "NOT_FOUND",
            "ALREADY_EXISTS",
            "PERMISSION_DENIED",
            "RESOURCE_EXHAUSTED",
            "FAILED_PRECONDITION",
            "ABORTED",
            "OUT_OF_RANGE",
            "UNIMPLEMENTED",
            "INTERNAL",
            "UNAVAILABLE",
            "DATA_LOSS",
            "UNAUTHENTICATED",
        ]
    )
}
_UINT32 = 4_294_967_295


class Targets(Protocol):
    """Finds the clusters that a rule's destinations mean."""

    @property
    def missing(self) -> Json:
        """What is answered where a cluster is missing, as fields of a route's action."""

    def cluster(self, destination: Spec, path: str) -> str:
        """The cluster's name, whether there is such a cluster or not. Raises Unusable."""

    def hash_policy(self, destination: Spec) -> Json | None:
        """What requests to this destination are hashed by, if they are."""


@dataclass(frozen=True, slots=True)
class Asked:
    """By which port and scheme requests come."""

    port: int
    scheme: str = "http"


def action(spec: Spec, path: str, targets: Targets, asked: Asked) -> Json:
    """The fields of Envoy's Route other than its match. Raises Unusable."""
    route = {**_operations(spec, path), **_what(spec, path, targets, asked)}
    filters: Json = {}
    if spec.get("fault"):
        filters[FAULT_FILTER] = {"@type": FAULT_TYPE, **fault(spec["fault"], f"{path}.fault")}
    if spec.get("corsPolicy"):
        filters[cors.CORS_FILTER] = cors.policy(spec["corsPolicy"], f"{path}.corsPolicy")
    return {**route, "typed_per_filter_config": filters} if filters else route


def default_action(cluster: str, hash_policy: Json | None) -> Json:
    """What happens to requests that no VirtualService speaks of: Istio's defaults."""
    hashed = [hash_policy] if hash_policy else []
    return {"route": {"cluster": cluster, "timeout": "0s", **_retries(None, "", hashed), **_hashing(hashed)}}


def fault(spec: Spec, path: str) -> Json:
    """Envoy's HTTPFault. A fault without a percentage hits nobody, as in Istio."""
    result: Json = {}
    delay, abort = spec.get("delay"), spec.get("abort")
    if delay:
        where = f"{path}.delay"
        share = values.percentage(delay_share(delay), f"{where}.percentage")
        if "fixedDelay" not in delay:
            raise Unusable(where, "only fixedDelay is programmed")
        fixed = values.duration(delay["fixedDelay"], f"{where}.fixedDelay", least="0.001")
        result["delay"] = {"fixed_delay": fixed, "percentage": share}
    if abort:
        share = values.percentage((abort.get("percentage") or {}).get("value"), f"{path}.abort.percentage")
        result["abort"] = {**_abort_status(abort, f"{path}.abort"), "percentage": share}
    return result


def delay_share(delay: Spec) -> object:
    """The percentage of a delay, in its present or its older field."""
    return (delay.get("percentage") or {}).get("value") if "percentage" in delay else delay.get("percent")


def _abort_status(abort: Spec, path: str) -> Json:
    if "httpStatus" in abort:
        return {"http_status": values.integer(abort["httpStatus"], f"{path}.httpStatus", 200, 599)}
    if "grpcStatus" in abort:
        code = _GRPC_CODES.get(str(abort["grpcStatus"]).upper())
        if code is None:
            raise Unusable(f"{path}.grpcStatus", f"{abort['grpcStatus']!r} is not the name of a gRPC status")
        return {"grpc_status": code}
    raise Unusable(path, "only httpStatus and grpcStatus are programmed")


def _what(spec: Spec, path: str, targets: Targets, asked: Asked) -> Json:
    if spec.get("redirect"):
        return {"redirect": _redirect(spec["redirect"], f"{path}.redirect", asked)}
    if spec.get("directResponse"):
        return {"direct_response": _direct_response(spec["directResponse"], f"{path}.directResponse")}
    if not spec.get("route"):
        raise Unusable(path, "it has neither route nor redirect nor directResponse")
    return _forward(spec, path, targets)


def _forward(spec: Spec, path: str, targets: Targets) -> Json:
    destinations = spec["route"]
    route: Json = {"timeout": values.duration(spec.get("timeout") or "0s", f"{path}.timeout")}
    route |= _rewrite(spec.get("rewrite") or {}, f"{path}.rewrite")
    authority = headers.authority(spec.get("headers") or {}, f"{path}.headers")
    if authority and "host_rewrite_literal" not in route:
        route["host_rewrite_literal"] = authority
    if len(destinations) == 1:
        route = {**_only_destination(destinations[0], f"{path}.route[0]", targets), **route}
    else:
        route["weighted_clusters"] = {"clusters": list(_weighted(destinations, f"{path}.route", targets))}
    hashed = [
        policy for each in destinations if (policy := targets.hash_policy(each.get("destination") or {}))
    ]
    mirrors = list(_mirrors(spec, path, targets))
    if mirrors:
        route["request_mirror_policies"] = mirrors
    route |= {**_retries(spec.get("retries"), f"{path}.retries", hashed), **_hashing(hashed)}
    route |= targets.missing
    return {"route": route}


def _operations(spec: Spec, path: str) -> Json:
    """What is done to the headers on the route. As in Istio, what the only destination asks for comes behind
    the route's own, and so has the last word; with several, the route has it.
    """
    own = headers.operations(spec.get("headers") or {}, f"{path}.headers")
    destinations = list(spec.get("route") or ())
    if spec.get("redirect") or spec.get("directResponse") or len(destinations) != 1:
        return own
    theirs = headers.operations(destinations[0].get("headers") or {}, f"{path}.route[0].headers")
    return {field: [*own.get(field, ()), *theirs.get(field, ())] for field in {**own, **theirs}}


def _only_destination(spec: Spec, path: str, targets: Targets) -> Json:
    """The one destination gets everything, whatever its weight."""
    chosen: Json = {"cluster": targets.cluster(spec.get("destination") or {}, f"{path}.destination")}
    authority = headers.authority(spec.get("headers") or {}, f"{path}.headers")
    return {**chosen, "host_rewrite_literal": authority} if authority else chosen


def _weighted(destinations: list[Spec], path: str, targets: Targets) -> Iterator[Json]:
    weights = [
        values.integer(each.get("weight") or 0, f"{path}[{index}].weight", 0, _UINT32)
        for index, each in enumerate(destinations)
    ]
    if not 0 < sum(weights) <= _UINT32:
        raise Unusable(path, f"the weights sum to {sum(weights)}: somebody has to get the requests")
    for index, (each, weight) in enumerate(zip(destinations, weights, strict=True)):
        where = f"{path}[{index}]"
        name = targets.cluster(each.get("destination") or {}, f"{where}.destination")
        operations = each.get("headers") or {}
        member: Json = {"name": name, "weight": weight, **headers.operations(operations, f"{where}.headers")}
        authority = headers.authority(operations, f"{where}.headers")
        if authority:
            member["host_rewrite_literal"] = authority
        if weight:
            yield member


def _rewrite(spec: Spec, path: str) -> Json:
    result: Json = {}
    pattern = spec.get("uriRegexRewrite")
    if pattern:
        where = f"{path}.uriRegexRewrite"
        result["regex_rewrite"] = {
            "pattern": values.regex(pattern.get("match") or "", f"{where}.match"),
            "substitution": _substitution(pattern, where),
        }
    elif spec.get("uri"):
        # Envoy replaces what the match named: the prefix, or the whole path of an exact or regex match.
        result["prefix_rewrite"] = values.text(spec["uri"], f"{path}.uri")
    if spec.get("authority"):
        result["host_rewrite_literal"] = values.text(spec["authority"], f"{path}.authority")
    return result


def _substitution(pattern: Spec, path: str) -> str:
    substitution = values.text(pattern.get("rewrite") or "", f"{path}.rewrite")
    problem = values.substitution_problem(str(pattern.get("match") or ""), substitution)
    if problem:
        raise Unusable(f"{path}.rewrite", problem)
    return substitution


def _mirrors(spec: Spec, path: str, targets: Targets) -> Iterator[Json]:
    single = spec.get("mirror")
    if single:
        share = _mirror_share(spec)
        yield from _mirror(single, f"{path}.mirror", share, f"{path}.mirrorPercentage", targets)
    for index, each in enumerate(spec.get("mirrors") or ()):
        where = f"{path}.mirrors[{index}]"
        share = (each.get("percentage") or {}).get("value", 0) if "percentage" in each else 100
        destination = each.get("destination") or {}
        yield from _mirror(destination, f"{where}.destination", share, f"{where}.percentage", targets)


def _mirror_share(spec: Spec) -> object:
    """Everything is mirrored unless a percentage is given; given and empty, nothing is (as protobuf reads
    it).
    """
    if "mirrorPercentage" in spec:
        return (spec["mirrorPercentage"] or {}).get("value", 0)
    return spec.get("mirrorPercent", 100)


def _mirror(destination: Spec, path: str, share: object, share_path: str, targets: Targets) -> Iterator[Json]:
    fraction = values.percentage(share, share_path)
    cluster = targets.cluster(destination, path)
    if fraction["numerator"]:
        yield {"cluster": cluster, "runtime_fraction": {"default_value": fraction}}


def _retries(spec: Spec | None, path: str, hashed: list[Json]) -> Json:
    attempts = (
        2 if spec is None else values.integer(spec.get("attempts") or 0, f"{path}.attempts", 0, _UINT32)
    )
    if not attempts:
        return {}
    spec = spec or {}
    policy: Json = {"retry_on": _RETRY_ON, "num_retries": attempts, "host_selection_retry_max_attempts": 5}
    if spec.get("retryOn"):
        policy |= _retry_on(str(spec["retryOn"]), f"{path}.retryOn")
    if spec.get("perTryTimeout"):
        policy["per_try_timeout"] = values.duration(spec["perTryTimeout"], f"{path}.perTryTimeout")
    if spec.get("backoff"):
        base = values.duration(spec["backoff"], f"{path}.backoff", least="0.001")
        policy["retry_back_off"] = {"base_interval": base}
    # A consistent hash names one host; the others must not be tried instead.
    if spec.get("retryIgnorePreviousHosts", not hashed):
        policy["retry_host_predicate"] = [_PREVIOUS_HOSTS]
    return {"retry_policy": policy}


def _retry_on(text: str, path: str) -> Json:
    words = [word.strip() for word in text.split(",") if word.strip()]
    codes = [int(word) for word in words if word.isdigit()]
    conditions = [word for word in words if not word.isdigit()]
    for word in conditions:
        if word not in RETRY_CONDITIONS:
            raise Unusable(path, f"{word!r} is not a condition that Envoy retries on")
    if codes and "retriable-status-codes" not in conditions:
        conditions.append("retriable-status-codes")
    policy: Json = {"retry_on": ",".join(conditions)}
    if codes:
        policy["retriable_status_codes"] = [values.integer(code, path, 100, 599) for code in codes]
    return policy


def _hashing(hashed: list[Json]) -> Json:
    return {"hash_policy": hashed} if hashed else {}


def _redirect(spec: Spec, path: str, asked: Asked) -> Json:
    code = int(values.integer(spec.get("redirectCode") or 301, f"{path}.redirectCode", 0, 999))
    if code not in _REDIRECTS:
        raise Unusable(f"{path}.redirectCode", f"{code} is not one of {', '.join(map(str, _REDIRECTS))}")
    result: Json = {"response_code": _REDIRECTS[code]}
    if spec.get("authority"):
        result["host_redirect"] = values.text(spec["authority"], f"{path}.authority")
    if spec.get("scheme"):
        result["scheme_redirect"] = values.text(spec["scheme"], f"{path}.scheme")
    uri = values.text(spec.get("uri") or "", f"{path}.uri")
    if uri.startswith(_REPLACE_PREFIX):
        result["prefix_rewrite"] = uri.removeprefix(_REPLACE_PREFIX)
    elif uri:
        result["path_redirect"] = uri
    redirect_port = _redirect_port(spec, path, asked)
    return {**result, "port_redirect": redirect_port} if redirect_port else result


def _redirect_port(spec: Spec, path: str, asked: Asked) -> int:
    """The port to name in the redirect; 0 for none, and never a scheme's own port."""
    if spec.get("derivePort") == "FROM_REQUEST_PORT":
        chosen = asked.port
    else:
        chosen = values.integer(spec.get("port") or 0, f"{path}.port", 0, 65535)
    return 0 if chosen == _DEFAULT_PORTS.get(spec.get("scheme") or asked.scheme) else chosen


def _direct_response(spec: Spec, path: str) -> Json:
    result: Json = {"status": values.integer(spec.get("status") or 0, f"{path}.status", 200, 599)}
    body = spec.get("body") or {}
    if "string" in body:
        result["body"] = {"inline_string": str(body["string"])}
    elif "bytes" in body:
        result["body"] = {"inline_bytes": values.base64_text(body["bytes"], f"{path}.body.bytes")}
    return result
