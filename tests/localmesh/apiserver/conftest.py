import time

import pytest

from tests.localmesh.apiserver.running import Kubectl, running
from tests.needs import program


@pytest.fixture(scope="module")
def server():
    with running() as found:
        yield found


@pytest.fixture(scope="module")
def kubectl(server, tmp_path_factory):
    return Kubectl(program("kubectl"), server, tmp_path_factory.mktemp("kubectl"))


@pytest.fixture
def names(server):
    """A fresh namespace, empty of objects."""
    name = f"ns-{time.monotonic_ns()}"
    server.ask("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
    return f"/api/v1/namespaces/{name}/configmaps"
