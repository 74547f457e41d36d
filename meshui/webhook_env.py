"""Reads whom the console may call besides public addresses, and with which secret it signs: a wrong setting
stops the start with the reason.

Knows nothing of Django. The secret never stands in a message.
"""

import re
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Final, NamedTuple

from meshui import env

MIN_SECRET: Final = 32
_HOST: Final = re.compile(r"(?=.{1,253}$)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")
_WITH_PORT: Final = re.compile(r"(\[[^\[\]]*\]|[^:]*):([0-9]{1,5})")


class Allowed(NamedTuple):
    """Who may be called though the address is not public: a host by its name, or the addresses of a network.

    `port`: that port only; None: any.
    """

    host: str
    network: IPv4Network | IPv6Network | None
    port: int | None


def allowed(name: str) -> tuple[Allowed, ...]:
    """A list separated by commas: `hooks.internal`, `hooks.internal:8080`, `10.1.0.0/16`, `[::1]:9000`."""
    return tuple(_allowed(name, entry) for entry in env.words(name, []))


def secret(name: str, file_name: str) -> str:
    """The secret of the variable `name`, or of the file that `file_name` names; empty: there is none."""
    value, path = env.text(name, ""), env.text(file_name, "")
    if value and path:
        raise env.SettingError(f"{name} and {file_name} cannot both be set.")
    if path:
        value, name = _content(file_name, path), file_name
    if (value or path) and len(value) < MIN_SECRET:
        raise env.SettingError(f"{name} has {len(value)} characters; at least {MIN_SECRET} are needed.")
    return value


def base(name: str) -> str:
    """Where people find the console, `https://mesh.example.org`, without a slash at the end; or empty."""
    raw = env.link(name, ())
    if "?" in raw or "#" in raw:
        raise env.SettingError(f"{name} is {raw!r}; it ends before any question mark or #.")
    return raw.rstrip("/")


def file(name: str) -> str:
    """The path of a file that is there; empty: none is named."""
    path = env.text(name, "")
    if path and not Path(path).is_file():
        raise env.SettingError(f"{name} names {path!r}, which is no file that can be read.")
    return path


def _content(name: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError, ValueError):
        raise env.SettingError(f"{name} names {path!r}, which is no text that can be read.") from None


def _allowed(name: str, entry: str) -> Allowed:
    if "/" in entry:
        return Allowed("", _network(name, entry), None)
    with_port = _WITH_PORT.fullmatch(entry)
    host, port = (with_port[1], int(with_port[2])) if with_port else (entry, None)
    if port is not None and not 0 < port < 65536:
        raise env.SettingError(f"{name} has {entry!r}; a port is from 1 to 65535.")
    found = _address(host)
    if found is not None:
        return Allowed("", found, port)
    host = host.lower().removesuffix(".")
    if not _HOST.fullmatch(host):
        raise env.SettingError(
            f"{name} has {entry!r}; it must be a host, a host:port, an address or a network as 10.1.0.0/16."
        )
    return Allowed(host, None, port)


def _network(name: str, entry: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(entry)
    except ValueError as error:
        raise env.SettingError(f"{name} has {entry!r}, which is no network: {error}.") from None


def _address(host: str) -> IPv4Network | IPv6Network | None:
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    try:
        return ip_network(ip_address(bare))
    except ValueError:
        return None
