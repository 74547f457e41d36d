"""The control plane's own loops, with a store that misbehaves."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from localmesh.apiserver import kinds
from localmesh.apiserver.store import Store
from localmesh.controlplane import ControlPlane
from localmesh.controlplane.server import DiscoveryServer
from tests.localmesh.controlplane.bed import eventually
from tests.localmesh.xds.objects import pod


class FallsBehind(Store):
    """Its first watch breaks off."""

    watches = 0

    def watch(self, resource=None, since=None):
        self.watches += 1
        followed = super().watch(resource, since)
        if self.watches == 1:
            followed.position = -1
        return followed


class Unreadable(Store):
    """Holds one object, for a while, that nobody can make sense of."""

    broken = True
    reads = 0

    def list(self, resource, namespace=None):
        if resource is kinds.SERVICES:
            self.reads += 1
            if self.broken:
                return [{"metadata": {}}]
        return super().list(resource, namespace)


@asynccontextmanager
async def running(store, **how):
    server = DiscoveryServer(asyncio.get_running_loop().time, hold_seconds=0.1)
    plane = ControlPlane(store, server=server, **how)
    await plane.start("127.0.0.1", 0)
    try:
        yield plane
    finally:
        await plane.stop()
        store.close()


async def known(plane):
    return [state["node"].split("~")[2] for state in plane.proxies()]


async def test_pods_become_proxies_when_they_come():
    store = Store(None)
    async with running(store) as plane:
        store.create(kinds.PODS, pod("reviews-v1", "127.9.1.2"))
        assert await eventually(lambda: known(plane)) == ["reviews-v1-5d9f-abcde.bookinfo"]


async def test_what_was_there_before_the_start_counts():
    store = Store(None)
    store.create(kinds.PODS, pod("reviews-v1", "127.9.1.2"))
    async with running(store) as plane:
        assert await eventually(lambda: known(plane))


async def test_who_falls_behind_reads_everything_again():
    store = FallsBehind(None)
    async with running(store) as plane:
        store.create(kinds.PODS, pod("reviews-v1", "127.9.1.2"))
        assert await eventually(lambda: known(plane))
        assert store.watches == 2


async def test_changes_that_come_together_are_taken_together():
    store = Unreadable(None)
    store.broken = False
    async with running(store, debounce_seconds=0.1) as plane:
        for number in range(1, 30):
            store.create(kinds.PODS, pod(f"p{number}", f"127.9.1.{number}"))
            await asyncio.sleep(0)

        async def all_known():
            return len(await known(plane)) == 29

        await eventually(all_known)
        assert store.reads <= 3


async def test_an_object_that_cannot_be_read_does_not_end_the_loop(caplog):
    store = Unreadable(None)
    async with running(store, retry_seconds=0.01) as plane:
        store.create(kinds.PODS, pod("reviews-v1", "127.9.1.2"))

        async def complained():
            return "the mesh could not be configured" in caplog.text

        await eventually(complained)
        store.broken = False
        assert await eventually(lambda: known(plane))


async def test_an_address_in_use_is_an_error_at_the_start():
    store = Store(None)
    async with running(store) as plane:
        ((host, port),) = plane._server.addresses
        with pytest.raises(OSError, match="address already in use"):
            await ControlPlane(store).start(host, port)
