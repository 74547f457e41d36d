"""The synthetic mesh: the same for the same seed, rising, and scraped by a real Prometheus."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench import answers, synthetic
from telemetry.exposition import Parser
from telemetry.observation import Observation
from telemetry.prometheus import queries
from telemetry.prometheus.answers import vector
from telemetry.prometheus.assembling import Assembler
from telemetry.prometheus.client import Client, Server
from telemetry.rates import RateWindow
from telemetry.samples import Samples
from tests.telemetry.prometheus.servers import Prometheus

ROOT = Path(__file__).resolve().parents[2]
MESH = synthetic.mesh(20)
WINDOW = 10


def test_a_mesh_is_as_large_as_asked_for_and_the_same_for_the_same_seed():
    made = synthetic.mesh(30, 50, 120, seed=7)
    assert len(made.workloads) == len(set(made.workloads)) == 50
    assert len({each.app for each in made.workloads}) == 30
    assert len({(call.source, call.target) for call in made.calls}) == 120
    assert made == synthetic.mesh(30, 50, 120, seed=7)
    assert made != synthetic.mesh(30, 50, 120, seed=8)
    assert {call.protocol for call in made.calls} == {"http", "grpc", "tcp"}


@pytest.mark.parametrize("sizes", [(10, 5, 1), (2, 2, 3)])
def test_a_mesh_that_cannot_be_is_refused(sizes):
    with pytest.raises(ValueError, match="cannot have"):
        synthetic.mesh(*sizes)


@settings(deadline=None)
@given(st.sampled_from(MESH.calls), st.floats(0, 1e4), st.floats(0.001, 100))
def test_counters_rise_by_their_rate(call, at, later):
    rise = call.total(at + later) - call.total(at)
    assert 0.7 * call.per_second * later <= rise <= 1.3 * call.per_second * later
    assert call.rate(at) == pytest.approx((call.total(at + 1e-3) - call.total(at)) / 1e-3, rel=0.01)


def test_the_exposition_is_what_proxies_write():
    """The direct source reads it, and sees the rates that the description has."""
    window, parser = RateWindow(1000.0), Parser()
    for second in (0, 44):
        exposition = parser.parse("".join(synthetic.exposition(MESH, second)))
        assert exposition.bad_lines == 0
        window.observe("all", second, exposition)
    found = {}
    for rate in window.rates(44).requests:
        if rate.labels.reporter == "source":
            key = rate.labels.source_workload, rate.labels.destination_workload
            found[key] = found.get(key, 0.0) + rate.requests_per_second
    for call in MESH.calls:
        if call.protocol != "tcp":
            assert found[call.source.name, call.target.name] == pytest.approx(call.total(44) / 44)


def graph(samples):
    return Observation(1, samples.taken_at, 0.0, samples).graph("versioned_app")


def assembled(bodies):
    assembler = Assembler()
    parts = assembler.assemble({subject: [assembler.read(vector(body))] for subject, body in bodies.items()})
    return Samples(1.0, 10.0, requests=parts.requests, durations=parts.durations, volumes=parts.volumes)


async def asked(prometheus, subject, moment):
    """The answer of a real Prometheus to one of the questions of a tick."""
    (query,) = (each for each in queries.of_tick(WINDOW) if each.subject == subject)
    client = Client(Server(prometheus.url), wall=time.time)
    try:
        return await client.at(query.text, moment)
    finally:
        await client.close()


@pytest.fixture
def prometheus(tmp_path):
    """A real one that scrapes the program."""
    exporter = subprocess.Popen(
        [sys.executable, "-m", "bench.synthetic", "--services", "20"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    server = None
    try:
        target = exporter.stdout.readline().removeprefix("http://").partition("/")[0]
        server = Prometheus(tmp_path, targets=[target]).start()
        yield server
    finally:
        exporter.kill()
        exporter.wait(30)
        exporter.stdout.close()
        if server:
            server.stop()


async def test_a_real_prometheus_that_scrapes_it_answers_as_the_bench_takes_it_to(prometheus):
    expected = answers.series(MESH)
    wanted = {subject: {each.head for each in told} for subject, told in expected.items()}
    found = {}
    give_up = time.monotonic() + 120
    while found != wanted and time.monotonic() < give_up:
        vectors = {subject: await asked(prometheus, subject, time.time()) for subject in wanted}
        found = {subject: {bytes(each.metric) for each in told.series} for subject, told in vectors.items()}
    assert found == wanted
    bodies = {subject: answers.body(told, 1.0, 1.0, lambda _: True) for subject, told in expected.items()}
    drawn = graph(assembled(bodies))
    assembler = Assembler()
    parts = assembler.assemble({subject: [assembler.read(told)] for subject, told in vectors.items()})
    real = graph(Samples(1.0, 10.0, requests=parts.requests, volumes=parts.volumes))
    assert list(real.nodes) == list(drawn.nodes)
    assert list(real.edges) == list(drawn.edges)
    assert len(real.edges) == len(MESH.calls)
    for edge_id, edge in real.edges.items():
        # The rates themselves are those of another moment.
        assert (edge.requests_per_second > 0) is (drawn.edges[edge_id].requests_per_second > 0)
        assert (edge.protocol, edge.mtls) == (drawn.edges[edge_id].protocol, 1)
