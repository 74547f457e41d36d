"""Answers put together: quantiles become a histogram and come back, and labels are read only once."""

import json
import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from telemetry.prometheus import answers
from telemetry.prometheus.assembling import Assembler, histogram
from telemetry.prometheus.queries import MEASURE
from telemetry.quantiles import Histogram, merge, quantiles
from telemetry.samples import EdgeLabels, VolumeRate
from tests.telemetry.builders import labels
from tests.telemetry.prometheus.bad import body, series

RATIOS = (0.5, 0.95, 0.99)
LATENCIES = st.lists(st.floats(1e-3, 1e6), min_size=3, max_size=3).map(sorted)
RATES = st.floats(1e-6, 1e6)


def built(requests: float, latencies: list[float]) -> Histogram:
    edges, counts = zip(*histogram(requests, *latencies), strict=True)
    return Histogram(edges, counts)


@given(RATES, LATENCIES)
@example(1.0, [0.0, 0.0, 0.0])
@example(0.1, [2.5, 2.5, 2.5])
@example(3.0, [5.0, 5.0, 1000.0])
def test_the_three_quantiles_come_back(requests, latencies):
    assert quantiles(RATIOS, built(requests, latencies)) == pytest.approx(latencies, rel=1e-6)


@given(RATES, LATENCIES)
def test_it_has_all_requests_and_ascends(requests, latencies):
    edges, counts = built(requests, latencies)
    assert counts[-1] == requests
    assert list(edges) == sorted(edges)
    assert list(counts) == sorted(counts)


@given(st.lists(st.tuples(RATES, LATENCIES), min_size=1, max_size=8))
def test_the_quantiles_of_several_lie_between_theirs(parts):
    merged = quantiles(RATIOS, merge([built(*each) for each in parts]))
    for place, found in enumerate(merged):
        own = [latencies[place] for _, latencies in parts]
        # A part so small that rounding eats it may be missed.
        assert min(own) * 0.999 - 0.01 <= found <= max(own) * 1.001 + 0.01


def test_quantiles_that_do_not_ascend_are_lifted():
    assert [edge for edge, _ in histogram(1, 30, 20, 10)] == [30, 30, 30, 30, math.inf]


def vector(*found) -> list[answers.Vector]:
    return [answers.vector(json.dumps(body(*found)).encode())]


def assembled(vectors, assembler=None):
    assembler = assembler or Assembler()
    return assembler.assemble({name: [*map(assembler.read, several)] for name, several in vectors.items()})


def of(value: str, edge: EdgeLabels | None = None, **more: str) -> dict:
    return series(edge or labels(), value, 1.0, **more)


def tick(number: int = 0, names: int = 3, **replaced) -> dict[str, list[answers.Vector]]:
    edges = [labels(f"w{number + place}-v1") for place in range(names)]
    found = {
        "requests": vector(*(of("2", edge, response_code="200", response_flags="-") for edge in edges)),
        **{name: vector(*(of("10", edge) for edge in edges)) for name in ("p50", "p95", "p99")},
        "connections": vector(*(of("5", edge, **{MEASURE: "sent_bytes"}) for edge in edges)),
    }
    return {**found, **replaced}


def test_labels_are_the_same_objects_tick_after_tick():
    assembler = Assembler()
    one, other = assembled(tick(), assembler), assembled(tick(), assembler)
    assert one == other
    for before, after in zip(one.requests, other.requests, strict=True):
        assert before.labels is after.labels
    assert one.durations[0].labels is one.volumes[0].labels is one.requests[0].labels


def test_what_comes_and_goes_is_forgotten_in_the_end():
    assembler = Assembler()
    for number in range(0, 30_000, 1000):
        edges = (labels(f"w{number + place}-v1") for place in range(1000))
        found = assembled({"requests": vector(*(of("2", edge) for edge in edges))}, assembler)
        assert len(found.requests) == 1000
    assert len(assembler._known) < 15_000
    assert len(assembler._edges) < 15_000


def test_what_was_read_before_the_rest_was_forgotten_is_still_right():
    assembler = Assembler()
    early = {name: [*map(assembler.read, several)] for name, several in tick().items()}
    expected = assembler.assemble(early)
    for number in range(0, 30_000, 1000):
        edges = (labels(f"w{number + place}-v1") for place in range(1000))
        assembled({"requests": vector(*(of("2", edge) for edge in edges))}, assembler)
    assert assembler.assemble(early) == expected
    assert assembled(tick(), assembler) == expected


def test_labels_in_another_order_are_the_same_edge():
    turned = {**of("3"), "metric": dict(reversed(of("3")["metric"].items()))}
    found = assembled({"requests": vector(of("2"), turned)})
    assert len({each.labels for each in found.requests}) == 1
    assert sum(each.requests_per_second for each in found.requests) == 5


@pytest.mark.parametrize("missing", ["p50", "p95", "p99"])
def test_without_one_quantile_there_are_no_latencies(missing):
    found = assembled(tick(**{missing: []}))
    assert (len(found.requests), found.durations) == (3, ())


def test_an_edge_without_a_quantile_has_none_and_the_others_have():
    found = assembled(tick(p95=vector(of("20", labels("w1-v1")))))
    assert [each.labels.source_workload for each in found.durations] == ["w1-v1"]


def test_what_several_counters_say_of_one_measure_is_added():
    found = assembled(
        {
            "connections": vector(
                of("5", **{MEASURE: "sent_bytes"}), of("1", **{MEASURE: "opened_connections"})
            ),
            "bodies": vector(of("7", **{MEASURE: "sent_bytes"}), of("2", **{MEASURE: "received_messages"})),
        }
    )
    assert found.volumes == (VolumeRate(labels(), sent_bytes=12, received_messages=2, opened_connections=1),)


def test_a_measure_that_is_none_is_told():
    found = assembled({"bodies": vector(of("5", **{MEASURE: "labels"}), of("5"))})
    assert (found.volumes, found.unreadable) == ((), 2)
