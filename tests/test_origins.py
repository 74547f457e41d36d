"""A websocket opens for pages of the console itself only."""

import pytest
from asgiref.testing import ApplicationCommunicator

from meshui.asgi import OriginCheck

HOST = b"mesh.example:8400"


async def accept(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})


async def opens(origin: bytes | None, *, host: bytes = HOST) -> bool:
    headers = [(b"host", host), *([(b"origin", origin)] if origin is not None else [])]
    communicator = ApplicationCommunicator(OriginCheck(accept), {"type": "websocket", "headers": headers})
    await communicator.send_input({"type": "websocket.connect"})
    answer = await communicator.receive_output()
    return answer["type"] == "websocket.accept"


async def test_the_consoles_own_page_may_open_it():
    assert await opens(b"http://mesh.example:8400")


@pytest.mark.parametrize(
    "origin",
    [
        None,
        b"",
        b"null",
        b"https://mesh.example:8400",
        b"http://mesh.example",
        b"http://mesh.example:8401",
        b"http://evil.example:8400",
        b"http://mesh.example:8400.evil.example",
        b"http://",
    ],
)
async def test_any_other_origin_is_turned_away(origin):
    assert not await opens(origin)


async def test_an_origin_may_be_trusted_by_name(settings):
    settings.TRUSTED_ORIGINS = ["https://console.example"]
    assert await opens(b"https://console.example")
    assert not await opens(b"http://console.example")


async def test_behind_https_the_plain_page_is_another_origin(settings):
    settings.HTTPS = True
    assert await opens(b"https://mesh.example:8400")
    assert not await opens(b"http://mesh.example:8400")
