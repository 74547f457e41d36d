"""Answers that last: watches and followed logs.

Each is registered while it runs, so that stopping the server ends it at once.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping

from aiohttp import web

from localmesh.apiserver import tables
from localmesh.apiserver.errors import ApiError, Gone
from localmesh.apiserver.reads import Follower, Selection, bookmark, line, served
from localmesh.apiserver.requests import Accepted, Target, flag, number
from localmesh.apiserver.store import Clock, Store, decode, encode
from localmesh.apiserver.watches import Watch

#: How long a watch lasts whose client names no time; in seconds.
DEFAULT_WATCH_SECONDS = 1800.0
#: How often a quiet watch gets a bookmark, in seconds: half a minute keeps proxies and clients awake.
BOOKMARK_SECONDS = 30.0


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
                await response.write_eof()


async def _limited(first: bytes, pieces: AsyncIterator[bytes], limit: int | None) -> AsyncIterator[bytes]:
    left = limit
    piece = first
    while piece and (left is None or left > 0):
        yield piece if left is None else piece[:left]
        left = None if left is None else left - len(piece)
        piece = await anext(pieces, b"")


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
        self._store = store
        self._clock = clock
        self._target = target
        self._selection = Selection.of(query, target.resource.kind)
        self._form = form
        self._include = query.get("includeObject", "")
        self._bookmarks = flag(query, "allowWatchBookmarks")
        self._initial = flag(query, "sendInitialEvents")
        self._since = number(query, "resourceVersion") or 0
        self._seconds = float(number(query, "timeoutSeconds") or DEFAULT_WATCH_SECONDS)

    async def lines(self, bookmark_seconds: float) -> AsyncIterator[bytes]:
        """The lines of the answer."""
        loop = asyncio.get_running_loop()
        end = loop.time() + self._seconds
        from_now = self._initial or not self._since
        try:
            watch = self._store.watch(self._target.resource, None if from_now else self._since)
        except Gone as gone:
            yield self._error(gone)
            return
        with watch:
            if from_now:
                yield self._initial_lines()
            while loop.time() < end:
                wait = min(end - loop.time(), bookmark_seconds)
                try:
                    found = await self._next(watch, wait)
                except Gone as gone:
                    yield self._error(gone)
                    return
                if found is None:
                    return
                if found:
                    yield found

    async def _next(self, watch: Watch, wait: float) -> bytes | None:
        """The next line, a bookmark when there was none for a while, or None when the store is closed."""
        follower = Follower(self._target, self._selection)
        try:
            async with asyncio.timeout(wait):
                async for event in watch:
                    seen = follower.seen(event)
                    if seen:
                        return line(seen[0], self._formed(seen[1]))
        except TimeoutError:
            return self._bookmark() if self._bookmarks else b""
        return None

    def _initial_lines(self) -> bytes:
        records = self._store.records(self._target.resource, self._target.namespace)
        lines = [
            line("ADDED", self._formed(served(self._target, record.raw)))
            for record in records
            if self._selection.chooses(record)
        ]
        if self._initial:
            lines.append(bookmark(self._target, self._store.revision, end_of_list=True))
        return b"".join(lines)

    def _formed(self, raw: bytes) -> bytes:
        """An object in the form that the client asked for."""
        if self._form.kind == "Table":
            obj = decode(raw)
            version = obj["metadata"]["resourceVersion"]
            return encode(
                tables.table(
                    self._target.resource,
                    [obj],
                    self._clock(),
                    include=self._include,
                    resourceVersion=version,
                )
            )
        return encode(tables.partial(decode(raw))) if self._form.kind.startswith("Partial") else raw

    def _bookmark(self) -> bytes:
        return bookmark(self._target, self._store.revision)

    def _error(self, error: ApiError) -> bytes:
        return encode({"type": "ERROR", "object": error.status()}) + b"\n"
