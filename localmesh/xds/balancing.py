"""Load balancing: how a cluster chooses among its endpoints, and what the requests to it are hashed by."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from localmesh.xds import values
from localmesh.xds.values import Json, Unusable

Spec = Mapping[str, Any]

_SIMPLE = {
    "UNSPECIFIED": "LEAST_REQUEST",
    "LEAST_CONN": "LEAST_REQUEST",
    "LEAST_REQUEST": "LEAST_REQUEST",
    "ROUND_ROBIN": "ROUND_ROBIN",
    "RANDOM": "RANDOM",
}
#: Istio's default for the ring.
_RING_SIZE = 1_024
_LARGEST_RING = 8_388_608
#: Istio's default size of a Maglev table; Envoy wants a prime of at most 5,000,011.
_MAGLEV_TABLE = 65_537
_LARGEST_TABLE = 5_000_011
_HASH_KEYS = ("httpHeaderName", "httpCookie", "useSourceIp", "httpQueryParameterName")
_SLOW_START = {"LEAST_REQUEST": "least_request_lb_config", "ROUND_ROBIN": "round_robin_lb_config"}
#: Istio's defaults of a warm-up: a straight line that begins at a tenth of the share.
_AGGRESSION = 1.0
_LEAST_PERCENT = 10.0


@dataclass(frozen=True, slots=True)
class Balancing:
    """How a cluster chooses among its endpoints: fields of Envoy's Cluster, and the hash that routes to it
    ask for. With `warms_up` it has to know which of its endpoints are new.
    """

    cluster: Json
    hash_policy: Json | None = None
    warms_up: bool = False


#: Istio's default.
DEFAULT = Balancing({"lb_policy": "LEAST_REQUEST"})


def balancing(spec: Spec, path: str) -> Balancing:
    """Envoy's load balancing for `loadBalancer`. Raises Unusable for what is not programmed."""
    if "consistentHash" in spec:
        return _consistent_hash(spec["consistentHash"], f"{path}.consistentHash")
    simple = spec.get("simple", "UNSPECIFIED")
    if simple not in _SIMPLE:
        raise Unusable(f"{path}.simple", f"{simple} is not programmed; requests are sent by LEAST_REQUEST")
    policy = _SIMPLE[simple]
    slow_start = _slow_start(spec, path)
    # Only the policies that know of load can begin slowly, as in Istio.
    if slow_start is None or policy not in _SLOW_START:
        return Balancing({"lb_policy": policy})
    config = {"slow_start_config": slow_start}
    return Balancing({"lb_policy": policy, _SLOW_START[policy]: config}, warms_up=True)


def warmup_problem(spec: Spec, path: str) -> Unusable | None:
    """Why a warm-up has no effect beside the rest of a `loadBalancer`; None when it has."""
    given = next((key for key in ("warmup", "warmupDurationSecs") if spec.get(key)), None)
    if given is None or ("consistentHash" not in spec and spec.get("simple") != "RANDOM"):
        return None
    return Unusable(f"{path}.{given}", "new endpoints warm up under ROUND_ROBIN and LEAST_REQUEST only")


def _slow_start(spec: Spec, path: str) -> Json | None:
    warmup, where = spec.get("warmup"), f"{path}.warmup"
    if warmup:
        least = values.number(warmup.get("minimumPercent", _LEAST_PERCENT), f"{where}.minimumPercent", 0, 100)
        steepness = values.number(warmup.get("aggression", _AGGRESSION), f"{where}.aggression", 1, 1e6)
        return {
            "slow_start_window": values.duration(
                warmup.get("duration", ""), f"{where}.duration", least="0.001"
            ),
            # Envoy wants a key by which the value could be changed while it runs; nobody uses it.
            "aggression": {"default_value": steepness, "runtime_key": "localmesh.warmup"},
            "min_weight_percent": {"value": least},
        }
    if spec.get("warmupDurationSecs"):
        where = f"{path}.warmupDurationSecs"
        return {"slow_start_window": values.duration(spec["warmupDurationSecs"], where, least="0.001")}
    return None


def _consistent_hash(spec: Spec, path: str) -> Balancing:
    given = [key for key in _HASH_KEYS if spec.get(key)]
    if len(given) != 1:
        raise Unusable(path, f"exactly one of {', '.join(_HASH_KEYS)} is needed")
    return Balancing(_hash_cluster(spec, path), _hash_policy(given[0], spec[given[0]], f"{path}.{given[0]}"))


def _hash_cluster(spec: Spec, path: str) -> Json:
    if "maglev" in spec:
        size = _size(
            (spec["maglev"] or {}).get("tableSize", _MAGLEV_TABLE), f"{path}.maglev.tableSize", _LARGEST_TABLE
        )
        return {"lb_policy": "MAGLEV", "maglev_lb_config": {"table_size": size}}
    ring = (spec.get("ringHash") or {}).get("minimumRingSize", spec.get("minimumRingSize", _RING_SIZE))
    size = _size(ring, f"{path}.ringHash.minimumRingSize", _LARGEST_RING)
    return {"lb_policy": "RING_HASH", "ring_hash_lb_config": {"minimum_ring_size": size}}


def _size(value: object, path: str, largest: int) -> int:
    # 64-bit numbers may come as strings in protobuf's JSON.
    number = int(value) if isinstance(value, str) and value.isdigit() else value
    return values.integer(number, path, 1, largest)


def _hash_policy(key: str, value: Any, path: str) -> Json:
    if key == "httpHeaderName":
        return {"header": {"header_name": values.header_name(str(value), path)}}
    if key == "useSourceIp":
        return {"connection_properties": {"source_ip": True}}
    if key == "httpQueryParameterName":
        return {"query_parameter": {"name": values.text(value, path)}}
    return {"cookie": _cookie(value, path)}


def _cookie(value: Spec, path: str) -> Json:
    cookie: Json = {"name": values.header_name(str(value.get("name") or ""), f"{path}.name")}
    if "ttl" in value:
        cookie["ttl"] = values.duration(value["ttl"], f"{path}.ttl")
    if value.get("path"):
        cookie["path"] = values.text(value["path"], f"{path}.path")
    return cookie
