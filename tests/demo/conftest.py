import pytest

from tests import needs
from tests.demo.running import Demo


# Not for the session: of two workers each would keep a mesh of its own running beside all other tests.
@pytest.fixture(scope="package")
def demo(tmp_path_factory):
    """One running demo for all tests that leave it as they found it, one after the other."""
    needs.envoy()
    needs.program("kubectl")
    running = Demo(tmp_path_factory.mktemp("demo"), rate=40)
    try:
        running.wait_until_ready()
        yield running
    finally:
        running.stop()
