"""What a text of a rule can be: a host, an address, a header's name, one word. Pure.

Sources: RFC 9110, 5.6.2 (names of headers), RFC 1123 (hosts).
"""

import ipaddress
from typing import Final

from cluster import refs

_TOKEN: Final = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz")


def is_token(text: str) -> bool:
    """Whether `text` can be the name of a header, a cookie or a method, in any case."""
    return bool(text) and set(text.lower()) <= _TOKEN


def is_word(text: str) -> bool:
    """Whether `text` has no space in it."""
    return " " not in text


def is_scope(text: str) -> bool:
    """Whether `text` says where a host stands: a namespace, any (`*`), the own one (`.`) or none (`~`)."""
    return text in ("*", ".", "~") or refs.is_dns_label(text)


def is_host(text: str) -> bool:
    """Whether `text` is a DNS name, possibly with a wildcard for its leftmost part, or the wildcard alone."""
    return text == "*" or is_dns_name(text.removeprefix("*."))


def is_dns_name(text: str) -> bool:
    """Whether `text` is a DNS name without a wildcard."""
    return refs.is_dns_subdomain(text) and all(len(part) <= refs.MAX_LABEL for part in text.split("."))


def is_address(text: str) -> bool:
    """Whether `text` is an IP address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def is_range(text: str) -> bool:
    """Whether `text` is an IP address or a range of them (CIDR)."""
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def is_scoped_host(text: str) -> bool:
    """Whether `text` is a host of a Gateway: `shop.example`, or with a namespace, `shop/*.example`."""
    namespace, slash, host = text.rpartition("/")
    return is_host(host) and (not slash or namespace in ("*", ".") or refs.is_dns_label(namespace))


def is_egress_host(text: str) -> bool:
    """Whether `text` is a host of a Sidecar: `namespace/host`, the namespace also `*`, `.` or `~` (none)."""
    namespace, slash, host = text.partition("/")
    return bool(slash) and is_host(host) and is_scope(namespace)
