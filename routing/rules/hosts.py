"""Names of hosts as rules may write them. Pure."""

import ipaddress

from cluster import refs


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
    return bool(slash) and is_host(host) and (namespace in ("*", ".", "~") or refs.is_dns_label(namespace))
