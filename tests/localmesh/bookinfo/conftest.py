import importlib
import random

import pytest
from aiohttp.test_utils import TestClient, TestServer

from localmesh.bookinfo.service import Service
from tests.localmesh.bookinfo.neighbours import Neighbours


@pytest.fixture
async def neighbours():
    made = Neighbours()
    made.server = TestServer(made.application())
    await made.server.start_server()
    yield made
    await made.server.close()


@pytest.fixture
async def open_service(neighbours):
    """Start a service in this process: its test client, with the `Service` on it."""
    clients = []

    async def start(name, version="v1"):
        module = importlib.import_module(f"localmesh.bookinfo.{name}")
        outbound = str(neighbours.server.make_url("")).rstrip("/")
        service = Service(name, version, f"{name}-pod", outbound, median_ms=0.01, rng=random.Random(1))
        client = TestClient(TestServer(module.application(service)))
        await client.start_server()
        client.service = service
        clients.append(client)
        return client

    yield start
    for client in clients:
        await client.close()
