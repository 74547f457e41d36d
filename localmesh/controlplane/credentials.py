"""Secrets of TLS, checked before any proxy sees them: Envoy refuses a whole listener for one bad key.

Nothing touches a disk: what OpenSSL wants as files are anonymous ones in memory.
"""

import base64
import os
import ssl
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from localmesh.xds import Credential

Object = Mapping[str, Any]
_FIELDS = {
    "certificate": ("tls.crt", "cert"),
    "key": ("tls.key", "key"),
    "authority": ("ca.crt", "cacert"),
}


class Credentials:
    """Remembers what it has checked, so that a Secret that did not change costs nothing."""

    def __init__(self) -> None:
        self._checked: dict[tuple[str, str, str], Credential] = {}

    def read(self, secrets: Iterable[Object]) -> dict[tuple[str, str], Credential]:
        """The credentials in these Secrets, by namespace and name; those of other kinds are left out."""
        found, checked = {}, {}
        for secret in secrets:
            values = _values(secret)
            if not any(values.values()):
                continue
            credential = Credential(**values)
            key = credential.certificate, credential.key, credential.authority
            checked[key] = self._checked.get(key) or _checked(credential)
            meta = secret["metadata"]
            found[meta.get("namespace", "default"), meta["name"]] = checked[key]
        self._checked = checked
        return found


def system_roots() -> str:
    """The file with the authorities that this machine trusts; empty when there is none."""
    known = (ssl.get_default_verify_paths().cafile, "/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/cert.pem")
    return next((path for path in known if path and Path(path).exists()), "")


def _values(secret: Object) -> dict[str, str]:
    data = {**{key: _decoded(value) for key, value in (secret.get("data") or {}).items()}}
    data |= secret.get("stringData") or {}
    return {
        field: next((data[name] for name in names if data.get(name)), "") for field, names in _FIELDS.items()
    }


def _decoded(value: object) -> str:
    try:
        return base64.b64decode(str(value)).decode()
    except ValueError:
        return ""


def _checked(credential: Credential) -> Credential:
    problem = _problem(credential)
    return Credential(problem=problem) if problem else credential


def _problem(credential: Credential) -> str:
    if bool(credential.certificate) != bool(credential.key):
        return "a certificate and its key belong together"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        if credential.certificate:
            with ExitStack() as stack:
                certificate, key = (
                    _in_memory(text, stack) for text in (credential.certificate, credential.key)
                )
                context.load_cert_chain(certificate, key, _no_password)
        if credential.authority:
            context.load_verify_locations(cadata=credential.authority)
    except (ssl.SSLError, ValueError) as error:
        return f"OpenSSL does not take it: {error}"
    return ""


def _in_memory(text: str, stack: ExitStack) -> str:
    descriptor = os.memfd_create("credential")
    stack.callback(os.close, descriptor)
    os.write(descriptor, text.encode())
    return f"/proc/self/fd/{descriptor}"


def _no_password() -> str:
    # Without this OpenSSL would ask at the terminal for the password of an encrypted key.
    raise ValueError("the key is encrypted")
