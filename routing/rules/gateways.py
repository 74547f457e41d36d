"""Gateways: on which ports, for which hosts and with which certificates requests come in. Pure.

Source: networking/v1alpha3/gateway.proto of istio.io/api.
"""

import dataclasses
from dataclasses import dataclass
from typing import ClassVar, Final

from cluster.kinds import GATEWAY, VIRTUAL_SERVICE, Kind
from routing.rules import fields
from routing.rules.checks import is_scoped_host, is_word
from routing.rules.reader import Reader, listed
from routing.rules.resources import Resource, require, unique, word

PROTOCOLS: Final = ("HTTP", "HTTPS", "GRPC", "HTTP2", "MONGO", "TCP", "TLS")
SECURE: Final = ("HTTPS", "TLS")
MODES: Final = ("SIMPLE", "MUTUAL", "OPTIONAL_MUTUAL", "PASSTHROUGH", "AUTO_PASSTHROUGH", "ISTIO_MUTUAL")
VERSIONS: Final = ("TLS_AUTO", "TLSV1_0", "TLSV1_1", "TLSV1_2", "TLSV1_3")
_FILES: Final = ("server_certificate", "private_key", "ca_certificates")


@dataclass(frozen=True, slots=True)
class ServerTls:
    """With what a server shows who it is; files are paths in the gateway's proxy."""

    mode: str | None = fields.choice(*MODES)
    credential_name: str | None = fields.text(is_word, "the name of a secret")
    https_redirect: bool | None = fields.flag()
    server_certificate: str | None = fields.text(is_word, "the path of a file")
    private_key: str | None = fields.text(is_word, "the path of a file")
    ca_certificates: str | None = fields.text(is_word, "the path of a file")
    subject_alt_names: tuple[str, ...] | None = fields.texts(is_word, "a subject's name")
    min_protocol_version: str | None = fields.choice(*VERSIONS)
    max_protocol_version: str | None = fields.choice(*VERSIONS)
    cipher_suites: tuple[str, ...] | None = fields.texts(is_word, "a cipher suite")


@dataclass(frozen=True, slots=True)
class Server:
    """One port with the hosts that are served there; `port_name` is made up where it is not given."""

    port: int | None = fields.whole(1, 65535, wire="port.number")
    protocol: str | None = fields.choice(*PROTOCOLS, wire="port.protocol")
    port_name: str | None = fields.text(is_word, "the name of a port", wire="port.name")
    hosts: tuple[str, ...] | None = fields.texts(
        is_scoped_host, "a host, such as shop.example, *.example or namespace/shop.example"
    )
    name: str | None = fields.text(is_word, "the name of a server")
    tls: ServerTls | None = fields.nested(ServerTls)


def _check_server(reader: Reader, server: Server, field: str) -> Server | None:
    require(reader, server, field, port="The number of the port is", protocol="The protocol is")
    require(reader, server, field, hosts="A list of at least one host is")
    if server.protocol is None or server.port is None:
        return None
    _check_tls(reader, server, field)
    return dataclasses.replace(
        server, port_name=server.port_name or f"{server.protocol.lower()}-{server.port}"
    )


def _check_tls(reader: Reader, server: Server, field: str) -> None:
    tls, at = server.tls, f"{field}.tls"
    secure = server.protocol in SECURE
    if tls is None:
        if secure:
            reader.error(at, f"Protocol {server.protocol} needs tls with a mode.")
        return
    if not secure:
        if tls != ServerTls(https_redirect=tls.https_redirect):
            reader.error(at, f"Protocol {server.protocol} has no TLS; only https_redirect can stand here.")
        return
    if tls.https_redirect:
        reader.error(f"{at}.https_redirect", "Only requests without TLS can be sent to HTTPS.")
    if tls.mode is None:
        reader.error(f"{at}.mode", f"The mode is missing; it is one of {', '.join(MODES)}.")
        return
    _check_certificates(reader, tls, at)
    least, most = tls.min_protocol_version, tls.max_protocol_version
    if least and most and "TLS_AUTO" not in (least, most) and least > most:
        reader.error(f"{at}.min_protocol_version", f"{least} is later than {most}.")


def _check_certificates(reader: Reader, tls: ServerTls, field: str) -> None:
    given = [name for name in _FILES if getattr(tls, name) is not None]
    if tls.mode in ("PASSTHROUGH", "AUTO_PASSTHROUGH", "ISTIO_MUTUAL"):
        given += ["credential_name"] if tls.credential_name else []
        if given:
            reader.error(field, f"Mode {tls.mode} does not use {listed(given)}.")
        return
    if tls.credential_name and given:
        message = f"Give either the name of a secret or files, not both ({listed(given)})."
        reader.error(f"{field}.credential_name", message)
    elif not tls.credential_name and not (tls.server_certificate and tls.private_key):
        message = f"Mode {tls.mode} needs credential_name, or server_certificate and private_key."
        reader.error(f"{field}.mode", message)
    elif tls.mode != "SIMPLE" and not tls.credential_name and not tls.ca_certificates:
        reader.error(f"{field}.ca_certificates", f"Mode {tls.mode} needs the callers' certificate authority.")


@dataclass(frozen=True, slots=True)
class GatewaySpec:
    """The pods that serve, and what they serve."""

    selector: dict[str, str] | None = fields.labels()
    servers: tuple[Server, ...] | None = fields.each(
        Server,
        lambda item: (item.port, item.hosts),
        lambda item: item.port,
        check=_check_server,
    )


def _check(reader: Reader, spec: GatewaySpec, field: str) -> None:
    require(reader, spec, field, selector="The labels of the gateway's pods are")
    require(reader, spec, field, servers="A list of servers is")
    servers = spec.servers or ()
    names = {f"{field}.servers[{at}].name": item.name for at, item in enumerate(servers) if item.name}
    unique(reader, names, lambda name: f"Another server is called {name} as well.")
    pairs = {
        f"{field}.servers[{at}].hosts[{number}]": (item.port, host)
        for at, item in enumerate(servers)
        for number, host in enumerate(item.hosts or ())
    }
    unique(reader, pairs, lambda _: "Another server has this host on this port already.")


@dataclass(frozen=True, slots=True)
class Gateway(Resource):
    """A Gateway of Istio's."""

    spec: GatewaySpec

    of: ClassVar[Kind] = GATEWAY
    says: ClassVar[type[GatewaySpec]] = GatewaySpec


GATEWAY_RULE: Final = word("gateway", Gateway, _check, VIRTUAL_SERVICE)
