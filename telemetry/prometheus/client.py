"""The HTTP client to anything that speaks Prometheus' query API. Never waits or reads without a bound, and
never tells where it was refused what it was refused with.
"""

import ssl
import time
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

import aiohttp

from telemetry.prometheus.answers import (
    BadAnswerError,
    Matrix,
    NoAnswerError,
    Tracks,
    Vector,
    figures,
    matrix,
    tracks,
    vector,
)

_CHUNK_BYTES = 256 * 1024
# Of an answer that is no success only its words are read.
_MAX_ERROR_BYTES = 64 * 1024
MAX_CONCURRENT = 32


@dataclass(frozen=True)
class Server:
    """Where Prometheus is, and how to speak to it. What is secret does not appear when it is printed.

    `url` is what stands before /api/v1. A file with a token is read anew for each query, as tokens of a
    service account are replaced while they are in use.
    """

    url: str
    timeout_seconds: float = 10.0
    max_body_bytes: int = 64 * 1024 * 1024
    token: str = field(default="", repr=False)
    token_file: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    ca_file: str = ""
    certificate_file: str = ""
    key_file: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


class _Response(NamedTuple):
    status: int
    content_type: str
    body: bytearray
    cut: bool


_Read = TypeVar("_Read")


class Client:
    """Asks one server. Must be closed within the event loop in which it asked.

    `skew_seconds`: how much this machine's clock is ahead of the server's, to a second or two; None before
    the first answer, and where the server does not say.
    """

    def __init__(self, server: Server, *, wall: Callable[[], float] = time.time) -> None:
        self._server = server
        self._wall = wall
        self._sessions = _Sessions(server)
        self.skew_seconds: float | None = None

    async def at(self, query: str, moment: float) -> Vector:
        """What a query yields at a moment (seconds since the epoch). Raises NoAnswerError."""
        found = await self._ask("query", {"query": query, "time": f"{moment:.3f}"}, vector)
        if found.at is not None and abs(found.at - moment) > 1:
            raise NoAnswerError("Prometheus answered for another moment than it was asked about.")
        return found

    async def samples(self, query: str, moment: float) -> Matrix:
        """The samples themselves of a range vector that ends at a moment. Raises NoAnswerError."""
        return await self._ask("query", {"query": query, "time": f"{moment:.3f}"}, matrix)

    async def tracks(self, query: str, moment: float) -> Tracks:
        """The same for many series, again and again. Raises NoAnswerError."""
        return await self._ask("query", {"query": query, "time": f"{moment:.3f}"}, tracks)

    async def figures(self, query: str, moment: float) -> Sequence[str]:
        """The values, as they are written, of what a query yields: a vector's, or the one of a scalar. Raises
        NoAnswerError.
        """
        return await self._ask("query", {"query": query, "time": f"{moment:.3f}"}, figures)

    async def between(self, query: str, since: float, until: float, step_seconds: float) -> Matrix:
        """What a query yields at since, since + step and so on up to until. Raises NoAnswerError."""
        form = {
            "query": query,
            "start": f"{since:.3f}",
            "end": f"{until:.3f}",
            "step": f"{step_seconds:.3f}",
        }
        return await self._ask("query_range", form, matrix)

    async def close(self) -> None:
        """Closes all connections."""
        await self._sessions.close()

    async def _ask(self, path: str, form: dict[str, str], read: Callable[[bytearray], _Read]) -> _Read:
        response = await self._answered(f"{self._server.url.rstrip('/')}/api/v1/{path}", form)
        if response.cut:
            raise NoAnswerError(
                f"Prometheus answered with more than {self._server.max_body_bytes >> 20} MiB."
            )
        if response.status != 200:
            raise _refusal(response)
        if response.content_type == "text/html":
            raise NoAnswerError("Prometheus answered with a web page: is there a sign-in in front of it?")
        try:
            return read(response.body)
        except BadAnswerError as error:
            raise NoAnswerError(f"Prometheus {error}", error.quoted) from None

    async def _answered(self, url: str, form: dict[str, str]) -> _Response:
        try:
            return await self._post(url, form)
        except TimeoutError:
            seconds = self._server.timeout_seconds
            raise NoAnswerError(f"Prometheus did not answer within {seconds:g} s.") from None
        except (aiohttp.ClientError, OSError) as error:
            raise NoAnswerError("Prometheus cannot be reached.", str(error) or type(error).__name__) from None

    async def _post(self, url: str, form: dict[str, str]) -> _Response:
        session = await self._sessions.current()
        # By POST: a query's text may be longer than an address can be.
        async with session.post(
            url, data=form, headers=_credentials(self._server), allow_redirects=False
        ) as response:
            self._note_skew(response.headers.get("Date", ""))
            success = response.status == 200
            bound = self._server.max_body_bytes if success else _MAX_ERROR_BYTES
            body, cut = await _bounded(response, bound)
            return _Response(response.status, response.content_type, body, cut and success)

    def _note_skew(self, date: str) -> None:
        try:
            self.skew_seconds = self._wall() - parsedate_to_datetime(date).timestamp()
        except ValueError:
            self.skew_seconds = None


class _Sessions:
    """The session, made anew when one of the certificates was replaced."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._files = [name for name in (server.ca_file, server.certificate_file, server.key_file) if name]
        self._stamp: list[int] = []
        self._session: aiohttp.ClientSession | None = None
        self._retired: aiohttp.ClientSession | None = None

    async def current(self) -> aiohttp.ClientSession:
        """Raises NoAnswerError when the certificates cannot be used."""
        try:
            stamp = [Path(name).stat().st_mtime_ns for name in self._files]  # noqa: ASYNC240  three small files
            if self._session is None or stamp != self._stamp:
                fresh = self._made()
                # What is under way on the one before ends in peace; the one before that ended long ago.
                retired, self._retired = self._retired, self._session
                self._session, self._stamp = fresh, stamp
                if retired:
                    await retired.close()
        except OSError as error:
            raise NoAnswerError("The certificates for Prometheus cannot be used.", str(error)) from None
        return self._session

    async def close(self) -> None:
        for session in (self._session, self._retired):
            if session:
                await session.close()

    def _made(self) -> aiohttp.ClientSession:
        server = self._server
        return aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=server.timeout_seconds),
            # A compressed answer could be a thousand times its size.
            headers={**server.headers, "Accept": "application/json", "Accept-Encoding": "identity"},
            auto_decompress=False,
            connector=aiohttp.TCPConnector(limit=MAX_CONCURRENT, ssl=_tls(server)),
            # No proxy of the environment, which would read the credentials.
            trust_env=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            read_bufsize=_CHUNK_BYTES,
        )


def _tls(server: Server) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=server.ca_file or None)
    if server.certificate_file:
        context.load_cert_chain(server.certificate_file, server.key_file or None)
    return context


def _credentials(server: Server) -> dict[str, str]:
    if server.user:
        both = f"{server.user}:{server.password}".encode()
        return {"Authorization": f"Basic {b64encode(both).decode('ascii')}"}
    token = server.token
    if server.token_file:
        try:
            token = Path(server.token_file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise NoAnswerError("The file with the token for Prometheus cannot be read.") from None
    if not token.isprintable() or not token.isascii():
        raise NoAnswerError("The token for Prometheus holds characters that cannot be sent.")
    return {"Authorization": f"Bearer {token}"} if token else {}


async def _bounded(response: aiohttp.ClientResponse, bound: int) -> tuple[bytearray, bool]:
    """The body, and whether it was longer."""
    if response.headers.get("Content-Encoding", "identity") != "identity":
        response.close()
        raise NoAnswerError("Prometheus answered compressed, which was not asked for.")
    body = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
        body += chunk
        if len(body) > bound:
            # What is left unread must not be drained: the connection goes with it.
            response.close()
            return body, True
    return body, False


def _refusal(response: _Response) -> NoAnswerError:
    """What a status other than 200 means."""
    status = response.status
    if status in _MEANINGS:
        return NoAnswerError(_MEANINGS[status].format(status=status))
    if 300 <= status < 400:
        return NoAnswerError("Prometheus answered with a redirect, which is not followed.")
    try:
        vector(response.body)
    except BadAnswerError as error:
        if error.quoted and response.content_type == "application/json":
            return NoAnswerError(f"Prometheus {error}", error.quoted)
    return NoAnswerError(f"Prometheus answered with status {status}.")


_MEANINGS: Final = {
    401: "Prometheus refuses the credentials (status {status}).",
    403: "Prometheus refuses the credentials (status {status}).",
    404: "There is no query API of Prometheus at its address (status {status}).",
    429: "Prometheus is asked too often (status {status}).",
}
