"""Reads a question from untrusted text: what the command line, the REST API and the page are given. Pure."""

import re
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from typing import Final

from cluster import refs
from routing.explain.question import Caller, Request
from routing.rules import FieldError, RulesError, quoted
from routing.rules.checks import is_token

MAX_HEADERS: Final = 50
MAX_LABELS: Final = 63
MAX_LENGTH: Final = 8192
"""Of a path or a header's value: what Envoy accepts is less than ten times as much."""
METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
FIELDS: Final = (
    "host", "namespace", "port", "path", "method", "scheme", "header", "caller_namespace", "caller_labels",
    "gateway", "sni", "address",
)  # fmt: skip
_NOT_GIVEN_AS_HEADERS: Final = frozenset({"host", "authority"})
_HOST: Final = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*")
_LABEL_NAME: Final = re.compile(r"([a-z0-9.-]{1,253}/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")


def read(given: Mapping[str, Sequence[str]]) -> tuple[Request, Caller]:
    """The request and its caller. Raises `routing.rules.RulesError`, which names each wrong field.

    `given`: the texts of each field of `FIELDS`; of all but `header` (`name: value` each) and
    `caller_labels` (`name=value`, several by commas or one each) only one counts. Empty means not given.
    """
    reader = _Reader(given)
    namespace = reader.namespace("namespace")
    gateway = reader.gateway()
    own = reader.namespace("caller_namespace") or ("" if gateway else namespace)
    request = Request(
        host=reader.host(),
        namespace=namespace,
        port=reader.port(),
        path=reader.path(),
        method=reader.method(),
        scheme=reader.scheme(),
        headers=reader.headers(),
        sni=reader.sni(),
        address=reader.address(),
    )
    caller = Caller(own, reader.labels(), gateway)
    if "." not in request.host and not namespace and not gateway:
        reader.error("namespace", "Which namespace? A host without a dot is a service of one.")
    elif not own and not gateway:
        reader.error("namespace", "Which namespace does the caller run in? Give it, or caller_namespace.")
    reader.finish()
    return request, caller


class _Reader:
    """Reads field by field and keeps what is wrong."""

    def __init__(self, given: Mapping[str, Sequence[str]]) -> None:
        self._given = given
        self._errors: list[FieldError] = []
        for name in given:
            if name not in FIELDS:
                self.error(name[:60], f"There is no field {quoted(name)}.")

    def error(self, field: str, message: str) -> None:
        self._errors.append(FieldError(field, message))

    def finish(self) -> None:
        if self._errors:
            raise RulesError(self._errors)

    def one(self, field: str) -> str:
        values = [value for value in self._given.get(field, ()) if value]
        if len(values) > 1:
            self.error(field, "This is given more than once.")
        return values[-1].strip() if values else ""

    def host(self) -> str:
        host = self.one("host").lower().removesuffix(".")
        name, colon, port = host.rpartition(":")
        if colon and port.isdigit():
            self.error("host", f"Give the port {port[:5]} as the port, and the host as {quoted(name)}.")
        elif not host:
            self.error("host", "Which host? A service's name, or a full host name.")
        elif len(host) > refs.MAX_SUBDOMAIN or _HOST.fullmatch(host) is None:
            self.error("host", f"{quoted(host)} cannot be the name of a host.")
        return host

    def namespace(self, field: str) -> str:
        value = self.one(field)
        if value and not refs.is_dns_label(value):
            self.error(field, f"{quoted(value)} cannot be the name of a namespace.")
        return value

    def gateway(self) -> str:
        value = self.one("gateway")
        namespace, slash, name = value.partition("/")
        sound = slash and refs.is_dns_label(namespace) and refs.is_dns_subdomain(name)
        if value and not sound:
            self.error("gateway", f"{quoted(value)} is not a gateway; write namespace/name.")
        return value

    def port(self) -> int | None:
        value = self.one("port")
        if not value:
            return None
        if not (value.isascii() and value.isdigit() and len(value) <= 5 and 0 < int(value) < 65536):
            self.error("port", f"{quoted(value)} is not a port (1 to 65535).")
            return None
        return int(value)

    def path(self) -> str:
        value = self.one("path") or "/"
        if not value.startswith("/"):
            self.error("path", "A path begins with a slash; its query may follow, as in /reviews?id=1.")
        elif len(value) > MAX_LENGTH:
            self.error("path", f"The path is longer than {MAX_LENGTH} characters.")
        elif "#" in value or "%00" in value or not all("!" <= char <= "~" for char in value):
            words = "Spaces, # and characters beyond ASCII must be written as %XX; %00 is refused by Envoy."
            self.error("path", words)
        return value

    def method(self) -> str:
        value = self.one("method") or "GET"
        if not is_token(value) or len(value) > 20:
            self.error("method", f"{quoted(value)} is not a method, such as GET.")
        return value

    def scheme(self) -> str:
        value = self.one("scheme").lower() or "http"
        if value not in ("http", "https"):
            self.error("scheme", f"{quoted(value)} is not a scheme: http or https.")
        return value

    def headers(self) -> tuple[tuple[str, str], ...]:
        given = [value for value in self._given.get("header", ()) if value.strip()]
        if len(given) > MAX_HEADERS:
            self.error("header", f"{len(given)} headers are too many; at most {MAX_HEADERS} are read.")
            return ()
        return tuple(self._header(value) for value in given)

    def labels(self) -> dict[str, str]:
        parts = [part.strip() for value in self._given.get("caller_labels", ()) for part in value.split(",")]
        pairs = [part.partition("=") for part in parts if part]
        if len(pairs) > MAX_LABELS:
            self.error("caller_labels", f"{len(pairs)} labels are too many.")
            return {}
        for name, equals, value in pairs:
            sound = _LABEL_NAME.fullmatch(name) and (not value or refs.is_label_value(value))
            if not equals or not sound:
                shown = quoted(f"{name}{equals}{value}")
                self.error("caller_labels", f"{shown} is not a label, such as app=productpage.")
        return {name: value for name, _, value in pairs}

    def sni(self) -> str:
        value = self.one("sni").lower()
        if value and (len(value) > refs.MAX_SUBDOMAIN or _HOST.fullmatch(value) is None):
            self.error("sni", f"{quoted(value)} cannot be the name of a server.")
        return value

    def address(self) -> str:
        value = self.one("address")
        try:
            return str(ip_address(value)) if value else ""
        except ValueError:
            self.error("address", f"{quoted(value)} is not an IP address.")
            return ""

    def _header(self, text: str) -> tuple[str, str]:
        name, colon, value = text.partition(":")
        name, value = name.strip(), value.strip()
        if not colon or not is_token(name) or len(name) > 256:
            self.error("header", f"{quoted(text)} is not a header; write name: value.")
        elif name.lower() in _NOT_GIVEN_AS_HEADERS:
            self.error("header", f"{quoted(name)} is what the host says; give that instead.")
        elif not all(" " <= char != "\x7f" or char == "\t" for char in value):
            self.error(
                "header", f"The value of {quoted(name)} holds a control character, such as a line end."
            )
        elif len(value) > MAX_LENGTH:
            self.error("header", f"The value of {quoted(name)} is longer than {MAX_LENGTH} characters.")
        return name, value
