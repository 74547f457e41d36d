"""The addresses of one localmesh instance: a free `127.N.0.0/16` and who sits where in it.

Exists so that several instances live side by side on one machine without agreeing on anything: the claim of a
network *is* the listening socket of its API server. Knows nothing of pods or processes.
"""

from __future__ import annotations

import errno
import random
import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address

API_SERVER_PORT = 6443
XDS_PORT = 15010
OUTBOUND_PORT = 15001
ADMIN_PORT = 15000
CONTROL_PORT = 15002
READINESS_PORT = 15021
METRICS_PORT = 15090
_POD_PORTS = (OUTBOUND_PORT, ADMIN_PORT, CONTROL_PORT, READINESS_PORT, METRICS_PORT)
# 127.0.x is everybody's; 127.240 and above hold cluster IPs, where nobody listens.
_NUMBERS = range(2, 240)
_INNER_OFFSET = 128 << 8
_LAST_POD = 127 * 256 + 254


class NetworkUnavailableError(Exception):
    """No network could be claimed; the message says what is missing and what to do."""


@dataclass(frozen=True)
class Network:
    """The address scheme of one instance (docs/architecture.md has the table)."""

    number: int

    @property
    def api_server(self) -> str:
        """The address of the API server."""
        return f"127.{self.number}.0.1"

    @property
    def control_plane(self) -> str:
        """The address of xDS."""
        return f"127.{self.number}.0.2"

    @property
    def node(self) -> str:
        """The address of the node itself: its plain service proxy for pods without a sidecar."""
        return f"127.{self.number}.0.3"

    def pod_ips(self) -> Iterator[str]:
        """Every pod IP in order, `127.N.1.1` to `127.N.127.254`, without any `.0` and `.255`."""
        for host in range(1 << 8, _LAST_POD + 1):
            if host & 255 not in {0, 255}:
                yield f"127.{self.number}.{host >> 8}.{host & 255}"


def inner_address(pod_ip: str) -> str:
    """The inside of the pod with this IP: where its application and the proxy's outbound side listen."""
    return str(IPv4Address(pod_ip) + _INNER_OFFSET)


class PodAddresses:
    """Hands out pod IPs in turn, so that a fresh pod does not inherit the connections of the last."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._cursor = network.pod_ips()
        self._taken: set[str] = set()

    def take(self) -> str:
        """The next free pod IP. Raises NetworkUnavailableError when all 32,258 are taken."""
        for _ in range(2):
            for ip in self._cursor:
                if ip not in self._taken:
                    self._taken.add(ip)
                    return ip
            self._cursor = self._network.pod_ips()
        raise NetworkUnavailableError("every pod address of this network is taken")

    def give_back(self, ip: str) -> None:
        """Mark a pod IP as free again; unknown ones are ignored."""
        self._taken.discard(ip)


@dataclass(frozen=True)
class Claim:
    """A network together with the listening socket that holds it."""

    network: Network
    listener: socket.socket


def claim(preferred: int | None, rng: random.Random) -> Claim:
    """Claim a free network, the preferred one if it is free, by listening on its API server's address.

    Raises NetworkUnavailableError where only 127.0.0.1 is up, or when no network is free.
    """
    others = [number for number in _NUMBERS if number != preferred]
    rng.shuffle(others)
    first = [preferred] if preferred is not None and preferred in _NUMBERS else []
    for number in [*first, *others]:
        network = Network(number)
        listener = _listen(network.api_server)
        if listener is not None:
            return Claim(network, listener)
    raise NetworkUnavailableError(
        f"port {API_SERVER_PORT} is taken on every address of 127.0.0.0/8: another program listens on all "
        f"addresses (0.0.0.0:{API_SERVER_PORT}); stop it, then start localmesh again"
    )


def check_ports(network: Network, application_ports: Iterable[int]) -> None:
    """Make sure that no program on this machine holds a port of the mesh on *all* addresses.

    Raises NetworkUnavailableError with the port; otherwise the pods would wait for ever and nobody would
    know why.
    """
    for port in sorted({XDS_PORT, *_POD_PORTS, *application_ports}):
        # No pod ever has this address, so whoever refuses the bind holds the port everywhere.
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((f"127.{network.number}.255.254", port))
            except OSError as error:
                raise NetworkUnavailableError(
                    f"port {port} is taken on all addresses by another program, and the mesh needs it on its "
                    f"own addresses 127.{network.number}.x.y; find the program: ss -ltnp 'sport = :{port}'"
                ) from error


def _listen(address: str) -> socket.socket | None:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((address, API_SERVER_PORT))
        # Listening now, not later: two sockets may be bound to one address, but only one may listen.
        listener.listen(128)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            return None
        raise NetworkUnavailableError(
            f"{address} is not an address of this machine ({error.strerror}): localmesh needs all of "
            "127.0.0.0/8 on the loopback interface, as Linux has it. macOS brings up only 127.0.0.1: run the "
            "demo in a Linux virtual machine or container there, or point meshui at a cluster (KUBECONFIG)"
        ) from error
    listener.setblocking(False)  # noqa: FBT003
    return listener
