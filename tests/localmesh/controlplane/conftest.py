import pytest_asyncio

from tests import needs
from tests.localmesh.controlplane.bed import Bed


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bed(tmp_path_factory):
    """One small mesh for all tests of a module: its loop rests while other modules run. Each applies its own rules."""
    made = Bed(tmp_path_factory.mktemp("envoys"), needs.envoy())
    await made.start()
    yield made
    await made.stop()
