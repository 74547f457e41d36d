"""The Lease by which consoles on a cluster agree on one that drives rollouts, whatever database each has.

Written conditionally, by the version that was read. Whether another's has expired is told by how long it was
not seen to change, on this process's own clock, as client-go tells it: the times in a Lease are for people.
"""

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from cluster.errors import AlreadyExists, ClusterError, Conflict, NotFound
from cluster.kinds import LEASE
from cluster.port import Cluster
from cluster.refs import Manifest, Ref

NAME: Final = "meshui-rollouts"
SECONDS: Final = 15
"""How long a Lease is held without being renewed; client-go's default."""
EVERY: Final = 2.0
"""Seconds between two attempts; client-go's default."""
_LONGEST: Final = 3600
log = logging.getLogger(__name__)
Start = Callable[[Callable[[], None]], None]


def in_thread(job: Callable[[], None]) -> None:
    """Does a job beside: a cluster that does not answer holds nobody up."""
    threading.Thread(target=job, name="rollouts-lease", daemon=True).start()


class Lease:
    """One console's part in the Lease of a namespace. `tend` and `leave` return at once.

    `cluster` gives the one that it stands in, with the console's own rights.
    """

    def __init__(
        self,
        cluster: Callable[[], Cluster],
        namespace: str,
        holder: str,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        start: Start = in_thread,
        is_gone: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self.ref = Ref(LEASE, namespace, NAME)
        self._cluster, self._holder = cluster, holder
        self._monotonic, self._wall, self._start, self._is_gone = monotonic, wall, start, is_gone
        self._busy = threading.Lock()
        self._asked = self._renewed = float("-inf")
        self._mine: Manifest | None = None
        self._seen: tuple[object, ...] = ()
        self._seen_at = 0.0
        self._other = self._problem = ""

    @property
    def held(self) -> bool:
        """Whether it was renewed within its duration, by this process's clock."""
        return self._mine is not None and self._monotonic() - self._renewed < SECONDS

    @property
    def others(self) -> bool:
        """Whether somebody else was seen to hold it: then nothing at all may be done."""
        return bool(self._other)

    @property
    def problem(self) -> str:
        """Why it is not held, in words."""
        if self._other:
            return f"Another console, {self._other}, holds the {self.ref}."
        return "" if self.held else self._problem or f"The {self.ref} was not acquired yet."

    def tend(self) -> None:
        """Acquires or renews it, if that is due and not under way."""
        if self._monotonic() - self._asked >= EVERY and self._busy.acquire(blocking=False):
            self._asked = self._monotonic()
            self._start(self._tended)

    def leave(self, wait: float = 0.0) -> None:
        """Lets another one have it at once, if it is held. `wait`: seconds to see to it that it is done."""
        if self._mine is None or not self._busy.acquire(timeout=wait):
            return
        left = threading.Event()

        def leaving() -> None:
            self._left()
            left.set()

        self._start(leaving)
        left.wait(wait)

    def _tended(self) -> None:
        try:
            self._attempt()
            self._problem = ""
        except ClusterError as error:
            if self._problem != error.message:
                log.warning("the %s cannot be renewed: %s", self.ref, error)
            self._problem = f"The {self.ref} cannot be renewed: {error.message}"
        except Exception:
            # The edge of a thread.
            log.exception("the %s cannot be renewed", self.ref)
        finally:
            self._busy.release()

    def _attempt(self) -> None:
        began = self._monotonic()
        if self._mine is not None:
            try:
                self._write(self._mine, began)
            except (Conflict, NotFound):
                self._mine = None
            else:
                return
        try:
            self._take(self._cluster().get(self.ref), began)
        except NotFound:
            self._create(began)

    def _take(self, found: Manifest, began: float) -> None:
        spec = found.get("spec") or {}
        holder, seconds = spec.get("holderIdentity") or "", spec.get("leaseDurationSeconds") or SECONDS
        seen = (holder, spec.get("renewTime"), found["metadata"]["resourceVersion"])
        if seen != self._seen:
            self._seen, self._seen_at = seen, began
        silent = began - self._seen_at >= min(seconds, _LONGEST)
        if holder in ("", self._holder) or silent or self._is_gone(holder):
            self._write(found, began)
        else:
            self._other = holder

    def _create(self, began: float) -> None:
        metadata = {"name": self.ref.name, "namespace": self.ref.namespace}
        manifest = {"apiVersion": LEASE.api_version, "kind": LEASE.kind, "metadata": metadata}
        try:
            self._got(self._cluster().create({**manifest, "spec": self._spec({})}), began)
        except AlreadyExists:
            log.info("the %s was made by somebody else at this moment", self.ref)

    def _write(self, found: Manifest, began: float) -> None:
        self._got(self._cluster().replace({**found, "spec": self._spec(found.get("spec") or {})}), began)

    def _got(self, written: Manifest, began: float) -> None:
        self._mine, self._renewed, self._other = written, began, ""

    def _spec(self, before: dict[str, Any]) -> dict[str, Any]:
        now = _micro_time(self._wall())
        ours = before.get("holderIdentity") == self._holder
        transitions = before.get("leaseTransitions") or 0
        return {
            **before,
            "holderIdentity": self._holder,
            "leaseDurationSeconds": SECONDS,
            "acquireTime": before.get("acquireTime") if ours else now,
            "renewTime": now,
            "leaseTransitions": transitions if ours or not before else transitions + 1,
        }

    def _left(self) -> None:
        mine, self._mine = self._mine, None
        try:
            if mine is not None:
                self._cluster().replace({**mine, "spec": {**mine["spec"], "holderIdentity": ""}})
        except ClusterError as error:
            log.info("the %s could not be left, and will expire: %s", self.ref, error)
        finally:
            self._busy.release()


def _micro_time(wall: float) -> str:
    """Kubernetes' MicroTime. Source: apimachinery, meta/v1/micro_time.go."""
    return datetime.fromtimestamp(wall, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
