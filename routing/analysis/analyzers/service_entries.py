"""ServiceEntries: addresses that TCP needs, and protocols that contradict each other. Pure.

Semantics: istio/istio pkg/config/analysis/analyzers/serviceentry.
"""

from collections.abc import Hashable, Iterable, Iterator
from typing import Final

from routing.analysis.findings import Finding, analyzer, finding
from routing.analysis.hosts import EVERYWHERE, exported_to
from routing.analysis.kinds import SERVICE_ENTRY
from routing.analysis.objects import Obj, dig, items, number, objects, strings, text
from routing.analysis.world import Index, Look, Mesh
from routing.rules import quoted


def _allocated(mesh: Mesh) -> bool:
    """Whether the mesh gives addresses to service entries by itself."""
    said = mesh.proxy_metadata
    return said.get("ISTIO_META_DNS_CAPTURE") == "true" and "true" in {
        text(said.get("ISTIO_META_DNS_AUTO_ALLOCATE")),
        text(said.get("PILOT_ENABLE_IP_AUTOALLOCATE")),
    }


def _check_addresses(look: Look, obj: Obj) -> Iterator[Finding]:
    has_some = items(obj.spec.get("addresses")) or items(dig(obj.manifest, "status", "addresses"))
    if has_some or _allocated(look.mesh):
        return
    for index, port in objects(obj.spec.get("ports")):
        if text(port.get("protocol")).upper() in {"", "TCP"}:
            message = f"Port {number(port.get('number')) or 0} is for TCP, so this entry needs addresses."
            yield finding("IST0134", obj, ("spec", "ports", index), message)


def _offers(obj: Obj) -> Iterator[tuple[str, int, str, int]]:
    """Hosts and ports with their protocols, and the index of the port."""
    for host in strings(obj.spec.get("hosts")):
        for index, port in objects(obj.spec.get("ports")):
            yield host, number(port.get("number")) or 0, text(port.get("protocol")).upper(), index


def _by_host_and_port(obj: Obj, _mesh: Mesh) -> Iterable[Hashable]:
    return ((host, port) for host, port, _, _ in _offers(obj))


OFFERS: Final = Index("entry-offer", (SERVICE_ENTRY,), _by_host_and_port)
"""Service entries by host and port."""


def _check_protocols(look: Look, obj: Obj) -> Iterator[Finding]:
    for host, port, _, index in _offers(obj):
        scoped: dict[str, dict[str, list[Obj]]] = {}
        for other in look.at(OFFERS, (host, port)):
            for protocol in {said for name, at, said, _ in _offers(other) if (name, at) == (host, port)}:
                for scope in exported_to(other):
                    scoped.setdefault(scope, {}).setdefault(protocol, []).append(other)
        rivals = _rivals(obj, scoped)
        if rivals:
            names = ", ".join(sorted(str(other.key) for other in rivals)[:10])
            message = f"{names} gives port {port} of {quoted(host)} another protocol, for the same callers."
            yield finding("IST0177", obj, ("spec", "ports", index, "protocol"), message, *rivals)
            return


def _rivals(obj: Obj, scoped: dict[str, dict[str, list[Obj]]]) -> list[Obj]:
    """The others in a place where an entry is seen, and where several protocols are seen."""
    everywhere = scoped.get(EVERYWHERE, {})
    for scope, here in scoped.items():
        seen = {protocol: list(found) for protocol, found in here.items()}
        for protocol, found in everywhere.items() if scope != EVERYWHERE else ():
            seen.setdefault(protocol, []).extend(found)
        entries = [entry for found in seen.values() for entry in found]
        if len(seen) > 1 and obj in entries:
            return list(dict.fromkeys(entry for entry in entries if entry is not obj)) or [obj]
    return []


ANALYZERS: Final = (
    analyzer("serviceentry.ProtocolAddressesAnalyzer", "IST0134", (SERVICE_ENTRY,), _check_addresses),
    analyzer(
        "serviceentry.ConflictingServiceEntryProtocolAnalyzer", "IST0177", (SERVICE_ENTRY,), _check_protocols
    ),
)
