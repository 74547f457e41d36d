"""Gateway API's GatewayClass, Gateway and ReferenceGrant, as of its release 1.3."""

from typing import Annotated, Literal

from msgspec import Meta

from localmesh.apiserver.schemas.base import (
    ADDRESS_TYPE,
    ATOMIC_LIST,
    ATOMIC_MAP,
    DOMAIN,
    DOMAIN_AND_PATH,
    KIND,
    LABEL,
    OPTIONAL_DOMAIN,
    PROTOCOL,
    WILDCARD_DOMAIN,
    Int32,
    Model,
    extra,
    keyed,
)
from localmesh.apiserver.schemas.meta import Condition, ObjectMeta


class ClassParametersReference(Model):
    """Parameters of a class."""

    group: Annotated[str, Meta(max_length=253, pattern=OPTIONAL_DOMAIN)]
    kind: Annotated[str, Meta(min_length=1, max_length=63, pattern=KIND)]
    name: Annotated[str, Meta(min_length=1, max_length=253)]
    namespace: Annotated[str, Meta(min_length=1, max_length=63, pattern=LABEL)] | None = None


class GatewayClassSpec(Model):
    """Who implements the gateways of a class."""

    controller_name: Annotated[str, Meta(min_length=1, max_length=253, pattern=DOMAIN_AND_PATH)]
    description: Annotated[str, Meta(max_length=64)] | None = None
    parameters_ref: ClassParametersReference | None = None


class GatewayClassStatus(Model):
    """Whether the class was accepted."""

    conditions: Annotated[
        list[Condition],
        Meta(max_length=8),
        keyed("type"),
        extra(
            default=[
                {
                    "lastTransitionTime": "1970-01-01T00:00:00Z",
                    "message": "Waiting for controller",
                    "reason": "Pending",
                    "status": "Unknown",
                    "type": "Accepted",
                }
            ]
        ),
    ] = []


class GatewayAddress(Model):
    """An address that is asked for."""

    type: Annotated[
        str, Meta(min_length=1, max_length=253, pattern=ADDRESS_TYPE), extra(default="IPAddress")
    ] = "IPAddress"
    value: Annotated[str, Meta(max_length=253)] | None = None


class ParametersReference(Model):
    """Parameters of one gateway."""

    group: Annotated[str, Meta(max_length=253, pattern=OPTIONAL_DOMAIN)]
    kind: Annotated[str, Meta(min_length=1, max_length=63, pattern=KIND)]
    name: Annotated[str, Meta(min_length=1, max_length=253)]


class Infrastructure(Model):
    """What is put on the objects made for a gateway."""

    annotations: Annotated[
        dict[str, Annotated[str, Meta(min_length=0, max_length=4096)]], Meta(max_length=8)
    ] = {}
    labels: Annotated[
        dict[
            str,
            Annotated[
                str,
                Meta(min_length=0, max_length=63, pattern="^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$"),
            ],
        ],
        Meta(max_length=8),
    ] = {}
    parameters_ref: ParametersReference | None = None


class RouteGroupKind(Model):
    """A kind of route."""

    kind: Annotated[str, Meta(min_length=1, max_length=63, pattern=KIND)]
    group: Annotated[
        str, Meta(max_length=253, pattern=OPTIONAL_DOMAIN), extra(default="gateway.networking.k8s.io")
    ] = "gateway.networking.k8s.io"


class LabelExpression(Model):
    """A condition on one label."""

    key: str
    operator: str
    values: Annotated[list[str], ATOMIC_LIST] = []


class RouteNamespaceSelector(Model):
    """Namespaces, by their labels."""

    match_expressions: Annotated[list[LabelExpression], ATOMIC_LIST] = []
    match_labels: dict[str, str] = {}


class RouteNamespaces(Model):
    """The namespaces whose routes may attach."""

    from_: Annotated[Literal["All", "Selector", "Same"], extra(default="Same")] = "Same"
    selector: Annotated[RouteNamespaceSelector, ATOMIC_MAP] | None = None


class AllowedRoutes(Model):
    """The routes that may attach to a listener."""

    kinds: Annotated[list[RouteGroupKind], Meta(max_length=8)] = []
    namespaces: Annotated[RouteNamespaces, extra(default={"from": "Same"})] | None = None


class SecretReference(Model):
    """The secret with a certificate."""

    name: Annotated[str, Meta(min_length=1, max_length=253)]
    group: Annotated[str, Meta(max_length=253, pattern=OPTIONAL_DOMAIN), extra(default="")] = ""
    kind: Annotated[str, Meta(min_length=1, max_length=63, pattern=KIND), extra(default="Secret")] = "Secret"
    namespace: Annotated[str, Meta(min_length=1, max_length=63, pattern=LABEL)] | None = None


class GatewayTls(Model):
    """TLS that a listener ends or passes on."""

    certificate_refs: Annotated[list[SecretReference], Meta(max_length=64)] = []
    mode: Annotated[Literal["Terminate", "Passthrough"], extra(default="Terminate")] = "Terminate"
    options: Annotated[
        dict[str, Annotated[str, Meta(min_length=0, max_length=4096)]], Meta(max_length=16)
    ] = {}


class Listener(Model):
    """A port on which a gateway listens."""

    name: Annotated[str, Meta(min_length=1, max_length=253, pattern=DOMAIN)]
    port: Annotated[Int32, Meta(ge=1, le=65535)]
    protocol: Annotated[str, Meta(min_length=1, max_length=255, pattern=PROTOCOL)]
    allowed_routes: Annotated[AllowedRoutes, extra(default={"namespaces": {"from": "Same"}})] | None = None
    hostname: Annotated[str, Meta(min_length=1, max_length=253, pattern=WILDCARD_DOMAIN)] | None = None
    tls: GatewayTls | None = None


class GatewaySpec(Model):
    """Listeners of a gateway."""

    gateway_class_name: Annotated[str, Meta(min_length=1, max_length=253)]
    listeners: Annotated[list[Listener], Meta(min_length=1, max_length=64), keyed("name")]
    addresses: Annotated[list[GatewayAddress], Meta(max_length=16)] = []
    infrastructure: Infrastructure | None = None


class GatewayStatusAddress(Model):
    """An address that was given."""

    value: Annotated[str, Meta(min_length=1, max_length=253)]
    type: Annotated[
        str, Meta(min_length=1, max_length=253, pattern=ADDRESS_TYPE), extra(default="IPAddress")
    ] = "IPAddress"


class ListenerStatus(Model):
    """What became of a listener."""

    attached_routes: Int32
    conditions: Annotated[list[Condition], Meta(max_length=8), keyed("type")]
    name: Annotated[str, Meta(min_length=1, max_length=253, pattern=DOMAIN)]
    supported_kinds: Annotated[list[RouteGroupKind], Meta(max_length=8)]


class GatewayStatus(Model):
    """What became of a gateway."""

    addresses: Annotated[list[GatewayStatusAddress], Meta(max_length=16)] = []
    conditions: Annotated[
        list[Condition],
        Meta(max_length=8),
        keyed("type"),
        extra(
            default=[
                {
                    "lastTransitionTime": "1970-01-01T00:00:00Z",
                    "message": "Waiting for controller",
                    "reason": "Pending",
                    "status": "Unknown",
                    "type": "Accepted",
                },
                {
                    "lastTransitionTime": "1970-01-01T00:00:00Z",
                    "message": "Waiting for controller",
                    "reason": "Pending",
                    "status": "Unknown",
                    "type": "Programmed",
                },
            ]
        ),
    ] = []
    listeners: Annotated[list[ListenerStatus], Meta(max_length=64), keyed("name")] = []


class ReferenceGrantFrom(Model):
    """Who may refer."""

    group: Annotated[str, Meta(max_length=253, pattern=OPTIONAL_DOMAIN)]
    kind: Annotated[str, Meta(min_length=1, max_length=63, pattern=KIND)]
    namespace: Annotated[str, Meta(min_length=1, max_length=63, pattern=LABEL)]


class ReferenceGrantTo(Model):
    """What may be referred to."""

    group: Annotated[str, Meta(max_length=253, pattern=OPTIONAL_DOMAIN)]
    kind: Annotated[str, Meta(min_length=1, max_length=63, pattern=KIND)]
    name: Annotated[str, Meta(min_length=1, max_length=253)] | None = None


class ReferenceGrantSpec(Model):
    """References across namespaces that are allowed."""

    from_: Annotated[list[ReferenceGrantFrom], Meta(min_length=1, max_length=16)]
    to: Annotated[list[ReferenceGrantTo], Meta(min_length=1, max_length=16)]


class GatewayClass(Model):
    """A GatewayClass: who implements the gateways of a class."""

    metadata: ObjectMeta
    spec: GatewayClassSpec
    api_version: str = ""
    kind: str = ""
    status: GatewayClassStatus | None = None


class Gateway(Model):
    """A Gateway: listeners of a gateway."""

    metadata: ObjectMeta
    spec: GatewaySpec
    api_version: str = ""
    kind: str = ""
    status: GatewayStatus | None = None


class ReferenceGrant(Model):
    """A ReferenceGrant: references across namespaces that are allowed."""

    metadata: ObjectMeta
    spec: ReferenceGrantSpec
    api_version: str = ""
    kind: str = ""
