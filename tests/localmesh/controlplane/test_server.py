"""REST xDS over real HTTP."""

import asyncio
import time

import aiohttp
import pytest
import pytest_asyncio

from localmesh.controlplane.server import DiscoveryServer
from localmesh.xds import ProxyConfig

NODE = "sidecar~127.9.1.1~a.b~b.svc.cluster.local"


def config(name: str) -> ProxyConfig:
    return ProxyConfig(
        ({"name": name},), ({"name": "outbound"},), ({"name": "http_proxy", "virtual_hosts": []},)
    )


class Client:
    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url, self.session = url, session

    async def poll(self, kind="clusters", version="", *, node=NODE, names=None, error=None):
        body = {"node": {"id": node}, "version_info": version}
        body |= {"resource_names": names} if names else {}
        body |= {"error_detail": {"message": error}} if error else {}
        async with self.session.post(f"{self.url}/v3/discovery:{kind}", json=body) as response:
            return response.status, await response.json() if response.status == 200 else await response.text()


@pytest_asyncio.fixture
async def server():
    made = DiscoveryServer(time.monotonic, hold_seconds=0.2)
    await made.start("127.0.0.1", 0)
    yield made
    await made.stop()


@pytest_asyncio.fixture
async def client(server):
    ((host, port),) = server.addresses
    async with aiohttp.ClientSession() as session:
        yield Client(f"http://{host}:{port}", session)


async def test_a_first_poll_is_answered_at_once(server, client):
    server.publish({NODE: config("a")})
    status, body = await client.poll()
    assert status == 200
    assert body["resources"] == [{"name": "a"}]
    assert body["type_url"].endswith("envoy.config.cluster.v3.Cluster")


async def test_a_poll_without_news_is_held_and_then_told_so(server, client):
    server.publish({NODE: config("a")})
    version = (await client.poll())[1]["version_info"]
    began = time.monotonic()
    assert (await client.poll(version=version))[0] == 304
    assert time.monotonic() - began >= 0.2


async def test_news_reaches_a_held_poll(server, client):
    server.publish({NODE: config("a")})
    version = (await client.poll())[1]["version_info"]
    held = asyncio.create_task(client.poll(version=version))
    await asyncio.sleep(0.02)
    server.publish({NODE: config("b")})
    assert "b" in str((await held)[1]["resources"])


async def test_routes_held_for_their_clusters_go_when_these_are_accepted(server, client):
    server.publish({NODE: config("a")})
    routes = asyncio.create_task(client.poll("routes", names=["http_proxy"]))
    version = (await client.poll())[1]["version_info"]
    assert not routes.done()
    accepting = asyncio.create_task(client.poll(version=version))
    assert (await routes)[1]["resources"] == [{"name": "http_proxy", "virtual_hosts": []}]
    await accepting


async def test_a_refusal_is_shown_and_does_not_spin(server, client):
    server.publish({NODE: config("a")})
    await client.poll()
    status, _ = await client.poll(error="no such thing")
    assert status == 304
    async with client.session.get(f"{client.url}/debug/proxies") as response:
        (state,) = await response.json()
    assert state["node"] == NODE
    assert state["subscriptions"][0]["error"] == "no such thing"


async def test_a_proxy_that_nobody_knows_waits_for_its_pod(server, client):
    held = asyncio.create_task(client.poll(node="late"))
    await asyncio.sleep(0.02)
    server.publish({"late": config("a")})
    assert (await held)[0] == 200


@pytest.mark.parametrize(
    ("path", "body", "status", "words"),
    [
        ("discovery:secrets", b"{}", 404, "serves clusters, endpoints, listeners, routes"),
        ("discovery:clusters", b"{", 400, "not JSON"),
        ("discovery:clusters", b"[]", 400, "not a discovery request"),
        ("discovery:clusters", b"{}", 400, "node.id is missing"),
        ("discovery:clusters", b'{"node": 1}', 400, "not a discovery request"),
        ("discovery:clusters", b'{"node": {"id": "a"}, "resource_names": 1}', 400, "not a discovery request"),
    ],
)
async def test_a_bad_poll_is_told_what_is_wrong(client, path, body, status, words):
    async with client.session.post(f"{client.url}/v3/{path}", data=body) as response:
        assert (response.status, words in await response.text()) == (status, True)


async def test_stopping_lets_held_polls_go(client, server):
    slow = DiscoveryServer(time.monotonic, hold_seconds=60)
    await slow.start("127.0.0.1", 0)
    ((host, port),) = slow.addresses
    held = asyncio.create_task(Client(f"http://{host}:{port}", client.session).poll())
    await asyncio.sleep(0.05)
    began = time.monotonic()
    await slow.stop()
    assert (await held)[0] == 304
    assert time.monotonic() - began < 2


async def test_a_proxy_that_is_gone_and_silent_is_forgotten(client):
    now = 0.0
    made = DiscoveryServer(lambda: now)
    made.publish({NODE: config("a")})
    now = 1000.0
    made.publish({})
    assert made.describe() == []
