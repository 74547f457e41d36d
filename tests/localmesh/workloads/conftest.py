import pytest

from tests.localmesh.workloads.cluster import Cluster


@pytest.fixture
def cluster():
    made = Cluster()
    yield made
    made.store.close()
