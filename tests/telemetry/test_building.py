"""Graphs built by columns are those built plainly (tests/telemetry/reference.py): whatever the readings,
whoever looks, tick after tick.
"""

import math

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telemetry.cut import counted
from telemetry.flows import flows
from telemetry.folding import NOT_FOLDED, Folding
from telemetry.graph import GRAPH_TYPES, Limits, rounded
from telemetry.memory import Memory
from telemetry.observation import Observation
from telemetry.reporting import Reporting
from telemetry.samples import DurationRate, Idle, RequestRate, Samples, VolumeRate
from tests.telemetry import meshes, reference
from tests.telemetry.builders import labels, rate, samples

ENDS = [
    ("200", "", ""),
    ("503", "UF", ""),
    ("200", "", "14"),
    ("0", "DC,UH", ""),
    ("404", "", ""),
    ("", "FI", "0"),
]
foldings = st.sampled_from([NOT_FOLDED, Folding(frozenset({"alpha"})), Folding(frozenset({"alpha", "beta"}))])
visibles = st.one_of(st.none(), meshes.rights)
histograms = st.lists(st.floats(0.1, 1e4), min_size=1, max_size=4, unique=True).flatmap(
    lambda edges: st.lists(st.floats(0, 100), min_size=len(edges) + 1, max_size=len(edges) + 1).map(
        lambda rises: tuple(
            zip((*sorted(edges), math.inf), [sum(rises[: n + 1]) for n in range(len(rises))], strict=True)
        )
    )
)
ALIKE = tuple(zip((1.0, 10.0, 100.0, math.inf), (1.0, 2.0, 3.0, 3.5), strict=True))


@st.composite
def readings(draw):
    """Readings with everything in them: volumes, protocols, odd labels, histograms alike and not."""
    some = st.one_of(meshes.plain_labels(), meshes.odd_labels()).flatmap(
        lambda of: st.sampled_from(["http", "grpc", "tcp"]).map(
            lambda said: of._replace(request_protocol=said)
        )
    )
    known = draw(st.lists(some, min_size=1, max_size=5))
    amounts = st.sampled_from([0.0, 0.25, 1.0, 7.0, 120.0])
    one_of = st.sampled_from(known)
    requests = draw(st.lists(st.tuples(one_of, st.sampled_from(ENDS), amounts), max_size=6))
    shapes = draw(st.sampled_from([histograms, st.just(ALIKE)]))
    durations = draw(st.lists(st.builds(DurationRate, one_of, shapes), max_size=4))
    volumes = draw(st.lists(st.builds(VolumeRate, one_of, *[amounts] * 6), max_size=3))
    idle = draw(st.lists(st.builds(Idle, one_of, st.sampled_from([5.0, 61.0, 301.0])), max_size=3))
    return Samples(
        1000.0,
        10.0,
        requests=tuple(RequestRate(of, end[0], end[1], rps, end[2]) for of, end, rps in requests),
        durations=tuple(durations),
        volumes=tuple(volumes),
        idle=tuple({each.labels: each for each in idle}.values()),
    )


def same(one, other):
    """Equal but for the last digit, where sums were made in another order."""
    if isinstance(one, dict):
        assert list(one) == list(other)
        for key in one:
            same(one[key], other[key])
    elif isinstance(one, float) and isinstance(other, float):
        assert one == pytest.approx(other, rel=0.011, abs=1e-9)
    else:
        assert one == other


def plainly(of, graph_type, visible, folded, preference):
    limits = Limits()
    summed = flows(of, Reporting(of, preference))
    whole = reference.build_for(summed, graph_type, visible, limits)
    if folded == NOT_FOLDED:
        return msgspec.to_builtins(whole)
    graph = reference.build_for(summed, graph_type, visible, limits, folded)
    return msgspec.to_builtins(counted(graph, whole, folded))


@settings(deadline=None, max_examples=40)
@given(
    st.lists(readings(), min_size=1, max_size=2),
    st.sampled_from(GRAPH_TYPES),
    visibles,
    foldings,
    st.sampled_from(["caller", "destination"]),
)
def test_columns_come_to_the_same_as_sums_one_by_one(ticks, graph_type, visible, folded, preference):
    memory = Memory()
    for seq, reading in enumerate([*ticks, *ticks]):
        observation = Observation(seq, 1000.0, 0.0, reading, preference=preference, memory=memory)
        found = observation.graph(graph_type, visible, folded)
        same(msgspec.to_builtins(found), plainly(reading, graph_type, visible, folded, preference))


def test_what_has_not_changed_is_the_same_object_in_the_next_tick():
    memory = Memory()
    first, second = (
        Observation(
            seq, 1000.0, 0.0, samples(rate(labels(), 5), rate(labels("a-v1", "b-v1"), rps)), memory=memory
        ).graph("app")
        for seq, rps in ((1, 3), (2, 4))
    )
    same_edge, other = sorted(first.edges, key=lambda edge_id: "reviews" not in edge_id)
    assert second.edges[same_edge] is first.edges[same_edge]
    assert second.edges[other] is not first.edges[other]
    assert second.edges[other].requests_per_second == 4


def test_names_that_come_and_go_are_forgotten():
    memory = Memory()
    for seq in range(40):
        many = samples(*(rate(labels(f"a{seq}x{each}-v1"), 1) for each in range(500)))
        Observation(seq, 1000.0, 0.0, many, memory=memory).graph("app")
    assert len(memory.register_for(many).labels) < 12_000


@given(st.floats(0, 1e15))
def test_three_digits_are_those_that_a_person_would_round_to(value):
    assert rounded(value) == pytest.approx(float(f"{value:.3g}"), rel=0.006)
    assert len(f"{rounded(value):.15g}".replace(".", "").strip("0").split("e")[0]) <= 3 or value > 1e3
