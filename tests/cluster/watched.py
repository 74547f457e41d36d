"""What the tests of the watch cache share: manifests, a clock that only tests move, and a cluster that waits
for nobody.
"""

from cluster import kinds
from cluster.errors import Unavailable
from cluster.fake import FakeCluster
from cluster.reflector import Pace, Reflector
from cluster.refs import Ref


def service(name, namespace="shop", **spec):
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"ports": [{"port": 80}], **spec},
    }


def rule(name, namespace="shop", host="reviews"):
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"hosts": [host], "http": [{"route": [{"destination": {"host": host}}]}]},
    }


def service_ref(name, namespace="shop"):
    return Ref(kinds.SERVICE, namespace, name)


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now

    def pass_(self, seconds):
        self.now += seconds


def greatest(_least, most):
    return most


class Told(list):
    """What a reflector emitted, as (type, name)."""

    def __call__(self, _kind, changes):
        self.extend((change.type, _name(change.object)) for change in changes)


def _name(item):
    return item["metadata"]["name"] if isinstance(item, dict) else item.metadata.name


class Scripted(FakeCluster):
    """The cluster in memory, whose watches bring what there is and end: nothing sleeps, no thread is needed.

    `ends`: how the next watches end, each a number of seconds that they last, or an error that they raise;
    afterwards each lasts a minute. `between`: what a watch brings instead of the events that there are, of
    which the last is a bookmark.
    """

    def __init__(self, *args, clock=None, **options):
        super().__init__(*args, **options)
        self.clock = clock or Clock()
        self.ends = []
        self.between = lambda events: events
        self.asked = []

    def watch(self, kind, shape, resource_version, *, namespace=None, seconds, silence):
        self.asked.append((resource_version, seconds, silence))
        inner = super().watch(
            kind, shape, resource_version, namespace=namespace, seconds=seconds, silence=silence
        )
        return _Draining(self, inner, kind)


class _Draining:
    def __init__(self, cluster, inner, kind):
        self._cluster, self._inner, self._kind = cluster, inner, kind

    def close(self):
        self._inner.close()

    def __iter__(self):
        yield from self._what_is_there()
        end = self._cluster.ends.pop(0) if self._cluster.ends else 60.0
        if isinstance(end, Exception):
            raise end
        self._cluster.clock.pass_(end)

    def _what_is_there(self):
        self._cluster.bookmark(self._kind)
        events = []
        for event in self._inner:
            events.append(event)
            if event.type == "BOOKMARK":
                break
        return self._cluster.between(events)


def reflecting(cluster, kind=kinds.SERVICE, namespace=None, pace=None):
    """A reflector of a scripted cluster, in its time, and what it emits."""
    told = Told()
    pace = pace or Pace(clock=cluster.clock, uniform=greatest)
    return Reflector(cluster, kind, namespace, pace=pace, emit=told), told


def names(reflector):
    return [_name(item) for item in reflector.store.read()]


def broken():
    return Unavailable("The connection to its API server broke.")
