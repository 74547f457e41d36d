"""The real API server as a fixture, one for the whole run: a test keeps to a namespace of its own."""

import pytest

from tests import needs


@pytest.fixture(scope="session")
def kube_apiserver():
    """A running `tests.envtest.server.KubeApiServer`; skipped where this machine has none."""
    programs = needs.api_server()
    # Imported here: what speaks to a cluster takes half a second to load, and few tests need it.
    from tests.envtest.server import KubeApiServer

    server = KubeApiServer(programs)
    yield server
    server.stop()
