"""The one HTTP client for metrics: fetches many proxies at once, and never waits or reads without a bound."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import NamedTuple, TypeAlias

import aiohttp

TIMEOUT_SECONDS = 1.0
# A whole round, whatever the number of targets: the next tick is not to wait for the slowest proxy.
ROUND_SECONDS = 1.5
MAX_BODY_BYTES = 4 * 1024 * 1024
MAX_CONCURRENT = 32
_CHUNK_BYTES = 64 * 1024


class Answer(NamedTuple):
    """What one target said: its text, or in plain words why there is none."""

    text: str = ""
    failure: str = ""


Take: TypeAlias = Callable[[str, Answer], None]


class _NoMetricsError(Exception):
    pass


class Scraper:
    """Fetches texts over HTTP. Must be made and closed within the same event loop.

    A round must be longer than the timeout of one target: else one that hangs would never be known to.
    """

    def __init__(
        self,
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
        round_seconds: float = ROUND_SECONDS,
        max_body_bytes: int = MAX_BODY_BYTES,
        max_concurrent: int = MAX_CONCURRENT,
    ) -> None:
        if timeout_seconds >= round_seconds:
            raise ValueError("A target must have its whole time within a round.")
        self._timeout = timeout_seconds
        self._round = round_seconds
        self._max_body = max_body_bytes
        self._max_concurrent = max_concurrent
        self._taking = asyncio.Lock()
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=timeout_seconds),
            # A compressed answer could be a thousand times its size; proxies are near, and need not compress.
            headers={"Accept": "text/plain", "Accept-Encoding": "identity"},
            auto_decompress=False,
            connector=aiohttp.TCPConnector(limit=max_concurrent, use_dns_cache=False),
            # No proxy of the environment between this process and a pod.
            trust_env=False,
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def fetch(self, urls: Iterable[str], take: Take) -> None:
        """Asks the addresses in their order, and hands each answer, good or bad, to `take` as it comes.

        Returns after `round_seconds` at the latest. Nothing is handed over for an address whose turn did not
        come by then, or that had begun to be asked and had not had its whole time.
        """
        waiting = iter(urls)
        end = asyncio.get_running_loop().time() + self._round
        # As many tasks as there may be requests, not as there are addresses: 10,000 would hold up the loop.
        with suppress(TimeoutError):
            async with asyncio.timeout(self._round), asyncio.TaskGroup() as workers:
                for _ in range(self._max_concurrent):
                    workers.create_task(self._work(waiting, take, end))

    async def close(self) -> None:
        """Closes all connections."""
        await self._session.close()

    async def _work(self, waiting: Iterator[str], take: Take, end: float) -> None:
        for url in waiting:
            answer = await self._fetch(url)
            if asyncio.get_running_loop().time() >= end:
                # Told to stop in the very moment in which a target's own time was over, the client reports
                # the latter, and the former would be lost.
                return
            # One at a time, and let others in between: reading a large answer takes milliseconds, in which
            # the answers to the other workers wait.
            async with self._taking:
                take(url, answer)
                await asyncio.sleep(0)

    async def _fetch(self, url: str) -> Answer:
        try:
            return Answer(text=await self._text(url))
        except TimeoutError:
            return Answer(failure=f"did not answer within {self._timeout:g} s")
        except _NoMetricsError as error:
            return Answer(failure=str(error))
        except (aiohttp.ClientError, OSError) as error:
            return Answer(failure=f"cannot be reached ({_short(error)})")

    async def _text(self, url: str) -> str:
        async with self._session.get(url, allow_redirects=False) as response:
            if response.status != 200:
                raise _NoMetricsError(f"answered with status {response.status}")
            if response.content_type == "text/html" or response.headers.get("Content-Encoding"):
                raise _NoMetricsError("answered with something else than metrics")
            body = bytearray()
            async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
                body += chunk
                if len(body) > self._max_body:
                    # What is left unread must not be drained: the connection goes with it.
                    response.close()
                    raise _NoMetricsError(f"answered with more than {self._max_body / 2**20:g} MiB")
            return body.decode("utf-8", errors="replace")


def _short(error: BaseException) -> str:
    return (str(error) or type(error).__name__)[:120]
