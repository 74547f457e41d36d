"""A small mesh of real Envoys for tests: the store, the control plane, and backends that say who they are."""

import asyncio
import json
import re
import socket
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from localmesh import processes
from localmesh.apiserver import kinds
from localmesh.apiserver.store import Store
from localmesh.controlplane import ControlPlane
from localmesh.xds.model import inner_address
from localmesh.xds.sources import config_source
from tests.localmesh.xds import objects

_RESOURCES = {
    "VirtualService": kinds.VIRTUAL_SERVICES,
    "DestinationRule": kinds.DESTINATION_RULES,
    "Gateway": kinds.GATEWAYS,
    "ServiceEntry": kinds.SERVICE_ENTRIES,
    "Sidecar": kinds.SIDECARS,
    "Service": kinds.SERVICES,
    "Pod": kinds.PODS,
    "EndpointSlice": kinds.ENDPOINT_SLICES,
}
_GATEWAY_API = {
    "HTTPRoute": kinds.HTTP_ROUTES,
    "GRPCRoute": kinds.GRPC_ROUTES,
    "Gateway": kinds.K8S_GATEWAYS,
    "ReferenceGrant": kinds.REFERENCE_GRANTS,
}
_RULES = (
    kinds.VIRTUAL_SERVICES,
    kinds.DESTINATION_RULES,
    kinds.GATEWAYS,
    kinds.SERVICE_ENTRIES,
    kinds.SIDECARS,
    *_GATEWAY_API.values(),
)
#: How long a proxy may take to accept a change before the test fails.
_PATIENCE = 10.0


async def eventually(holds: Callable[[], Awaitable[Any]], seconds: float = 5.0) -> Any:
    """Wait until something holds, and return it."""
    for _ in range(round(seconds / 0.01)):
        if found := await holds():
            return found
        await asyncio.sleep(0.01)
    raise AssertionError(f"it does not hold after {seconds} s")


def resource_of(obj: dict[str, Any]) -> kinds.Resource:
    found = _GATEWAY_API if obj.get("apiVersion", "").startswith("gateway") else _RESOURCES
    return found[obj["kind"]]


class Backend:
    """An application: answers who it is, and remembers what it was asked."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.requests: list[web.BaseRequest] = []
        self.statuses: list[int] = []
        self.delay = 0.0
        self._runner: web.ServerRunner | None = None

    async def start(self, address: str, port: int = 9080) -> None:
        self._runner = web.ServerRunner(web.Server(self._answer, access_log=None))
        await self._runner.setup()
        await web.TCPSite(self._runner, address, port).start()

    @property
    def addresses(self) -> list[tuple[str, int]]:
        return [(each[0], each[1]) for each in (self._runner.addresses if self._runner else [])]

    async def stop(self) -> None:
        if self._runner:
            await self._runner.shutdown()
            await self._runner.cleanup()

    async def _answer(self, request: web.BaseRequest) -> web.Response:
        self.requests.append(request)
        if self.delay:
            await asyncio.sleep(self.delay)
        status = self.statuses.pop(0) if self.statuses else 200
        return web.json_response(
            {"who": self.name, "path": request.path, "host": request.host}, status=status
        )


class Answer:
    """What came back."""

    def __init__(self, status: int, headers: Any, body: bytes, seconds: float) -> None:
        self.status, self.headers, self.body, self.seconds = status, headers, body, seconds

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.body)

    @property
    def who(self) -> str:
        return self.json["who"]


class Bed:
    """productpage (real sidecar) calls reviews v1 to v3 (bare backends) and ratings (real sidecar); a real
    gateway.
    """

    def __init__(self, directory: Path, envoy: Path) -> None:
        self.directory, self._envoy = directory, envoy
        self.store = Store(None)
        self.plane = ControlPlane(self.store)
        self.number = 0
        self.backends: dict[str, Backend] = {}
        self._processes: list[processes.Child] = []
        self._session: aiohttp.ClientSession | None = None

    @property
    def session(self) -> aiohttp.ClientSession:
        assert self._session
        return self._session

    def ip(self, host: str) -> str:
        return f"127.{self.number}.1.{host}"

    @property
    def pods(self) -> dict[str, str]:
        names = ("productpage-v1", "reviews-v1", "reviews-v2", "reviews-v3", "ratings-v1")
        return {name: self.ip(str(index)) for index, name in enumerate(names, 1)} | {"gateway": self.ip("9")}

    async def start(self) -> None:
        self.number = await self._start_plane()
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        for obj in self._objects():
            self.store.create(_RESOURCES[obj["kind"]], obj)
        for name, ip in self.pods.items():
            if name not in ("productpage-v1", "gateway"):
                self.backends[name] = Backend(name)
                # reviews stands on the pod's own address, in a sidecar's place; ratings has a real one in
                # front.
                await self.backends[name].start(inner_address(ip) if name == "ratings-v1" else ip)
        self.settle()
        for proxy in ("productpage-v1", "ratings-v1", "gateway"):
            self._start_envoy(proxy)
        await self.configured(at_least=3)

    async def stop(self) -> None:
        await asyncio.gather(*(process.stop() for process in self._processes))
        if self._session:
            await self._session.close()
        for backend in self.backends.values():
            await backend.stop()
        await self.plane.stop()
        self.store.close()

    async def apply(self, *rules: dict[str, Any]) -> None:
        """These rules and no others, in force."""
        wanted = {(resource_of(each), each["metadata"]["name"]) for each in rules}
        for resource in _RULES:
            for obj in self.store.list(resource):
                if (resource, obj["metadata"]["name"]) not in wanted:
                    self.store.delete(resource, obj["metadata"]["namespace"], obj["metadata"]["name"])
        for rule in rules:
            resource, meta = resource_of(rule), rule["metadata"]
            if self.store.get(resource, meta["namespace"], meta["name"]) is None:
                self.store.create(resource, rule)
            else:
                self.store.update(resource, rule)
        self.settle()
        await self.configured(at_least=3)
        for backend in self.backends.values():
            backend.requests.clear()
            backend.statuses.clear()
            backend.delay = 0.0

    def settle(self) -> None:
        """Configure now instead of in 30 ms."""
        self.plane.rebuild()

    async def configured(self, at_least: int = 1) -> None:
        """Wait until every proxy has accepted what it is to have."""
        give_up = time.monotonic() + _PATIENCE
        while not _all_accepted(states := self.plane.proxies(), at_least):
            errors = [
                each
                for state in states
                for each in state["subscriptions"]
                if each["error"] and each["offered"] == each["current"]
            ]
            assert not errors, errors
            assert time.monotonic() < give_up, json.dumps(states, indent=1)
            await asyncio.sleep(0.01)

    async def call(self, path="/", *, host="reviews:9080", method="GET", headers=None, data=None) -> Answer:
        """A request of productpage's application, through its own sidecar."""
        url = f"http://{inner_address(self.pods['productpage-v1'])}:15001"
        return await self._request(url, path, {"Host": host, **(headers or {})}, method, data)

    async def enter(self, path="/", *, host="bookinfo.example.com", port=8080) -> Answer:
        """A request from outside, to the gateway."""
        return await self._request(f"http://{self.pods['gateway']}:{port}", path, {"Host": host}, "GET", None)

    async def direct(self, name: str, path="/") -> Answer:
        """A request of somebody without a proxy, straight to a pod."""
        return await self._request(f"http://{self.pods[name]}:9080", path, {}, "GET", None)

    async def callers(self, count: int, **how: Any) -> dict[str, int]:
        """How many of so many requests each backend answered."""
        found: dict[str, int] = {}
        for _ in range(count):
            who = (await self.call(**how)).who
            found[who] = found.get(who, 0) + 1
        return found

    async def metrics(self, proxy: str, name="istio_requests_total") -> list[tuple[dict[str, str], float]]:
        """The samples of one metric, labels and value."""
        url = f"http://{inner_address(self.pods[proxy])}:15000/stats/prometheus"
        async with self.session.get(url) as response:
            text = await response.text()
        lines = re.findall(rf"^envoy_{name}\{{(.*)\}} (\S+)$", text, re.MULTILINE)
        return [(dict(re.findall(r'(\w+)="([^"]*)"', labels)), float(value)) for labels, value in lines]

    async def _request(self, url: str, path: str, headers: dict[str, str], method: str, data: Any) -> Answer:
        began = time.monotonic()
        async with self.session.request(
            method, f"{url}{path}", headers=headers, data=data, allow_redirects=False
        ) as response:
            body = await response.read()
            return Answer(response.status, response.headers, body, time.monotonic() - began)

    async def _start_plane(self) -> int:
        for number in range(239, 2, -1):
            with suppress(OSError), socket.socket() as probe:
                # The whole network is free when nobody listens on its API server's address either.
                probe.bind((f"127.{number}.0.1", 6443))
                await self.plane.start(f"127.{number}.0.2", 15010)
                return number
        raise AssertionError("no network 127.N is free")

    def _objects(self) -> list[dict[str, Any]]:
        made = [
            objects.pod(name, ip, app=name.partition("-")[0], version=name.partition("-")[2])
            for name, ip in self.pods.items()
            if name != "gateway"
        ]
        made += [objects.service(name) for name in ("productpage", "reviews", "ratings")]
        made += [objects.gateway_pod(self.pods["gateway"])]
        ports = [{"port": 80, "name": "http2", "targetPort": 8080}]
        made += [
            objects.service(
                "istio-ingressgateway", *ports, namespace="istio-system", selector={"istio": "ingressgateway"}
            )
        ]
        reviews = [ip for name, ip in self.pods.items() if name.startswith("reviews")]
        made += [objects.endpoint_slice("reviews", *reviews)]
        made += [objects.endpoint_slice("ratings", self.pods["ratings-v1"])]
        return made

    def _start_envoy(self, name: str) -> None:
        ip = self.pods[name]
        pod = next(each for each in self.store.list(kinds.PODS) if each["status"]["podIP"] == ip)
        meta = pod["metadata"]
        kind = "router" if name == "gateway" else "sidecar"
        node = f"{kind}~{ip}~{meta['name']}.{meta['namespace']}~{meta['namespace']}.svc.cluster.local"
        boot = self.directory / f"{name}.json"
        boot.write_text(json.dumps(bootstrap(node, inner_address(ip), f"127.{self.number}.0.2")))
        command = [
            str(self._envoy),
            "-c",
            str(boot),
            "-l",
            "warning",
            "--concurrency",
            "1",
            "--disable-hot-restart",
        ]
        self._processes.append(processes.start(command, log=self.directory / f"{name}.log"))


def bootstrap(node: str, admin: str, control_plane: str) -> dict[str, Any]:
    def address(host: str, port: int) -> dict[str, Any]:
        return {"address": {"socket_address": {"address": host, "port_value": port}}}

    xds = {
        "name": "xds",
        "type": "STATIC",
        "connect_timeout": "1s",
        "load_assignment": {
            "cluster_name": "xds",
            "endpoints": [{"lb_endpoints": [{"endpoint": address(control_plane, 15010)}]}],
        },
    }
    return {
        "node": {"id": node, "cluster": "test"},
        "stats_flush_interval": "1s",
        "admin": address(admin, 15000),
        "dynamic_resources": {"lds_config": config_source(), "cds_config": config_source()},
        "static_resources": {"clusters": [xds]},
    }


def _all_accepted(states: list[dict[str, Any]], at_least: int) -> bool:
    dialogues = [state for state in states if state["subscriptions"]]
    return len(dialogues) >= at_least and all(
        not state["waiting_for_clusters"]
        and {"clusters", "listeners"} <= {each["kind"] for each in state["subscriptions"]}
        and all(each["accepted"] == each["current"] for each in state["subscriptions"] if each["current"])
        for state in dialogues
    )
