"""Hosts that several VirtualServices claim inside the mesh. Pure.

Two of them conflict when they claim the same host for the same callers; one for some namespaces also
conflicts with one for all whose host has a name in common with it. Semantics: istio/istio
pkg/config/analysis/analyzers/virtualservice/conflictingmeshgatewayhosts.go.
"""

from collections.abc import Hashable, Iterable, Iterator
from typing import Final

from routing.analysis.findings import Finding, analyzer, few, finding, named
from routing.analysis.hosts import EVERYWHERE, exported_to, fqdn, overlap
from routing.analysis.kinds import VIRTUAL_SERVICE
from routing.analysis.objects import Obj, strings
from routing.analysis.world import Index, Look, Mesh
from routing.rules import quoted


def _claims(obj: Obj, mesh: Mesh) -> list[tuple[str, str]]:
    """What a VirtualService claims in the mesh: scopes (a namespace, or `*`) and hosts in full."""
    gateways = strings(obj.spec.get("gateways"))
    if gateways and "mesh" not in gateways:
        return []
    hosts = [fqdn(host, obj.namespace, mesh) for host in strings(obj.spec.get("hosts"))]
    return [(scope, host) for scope in exported_to(obj) for host in hosts]


def _under(host: str) -> Iterator[str]:
    """A host and the domains that it is in: `a.b.com`, `b.com`, `com`."""
    while host:
        yield host
        host = host.partition(".")[2]


def _by_host(obj: Obj, mesh: Mesh) -> Iterable[Hashable]:
    return _claims(obj, mesh)


def _by_domain(obj: Obj, mesh: Mesh) -> Iterable[Hashable]:
    for scope, host in _claims(obj, mesh):
        whose = "all" if scope == EVERYWHERE else "some"
        yield whose, "is", host
        yield whose, "under", "*"
        yield from ((whose, "under", domain) for domain in _under(host.removeprefix("*.")))
        if _odd(host):
            yield whose, "odd", ""


def _odd(host: str) -> bool:
    """Whether a host has a wildcard for a part of a label: `*shop.com`."""
    return host.startswith("*") and host != "*" and not host.startswith("*.")


CLAIMS: Final = Index("mesh-claim", (VIRTUAL_SERVICE,), _by_host)
"""VirtualServices by what they claim in the mesh."""
CLAIMS_NEAR: Final = Index("mesh-claim-near", (VIRTUAL_SERVICE,), _by_domain)
"""VirtualServices by whose callers they are for (all, or some), and what their hosts are, or are under."""


def _near(host: str) -> Iterator[tuple[str, str]]:
    """Where hosts are found that have a name in common with this one."""
    yield "odd", ""
    yield "is", "*"
    if host == "*" or _odd(host):
        yield "under", "*"
        return
    yield "is", host
    yield from (("is", f"*.{domain}") for domain in _under(host.removeprefix("*.")))
    if host.startswith("*."):
        yield "under", host[2:]


def _rivals(look: Look, obj: Obj, scope: str, host: str) -> Iterator[Obj]:
    yield from (other for other in look.at(CLAIMS, (scope, host)) if other is not obj)
    whose = "some" if scope == EVERYWHERE else "all"
    for other in dict.fromkeys(other for way in _near(host) for other in look.at(CLAIMS_NEAR, (whose, *way))):
        if other is not obj and any(
            (place == EVERYWHERE) != (scope == EVERYWHERE) and overlap(theirs, host)
            for place, theirs in _claims(other, look.mesh)
        ):
            yield other


def _check(look: Look, obj: Obj) -> Iterator[Finding]:
    for scope, host in _claims(obj, look.mesh):
        rivals = few(_rivals(look, obj, scope, host))
        if rivals:
            message = f"{quoted(host)} is claimed by {named(rivals)} too, for the same callers in the mesh."
            yield finding("IST0109", obj, _place(obj, host, look.mesh), message, *rivals)
            return


def _place(obj: Obj, host: str, mesh: Mesh) -> tuple[str | int, ...]:
    written = strings(obj.spec.get("hosts"))
    index = [fqdn(one, obj.namespace, mesh) for one in written].index(host)
    return ("spec", "hosts", index)


ANALYZERS: Final = (
    analyzer("virtualservice.ConflictingMeshGatewayHostsAnalyzer", "IST0109", (VIRTUAL_SERVICE,), _check),
)
