"""How the demo starts and ends: in time, and leaving nothing behind but its rules."""

import os
import signal

import pytest

from tests import needs
from tests.console import until
from tests.demo.running import Demo, processes_of

pytestmark = pytest.mark.mesh
SPLIT = {"kind": "split", "namespace": "bookinfo", "service": "reviews", "weights": {"v1": 70, "v2": 30}}


@pytest.fixture
def start(tmp_path):
    needs.envoy()
    started = []

    def demo() -> Demo:
        running = Demo(tmp_path / "state")
        started.append(running)
        running.wait_until_ready()
        return running

    yield demo
    for running in started:
        if running.process.poll() is None:
            running.stop(signal.SIGKILL)


def nothing_left(demo: Demo) -> None:
    until(lambda: not processes_of(demo.state), "no process of the demo is left", seconds=15)


def test_ctrl_c_leaves_no_process_and_the_next_start_finds_the_rules(start):
    demo = start()
    made = demo.post("api/v1/plans", {"rules": [SPLIT]})[1]
    assert demo.post(f"api/v1/plans/{made['id']}/apply", {})[0] == 200
    before = demo.kubectl("get", "vs,dr", "-o", "name")
    assert "reviews" in before
    demo.stop(signal.SIGINT)
    nothing_left(demo)
    again = start()
    assert again.kubectl("get", "vs,dr", "-o", "name") == before
    assert again.get("api/v1/changes")[1]["changes"][0]["summary"] == "reviews: 70 % v1, 30 % v2"
    again.stop(signal.SIGTERM)
    nothing_left(again)


def test_a_killed_demo_takes_all_its_processes_along(start):
    demo = start()
    assert len(processes_of(demo.state)) > 3
    os.kill(demo.process.pid, signal.SIGKILL)
    nothing_left(demo)
