"""One pod on this node: its containers, its readiness, its end."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from localmesh.apiserver import kinds
from localmesh.apiserver.store import Store
from localmesh.network import Network
from localmesh.processes import Child
from localmesh.workloads import commands, images, pod_status
from localmesh.workloads.containers import Container, not_started
from localmesh.workloads.events import Recorder
from localmesh.workloads.objects import Object, name, namespace, spec, timestamp, uid
from localmesh.workloads.probes import Prober

_log = logging.getLogger(__name__)
_STARTING_PROBE_SECONDS = 0.1
_FAILURES = 3
_START_SLOT_SECONDS = 10.0
_PULL_ERROR_SECONDS = 2.0


@dataclass(frozen=True)
class Host:
    """What a node gives to each of its pods."""

    store: Store
    network: Network
    state: Path
    clock: Callable[[], datetime]
    prober: Prober
    events: Recorder
    slots: asyncio.Semaphore
    drain_seconds: float
    stop_seconds: float
    probe_seconds: float


class PodRunner:
    """Runs one pod from its admission until its last process has ended."""

    def __init__(self, pod: Object, ip: str, host: Host, tuning: Mapping[str, Any]) -> None:
        self.ip = ip
        self.uid = uid(pod)
        self._pod = pod
        self._host = host
        self._files = commands.PodFiles(host.state, pod)
        self._place = commands.Place(pod, ip, host.network, self._files)
        self._tuning: Mapping[str, Any] = tuning
        self._tuned: Mapping[str, Any] | None = None
        self._deleted = asyncio.Event()
        self._nudge = asyncio.Event()
        self._failures: dict[str, int] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._was_ready = False
        self.containers = [self._container(each) for each in spec(pod).get("containers") or ()]

    @property
    def pod(self) -> Object:
        """The pod as it was admitted."""
        return self._pod

    def delete(self) -> None:
        """The pod is being deleted: drain and end."""
        self._deleted.set()

    def tune(self, tuning: Mapping[str, Any]) -> None:
        """Hand a tuning to the application, now or as soon as it listens."""
        if tuning != self._tuning:
            self._tuning = tuning
            self._nudge.set()

    def log(self, container: str) -> Path | None:
        """The log of one of its containers."""
        known = any(each.name == container for each in self.containers)
        return self._files.log(container) if known else None

    def trim_logs(self) -> None:
        """Cap the logs."""
        for container in self.containers:
            if container.child is not None:
                container.child.trim_log()

    async def run(self) -> None:
        """Live until deleted, drain, and end every process; cancelled, end them at once."""
        living = asyncio.create_task(self._live(), name=f"pod {name(self._pod)}")
        try:
            await self._deleted.wait()
            if self._was_ready:
                # By now the endpoint is out of its slices; let the proxies hear of it and finish what is
                # under way.
                await asyncio.sleep(self._host.drain_seconds)
        finally:
            living.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await living
            await self._end()

    async def _end(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(each.stop(self._host.stop_seconds) for each in self.containers))
        self._files.remove()

    async def _live(self) -> None:
        self._files.create()
        problem = self._problem()
        if problem is not None:
            await self._refuse(*problem)
            return
        # The control plane configures a proxy as soon as its pod has an address.
        self._report()
        async with self._host.slots:
            for container in self.containers:
                self._host.events.normal(
                    self._pod, "Pulled", f'Container image "{container.image}" is part of localmesh'
                )
                self._tasks.append(asyncio.create_task(self._keep(container)))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_START_SLOT_SECONDS):
                    while not self._was_ready:
                        await self._pause()
                        await self._probe_all()
        while True:
            await self._pause()
            try:
                await self._probe_all()
            except Exception:  # noqa: BLE001  the loop's edge: one odd answer must not end the pod's supervision
                _log.exception("pod %s", name(self._pod))

    async def _keep(self, container: Container) -> None:
        try:
            await container.run()
        except Exception:  # the loop's edge: a pod must not die silently
            _log.exception("container %s of pod %s", container.name, name(self._pod))
            raise

    def _problem(self) -> tuple[str, str, str] | None:
        """Why the pod cannot run here: the container, the reason and the message."""
        applications = 0
        for container in self.containers:
            implementation = images.find(container.image)
            if implementation is None:
                return container.name, "ErrImagePull", images.unknown_message(container.image)
            applications += not implementation.is_proxy
        if applications > 1:
            message = "localmesh runs one application container in a pod"
            return self.containers[0].name, "CreateContainerError", message
        return None

    async def _refuse(self, container: str, reason: str, message: str) -> None:
        self._host.events.warning(self._pod, "Failed", message)
        self._write_refusal(container, reason, message)
        if reason == "ErrImagePull":
            await asyncio.sleep(_PULL_ERROR_SECONDS)
            self._write_refusal(container, "ImagePullBackOff", f"Back-off pulling image: {message}")

    def _write_refusal(self, container: str, reason: str, message: str) -> None:
        self._write(
            [
                not_started(each.name, each.image, reason, message)
                if each.name == container
                else not_started(each.name, each.image, "ContainerCreating", "")
                for each in self.containers
            ]
        )

    async def _probe_all(self) -> None:
        await asyncio.gather(*(self._probe(each) for each in self.containers))
        await self._hand_over_tuning()
        self._report()

    async def _pause(self) -> None:
        """Until the next probe is due, or something happened."""
        steady = all(each.ready and not self._failures.get(each.name) for each in self.containers)
        pause = self._host.probe_seconds if steady else _STARTING_PROBE_SECONDS
        self._nudge.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await self._nudge.wait()

    async def _probe(self, container: Container) -> None:
        if not container.running:
            container.ready = False
            return
        prober = self._host.prober
        ask = prober.proxy_ready if self._is_proxy(container) else prober.application_ready
        if await ask(self.ip):
            self._failures[container.name] = 0
            container.ready = container.running
            return
        self._failures[container.name] = self._failures.get(container.name, 0) + 1
        if container.ready and self._failures[container.name] >= _FAILURES:
            container.ready = False
            message = f"Readiness probe failed: container {container.name} does not answer"
            self._host.events.warning(self._pod, "Unhealthy", message)

    async def _hand_over_tuning(self) -> None:
        wanted = self._tuning
        application = next((each for each in self.containers if not self._is_proxy(each)), None)
        if application is None or not application.ready or self._tuned == wanted:
            return
        if await self._host.prober.tune(self.ip, wanted):
            self._tuned = wanted

    def _report(self) -> None:
        self._write([each.status() for each in self.containers])

    def _write(self, statuses: list[dict[str, Any]]) -> None:
        pod = self._host.store.get(kinds.PODS, namespace(self._pod), name(self._pod))
        if pod is None or uid(pod) != self.uid:
            return
        pod["status"] = pod_status.status_of(
            pod,
            ip=self.ip,
            host_ip=self._host.network.node,
            containers=statuses,
            now=timestamp(self._host.clock()),
        )
        self._was_ready = self._was_ready or all(each["ready"] for each in statuses)
        self._host.store.update_status(kinds.PODS, pod)

    def _changed(self) -> None:
        self._report()
        self._nudge.set()

    def _is_proxy(self, container: Container) -> bool:
        return images.repository(container.image) == images.PROXY_REPOSITORY

    def _container(self, described: Object) -> Container:
        def start() -> Child:
            self._host.events.normal(self._pod, "Started", f"Started container {described['name']}")
            if images.repository(described["image"]) == images.PROXY_REPOSITORY:
                return commands.start_proxy(self._place, described["name"])
            self._tuned = self._tuning
            return commands.start_application(self._place, described, self._tuning)

        return Container(
            described["name"], described.get("image", ""), start, self._changed, self._host.clock
        )
