"""Traffic policies: which parts hold for one port of a host or subset, and what they make of a cluster.

Parts come together as in Istio: a subset's part replaces the host's; settings of a port replace all of the
level that they stand at, so that what they leave out is Istio's default and not the level's.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from localmesh.xds import balancing, localities, pools, values
from localmesh.xds.balancing import Balancing
from localmesh.xds.egress import Egress
from localmesh.xds.localities import Locality, Placed
from localmesh.xds.model import Protocol
from localmesh.xds.sources import config_source
from localmesh.xds.values import Json, Problem, Unusable

Spec = Mapping[str, Any]
_PARTS = ("loadBalancer", "connectionPool", "outlierDetection", "tls", "retryBudget")


@dataclass(frozen=True, slots=True)
class Client:
    """Who asks: what of a proxy decides how it reaches a destination."""

    namespace: str
    locality: Locality = ("", "", "")
    labels: tuple[tuple[str, str], ...] = ()
    #: What it knows of the mesh (None: all), and the hosts that its routes lead to besides.
    egress: Egress | None = None
    routed: frozenset[str] = frozenset()


def merged(host: Spec, subset: Spec, port: int) -> Spec:
    """The parts that hold for a port of a subset; `subset` is empty for the host itself."""
    general, _ = _at_port(host, port)
    own, replaces = _at_port(subset, port)
    if not subset:
        return general
    # What the settings of a port leave out is the default again; a retry budget they cannot name.
    kept = ("retryBudget",) if replaces else _PARTS
    inherited = {part: general.get(part) for part in kept}
    return {**inherited, **{part: own[part] for part in _PARTS if own.get(part) is not None}}


def _at_port(policy: Spec, port: int) -> tuple[Spec, bool]:
    settings = policy.get("portLevelSettings") or ()
    found = next((each for each in settings if (each.get("port") or {}).get("number") == port), None)
    return (policy, False) if found is None else (found, True)


def balancing_of(policy: Spec) -> Balancing:
    """The load balancing of merged parts; Istio's default where it cannot be used (which is reported)."""
    try:
        return balancing.balancing(policy.get("loadBalancer") or {}, "")
    except Unusable:
        return balancing.DEFAULT


def limits(policy: Spec, protocol: Protocol, upstream: Json | None = None) -> Json:
    """The fields of a cluster that `connectionPool` and `retryBudget` decide; `upstream` are HTTP options."""
    try:
        return _limits(policy, protocol, upstream)
    except Unusable:
        return _limits({}, protocol, upstream)


def _limits(policy: Spec, protocol: Protocol, upstream: Json | None) -> Json:
    pool = policy.get("connectionPool") or {}
    fields = pools.connections(pool, "", budget=policy.get("retryBudget"))
    if protocol in ("http", "http2"):
        fields |= pools.protocol(pool, "", http2=protocol == "http2", upstream=upstream)
    return fields


def tcp_idle_timeout(policy: Spec) -> str | None:
    """After how long without a byte a TCP connection is closed; None where nothing usable says so."""
    idle = ((policy.get("connectionPool") or {}).get("tcp") or {}).get("idleTimeout")
    try:
        return values.duration(idle, "") if idle else None
    except Unusable:
        return None


def endpoints(policy: Spec, placed: list[Placed], client: Client) -> tuple[Json, list[Json]]:
    """The fields of a cluster that say which endpoints get requests, and its endpoints in groups."""
    chosen = balancing_of(policy)
    fields: Json = dict(chosen.cluster)
    common: Json = {}
    if chosen.warms_up:
        # Only of endpoints that come apart from their cluster does Envoy know which are new.
        fields |= {"type": "EDS", "eds_cluster_config": {"eds_config": config_source()}}
    outliers = _usable_outliers(policy.get("outlierDetection"))
    if outliers:
        fields["outlier_detection"], healthy = outliers
        common["healthy_panic_threshold"] = {"value": healthy}
    groups, weighted = localities.assignment(
        placed,
        _usable_localities(policy),
        here=client.locality,
        labels=localities.labels_with(dict(client.labels), client.locality),
        failover=outliers is not None,
    )
    if weighted:
        common["locality_weighted_lb_config"] = {}
    return {**fields, **({"common_lb_config": common} if common else {})}, groups


def problems(policy: Spec, path: str) -> Iterator[Problem]:
    """What of a traffic policy, its ports' settings included, cannot be used."""
    parts = [(path, policy)]
    for index, part in enumerate(policy.get("portLevelSettings") or ()):
        parts.append((f"{path}.portLevelSettings[{index}]", part))
    for where, part in parts:
        for check in (_check_balancing, _check_localities, _check_pool, _check_outliers):
            try:
                check(part, where)
            except Unusable as error:
                yield error.problem


def _check_balancing(policy: Spec, path: str) -> None:
    spec = policy.get("loadBalancer")
    if not spec:
        return
    # With a setting of localities alone nothing is said of the choice among endpoints.
    balancing.balancing(spec, f"{path}.loadBalancer")
    problem = balancing.warmup_problem(spec, f"{path}.loadBalancer")
    if problem:
        raise problem


def _check_localities(policy: Spec, path: str) -> None:
    setting = (policy.get("loadBalancer") or {}).get("localityLbSetting") or {}
    where = f"{path}.loadBalancer.localityLbSetting"
    localities.check(setting, where)
    needs = next((key for key in ("failover", "failoverPriority") if setting.get(key)), None)
    if needs and setting.get("enabled") is not False and not policy.get("outlierDetection"):
        raise Unusable(f"{where}.{needs}", "without outlierDetection beside it traffic never fails over")


def _check_pool(policy: Spec, path: str) -> None:
    pool, budget = policy.get("connectionPool") or {}, policy.get("retryBudget")
    pools.connections(pool, f"{path}.connectionPool", budget=budget, budget_path=f"{path}.retryBudget")
    pools.protocol(pool, f"{path}.connectionPool", http2=False)


def _check_outliers(policy: Spec, path: str) -> None:
    if policy.get("outlierDetection") is not None:
        pools.outliers(policy["outlierDetection"], f"{path}.outlierDetection")


def _usable_outliers(spec: Spec | None) -> tuple[Json, float] | None:
    try:
        return None if spec is None else pools.outliers(spec, "")
    except Unusable:
        return None


def _usable_localities(policy: Spec) -> Spec | None:
    setting = (policy.get("loadBalancer") or {}).get("localityLbSetting")
    try:
        localities.check(setting or {}, "")
    except Unusable:
        return None
    return setting
