"""What many viewers cost: how long a frame takes to the last of them, memory per socket, and whether any is
left behind when they go.

Server and load share the machine's cores: the load is what a browser's network stack would do, no more.
"""

import asyncio
import contextlib
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import aiohttp
import msgspec

from bench.table import Row

ROOT: Final = Path(__file__).resolve().parent.parent
PART: Final = "viewers"
P99_MILLISECONDS: Final = 250.0
LEAKED_BYTES: Final = 100.0
PATIENCE_SECONDS: Final = 120.0
TOGETHER: Final = 100
"""So many sockets are opened or closed at once."""
_TAKEN_AT: Final = re.compile(rb'"taken_at":"([^"]+)"')
SUBSCRIBE: Final = {"type": "subscribe", "graph_type": "app"}


class Size(msgspec.Struct, frozen=True):
    """How many sockets of how many people, for how many seconds; and how many come and go."""

    sockets: int
    people: int
    seconds: float
    churn: int


LARGE: Final = Size(sockets=2_000, people=50, seconds=30.0, churn=10_000)
SMALL: Final = Size(sockets=10, people=2, seconds=2.5, churn=40)


class BenchError(RuntimeError):
    """It could not be measured."""


def measure(small: bool) -> list[Row]:  # noqa: FBT001  (as each part of `bench.__main__.PARTS` is called)
    """Measures one server with its viewers."""
    size = SMALL if small else LARGE
    with (
        tempfile.TemporaryDirectory(prefix="meshui-bench-") as folder,
        _server(folder, size.people) as server,
    ):
        return asyncio.run(_measured(server, size))


class Server(msgspec.Struct, frozen=True):
    """The server's address, and the cookies of people who are signed in to it."""

    url: str
    cookies: list[str]

    def state(self) -> dict[str, float]:
        """Its memory and what is open."""
        with urllib.request.urlopen(f"{self.url}/bench", timeout=30) as answer:  # noqa: S310  our own, on loopback
            found: dict[str, float] = json.load(answer)
            return found


class Heard(msgspec.Struct):
    """What came in, and when: milliseconds from the reading's time on."""

    late: list[float] = msgspec.field(default_factory=list)
    sizes: list[int] = msgspec.field(default_factory=list)
    counting: bool = False


async def _measured(server: Server, size: Size) -> list[Row]:
    heard = Heard()
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:
        # The first of everything (imports, a view, its history) is not a socket's cost.
        await _come_and_go(session, server, 10)
        empty = server.state()
        async with contextlib.AsyncExitStack() as stack:
            await _open(session, server, size.sockets, heard, stack)
            full = server.state()
            before = await asyncio.to_thread(server.state)
            heard.counting = True
            await asyncio.sleep(size.seconds)
            heard.counting = False
            after = await asyncio.to_thread(server.state)
        await _until_empty(server)
        settled = server.state()
        await _come_and_go(session, server, size.churn)
        await _until_empty(server)
        churned = server.state()
    if not heard.late:
        raise BenchError("No frame came.")
    return _rows(size, heard, [empty, full, before, after, settled, churned])


def _rows(size: Size, heard: Heard, states: list[dict[str, float]]) -> list[Row]:
    empty, full, before, after, settled, churned = states
    late = sorted(heard.late)
    busy = (after["cpu_seconds"] - before["cpu_seconds"]) / size.seconds
    per_socket = (full["bytes"] - empty["bytes"]) / size.sockets / 1000
    leaked = (churned["bytes"] - settled["bytes"]) / size.churn
    frames = len(late) / size.seconds
    return [
        Row(
            PART, f"{size.sockets:,} sockets: frames a second", frames, "a second", least=0.95 * size.sockets
        ),
        Row(PART, "reading to frame received, median", statistics.median(late), "ms"),
        Row(PART, "reading to frame received, p99", late[len(late) * 99 // 100], "ms", P99_MILLISECONDS),
        Row(PART, "a delta on the wire", statistics.mean(heard.sizes) / 1000, "KB"),
        Row(PART, "the server's part of a core", busy, "cores"),
        Row(PART, "memory per socket", per_socket, "KB"),
        Row(PART, f"kept per socket of {size.churn:,} that came and went", leaked, "bytes", LEAKED_BYTES),
        Row(PART, "sockets open after that", churned["sockets"], "", most=0),
    ]


async def _open(
    session: aiohttp.ClientSession, server: Server, count: int, heard: Heard, stack: contextlib.AsyncExitStack
) -> None:
    lines: list[aiohttp.ClientWebSocketResponse] = []
    for start in range(0, count, TOGETHER):
        numbers = range(start, min(start + TOGETHER, count))
        lines += await asyncio.gather(*(_line(session, server, number) for number in numbers))
    readers = [asyncio.create_task(_read(line, heard)) for line in lines]

    async def end() -> None:
        for reader in readers:
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)
        await asyncio.gather(*(line.close() for line in lines))

    stack.push_async_callback(end)


async def _come_and_go(session: aiohttp.ClientSession, server: Server, count: int) -> None:
    """Sockets that open, look once, and close."""

    async def once(number: int) -> None:
        line = await _line(session, server, number)
        await line.receive()
        await line.close()

    for start in range(0, count, TOGETHER):
        await asyncio.gather(*(once(number) for number in range(start, min(start + TOGETHER, count))))


async def _line(
    session: aiohttp.ClientSession, server: Server, number: int
) -> aiohttp.ClientWebSocketResponse:
    headers = {"Cookie": server.cookies[number % len(server.cookies)], "Origin": server.url}
    line = await session.ws_connect(f"{server.url}/ws/graph/?packed=deflate", headers=headers, max_msg_size=0)
    await line.send_json(SUBSCRIBE)
    return line


async def _read(line: aiohttp.ClientWebSocketResponse, heard: Heard) -> None:
    async for message in line:
        now = time.time()
        if not heard.counting:
            continue
        frame = _unpacked(message)
        if frame.startswith(b'{"type":"delta"') and (found := _TAKEN_AT.search(frame)):
            taken_at = datetime.fromisoformat(found[1].decode()).timestamp()
            heard.late.append((now - taken_at) * 1000)
            heard.sizes.append(len(message.data))


def _unpacked(message: Any) -> bytes:
    """Its beginning is enough."""
    if message.type == aiohttp.WSMsgType.BINARY:
        return zlib.decompressobj(-15).decompress(message.data, 512)
    return bytes(message.data[:512].encode())


async def _until_empty(server: Server) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while (await asyncio.to_thread(server.state))["sockets"] > 0:
        if time.monotonic() > end:
            raise BenchError("Sockets stay open on the server after their browsers have gone.")
        await asyncio.sleep(0.2)


@contextmanager
def _server(folder: str, people: int) -> Iterator[Server]:
    port = _free_port()
    log, cookies = Path(folder) / "log", Path(folder) / "cookies"
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("MESHUI_", "KUBE"))
    }
    command = [sys.executable, "-m", "bench.viewed", str(port), folder, str(people)]
    with (
        log.open("w") as output,
        subprocess.Popen(command, cwd=ROOT, env=environment, stderr=output) as process,
    ):
        try:
            end = time.monotonic() + PATIENCE_SECONDS
            while not (cookies.exists() and _listens(port)):
                if process.poll() is not None or time.monotonic() > end:
                    raise BenchError(f"The server did not start: {log.read_text()[-2000:]}")
                time.sleep(0.1)
            yield Server(f"http://127.0.0.1:{port}", cookies.read_text().splitlines())
        finally:
            process.terminate()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
