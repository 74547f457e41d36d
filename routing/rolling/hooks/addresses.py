"""Which addresses other people's services may have: public ones, and those that the administrator allows.

A person who may start a rollout names addresses that this server then calls, from inside the network. So an
address is judged by the numbers that its name stands for, however they are written. Pure: who resolves names
is `webhooks`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, Protocol, TypeAlias
from urllib.parse import SplitResult, urlsplit

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network
MOST_CHARACTERS: Final = 2_000
_HOST: Final = re.compile(r"(?=.{1,253}\.?$)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?")
_PLACE: Final = re.compile(r"(?P<host>\[[0-9a-fA-F:.]+\]|[^:\[\]]+)(:(?P<port>[0-9]{0,5}))?")
_PORTS: Final = {"http": 80, "https": 443}
# IANA's registries of special-purpose addresses. Unlike `is_global` the list is the same in every Python.
_SPECIAL: Final = {
    ip_network(network): words
    for network, words in {
        "0.0.0.0/8": "stands for this machine",
        "10.0.0.0/8": "is private",
        "100.64.0.0/10": "belongs to a provider's inner network (CGNAT)",
        "127.0.0.0/8": "is a loopback address",
        "169.254.0.0/16": "is link-local",
        "172.16.0.0/12": "is private",
        "192.0.0.0/24": "is reserved",
        "192.0.2.0/24": "is for documentation",
        "192.88.99.0/24": "is a relay of 6to4",
        "192.168.0.0/16": "is private",
        "198.18.0.0/15": "is for benchmarks of networks",
        "198.51.100.0/24": "is for documentation",
        "203.0.113.0/24": "is for documentation",
        "224.0.0.0/4": "is multicast",
        "240.0.0.0/4": "is reserved",
        "::/128": "stands for this machine",
        "::1/128": "is a loopback address",
        "2001::/23": "is reserved",
        "2001:db8::/32": "is for documentation",
        "3fff::/20": "is for documentation",
        "64:ff9b:1::/48": "is private",
        "fc00::/7": "is private",
        "fe80::/10": "is link-local",
        "fec0::/10": "is private",
        "ff00::/8": "is multicast",
    }.items()
}
_UNICAST: Final = ip_network("2000::/3")
_MAPPED: Final = ip_network("::ffff:0:0/96")
_NAT64: Final = ip_network("64:ff9b::/96")
_SIX_TO_FOUR: Final = ip_network("2002::/16")


class WrongAddressError(ValueError):
    """An address that cannot be called, in words."""


class Allowance(Protocol):
    """Who may be called besides: a host by its name, or a network; on one port, or any."""

    @property
    def host(self) -> str: ...  # noqa: D102
    @property
    def network(self) -> Network | None: ...  # noqa: D102
    @property
    def port(self) -> int | None: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Target:
    """A parsed address. `host`: as it is resolved, without brackets; `path`: as sent, with the query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """What the Host header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def target(url: str) -> Target:
    """The parts of an address that may be called at all. Raises WrongAddressError with the reason.

    The reason does not repeat the address: it may hold a token.
    """
    parts = _split(url)
    if parts.scheme not in _PORTS:
        raise WrongAddressError("It has to begin with https:// or http://.")
    if "@" in parts.netloc:
        raise WrongAddressError("It holds a user or a password; an address that is called has none.")
    place = _PLACE.fullmatch(parts.netloc)
    if place is None:
        raise WrongAddressError("It has no host that can be read.")
    port = int(place["port"] or _PORTS[parts.scheme])
    if not 0 < port < 65536:
        raise WrongAddressError("Its port is no number from 1 to 65535.")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, _host(place["host"]), port, path)


def refused(found: Target, addresses: Iterable[str], allowances: Iterable[Allowance]) -> str:
    """Why none of what the host stands for may be called; empty if all of it may.

    One bad address among several is enough: which of them is called would be a matter of chance.
    """
    open_to = [each for each in allowances if each.port in (None, found.port)]
    if any(each.host == found.host.removesuffix(".") for each in open_to if each.host):
        return ""
    networks = [each.network for each in open_to if each.network is not None]
    for text in addresses:
        words = _refused(text, networks)
        if words:
            # Which address it is stays untold: the network's name server may know more than the person.
            said = words if text == found.host else f"stands for an address that {words}"
            return f"{found.host} {said}; only public addresses and those of MESHUI_WEBHOOK_ALLOW are called."
    return ""


def why_not_public(address: Address) -> str:
    """Why an address is not a public one, as "is private"; empty for a public one.

    An IPv6 address that carries an IPv4 address leads there, and is judged by it.
    """
    carried = _carried(address)
    if carried is not None:
        words = why_not_public(carried)
        return f"leads to an IPv4 address that {words}" if words else ""
    for network, words in _SPECIAL.items():
        if address.version == network.version and address in network:
            return words
    if isinstance(address, IPv6Address) and address not in _UNICAST:
        return "is reserved"
    return ""


def _refused(text: str, networks: Iterable[Network]) -> str:
    try:
        address = ip_address(text)
    except ValueError:
        return "is no address that can be judged"
    plain = (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
    if any(plain.version == network.version and plain in network for network in networks):
        return ""
    return why_not_public(address)


def _carried(address: Address) -> IPv4Address | None:
    if not isinstance(address, IPv6Address):
        return None
    number = int(address)
    if address in _MAPPED or address in _NAT64:
        return IPv4Address(number & 0xFFFF_FFFF)
    return IPv4Address(number >> 80 & 0xFFFF_FFFF) if address in _SIX_TO_FOUR else None


def _split(url: str) -> SplitResult:
    # What a parser drops or reads otherwise than the next one is refused before any reads it.
    if len(url) > MOST_CHARACTERS:
        raise WrongAddressError(f"It has {len(url)} characters; at most {MOST_CHARACTERS} are taken.")
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise WrongAddressError("It holds characters that an address cannot have; write them as %20.")
    try:
        return urlsplit(url)
    except ValueError:
        raise WrongAddressError("It is no address that can be read.") from None


def _host(written: str) -> str:
    if written.startswith("["):
        try:
            return str(IPv6Address(written[1:-1]))
        except ValueError:
            raise WrongAddressError("What stands in brackets is no IPv6 address.") from None
    host = written.lower()
    if not _HOST.fullmatch(host):
        raise WrongAddressError("It has no host that can be read.")
    return host
