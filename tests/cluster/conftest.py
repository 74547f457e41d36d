"""A small cluster on the stage: one namespace, one service with two versions."""

import pytest

from cluster.fake import FakeCluster


@pytest.fixture
def bookinfo():
    return FakeCluster([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "bookinfo"}}])
