import random

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from localmesh import network
from localmesh.apiserver import kinds
from localmesh.workloads.service_proxy import ServiceProxy, outbound_url


@pytest.fixture
async def ask(cluster):
    """Ask the proxy as a pod of the namespace bookinfo: status and text."""
    claim = network.claim(None, random.Random())
    proxy = ServiceProxy(cluster.store)
    await proxy.start(claim.network.node)
    url = outbound_url(claim.network.node, "bookinfo")

    async with aiohttp.ClientSession() as session:

        async def send(host, path="/", method="GET", **kwargs):
            headers = {"host": host, **kwargs.pop("headers", {})}
            async with session.request(method, url + path, headers=headers, **kwargs) as answer:
                return answer.status, await answer.text()

        yield send
    await proxy.stop()
    claim.listener.close()


@pytest.fixture
async def details(cluster):
    async def echo(request):
        body = await request.text()
        return web.Response(status=201, text=f"{request.method} {request.host} {request.path_qs} {body}")

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", echo)
    server = TestServer(application)
    await server.start_server()
    cluster.store.create(
        kinds.SERVICES,
        {
            "metadata": {"name": "details", "namespace": "bookinfo"},
            "spec": {"ports": [{"port": 9080, "name": "http"}]},
        },
    )
    cluster.store.create(
        kinds.ENDPOINT_SLICES,
        {
            "metadata": {
                "name": "details-1",
                "namespace": "bookinfo",
                "labels": {"kubernetes.io/service-name": "details"},
            },
            "ports": [{"name": "http", "port": server.port}],
            "endpoints": [
                {"addresses": ["127.0.0.1"], "conditions": {"ready": True}},
                {"addresses": ["127.0.0.9"], "conditions": {"ready": False}},
            ],
        },
    )
    yield
    await server.close()


@pytest.mark.parametrize(
    "host", ["details:9080", "details.bookinfo:9080", "details.bookinfo.svc.cluster.local:9080"]
)
async def test_a_request_reaches_a_ready_endpoint_whatever_the_names_length(ask, details, host):
    answer = await ask(host, "/details/0?x=1", "POST", data="hello")
    assert answer == (201, f"POST {host} /details/0?x=1 hello")


@pytest.mark.parametrize("host", ["details:1", "details.elsewhere:9080", "nobody:9080", "details:http"])
async def test_an_unknown_service_or_port_is_unavailable(ask, details, host):
    assert (await ask(host))[0] == 503
