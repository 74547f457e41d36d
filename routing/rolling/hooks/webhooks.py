"""The one place that calls other people's services: their gates, and those who want to be told.

Whoever may start a rollout says which addresses these are, and this server calls them from inside the
network. So a host is resolved once, all that it stands for is judged (`addresses`), and the connection goes
to what was judged, not to the name: a second, different answer of a name server is never asked for. The name
is kept for the Host header and the certificate. No redirect is followed, no proxy of the environment used,
and an answer is bounded in size and in time, from the first look-up to its last byte.
"""

import contextlib
import http.client
import json
import queue
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from urllib.parse import unquote, urlsplit

from django.conf import settings
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, SSLError
from urllib3.response import BaseHTTPResponse

from routing.rolling.hooks import addresses, signing
from routing.rolling.hooks.addresses import Target, WrongAddressError

Resolve: TypeAlias = Callable[[str, int], Sequence[str]]
MOST_BYTES: Final = 64 * 1024
CHECK_SECONDS: Final = 5.0
_PIECE: Final = 4_096
# How soon what is late is cut off again, should the first cut have come too early to find the socket.
_AGAIN_SECONDS: Final = 0.05
_MOST_ADDRESSES: Final = 4
_SHORTEST_MASKED: Final = 4
_LONGEST_WORD: Final = 12
_WORD: Final = re.compile(r"[a-z-]*")


class NoAnswerError(Exception):
    """Nothing that counts as an answer came, in words that hold no address beyond its host."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered; `text` is at most 64 KiB of it."""

    status: int
    text: str

    @property
    def fine(self) -> bool:
        """Whether it says yes: 2xx."""
        return 200 <= self.status < 300


def resolved(host: str, port: int) -> Sequence[str]:
    """The addresses that a host stands for, as the system's resolver reads it. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(place[0]) for *_, place in found))


def check(url: str, *, resolve: Resolve = resolved, seconds: float = CHECK_SECONDS) -> str:
    """Why an address may not be called, in words; empty if it may, by what its host stands for now."""
    try:
        _found(url, resolve, seconds)
    except (WrongAddressError, NoAnswerError) as error:
        return str(error)
    return ""


def shown(url: str) -> str:
    """An address as it may be shown: with its host, and nothing that may be a token (Slack's are paths)."""
    try:
        found = addresses.target(url)
    except WrongAddressError:
        return "an address that cannot be read"
    rest = "/…" if found.path != "/" else ""
    return f"{found.scheme}://{found.authority}{rest}"


def masked(text: str, url: str) -> str:
    """A text without what of an address may be a token, for what others write about it."""
    parts = urlsplit(url)
    pieces = [parts.path, parts.query, *filter(_tells, parts.path.split("/")), *_values(parts.query)]
    found = {each for piece in pieces for each in (piece, unquote(piece)) if len(each) >= _SHORTEST_MASKED}
    for each in sorted(found, key=len, reverse=True):
        text = text.replace(each, "…")
    return text


def excerpt(text: str, most: int = 200) -> str:
    """The beginning of somebody's text in one line, without characters that cannot be shown."""
    line = "".join(each if each.isprintable() else " " for each in text[: most * 8])
    line = " ".join(line.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def said(answer: Answer, url: str) -> str:
    """What a service answered that did not say yes, in words and without what may be a token."""
    if 300 <= answer.status < 400:
        return f"answered {answer.status}: it redirects, and no redirect is followed"
    text = excerpt(masked(answer.text, url))
    return f"answered {answer.status}: {text}" if text else f"answered {answer.status}"


def post(
    url: str,
    body: Mapping[str, Any] | bytes,
    *,
    headers: Mapping[str, str] | None = None,
    timeout: float,
    id: str = "",  # noqa: A002 - the header's own word
    resolve: Resolve = resolved,
) -> Answer:
    """Sends JSON, signed if there is a secret, and waits for the whole answer, `timeout` seconds for all.

    `id`: by which a receiver knows what it got already. Raises NoAnswerError; what cannot be called is one.
    """
    until = time.monotonic() + timeout
    try:
        found, places = _found(url, resolve, timeout)
    except WrongAddressError as error:
        raise NoAnswerError(str(error)) from None
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = {**(headers or {}), **_headers(found, content, id)}
    with _Cut(until) as cut, contextlib.closing(_connected(found, places, until)) as connection:
        try:
            return _exchanged(connection, found, content, sent, cut)
        except (http.client.HTTPException, HTTPError, OSError, ValueError) as error:
            raise NoAnswerError(_broken(error, found, timeout, late=cut.late)) from None


def _exchanged(
    connection: HTTPConnection, found: Target, content: bytes, sent: Mapping[str, str], cut: "_Cut"
) -> Answer:
    cut.hold(connection.sock)
    connection.timeout = cut.left()
    connection.request("POST", found.path, content, sent, preload_content=False, decode_content=False)
    response = connection.getresponse()
    text = _text(response)
    if cut.late:
        raise TimeoutError
    return Answer(response.status, text)


def _found(url: str, resolve: Resolve, seconds: float) -> tuple[Target, Sequence[str]]:
    found = addresses.target(url)
    places = _places(found, resolve, seconds)
    why = addresses.refused(found, places, settings.WEBHOOK_ALLOW)
    if why:
        raise WrongAddressError(why)
    return found, places


def _places(found: Target, resolve: Resolve, seconds: float) -> Sequence[str]:
    """What a host stands for. The system's resolver has no time-out of its own, so a thread asks it."""
    answers: queue.SimpleQueue[Sequence[str] | Exception] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(resolve(found.host, found.port))
        except (OSError, UnicodeError) as error:
            answers.put(error)

    threading.Thread(target=ask, name="resolver", daemon=True).start()
    try:
        answer = answers.get(timeout=max(0.0, seconds))
    except queue.Empty:
        raise NoAnswerError(f"What {found.host} stands for was not answered in {seconds:.3g} s.") from None
    if isinstance(answer, Exception):
        raise NoAnswerError(f"Nobody knows the host {found.host}: {_reason(answer)}.")
    if not answer:
        raise NoAnswerError(f"Nobody knows the host {found.host}.")
    return answer


def _connected(found: Target, places: Sequence[str], until: float) -> HTTPConnection:
    """A connection to the first of the judged addresses that takes one."""
    tried = places[:_MOST_ADDRESSES]
    for number, place in enumerate(tried):
        # TLS may take as long as TCP did: the time-out holds for each of the two.
        share = (len(tried) - number) * (2 if found.scheme == "https" else 1)
        connection = _connection(found, place, max(0.001, (until - time.monotonic()) / share))
        try:
            connection.connect()
        except ConnectTimeoutError as error:  # NewConnectionError is one, too
            connection.close()
            if number + 1 == len(tried):
                raise NoAnswerError(_unreached(error, found)) from None
        except (HTTPError, OSError, ValueError) as error:
            connection.close()
            raise NoAnswerError(_unreached(error, found)) from None
        else:
            return connection
    raise NoAnswerError(f"Nobody answers at {found.authority}.")


def _connection(found: Target, place: str, seconds: float) -> HTTPConnection:
    if found.scheme == "http":
        return HTTPConnection(place, found.port, timeout=seconds)
    context = ssl.create_default_context()
    if settings.WEBHOOK_CA_FILE:
        context.load_verify_locations(settings.WEBHOOK_CA_FILE)
    name = found.host.removesuffix(".")
    return HTTPSConnection(place, found.port, timeout=seconds, ssl_context=context, server_hostname=name)


def _headers(found: Target, content: bytes, number: str) -> dict[str, str]:
    told = {
        "Host": found.authority,
        "User-Agent": "meshui",
        "Content-Type": "application/json",
        "Accept-Encoding": "identity",
        "Connection": "close",
    }
    if number:
        told[signing.ID_HEADER] = number
    if settings.WEBHOOK_SECRET:
        told[signing.SIGNATURE_HEADER] = signing.signature(settings.WEBHOOK_SECRET, content, int(time.time()))
    return told


def _text(response: BaseHTTPResponse) -> str:
    """The answer as far as it is taken; who sends more is not listened to any longer."""
    found = b""
    while len(found) < MOST_BYTES:
        piece = response.read(_PIECE, decode_content=False)
        if not piece:
            break
        found += piece
    return found[:MOST_BYTES].decode("utf-8", "replace")


class _Cut:
    """Ends an exchange at its time, however slowly bytes come: time-outs of sockets begin anew with each."""

    def __init__(self, until: float) -> None:
        self._until = until
        self._over = threading.Event()
        self._sock: socket.socket | None = None
        self._thread = threading.Thread(target=self._run, name="webhook-cut", daemon=True)
        self.late = False

    def __enter__(self) -> "_Cut":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def left(self) -> float:
        """The seconds that are left; a little at least, as 0 would not wait at all."""
        return max(0.001, self._until - time.monotonic())

    def hold(self, sock: socket.socket) -> None:
        """The socket that is to be cut."""
        self._sock = sock

    def _run(self) -> None:
        wait = self.left()
        while not self._over.wait(wait):
            self.late = True
            if self._sock is not None:
                with contextlib.suppress(OSError):
                    # Not SSLSocket's own, which would take the session from the thread that reads.
                    socket.socket.shutdown(self._sock, socket.SHUT_RDWR)
            wait = _AGAIN_SECONDS


def _broken(error: Exception, found: Target, seconds: float, *, late: bool) -> str:
    if late or isinstance(error, TimeoutError) or "timed out" in str(error):
        return f"{found.authority} did not answer within {seconds:.3g} s."
    return f"{found.authority} broke off, or its answer is no HTTP."


def _unreached(error: Exception, found: Target) -> str:
    cause = error.__cause__ if isinstance(error, HTTPError) and error.__cause__ else error
    if isinstance(cause, TimeoutError):
        return f"{found.authority} took no connection in time."
    if isinstance(error, ssl.SSLCertVerificationError | ssl.CertificateError):
        return f"The certificate of {found.authority} is not accepted: {_reason(error)}."
    if isinstance(error, SSLError | ssl.SSLError):
        return f"{found.authority} speaks no TLS that can be understood: {_reason(error)}."
    return f"Nobody answers at {found.authority}: {_reason(cause)}."


def _reason(error: BaseException) -> str:
    """What the system says, without what it says it about."""
    said = getattr(error, "verify_message", "") or getattr(error, "strerror", "") or type(error).__name__
    return excerpt(str(said), 120).rstrip(".")


def _tells(segment: str) -> bool:
    """Whether a part of a path may be a token, not a word that others use, too."""
    return len(segment) > _LONGEST_WORD or _WORD.fullmatch(segment) is None


def _values(query: str) -> list[str]:
    return [pair.partition("=")[2] or pair for pair in query.split("&")]
