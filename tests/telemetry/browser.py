"""A browser's end of a websocket, for a consumer within this process.

Channels has one, but its package imports daphne, which is not this project's server.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from asgiref.testing import ApplicationCommunicator
from channels.auth import AuthMiddlewareStack
from channels.routing import URLRouter
from django.urls import path

from telemetry.observation import Observation
from telemetry.runtime import Runtime
from telemetry.sockets import GraphConsumer, websocket_urlpatterns
from tests.telemetry.builders import labels, rate, samples

SUBSCRIBE = {"type": "subscribe", "graph_type": "app", "namespaces": ["bookinfo"]}
EDGE = "app:bookinfo/productpage->app:bookinfo/reviews:http"


class Browser:
    """Speaks ASGI's websocket messages; every wait has an end."""

    def __init__(
        self, application: Any, headers: list[tuple[bytes, bytes]], address: str, query: str
    ) -> None:
        scope = {
            "type": "websocket",
            "path": address,
            "query_string": query.encode(),
            "headers": headers,
            "subprotocols": [],
        }
        self._end = ApplicationCommunicator(application, scope)

    async def connect(self) -> None:
        await self._end.send_input({"type": "websocket.connect"})
        assert (await self.receive())["type"] == "websocket.accept"

    async def disconnect(self) -> None:
        await self._end.send_input({"type": "websocket.disconnect", "code": 1000})
        await self._end.wait(timeout=2)

    async def send(self, message: dict[str, Any] | str) -> None:
        text = message if isinstance(message, str) else json.dumps(message)
        await self._end.send_input({"type": "websocket.receive", "text": text})

    async def receive(self) -> dict[str, Any]:
        return await self._end.receive_output(timeout=2)

    async def text(self) -> str:
        output = await self.receive()
        assert output["type"] == "websocket.send", output
        return output["text"]

    async def message(self) -> dict[str, Any]:
        return json.loads(await self.text())

    async def hears_nothing(self, seconds: float = 0.05) -> bool:
        return await self._end.receive_nothing(timeout=seconds)

    async def close_code(self) -> int:
        while (output := await self.receive())["type"] != "websocket.close":
            pass
        return output["code"]


@asynccontextmanager
async def socket(
    headers: Any = (), consumer: Any = None, cluster: str = "", query: str = "", **options: Any
) -> AsyncIterator[Browser]:
    """An open socket: by the console's own addresses, or in front of a consumer with options."""
    routes = websocket_urlpatterns
    if consumer or options:
        routes = [path("ws/graph/", (consumer or GraphConsumer).as_asgi(**options))]
    address = f"/clusters/{cluster}/ws/graph/" if cluster else "/ws/graph/"
    browser = Browser(AuthMiddlewareStack(URLRouter(routes)), list(headers), address, query)
    await browser.connect()
    try:
        yield browser
    finally:
        await browser.disconnect()


def tick(running: Runtime, seq: int, rps: float = 1.0, *more: Any) -> None:
    """Passes on one reading: a call from productpage to reviews, and more."""
    observation = Observation(seq, 1000.0 + seq, float(seq), samples(rate(labels(), rps), *more))
    running.observed(observation, running.collector.state)
