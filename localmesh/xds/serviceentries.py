"""ServiceEntries: services that no Kubernetes Service stands for, and the endpoints behind them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Address
from typing import Any

from localmesh.xds import localities, names
from localmesh.xds.model import Endpoint, Mesh, Rule, Service, ServicePort, protocol_of
from localmesh.xds.values import Problem

Spec = Mapping[str, Any]
#: Under NONE the application looks the name up itself; here nobody sees what it found, so Envoy does.
_DNS = {"DNS": "STRICT_DNS", "DNS_ROUND_ROBIN": "LOGICAL_DNS", "NONE": "STRICT_DNS"}


@dataclass(frozen=True, slots=True)
class Selectable:
    """A pod or WorkloadEntry that a ServiceEntry may select, with the ports that it names itself."""

    namespace: str
    endpoint: Endpoint


def with_entries(mesh: Mesh, selectable: Sequence[Selectable]) -> Mesh:
    """The mesh together with the services of its ServiceEntries; a host's first owner keeps it."""
    taken = set(mesh.services_by_host)
    services, endpoints = [], dict(mesh.endpoints)
    for entry in mesh.service_entries:
        for service in _services(entry):
            if service.host not in taken:
                taken.add(service.host)
                services.append(service)
                endpoints[service.host] = tuple(_endpoints(entry, service, selectable))
    together = sorted((*mesh.services, *services), key=lambda each: each.host)
    return replace(mesh, services=tuple(together), endpoints=endpoints) if services else mesh


def problems(mesh: Mesh, entry: Rule) -> Iterator[Problem]:
    """What of a ServiceEntry is not in force because of its values, or because its host is taken."""
    for index, host in enumerate(entry.spec.get("hosts") or ()):
        service = mesh.services_by_host.get(host)
        if not names.is_host(host):
            yield Problem(f"spec.hosts[{index}]", f"{host!r} is not a host name")
        elif service and service.entry != entry.key:
            reason = f"{host} is a Service or an older ServiceEntry already"
            yield Problem(f"spec.hosts[{index}]", reason, conflict=True)
    if _resolution(entry.spec) == "NONE" and any(
        host.startswith("*") for host in entry.spec.get("hosts") or ()
    ):
        reason = "NONE sends requests where the application meant to; here only whole names say that"
        yield Problem("spec.resolution", reason)
    for index, each in enumerate(entry.spec.get("endpoints") or ()):
        if not _usable(each.get("address") or "", _resolution(entry.spec)):
            path = f"spec.endpoints[{index}].address"
            yield Problem(path, f"{each.get('address')!r} is no address that resolution allows")
    if not entry.spec.get("ports"):
        yield Problem("spec.ports", "without a port nothing can be reached")


def workload_problems(_: Mesh, entry: Rule) -> Iterator[Problem]:
    """What of a WorkloadEntry cannot be used."""
    if not _usable(entry.spec.get("address") or "", "STATIC"):
        yield Problem("spec.address", f"{entry.spec.get('address')!r} is not an IPv4 address")


def of_workload(entry: Rule) -> Selectable | None:
    """A WorkloadEntry as an endpoint; None when its address cannot be one."""
    if not _usable(entry.spec.get("address") or "", "STATIC"):
        return None
    return Selectable(entry.namespace, _endpoint(entry.spec, entry.spec.get("ports") or {}))


def cluster_type(service: Service) -> dict[str, str]:
    """How Envoy finds the endpoints of a service."""
    kind = _DNS.get(service.resolution)
    return {"type": kind, "dns_lookup_family": "V4_ONLY"} if kind else {"type": "STATIC"}


def _resolution(spec: Spec) -> str:
    return str(spec.get("resolution") or "NONE")


def _services(entry: Rule) -> Iterator[Service]:
    ports = tuple(
        ServicePort(
            str(port.get("name") or ""),
            int(port["number"]),
            int(port.get("targetPort") or port["number"]),
            protocol_of(str(port.get("protocol") or "TCP")),
        )
        for port in entry.spec.get("ports") or ()
        if port.get("number")
    )
    # Networks are for redirected connections; a name may stand for a single address.
    aliases = tuple(each for each in entry.spec.get("addresses") or () if "/" not in each)
    resolution = _resolution(entry.spec)
    for host in entry.spec.get("hosts") or ():
        if ports and names.is_host(host) and not (resolution == "NONE" and host.startswith("*")):
            yield Service(
                namespace=entry.namespace,
                name=host,
                ports=ports,
                selector={},
                hostname=host,
                aliases=aliases,
                resolution=resolution,
                exported_to=entry.exported_to,
                entry=entry.key,
            )


def _endpoints(entry: Rule, service: Service, selectable: Sequence[Selectable]) -> Iterator[Endpoint]:
    selector = (entry.spec.get("workloadSelector") or {}).get("labels")
    given: Iterable[Endpoint]
    if selector:
        given = (
            each.endpoint
            for each in selectable
            if each.namespace == entry.namespace and selector.items() <= each.endpoint.labels.items()
        )
    else:
        given = (
            _endpoint(each, each.get("ports") or {})
            for each in entry.spec.get("endpoints") or ()
            if _usable(each.get("address") or "", service.resolution)
        )
    found = list(given)
    if not found and not selector and service.resolution in _DNS and not service.host.startswith("*"):
        # The name of the service is what is looked up.
        found = [Endpoint(service.host, {}, {}, None)]
    for each in found:
        ports = {port.name: each.ports.get(port.name, int(port.target)) for port in service.ports}
        yield replace(each, ports=ports)


def _endpoint(spec: Spec, ports: Mapping[str, int]) -> Endpoint:
    return Endpoint(
        address=str(spec.get("address")),
        ports={name: int(number) for name, number in ports.items()},
        labels=spec.get("labels") or {},
        workload=None,
        locality=localities.split(str(spec.get("locality") or "")),
        weight=int(spec.get("weight") or 0),
    )


def _usable(address: str, resolution: str) -> bool:
    if resolution in _DNS:
        return names.is_host(address) and not address.startswith("*")
    try:
        IPv4Address(address)
    except ValueError:
        return False
    return True
