"""The clusters that the contract of the port is run on, and the server that answers by a script."""

import pytest

from tests.cluster import backends
from tests.cluster.scripted import script, url  # noqa: F401  a server that answers what a test scripts

NAMES = ("fake", "localmesh", "kube-apiserver")


def only(*names):
    """Marks a test of the contract that not every one of the three can take part in."""
    ids = [f"contract-{name}" for name in names]
    return pytest.mark.parametrize("backend", names, ids=ids, indirect=True)


@pytest.fixture(params=NAMES, ids=[f"contract-{name}" for name in NAMES])
def backend(request):
    """One of the three clusters; see `tests.cluster.backends`."""
    with backends.backend(request.param, request) as found:
        yield found
