"""Sidecars: what of the mesh a proxy knows at all.

The Sidecar that selects a pod, else its namespace's, else the root namespace's says it. What it does not name
is not there for the pod: neither clusters nor routes. Without one, all is.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from localmesh.xds import names
from localmesh.xds.model import Mesh, Proxy, Rule, Service
from localmesh.xds.values import Problem

_HERE, _ANY, _NONE = ".", "*", "~"


@dataclass(frozen=True, slots=True)
class Egress:
    """Namespaces and host patterns that a proxy knows."""

    hosts: tuple[tuple[str, str], ...]

    def sees(self, namespace: str, host: str) -> bool:
        """Whether a host of a namespace is among them, or a pattern of hosts in part."""
        return any(
            where in (_ANY, namespace) and names.intersection(pattern, host) is not None
            for where, pattern in self.hosts
        )


def sidecar_of(mesh: Mesh, proxy: Proxy) -> Rule | None:
    """The Sidecar that holds for a proxy; gateways have none."""
    if proxy.kind == "router":
        return None
    mine = [each for each in mesh.sidecars if each.namespace == proxy.namespace]
    selecting = (each for each in mine if _labels(each) and _labels(each).items() <= proxy.labels.items())
    general = (
        each
        for namespace in (proxy.namespace, names.ROOT_NAMESPACE)
        for each in mesh.sidecars
        if each.namespace == namespace and not _labels(each)
    )
    return next(selecting, None) or next(general, None)


def egress_of(mesh: Mesh, proxy: Proxy) -> Egress | None:
    """What a proxy knows; None means all."""
    sidecar = sidecar_of(mesh, proxy)
    if sidecar is None or not sidecar.spec.get("egress"):
        return None
    hosts = (host for each in sidecar.spec["egress"] for host in each.get("hosts") or ())
    return Egress(tuple(dict.fromkeys(_resolved(host, proxy.namespace) for host in hosts)))


def services_of(mesh: Mesh, namespace: str, egress: Egress | None) -> list[Service]:
    """The services that clients of a namespace can call by name."""
    return [
        each
        for each in mesh.services
        if each.visible_to(namespace) and (egress is None or egress.sees(each.namespace, each.host))
    ]


def problems(mesh: Mesh, sidecar: Rule) -> Iterator[Problem]:
    """What of a Sidecar is not in force."""
    for index, each in enumerate(sidecar.spec.get("egress") or ()):
        for place, host in enumerate(each.get("hosts") or ()):
            namespace, slash, name = host.partition("/")
            if not slash or not namespace or not (names.is_host(name)):
                path = f"spec.egress[{index}].hosts[{place}]"
                yield Problem(
                    path, f"{host!r} is not a namespace and a host such as ./* or shop/cart.example"
                )
    if (sidecar.spec.get("outboundTrafficPolicy") or {}).get("mode") == "ALLOW_ANY":
        reason = "hosts that the mesh does not know stay out of reach, as under REGISTRY_ONLY"
        yield Problem("spec.outboundTrafficPolicy.mode", reason)
    older = (
        each
        for each in mesh.sidecars
        if each.namespace == sidecar.namespace
        and each.age < sidecar.age
        and _labels(each) == _labels(sidecar)
    )
    winner = next(older, None)
    if winner:
        reason = f"the older Sidecar {winner.name} speaks for these workloads already"
        yield Problem("spec.workloadSelector", reason, conflict=True)


def _labels(sidecar: Rule) -> Mapping[str, Any]:
    return (sidecar.spec.get("workloadSelector") or {}).get("labels") or {}


def _resolved(host: str, namespace: str) -> tuple[str, str]:
    where, _, name = host.partition("/")
    return (namespace if where == _HERE else where), name
