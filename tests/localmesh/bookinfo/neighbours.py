"""A stand-in for a pod's outbound proxy: answers by Host as it is told, and keeps what it was asked."""

import asyncio
from dataclasses import dataclass, field

from aiohttp import web


@dataclass
class Neighbours:
    answers: dict[str, object] = field(default_factory=dict)
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)

    def application(self):
        application = web.Application()
        application.router.add_get("/{path:.*}", self._answer)
        return application

    async def _answer(self, request):
        self.asked.append((request.host, request.path, dict(request.headers)))
        answer = self.answers.get(request.host, 503)
        if answer == "silence":
            await asyncio.Event().wait()
        if isinstance(answer, int):
            return web.Response(status=answer)
        if isinstance(answer, str):
            return web.Response(text=answer)
        return web.json_response(answer)

    def headers_of(self, host):
        return next(headers for asked, _, headers in self.asked if asked == host)
