"""Istio's Gateway, as of istio.io/api 1.27."""

from typing import Annotated, Literal

from msgspec import Meta

from localmesh.apiserver.schemas import rules
from localmesh.apiserver.schemas.base import Model, UInt32
from localmesh.apiserver.schemas.meta import ObjectMeta, OpenIstioStatus


class ServerPort(Model):
    """A port on which a gateway listens."""

    name: str
    number: UInt32
    protocol: str
    target_port: UInt32 | None = None


class TlsCertificate(Model):
    """A certificate with its key, in files."""

    ca_certificates: str = ""
    private_key: str = ""
    server_certificate: str = ""


class ServerTls(Model):
    """TLS that a gateway or sidecar ends."""

    cel = (
        rules.CERTIFICATES_OR_NAMES,
        rules.ONE_CREDENTIAL_NAME,
        rules.NAMES_OR_CERTIFICATES,
    )

    ca_certificates: str = ""
    ca_crl: str = ""
    cipher_suites: list[str] = []
    credential_name: str = ""
    credential_names: Annotated[list[str], Meta(min_length=1, max_length=2)] = []
    https_redirect: bool = False
    max_protocol_version: Literal["TLS_AUTO", "TLSV1_0", "TLSV1_1", "TLSV1_2", "TLSV1_3"] | None = None
    min_protocol_version: Literal["TLS_AUTO", "TLSV1_0", "TLSV1_1", "TLSV1_2", "TLSV1_3"] | None = None
    mode: (
        Literal["PASSTHROUGH", "SIMPLE", "MUTUAL", "AUTO_PASSTHROUGH", "ISTIO_MUTUAL", "OPTIONAL_MUTUAL"]
        | None
    ) = None
    private_key: str = ""
    server_certificate: str = ""
    subject_alt_names: list[str] = []
    tls_certificates: Annotated[list[TlsCertificate], Meta(min_length=1, max_length=2)] = []
    verify_certificate_hash: list[str] = []
    verify_certificate_spki: list[str] = []


class Server(Model):
    """One listener of a gateway."""

    hosts: list[str]
    port: ServerPort
    bind: str = ""
    default_endpoint: str = ""
    name: str = ""
    tls: ServerTls | None = None


class GatewaySpec(Model):
    """Listeners at the edge of the mesh."""

    selector: dict[str, str] = {}
    servers: list[Server] = []


class Gateway(Model):
    """A Gateway: listeners at the edge of the mesh."""

    metadata: ObjectMeta
    spec: GatewaySpec
    api_version: str = ""
    kind: str = ""
    status: OpenIstioStatus | None = None
