"""Real HTTP servers on loopback that stand for proxies, well-behaved and otherwise."""

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web

from telemetry.targets import Target
from tests.telemetry.builders import metrics

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Exporter:
    """One proxy: counts what it is told to, answers as its `handler` says."""

    def __init__(self, pod: str, host: str = "127.0.0.1", port: int = 0) -> None:
        self.pod = pod
        self.requests = 0.0
        self.queries: list[str] = []
        self.handler: Handler = self.metrics
        self._host, self._port = host, port
        self._released = asyncio.Event()
        self._runner: web.AppRunner | None = None

    async def start(self) -> "Exporter":
        app = web.Application()
        app.router.add_get("/stats/prometheus", self._answer)
        # On cleanup, handlers that hang are cancelled without a wait.
        self._runner = web.AppRunner(app, shutdown_timeout=0.01, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port)
        await site.start()
        self._port = site._server.sockets[0].getsockname()[1]
        return self

    async def stop(self) -> None:
        self._released.set()
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    @property
    def target(self) -> Target:
        return Target(
            self.pod, "bookinfo", self.pod, f"http://{self._host}:{self._port}/stats/prometheus?usedonly"
        )

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.queries.append(request.query_string)
        return await self.handler(request)

    async def metrics(self, _request: web.Request) -> web.StreamResponse:
        return web.Response(text=metrics(self.pod, self.requests))

    async def html(self, _request: web.Request) -> web.StreamResponse:
        return web.Response(text="<html><body>Sign in</body></html>", content_type="text/html")

    async def plain_page(self, _request: web.Request) -> web.StreamResponse:
        return web.Response(text="<html><body>Sign in</body></html>")

    async def broken(self, _request: web.Request) -> web.StreamResponse:
        return web.Response(status=500)

    async def elsewhere(self, _request: web.Request) -> web.StreamResponse:
        raise web.HTTPFound("http://127.0.0.1:1/")

    async def zipped(self, _request: web.Request) -> web.StreamResponse:
        response = web.Response(text=metrics(self.pod, 1) * 50)
        response.enable_compression(web.ContentCoding.gzip)
        return response

    async def hang(self, _request: web.Request) -> web.StreamResponse:
        await self._released.wait()
        return web.Response()

    async def flood(self, request: web.Request) -> web.StreamResponse:
        """50 MB, written until the client hangs up."""
        response = web.StreamResponse()
        await response.prepare(request)
        self.flooded = 0
        for _ in range(50):
            await response.write(b"# nothing\n" * 104_858)
            self.flooded += 1
        return response

    async def cut_off(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "100000"})
        await response.prepare(request)
        await response.write(b'istio_requests_total{reporter="source"} 1')
        request.transport.close()
        return response
