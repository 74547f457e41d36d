"""localmesh's API server in a process of its own, full of services and pods, that changes pods at a rate.

Started by `bench.cluster`. Orders come as JSON lines on its input, each answered by one on its output:
{"write": 1000, "seconds": 20} changes pods at that rate; {"watched": true} names the kinds being watched.
It ends with its input.
"""

import asyncio
import gc
import json
import secrets
import sys
import threading
import time
from typing import Any

from bench import manifests
from localmesh.apiserver import kinds
from localmesh.apiserver.kinds import Resource
from localmesh.apiserver.server import ApiServer
from localmesh.apiserver.store import Store
from localmesh.apiserver.watches import Watch

HOST = "127.0.0.1"
STAMP = "bench.meshui/written"
"""The label that carries when a change was written, by this machine's monotonic clock, in nanoseconds."""
BEAT_SECONDS = 0.002
BATCH = 10


class WatchedStore(Store):
    """A store that knows which kinds somebody watches."""

    def __init__(self) -> None:
        super().__init__(None)
        self.watched: set[str] = set()

    def watch(self, resource: Resource | None = None, since: int | None = None) -> Watch:
        """Follows changes, and takes note of it."""
        if resource is not None:
            self.watched.add(resource.plural)
        return super().watch(resource, since)


def fill(store: Store, services: int, namespaces: int) -> None:
    """Namespaces, services, and three pods to each."""
    places = ({"metadata": {"name": manifests.namespace(number)}} for number in range(namespaces))
    store.load((kinds.NAMESPACES, place) for place in places)
    store.load((kinds.SERVICES, manifests.service(number, namespaces)) for number in range(services))
    uid = store.create(kinds.REPLICA_SETS, manifests.owner())["metadata"]["uid"]
    pods = range(services * manifests.PODS_TO_A_SERVICE)
    store.load((kinds.PODS, manifests.pod(number, namespaces, uid)) for number in pods)


async def write(store: Store, rate: int, seconds: float) -> dict[str, Any]:
    """Changes `rate` pods a second, spread evenly. Tells how many it changed, and in how long."""
    records = list(store.records(kinds.PODS))
    start = time.monotonic()
    done = 0
    while (passed := time.monotonic() - start) < seconds:
        # A few at a time: what is written must also get out.
        for _ in range(min(BATCH, int(rate * passed) - done)):
            pod = records[done * 7919 % len(records)].object
            pod["metadata"].pop("resourceVersion")
            pod["metadata"]["labels"][STAMP] = str(time.monotonic_ns())
            store.update(kinds.PODS, pod)
            done += 1
        await asyncio.sleep(BEAT_SECONDS if done >= rate * passed - 1 else 0)
    return {"written": done, "seconds": time.monotonic() - start}


async def serve(services: int, namespaces: int) -> None:
    """Fills the store, serves it, and follows orders."""
    store, token = WatchedStore(), secrets.token_urlsafe(24)
    fill(store, services, namespaces)
    # What is measured is who follows, not how long this process looks for garbage among what it serves.
    gc.freeze()
    size = sum(len(each.raw) for each in store.records(kinds.PODS))
    server = ApiServer(store, token)
    await server.start(HOST)
    _say({"url": server.url, "token": token, "pods": len(store.records(kinds.PODS)), "pod_bytes": size})
    orders = _orders()
    while (order := await orders.get()) is not None:
        if "write" in order:
            _say(await write(store, order["write"], order["seconds"]))
        else:
            _say(sorted(store.watched))
            store.watched.clear()
    await server.stop()
    store.close()


def _orders() -> asyncio.Queue[dict[str, Any] | None]:
    queue: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def read() -> None:
        for line in sys.stdin:
            loop.call_soon_threadsafe(queue.put_nowait, json.loads(line))
        loop.call_soon_threadsafe(queue.put_nowait, None)

    threading.Thread(target=read, daemon=True).start()
    return queue


def _say(what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2])))
