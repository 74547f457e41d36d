"""Run the traffic generator: `python -m localmesh.traffic`, told by environment what pod it is."""

from __future__ import annotations

import asyncio
import contextlib

from localmesh.bookinfo.serving import Settings, control_application, log_to_stderr, serve
from localmesh.traffic.generator import Generator


async def run(settings: Settings) -> None:
    """Send and answer on the control address until a signal comes."""
    generator = Generator()
    generator.apply(settings.tuning)
    sending = asyncio.create_task(generator.run())
    try:
        await serve(settings, None, control_application(generator.apply, generator.figures))
    finally:
        sending.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await sending


if __name__ == "__main__":
    log_to_stderr()
    asyncio.run(run(Settings.read()))
