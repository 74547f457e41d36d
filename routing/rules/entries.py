"""Services outside the cluster, or without a Kubernetes Service, that the mesh is to know. Pure.

Source: networking/v1alpha3/service_entry.proto and workload_entry.proto of istio.io/api.
"""

from dataclasses import dataclass
from typing import ClassVar, Final

from cluster.kinds import SERVICE_ENTRY, Kind
from routing.rules import fields, leaves
from routing.rules.checks import is_address, is_dns_name, is_host, is_range, is_scope, is_word
from routing.rules.reader import Reader, path_part, quoted
from routing.rules.resources import Resource, require, unique, word
from routing.rules.sidecars import PROTOCOLS

LOCATIONS: Final = ("MESH_EXTERNAL", "MESH_INTERNAL")
RESOLUTIONS: Final = ("NONE", "STATIC", "DNS", "DNS_ROUND_ROBIN")
MAX_WEIGHT: Final = 2**32 - 1


def _is_named(value: str) -> bool:
    return is_host(value) and value != "*"


def _is_endpoint(value: str) -> bool:
    return is_address(value) or is_dns_name(value) or value.startswith(("unix:///", "unix://@"))


@dataclass(frozen=True, slots=True)
class Port:
    """A port of the service; `target_port` is where its endpoints listen, if elsewhere."""

    number: int | None = fields.whole(1, 65535)
    name: str | None = fields.text(is_word, "the name of a port")
    protocol: str | None = fields.choice(*PROTOCOLS)
    target_port: int | None = fields.whole(1, 65535)


def _check_port(reader: Reader, port: Port, field: str) -> None:
    require(reader, port, field, number="The number of the port is", name="The name of the port is")
    require(reader, port, field, protocol="The protocol is")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a part of the service runs."""

    address: str | None = fields.text(_is_endpoint, "an address: an IP address, a host or unix:///path")
    ports: dict[str, int] | None = fields.mapping(leaves.text(), leaves.PORT, int)
    labels: dict[str, str] | None = fields.labels()
    network: str | None = fields.text(is_word, "a network")
    locality: str | None = fields.text(is_word, "a locality")
    weight: int | None = fields.whole(0, MAX_WEIGHT)
    service_account: str | None = fields.text(is_word, "a service account")


def _check_endpoint(reader: Reader, endpoint: Endpoint, field: str) -> None:
    require(reader, endpoint, field, address="The address is")


@dataclass(frozen=True, slots=True)
class ServiceEntrySpec:
    """The hosts, how they are reached, and who is told of them."""

    hosts: tuple[str, ...] | None = fields.texts(_is_named, "a host, such as api.example or *.example")
    addresses: tuple[str, ...] | None = fields.texts(is_range, "an IP address or a range of them")
    ports: tuple[Port, ...] | None = fields.each(Port, lambda item: item.number, check=_check_port)
    location: str | None = fields.choice(*LOCATIONS)
    resolution: str | None = fields.choice(*RESOLUTIONS)
    endpoints: tuple[Endpoint, ...] | None = fields.each(
        Endpoint, lambda item: item.address, check=_check_endpoint
    )
    workload_labels: dict[str, str] | None = fields.labels("workloadSelector.labels")
    export_to: tuple[str, ...] | None = fields.texts(is_scope, "a namespace, . or *")
    subject_alt_names: tuple[str, ...] | None = fields.texts(is_word, "a subject's name")


def _check(reader: Reader, spec: ServiceEntrySpec, field: str) -> None:
    require(reader, spec, field, hosts="A list of at least one host is", ports="A list of ports is")
    ports = spec.ports or ()
    for name in ("number", "name"):
        values = {f"{field}.ports[{at}].{name}": getattr(port, name) for at, port in enumerate(ports)}
        unique(reader, values, lambda value: f"Another port has {quoted(value)} as well.")
    fields.one_of(reader, spec, field, "endpoints", "workload_labels")
    _check_resolution(reader, spec, field)
    names = {port.name for port in ports}
    for at, endpoint in enumerate(spec.endpoints or ()):
        for name in endpoint.ports or {}:
            if name not in names:
                known = ", ".join(str(name) for name in names) or "none"
                message = f"The entry has no port of this name; it has {known}."
                reader.error(f"{field}.endpoints[{at}].ports.{path_part(name)}", message)


def _check_resolution(reader: Reader, spec: ServiceEntrySpec, field: str) -> None:
    resolution, at = spec.resolution or "NONE", f"{field}.resolution"
    endpoints = spec.endpoints or ()
    wild = [host for host in spec.hosts or () if host.startswith("*")]
    if resolution == "NONE" and endpoints:
        reader.error(at, "With NONE, requests go where the caller wants; endpoints need STATIC or DNS.")
    if resolution == "STATIC" and not endpoints and not spec.workload_labels:
        reader.error(at, "STATIC needs endpoints or workload_labels.")
    if resolution.startswith("DNS") and not endpoints and wild:
        reader.error(at, f"{wild[0]} cannot be looked up; {resolution} needs whole names or endpoints.")
    if resolution == "DNS_ROUND_ROBIN" and len(endpoints) > 1:
        reader.error(at, "DNS_ROUND_ROBIN takes one endpoint at most.")
    if resolution.startswith("DNS") and any("/" in address for address in spec.addresses or ()):
        reader.error(f"{field}.addresses", f"Ranges of addresses do not go with {resolution}.")
    for index, endpoint in enumerate(endpoints):
        if (
            resolution == "STATIC"
            and is_dns_name(endpoint.address or "")
            and not is_address(endpoint.address or "")
        ):
            message = f"{endpoint.address} has to be looked up; STATIC takes IP addresses."
            reader.error(f"{field}.endpoints[{index}].address", message)


@dataclass(frozen=True, slots=True)
class ServiceEntry(Resource):
    """A ServiceEntry of Istio's."""

    spec: ServiceEntrySpec

    of: ClassVar[Kind] = SERVICE_ENTRY
    says: ClassVar[type[ServiceEntrySpec]] = ServiceEntrySpec


SERVICE_ENTRY_RULE: Final = word("service_entry", ServiceEntry, _check)
