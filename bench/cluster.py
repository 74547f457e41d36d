"""What following a large cluster costs: the first list, a stream of events, and the web process's memory."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

import msgspec
import urllib3

from bench.apiserver import STAMP
from bench.manifests import PODS_TO_A_SERVICE
from bench.table import Row
from cluster import kinds
from cluster.cache import Cache
from cluster.kinds import Kind
from cluster.kube import KubeCluster
from cluster.objects import shape_of
from cluster.port import PAGE_SIZE
from cluster.store import Change
from localmesh.apiserver import kubeconfig

ROOT: Final = Path(__file__).resolve().parent.parent
PART: Final = "cluster"
FIRST_LIST_SECONDS: Final = 5.0
WEB_MEGABYTES: Final = 600.0
BEHIND_MILLISECONDS: Final = 50.0
OF_BARE_PARSING: Final = 3.0
PATIENCE_SECONDS: Final = 120.0


class Size(msgspec.Struct, frozen=True):
    """How much is measured. `rate` is in events a second, for `seconds`."""

    services: int
    namespaces: int
    rate: int
    seconds: float


LARGE: Final = Size(services=10_000, namespaces=220, rate=1_000, seconds=20.0)
SMALL: Final = Size(services=40, namespaces=4, rate=50, seconds=0.5)


class BenchError(RuntimeError):
    """It could not be measured."""


class Server:
    """The API server's process, and the orders that it takes."""

    def __init__(self, orders: IO[str], answers: IO[str]) -> None:
        self._orders, self._answers = orders, answers
        self.about: dict[str, Any] = self.hear()

    def order(self, what: dict[str, Any]) -> Any:
        """Gives an order and waits for what it answers."""
        self._orders.write(json.dumps(what) + "\n")
        self._orders.flush()
        return self.hear()

    def hear(self) -> Any:
        """Waits for an answer."""
        line = self._answers.readline()
        if not line:
            raise BenchError("The API server's process ended.")
        return json.loads(line)


def measure(small: bool) -> list[Row]:  # noqa: FBT001  (as each part of `bench.__main__.PARTS` is called)
    """Measures everything on one full API server."""
    size = SMALL if small else LARGE
    with _server(size) as server:
        adapter = KubeCluster.at(server.about["url"], server.about["token"], timeout=(3.0, 60.0))
        bare = min(_bare(server.about), _bare(server.about))
        cache = Cache(adapter)
        try:
            rows = [*_first_list(cache, size, bare, server.about), *_events(cache, server, size)]
        finally:
            cache.stop()
        return rows + _web(server)


def _first_list(cache: Cache, size: Size, bare: float, about: dict[str, Any]) -> list[Row]:
    start = time.perf_counter()
    cache.start()
    if not cache.wait_until_settled(PATIENCE_SECONDS):
        raise BenchError(f"The cache was never filled: {cache.status()}")
    took = time.perf_counter() - start
    held = {kind: cache.read(kind) for kind in (kinds.SERVICE, kinds.POD)}
    expected = {kinds.SERVICE: size.services, kinds.POD: size.services * PODS_TO_A_SERVICE}
    if {kind: len(known.items) for kind, known in held.items()} != expected:
        raise BenchError(f"The cache does not hold what the server has: {cache.status()}")
    pods, kilobytes = about["pods"], about["pod_bytes"] / about["pods"] / 1000
    what = f"first list: {size.services:,} services, {pods:,} pods of {kilobytes:.1f} KB, all kinds"
    return [
        Row(PART, what, took, "s", FIRST_LIST_SECONDS),
        Row(PART, "the same bytes of both kinds fetched and bare-parsed", bare, "s"),
        Row(PART, "first list against bare parsing", took / bare, "times", OF_BARE_PARSING),
    ]


def _bare(about: dict[str, Any]) -> float:
    """Seconds to fetch services and pods page by page and to decode them, with nothing in between."""
    with urllib3.PoolManager(headers={"Authorization": f"Bearer {about['token']}"}) as pool:
        start = time.perf_counter()
        for kind in (kinds.SERVICE, kinds.POD):
            _fetch(pool, about["url"], kind)
        return time.perf_counter() - start


class _Metadata(msgspec.Struct, rename={"following": "continue"}):
    following: str = ""


def _fetch(pool: urllib3.PoolManager, url: str, kind: Kind) -> None:
    shape = shape_of(kind)
    page = msgspec.defstruct("page", [("metadata", _Metadata), ("items", list[shape])])  # type: ignore[valid-type]
    decoder = msgspec.json.Decoder(page)
    kept: list[Any] = []
    following = ""
    while True:
        fields = {"limit": str(PAGE_SIZE)} | ({"continue": following} if following else {})
        found: Any = decoder.decode(pool.request("GET", f"{url}/api/v1/{kind.plural}", fields=fields).data)
        kept.append(found.items)
        following = found.metadata.following
        if not following:
            return


def _events(cache: Cache, server: Server, size: Size) -> list[Row]:
    behind: list[int] = []
    came: list[int] = []

    def listener(kind: Kind, changes: tuple[Change, ...]) -> None:
        # Whoever reads the cache from here on sees the change.
        now = time.monotonic_ns()
        if kind == kinds.POD:
            stamps = (change.object.metadata.labels.get(STAMP) for change in changes)
            behind.extend(now - int(stamp) for stamp in stamps if stamp)
            came.append(now)

    forget = cache.subscribe(listener)
    done = server.order({"write": size.rate, "seconds": size.seconds})
    end = time.monotonic() + PATIENCE_SECONDS
    while len(behind) < done["written"] and time.monotonic() < end:
        time.sleep(0.01)
    forget()
    if len(behind) != done["written"]:
        raise BenchError(f"{done['written']} changes were written, and {len(behind)} came.")
    behind.sort()
    # By the last that came, not by the last that was written: what lags counts against the rate.
    rate = done["written"] / max(done["seconds"], (came[-1] - came[0]) / 1e9)
    return [
        Row(PART, f"events applied, for {size.seconds:g} s", rate, "a second", least=0.99 * size.rate),
        Row(PART, "written to readable, median", behind[len(behind) // 2] / 1e6, "ms"),
        Row(
            PART, "written to readable, p99", behind[len(behind) * 99 // 100] / 1e6, "ms", BEHIND_MILLISECONDS
        ),
        Row(PART, "written to readable, longest", behind[-1] / 1e6, "ms"),
    ]


def _web(server: Server) -> list[Row]:
    """The memory of the real web process once it has listed everything."""
    server.order({"watched": True})
    with tempfile.TemporaryDirectory(prefix="meshui-bench-") as folder:
        config = Path(folder) / "kubeconfig"
        kubeconfig.write(config, server.about["url"], server.about["token"], "default", for_kubectl=False)
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("MESHUI_", "KUBE"))
        }
        environment |= {"MESHUI_DATA_DIR": folder, "KUBECONFIG": str(config)}
        log = Path(folder) / "log"
        with log.open("w") as output, _process("manage.py", "serve", env=environment, stderr=output) as web:
            end = time.monotonic() + PATIENCE_SECONDS
            watched: set[str] = set()
            while not {"pods", "services"} <= watched:
                if web.poll() is not None or time.monotonic() > end:
                    raise BenchError(f"The web process never watched the cluster: {log.read_text()[-2000:]}")
                time.sleep(0.1)
                watched |= set(server.order({"watched": True}))
            now, most = _megabytes(web.pid)
    return [
        Row(PART, "memory of the web process after the first list", now, "MB", WEB_MEGABYTES),
        Row(PART, "memory of the web process, highest", most, "MB"),
    ]


def _megabytes(pid: int) -> tuple[float, float]:
    """Resident now, and at its highest."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    sizes = {name: line for name, _, line in (line.partition(":") for line in lines)}
    now, most = (int(sizes[name].split()[0]) * 1024 / 1e6 for name in ("VmRSS", "VmHWM"))
    return now, most


@contextmanager
def _server(size: Size) -> Iterator[Server]:
    with _process("-m", "bench.apiserver", str(size.services), str(size.namespaces)) as process:
        if process.stdin is None or process.stdout is None:
            raise BenchError("The API server's process has no pipes.")
        yield Server(process.stdin, process.stdout)


@contextmanager
def _process(*arguments: str, **options: Any) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True, **options) as process:
        try:
            yield process
        finally:
            process.terminate()
