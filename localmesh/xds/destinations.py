"""What DestinationRules say of a destination, as one client's namespace sees it: subsets and load balancing.

Looked up as Istio does: the client's namespace, then the service's, then the root namespace; in the first of
them that has a rule for the host, the most specific host wins, and among equals the first definition of a
subset and the first traffic policy
(https://istio.io/latest/docs/ops/best-practices/traffic-management/#cross-namespace-configuration).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from localmesh.xds import names, values
from localmesh.xds.model import Endpoint, Mesh, Rule, Service
from localmesh.xds.values import Json, Problem, Unusable

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


@dataclass(frozen=True, slots=True)
class Balancing:
    """How a cluster chooses among its endpoints: fields of Envoy's Cluster, and the hash that routes to it
    ask for.
    """

    cluster: Json
    hash_policy: Json | None = None


@dataclass(frozen=True, slots=True)
class Subset:
    """A named part of a service's endpoints, where it is defined (for problems), and its policy."""

    labels: Mapping[str, str]
    policy: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Destination:
    """The effective traffic policy and subsets of one host."""

    policy: Mapping[str, Any]
    subsets: Mapping[str, Subset]

    def balancing(self, port: int, subset: str = "") -> Balancing:
        """The load balancing for a port: of the subset over the host's, of the port over the general."""
        named = self.subsets.get(subset)
        for policy in (named.policy if named else {}, self.policy):
            for part in (_port_policy(policy, port), policy):
                if part.get("loadBalancer"):
                    return _usable_balancing(part["loadBalancer"])
        return Balancing({"lb_policy": "LEAST_REQUEST"})

    def selects(self, endpoint: Endpoint, subset: str) -> bool:
        """Whether an endpoint is in a subset (the unnamed one has all)."""
        named = self.subsets.get(subset)
        return named is None or named.labels.items() <= endpoint.labels.items()


NOTHING = Destination({}, {})


def effective(mesh: Mesh, service: Service, client_namespace: str) -> Destination:
    """What DestinationRules say of a service for clients of a namespace."""
    rules = effective_rules(mesh, service, client_namespace)
    if not rules:
        return NOTHING
    policy: Mapping[str, Any] = next(
        (rule.spec["trafficPolicy"] for rule in rules if rule.spec.get("trafficPolicy")), {}
    )
    subsets: dict[str, Subset] = {}
    for rule in rules:
        for each in rule.spec.get("subsets") or ():
            if each.get("name"):
                subset = Subset(each.get("labels") or {}, each.get("trafficPolicy") or {})
                subsets.setdefault(each["name"], subset)
    return Destination(policy, subsets)


def effective_rules(mesh: Mesh, service: Service, client_namespace: str) -> tuple[Rule, ...]:
    """The DestinationRules that together say it, the oldest first; empty when there is none."""
    for namespace in dict.fromkeys((client_namespace, service.namespace, names.ROOT_NAMESPACE)):
        by_host = mesh.destination_rules_by_host.get(namespace, {})
        patterns = (host for host in by_host if host == service.host or host.startswith("*"))
        for host in sorted(patterns, key=names.specificity, reverse=True):
            seen = tuple(rule for rule in by_host[host] if rule.visible_to(client_namespace))
            if seen and names.covers(host, service.host):
                return seen
    return ()


def host_of(rule: Rule) -> str:
    """The full host of a DestinationRule."""
    return names.resolve(str(rule.spec.get("host") or ""), rule.namespace)


def problems(mesh: Mesh, rule: Rule) -> Iterator[Problem]:
    """What of a DestinationRule is not acted on because of its values, or because an older one says it
    already.
    """
    yield from _policy_problems(rule.spec.get("trafficPolicy") or {}, "spec.trafficPolicy")
    host = host_of(rule)
    if not any(names.covers(host, service.host) for service in mesh.services):
        yield Problem("spec.host", f"there is no Service {host} in the mesh")
    older = [each for each in _siblings(mesh, rule) if each.age < rule.age]
    taken: dict[str, str] = {}
    for each in older:
        for subset in each.spec.get("subsets") or ():
            taken.setdefault(subset.get("name", ""), each.name)
    for index, subset in enumerate(rule.spec.get("subsets") or ()):
        path, name = f"spec.subsets[{index}]", subset.get("name", "")
        yield from _policy_problems(subset.get("trafficPolicy") or {}, f"{path}.trafficPolicy")
        if name in taken:
            reason = f"the older DestinationRule {taken[name]} defines subset {name} already"
            yield Problem(path, reason, conflict=True)
        taken.setdefault(name, rule.name)
    first = next((each for each in older if each.spec.get("trafficPolicy")), None)
    if first and rule.spec.get("trafficPolicy"):
        reason = f"the older DestinationRule {first.name} sets the policy of this host already"
        yield Problem("spec.trafficPolicy", reason, conflict=True)


def _siblings(mesh: Mesh, rule: Rule) -> list[Rule]:
    rules = mesh.destination_rules_by_host.get(rule.namespace, {}).get(host_of(rule), ())
    return [each for each in rules if each.key != rule.key]


def _policy_problems(policy: Mapping[str, Any], path: str) -> Iterator[Problem]:
    parts = [(path, policy)]
    for index, part in enumerate(policy.get("portLevelSettings") or ()):
        parts.append((f"{path}.portLevelSettings[{index}]", part))
    for where, part in parts:
        try:
            if part.get("loadBalancer"):
                balancing(part["loadBalancer"], f"{where}.loadBalancer")
        except Unusable as error:
            yield error.problem


def _port_policy(policy: Mapping[str, Any], port: int) -> Mapping[str, Any]:
    settings = policy.get("portLevelSettings") or ()
    return next((each for each in settings if (each.get("port") or {}).get("number") == port), {})


def _usable_balancing(spec: Mapping[str, Any]) -> Balancing:
    try:
        return balancing(spec, "")
    except Unusable:
        # Reported by `problems`; traffic goes on with Istio's default.
        return Balancing({"lb_policy": "LEAST_REQUEST"})


def balancing(spec: Mapping[str, Any], path: str) -> Balancing:
    """Envoy's load balancing for `loadBalancer`. Raises Unusable for what is not programmed."""
    if "consistentHash" in spec:
        return _consistent_hash(spec["consistentHash"], f"{path}.consistentHash")
    simple = spec.get("simple", "UNSPECIFIED")
    if simple not in _SIMPLE:
        raise Unusable(f"{path}.simple", f"{simple} is not programmed; requests are sent by LEAST_REQUEST")
    return Balancing({"lb_policy": _SIMPLE[simple]})


def _consistent_hash(spec: Mapping[str, Any], path: str) -> Balancing:
    given = [key for key in _HASH_KEYS if spec.get(key)]
    if len(given) != 1:
        raise Unusable(path, f"exactly one of {', '.join(_HASH_KEYS)} is needed")
    return Balancing(_hash_cluster(spec, path), _hash_policy(given[0], spec[given[0]], f"{path}.{given[0]}"))


def _hash_cluster(spec: Mapping[str, Any], path: str) -> Json:
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


def _cookie(value: Mapping[str, Any], path: str) -> Json:
    cookie: Json = {"name": values.header_name(str(value.get("name") or ""), f"{path}.name")}
    if "ttl" in value:
        cookie["ttl"] = values.duration(value["ttl"], f"{path}.ttl")
    if value.get("path"):
        cookie["path"] = values.text(value["path"], f"{path}.path")
    return cookie
