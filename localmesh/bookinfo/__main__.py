"""Run one Bookinfo service: `python -m localmesh.bookinfo reviews v2`, told by environment what pod it is."""

from __future__ import annotations

import asyncio
import importlib
import sys

from localmesh.bookinfo.service import Service
from localmesh.bookinfo.serving import Settings, control_application, log_to_stderr, serve

SERVICES = ("productpage", "details", "reviews", "ratings")


async def run(name: str, version: str, settings: Settings) -> None:
    """Serve until a signal comes."""
    # Only the asked-for service is imported: each pod pays for what it loads.
    module = importlib.import_module(f"localmesh.bookinfo.{name}")
    service = Service(name, version, settings.pod, settings.outbound, module.MEDIAN_MS)
    service.tuning.apply(settings.tuning)
    control = control_application(service.tuning.apply, service.figures)
    await serve(settings, module.application(service), control)


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in SERVICES:
        sys.exit(f"usage: python -m localmesh.bookinfo {'|'.join(SERVICES)} VERSION")
    log_to_stderr()
    asyncio.run(run(sys.argv[1], sys.argv[2], Settings.read()))
