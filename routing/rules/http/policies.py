"""What else becomes of requests on a route: rewrite, CORS, mirrors, timeout, retries, faults. Pure.

Source: https://istio.io/latest/docs/reference/config/networking/virtual-service/
"""

import re
from dataclasses import dataclass
from typing import Any, Final

from routing.rules import leaves
from routing.rules.http.actions import PLACE, Placed, place
from routing.rules.http.headers import HEADERS
from routing.rules.http.matches import STRING, StringMatch
from routing.rules.injections import Abort, Delay, read_abort, read_delay, write_abort, write_delay
from routing.rules.reader import Reader, quoted
from routing.rules.shape import Field, ListOf, Shape, not_empty

MAX_ATTEMPTS: Final = 25
MAX_WORDS: Final = 50
MAX_MIRRORS: Final = 10
RETRY_CONDITIONS: Final = frozenset({
    "5xx", "gateway-error", "reset", "reset-before-request", "connect-failure", "envoy-ratelimited",
    "retriable-4xx", "refused-stream", "retriable-status-codes", "retriable-headers",
    "http3-post-connect-failure", "cancelled", "deadline-exceeded", "internal", "resource-exhausted",
    "unavailable",
})  # fmt: skip
"""Source: Envoy's x-envoy-retry-on and x-envoy-retry-grpc-on, as Istio's validation knows them."""


@dataclass(frozen=True, slots=True)
class RegexRewrite:
    """A path rewritten by an RE2 expression; `rewrite` may name its groups."""

    match: str
    rewrite: str


@dataclass(frozen=True, slots=True)
class Rewrite:
    """Another path (`uri`: of the matched prefix, or the whole; or `regex`), another authority."""

    uri: str | None = None
    regex: RegexRewrite | None = None
    authority: str | None = None


@dataclass(frozen=True, slots=True)
class Cors:
    """What browsers may do on pages of other origins."""

    allow_origins: tuple[StringMatch, ...] = ()
    allow_methods: tuple[str, ...] = ()
    allow_headers: tuple[str, ...] = ()
    expose_headers: tuple[str, ...] = ()
    max_age: str | None = None
    allow_credentials: bool | None = None
    unmatched_preflights: str | None = None


@dataclass(frozen=True, slots=True)
class Mirror:
    """A destination that gets a copy of `percentage` (0-100) of the requests; its answers are ignored."""

    host: str | None = None
    version: str | None = None
    subset: str | None = None
    port: int | None = None
    percentage: float = 100.0


@dataclass(frozen=True, slots=True)
class Retries:
    """How often a failed request is tried again, and when; 0 attempts switch retries off."""

    attempts: int
    per_try_timeout: str | None = None
    retry_on: tuple[str, ...] = ()
    backoff: str | None = None
    retry_remote_localities: bool | None = None
    retry_ignore_previous_hosts: bool | None = None


@dataclass(frozen=True, slots=True)
class Injection:
    """The fault of one route."""

    delay: Delay | None = None
    abort: Abort | None = None


@dataclass(frozen=True)
class _Delay:
    def read(self, reader: Reader, value: object, at: str) -> Delay | None:
        return read_delay(reader, value, at)

    def write(self, value: Delay) -> dict[str, Any]:
        return write_delay(value)


@dataclass(frozen=True)
class _Abort:
    def read(self, reader: Reader, value: object, at: str) -> Abort | None:
        return read_abort(reader, value, at)

    def write(self, value: Abort) -> dict[str, Any]:
        return write_abort(value)


def _condition(reader: Reader, value: object, at: str) -> str:
    word = value if isinstance(value, str) else ""
    if word not in RETRY_CONDITIONS and not re.fullmatch(r"[1-5][0-9][0-9]", word):
        reader.error(at, f"{quoted(value)} is no condition for a retry, such as 5xx, connect-failure or 503.")
    return str(value)


def _rewrite(reader: Reader, made: Rewrite, at: str) -> None:
    not_empty(reader, made, at)
    if made.uri and made.regex:
        reader.error(f"{at}.regex", "A rewrite has either a uri or a regex, not both.")


def _retries(reader: Reader, made: Retries, at: str) -> None:
    if not made.attempts and made != Retries(0):
        reader.error(
            f"{at}.attempts", "0 attempts switch retries off; then nothing else can be said of them."
        )


def fields(namespace: str, service: str) -> dict[str, Field]:
    """The policies of a rule about a service, by name, in the order in which they are told."""
    return {
        "headers": HEADERS,
        "rewrite": _REWRITE,
        "cors": _CORS,
        "mirrors": ListOf(Placed(_MIRROR, namespace, service), MAX_MIRRORS, 1, "place", place),
        "timeout": leaves.duration("timeout"),
        "retries": _RETRIES,
        "fault": _FAULT,
    }


_REWRITE: Final = Shape(
    Rewrite,
    {
        "uri": leaves.PATH,
        "regex": Shape(RegexRewrite, {"match": leaves.REGEX, "rewrite": leaves.text(empty=True)}),
        "authority": leaves.AUTHORITY,
    },
    _rewrite,
)
_CORS: Final = Shape(
    Cors,
    {
        "allow_origins": ListOf(STRING, MAX_WORDS),
        "allow_methods": ListOf(leaves.METHOD, MAX_WORDS),
        "allow_headers": ListOf(leaves.WORD, MAX_WORDS),
        "expose_headers": ListOf(leaves.WORD, MAX_WORDS),
        "max_age": leaves.duration("max_age"),
        "allow_credentials": leaves.FLAG,
        "unmatched_preflights": leaves.one_of(("FORWARD", "IGNORE")),
    },
    not_empty,
)
_MIRROR: Final = Shape(Mirror, {**PLACE, "percentage": leaves.PERCENTAGE})
_RETRIES: Final = Shape(
    Retries,
    {
        "attempts": leaves.whole(0, MAX_ATTEMPTS),
        "per_try_timeout": leaves.duration("timeout"),
        "retry_on": ListOf(leaves.Leaf(_condition), MAX_WORDS),
        "backoff": leaves.duration("backoff"),
        "retry_remote_localities": leaves.FLAG,
        "retry_ignore_previous_hosts": leaves.FLAG,
    },
    _retries,
)
_FAULT: Final = Shape(Injection, {"delay": _Delay(), "abort": _Abort()}, not_empty)
NAMES: Final = tuple(fields("", ""))
"""What a route can say besides its match and its action."""
