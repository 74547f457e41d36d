"""Whether a secret holds a certificate that a gateway can use, at a given time. Pure.

Istio looks for the keys `cert` and `key`, or `tls.crt` and `tls.key`; the certificate must be PEM, and in
force. Of X.509 (RFC 5280, 4.1) only the dates are read here.
"""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from routing.analysis.objects import mapping, text

PAIRS: Final = (("cert", "key"), ("tls.crt", "tls.key"))
MAX_BYTES: Final = 1024 * 1024
_PEM: Final = re.compile(rb"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----")
_SEQUENCE, _UTC_TIME, _GENERALIZED_TIME, _VERSION = 0x30, 0x17, 0x18, 0xA0


def problem(secret: Mapping[str, Any], now: float | None) -> str:
    """Why the certificate in a secret cannot be used; empty when it can.

    `now`: seconds since 1970; without it the dates are not looked at.
    """
    pair = next((pair for pair in PAIRS if all(_value(secret, name) for name in pair)), None)
    if pair is None:
        return "it needs the keys tls.crt and tls.key."
    blocks = _PEM.findall(_value(secret, pair[0])[:MAX_BYTES])
    if not blocks:
        return f"{pair[0]} is not a certificate in PEM."
    try:
        begins, ends = validity(base64.b64decode(re.sub(rb"\s", b"", blocks[0]), validate=True))
    except (ValueError, IndexError):
        return f"{pair[0]} is not a certificate."
    if now is not None and now > ends.timestamp():
        return f"its certificate expired on {ends:%Y-%m-%d}."
    if now is not None and now < begins.timestamp():
        return f"its certificate is not in force before {begins:%Y-%m-%d}."
    return ""


def validity(der: bytes) -> tuple[datetime, datetime]:
    """From when until when a certificate is in force. Raises ValueError or IndexError for what is none."""
    certificate, *_ = _elements(der)
    (_, inside), *_ = _elements(certificate[1])
    fields = list(_elements(inside))
    # version (optional), serial number, signature, issuer, validity
    tag, dates = fields[4 if fields[0][0] == _VERSION else 3]
    if certificate[0] != _SEQUENCE or tag != _SEQUENCE:
        raise ValueError("not a certificate")
    begins, ends = list(_elements(dates))[:2]
    return _time(*begins), _time(*ends)


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The elements of a value in DER: tag and content."""
    position = 0
    while position < len(data):
        tag, length, start = data[position], data[position + 1], position + 2
        if length & 0x80:
            count = length & 0x7F
            length, start = int.from_bytes(data[start : start + count], "big"), start + count
        if start + length > len(data):
            raise ValueError("cut short")
        yield tag, data[start : start + length]
        position = start + length


def _time(tag: int, content: bytes) -> datetime:
    form = {_UTC_TIME: "%y%m%d%H%M%SZ", _GENERALIZED_TIME: "%Y%m%d%H%M%SZ"}.get(tag)
    if form is None:
        raise ValueError("not a time")
    return datetime.strptime(content.decode("ascii"), form).replace(tzinfo=UTC)


def _value(secret: Mapping[str, Any], name: str) -> bytes:
    plain = text(mapping(secret.get("stringData")).get(name))
    if plain:
        return plain.encode()
    try:
        return base64.b64decode(text(mapping(secret.get("data")).get(name)))
    except (binascii.Error, ValueError):
        return b""
