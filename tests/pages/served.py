"""The whole console on a port of this machine: pages, REST and the live socket, in front of a fake cluster
and a source of metrics that a test gives.
"""

import asyncio
import threading
from contextlib import contextmanager

import uvicorn
from django.conf import settings

from meshui import serving
from telemetry import runtime
from tests.graph_page.stage import static_file


async def application(scope, receive, send):
    from meshui.asgi import application as whole

    if scope["type"] == "http" and scope["path"].startswith(settings.STATIC_URL):
        await static_file(scope["path"].removeprefix(settings.STATIC_URL), send)
    else:
        await whole(scope, receive, send)


@contextmanager
def console(source, port=0):
    """Serves until the block ends; gives its address."""
    config = uvicorn.Config(
        application, host="127.0.0.1", port=port, **{**serving.OPTIONS, "lifespan": "off"}
    )
    server = uvicorn.Server(config)

    async def serve():
        await runtime.start(source)
        try:
            await server.serve()
        finally:
            await runtime.stop()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    try:
        while not server.started:
            thread.join(0.02)
            assert thread.is_alive(), "the console did not start"
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = server.force_exit = True
        thread.join(15)
