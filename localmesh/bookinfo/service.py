"""A Bookinfo service: one aiohttp application whose latency and error ratio can be turned while it runs.

Holds what the four services share: who they are, how long they take, how they call each other. Must not
know any one service.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

# The trace headers of https://istio.io/latest/docs/tasks/observability/distributed-tracing/overview/, and
# what Bookinfo itself hands on.
PROPAGATED = (
    "x-request-id",
    "traceparent",
    "tracestate",
    "b3",
    "x-b3-traceid",
    "x-b3-spanid",
    "x-b3-parentspanid",
    "x-b3-sampled",
    "x-b3-flags",
    "x-ot-span-context",
    "x-datadog-trace-id",
    "x-datadog-parent-id",
    "x-datadog-sampling-priority",
    "x-cloud-trace-context",
    "grpc-trace-bin",
    "sw8",
    "end-user",
    "user-agent",
)
# Spread of the natural latency: the 99th percentile lies near three times the median.
_SIGMA = 0.45
_HEALTH = "/health"
_log = logging.getLogger(__name__)


@dataclass
class Tuning:
    """What can be turned while it runs: extra delay in milliseconds, ratio of failing requests (0-1)."""

    delay_ms: float = 0.0
    error_ratio: float = 0.0

    def apply(self, wanted: Mapping[str, Any]) -> None:
        """Take over `delay_ms` and `error_ratio`; what is absent goes back to 0.

        Raises ValueError, TypeError.
        """
        delay = float(wanted.get("delay_ms", 0.0))
        ratio = float(wanted.get("error_ratio", 0.0))
        if not (0 <= delay < float("inf") and 0 <= ratio <= 1):
            raise ValueError(f"delay_ms {delay} or error_ratio {ratio} out of range")
        self.delay_ms, self.error_ratio = delay, ratio


@dataclass
class Service:
    """Who a process is and how it behaves."""

    name: str
    version: str
    pod: str
    outbound: str
    median_ms: float
    tuning: Tuning = field(default_factory=Tuning)
    rng: random.Random = field(default_factory=random.Random)
    requests: int = 0
    failures: int = 0

    def figures(self) -> dict[str, Any]:
        """Counters for the control endpoint."""
        return {"pod": self.pod, "requests": self.requests, "failures": self.failures}

    def application(self) -> web.Application:
        """An application that answers /health and behaves as tuned; the caller adds its routes."""
        application = web.Application(middlewares=[self._middleware()])
        application.router.add_get(_HEALTH, self._health)
        application.cleanup_ctx.append(self._session)
        return application

    async def call(self, request: web.Request, host: str, path: str, timeout_seconds: float) -> Any:
        """GET a path of another service through the pod's outbound proxy; the decoded JSON body.

        Raises CallError with the status to report when it does not answer 200 with JSON in time.
        """
        session = request.app[SESSION]
        headers = {key: request.headers[key] for key in PROPAGATED if key in request.headers}
        headers |= request.get(EXTRA_HEADERS, {})
        try:
            async with session.get(
                self.outbound + path,
                headers={**headers, "host": host},
                timeout=aiohttp.ClientTimeout(total=timeout_seconds),
            ) as answer:
                if answer.status != 200:
                    raise CallError(answer.status, f"{host}{path} answered {answer.status}")
                return await answer.json(content_type=None)
        except TimeoutError as error:
            raise CallError(500, f"{host}{path} did not answer within {timeout_seconds} s") from error
        except (aiohttp.ClientError, ValueError) as error:
            raise CallError(500, f"{host}{path}: {error}") from error

    def _middleware(self) -> Any:
        @web.middleware
        async def behave(request: web.Request, handler: Handler) -> web.StreamResponse:
            if request.path == _HEALTH:
                return await handler(request)
            self.requests += 1
            await asyncio.sleep(self._latency_seconds())
            answer = (
                self._failure() if self.rng.random() < self.tuning.error_ratio else await handler(request)
            )
            answer.headers["x-pod"] = self.pod
            answer.headers["x-version"] = self.version
            return answer

        return behave

    def _latency_seconds(self) -> float:
        natural = self.median_ms * self.rng.lognormvariate(0.0, _SIGMA)
        return (natural + self.tuning.delay_ms) / 1000

    def _failure(self) -> web.Response:
        self.failures += 1
        return web.json_response({"error": "failing as told by localmesh/error-percent"}, status=500)

    async def _health(self, _: web.Request) -> web.Response:
        return web.json_response({"status": f"{self.name} is healthy"})

    async def _session(self, application: web.Application) -> Any:
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=60)
        # The proxy decides where a request goes; cookies and redirects are the browser's business.
        async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:
            application[SESSION] = session
            yield


SESSION = web.AppKey("SESSION", aiohttp.ClientSession)
# What a handler wants to hand on beside the propagated headers.
EXTRA_HEADERS = web.RequestKey("EXTRA_HEADERS", dict[str, str])


class CallError(Exception):
    """Another service did not answer as it should; `status` is what to report."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def product_id(request: web.Request) -> int:
    """The product's number in the path. Raises HTTPBadRequest when it is not a number."""
    text = request.match_info["id"]
    if not text.isascii() or not text.isdigit():
        raise web.HTTPBadRequest(
            text='{"error": "please give a numeric product id"}', content_type="application/json"
        )
    return int(text)
