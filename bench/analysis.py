"""What an analysis of many routes costs: time and memory, in a process of its own.

`python -m bench.analysis FILE` is that process: it prints what it measured as JSON.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from bench.table import Row
from routing.analysis import reading
from routing.analysis.engine import analyze
from routing.analysis.world import World

ROOT: Final = Path(__file__).resolve().parent.parent
PART: Final = "analysis"
LARGE: Final = 1_000
SMALL: Final = 20
SECONDS: Final = 2.0
MEGABYTES: Final = 300.0
KIBIBYTES_IN_A_MEGABYTE: Final = 1_000_000 / 1024

OBJECTS: Final = """\
apiVersion: v1
kind: Service
metadata: {{name: shop-{n}, namespace: team-{team}, labels: {{app: shop-{n}}}}}
spec:
  selector: {{app: shop-{n}}}
  ports: [{{name: http, port: 8080, targetPort: 8080}}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {{name: shop-{n}, namespace: team-{team}}}
spec:
  host: shop-{n}.team-{team}.svc.cluster.local
  trafficPolicy: {{outlierDetection: {{consecutive5xxErrors: 5, interval: 10s}}}}
  subsets:
  - {{name: v1, labels: {{version: v1}}}}
  - {{name: v2, labels: {{version: v2}}}}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: shop-{n}, namespace: team-{team}}}
spec:
  hosts: [shop-{n}]
  http:
  - match:
    - uri: {{prefix: /api/v1}}
    - headers: {{end-user: {{exact: jason}}}}
    route: [{{destination: {{host: shop-{n}, subset: v2}}}}]
    timeout: 2s
    retries: {{attempts: 2, perTryTimeout: 500ms}}
  - route:
    - {{destination: {{host: shop-{n}, subset: v1}}, weight: 90}}
    - {{destination: {{host: shop-{n}, subset: v2}}, weight: 10}}
    - {{destination: {{host: shop-{next}.team-{next_team}.svc.cluster.local}}}}
---
"""


def file_of(count: int, teams: int = 20) -> str:
    """A file with so many Services, DestinationRules and VirtualServices."""
    return "".join(
        OBJECTS.format(n=n, team=n % teams, next=(n + 1) % count, next_team=(n + 1) % count % teams)
        for n in range(count)
    )


def measure(small: bool) -> list[Row]:  # noqa: FBT001  (the signature of every part)
    """Measures; raises when a process fails."""
    count = SMALL if small else LARGE
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "routes.yaml"
        file.write_text(file_of(count))
        inside = json.loads(_output([sys.executable, "-m", "bench.analysis", str(file)]))
        whole, peak = _command([sys.executable, "manage.py", "analyze", str(file), "--format", "json"])
    what = f"{count:,} VirtualServices, DestinationRules and Services each"
    return [
        Row(PART, f"{what}: read from a file", inside["read"], "s"),
        Row(PART, f"{what}: analysed", inside["analysed"], "s", most=SECONDS),
        Row(PART, "manage.py analyze of the same file, Python's start included", whole, "s"),
        Row(PART, "its memory at most", peak, "MB", most=MEGABYTES),
    ]


def _output(command: list[str]) -> str:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def _command(command: list[str]) -> tuple[float, float]:
    """The seconds and megabytes of a whole process. Its findings are errors, so that it ends with 1."""
    began = time.perf_counter()
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 1:
        raise RuntimeError(f"manage.py analyze ended with {process.returncode}.")
    return time.perf_counter() - began, usage.ru_maxrss / KIBIBYTES_IN_A_MEGABYTE


def main(file: str) -> None:
    """Reads and analyses a file, and prints how long it took and what it needed."""
    began = time.perf_counter()
    objects = list(reading.objects_of(file, Path(file).read_bytes(), "default"))
    read = time.perf_counter()
    findings = analyze(World([*objects, *reading.assumed(World(()).mesh)]))
    done = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIBIBYTES_IN_A_MEGABYTE
    measured = {"read": read - began, "analysed": done - read, "peak": peak, "findings": len(findings)}
    sys.stdout.write(json.dumps(measured) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
