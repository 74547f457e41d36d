"""One line of an access log of Istio's proxies: in its JSON encoding, or its default text. Pure.

Whatever else a proxy writes is told apart and not an error. Names of fields, and their order in the text:
https://istio.io/latest/docs/tasks/observability/logs/access-log/. A line is somebody else's text: bounded
here, masked in telemetry.tap.masking before anybody sees it.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from enum import Enum
from typing import Final, NamedTuple, TypeAlias

import msgspec

from telemetry.undecodable import UNDECODABLE

MAX_LINE_BYTES: Final = 16 * 1024
"""Envoy takes headers of at most 60 KiB; whoever needs a quarter of that for a path is not shown."""
MAX_FLAGS: Final = 8
_FLAG: Final = re.compile(r"[A-Za-z]{1,8}")
_METHOD: Final = re.compile(r"[A-Za-z][A-Za-z_-]{0,19}")
_Number: TypeAlias = int | float | str | None
_Text: TypeAlias = str | None


class Other(Enum):
    """What is no request: a TCP connection in the access log, or any other line of the proxy's."""

    CONNECTION = "connection"
    UNREAD = "unread"


class Line(NamedTuple):
    """One request, as one proxy saw it; empty text is what the proxy does not know.

    `at`: seconds since the epoch. `code` 0: no answer was sent. Addresses as the proxy wrote them.
    """

    at: float
    method: str
    path: str
    protocol: str
    code: int
    flags: tuple[str, ...]
    duration_ms: float | None
    authority: str
    user_agent: str
    upstream_host: str
    upstream_cluster: str
    downstream_local: str
    downstream_remote: str


class _Json(msgspec.Struct):
    start_time: _Text = None
    method: _Text = None
    path: _Text = None
    protocol: _Text = None
    response_code: _Number = None
    response_flags: _Text = None
    duration: _Number = None
    authority: _Text = None
    user_agent: _Text = None
    upstream_host: _Text = None
    upstream_cluster: _Text = None
    downstream_local_address: _Text = None
    downstream_remote_address: _Text = None


_decoder: Final = msgspec.json.Decoder(_Json)
# The agent is the caller's own words and may hold quotes: what stands behind it is found from the end.
_TEXT: Final = re.compile(
    r'\[(?P<start_time>[^\]]+)\] "(?P<method>\S+) (?P<path>\S+) (?P<protocol>HTTP/[\d.]+|-)" '
    r"(?P<response_code>\d+|-) (?P<response_flags>\S+) \S+ \S+ "
    r'"[^"]*" (?:\d+|-) (?:\d+|-) (?P<duration>\d+|-) \S+ '
    r'"[^"]*" "(?P<user_agent>.*)" "[^"]*" "(?P<authority>[^"]*)" "(?P<upstream_host>[^"]*)" '
    r"(?P<upstream_cluster>\S+) \S+ (?P<downstream_local_address>\S+) (?P<downstream_remote_address>\S+)"
    r" \S+ .*"
)


def parse(line: bytes) -> Line | Other:
    """The request that a line tells of, or what else the line is."""
    if line.startswith(b"{"):
        return _of_json(line)
    if line.startswith(b"["):
        found = _TEXT.fullmatch(line.decode("utf-8", "replace"))
        if found:
            return _line(_Json(**found.groupdict()))
    return Other.UNREAD


def _of_json(line: bytes) -> Line | Other:
    try:
        return _line(_decoder.decode(line))
    except UNDECODABLE:
        return Other.UNREAD


def _line(raw: _Json) -> Line | Other:
    at, code = _seconds(raw.start_time), _whole(raw.response_code)
    if at is None or code is None:
        return Other.UNREAD
    method = _known(raw.method)
    if not method:
        return Other.CONNECTION
    return Line(
        at=at,
        method=method if _METHOD.fullmatch(method) else "?",
        path=_known(raw.path),
        protocol=_known(raw.protocol),
        code=code,
        flags=_flags(raw.response_flags),
        duration_ms=_figure(raw.duration),
        authority=_known(raw.authority),
        user_agent=_known(raw.user_agent),
        upstream_host=_known(raw.upstream_host),
        upstream_cluster=_known(raw.upstream_cluster),
        downstream_local=_known(raw.downstream_local_address),
        downstream_remote=_known(raw.downstream_remote_address),
    )


def _known(text: _Text) -> str:
    """The text; Envoy writes a dash, or null, for what there is not."""
    return "" if text is None or text == "-" else text


def _seconds(text: _Text) -> float | None:
    try:
        moment = datetime.fromisoformat(text or "")
        return moment.timestamp() if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _figure(value: _Number) -> float | None:
    try:
        found = float(value if value is not None else "")
    except (ValueError, OverflowError):
        return None
    return found if 0 <= found < 1e12 else None


def _whole(value: _Number) -> int | None:
    found = 0.0 if value == "-" else _figure(value)
    return int(found) if found is not None and found < 1000 else None


def _flags(text: _Text) -> tuple[str, ...]:
    return tuple(_FLAG.findall(_known(text))[:MAX_FLAGS])


class Splitter:
    """Lines out of pieces that come as they like. Of a line that is too long only the count is kept."""

    def __init__(self, limit: int = MAX_LINE_BYTES) -> None:
        self._limit = limit
        self._rest = bytearray()
        self._skips = False
        self.too_long = 0

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """The lines that this piece ends, without their ends, empty ones left out."""
        *ended, rest = piece.split(b"\n")
        for end in ended:
            self._add(end)
            line, skipped = bytes(self._rest), self._skips
            self._rest.clear()
            self._skips = False
            if line and not skipped:
                yield line
        self._add(rest)

    def _add(self, part: bytes) -> None:
        if self._skips:
            return
        if len(self._rest) + len(part) > self._limit:
            self._rest.clear()
            self._skips = True
            self.too_long += 1
        else:
            self._rest += part
