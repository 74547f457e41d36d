"""Starts localmesh's API server, which speaks the real wire format, in a thread of the test."""

import asyncio
import threading
from contextlib import contextmanager

from cluster.kube import KubeCluster
from localmesh.apiserver.server import ApiServer
from localmesh.apiserver.store import Store

TOKEN = "a-token-for-the-contract-suite"


@contextmanager
def api_server(path=None):
    """The address of a running API server that lets TOKEN in."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def run(coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result(timeout=20)

    async def start():
        store = Store(path)
        server = ApiServer(store, TOKEN)
        return store, server, await server.start("127.0.0.1")

    store, server, url = run(start())
    try:
        yield url
    finally:
        run(server.stop())
        loop.call_soon_threadsafe(store.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=20)
        loop.close()


@contextmanager
def localmesh_cluster(path=None):
    """The adapter, connected to a running API server."""
    with api_server(path) as url:
        yield KubeCluster.at(url, TOKEN)
