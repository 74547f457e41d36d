"""Brings one localmesh up and down: its parts in their order, the command that runs beside it, and the end.

Wires the API server, the control plane and the node to one store, and makes sure that whatever happens, no
process and no lock is left behind. Must not know what a route is.
"""

import asyncio
import logging
import os
import random
import signal
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from localmesh import manifests, network, processes, seeding
from localmesh.apiserver import kinds, kubeconfig
from localmesh.apiserver.server import ApiServer
from localmesh.apiserver.store import Store
from localmesh.controlplane import ControlPlane
from localmesh.network import Claim, Network
from localmesh.processes import Child
from localmesh.state import State
from localmesh.workloads import events
from localmesh.workloads.deployments import Deployments
from localmesh.workloads.endpoints import Endpoints
from localmesh.workloads.logs import Logs
from localmesh.workloads.manager import Manager
from localmesh.workloads.node import Node
from localmesh.workloads.objects import is_true
from localmesh.workloads.replicasets import ReplicaSets
from localmesh.workloads.service_proxy import ServiceProxy
from localmesh.workloads.settings import ready_endpoints

_log = logging.getLogger(__name__)
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_HOUSEKEEPING_SECONDS = 30.0
# At 1,000 requests a second a busy proxy's access log grows by 2 MB a second.
_TRIM_SECONDS = 5.0
_LOOK_SECONDS = 0.1
_COMMAND_PATIENCE_SECONDS = 8.0
# What the demo's own manifests listen on; of other ports the pod that cannot have them tells.
_APPLICATION_PORTS = (8080, 9080)


@dataclass(frozen=True)
class Options:
    """What to run: the state folder, the traffic's rate in requests a second, the command beside the mesh."""

    state: Path
    rate: float | None = None
    command: tuple[str, ...] = ()


class Progress:
    """Says what comes up, with the seconds since the start."""

    def __init__(self, say: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._say = say
        self._clock = clock
        self._began = clock()

    def tell(self, line: str) -> None:
        """Say one line."""
        self._say(f"localmesh {self._clock() - self._began:5.1f} s  {line}")


@dataclass(frozen=True)
class Mesh:
    """A running mesh; `controllers` ends only when it is cancelled, or by a fault of our own."""

    network: Network
    store: Store
    node: Node
    controllers: asyncio.Task[None]


async def run(options: Options, say: Callable[[str], None]) -> int:
    """Run until the command ends (its exit code) or a signal comes (0).

    Raises NetworkUnavailableError, StateInUseError, SeedingError, OSError.
    """
    progress = Progress(say)
    stop = _on_signals(progress)
    state = State(options.state)
    with state.held():
        async with running(state, options.rate, progress) as mesh, beside(options.command, state) as command:
            looking = asyncio.create_task(_tell_when_ready(mesh, progress))
            try:
                return await _until_the_end(stop, mesh, command)
            finally:
                looking.cancel()
                progress.tell("stopping")


@asynccontextmanager
async def running(state: State, rate: float | None, progress: Progress) -> AsyncIterator[Mesh]:
    """Bring a mesh up on a state folder, and down again.

    Raises NetworkUnavailableError, SeedingError, OSError.
    """
    memory = state.recall()
    claim = network.claim(memory.network, random.Random())
    async with AsyncExitStack() as stack:
        stack.callback(claim.listener.close)
        network.check_ports(claim.network, _APPLICATION_PORTS)
        state.remember(replace(memory, network=claim.network.number))
        store = Store(state.database)
        stack.callback(store.close)
        node = Node(store, claim.network, state.folder, _now)
        stack.push_async_callback(node.stop)
        url = await _serve_api(stack, store, node, claim, state)
        progress.tell(f"API server    {url}   KUBECONFIG={state.kubeconfig}")
        await _prepare(store, node, url, state, rate)
        plane = ControlPlane(store)
        await plane.start(claim.network.control_plane, network.XDS_PORT)
        stack.push_async_callback(plane.stop)
        progress.tell(f"control plane {claim.network.control_plane}:{network.XDS_PORT}")
        services = ServiceProxy(store)
        stack.push_async_callback(services.stop)
        await services.start(claim.network.node)
        controllers = asyncio.create_task(_control(store, node))
        stack.push_async_callback(_cancelled, controllers)
        yield Mesh(claim.network, store, node, controllers)


@asynccontextmanager
async def beside(command: Sequence[str], state: State) -> AsyncIterator[Child | None]:
    """Run a command with KUBECONFIG set, and end it on leaving. Raises OSError when it cannot be started."""
    if not command:
        yield None
        return
    child = processes.start(command, env={**os.environ, "KUBECONFIG": str(state.kubeconfig.resolve())})
    try:
        yield child
    finally:
        await child.stop(_COMMAND_PATIENCE_SECONDS)


async def _until_the_end(stop: asyncio.Event, mesh: Mesh, command: Child | None) -> int:
    stopping = asyncio.create_task(stop.wait())
    ending = asyncio.create_task(command.wait()) if command else None
    waiting: set[asyncio.Task[Any]] = {each for each in (stopping, mesh.controllers, ending) if each}
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in (stopping, ending):
            if each is not None:
                each.cancel()
    if mesh.controllers.done():
        mesh.controllers.result()
    return command.exit_code or 0 if command and not stop.is_set() else 0


async def _serve_api(stack: AsyncExitStack, store: Store, node: Node, claim: Claim, state: State) -> str:
    """Serve the API on the claimed socket, write the kubeconfigs, and tell the server's URL."""
    token = state.token()
    server = ApiServer(store, token, Logs(node, _now))
    stack.push_async_callback(server.stop)
    host, port = claim.network.api_server, network.API_SERVER_PORT
    url = await server.start(host, port, listener=claim.listener)
    kubeconfig.write(state.kubeconfig, url, token)
    kubeconfig.write(state.client_kubeconfig, url, token, for_kubectl=False)
    return url


async def _prepare(store: Store, node: Node, url: str, state: State, rate: float | None) -> None:
    """At the first start put the demo's manifests in; later only turn the rate, when one is given."""
    node.register()
    memory = state.recall()
    if memory.seeded:
        if rate is not None:
            seeding.set_rate(store, rate)
        return
    await seeding.seed(url, state.token(), manifests.documents(rate))
    state.remember(replace(memory, seeded=True))


async def _control(store: Store, node: Node) -> None:
    manager = Manager(
        store,
        {
            "deployments": Deployments(store, _now).reconcile,
            "replicasets": ReplicaSets(store, _now, random.Random()).reconcile,
            "endpoints": Endpoints(store).reconcile,
            "node": node.reconcile,
        },
    )
    async with asyncio.TaskGroup() as group:
        group.create_task(manager.run())
        group.create_task(_every(_TRIM_SECONDS, node.trim_logs))
        group.create_task(_every(_HOUSEKEEPING_SECONDS, lambda: events.forget_old(store, _now())))


async def _every(seconds: float, work: Callable[[], object]) -> None:
    while True:
        await asyncio.sleep(seconds)
        try:
            work()
        except Exception:  # noqa: BLE001  the loop's edge: the next round tries again
            _log.exception("housekeeping")


async def _tell_when_ready(mesh: Mesh, progress: Progress) -> None:
    """Say once that all pods are ready, and where to look at the product page."""
    while True:
        pods = mesh.store.list(kinds.PODS)
        gateway = mesh.store.get(kinds.SERVICES, "istio-system", "istio-ingressgateway")
        doors = ready_endpoints(mesh.store, gateway, 80) if gateway else []
        if pods and doors and all(is_true(pod, "Ready") for pod in pods):
            ip, port = doors[0]
            progress.tell(f"{len(pods)} pods ready   http://{ip}:{port}/productpage")
            return
        await asyncio.sleep(_LOOK_SECONDS)


def _on_signals(progress: Progress) -> asyncio.Event:
    """An event that is set by the first signal; a second one ends everything at once."""
    stop = asyncio.Event()

    def ask() -> None:
        if stop.is_set():
            progress.tell("ending at once")
            # The kernel kills the children with us, see processes.
            os._exit(130)
        stop.set()

    for number in _SIGNALS:
        # Started with nohup, the mesh outlives its terminal.
        if number == signal.SIGHUP and signal.getsignal(number) is signal.SIG_IGN:
            continue
        asyncio.get_running_loop().add_signal_handler(number, ask)
    return stop


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _now() -> datetime:
    return datetime.now(UTC)
