"""Traffic policies on a DestinationRule: of the whole service, of a subset, of a port, or of a port of a
subset. Pure.

Only the parts that a rule names change; of those, only the fields that it can say. Istio balances either by a
simple algorithm or by a hash, never both: what is set puts the other out.
"""

import copy
from typing import Any, Final

from cluster.refs import Manifest
from routing.istio.errors import Notice
from routing.istio.hosts import name_of
from routing.istio.subsets import subsets_of
from routing.rules import DestinationPolicy
from routing.rules.codec import ABSENT
from routing.rules.fields import Clear, Part, codec
from routing.rules.policies import (
    ClientTls,
    HttpPool,
    LoadBalancer,
    OutlierDetection,
    SessionAffinity,
    TcpPool,
)

Policy = dict[str, Any]

_PLACES: Final[dict[str, tuple[type[Any], tuple[str, ...]]]] = {
    "load_balancer": (LoadBalancer, ("loadBalancer",)),
    "session_affinity": (SessionAffinity, ("loadBalancer", "consistentHash")),
    "tcp": (TcpPool, ("connectionPool", "tcp")),
    "http": (HttpPool, ("connectionPool", "http")),
    "outlier_detection": (OutlierDetection, ("outlierDetection",)),
    "tls": (ClientTls, ("tls",)),
}


def read_policy(
    destination_rule: Manifest,
    namespace: str,
    service: str,
    *,
    version: str = "",
    subset: str = "",
    port: int = 0,
) -> DestinationPolicy | None:
    """The policy in force at one place as a rule; None when it says nothing there.

    `subset`: the name of the one for the version.
    """
    level = policy_at(destination_rule, subset, port)
    found = {name: _take(level, cls, path) for name, (cls, path) in _PLACES.items()}
    # An object without any of its members is no load balancer: what it holds is the affinity's.
    for name, nothing in (("load_balancer", LoadBalancer()), ("session_affinity", SessionAffinity())):
        found[name] = None if found[name] == nothing else found[name]
    if not any(part is not None for part in found.values()):
        return None
    return DestinationPolicy(namespace, service, version, port, **found)


def set_policy(
    destination_rule: Manifest, rule: DestinationPolicy, subset: str = ""
) -> tuple[Manifest, tuple[Notice, ...]]:
    """The DestinationRule with what the rule says, and what that puts out of force.

    `subset`: the name of the one for the rule's version. Raises KeyError when it has none of this name.
    """
    changed = copy.deepcopy(destination_rule)
    holder = changed.setdefault("spec", {}) if not rule.version else _subset(changed, subset)
    before = holder.get("trafficPolicy") or {}
    level = _level(before, rule.port)
    after = copy.deepcopy(level)
    for name, part in rule.parts.items():
        _put(after, *_PLACES[name], part)
    notices = _one_balancer(after, rule, changed)
    whole = _with_level(before, after, rule.port)
    if whole:
        holder["trafficPolicy"] = whole
    elif before:
        del holder["trafficPolicy"]
    return changed, notices


def policy_at(destination_rule: Manifest | None, subset: str = "", port: int = 0) -> Policy:
    """The traffic policy that is written at one place; empty for none."""
    holder = (destination_rule or {}).get("spec") or {}
    if subset:
        found = [item for item in subsets_of(destination_rule) if item.get("name") == subset]
        holder = found[0] if found else {}
    return _level(holder.get("trafficPolicy") or {}, port)


def _subset(destination_rule: Manifest, name: str) -> dict[str, Any]:
    found = next((item for item in subsets_of(destination_rule) if item.get("name") == name), None)
    if found is None:
        raise KeyError(name)
    return found


def _level(policy: Policy, port: int) -> Policy:
    """The policy itself, or what it says for a port."""
    if not port:
        return policy
    return next((item for item in policy.get("portLevelSettings") or [] if _port_of(item) == port), {})


def _with_level(policy: Policy, level: Policy, port: int) -> Policy:
    """A policy with what it is to say at one level."""
    if not port:
        return level
    entries = list(policy.get("portLevelSettings") or [])
    index = next((at for at, item in enumerate(entries) if _port_of(item) == port), len(entries))
    says = {key: value for key, value in level.items() if key != "port"}
    entries[index : index + 1] = [{"port": {"number": port}, **level}] if says else []
    rest = {key: value for key, value in policy.items() if key != "portLevelSettings"}
    return {**rest, "portLevelSettings": entries} if entries else rest


def _port_of(entry: Policy) -> object:
    return (entry.get("port") or {}).get("number")


def _take(level: Policy, cls: type[Any], path: tuple[str, ...]) -> Any:
    found: Any = level
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    part = codec(cls).decode(found, "", [])
    return None if part is ABSENT else part


def _put(level: Policy, cls: type[Any], path: tuple[str, ...], part: Part | Clear) -> None:
    """Sets a part, or takes it away, and what holds nothing any more with it."""
    first, *rest = path
    if rest:
        inner = dict(level.get(first) or {})
        _put(inner, cls, tuple(rest), part)
    elif not isinstance(part, Clear):
        inner = codec(cls).encode(part, level.get(first))
    elif first == "loadBalancer":
        # The affinity in it is another part.
        inner = codec(cls).without(level.get(first))
    else:
        inner = {}
    if inner or (not rest and not isinstance(part, Clear)):
        level[first] = inner
    else:
        level.pop(first, None)


def _one_balancer(level: Policy, rule: DestinationPolicy, destination_rule: Manifest) -> tuple[Notice, ...]:
    """Takes out what the rule's balancer excludes."""
    balancer = level.get("loadBalancer") or {}
    if "simple" not in balancer or "consistentHash" not in balancer:
        return ()
    by_hash = isinstance(rule.session_affinity, SessionAffinity)
    gone = balancer.pop("simple" if by_hash else "consistentHash")
    what = f"the load balancer {gone}" if by_hash else "the session affinity"
    message = f"{name_of(destination_rule)} loses {what}: Istio balances by one or by the other."
    return (Notice("LOAD_BALANCER_REPLACED", message),)
