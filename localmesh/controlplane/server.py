"""REST xDS, held open: `POST /v3/discovery:{clusters,endpoints,listeners,routes}`.

A poll that has the current version is kept until there is news, or answered 304 after a while. The next poll
is the acknowledgement. `GET /debug/proxies` shows every dialogue.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from aiohttp import web

from localmesh.controlplane.session import Answer, Kind, Session, Subscription
from localmesh.xds import ProxyConfig

#: Shorter than Envoy's own request_timeout (`xds.sources.REQUEST_TIMEOUT_SECONDS`).
HOLD_SECONDS = 25.0
#: A proxy that is in no Pod any more and has not asked for this long is forgotten.
FORGET_SECONDS = 90.0
_KINDS: Mapping[str, Kind] = {
    "clusters": "clusters",
    "endpoints": "endpoints",
    "listeners": "listeners",
    "routes": "routes",
}
#: Of these a proxy asks for the resources that it names, of the others for all.
_NAMED = ("endpoints", "routes")
_TYPES: Mapping[Kind, str] = {
    "clusters": "type.googleapis.com/envoy.config.cluster.v3.Cluster",
    "endpoints": "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment",
    "listeners": "type.googleapis.com/envoy.config.listener.v3.Listener",
    "routes": "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
}

log = logging.getLogger(__name__)


class _Node(msgspec.Struct):
    id: str = ""


class _Error(msgspec.Struct):
    message: str = ""


class _Poll(msgspec.Struct):
    """A DiscoveryRequest of xDS, as far as it is read."""

    node: _Node = msgspec.field(default_factory=_Node)
    version_info: str = ""
    resource_names: list[str] = []
    error_detail: _Error | None = None


class Bell:
    """Wakes everybody who waits, once."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def ring(self) -> None:
        """Wake all who wait now."""
        self._event.set()
        self._event = asyncio.Event()

    async def wait(self, seconds: float) -> None:
        """Wait for the next ring, or so long."""
        try:
            async with asyncio.timeout(max(seconds, 0)):
                await self._event.wait()
        except TimeoutError:
            return


class DiscoveryServer:
    """Serves each proxy the configuration that it was last given for its node id."""

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        hold_seconds: float = HOLD_SECONDS,
        new_session: Callable[[str], Session] = Session,
    ) -> None:
        self._clock = clock
        self._hold_seconds = hold_seconds
        self._new_session = new_session
        self._sessions: dict[str, Session] = {}
        self._bells: dict[str, Bell] = {}
        self._runner: web.AppRunner | None = None
        self._closing = False

    async def start(self, host: str, port: int) -> None:
        """Listen. Raises OSError when the address is taken."""
        app = web.Application(client_max_size=4 * 1024 * 1024)
        app.router.add_post("/v3/discovery:{kind}", self._discover)
        app.router.add_get("/debug/proxies", self._debug)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """Where it listens."""
        return [(address[0], address[1]) for address in (self._runner.addresses if self._runner else [])]

    async def stop(self) -> None:
        """Let all held polls go and stop listening."""
        self._closing = True
        for bell in self._bells.values():
            bell.ring()
        if self._runner:
            await self._runner.cleanup()

    def publish(self, configs: Mapping[str, ProxyConfig]) -> None:
        """Give each node id its configuration; proxies that are in it no more and are silent are
        forgotten.
        """
        now = self._clock()
        for node, config in configs.items():
            if self._session(node).offer(config, now):
                self._bells[node].ring()
        for node, session in list(self._sessions.items()):
            if node not in configs and now - session.seen > FORGET_SECONDS:
                del self._sessions[node], self._bells[node]

    def describe(self) -> list[dict[str, Any]]:
        """The state of every dialogue, by node id; `seen_seconds_ago` is None before a proxy's first poll."""
        now = self._clock()
        return [
            {**each.describe(), "seen_seconds_ago": round(now - each.seen, 3) if each.seen else None}
            for _, each in sorted(self._sessions.items())
        ]

    def _session(self, node: str) -> Session:
        if node not in self._sessions:
            self._sessions[node] = self._new_session(node)
            self._bells[node] = Bell()
        return self._sessions[node]

    async def _discover(self, request: web.Request) -> web.Response:
        kind = _KINDS.get(request.match_info["kind"])
        if kind is None:
            raise web.HTTPNotFound(text=f"localmesh serves {', '.join(_KINDS)}\n")
        poll = _poll(await request.read())
        subscription = Subscription(kind, tuple(sorted(poll.resource_names)) if kind in _NAMED else ())
        session = self._session(poll.node.id)
        error = poll.error_detail.message if poll.error_detail else ""
        session.heard(subscription, poll.version_info, error, self._clock())
        # What this poll accepts may be what the proxy's other polls wait for.
        self._bells[session.node].ring()
        answer = await self._news(session, subscription, lambda: request.transport is not None)
        return web.Response(status=304) if answer is None else _response(kind, answer)

    async def _news(
        self, session: Session, subscription: Subscription, listening: Callable[[], bool]
    ) -> Answer | None:
        until = self._clock() + self._hold_seconds
        # What nobody hears must not count as told: Envoy hangs up when it drops a cluster or starts anew.
        while not self._closing and listening():
            now = self._clock()
            if session.settle(now):
                self._bells[session.node].ring()
            answer = session.answer(subscription, now)
            if answer is not None:
                return answer
            if now >= until:
                return None
            bell = self._bells.get(session.node)
            if bell is None:
                return None
            step = session.next_step_at
            await bell.wait((until if step is None else min(until, step)) - now)
        return None

    async def _debug(self, _: web.Request) -> web.Response:
        return _json(self.describe())


def _poll(raw: bytes) -> _Poll:
    try:
        poll = msgspec.json.decode(raw, type=_Poll)
    except msgspec.ValidationError as error:
        raise web.HTTPBadRequest(text=f"this is not a discovery request: {error}\n") from error
    except msgspec.DecodeError as error:
        raise web.HTTPBadRequest(text=f"the body is not JSON: {error}\n") from error
    if not poll.node.id:
        raise web.HTTPBadRequest(text="node.id is missing\n")
    return poll


def _response(kind: Kind, answer: Answer) -> web.Response:
    return _json(
        {"version_info": answer.version, "type_url": _TYPES[kind], "resources": list(answer.resources)}
    )


def _json(value: object) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), content_type="application/json")
