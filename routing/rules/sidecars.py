"""What the proxies of a namespace, or of some workloads in it, know and reach. Pure.

Source: networking/v1alpha3/sidecar.proto of istio.io/api.
"""

from dataclasses import dataclass
from typing import ClassVar, Final

from cluster.kinds import SIDECAR, Kind
from routing.rules import fields
from routing.rules.checks import is_egress_host, is_word
from routing.rules.reader import Reader
from routing.rules.resources import Resource, require, word

PROTOCOLS: Final = ("HTTP", "HTTPS", "GRPC", "GRPC-WEB", "HTTP2", "MONGO", "MYSQL", "REDIS", "TCP", "TLS")
POLICIES: Final = ("ALLOW_ANY", "REGISTRY_ONLY")


@dataclass(frozen=True, slots=True)
class EgressPort:
    """A port that workloads send to."""

    number: int | None = fields.whole(1, 65535)
    protocol: str | None = fields.choice(*PROTOCOLS)
    name: str | None = fields.text(is_word, "the name of a port")


def _check_port(reader: Reader, port: EgressPort, field: str) -> None:
    require(reader, port, field, number="The number of the port is", protocol="The protocol is")


@dataclass(frozen=True, slots=True)
class Egress:
    """Hosts that can be reached, on one port or on all."""

    port: EgressPort | None = fields.nested(EgressPort, check=_check_port)
    hosts: tuple[str, ...] | None = fields.texts(
        is_egress_host, "namespace/host, such as ./*, shop/cart.shop.svc.cluster.local or */*.example"
    )


def _check_egress(reader: Reader, egress: Egress, field: str) -> None:
    require(reader, egress, field, hosts="A list of at least one host is")


@dataclass(frozen=True, slots=True)
class SidecarSpec:
    """Whose proxies (without labels: all of the namespace), and what they reach."""

    workload_labels: dict[str, str] | None = fields.labels("workloadSelector.labels")
    egress: tuple[Egress, ...] | None = fields.each(
        Egress, lambda item: item.port and item.port.number, check=_check_egress
    )
    outbound_traffic_policy: str | None = fields.choice(*POLICIES, wire="outboundTrafficPolicy.mode")


def _check(reader: Reader, spec: SidecarSpec, field: str) -> None:
    if spec.egress is None and spec.outbound_traffic_policy is None:
        reader.error(field, "A sidecar needs egress, outbound_traffic_policy or both.")
    egress = spec.egress or ()
    for at, item in enumerate(egress):
        if item.port is None and at < len(egress) - 1:
            message = "Hosts without a port are for all ports that are left; they stand last."
            reader.error(f"{field}.egress[{at}]", message)


@dataclass(frozen=True, slots=True)
class Sidecar(Resource):
    """A Sidecar of Istio's."""

    spec: SidecarSpec

    of: ClassVar[Kind] = SIDECAR
    says: ClassVar[type[SidecarSpec]] = SidecarSpec


SIDECAR_RULE: Final = word("sidecar", Sidecar, _check)
