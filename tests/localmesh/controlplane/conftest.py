import pytest_asyncio

from tests import needs
from tests.localmesh.controlplane.bed import Bed


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def bed(tmp_path_factory):
    """One small mesh for all tests of this folder; each applies its own rules."""
    made = Bed(tmp_path_factory.mktemp("envoys"), needs.envoy())
    await made.start()
    yield made
    await made.stop()
