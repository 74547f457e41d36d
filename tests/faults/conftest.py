"""An API server behind a proxy that breaks things, and the console's adapter before it."""

import pytest

from cluster.kube import KubeCluster, credentials
from tests.cluster import backends
from tests.faults.proxy import FaultProxy
from tests.localmesh.apiserver.running import TOKEN


@pytest.fixture(params=["localmesh", "kube-apiserver"])
def backend(request):
    """An API server; its own `cluster` goes around the proxy."""
    with backends.backend(request.param, request) as found:
        yield found


@pytest.fixture
def token(backend, request):
    """A token that may do everything."""
    if backend.name == "localmesh":
        return TOKEN
    return request.getfixturevalue("kube_apiserver").admin_token


@pytest.fixture
def proxy(backend):
    with FaultProxy(backend.url, backend.ca_file) as between:
        yield between


@pytest.fixture
def connect(proxy):
    """Connects through the proxy, with some patience: machines are busy."""

    def connected(token, **options):
        source = token if callable(token) else lambda: credentials.token(proxy.url, token)
        return KubeCluster(source, **{"timeout": (3, 3), **options})

    return connected


@pytest.fixture
def cluster(connect, token):
    return connect(token)
