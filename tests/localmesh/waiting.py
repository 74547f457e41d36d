"""Waiting for something that happens outside the event loop, so that no event can tell of it."""

import asyncio


async def until(condition, seconds=10):
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  other processes set no events of ours
            await asyncio.sleep(0.01)
