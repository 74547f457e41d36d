"""Rules and what is in force, in the words that pages and messages use. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from routing.phrases import (
    fault_parts,
    http_policy_sentence,
    percent,
    remove_sentence,
    route_sentence,
    whom,
)
from routing.rules import (
    Clear,
    ClearFault,
    ClientTls,
    DeleteObject,
    DestinationPolicy,
    Fault,
    Gateway,
    GatewayRoute,
    HttpPolicy,
    LoadBalancer,
    Object,
    RemoveRoute,
    RemoveSubset,
    Route,
    Rule,
    ServiceEntry,
    Sidecar,
    Split,
    Subset,
)
from routing.rules.splits import connections

__all__ = ["fault_parts", "fault_sentence", "percent", "sentence", "split_sentence", "summary", "whom"]


def split_sentence(weights: Mapping[str, float]) -> str:
    """`80 % v1, 20 % v3`: versions with a weight, in the order
    given; the empty version is another destination.
    """
    shown = [f"{percent(weight)} {version or 'elsewhere'}" for version, weight in weights.items() if weight]
    return ", ".join(shown) or "nothing"


def whole_split_sentence(split: Split) -> str:
    """`tcp connections on port 3306: 80 % v1, 20 % v2`."""
    if split.protocol == "http":
        return split_sentence(split.weights)
    return f"{split.protocol} connections{connections(split)}: {split_sentence(split.weights)}"


def fault_sentence(fault: Fault) -> str:
    """`50 % delayed by 2s; everyone`."""
    return f"{fault_parts(fault.delay, fault.abort)}; {whom(fault.match)}"


def policy_sentence(rule: DestinationPolicy) -> str:
    """`outlier detection, no session affinity; version v3`."""
    parts = [_part(name, part) for name, part in rule.parts.items()]
    where = [f"version {rule.version}"] if rule.version else []
    where += [f"port {rule.port}"] if rule.port else []
    return "; ".join([", ".join(parts), *where])


def _part(name: str, part: object) -> str:
    word = _PARTS[name]
    if isinstance(part, Clear):
        return f"no {word}"
    if isinstance(part, LoadBalancer) and part.simple:
        return f"{word} {part.simple}"
    return f"{word} {part.mode}" if isinstance(part, ClientTls) else word


def summary(rules: Sequence[Rule]) -> str:
    """A set of rules in one line: `reviews: 80 % v1, 20 % v3`."""
    return "; ".join(
        f"{rule.service}: {sentence(rule)}" if rule.service else sentence(rule) for rule in rules
    )


def sentence(rule: Rule) -> str:
    """What one rule asks for, without its service's name."""
    return _SENTENCES[type(rule)](rule)


def _egress(rule: Sidecar) -> list[str]:
    return [host for egress in rule.spec.egress or () for host in egress.hosts or ()]


def _served(rule: Gateway) -> list[str]:
    return [f"{host}:{server.port}" for server in rule.spec.servers or () for host in server.hosts or ()]


def _told(names: Iterable[str] | None) -> str:
    """The first few of some names."""
    found = list(names or ())
    return ", ".join([*found[:3], f"{len(found) - 3} more"] if len(found) > 3 else found) or "as before"


_PARTS: Final = {
    "load_balancer": "load balancing",
    "session_affinity": "session affinity",
    "tcp": "limits of connections",
    "http": "limits of requests",
    "outlier_detection": "outlier detection",
    "tls": "TLS mode",
}


def gateway_sentence(rule: GatewayRoute) -> str:
    """`80 % v1, 20 % v3, as HTTPRoute for callers in shop`."""
    whom = f" for callers in {rule.consumer}" if rule.consumer else ""
    return f"{sentence(rule.rule)}, as {rule.written_as}{whom}"


_SENTENCES: Final[Mapping[type[Any], Callable[[Any], str]]] = {
    Split: whole_split_sentence,
    Fault: fault_sentence,
    ClearFault: lambda _: "no fault",
    GatewayRoute: gateway_sentence,
    Route: route_sentence,
    HttpPolicy: http_policy_sentence,
    RemoveRoute: remove_sentence,
    Subset: lambda rule: f"subset {rule.name or rule.version} added",
    RemoveSubset: lambda rule: f"subset {rule.subset or rule.version} removed",
    DestinationPolicy: policy_sentence,
    Sidecar: lambda rule: f"{rule.ref} reaches {_told(_egress(rule))}",
    ServiceEntry: lambda rule: f"{rule.ref} for {_told(rule.spec.hosts)}",
    Gateway: lambda rule: f"{rule.ref} serves {_told(_served(rule))}",
    Object: lambda rule: f"{rule.ref} as it was given",
    DeleteObject: lambda rule: f"{rule.ref} deleted",
}
