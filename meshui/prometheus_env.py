"""Reads where Prometheus is and how one signs in to it: a wrong setting stops the start with the reason.

Knows nothing of Django. What is secret never stands in a message, nor in what is printed of these objects.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from meshui import env

_NAMED: Final = re.compile(r"([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)\s*=\s*(https?://.*)")
_LABEL: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_HEADER: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class Address(NamedTuple):
    """What stands before /api/v1, and the labels that tell one mesh from others on the same server."""

    url: str
    scope: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class SignIn:
    """How one signs in; empty for none. A token or a user with a password, and a client certificate."""

    token: str = field(default="", repr=False)
    token_file: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    ca_file: str = ""
    certificate_file: str = ""
    key_file: str = ""
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)


def addresses(name: str, clusters: Sequence[str]) -> dict[str, Address]:
    """By cluster: `https://prometheus:9090`, or of several `east=https://one:9090,west=https://two#cluster=west`."""
    found: dict[str, Address] = {}
    for entry in env.words(name, []):
        named = _NAMED.fullmatch(entry)
        if not named and len(clusters) > 1:
            raise env.SettingError(f"{name} must say of which cluster the address is: name=https://...")
        cluster, url = (named[1], named[3]) if named else (clusters[0], entry)
        if cluster not in clusters:
            raise env.SettingError(f"{name} names {cluster!r}, which is none of {', '.join(clusters)}.")
        if cluster in found:
            raise env.SettingError(f"{name} names {cluster!r} twice.")
        found[cluster] = _address(name, url)
    return found


def sign_in(
    *,
    token: tuple[str, str],
    user: str,
    password: tuple[str, str],
    headers: str,
    files: tuple[str, str, str],
) -> SignIn:
    """By the names of the variables. `token` and `password`: of the secret, and of a file with it; `files`:
    of the authority, the certificate and its key.
    """
    ca_file, certificate_file, key_file = (_file(each) for each in files)
    found = SignIn(
        token=_printable(token[0]),
        token_file=_file(token[1]),
        user=env.text(user, ""),
        password=_printable(password[0]) or _content(password[1]),
        ca_file=ca_file,
        certificate_file=certificate_file,
        key_file=key_file,
        headers=_headers(headers),
    )
    if key_file and not certificate_file:
        raise env.SettingError(f"{files[2]} has no meaning without {files[1]}.")
    if found.token and found.token_file:
        raise env.SettingError(f"{token[0]} and {token[1]} cannot both be set.")
    if found.user and (found.token or found.token_file):
        raise env.SettingError(f"{user} and {token[0]} cannot both be set: one signs in only once.")
    if ":" in found.user:
        raise env.SettingError(f"{user} holds a colon, which no user can have who signs in with a password.")
    if found.password and not found.user:
        raise env.SettingError(f"{password[0]} has no meaning without {user}.")
    return found


def _address(name: str, url: str) -> Address:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise env.SettingError(
            f"{name} has an address that does not begin with http:// or https:// and a host."
        )
    if "@" in parts.netloc:
        raise env.SettingError(f"{name} holds a user or password: they belong into settings of their own.")
    if parts.query:
        raise env.SettingError(f"{name}: the address of Prometheus has no question mark.")
    scope = _scope(parts.fragment)
    if not all(_LABEL.fullmatch(label) for label, _ in scope):
        raise env.SettingError(f"{name}: behind # stand labels, as in #cluster=east&mesh_id=one.")
    return Address(url.partition("#")[0].rstrip("/"), scope)


def _scope(text: str) -> tuple[tuple[str, str], ...]:
    """Labels and their values; a label of "" for what cannot be read."""
    try:
        return tuple(parse_qsl(text, keep_blank_values=True, strict_parsing=True)) if text else ()
    except ValueError:
        return (("", text),)


def _file(name: str) -> str:
    path = env.text(name, "")
    if path and not Path(path).is_file():
        raise env.SettingError(f"{name} names {path!r}, which is no file that can be read.")
    return path


def _content(name: str) -> str:
    path = _file(name)
    return Path(path).read_text(encoding="utf-8").strip() if path else ""


def _printable(name: str) -> str:
    value = env.text(name, "").strip()
    if not value.isprintable():
        raise env.SettingError(f"{name} holds characters that cannot be sent.")
    return value


def _headers(name: str) -> tuple[tuple[str, str], ...]:
    found = []
    for entry in env.words(name, []):
        header, colon, value = (part.strip() for part in entry.partition(":"))
        if not colon or not _HEADER.fullmatch(header) or not value.isprintable():
            raise env.SettingError(f"{name} must be a list of headers, as in X-Scope-OrgID: team.")
        found.append((header, value))
    return tuple(found)
