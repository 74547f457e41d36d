"""What Prometheus would answer about a synthetic mesh, byte by byte: for meshes too large to scrape here.

tests/bench holds it against a real Prometheus that scrapes the same mesh.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, NamedTuple

import msgspec

from bench.synthetic import REPORTERS, Call, Mesh, Reporter, labels
from telemetry.prometheus.queries import MEASURE, QUANTILES
from telemetry.samples import EdgeLabels

_encoder = msgspec.json.Encoder(order="sorted")


class Series(NamedTuple):
    """One series of an answer: its labels as JSON, and what its value is made of."""

    head: bytes
    call: Call
    factor: float
    moves: bool = True


Answer = list[Series]


def series(of: Mesh) -> dict[str, Answer]:
    """The series of the answers to each subject of telemetry.prometheus.queries.of_tick()."""
    requests = [call for call in of.calls if call.protocol != "tcp"]
    connections = [call for call in of.calls if call.protocol == "tcp"]
    return {
        "requests": [each for call in requests for each in _ends(call)],
        **{
            name: [
                Series(_head(call, reporter), call, call.quantile(ratio, reporter), moves=False)
                for call in requests
                for reporter in REPORTERS
            ]
            for name, ratio in QUANTILES.items()
        },
        "connections": list(_measured(connections, _CONNECTIONS)),
        "bodies": list(_measured(requests, _BODIES)),
    }


def body(answer: Iterable[Series], at: float, seconds: float, moving: Callable[[Call], bool]) -> bytes:
    """An answer as of a moment (`at`: seconds since the epoch; `seconds` since the mesh began). Calls that do
    not move carry what they did at the beginning.
    """
    lines = (
        b'{"metric":%b,"value":[%.3f,"%b"]}'
        % (each.head, at, repr(_value(each, seconds if moving(each.call) else 0.0)).encode())
        for each in answer
    )
    return b'{"status":"success","data":{"resultType":"vector","result":[%b]}}' % b",".join(lines)


def _value(each: Series, seconds: float) -> float:
    return each.factor * each.call.rate(seconds) if each.moves else each.factor


def _ends(call: Call) -> Iterator[Series]:
    for reporter in REPORTERS:
        for code, flags, grpc, share in call.outcomes:
            more = {"response_code": code, "response_flags": flags, "grpc_response_status": grpc}
            yield Series(_head(call, reporter, more), call, share)


_CONNECTIONS: Final[Mapping[str, Callable[[Call], float]]] = {
    "sent_bytes": lambda call: call.request_bytes,
    "received_bytes": lambda call: call.response_bytes,
    "opened_connections": lambda _: 1.0,
    "closed_connections": lambda _: 1.0,
}
_BODIES: Final[Mapping[str, Callable[[Call], float]]] = {
    "sent_bytes": lambda call: call.request_bytes,
    "received_bytes": lambda call: call.response_bytes,
    "sent_messages": lambda call: float(call.protocol == "grpc"),
    "received_messages": lambda call: 3.0 * (call.protocol == "grpc"),
}


def _measured(calls: list[Call], measures: Mapping[str, Callable[[Call], float]]) -> Iterator[Series]:
    for measure, factor in measures.items():
        for call in calls:
            if factor(call):
                for reporter in REPORTERS:
                    yield Series(_head(call, reporter, {MEASURE: measure}), call, factor(call))


def _head(call: Call, reporter: Reporter, more: Mapping[str, str] | None = None) -> bytes:
    """The labels that are grouped by, in their order; Prometheus leaves out those that are empty."""
    told = labels(call, reporter)
    kept = {name: told[name] for name in EdgeLabels._fields} | dict(more or {})
    return _encoder.encode({name: value for name, value in kept.items() if value})
