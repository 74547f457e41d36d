"""One request that reaches the fault proxy, and its answer on the way back: just enough of HTTP/1.1.

Every exchange has a connection of its own on both sides, and every answer goes back in chunks, so that a
fault can stop, change or add to it at any byte.
"""

import asyncio
import json
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

_HOP_BY_HOP = {"connection", "content-length", "transfer-encoding", "keep-alive"}


class Hangup(Exception):  # noqa: N818  (no error, but how an exchange can end)
    """The exchange ends here: the connection is closed, whatever has been sent of the answer."""


@dataclass
class Seen:
    """A request that passed upstream. `status` is what upstream answered, None before it has."""

    method: str
    path: str
    query: dict = field(default_factory=dict)
    headers: dict = field(default_factory=dict)
    body: bytes = b""
    status: int | None = None

    @property
    def watch(self):
        return self.query.get("watch", "") in ("1", "true")

    @property
    def write(self):
        """Whether it is to change something: no read, no question of rights, and no dry run."""
        asks = self.method == "GET" or "/apis/authorization.k8s.io/" in self.path
        return not asks and "dryRun" not in self.query

    @property
    def json(self):
        return json.loads(self.body)

    def __str__(self):
        return f"{self.method} {self.path}" + (" (watch)" if self.watch else "")


@dataclass
class Answer:
    """What upstream answers. `pieces` is its body as it comes."""

    status: int
    headers: dict
    pieces: object

    async def whole(self):
        """The body to its end."""
        return b"".join([piece async for piece in self.pieces])


class Exchange:
    """What a fault can do with a request: `forward` it, `reply`, or hang up."""

    def __init__(self, request, writer, connect, flowing):
        self.request = request
        self.passed = []
        self._writer = writer
        self._connect = connect
        self._flowing = flowing
        self._upstream = None

    async def forward(self):
        """Sends the request upstream; returns the Answer once its head has come."""
        self.passed.append(self.request)
        reader, self._upstream = await self._connect()
        self._upstream.write(self.request.raw)
        status, headers = await _head(reader)
        self.request.status = status
        return Answer(status, headers, _pieces(reader, headers))

    async def pass_on(self):
        """Forwards, and lets the answer through as it is."""
        answer = await self.forward()
        await self.reply(answer.status, answer.headers, answer.pieces)

    async def reply(self, status, headers, pieces):
        """Answers, each piece as it comes."""
        kept = {name: value for name, value in headers.items() if name.lower() not in _HOP_BY_HOP}
        kept |= {"Connection": "close", "Transfer-Encoding": "chunked"}
        lines = [f"HTTP/1.1 {status} As-Scripted", *(f"{name}: {value}" for name, value in kept.items())]
        await self._send("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n")
        async for piece in pieces:
            if piece:
                await self._send(b"%x\r\n%b\r\n" % (len(piece), piece))
        await self._send(b"0\r\n\r\n")

    async def _send(self, data):
        await self._flowing.wait()
        self._writer.write(data)
        await self._writer.drain()

    def close(self):
        """Ends both connections; what is still to be sent to the client is."""
        self._writer.close()
        if self._upstream is not None:
            # At once: in good order it would wait for upstream's last word on TLS.
            self._upstream.transport.abort()


class Request(Seen):
    """A request as it came, with the bytes to send it on by."""

    raw = b""


async def receive(reader, host):
    """The next request, or None when the client left without one."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    method, target, _ = first.split(" ", 2)
    pairs = [tuple(part.strip() for part in line.split(":", 1)) for line in lines]
    parts = urlsplit(target)
    query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
    request = Request(method, parts.path, query, dict(pairs))
    length = int(next((value for name, value in pairs if name.lower() == "content-length"), 0))
    request.body = await reader.readexactly(length)
    kept = [f"{name}: {value}" for name, value in pairs if name.lower() not in {"connection", "host"}]
    sent = [first, f"Host: {host}", "Connection: close", *kept]
    request.raw = "\r\n".join(sent).encode("latin-1") + b"\r\n\r\n" + request.body
    return request


async def _head(reader):
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").rstrip("\r\n")
    first, *lines = head.split("\r\n")
    headers = dict(tuple(part.strip() for part in line.split(":", 1)) for line in lines)
    return int(first.split(" ")[1]), headers


async def _pieces(reader, headers):
    """The body without its framing, each piece as soon as it is there."""
    named = {name.lower(): value for name, value in headers.items()}
    if named.get("transfer-encoding", "").lower() == "chunked":
        while size := int((await reader.readline()).split(b";")[0], 16):
            yield await reader.readexactly(size)
            await reader.readline()
        return
    left = int(named["content-length"]) if "content-length" in named else None
    while left != 0 and (piece := await reader.read(65536)):
        left = None if left is None else left - len(piece)
        yield piece
