"""ServiceEntries: addresses that TCP needs, and protocols that contradict each other. Pure.

Semantics: istio/istio pkg/config/analysis/analyzers/serviceentry.
"""

from collections.abc import Hashable, Iterable, Iterator
from typing import Final

from routing.analysis.findings import Finding, analyzer, few, finding, named
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
    offered: dict[tuple[str, int], set[str]] = {}
    for host, port, protocol, _ in _offers(obj):
        offered.setdefault((host, port), set()).add(protocol)
    for place, protocols in offered.items():
        yield place
        if len(protocols) == 1:
            yield (*place, *protocols)


OFFERS: Final = Index("entry-offer", (SERVICE_ENTRY,), _by_host_and_port)
"""Service entries by host and port; and by these and their protocol there, when they have but one."""


def _check_protocols(look: Look, obj: Obj) -> Iterator[Finding]:
    for host, port, protocol, index in _offers(obj):
        others = look.at(OFFERS, (host, port))
        if len(others) == len(look.at(OFFERS, (host, port, protocol))):
            continue
        rivals = few(other for other in others if _contradicts(obj, other, (host, port), protocol))
        if rivals:
            message = (
                f"{named(rivals)} gives port {port} of {quoted(host)} another protocol, for the same callers."
            )
            yield finding("IST0177", obj, ("spec", "ports", index, "protocol"), message, *rivals)
            return


def _contradicts(obj: Obj, other: Obj, place: tuple[str, int], protocol: str) -> bool:
    """Whether an entry says another protocol of a host and port, to callers who see both entries."""
    if all((host, port) != place or said == protocol for host, port, said, _ in _offers(other)):
        return False
    mine, theirs = set(exported_to(obj)), set(exported_to(other))
    return other is obj or EVERYWHERE in mine | theirs or not mine.isdisjoint(theirs)


ANALYZERS: Final = (
    analyzer("serviceentry.ProtocolAddressesAnalyzer", "IST0134", (SERVICE_ENTRY,), _check_addresses),
    analyzer(
        "serviceentry.ConflictingServiceEntryProtocolAnalyzer", "IST0177", (SERVICE_ENTRY,), _check_protocols
    ),
)
