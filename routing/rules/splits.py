"""Weights over the versions of a service. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from cluster import refs
from routing.rules import leaves
from routing.rules.checks import is_host
from routing.rules.reader import Reader, path_part, quoted
from routing.rules.shape import ListOf
from routing.rules.word import Word

MAX_VERSIONS: Final = 20
MAX_NAMES: Final = 20
_SERVER_NAMES: Final = ListOf(leaves.fit(is_host, "a server name"), MAX_NAMES, least=1, once="name")
PROTOCOLS: Final = ("http", "tcp", "tls")


@dataclass(frozen=True, slots=True)
class Split:
    """Weights in whole percent by version; versions that are not named get none.

    `protocol`: http (requests), tcp or tls (connections); of tcp and tls, those to one `port` (0: to all),
    and of tls those that ask for one of `sni_hosts`.
    """

    namespace: str
    service: str
    weights: Mapping[str, int]
    protocol: str = "http"
    port: int = 0
    sni_hosts: tuple[str, ...] = ()


def _read(reader: Reader, value: Mapping[str, object], field: str) -> Split:
    known = {"kind", "namespace", "service", "weights", "protocol", "port", "sni_hosts"}
    fields = reader.members(value, field, known) or {}
    namespace, service = reader.target(fields, field)
    weights = _weights(reader, fields.get("weights"), f"{field}.weights")
    protocol = fields.get("protocol", "http")
    if not isinstance(protocol, str) or protocol not in PROTOCOLS:
        reader.error(f"{field}.protocol", f"{quoted(protocol)} is none of http, tcp and tls.")
        protocol = "http"
    port, names = _connections(reader, fields, field, protocol)
    return Split(namespace, service, weights, protocol, port, names)


def _connections(
    reader: Reader, fields: Mapping[str, object], field: str, protocol: str
) -> tuple[int, tuple[str, ...]]:
    """The port and the server names of connections."""
    port, names = fields.get("port"), fields.get("sni_hosts")
    if protocol == "http" and port is not None:
        reader.error(f"{field}.port", "Requests are not weighed by port; this is for tcp and tls.")
    if protocol != "tls" and names is not None:
        reader.error(f"{field}.sni_hosts", "Only tls connections ask for a server by its name.")
    if protocol == "tls" and names is None:
        reader.error(f"{field}.sni_hosts", "The server names are missing, for which these weights are.")
    read_port = 0 if port is None else reader.port(port, f"{field}.port")
    return read_port, () if names is None else _SERVER_NAMES.read(reader, names, f"{field}.sni_hosts")


def _weights(reader: Reader, value: object, field: str) -> dict[str, int]:
    if not isinstance(value, Mapping) or not value:
        reader.error(field, 'This must be an object of versions and percentages, such as {"v1": 100}.')
        return {}
    if len(value) > MAX_VERSIONS:
        reader.error(field, f"{len(value)} versions are too many; at most {MAX_VERSIONS} can be weighed.")
        return {}
    before = len(reader.errors)
    for version, weight in value.items():
        _check_weight(reader, version, weight, field)
    total = sum(value.values()) if len(reader.errors) == before else 100
    if total != 100:
        reader.error(field, f"The weights add up to {total}; they must add up to 100.")
    return dict(value) if len(reader.errors) == before else {}


def _check_weight(reader: Reader, version: object, weight: object, field: str) -> None:
    at = f"{field}.{path_part(version)}"
    if not isinstance(version, str) or not refs.is_label_value(version):
        reader.error(at, f"{quoted(version)} cannot be a version.")
    elif isinstance(weight, bool) or not isinstance(weight, int):
        reader.error(at, f"{quoted(weight)} is not a whole number of percent.")
    elif not 0 <= weight <= 100:
        reader.error(at, f"{quoted(weight)} is outside 0 to 100.")


def _write(rule: Split) -> dict[str, Any]:
    written: dict[str, Any] = {
        "namespace": rule.namespace,
        "service": rule.service,
        "weights": dict(rule.weights),
    }
    if rule.protocol != "http":
        written["protocol"] = rule.protocol
    if rule.port:
        written["port"] = rule.port
    return {**written, "sni_hosts": list(rule.sni_hosts)} if rule.sni_hosts else written


def _sets(rule: Split) -> str:
    what = "weights" if rule.protocol == "http" else f"{rule.protocol} weights"
    return f"the {what} of {rule.namespace}/{rule.service}{connections(rule)}"


def connections(rule: Split) -> str:
    """Which connections a split is about: ` on port 3306 for a.example`; empty for all."""
    port = f" on port {rule.port}" if rule.port else ""
    return f"{port} for {', '.join(sorted(rule.sni_hosts))}" if rule.sni_hosts else port


SPLIT: Final = Word("split", Split, _read, _write, _sets)
