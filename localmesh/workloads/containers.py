"""One container of a pod.

A process that is started again, with growing pauses, whenever it ends by itself.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from localmesh.processes import Child
from localmesh.workloads.objects import timestamp

_log = logging.getLogger(__name__)
# Shorter than a cluster's 10 s to 300 s: on one machine nobody wants to wait that long.
_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 30.0
_HEALTHY_SECONDS = 60.0


@dataclass
class Exit:
    """How a process ended."""

    code: int
    started_at: str
    finished_at: str

    def state(self) -> dict[str, Any]:
        """As `state.terminated` of a containerStatus."""
        # A signal is told as 128 + its number, as a container runtime does.
        code = self.code if self.code >= 0 else 128 - self.code
        return {
            "exitCode": code,
            "reason": "Error" if code else "Completed",
            "startedAt": self.started_at,
            "finishedAt": self.finished_at,
        }


class Container:
    """Keeps one process running; `changed` is called whenever its state did."""

    def __init__(
        self,
        name: str,
        image: str,
        start: Callable[[], Child],
        changed: Callable[[], None],
        clock: Callable[[], datetime],
    ) -> None:
        self.name = name
        self.image = image
        self.restarts = 0
        self.ready = False
        self.child: Child | None = None
        self._start = start
        self._changed = changed
        self._clock = clock
        self._started_at = ""
        self._last: Exit | None = None
        self._waiting = "ContainerCreating"
        self._message = ""

    async def run(self) -> None:
        """Start, watch and start again, until cancelled."""
        loop = asyncio.get_running_loop()
        pause = _FIRST_PAUSE_SECONDS
        while True:
            begun = loop.time()
            await self._once()
            pause = _FIRST_PAUSE_SECONDS if loop.time() - begun > _HEALTHY_SECONDS else pause
            self._waiting = "CrashLoopBackOff"
            self._message = f"back-off {pause:g}s restarting failed container {self.name}"
            self._changed()
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
            self.restarts += 1

    async def _once(self) -> None:
        try:
            self.child = self._start()
        except OSError as error:
            _log.warning("container %s does not start: %s", self.name, error)
            now = timestamp(self._clock())
            self._last = Exit(127, now, now)
            return
        self._started_at = timestamp(self._clock())
        self._waiting = self._message = ""
        self._changed()
        code = await self.child.wait()
        self.child, self.ready = None, False
        self._last = Exit(code, self._started_at, timestamp(self._clock()))

    async def stop(self, patience_seconds: float) -> None:
        """End the process if it runs."""
        child = self.child
        if child is not None:
            with contextlib.suppress(ProcessLookupError):
                await child.stop(patience_seconds)

    @property
    def running(self) -> bool:
        """Whether its process runs now."""
        return self.child is not None

    def status(self) -> dict[str, Any]:
        """The container's entry in `status.containerStatuses`."""
        if self.running:
            state: dict[str, Any] = {"running": {"startedAt": self._started_at}}
        else:
            state = {"waiting": _told(self._waiting or "ContainerCreating", self._message)}
        return {
            "name": self.name,
            "image": self.image,
            "imageID": f"localmesh://{self.image}",
            "containerID": f"process://{self.child.pid}" if self.child else "",
            "ready": self.running and self.ready,
            "started": self.running,
            "restartCount": self.restarts,
            "state": state,
            "lastState": {"terminated": self._last.state()} if self._last else {},
        }


def not_started(name: str, image: str, reason: str, message: str) -> dict[str, Any]:
    """The containerStatus of a container that has no process, and why."""
    return {
        "name": name,
        "image": image,
        "imageID": "",
        "ready": False,
        "started": False,
        "restartCount": 0,
        "state": {"waiting": _told(reason, message)},
        "lastState": {},
    }


def _told(reason: str, message: str) -> dict[str, str]:
    return {"reason": reason, "message": message} if message else {"reason": reason}
