"""Asking a pod's processes whether they are ready, and telling them how to behave.

The node's one HTTP client.
"""

from collections.abc import Mapping
from typing import Any

import aiohttp

from localmesh import network

_TIMEOUT = aiohttp.ClientTimeout(total=1.0)


class Prober:
    """A client for pods on this machine; close it when done."""

    def __init__(self) -> None:
        connector = aiohttp.TCPConnector(limit=0, force_close=True)
        self._session = aiohttp.ClientSession(connector=connector, timeout=_TIMEOUT)

    async def proxy_ready(self, ip: str) -> bool:
        """Whether the pod's Envoy has its configuration and serves."""
        return await self._answers(f"http://{ip}:{network.READINESS_PORT}/healthz/ready")

    async def application_ready(self, ip: str) -> bool:
        """Whether the pod's application listens and answers."""
        return await self._answers(f"http://{network.inner_address(ip)}:{network.CONTROL_PORT}/ready")

    async def tune(self, ip: str, tuning: Mapping[str, Any]) -> bool:
        """Hand a tuning to the pod's application; whether it took it."""
        url = f"http://{network.inner_address(ip)}:{network.CONTROL_PORT}/tuning"
        try:
            async with self._session.post(url, json=dict(tuning)) as answer:
                return answer.status == 204
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def close(self) -> None:
        """Close the client."""
        await self._session.close()

    async def _answers(self, url: str) -> bool:
        try:
            async with self._session.get(url) as answer:
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False
