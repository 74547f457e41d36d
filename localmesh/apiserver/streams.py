"""Answers that last: watches, followed logs and large lists.

Each is registered while it runs, so that stopping the server ends it at once.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Mapping

from aiohttp import web

from localmesh.apiserver.errors import ApiError, Gone
from localmesh.apiserver.listing import Selection, check_options
from localmesh.apiserver.reads import Follower, Form, bookmark, line, served
from localmesh.apiserver.records import encode
from localmesh.apiserver.requests import Accepted, Target, flag, number
from localmesh.apiserver.store import Clock, Store
from localmesh.apiserver.watches import Watch

#: How long a watch lasts whose client names no time; in seconds.
DEFAULT_WATCH_SECONDS = 1800.0
#: How often a quiet watch gets a bookmark, in seconds: half a minute keeps proxies and clients awake.
BOOKMARK_SECONDS = 30.0
#: From which size on a list is sent in pieces, in bytes.
_LARGE_BYTES = 1024 * 1024
#: How many of the objects that are there a watch sends at a time.
_PIECE_LINES = 50


class Streams:
    """The watches and logs that are under way."""

    def __init__(self, store: Store, clock: Clock, bookmark_seconds: float = BOOKMARK_SECONDS) -> None:
        self._store = store
        self._clock = clock
        self._bookmark_seconds = bookmark_seconds
        self._tasks: set[asyncio.Task[object]] = set()

    async def watch(
        self, request: web.Request, target: Target, query: Mapping[str, str], form: Accepted
    ) -> web.StreamResponse:
        """Answer a watch until its time is up, its client leaves, or the server stops."""
        session = _Session(self._store, self._clock, target=target, form=form, query=query)
        response = web.StreamResponse(
            headers={"Content-Type": "application/json", "Cache-Control": "no-cache, private"}
        )
        return await self._run(request, response, session.lines(self._bookmark_seconds))

    async def log(
        self, request: web.Request, pieces: AsyncIterator[bytes], limit: int | None
    ) -> web.StreamResponse:
        """Answer with a log. Errors before its first piece are the caller's to answer."""
        first = await anext(pieces, b"")
        response = web.StreamResponse(headers={"Content-Type": "text/plain; charset=utf-8"})
        return await self._run(request, response, _limited(first, pieces, limit))

    async def list(self, request: web.Request, pieces: Iterator[bytes]) -> web.StreamResponse:
        """Answer with a list; a large one goes out piece by piece, while others have their turns."""
        held, size = [], 0
        for piece in pieces:
            held.append(piece)
            size += len(piece)
            if size >= _LARGE_BYTES:
                break
            await asyncio.sleep(0)
        else:
            return web.Response(body=b"".join(held), content_type="application/json")
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        return await self._run(request, response, _one_by_one(b"".join(held), pieces))

    async def stop(self) -> None:
        """End everything that is under way."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(
        self, request: web.Request, response: web.StreamResponse, pieces: AsyncIterator[bytes]
    ) -> web.StreamResponse:
        """Send pieces as they come. A client that leaves, or a server that stops, is no error."""
        task = asyncio.create_task(self._send(request, response, pieces))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            await asyncio.wait([task])
        finally:
            task.cancel()
        if not task.cancelled():
            task.result()
        return response

    async def _send(
        self, request: web.Request, response: web.StreamResponse, pieces: AsyncIterator[bytes]
    ) -> None:
        async with contextlib.aclosing(pieces):  # type: ignore[type-var]
            with contextlib.suppress(ConnectionError):
                await response.prepare(request)
                async for piece in pieces:
                    await response.write(piece)
                    await asyncio.sleep(0)  # a client that reads at once must not keep others waiting
                await response.write_eof()


async def _one_by_one(first: bytes, pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    for piece in pieces:
        yield piece


async def _limited(first: bytes, pieces: AsyncIterator[bytes], limit: int | None) -> AsyncIterator[bytes]:
    """A followed log may begin with nothing, and goes on."""
    left = limit
    piece: bytes | None = first
    while piece is not None and (left is None or left > 0):
        yield piece if left is None else piece[:left]
        left = None if left is None else left - len(piece)
        piece = await anext(pieces, None)


class _Session:
    """One watch: what it starts with, what it follows, and in which form."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        target: Target,
        form: Accepted,
        query: Mapping[str, str],
    ) -> None:
        check_options(query, watch=True)
        self._store = store
        self._target = target
        self._selection = Selection.of(query, target.resource.kind)
        self._follower = Follower(target, self._selection)
        self._form = Form(target, form, query, clock)
        self._bookmarks = flag(query, "allowWatchBookmarks")
        self._since = number(query, "resourceVersion") or 0
        self._marks_initial = flag(query, "sendInitialEvents") and self._bookmarks
        self._initial = flag(query, "sendInitialEvents") if "sendInitialEvents" in query else not self._since
        self._seconds = float(number(query, "timeoutSeconds") or DEFAULT_WATCH_SECONDS)

    async def lines(self, bookmark_seconds: float) -> AsyncIterator[bytes]:
        """The lines of the answer, several at a time."""
        loop = asyncio.get_running_loop()
        end = loop.time() + self._seconds
        try:
            with self._store.watch(self._target.resource, self._start) as watch:
                if self._initial:
                    for piece in self._initial_lines():
                        yield piece
                while (left := end - loop.time()) > 0:
                    found = await self._next(watch, min(left, bookmark_seconds))
                    if found is None:
                        return
                    if found:
                        yield found
        except Gone as gone:
            yield self._error(gone)

    @property
    def _start(self) -> int | None:
        return None if self._initial else self._since or None

    async def _next(self, watch: Watch, wait: float) -> bytes | None:
        """The next lines, a bookmark when there was none for a while, or None when the store is closed."""
        try:
            async with asyncio.timeout(wait):
                while events := await watch.batch():
                    seen = [found for found in map(self._follower.seen, events) if found]
                    if seen:
                        return b"".join(line(kind, self._form.one(raw)) for kind, raw in seen)
        except TimeoutError:
            return bookmark(self._target, self._store.revision) if self._bookmarks else b""
        return None

    def _initial_lines(self) -> Iterator[bytes]:
        """What is there, as of now, in pieces."""
        revision = self._store.revision
        held: list[bytes] = []
        for record in self._store.records(self._target.resource, self._target.namespace):
            if self._selection.chooses(record):
                held.append(line("ADDED", self._form.one(served(self._target, record.raw))))
            if len(held) == _PIECE_LINES:
                yield b"".join(held)
                held = []
        if self._marks_initial:
            held.append(bookmark(self._target, revision, end_of_list=True))
        yield b"".join(held)

    def _error(self, error: ApiError) -> bytes:
        return encode({"type": "ERROR", "object": error.status()}) + b"\n"
