import pytest

from tests import needs
from tests.demo.running import Demo


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    """One running demo for all tests that leave it as they found it."""
    needs.envoy()
    needs.program("kubectl")
    running = Demo(tmp_path_factory.mktemp("demo"), rate=40)
    try:
        running.wait_until_ready()
        yield running
    finally:
        running.stop()
