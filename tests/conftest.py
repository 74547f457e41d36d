"""Fixtures for every test, and which tests stay together when several processes share the work."""

import pytest

from tests.browsers import browser  # noqa: F401  a fixture for every test
from tests.envtest.fixtures import kube_apiserver  # noqa: F401  one for the whole run

# What takes many seconds to start is started once in one process, not once in each.
SHARED = ("demo", "kube_apiserver")
# Where a test chooses its cluster itself, its id says so.
CHOSEN = "kube-apiserver"


@pytest.hookimpl(tryfirst=True)  # xdist reads the marks in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """With `-n` and `--dist loadgroup`: tests of one module, or of one costly fixture, run in one process."""
    for item in items:
        costly = next((name for name in SHARED if name in getattr(item, "fixturenames", ())), None)
        chosen = SHARED[1] if CHOSEN in item.nodeid else item.nodeid.partition("::")[0]
        item.add_marker(pytest.mark.xdist_group(costly or chosen))
