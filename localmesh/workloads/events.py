"""Kubernetes Events: what controllers and the node tell people who run `kubectl describe`."""

from collections.abc import Callable
from datetime import datetime

from localmesh.apiserver import kinds
from localmesh.apiserver.store import Store
from localmesh.workloads.objects import Object, digest, name, namespace, seconds_since, timestamp, uid

# As on a cluster: an event is kept for an hour.
_KEPT_SECONDS = 3600.0


class Recorder:
    """Writes Events; one that says the same of the same object again counts up instead."""

    def __init__(self, store: Store, component: str, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._component = component
        self._clock = clock

    def normal(self, about: Object, reason: str, message: str) -> None:
        """Tell what went as planned."""
        self._record(about, "Normal", reason, message)

    def warning(self, about: Object, reason: str, message: str) -> None:
        """Tell what needs a person."""
        self._record(about, "Warning", reason, message)

    def _record(self, about: Object, kind: str, reason: str, message: str) -> None:
        now = timestamp(self._clock())
        # Events of cluster-wide objects live in `default`, as on a cluster.
        where = namespace(about) or "default"
        key = f"{name(about)}.{digest([uid(about), self._component, reason, message], 16)}"
        seen = self._store.get(kinds.EVENTS, where, key)
        if seen is not None:
            seen["count"] = int(seen.get("count", 1)) + 1
            seen["lastTimestamp"] = now
            self._store.update(kinds.EVENTS, seen)
            return
        self._store.create(
            kinds.EVENTS,
            {
                "metadata": {"name": key, "namespace": where},
                "involvedObject": {
                    "apiVersion": about["apiVersion"],
                    "kind": about["kind"],
                    "name": name(about),
                    "namespace": namespace(about),
                    "uid": uid(about),
                },
                "type": kind,
                "reason": reason,
                "message": message,
                "source": {"component": self._component},
                "reportingComponent": self._component,
                "firstTimestamp": now,
                "lastTimestamp": now,
                "count": 1,
            },
        )


def forget_old(store: Store, now: datetime) -> None:
    """Delete the events that were last seen more than an hour ago."""
    for event in store.list(kinds.EVENTS):
        last = event.get("lastTimestamp") or event.get("eventTime") or event["metadata"]["creationTimestamp"]
        if seconds_since(last, now) > _KEPT_SECONDS:
            store.delete(kinds.EVENTS, namespace(event), name(event))
