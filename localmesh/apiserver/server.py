"""The API server: HTTP in front of the store.

`ApiServer` is embedded in one asyncio process with the controllers, which use the same store. It knows
aiohttp, paths and headers; what a verb does is `handlers`' business.
"""

import asyncio
import contextlib
import hmac
import logging
import secrets
import socket
from collections.abc import Mapping
from datetime import UTC, datetime

from aiohttp import web

from localmesh.apiserver import bodies, definitions, garbage, kinds
from localmesh.apiserver.about import about, answered
from localmesh.apiserver.access import defaults as default_roles
from localmesh.apiserver.access.asks import ask_of
from localmesh.apiserver.access.authorizer import Authorizer
from localmesh.apiserver.access.users import ADMIN, User, acting, impersonated
from localmesh.apiserver.errors import (
    ApiError,
    MethodNotAllowed,
    TooLarge,
    Unauthorized,
)
from localmesh.apiserver.handlers import Answer, Handlers, too_short
from localmesh.apiserver.kubeconfig import TOKEN_PATH
from localmesh.apiserver.logs import LogReader, no_logs
from localmesh.apiserver.records import encode
from localmesh.apiserver.requests import segments, target_of
from localmesh.apiserver.store import Clock, Store
from localmesh.apiserver.streams import BOOKMARK_SECONDS, Streams

_log = logging.getLogger(__name__)

_HEALTH = ("healthz", "livez", "readyz")
#: Namespaces that every cluster has.
FIRST_NAMESPACES = ("default", "kube-system")


class ApiServer:
    """The Kubernetes API on a socket.

    `token` is the administrator's bearer token; `users` are further ones, by their tokens. `log_reader` gives
    pods' logs. `start` returns the address; `stop` ends running watches at once.
    """

    def __init__(
        self,
        store: Store,
        token: str,
        log_reader: LogReader = no_logs,
        *,
        users: Mapping[str, User] | None = None,
        clock: Clock = lambda: datetime.now(UTC),
        bookmark_seconds: float = BOOKMARK_SECONDS,
    ) -> None:
        if not token:
            raise ValueError("the API server needs a token: without one anybody could write")
        self._store = store
        self._users = {**(users or {}), token: ADMIN}
        self._authorizer = Authorizer(store)
        self._streams = Streams(store, clock, bookmark_seconds)
        self._handlers = Handlers(store, clock, self._streams, log_reader, self._authorizer)
        self._runner: web.AppRunner | None = None
        self._garbage: asyncio.Task[None] | None = None
        self.host, self.port = "", 0

    @property
    def url(self) -> str:
        """Where it listens: `http://127.0.0.1:6443`."""
        return f"http://{self.host}:{self.port}"

    async def start(self, host: str, port: int = 0, *, listener: socket.socket | None = None) -> str:
        """Listen, and return the URL. Port 0 takes a free one. Raises `OSError` where the port is taken.

        `listener` is a socket that listens on host and port already: whoever claimed the address hands it on.
        """
        definitions.install(self._store)
        default_roles.install(self._store)
        for name in FIRST_NAMESPACES:
            ensure_namespace(self._store, name)
        app = web.Application(client_max_size=bodies.MAX_BYTES)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=1)
        await self._runner.setup()
        site = web.SockSite(self._runner, listener) if listener else web.TCPSite(self._runner, host, port)
        try:
            await site.start()
        except OSError:
            await self._runner.cleanup()
            raise
        self.host, self.port = host, self._runner.addresses[0][1]
        self._garbage = asyncio.create_task(garbage.collect(self._store))
        return self.url

    async def stop(self) -> None:
        """End all watches and stop listening. The store stays open."""
        if self._garbage:
            self._garbage.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._garbage
        await self._streams.stop()
        if self._runner:
            await self._runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        try:
            return await self._answer(request)
        except ApiError as error:
            return _error(error)
        except web.HTTPRequestEntityTooLarge:
            return _error(TooLarge(f"Request entity too large: limit is {bodies.MAX_BYTES}"))
        except Exception:  # noqa: BLE001
            # The edge of the server: one broken request must not end the mesh, and its cause must be seen.
            _log.exception("%s %s failed", request.method, request.path)
            return _error(ApiError("an error on the server has prevented the request from succeeding"))

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        parts = segments(request.raw_path.rstrip("/") if request.method == "GET" else request.raw_path)
        if len(parts) == 1 and parts[0] in _HEALTH:
            return web.Response(text="ok")
        prefix = f"/{TOKEN_PATH}/{parts[1]}" if parts[:1] == (TOKEN_PATH,) and len(parts) > 1 else ""
        caller = self._authenticated(request, parts[1] if prefix else "")
        parts = parts[2:] if prefix else parts
        user = self._acting(request, caller)
        self._authorizer.check(user, ask_of(request.method, parts, request.query))
        if parts[:1] in (("api",), ("apis",)) and not too_short(parts):
            body = await request.read()
            answer = await self._handlers.handle(request, target_of(parts), user, body)
            return _response(answer) if isinstance(answer, Answer) else answer
        if request.method not in ("GET", "HEAD"):
            raise MethodNotAllowed("the server does not allow this method on the requested resource")
        return about(parts, request.headers.get("Accept", ""), prefix, f"{self.host}:{self.port}")

    def _authenticated(self, request: web.Request, in_path: str) -> User:
        """Whose token a request carries."""
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        if not in_path and scheme.lower() != "bearer":
            raise Unauthorized("Unauthorized")
        offered = (in_path or given.strip()).encode()
        found = [user for token, user in self._users.items() if hmac.compare_digest(offered, token.encode())]
        if not found:
            raise Unauthorized("Unauthorized")
        return found[0].signed_in()

    def _acting(self, request: web.Request, caller: User) -> User:
        """Whom a request acts as: its caller, or somebody whom the caller may impersonate."""
        wanted = impersonated(request.headers.items())
        if wanted is None:
            return caller
        self._authorizer.check_impersonation(caller, wanted)
        return acting(wanted)


def ensure_namespace(store: Store, name: str) -> None:
    """Make a namespace with its default service account where it is missing."""
    if store.record(kinds.NAMESPACES, None, name) is None:
        labels = {"kubernetes.io/metadata.name": name}
        obj = {"metadata": {"name": name, "labels": labels}, "spec": {"finalizers": ["kubernetes"]}}
        store.create(kinds.NAMESPACES, {**obj, "status": {"phase": "Active"}})
    if store.record(kinds.SERVICE_ACCOUNTS, name, "default") is None:
        store.create(kinds.SERVICE_ACCOUNTS, {"metadata": {"name": "default", "namespace": name}})


def new_token() -> str:
    """A token for a new mesh."""
    return secrets.token_urlsafe(32)


def _response(answer: Answer) -> web.Response:
    response = answered(answer.body, answer.status)
    for warning in answer.warnings:
        quoted = warning.replace("\\", "\\\\").replace('"', '\\"')
        response.headers.add("Warning", f'299 - "{quoted}"')
    return response


def _error(error: ApiError) -> web.Response:
    response = answered(encode(error.status()), error.code)
    if isinstance(error, Unauthorized):
        response.headers["WWW-Authenticate"] = "Bearer"
    return response
