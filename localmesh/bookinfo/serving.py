"""What every workload process shares: its settings, its two listeners and the signals that end it.

Imports as little as it can, because each pod pays for it in memory. Must not know any particular application.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

Tune = Callable[[Mapping[str, Any]], None]
Stats = Callable[[], Mapping[str, Any]]

_log = logging.getLogger(__name__)
# The proxies keep idle connections for an hour; who closes first must not be the application.
_KEEPALIVE_SECONDS = 3700.0
_GRACE_SECONDS = 1.0


@dataclass(frozen=True)
class Settings:
    """What the node tells a workload process, by environment variables."""

    pod: str
    namespace: str
    address: str
    ports: tuple[int, ...]
    control: tuple[str, int]
    outbound: str
    tuning: Mapping[str, Any]

    @classmethod
    def read(cls, env: Mapping[str, str] = os.environ) -> Settings:
        """Read the settings. Raises KeyError or ValueError where the node did not set them."""
        host, _, port = env["LOCALMESH_CONTROL"].rpartition(":")
        return cls(
            pod=env["POD_NAME"],
            namespace=env["POD_NAMESPACE"],
            address=env["LOCALMESH_ADDRESS"],
            ports=tuple(int(each) for each in env.get("LOCALMESH_PORTS", "").split(",") if each),
            control=(host, int(port)),
            outbound=env["LOCALMESH_OUTBOUND"],
            tuning=json.loads(env.get("LOCALMESH_TUNING", "{}")),
        )


def control_application(tune: Tune, stats: Stats) -> web.Application:
    """The pod's inside door: `GET /ready`, `GET /stats`, `POST /tuning` (a JSON object.

    400 when it is not).
    """

    async def ready(_: web.Request) -> web.Response:
        return web.Response(text="ready")

    async def figures(_: web.Request) -> web.Response:
        return web.json_response(dict(stats()))

    async def tuning(request: web.Request) -> web.Response:
        try:
            wanted = await request.json()
            tune(wanted)
        except (TypeError, ValueError, AttributeError) as error:
            return web.Response(status=400, text=f"not a tuning: {error}")
        return web.Response(status=204)

    application = web.Application()
    application.router.add_get("/ready", ready)
    application.router.add_get("/stats", figures)
    application.router.add_post("/tuning", tuning)
    return application


async def serve(settings: Settings, application: web.Application | None, control: web.Application) -> None:
    """Listen until SIGTERM or SIGINT.

    The control side last, so that being ready means that all is listening.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    runners: list[web.AppRunner] = []
    try:
        if application is not None:
            runner = await _runner(application, runners)
            for port in settings.ports:
                await web.TCPSite(runner, settings.address, port).start()
        runner = await _runner(control, runners)
        await web.TCPSite(runner, *settings.control).start()
        _log.info("%s listens on %s %s", settings.pod, settings.address, list(settings.ports))
        await stop.wait()
    finally:
        for runner in runners:
            await runner.cleanup()


async def _runner(application: web.Application, runners: list[web.AppRunner]) -> web.AppRunner:
    runner = web.AppRunner(
        application, access_log=None, keepalive_timeout=_KEEPALIVE_SECONDS, shutdown_timeout=_GRACE_SECONDS
    )
    await runner.setup()
    runners.append(runner)
    return runner


def log_to_stderr() -> None:
    """Set up logging for a workload process: one line an event, read by `kubectl logs`."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
