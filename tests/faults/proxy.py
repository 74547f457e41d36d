"""A proxy between the product and an API server that breaks things as a test says.

    with FaultProxy(server.url, ca_file=...) as proxy:          # http or https upstream; itself plain http
        cluster = KubeCluster.at(proxy.url, token)
        proxy.fault(faults.busy(seconds=3), method="PUT", path="*/virtualservices/*")
        proxy.fault(faults.Cut(lines=2, in_mid_line=True), watch=True, times=2)
        ...
        assert [str(request) for request in proxy.seen] == ["GET /api/v1/pods"]

A fault (all of them: `tests.faults.kinds`) is for the next requests that fit: `method`, `path` (with `*`),
`watch` and `write` (True: only those, False: only others, None: both; a dry run is no write), after `skip`
that go well, and `times` times (None: until it is lifted). The first that fits is taken; without one the
request passes. `fault` returns a handle: `lift()`, `hits`, and `wait(times=1)`, which waits until it has been
met so often.

At once, and for everything: `refuse()` (nobody listens) and `listen()` again on the same port; `cut()` breaks
what is open; `stall()` lets not one byte more through, without closing anything, until `flow()`.

`seen`: what passed upstream, in order (`Seen`: method, path, query, headers, body, status, watch, write).
`asked`: what reached the proxy, those that a fault kept for itself among them. Safe from the test's thread.
"""

import asyncio
import contextlib
import ssl
import threading
import weakref
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from tests.faults.exchanges import Exchange, Hangup, receive

WAIT_SECONDS = 20


class Planned:
    """A fault that waits for the requests it is for."""

    def __init__(self, what, *, method, path, watch, write, skip, times):
        self.what = what
        self.hits = 0
        self._fits = (method, path, watch, write)
        self._skip = skip
        self._left = times
        self._met = threading.Condition()

    def takes(self, request):
        """Whether this request meets it; counts."""
        method, path, watch, write = self._fits
        if method not in ("*", request.method) or not fnmatchcase(request.path, path):
            return False
        if watch not in (None, request.watch) or write not in (None, request.write) or self._left == 0:
            return False
        if self._skip:
            self._skip -= 1
            return False
        if self._left is not None:
            self._left -= 1
        with self._met:
            self.hits += 1
            self._met.notify_all()
        return True

    def lift(self):
        """No more of it."""
        self._left = 0

    def wait(self, times=1):
        """Waits until so many requests have met it."""
        with self._met:
            assert self._met.wait_for(lambda: self.hits >= times, WAIT_SECONDS), f"{self.what} was never met"


class FaultProxy:
    """See above. A context manager: it listens inside."""

    def __init__(self, upstream, ca_file=""):
        parts = urlsplit(upstream)
        self._host, self._port = parts.hostname, parts.port
        self._tls = ssl.create_default_context(cafile=ca_file or None) if parts.scheme == "https" else None
        self._faults = []
        self._lock = threading.Lock()
        self._open = set()
        self._writers = weakref.WeakSet()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server = None
        self._flowing = None
        self.port = 0
        self.seen = []
        self.asked = []

    def __enter__(self):
        self._thread.start()
        self._flowing = self._run(_set_event())
        self.listen()
        return self

    def __exit__(self, *failure):
        self.refuse()
        self._run(self._leave())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=WAIT_SECONDS)
        self._loop.close()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def fault(self, what, *, method="*", path="*", watch=None, write=None, skip=0, times=1):
        """Plans a fault; see above."""
        planned = Planned(what, method=method, path=path, watch=watch, write=write, skip=skip, times=times)
        with self._lock:
            self._faults.append(planned)
        return planned

    def listen(self):
        """Takes connections, on the same port as before."""
        self._run(self._listen())

    def refuse(self):
        """Takes no more connections; those that are open stay."""
        self._run(self._refuse())

    def cut(self):
        """Breaks every exchange that is under way."""
        self._run(self._end())

    def stall(self):
        """Lets no byte more through to the client; nothing is closed."""
        self._loop.call_soon_threadsafe(self._flowing.clear)

    def flow(self):
        """Lets bytes through again."""
        self._loop.call_soon_threadsafe(self._flowing.set)

    async def _listen(self):
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, limit=2**24)
            self.port = self._server.sockets[0].getsockname()[1]

    async def _refuse(self):
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _end(self):
        tasks = list(self._open)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _leave(self):
        # Who was let in at the last moment is served only some turns later, and would be left behind.
        await _some_turns()
        await self._end()
        for writer in self._writers:
            writer.transport.abort()
        # A transport closes in the turn after it was told to, what it carries TLS for in the one after that.
        await _some_turns()

    async def _serve(self, reader, writer):
        task = asyncio.current_task()
        self._open.add(task)
        self._writers.add(writer)
        exchange = None
        try:
            request = await receive(reader, f"{self._host}:{self._port}")
            if request is not None:
                self.asked.append(request)
                exchange = Exchange(request, writer, self._connect, self._flowing)
                exchange.passed = self.seen
                await _while_there(reader, self._treated(exchange))
        # An upstream that ends in mid-answer ends the client's answer in the same way.
        except (Hangup, OSError, asyncio.IncompleteReadError, asyncio.CancelledError, ValueError):
            pass
        finally:
            (exchange or Exchange(None, writer, None, None)).close()
            self._open.discard(task)

    async def _treated(self, exchange):
        with self._lock:
            planned = next((fault for fault in self._faults if fault.takes(exchange.request)), None)
        await (planned.what(exchange) if planned else exchange.pass_on())

    async def _connect(self):
        reader, writer = await asyncio.open_connection(self._host, self._port, ssl=self._tls, limit=2**24)
        self._writers.add(writer)
        return reader, writer

    def _run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(timeout=WAIT_SECONDS)


async def _some_turns():
    for _ in range(5):
        await asyncio.sleep(0)


async def _set_event():
    event = asyncio.Event()
    event.set()
    return event


async def _while_there(reader, work):
    """Does the work until the client leaves."""
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(reader.read(1))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
    finally:
        for each in (task, gone):
            each.cancel()
        with contextlib.suppress(Exception):
            await asyncio.gather(task, gone, return_exceptions=True)
