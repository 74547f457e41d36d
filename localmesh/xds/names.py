"""Names as Istio forms them: hosts, wildcards, clusters, and whom a rule is visible to.

Text in, text out: nothing here knows which hosts exist.
"""

import re
from collections.abc import Iterable, Sequence

CLUSTER_DOMAIN = "cluster.local"
#: The namespace whose DestinationRules are everybody's default.
ROOT_NAMESPACE = "istio-system"
#: The word in a VirtualService's gateways that means every sidecar.
MESH = "mesh"
_HOST = re.compile(r"\*|(\*\.)?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")


def service_host(name: str, namespace: str) -> str:
    """The full host name of a Service."""
    return f"{name}.{namespace}.svc.{CLUSTER_DOMAIN}"


def resolve(host: str, namespace: str) -> str:
    """The full name of a host written in a rule of `namespace`.

    As Istio does it, only a name without any dot is short; `reviews.bookinfo` is taken as it stands.
    """
    return host if "." in host or "*" in host or not host else service_host(host, namespace)


def resolve_gateway(name: str, namespace: str) -> str:
    """`namespace/name` of a gateway written in a rule of `namespace`; `mesh` stays `mesh`."""
    return name if name == MESH or "/" in name else f"{namespace}/{name}"


def is_host(host: str) -> bool:
    """Whether this can be a host name, or a wildcard for the names under one (`*`, `*.example.com`)."""
    return _HOST.fullmatch(host) is not None


def covers(pattern: str, host: str) -> bool:
    """Whether everything that `host` stands for is also meant by `pattern` (`*`, `*.example.com` or a plain
    name).
    """
    if pattern.startswith("*"):
        return host.removeprefix("*").endswith(pattern[1:])
    return pattern == host


def intersection(one: str, other: str) -> str | None:
    """The more specific of two host patterns of which one covers the other; None when they share no host."""
    if covers(one, other):
        return other
    return one if covers(other, one) else None


def specificity(pattern: str) -> tuple[bool, int]:
    """Sorts host patterns: plain names over wildcards, long wildcards over short ones."""
    return not pattern.startswith("*"), len(pattern)


def best_match(patterns: Iterable[str], host: str) -> str | None:
    """The most specific of the patterns that cover a host."""
    return max((each for each in patterns if covers(each, host)), key=specificity, default=None)


def outbound_cluster(host: str, port: int, subset: str = "") -> str:
    """The name of the cluster that sends to a service's port, or to one subset of it."""
    return f"outbound|{port}|{subset}|{host}"


def inbound_cluster(port: int) -> str:
    """The name of the cluster that hands requests to the proxy's own application."""
    return f"inbound|{port}||"


def exported_to(exports: Sequence[str], owner: str) -> frozenset[str] | None:
    """The namespaces that a rule of namespace `owner` with this `exportTo` is visible to; None means all."""
    if not exports or "*" in exports:
        return None
    return frozenset(owner if each == "." else each for each in exports)


def service_aliases(name: str, namespace: str) -> tuple[str, ...]:
    """The names of a Service that every namespace may use."""
    return service_host(name, namespace), f"{name}.{namespace}.svc", f"{name}.{namespace}"
