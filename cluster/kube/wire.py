"""One request to an API server: signed, bounded in time and in size, its failure told in plain words."""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Final, TypeAlias
from urllib.parse import urlencode

import msgspec
from kubernetes.client.rest import RESTClientObject
from urllib3 import BaseHTTPResponse, HTTPHeaderDict, PoolManager, Timeout, exceptions

from cluster.errors import ClusterError, Unavailable
from cluster.kube.answers import refusal
from cluster.kube.credentials import Loaded, Source, fingerprint
from cluster.refs import Manifest

FIELD_MANAGER: Final = "meshui"
WHOLE_SECONDS: Final = 60.0
"""For a whole answer, however slowly its bytes come."""
MAX_BYTES: Final = 256 * 1024 * 1024
READ_BYTES: Final = 256 * 1024
POOL_CONNECTIONS: Final = 64
"""Kept open to one server: a watch for every kind, and what people ask meanwhile."""
VAIN_SECONDS: Final = 5.0
"""How long credentials that could not be had, or were refused as soon as they were new, are not tried anew:
an exec plugin is a process each time."""
_NO_ADDRESS: Final = "The address of its API server, or of the proxy before it, cannot be read."
"""Without quoting it: there may be a password in it."""
Headers: TypeAlias = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `silence`: seconds without a byte after which its answer counts as dead."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Manifest | None = None
    headers: Headers = ()
    silence: float | None = None


@dataclass(frozen=True, slots=True)
class _Session:
    """What requests are sent with, until the credentials are to be read again: from `source`.

    Until it `ends`, it can go on serving while that is done.
    """

    url: str
    pool: PoolManager
    mark: str
    authorization: str
    until: float
    ends: float
    source: Source


class Wire:
    """Requests to one API server. Safe to share between threads."""

    def __init__(
        self, source: Source, timeout: tuple[float, float], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`source` says where the server is and what requests are signed with; it is asked when first needed,
        when that is over, and when the server refuses it. `timeout` is (connection, read), in seconds.
        """
        self._source = source
        self._connect_seconds, self._read_seconds = timeout
        self._clock = clock
        self._lock = Lock()
        self._session: _Session | None = None
        self._failure: tuple[float, ClusterError] | None = None
        self._vain_until = -VAIN_SECONDS

    def call(self, request: Request) -> bytes:
        """The whole answer to a request. Raises `cluster.errors.ClusterError`."""
        response = self.open(request)
        content = self._whole(response)
        if not 200 <= response.status < 300:
            raise refusal(response.status, response.headers, content)
        return content

    def stream(self, request: Request) -> BaseHTTPResponse:
        """An answer that is to be read while it comes, and then closed. Raises what `call` raises."""
        response = self.open(request)
        if 200 <= response.status < 300:
            return response
        raise refusal(response.status, response.headers, self._whole(response))

    def open(self, request: Request) -> BaseHTTPResponse:
        """An answer whose head has come, whatever it says. Raises Unavailable, Unauthorized."""
        session = self._current()
        response = self._send(session, request)
        if response.status != 401:
            return response
        refused = refusal(401, response.headers, self._whole(response))
        # The file may hold a newer token than the one in memory; a refused request has done nothing.
        response = self._send(self._renewed(session, refused), request)
        if response.status == 401:
            with self._lock:
                self._vain_until = self._clock() + VAIN_SECONDS
        return response

    def _send(self, session: _Session, request: Request) -> BaseHTTPResponse:
        headers = HTTPHeaderDict({"Accept": "application/json", "User-Agent": FIELD_MANAGER})
        for name, value in request.headers:
            headers.add(name, value)
        if session.authorization:
            headers["Authorization"] = session.authorization
        body = None
        if request.body is not None:
            headers["Content-Type"] = "application/json"
            body = msgspec.json.encode(request.body)
        query = f"?{urlencode(request.query)}" if request.query else ""
        timeout = Timeout(connect=self._connect_seconds, read=request.silence or self._read_seconds)
        with reading():
            # No retries: a PUT whose answer was lost may have happened. That means no redirects either, which
            # would carry the token elsewhere.
            return session.pool.request(
                request.method,
                f"{session.url}{request.path}{query}",
                body=body,
                headers=headers,
                timeout=timeout,
                retries=False,
                preload_content=False,
            )

    def _whole(self, response: BaseHTTPResponse) -> bytes:
        pieces: list[bytes] = []
        size, end = 0, self._clock() + WHOLE_SECONDS
        try:
            with reading():
                while piece := response.read1(READ_BYTES, decode_content=False):
                    pieces.append(piece)
                    size += len(piece)
                    if size > MAX_BYTES:
                        raise Unavailable("Its answer is longer than 256 MiB.")
                    if self._clock() > end:
                        raise Unavailable("Its API server did not come to the end of its answer in time.")
        except Unavailable:
            response.close()
            raise
        response.release_conn()
        return b"".join(pieces)

    def _current(self) -> _Session:
        session, now = self._session, self._clock()
        if session is not None and now < session.until:
            return session
        locked = self._lock.acquire(blocking=session is None or now >= session.ends)
        if session is not None and not locked:
            return session  # another thread is renewing it, and it has not ended
        try:
            return self._fresh()
        finally:
            self._lock.release()

    def _fresh(self) -> _Session:
        """The session, renewed where it is time to; under the lock."""
        session = self._session
        if session is not None and self._clock() < session.until:
            return session  # another thread has renewed it
        try:
            return self._load(session.source if session else self._source)
        except ClusterError:
            if session is None:
                raise
            # What was good a moment ago may still be; if it is not, the server says so.
            self._session = replace(session, until=self._clock() + VAIN_SECONDS)
            return self._session

    def _renewed(self, refused: _Session, error: ClusterError) -> _Session:
        """The session after one that the server refused. Raises that refusal when a new one was vain too."""
        with self._lock:
            if self._session is not refused and self._session is not None:
                return self._session  # another thread has renewed it
            if self._clock() < self._vain_until:
                raise error
            return self._load(self._source)

    def _load(self, source: Source) -> _Session:
        if self._failure is not None and self._clock() < self._failure[0]:
            raise self._failure[1].with_traceback(None)
        try:
            self._session = self._signed(source())
        except ClusterError as error:
            self._failure = (self._clock() + VAIN_SECONDS, error)
            raise
        self._failure = None
        return self._session

    def _signed(self, loaded: Loaded) -> _Session:
        try:
            mark = fingerprint(loaded.configuration)
            # The open connections are kept while only the token is another.
            pool = self._session.pool if self._session and self._session.mark == mark else _pool(loaded)
        except exceptions.LocationValueError:
            raise Unavailable(_NO_ADDRESS) from None
        except (ImportError, OSError, exceptions.HTTPError) as error:
            raise Unavailable(f"No connection can be made as configured: {error}.") from None
        host: str = loaded.configuration.host
        # Counted from now, not from before: a plugin may have taken its time.
        now = self._clock()
        return _Session(
            host.rstrip("/"),
            pool,
            mark,
            loaded.authorization,
            until=now + loaded.good_for,
            ends=now + loaded.ends_in,
            source=loaded.again or self._source,
        )


@contextlib.contextmanager
def reading() -> Iterator[None]:
    """Tells what goes wrong on the wire in the console's own words. Raises Unavailable."""
    try:
        yield
    except exceptions.LocationValueError:
        raise Unavailable(_NO_ADDRESS) from None
    except exceptions.HTTPError as error:
        raise Unavailable(_plain(error)) from error


def _plain(error: exceptions.HTTPError) -> str:
    if isinstance(error, exceptions.ConnectTimeoutError | exceptions.NewConnectionError):
        return "No connection to its API server."
    if isinstance(error, exceptions.TimeoutError):
        return "Its API server did not answer in time."
    if isinstance(error, exceptions.SSLError):
        return f"No trusted connection to its API server: {error.args[0] if error.args else error}"
    if isinstance(error, exceptions.ProxyError):
        return "The proxy before its API server lets nothing through."
    return f"The connection to its API server broke ({type(error).__name__})."


def _pool(loaded: Loaded) -> PoolManager:
    configuration = loaded.configuration
    configuration.connection_pool_maxsize = POOL_CONNECTIONS
    configuration.keep_alive = True  # so that the kernel notices a peer that is gone
    pool: PoolManager = RESTClientObject(configuration).pool_manager
    return pool
