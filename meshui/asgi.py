"""The ASGI entry: pages and REST by Django, sockets by Channels, caches and collectors by the lifespan."""

import asyncio
import os
import warnings
from urllib.parse import urlsplit

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "meshui.settings")
# WhiteNoise hands over a plain file, which Django reads whole: right for static files of at most 1.2 MB.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")
django_application = get_asgi_application()

# These read the app registry, which the line above has filled.
from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.conf import settings  # noqa: E402

from cluster import connection  # noqa: E402
from meshui.types import Application, Receive, Scope, Send  # noqa: E402
from routing.janitor import Janitor  # noqa: E402
from routing.rolling.running import Running  # noqa: E402
from telemetry import request_sockets, runtime, sockets  # noqa: E402


class OriginCheck:
    """Refuses a websocket from another site before anything else sees it.

    The Origin must be one of TRUSTED_ORIGINS, or name exactly the host and port that the request was sent to:
    Channels' AllowedHostsOriginValidator ignores scheme and port.
    """

    def __init__(self, inner: Application) -> None:
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the socket on, or close it with 4403."""
        if not _same_origin(scope):
            await receive()
            await send({"type": "websocket.close", "code": 4403})
            return
        await self._inner(scope, receive, send)


def _same_origin(scope: Scope) -> bool:
    headers: dict[bytes, str] = {name: value.decode("latin-1") for name, value in scope["headers"]}
    origin = headers.get(b"origin", "")
    trusted: list[str] = settings.TRUSTED_ORIGINS
    if origin in trusted:
        return True
    parts = urlsplit(origin)
    scheme = "https" if settings.HTTPS else "http"
    return parts.scheme == scheme and parts.netloc != "" and parts.netloc == headers.get(b"host", "")


async def lifespan(_scope: Scope, receive: Receive, send: Send) -> None:
    """Starts the watch caches and then the collectors with the server, and stops them with it.

    None of them waits for a cluster: the console is up at once, and says what it cannot reach. Changes that
    an earlier process left half-way are ended beside, and rollouts are driven by one of the processes.
    """
    janitor, rollouts = Janitor(), Running()
    while True:
        event = await receive()
        if event["type"] == "lifespan.startup":
            await asyncio.to_thread(connection.start)
            await runtime.start()
            janitor.start()
            rollouts.start()
            await send({"type": "lifespan.startup.complete"})
        elif event["type"] == "lifespan.shutdown":
            await asyncio.to_thread(rollouts.stop)
            await asyncio.to_thread(janitor.stop)
            await runtime.stop()
            await asyncio.to_thread(connection.stop)
            await send({"type": "lifespan.shutdown.complete"})
            return


websocket_urlpatterns = [*sockets.websocket_urlpatterns, *request_sockets.websocket_urlpatterns]
application = ProtocolTypeRouter(
    {
        "http": django_application,
        "websocket": OriginCheck(AuthMiddlewareStack(URLRouter(websocket_urlpatterns))),
        "lifespan": lifespan,
    }
)
