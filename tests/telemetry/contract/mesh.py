"""A small mesh of written proxies that count by the clock, each well-behaved or with a fault of its own."""

import asyncio
import math
import time
from collections.abc import Callable, Iterable

from aiohttp import web

from telemetry.samples import EdgeLabels
from telemetry.targets import Target
from tests.telemetry.builders import gateway, labels, unreached
from tests.telemetry.prometheus.servers import written

Value = Callable[[float], float | None]
"""A counter at a time of the script, in seconds; None while there is no such series."""

EDGES = (1, 5, 10, 25, 50, 100, 250, 500, 1000)
LATENCY_MS = 100
RESET_AT, GONE_AT, BORN_AT = 12.0, 10.0, 10.0
AWAY, BRIEF = (8.0, 17.0), (9.2, 10.1)
SLOW_SECONDS = 0.4

PLAIN = labels("a-v1", "b-v1")
SEEN_BY_B = PLAIN._replace(reporter="destination", connection_security_policy="mutual_tls")
BY_WAYPOINT = labels("a-v1", "w-v1", reporter="waypoint")
TIMED = labels("a-v1", "t-v1")
ABORTED = unreached("b", "a-v1")
INGRESS = gateway()
GRPC = labels("a-v1", "c-v2", request_protocol="grpc")
TCP = labels("a-v1", "db-v1", request_protocol="tcp")
FAR = labels("a-v1", "far-v1", source_cluster="east", destination_cluster="west")
UNKNOWN = labels("", "b-v2", reporter="destination")
NASTY = labels(
    'a "quoted"\\name\n<script>alert(1)</script> é漢😀', "b-v3", source_canonical_service="x" * 10_240
)
BARE = EdgeLabels(reporter="source", destination_workload="bare")
WITH_NAN, IDLE = labels("a-v1", "nan-v1"), labels("a-v1", "idle-v1")
RESET, GONE, BORN = labels("reset-v1", "b-v1"), labels("gone-v1", "b-v1"), labels("born-v1", "b-v1")
GAP, BLINK, LATE = labels("away-v1", "b-v1"), labels("brief-v1", "b-v1"), labels("late-v1", "b-v1")


def rising(per_second: float, base: float = 0.0) -> Value:
    return lambda at: base + math.floor(per_second * max(0.0, at))


def requests(of: EdgeLabels, value: Value, code: str = "200", flags: str = "-", grpc: str = "") -> tuple:
    codes = {"response_code": code, "response_flags": flags, "grpc_response_status": grpc}
    return "istio_requests_total", {**of._asdict(), **codes}, value


def latencies(of: EdgeLabels, per_second: float) -> Iterable[tuple]:
    """Spread evenly between 0 and LATENCY_MS."""
    for edge in (*EDGES, math.inf):
        le = "+Inf" if math.isinf(edge) else str(edge)
        named = {**of._asdict(), "response_code": "200", "le": le}
        below = per_second * min(1.0, edge / LATENCY_MS)
        yield "istio_request_duration_milliseconds_bucket", named, rising(below)


def steady() -> Iterable[tuple]:
    """The proxy in which nothing is wrong, and every kind of series is."""
    yield requests(PLAIN, rising(10, base=1000))
    yield requests(PLAIN, rising(2), code="503", flags="UF,URX")
    yield requests(SEEN_BY_B, rising(12))
    yield requests(BY_WAYPOINT, rising(9))
    yield requests(TIMED, rising(40))
    yield from latencies(TIMED, 40)
    yield requests(ABORTED, rising(3), code="500", flags="FI")
    yield requests(INGRESS, rising(7))
    yield requests(GRPC, rising(3), grpc="14")
    yield requests(GRPC, rising(6), grpc="0")
    yield requests(FAR, rising(5))
    yield requests(UNKNOWN._replace(source_workload="unknown", source_canonical_service="unknown"), rising(6))
    yield requests(NASTY, rising(4))
    yield "istio_requests_total", {"reporter": "source", "destination_workload": "bare"}, rising(8)
    yield requests(WITH_NAN, lambda _at: math.nan)
    yield requests(WITH_NAN, rising(4), code="500")
    yield requests(IDLE, lambda _at: 7)
    yield requests(RESET, lambda at: rising(20, base=500)(at) if at < RESET_AT else rising(20)(at - RESET_AT))
    yield requests(GONE, lambda at: rising(8)(at) if at < GONE_AT else None)
    yield requests(BORN, lambda at: None if at < BORN_AT else rising(8)(at - BORN_AT))
    yield "istio_tcp_received_bytes_total", TCP._asdict(), rising(1000)
    yield "istio_tcp_sent_bytes_total", TCP._asdict(), rising(50_000)
    yield "istio_tcp_connections_opened_total", TCP._asdict(), rising(30)
    yield "istio_tcp_connections_closed_total", TCP._asdict(), rising(20)
    yield "istio_request_bytes_sum", GRPC._asdict(), rising(400)
    yield "istio_response_bytes_sum", GRPC._asdict(), rising(900)
    yield "istio_request_messages_total", GRPC._asdict(), rising(20)
    yield "istio_response_messages_total", GRPC._asdict(), rising(30)


class Script:
    """The time of the script: before it begins everything stands still."""

    def __init__(self) -> None:
        self.begins_at = math.inf

    def now(self) -> float:
        return time.monotonic() - self.begins_at


class Proxy:
    """A proxy's page of metrics on loopback. `away`: from when to when it answers 503."""

    def __init__(
        self,
        script: Script,
        pod: str,
        series: Iterable[tuple] = (),
        *,
        away: tuple[float, float] = (math.inf, math.inf),
        slow: bool = False,
        page: str = "",
    ) -> None:
        self.pod = pod
        self._script = script
        self._series = [*series]
        self._away = away
        self._slow = slow
        self._page = page
        self._port = 0
        self._runner: web.AppRunner | None = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._port}"

    @property
    def target(self) -> Target:
        return Target(self.pod, "bookinfo", self.pod, f"http://{self.address}/stats/prometheus")

    async def start(self) -> None:
        app = web.Application()
        app.router.add_get("/stats/prometheus", self._answer)
        self._runner = web.AppRunner(app, shutdown_timeout=0.01, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self._port = site._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    async def _answer(self, _request: web.Request) -> web.Response:
        at = self._script.now()
        if self._away[0] <= at < self._away[1]:
            return web.Response(status=503)
        text = self._text(at)
        if self._slow:
            await asyncio.sleep(SLOW_SECONDS)
        if self._page:
            return web.Response(text=self._page, content_type="text/html")
        return web.Response(text=text)

    def _text(self, at: float) -> str:
        lines = ["# A proxy of a test", "envoy_server_uptime 5"]
        for name, named, value in self._series:
            if (number := value(at)) is not None:
                shown = "NaN" if math.isnan(number) else repr(number)
                lines.append(f"{name}{{{written(named)}}} {shown}")
        return "\n".join([*lines, ""])


def proxies(script: Script) -> list[Proxy]:
    """The whole mesh."""
    return [
        Proxy(script, "steady", steady()),
        Proxy(script, "away", [requests(GAP, rising(10))], away=AWAY),
        Proxy(script, "brief", [requests(BLINK, rising(10))], away=BRIEF),
        Proxy(script, "late", [requests(LATE, rising(10))], slow=True),
        Proxy(script, "empty"),
        Proxy(script, "wrong", page="<html><body>Sign in</body></html>"),
    ]
