"""Rules and what is in force, in the words that pages and messages use. Pure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from routing.rules import (
    Abort,
    Clear,
    ClearFault,
    ClientTls,
    Delay,
    DeleteObject,
    DestinationPolicy,
    Fault,
    HeaderMatch,
    LoadBalancer,
    Object,
    RemoveSubset,
    Rule,
    Split,
    Subset,
)
from routing.rules.splits import connections


def percent(value: float) -> str:
    """`80 %`, `0.5 %`: three significant digits at most."""
    return f"{value:.3g} %" if value < 100 else "100 %"


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


def whom(match: HeaderMatch | None) -> str:
    """For whom a fault is: `everyone`, or the header."""
    return f"requests with {match.header}: {match.value[:60]}" if match else "everyone"


def fault_parts(delay: Delay | None, abort: Abort | None) -> str:
    """`50 % delayed by 2s, 10 % aborted with 503`."""
    parts = []
    if delay:
        parts.append(f"{percent(delay.percentage)} delayed by {delay.fixed_delay}")
    if abort:
        parts.append(f"{percent(abort.percentage)} aborted with {abort.http_status or 'a gRPC status'}")
    return ", ".join(parts) or "an unknown fault"


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


_PARTS: Final = {
    "load_balancer": "load balancing",
    "session_affinity": "session affinity",
    "tcp": "limits of connections",
    "http": "limits of requests",
    "outlier_detection": "outlier detection",
    "tls": "TLS mode",
}
_SENTENCES: Final[Mapping[type[Any], Callable[[Any], str]]] = {
    Split: whole_split_sentence,
    Fault: fault_sentence,
    ClearFault: lambda _: "no fault",
    Subset: lambda rule: f"subset {rule.name or rule.version} added",
    RemoveSubset: lambda rule: f"subset {rule.subset or rule.version} removed",
    DestinationPolicy: policy_sentence,
    Object: lambda rule: f"{rule.ref} as it was given",
    DeleteObject: lambda rule: f"{rule.ref} deleted",
}
