"""The logs of pods, as `kubectl logs` asks for them, from the files that the containers write."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from localmesh.apiserver.errors import BadRequest
from localmesh.apiserver.logs import LogOptions
from localmesh.workloads.node import Node
from localmesh.workloads.objects import name

_POLL_SECONDS = 0.3
# How the applications' lines and Envoy's begin; in a line of the access log the time stands somewhere.
_TIME = re.compile(rb"\[?(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)")
_START_TIME = re.compile(rb'"start_time":"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)')


class Logs:
    """Reads the logs of a node's pods; an instance is the API server's log reader."""

    def __init__(self, node: Node, clock: Callable[[], datetime]) -> None:
        self._node = node
        self._clock = clock

    async def __call__(self, namespace: str, pod: str, options: LogOptions) -> AsyncIterator[bytes]:
        """The log of one container. Raises BadRequest where there is none."""
        path = self._path(namespace, pod, options)
        left = options.limit_bytes
        async for piece in self._pieces(path, options):
            yield piece if left is None else piece[:left]
            if left is not None:
                left -= len(piece)
                if left <= 0:
                    return

    async def _pieces(self, path: Path, options: LogOptions) -> AsyncIterator[bytes]:
        content = _read(path, 0)
        position = len(content)
        if options.tail_lines is not None:
            content = _last(content, options.tail_lines)
        yield b"".join(self._wanted(content, options))
        while options.follow:
            await asyncio.sleep(_POLL_SECONDS)
            size = _size(path)
            if size is None:
                return
            # A log that is shorter than before was cut because it had grown too long: it goes on from the
            # beginning.
            more = _read(path, position if size >= position else 0)
            position = len(more) if size < position else position + len(more)
            if more:
                yield b"".join(self._wanted(more, options))

    def _wanted(self, content: bytes, options: LogOptions) -> Iterator[bytes]:
        """The lines that are young enough, with their time before them where it is asked for."""
        if options.since_seconds is None and not options.timestamps:
            yield content
            return
        now = self._clock()
        moment = now
        for line in content.splitlines(keepends=True):
            moment = _time(line) or moment
            if options.since_seconds is None or (now - moment).total_seconds() <= options.since_seconds:
                yield moment.strftime("%Y-%m-%dT%H:%M:%SZ ").encode() + line if options.timestamps else line

    def _path(self, namespace: str, pod: str, options: LogOptions) -> Path:
        runner = self._node.runner(namespace, pod)
        if runner is None:
            raise BadRequest(f'pod "{pod}" does not run on this node')
        containers = [each.name for each in runner.containers]
        if options.container is None and len(containers) > 1:
            told = f"a container name must be specified for pod {name(runner.pod)}, choose one of: "
            raise BadRequest(f"{told}{containers}")
        chosen = options.container or containers[0]
        if chosen not in containers:
            raise BadRequest(f"container {chosen} is not valid for pod {name(runner.pod)}")
        if options.previous:
            raise BadRequest(
                f'previous terminated container "{chosen}" not found: one log holds all restarts'
            )
        path = runner.log(chosen)
        if path is None or not path.exists():
            raise BadRequest(f'container "{chosen}" in pod "{pod}" is waiting to start')
        return path


def _last(content: bytes, lines: int) -> bytes:
    """The last lines; one that is not finished counts as one."""
    at = len(content)
    for _ in range(lines):
        at = content.rfind(b"\n", 0, max(at - 1, 0)) + 1
        if at == 0:
            break
    return content[at:]


def _size(path: Path) -> int | None:
    return path.stat().st_size if path.exists() else None


def _read(path: Path, start: int) -> bytes:
    if not path.exists():
        return b""
    with path.open("rb") as file:
        file.seek(start)
        return file.read()


def _time(line: bytes) -> datetime | None:
    found = _START_TIME.search(line) if line.startswith(b"{") else _TIME.match(line)
    if found is None:
        return None
    try:
        return datetime.fromisoformat(f"{found[1].decode()}T{found[2].decode()}").replace(tzinfo=UTC)
    except ValueError:
        return None
