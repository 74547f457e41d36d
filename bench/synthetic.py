"""A mesh that does not exist, with the metrics that Istio's proxies would tell of it.

A pure description, the same for the same seed, and a program that exports it to a real Prometheus:
`python -m bench.synthetic --services 20 --port 9999` serves `http://127.0.0.1:9999/metrics` with rising
counters. Both ends of each call report it, as sidecars do.

Names and labels: https://istio.io/latest/docs/reference/config/metrics/
"""

import argparse
import math
import random
import sys
import time
from collections.abc import Iterable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final, Literal, NamedTuple

Protocol = Literal["http", "grpc", "tcp"]
Reporter = Literal["source", "destination"]
REPORTERS: Final[tuple[Reporter, ...]] = ("source", "destination")
SERVICES_PER_NAMESPACE: Final = 25
BUCKETS_MS: Final = (
    0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 300_000, 600_000,
    1_800_000, 3_600_000, math.inf,
)  # fmt: skip
"""Istio's own upper edges."""
_SWING_SECONDS: Final = 7.0
_SWING: Final = 2.0 / _SWING_SECONDS
_STEEPNESS: Final = 3.0
_AT_THE_DESTINATION: Final = 0.8


class Workload(NamedTuple):
    """A version of an app; a service has the app's name."""

    namespace: str
    app: str
    version: str

    @property
    def name(self) -> str:
        """As its Deployment is called."""
        return f"{self.app}-{self.version}"


class Outcome(NamedTuple):
    """How a part (0-1) of a call's requests ends."""

    code: str
    flags: str
    grpc: str
    share: float


class Call(NamedTuple):
    """What one workload sends to another: per second, or for TCP connections per second."""

    source: Workload
    target: Workload
    protocol: Protocol
    per_second: float
    outcomes: tuple[Outcome, ...]
    latency_ms: float
    request_bytes: float
    response_bytes: float
    phase: float

    def total(self, seconds: float) -> float:
        """What there was since the beginning: it rises, now faster, now slower."""
        swing = math.sin(seconds / _SWING_SECONDS + self.phase) - math.sin(self.phase)
        return self.per_second * (seconds + _SWING * _SWING_SECONDS * swing)

    def rate(self, seconds: float) -> float:
        """Per second at a moment: the slope of total()."""
        return self.per_second * (1 + _SWING * math.cos(seconds / _SWING_SECONDS + self.phase))

    def latency(self, reporter: Reporter) -> float:
        """The median, in milliseconds, as one end of it measures it."""
        return self.latency_ms * (1 if reporter == "source" else _AT_THE_DESTINATION)

    def below(self, edge_ms: float, reporter: Reporter) -> float:
        """Which part (0-1) of the requests takes no longer."""
        return 1 / (1 + (self.latency(reporter) / edge_ms) ** _STEEPNESS) if edge_ms < math.inf else 1.0

    def quantile(self, ratio: float, reporter: Reporter) -> float:
        """What that part (0-1) of the requests stays below, in milliseconds."""
        return float(self.latency(reporter) * (ratio / (1 - ratio)) ** (1 / _STEEPNESS))


class Mesh(NamedTuple):
    """Who calls whom."""

    workloads: tuple[Workload, ...]
    calls: tuple[Call, ...]


def mesh(services: int, workloads: int | None = None, edges: int | None = None, seed: int = 1) -> Mesh:
    """A mesh of so many services; by default two versions and five calls of each.

    Raises ValueError where there are fewer workloads than services, or not enough of them for the calls.
    """
    workloads = 2 * services if workloads is None else workloads
    edges = 5 * services if edges is None else edges
    if workloads < services or edges > workloads * (workloads - 1):
        raise ValueError(f"{services} services cannot have {workloads} workloads and {edges} calls.")
    chance = random.Random(seed)  # noqa: S311  a mesh is no secret
    versions = [number // services + 1 for number in range(workloads)]
    found = tuple(
        Workload(
            f"team-{number % services // SERVICES_PER_NAMESPACE:03}",
            f"svc-{number % services:05}",
            f"v{version}",
        )
        for number, version in enumerate(versions)
    )
    pairs: dict[tuple[Workload, Workload], None] = {}
    while len(pairs) < edges:
        source, target = found[chance.randrange(workloads)], found[chance.randrange(workloads)]
        if source != target:
            pairs[source, target] = None
    return Mesh(found, tuple(_call(source, target, chance) for source, target in pairs))


def labels(call: Call, reporter: Reporter) -> dict[str, str]:
    """Istio's standard labels of a report of the call, without how requests end."""
    host = f"{call.target.app}.{call.target.namespace}.svc.cluster.local"
    return {
        "reporter": reporter,
        **_side("source", call.source),
        "source_cluster": "Kubernetes",
        "source_principal": f"spiffe://cluster.local/ns/{call.source.namespace}/sa/{call.source.app}",
        "destination_service": host,
        "destination_service_name": call.target.app,
        "destination_service_namespace": call.target.namespace,
        **_side("destination", call.target),
        "destination_cluster": "Kubernetes",
        "destination_principal": f"spiffe://cluster.local/ns/{call.target.namespace}/sa/{call.target.app}",
        "request_protocol": call.protocol,
        "connection_security_policy": "mutual_tls" if reporter == "destination" else "unknown",
    }


def exposition(of: Mesh, seconds: float) -> Iterator[str]:
    """The lines of Prometheus' text format, `seconds` after the beginning."""
    for call in of.calls:
        for reporter in REPORTERS:
            yield from (
                _connections(call, reporter, seconds)
                if call.protocol == "tcp"
                else _requests(call, reporter, seconds)
            )


def _requests(call: Call, reporter: Reporter, seconds: float) -> Iterator[str]:
    total, told = call.total(seconds), labels(call, reporter)
    for code, flags, grpc, share in call.outcomes:
        ended = {**told, "response_code": code, "response_flags": flags, "grpc_response_status": grpc}
        yield _line("istio_requests_total", ended, total * share)
    usual = call.outcomes[0]
    ended = {**told, "response_code": usual.code, "response_flags": usual.flags}
    for edge in BUCKETS_MS:
        bucket = {**ended, "le": "+Inf" if edge == math.inf else f"{edge:g}"}
        name = "istio_request_duration_milliseconds_bucket"
        yield _line(name, bucket, total * call.below(edge, reporter))
    yield _line("istio_request_bytes_sum", ended, total * call.request_bytes)
    yield _line("istio_response_bytes_sum", ended, total * call.response_bytes)
    if call.protocol == "grpc":
        yield _line("istio_request_messages_total", told, total)
        yield _line("istio_response_messages_total", told, 3 * total)


def _connections(call: Call, reporter: Reporter, seconds: float) -> Iterator[str]:
    total, told = call.total(seconds), {**labels(call, reporter), "response_flags": "-"}
    yield _line("istio_tcp_connections_opened_total", told, total)
    yield _line("istio_tcp_connections_closed_total", told, total)
    yield _line("istio_tcp_received_bytes_total", told, total * call.request_bytes)
    yield _line("istio_tcp_sent_bytes_total", told, total * call.response_bytes)


def _line(name: str, told: dict[str, str], value: float) -> str:
    inner = ",".join([f'{key}="{each}"' for key, each in told.items()])
    return f"{name}{{{inner}}} {value!r}\n"


def _side(side: str, workload: Workload) -> dict[str, str]:
    return {
        f"{side}_workload": workload.name,
        f"{side}_workload_namespace": workload.namespace,
        f"{side}_app": workload.app,
        f"{side}_version": workload.version,
        f"{side}_canonical_service": workload.app,
        f"{side}_canonical_revision": workload.version,
    }


def _call(source: Workload, target: Workload, chance: random.Random) -> Call:
    protocol: Protocol = chance.choices(("http", "grpc", "tcp"), (80, 12, 8))[0]
    return Call(
        source,
        target,
        protocol,
        per_second=chance.lognormvariate(1.0, 1.5),
        outcomes=_outcomes(protocol, chance),
        latency_ms=chance.lognormvariate(3.0, 1.0),
        request_bytes=chance.lognormvariate(6.0, 1.0),
        response_bytes=chance.lognormvariate(8.0, 1.5),
        phase=chance.uniform(0, 2 * math.pi),
    )


def _outcomes(protocol: Protocol, chance: random.Random) -> tuple[Outcome, ...]:
    """Most calls go well; one in five fails now and then, one in seven asks for what is not there."""
    status = "0" if protocol == "grpc" else ""
    failing = chance.uniform(0.001, 0.1) if chance.random() < 0.2 else 0.0
    missing = chance.uniform(0.001, 0.05) if chance.random() < 0.15 else 0.0
    found = [Outcome("200", "-", status, 1 - failing - missing)]
    if failing:
        found.append(Outcome("200", "-", "14", failing) if status else Outcome("503", "UF", "", failing))
    if missing:
        found.append(Outcome("200", "-", "5", missing) if status else Outcome("404", "-", "", missing))
    return tuple(found)


def serve(of: Mesh, port: int, began: float) -> ThreadingHTTPServer:
    """An exporter on 127.0.0.1 (port 0: any that is free); the caller runs and closes it."""

    class Exporter(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = "".join(exposition(of, time.monotonic() - began)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing: a line each second says nothing."""

    return ThreadingHTTPServer(("127.0.0.1", port), Exporter)


def main(arguments: Iterable[str] | None = None) -> int:
    """Exports a mesh until it is interrupted. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bench.synthetic", description=__doc__)
    parser.add_argument("--services", type=int, default=20)
    parser.add_argument("--workloads", type=int, help="default: two of each service")
    parser.add_argument("--edges", type=int, help="default: five of each service")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args(None if arguments is None else list(arguments))
    try:
        made = mesh(options.services, options.workloads, options.edges, options.seed)
    except ValueError as error:
        parser.error(str(error))
    with serve(made, options.port, time.monotonic()) as server:
        host, port = server.server_address[:2]
        sys.stdout.write(f"http://{host!s}:{port}/metrics\n")
        sys.stdout.flush()
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
