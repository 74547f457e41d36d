"""The node: admits pods, runs each of them, and lets them go when their processes have ended.

Scheduler, admission and kubelet in one, because there is one node. A finalizer on every admitted pod keeps
its object until its processes are gone, whoever deletes it and however.
"""

import asyncio
import logging
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from localmesh.apiserver import kinds
from localmesh.apiserver.store import Store
from localmesh.network import Network, PodAddresses
from localmesh.workloads import injection
from localmesh.workloads.events import Recorder
from localmesh.workloads.objects import Object, name, namespace, spec, terminating, timestamp, uid
from localmesh.workloads.pods import Host, PodRunner
from localmesh.workloads.probes import Prober
from localmesh.workloads.settings import TuningSource

NODE_NAME = "localmesh"
FINALIZER = "localmesh/processes"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class NodeSettings:
    """How a node treats its pods.

    Seconds of drain and of patience at the end, how many start at a time, and seconds between two looks at
    a pod that is well.
    """

    drain_seconds: float = 1.5
    stop_seconds: float = 3.0
    parallel_starts: int = 4
    probe_seconds: float = 2.0


class Node:
    """Turns the pods in the store into processes; `reconcile` is one synchronous pass."""

    def __init__(
        self,
        store: Store,
        network: Network,
        state: Path,
        clock: Callable[[], datetime],
        settings: NodeSettings | None = None,
    ) -> None:
        chosen = settings or NodeSettings()
        self._store = store
        self._events = Recorder(store, "kubelet", clock)
        self._scheduler = Recorder(store, "default-scheduler", clock)
        self._addresses = PodAddresses(network)
        self._prober = Prober()
        self._runners: dict[str, PodRunner] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._tunings = TuningSource(store, self._events)
        self._stopping = False
        self._clock = clock
        self._host = Host(
            store=store,
            network=network,
            state=state,
            clock=clock,
            prober=self._prober,
            events=self._events,
            slots=asyncio.Semaphore(chosen.parallel_starts),
            drain_seconds=chosen.drain_seconds,
            stop_seconds=chosen.stop_seconds,
            probe_seconds=chosen.probe_seconds,
        )

    def register(self) -> None:
        """Write the Node object, and forget the pods of an earlier run: their processes are gone."""
        for pod in self._store.list(kinds.PODS):
            _let_go(self._store, pod)
            if self._store.get(kinds.PODS, namespace(pod), name(pod)) is not None:
                self._store.delete(kinds.PODS, namespace(pod), name(pod))
        shutil.rmtree(self._host.state / "pods", ignore_errors=True)
        wanted = node_object(self._host.network, timestamp(self._clock()))
        if self._store.get(kinds.NODES, None, NODE_NAME) is None:
            self._store.create(kinds.NODES, wanted)
        self._store.update_status(kinds.NODES, wanted)

    def reconcile(self) -> None:
        """Admit new pods, end deleted ones, hand over changed tunings."""
        pods = {uid(pod): pod for pod in self._store.list(kinds.PODS)}
        for key, pod in pods.items():
            if key not in self._runners and not terminating(pod):
                self._admit(pod)
        for key, runner in self._runners.items():
            current = pods.get(key)
            if current is None or terminating(current):
                runner.delete()
            else:
                runner.tune(self._tunings.of(current))

    def runner(self, pod_namespace: str, pod_name: str) -> PodRunner | None:
        """The pod of this name that runs here, if any."""
        for runner in self._runners.values():
            if (namespace(runner.pod), name(runner.pod)) == (pod_namespace, pod_name):
                return runner
        return None

    def trim_logs(self) -> None:
        """Cap the logs of all pods."""
        for runner in self._runners.values():
            runner.trim_logs()

    def pids(self) -> Mapping[str, int]:
        """The process of each running container, by `namespace/pod/container`."""
        return {
            f"{namespace(runner.pod)}/{name(runner.pod)}/{container.name}": container.child.pid
            for runner in self._runners.values()
            for container in runner.containers
            if container.child is not None
        }

    async def stop(self) -> None:
        """End all processes at once; the objects stay, for the next run to find and replace."""
        self._stopping = True
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        await self._prober.close()

    def _admit(self, pod: Object) -> None:
        where = self._store.get(kinds.NAMESPACES, None, namespace(pod))
        admitted = injection.inject(pod) if injection.wanted(pod, where) else pod
        admitted["metadata"]["finalizers"] = [*(pod["metadata"].get("finalizers") or []), FINALIZER]
        admitted["spec"] = {
            "restartPolicy": "Always",
            "serviceAccountName": "default",
            **spec(admitted),
            "nodeName": NODE_NAME,
        }
        admitted = self._store.update(kinds.PODS, admitted)
        told = f"Successfully assigned {namespace(pod)}/{name(pod)} to {NODE_NAME}"
        self._scheduler.normal(admitted, "Scheduled", told)
        runner = PodRunner(admitted, self._addresses.take(), self._host, self._tunings.of(admitted))
        self._runners[runner.uid] = runner
        self._tasks[runner.uid] = asyncio.create_task(self._run(runner))

    async def _run(self, runner: PodRunner) -> None:
        try:
            await runner.run()
        finally:
            self._addresses.give_back(runner.ip)
            del self._runners[runner.uid], self._tasks[runner.uid]
            if not self._stopping:
                self._forget(runner)

    def _forget(self, runner: PodRunner) -> None:
        pod = self._store.get(kinds.PODS, namespace(runner.pod), name(runner.pod))
        if pod is not None and uid(pod) == runner.uid:
            self._events.normal(pod, "Killing", "Stopped all containers")
            _let_go(self._store, pod)


def _let_go(store: Store, pod: Object) -> None:
    """Take the finalizer off: a pod under deletion goes with it."""
    kept = [each for each in pod["metadata"].get("finalizers") or () if each != FINALIZER]
    pod["metadata"].pop("finalizers", None)
    if kept:
        pod["metadata"]["finalizers"] = kept
    store.update(kinds.PODS, pod)


def node_object(network: Network, now: str) -> dict[str, Any]:
    """The Node of this machine."""
    condition = {
        "type": "Ready",
        "status": "True",
        "reason": "KubeletReady",
        "message": "localmesh runs pods as processes",
        "lastHeartbeatTime": now,
        "lastTransitionTime": now,
    }
    capacity = {"pods": "250"}
    return {
        "metadata": {
            "name": NODE_NAME,
            "labels": {"kubernetes.io/hostname": NODE_NAME, "kubernetes.io/os": "linux"},
        },
        "spec": {},
        "status": {
            "conditions": [condition],
            "addresses": [
                {"type": "InternalIP", "address": network.node},
                {"type": "Hostname", "address": NODE_NAME},
            ],
            "capacity": capacity,
            "allocatable": capacity,
            "nodeInfo": {
                "architecture": "",
                "bootID": "",
                "containerRuntimeVersion": "process://localmesh",
                "kernelVersion": "",
                "kubeProxyVersion": "",
                "kubeletVersion": "v1.32.0-localmesh",
                "machineID": "",
                "operatingSystem": "linux",
                "osImage": "localmesh",
                "systemUUID": "",
            },
        },
    }
