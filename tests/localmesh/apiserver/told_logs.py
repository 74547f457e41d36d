"""Logs of pods for an API server without a node: what a test writes, from any thread."""

import asyncio

from localmesh.apiserver.errors import BadRequest


class ToldLogs:
    """A log reader of the API server's."""

    def __init__(self):
        self._lines = {}
        self._ended = set()

    def write(self, key, *lines):
        self._lines.setdefault(key, []).extend(lines)

    def end(self, key):
        self._ended.add(key)

    async def __call__(self, namespace, pod, options):
        key = (namespace, pod, options.container)
        if key not in self._lines:
            raise BadRequest(f"container {options.container} is not valid for pod {pod}")
        at = max(0, len(self._lines[key]) - (options.tail_lines or 0))
        yield b""
        while True:
            lines = self._lines[key][at:]
            at += len(lines)
            if lines:
                yield b"".join(lines)
            elif key in self._ended or not options.follow:
                return
            else:
                await asyncio.sleep(0.01)
