"""Bookinfo's traffic in a few words, for the tests of telemetry."""

import math
from typing import Any

from telemetry.samples import DurationRate, EdgeLabels, RequestRate, Samples, VolumeRate

EDGES = (1.0, 5.0, 10.0, 50.0, 100.0, math.inf)


def labels(source: str = "productpage-v1", target: str = "reviews-v1", **changed: Any) -> EdgeLabels:
    """A call between two workloads of bookinfo, named `<app>-<version>`; "" for one that is unknown."""
    source_app, _, source_version = source.rpartition("-")
    app, _, version = target.rpartition("-")
    known = {
        "reporter": "source",
        "source_workload": source,
        "source_workload_namespace": "bookinfo" if source else "",
        "source_canonical_service": source_app,
        "source_canonical_revision": source_version,
        "destination_service": f"{app}.bookinfo.svc.cluster.local",
        "destination_service_name": app,
        "destination_service_namespace": "bookinfo",
        "destination_workload": target,
        "destination_workload_namespace": "bookinfo",
        "destination_canonical_service": app,
        "destination_canonical_revision": version,
        "request_protocol": "http",
    }
    return EdgeLabels(**{**known, **changed})


def unreached(service: str, source: str = "reviews-v1", **changed: Any) -> EdgeLabels:
    """A call that ended at the caller's own proxy."""
    nowhere = {
        "destination_workload": "",
        "destination_workload_namespace": "",
        "destination_canonical_service": "",
        "destination_canonical_revision": "",
    }
    return labels(source, f"{service}-x", **{**nowhere, **changed})


def gateway(**changed: Any) -> EdgeLabels:
    """A call from the ingress gateway to productpage."""
    sender = {
        "source_workload": "istio-ingressgateway",
        "source_workload_namespace": "istio-system",
        "source_canonical_service": "istio-ingressgateway",
        "source_canonical_revision": "latest",
    }
    return labels("x-v1", "productpage-v1", **{**sender, **changed})


def rate(of: EdgeLabels, rps: float, code: str = "200", flags: str = "", grpc: str = "") -> RequestRate:
    return RequestRate(of, code, flags, rps, grpc)


def volume(of: EdgeLabels, sent: float = 0.0, received: float = 0.0, **rest: float) -> VolumeRate:
    return VolumeRate(of, sent, received, **rest)


def durations(of: EdgeLabels, *cumulative: float) -> DurationRate:
    return DurationRate(of, tuple(zip(EDGES, cumulative, strict=True)))


def samples(*rates: RequestRate, **rest: Any) -> Samples:
    return Samples(taken_at=1000.0, window_seconds=10.0, requests=rates, **rest)


def metrics(pod: str = "productpage-v1", requests: float = 0, bucket_counts: tuple[float, ...] = ()) -> str:
    """What a proxy answers: one counter, and the histogram to it."""
    named = labels(pod)._asdict()
    text = ",".join(f'{name}="{value}"' for name, value in named.items()) + ',response_code="200"'
    lines = [f'istio_requests_total{{{text},response_flags="-"}} {requests:g}']
    for edge, count in zip(EDGES, bucket_counts, strict=False):
        le = "+Inf" if math.isinf(edge) else f"{edge:g}"
        lines.append(f'istio_request_duration_milliseconds_bucket{{{text},le="{le}"}} {count:g}')
    return "\n".join(lines) + "\n"
