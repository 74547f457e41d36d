"""What reaches Services for pods without a sidecar: kube-proxy's part, for HTTP, in the node itself.

It knows names and ready endpoints, and no rules: such a pod is outside the mesh, as on a cluster, and the
proxies that it calls see an unknown caller.
"""

from itertools import count

import aiohttp
from aiohttp import web

from localmesh import network
from localmesh.apiserver import kinds
from localmesh.apiserver.store import Store
from localmesh.workloads.settings import ready_endpoints

_MARK = "~"
_HOP_BY_HOP = frozenset(
    ("connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "host")
)
_TIMEOUT = aiohttp.ClientTimeout(total=None, connect=2.0)


def outbound_url(address: str, namespace: str) -> str:
    """The base URL by which a pod of this namespace asks the proxy at the address."""
    return f"http://{address}:{network.OUTBOUND_PORT}/{_MARK}/{namespace}"


class ServiceProxy:
    """Sends each request to the next ready endpoint of the Service in its Host header."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._turn = count()
        self._session: aiohttp.ClientSession | None = None
        self._runner: web.AppRunner | None = None

    async def start(self, address: str) -> None:
        """Listen. Raises OSError when the address is taken."""
        self._session = aiohttp.ClientSession(
            timeout=_TIMEOUT, auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar()
        )
        application = web.Application()
        application.router.add_route("*", f"/{_MARK}/{{namespace}}{{path:/.*}}", self._forward)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, address, network.OUTBOUND_PORT).start()

    async def stop(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()
        if self._session is not None:
            await self._session.close()

    def endpoints(self, host: str, namespace: str) -> list[tuple[str, int]]:
        """The ready (IP, port) behind `name[.namespace[.svc...]][:port]`, as seen from a namespace."""
        name, _, port = host.partition(":")
        parts = name.split(".")
        where = parts[1] if len(parts) > 1 else namespace
        service = self._store.get(kinds.SERVICES, where, parts[0])
        if service is None or (port and not port.isdigit()):
            return []
        return ready_endpoints(self._store, service, int(port or 80))

    async def _forward(self, request: web.Request) -> web.Response:
        found = self.endpoints(request.host, request.match_info["namespace"])
        if not found or self._session is None:
            return web.Response(status=503, text=f"no ready endpoint for {request.host}\n")
        ip, port = found[next(self._turn) % len(found)]
        headers = {key: value for key, value in request.headers.items() if key.lower() not in _HOP_BY_HOP}
        url = f"http://{ip}:{port}{request.match_info['path']}"
        try:
            async with self._session.request(
                request.method,
                f"{url}?{request.query_string}" if request.query_string else url,
                headers={**headers, "host": request.host},
                data=await request.read(),
                allow_redirects=False,
            ) as answer:
                body = await answer.read()
        except aiohttp.ClientError as error:
            return web.Response(status=502, text=f"{request.host} at {ip}:{port}: {error}\n")
        dropped = _HOP_BY_HOP | {"content-length"}
        kept = {key: value for key, value in answer.headers.items() if key.lower() not in dropped}
        return web.Response(status=answer.status, body=body, headers=kept)
