"""Starts localmesh's API server, which speaks the real wire format, in a thread of the test."""

from contextlib import contextmanager

from cluster.kube import KubeCluster
from tests.localmesh.apiserver.running import TOKEN, running


@contextmanager
def api_server(path=None):
    """The address of a running API server that lets TOKEN in."""
    with running(path) as server:
        yield server.url


@contextmanager
def localmesh_cluster(path=None):
    """The adapter, connected to a running API server."""
    with api_server(path) as url:
        yield KubeCluster.at(url, TOKEN)
