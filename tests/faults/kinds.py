"""The faults that the proxy can do, each a small script for one exchange: see `tests.faults.proxy`."""

import asyncio
import json
from dataclasses import dataclass, field

from tests.faults.exchanges import Hangup


@dataclass
class Latency:
    """The request waits on its way to upstream; the answer is as ever."""

    seconds: float

    async def __call__(self, exchange):
        await asyncio.sleep(self.seconds)
        await exchange.pass_on()


@dataclass
class Reset:
    """The connection is closed without an answer; upstream hears nothing."""

    async def __call__(self, exchange):
        raise Hangup


@dataclass
class Silent:
    """No answer ever comes, and the connection stays open. `after`: upstream has done its work."""

    after: bool = False

    async def __call__(self, exchange):
        if self.after:
            await (await exchange.forward()).whole()
        await asyncio.Event().wait()


@dataclass
class Replies:
    """Another answer than upstream's. `after`: upstream has done its work (a 500 after the commit)."""

    status: int
    body: bytes = b""
    headers: dict = field(default_factory=dict)
    after: bool = False

    async def __call__(self, exchange):
        if self.after:
            await (await exchange.forward()).whole()
        await exchange.reply(self.status, self.headers, _one(self.body))


@dataclass
class Lost:
    """Upstream does its work, and the connection is closed instead of an answer."""

    async def __call__(self, exchange):
        await (await exchange.forward()).whole()
        raise Hangup


@dataclass
class Truncated:
    """The answer ends in good order after so many bytes: JSON that stops short."""

    size: int

    async def __call__(self, exchange):
        answer = await exchange.forward()
        whole = await answer.whole()
        await exchange.reply(answer.status, answer.headers, _one(whole[: self.size]))


class _Lines:
    """Does something to the lines of an answer as they pass."""

    async def __call__(self, exchange):
        answer = await exchange.forward()
        await exchange.reply(answer.status, answer.headers, self.changed(_lines(answer.pieces)))


@dataclass
class Cut(_Lines):
    """The connection breaks after so many lines, or half-way into the next one (`in_mid_line`)."""

    lines: int = 0
    in_mid_line: bool = False

    async def changed(self, lines):
        count = 0
        async for line in lines:
            if count == self.lines:
                if self.in_mid_line:
                    yield line[: len(line) // 2]
                break
            yield line
            count += 1
            if count == self.lines and not self.in_mid_line:
                break
        raise Hangup


@dataclass
class Stalls(_Lines):
    """After so many lines nothing more comes, and the connection stays open: half-open."""

    lines: int = 0

    async def changed(self, lines):
        count = 0
        while count < self.lines:
            yield await anext(lines)
            count += 1
        await asyncio.Event().wait()
        yield b""


@dataclass
class Says(_Lines):
    """A line of its own after so many of upstream's; then the answer ends, or (`goes_on`) does not."""

    line: bytes
    lines: int = 0
    goes_on: bool = False

    async def changed(self, lines):
        for _ in range(self.lines):
            yield await anext(lines)
        yield self.line.rstrip(b"\n") + b"\n"
        if self.goes_on:
            async for line in lines:
                yield line


@dataclass
class Twice(_Lines):
    """Every line comes twice."""

    async def changed(self, lines):
        async for line in lines:
            yield line
            yield line


@dataclass
class Late(_Lines):
    """Every line comes once more after `by` later ones: an old event among the new."""

    by: int = 1

    async def changed(self, lines):
        held = []
        async for line in lines:
            yield line
            if len(held) == self.by:
                yield held.pop(0)
            held.append(line)


def busy(seconds=1):
    """429 with Retry-After."""
    return Replies(429, status(429, "TooManyRequests", "slow down"), {"Retry-After": str(seconds)})


def broken(*, after=False):
    """500, before or after upstream has done its work."""
    return Replies(500, status(500, "InternalError", "etcdserver: request timed out"), after=after)


def expired():
    """410, for a page or as the first answer to a watch."""
    return Replies(410, status(410, "Expired", "too old resource version"))


def expires(lines=0):
    """A watch that says after so many lines that its moment is too long ago."""
    error = {"type": "ERROR", "object": json.loads(status(410, "Expired", "too old resource version"))}
    return Says(json.dumps(error).encode(), lines)


def error_page():
    """What a load balancer says on its own behalf."""
    return Replies(502, b"<html><h1>Bad Gateway</h1></html>", {"Content-Type": "text/html"})


def status(code, reason, message):
    """A Status, as an API server refuses."""
    return json.dumps(
        {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": message,
            "reason": reason,
            "code": code,
        }
    ).encode()


async def _one(body):
    yield body


async def _lines(pieces):
    rest = b""
    async for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            yield line + b"\n"
    if rest:
        yield rest
