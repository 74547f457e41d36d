"""A real Prometheus on loopback: one that scrapes, or one with a past that was written beforehand."""

import contextlib
import math
import os
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from tests import needs
from tests.mesh import until

Labels = Mapping[str, str]
Counter = tuple[str, Labels, Callable[[float], float]]
"""Name, labels, and the value at a moment."""


class Prometheus:
    """One process of Debian's prometheus on a folder; start it, ask it, stop it."""

    def __init__(self, folder: Path, *, targets: Iterable[str] = (), scrape_seconds: float = 1.0) -> None:
        self.folder = folder
        self.output = folder / "output"
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        (folder / "prometheus.yml").write_text(configuration(list(targets), scrape_seconds))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> "Prometheus":
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [
                    needs.program("prometheus"),
                    f"--config.file={self.folder / 'prometheus.yml'}",
                    f"--storage.tsdb.path={self.folder / 'data'}",
                    f"--web.listen-address=127.0.0.1:{self.port}",
                    "--storage.tsdb.retention.time=1y",
                    "--log.level=warn",
                ],
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, "GOMAXPROCS": "2"},
            )
        until(self.is_ready, 60, self.output.read_text)
        return self

    def is_ready(self) -> bool:
        assert self.process
        assert self.process.poll() is None, self.output.read_text()
        with contextlib.suppress(OSError, urllib.error.URLError):
            return urllib.request.urlopen(f"{self.url}/-/ready", timeout=2).status == 200
        return False

    def stop(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait(30)

    def queries_answered(self) -> float:
        """How many instant queries it has answered by its own count."""
        text = urllib.request.urlopen(f"{self.url}/metrics", timeout=5).read().decode()
        counts = [
            float(line.rsplit(" ", 1)[1])
            for line in text.splitlines()
            if line.startswith("prometheus_http_requests_total") and 'handler="/api/v1/query"' in line
        ]
        return sum(counts)


def with_past(
    folder: Path, counters: Iterable[Counter], since: float, until_: float, step: float
) -> Prometheus:
    """One that remembers counters, sampled every `step` seconds, and scrapes nothing. NaN is a gap."""
    promtool = needs.program("promtool")
    lines = []
    for name, family in grouped(counters).items():
        lines.append(
            f"# TYPE {name.removesuffix('_total')} {'counter' if name.endswith('_total') else 'unknown'}"
        )
        for labels, value in family:
            at = since
            while at <= until_:
                if not math.isnan(number := value(at)):
                    lines.append(f"{name}{{{written(labels)}}} {number!r} {at!r}")
                at += step
    exposed = folder / "past.om"
    exposed.write_text("\n".join([*lines, "# EOF\n"]))
    subprocess.run(
        [promtool, "tsdb", "create-blocks-from", "openmetrics", str(exposed), str(folder / "data")],
        check=True,
        capture_output=True,
    )
    exposed.unlink()
    return Prometheus(folder)


def grouped(counters: Iterable[Counter]) -> dict[str, list[tuple[Labels, Callable[[float], float]]]]:
    """OpenMetrics wants each family in one place."""
    families: dict[str, list[tuple[Labels, Callable[[float], float]]]] = {}
    for name, labels, value in counters:
        families.setdefault(name, []).append((labels, value))
    return families


def written(labels: Labels) -> str:
    """Labels as an exposition has them."""
    return ",".join(f'{name}="{escaped(value)}"' for name, value in labels.items() if value)


def escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def configuration(targets: list[str], scrape_seconds: float) -> str:
    """Scrapes targets, each an address with a port, as Istio's proxies are scraped."""
    every = f"{round(scrape_seconds * 1000)}ms"
    jobs = f"""
  - job_name: proxies
    metrics_path: /stats/prometheus
    static_configs:
      - targets: {targets}
"""
    return (
        f"global:\n  scrape_interval: {every}\n  scrape_timeout: {every}\n"
        f"scrape_configs:{jobs if targets else ' []'}\n"
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
