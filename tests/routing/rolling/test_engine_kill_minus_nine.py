"""Consoles that are killed with -9 at every boundary, on a real file and a real API server."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cluster.kube import KubeCluster
from tests.cluster.servers import TOKEN, api_server
from tests.routing import test_on_localmesh
from tests.routing.stage import WORKLOADS, destination_rule, route, virtual_service

ROOT = Path(__file__).resolve().parents[3]
ENDS = {"healthy": ("promoted", 100), "harmful": ("rolled_back", 0)}
EVERY = {"healthy": 1, "harmful": 3}


def runs(folder, url, story):
    env = {**os.environ, "MESHUI_DATA_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "meshui.settings"}
    command = [sys.executable, "-W", "ignore", "-m", "tests.routing.rolling.dying", url, TOKEN, story]
    command.append(str(EVERY[story]))
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("story", ENDS)
def test_wherever_a_console_is_killed_the_next_one_comes_to_the_same_end(tmp_path, story):
    with api_server() as url:
        cluster = KubeCluster.at(url, TOKEN)
        for manifest in WORKLOADS:
            test_on_localmesh._run(cluster, manifest)
        cluster.create(destination_rule("reviews", ["v1"]))
        cluster.create(virtual_service("reviews", [{"route": route(("v1", 100))}]))
        calm, *killed = runs(tmp_path, url, story)
    assert (calm["status"], calm["weight"]) == ENDS[story]
    assert calm["passed"] > 30
    assert [each["at"] for each in killed] == [*range(1, calm["passed"] + 1, EVERY[story])]
    for each in killed:
        assert (each["killed"], each["ended"]) == (-9, 0), each
        for name in ("status", "weight", "why", "rules"):
            assert each[name] == calm[name], each
        assert each["intents"] == sorted(set(each["intents"])), each
        assert set(each["seen"]) <= {0, 25, 100}, each
