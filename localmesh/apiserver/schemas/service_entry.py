"""Istio's ServiceEntry and WorkloadEntry, as of istio.io/api 1.27."""

from typing import Annotated, Literal

from msgspec import Meta

from localmesh.apiserver.schemas import rules
from localmesh.apiserver.schemas.base import Model, UInt32, keyed, rule
from localmesh.apiserver.schemas.common import WorkloadSelector
from localmesh.apiserver.schemas.meta import ObjectMeta, OpenIstioStatus


class WorkloadEntrySpec(Model):
    """One endpoint that is not a pod."""

    cel = (
        rules.ADDRESS_OR_NETWORK,
        rules.SOCKET_WITHOUT_PORTS,
    )

    address: (
        Annotated[str, Meta(max_length=256), rule(rules.SOCKET_ABSOLUTE, rules.SOCKET_NOT_A_FOLDER)] | None
    ) = None
    labels: Annotated[dict[str, str], Meta(max_length=256)] = {}
    locality: Annotated[str, Meta(max_length=2048)] | None = None
    network: Annotated[str, Meta(max_length=2048)] | None = None
    ports: Annotated[
        dict[str, Annotated[UInt32, rule(rules.PORT)]], Meta(max_length=128), rule(rules.PORT_NAMES)
    ] = {}
    service_account: Annotated[str, Meta(max_length=253)] | None = None
    weight: UInt32 | None = None


class ServicePort(Model):
    """A port of a service."""

    name: Annotated[str, Meta(max_length=256)]
    number: Annotated[UInt32, rule(rules.PORT)]
    protocol: Annotated[str, Meta(max_length=256)] | None = None
    target_port: Annotated[UInt32, rule(rules.PORT)] | None = None


class ServiceEntrySpec(Model):
    """A service that the registry would not know."""

    cel = (
        rules.SELECTOR_OR_ENDPOINTS,
        rules.CIDR_FITS_RESOLUTION,
        rules.NONE_WITHOUT_ENDPOINTS,
        rules.ROUND_ROBIN_OF_ONE,
    )

    hosts: Annotated[list[Annotated[str, rule(rules.NOT_EVERY_HOST)]], Meta(min_length=1, max_length=256)]
    addresses: Annotated[list[Annotated[str, Meta(max_length=64)]], Meta(max_length=256)] = []
    endpoints: Annotated[list[WorkloadEntrySpec], Meta(max_length=4096)] = []
    export_to: list[str] = []
    location: Literal["MESH_EXTERNAL", "MESH_INTERNAL"] | None = None
    ports: Annotated[
        list[ServicePort], Meta(max_length=256), keyed("name"), rule(rules.PORT_NUMBERS_DIFFER)
    ] = []
    resolution: Literal["NONE", "STATIC", "DNS", "DNS_ROUND_ROBIN"] | None = None
    subject_alt_names: list[str] = []
    workload_selector: WorkloadSelector | None = None


class ServiceEntry(Model):
    """A ServiceEntry: a service that the registry would not know."""

    metadata: ObjectMeta
    spec: ServiceEntrySpec
    api_version: str = ""
    kind: str = ""
    status: OpenIstioStatus | None = None


class WorkloadEntry(Model):
    """A WorkloadEntry: one endpoint that is not a pod."""

    metadata: ObjectMeta
    spec: WorkloadEntrySpec
    api_version: str = ""
    kind: str = ""
    status: OpenIstioStatus | None = None
