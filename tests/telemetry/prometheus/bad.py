"""A server that speaks as Prometheus does, or badly: slowly, in part, in HTML, in 200 MB."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from telemetry.samples import EdgeLabels
from tests.telemetry.builders import labels

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def body(*series: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"status": "success", "data": {"resultType": "vector", "result": list(series)}, **more}


def series(of: EdgeLabels, value: str, at: float, **more: str) -> dict[str, Any]:
    return {"metric": {**{k: v for k, v in of._asdict().items() if v}, **more}, "value": [at, value]}


def at_time(found: dict[str, Any], at: float) -> dict[str, Any]:
    return {**found, "value": [at, found["value"][1]]} if "value" in found else found


class BadServer:
    """Answers as its handler says; `asked` are the forms that came, `headers` those of the last question."""

    def __init__(self) -> None:
        self.handler: Handler = self.well
        self.asked: list[dict[str, str]] = []
        self.headers: dict[str, str] = {}
        self.requests: list[dict[str, Any]] | None = None
        self.port = 0
        self.written = 0
        self.scheme = "http"
        self._released = asyncio.Event()
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    async def start(self, tls: ssl.SSLContext | None = None) -> "BadServer":
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, shutdown_timeout=0.01, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=tls)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]
        self.scheme = "https" if tls else "http"
        return self

    async def stop(self) -> None:
        self._released.set()
        if self._runner:
            await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.headers = dict(request.headers)
        form = await request.post()
        self.asked.append({name: str(value) for name, value in form.items()})
        return await self.handler(request)

    async def well(self, request: web.Request) -> web.StreamResponse:
        """What a Prometheus with one edge answers."""
        return web.json_response(self.answer(dict(await request.post())))

    def answer(self, form: Any) -> dict[str, Any]:
        query, at = form["query"], float(form.get("time", 0))
        if query.startswith("sum by"):
            found = [series(labels(), "5", at, response_code="200", response_flags="-")]
            return body(*(found if self.requests is None else (at_time(each, at) for each in self.requests)))
        if "timestamp(" in query:
            return body({"metric": {}, "value": [at, str(at - 1)]})
        if query.startswith("histogram_quantile"):
            return body(series(labels(), "20", at))
        return body()

    async def empty(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response(body())

    async def html(self, _request: web.Request) -> web.StreamResponse:
        return web.Response(text="<html><body>Sign in</body></html>", content_type="text/html")

    async def html_as_json(self, _request: web.Request) -> web.StreamResponse:
        return web.Response(text="<html><body>Sign in</body></html>", content_type="application/json")

    async def html_error(self, _request: web.Request) -> web.StreamResponse:
        return web.Response(status=502, text="<h1>Bad gateway</h1>", content_type="text/html")

    async def no_json(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response(text='{"status":"success","data":{"result":[{"metric"')

    async def another_json(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response({"hello": "world"})

    async def a_list(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response([])

    async def a_scalar(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response({"status": "success", "data": {"resultType": "scalar", "result": [1, "1"]}})

    async def no_unicode(self, _request: web.Request) -> web.StreamResponse:
        metric = b'{"metric":{"reporter":"\xff"},"value":[1,"1"]}'
        text = b'{"status":"success","data":{"resultType":"vector","result":[' + metric + b"]}}"
        return web.Response(body=text, content_type="application/json")

    async def error(self, _request: web.Request) -> web.StreamResponse:
        said = {
            "status": "error",
            "errorType": "execution",
            "error": "too many samples in secret/pod-7 " * 50,
        }
        return web.json_response(said, status=422)

    async def error_as_success(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response({"status": "error", "errorType": "timeout", "error": "query timed out"})

    async def unauthorized(self, _request: web.Request) -> web.StreamResponse:
        return web.Response(status=401)

    async def missing(self, _request: web.Request) -> web.StreamResponse:
        return web.Response(status=404)

    async def busy(self, _request: web.Request) -> web.StreamResponse:
        return web.Response(status=429)

    async def elsewhere(self, _request: web.Request) -> web.StreamResponse:
        raise web.HTTPFound("http://127.0.0.1:1/")

    async def zipped(self, _request: web.Request) -> web.StreamResponse:
        response = web.json_response(body())
        response.enable_compression(web.ContentCoding.gzip)
        return response

    async def hang(self, _request: web.Request) -> web.StreamResponse:
        await self._released.wait()
        return web.Response()

    async def drip(self, request: web.Request) -> web.StreamResponse:
        """Something every now and then, and never an end."""
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        while not self._released.is_set():
            await response.write(b" ")
            with_pause = asyncio.wait_for(self._released.wait(), 0.05)
            try:
                await with_pause
            except TimeoutError:
                continue
        return response

    async def flood(self, request: web.Request) -> web.StreamResponse:
        """200 MB, written until the client hangs up."""
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        for _ in range(200):
            await response.write(b" " * 2**20)
            self.written += 1
        return response

    async def cut_off(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(
            headers={"Content-Length": "100000", "Content-Type": "application/json"}
        )
        await response.prepare(request)
        await response.write(b'{"status":"success"')
        assert request.transport
        request.transport.close()
        return response

    async def yesterday(self, request: web.Request) -> web.StreamResponse:
        """A cache in between that answers everything with what it answered yesterday."""
        form = dict(await request.post())
        return web.json_response(self.answer({**form, "time": str(float(form["time"]) - 86_400)}))

    async def late(self, request: web.Request) -> web.StreamResponse:
        """One to which nobody writes any more: what it has is 50 s old."""
        return await self._aged(request, 50)

    async def dead(self, request: web.Request) -> web.StreamResponse:
        return await self._aged(request, 200)

    async def _aged(self, request: web.Request, seconds: float) -> web.StreamResponse:
        form = dict(await request.post())
        at = float(str(form["time"]))
        if "timestamp(" in str(form["query"]):
            return web.json_response(body({"metric": {}, "value": [at, str(at - seconds)]}))
        return web.json_response(self.answer(form))

    async def incomplete(self, request: web.Request) -> web.StreamResponse:
        answer = self.answer(dict(await request.post()))
        return web.json_response({**answer, "warnings": ["store secret-3 is away", "x" * 10_000] * 9})

    def failing_on(self, text: str) -> Handler:
        """Answers well, but for queries with this text in them."""

        async def handler(request: web.Request) -> web.StreamResponse:
            form = dict(await request.post())
            if text in form["query"]:
                return await self.error(request)
            return web.json_response(self.answer(form))

        return handler

    def answering(self, *found: dict[str, Any]) -> None:
        """These series, as what there is of requests."""
        self.requests = list(found)
