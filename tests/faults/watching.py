"""What the tests of the watch cache behind the fault proxy share: servers, writers, when it has converged."""

import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass

from cluster import kinds
from cluster.cache import Cache
from cluster.kube import KubeCluster
from cluster.objects import metadata_of
from cluster.reflector import Pace
from cluster.refs import Ref
from tests.cluster.watched import rule, service
from tests.localmesh.apiserver.running import TOKEN, running

SOON = 20.0
KINDS = (kinds.SERVICE, kinds.VIRTUAL_SERVICE)
SERVICES = "*/services"


def quick(**changed):
    """The pace of a reflector that has no time."""
    options = {"backoff": (0.02, 0.1), "steady": 0.2, "slow": 0.1, "check_again": 0.1, "silence": 3.0}
    return Pace(**options | changed)


@dataclass
class Place:
    """A namespace of a real server, and somebody who writes there past the proxy."""

    url: str
    ca_file: str
    token: str
    namespace: str

    def __post_init__(self):
        self.direct = KubeCluster.at(self.url, self.token, self.ca_file)

    def put(self, *names):
        for name in names:
            self.direct.create(service(name, self.namespace))

    def put_rule(self, name):
        self.direct.create(rule(name, self.namespace))

    def edit(self, name):
        manifest = self.direct.get(self.ref(name))
        manifest["spec"]["ports"][0]["port"] += 1
        self.direct.replace(manifest)

    def remove(self, name):
        version = self.direct.get(self.ref(name))["metadata"]["resourceVersion"]
        self.direct.delete(self.ref(name), version)

    def ref(self, name):
        return Ref(kinds.SERVICE, self.namespace, name)

    def listed(self, kind):
        return {_mark(item) for item in self.direct.list(kind, self.namespace).items}


@contextmanager
def localmesh():
    """A place on localmesh's API server."""
    with running() as server:
        yield Place(server.url, "", TOKEN, "bookinfo")


def on_kube_apiserver(server):
    """A place on the real API server."""
    return Place(server.url, server.ca_file, server.admin_token, server.namespace())


@contextmanager
def caching(cluster, *namespaces, kinds=KINDS, pace=None, settled=True):
    """A running cache of some namespaces, or of all."""
    cache = Cache(cluster, kinds, namespaces=namespaces, pace=pace or quick())
    cache.start()
    try:
        assert not settled or cache.wait_until_settled(SOON)
        yield cache
    finally:
        cache.stop()


def until(cache, holds, kind=kinds.SERVICE):
    """Waits until something holds of what is known of a kind; returns that."""
    end = time.monotonic() + SOON
    while time.monotonic() < end:
        known = cache.read(kind)
        if holds(known):
            return known
        cache.wait(kind, cache.revision(kind), 0.02)
    raise AssertionError(f"never came: {cache.read(kind)}, {cache.status()}")


def converged(cache, place, kinds=KINDS):
    """Waits until the cache holds what a LIST past the proxy shows, is fresh, and says that nothing is wrong.

    Invariant e of the notes on safety: the converged watch cache equals a LIST.
    """
    for kind in kinds:
        listed = place.listed(kind)
        until(
            cache,
            lambda known, listed=listed: (
                {_mark(item) for item in known.items} == listed
                and (known.age_seconds, known.problem) == (0.0, "")
            ),
            kind,
        )
    assert cache.check() == ()


def names(known):
    return sorted(metadata_of(item).name for item in known.items)


def lists_of(cache, kind=kinds.SERVICE):
    return sum(each.lists for each in cache.status() if each.kind == kind)


def unique(prefix):
    return f"{prefix}-{uuid.uuid4().hex[:8]}"


def _mark(item):
    meta = metadata_of(item)
    return (meta.namespace, meta.name, meta.uid, meta.resource_version)
