"""A browser's end of a websocket, for a consumer within this process.

Channels has one, but its package imports daphne, which is not this project's server.
"""

import json
from typing import Any

from asgiref.testing import ApplicationCommunicator


class Browser:
    """Speaks ASGI's websocket messages; every wait has an end."""

    def __init__(self, application: Any, headers: list[tuple[bytes, bytes]]) -> None:
        scope = {
            "type": "websocket",
            "path": "/ws/graph/",
            "query_string": b"",
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

    async def message(self) -> dict[str, Any]:
        output = await self.receive()
        assert output["type"] == "websocket.send", output
        return json.loads(output["text"])

    async def hears_nothing(self, seconds: float = 0.05) -> bool:
        return await self._end.receive_nothing(timeout=seconds)

    async def close_code(self) -> int:
        while (output := await self.receive())["type"] != "websocket.close":
            pass
        return output["code"]
