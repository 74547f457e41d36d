import pytest

from tests import needs
from tests.mesh import LocalMesh


@pytest.fixture(scope="session")
def mesh(tmp_path_factory):
    """One running mesh for all tests that leave it as they found it; the traffic is theirs."""
    needs.envoy()
    needs.program("kubectl")
    running = LocalMesh(tmp_path_factory.mktemp("mesh"), rate=0).start()
    try:
        running.wait_until_ready()
        yield running
    finally:
        running.stop()
