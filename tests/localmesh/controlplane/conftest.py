import pytest_asyncio

from tests import needs
from tests.localmesh.controlplane.bed import Bed


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bed(tmp_path_factory):
    """One small mesh for a module, since its loop rests while others run; each test applies its own rules."""
    made = Bed(tmp_path_factory.mktemp("envoys"), needs.envoy())
    await made.start()
    yield made
    await made.stop()
