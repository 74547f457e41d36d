"""Names of hosts and gateways in Istio's objects."""

import ipaddress
import re

_LABEL = re.compile(r"[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?", re.ASCII)


def host_problem(host: str) -> str | None:
    """What is wrong with a host of a rule: a DNS name, with a wildcard in front at most, or an IP address."""
    if _is_address(host):
        return None
    if len(host) > 255:
        return f'domain name "{host}" too long (max 255)'
    if host == "*":
        return None
    labels = (host.removeprefix("*.") if host.startswith("*.") else host).removesuffix(".").split(".")
    wrong = next((label for label in labels if len(label) > 63 or not _LABEL.fullmatch(label)), None)
    return None if wrong is None else f'domain name "{host}" invalid (label "{wrong}" invalid)'


def plain_host_problem(host: str) -> str | None:
    """What is wrong with the host of a destination: like a rule's, but without a wildcard."""
    if "*" in host:
        return f'domain name "{host}" invalid (wildcards are not allowed here)'
    return host_problem(host)


def gateway_problem(name: str) -> str | None:
    """What is wrong with a reference to a gateway: `name`, `namespace/name`, or `mesh`."""
    parts = name.split("/")
    if len(parts) > 2 or not all(parts):
        return f'config namespace and gateway name cannot be empty: "{name}"'
    wrong = next((part for part in parts if host_problem(part) or "*" in part), None)
    return None if wrong is None else f'gateway name "{name}" invalid (label "{wrong}" invalid)'


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_network(host, strict=False)
    except ValueError:
        return False
    return True
