"""A real process that is killed with -9 between two writes, on a real file and a real API server."""

import os
import subprocess
import sys
from pathlib import Path

from cluster.kube import KubeCluster
from tests.cluster.servers import TOKEN, api_server
from tests.routing import test_on_localmesh
from tests.routing.stage import REVIEWS, WORKLOADS, destination_rule, route, virtual_service

ROOT = Path(__file__).resolve().parents[2]


def console(folder, url, deed):
    env = {**os.environ, "MESHUI_DATA_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "meshui.settings"}
    command = [sys.executable, "-W", "ignore", "-m", "tests.routing.dying", url, TOKEN, deed]
    return subprocess.Popen(
        command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def test_the_next_process_finishes_what_a_killed_one_began(tmp_path):
    with api_server() as url:
        cluster = KubeCluster.at(url, TOKEN)
        for manifest in WORKLOADS:
            test_on_localmesh._run(cluster, manifest)
        cluster.create(destination_rule("reviews", ["v1", "v2"]))
        cluster.create(virtual_service("reviews", [{"route": route(("v1", 100))}]))
        with console(tmp_path, url, "apply") as first:
            said = first.stdout.readline()
            first.kill()
            assert said == "between two phases\n", said + first.stdout.read()
        assert len(cluster.get(REVIEWS)["spec"]["http"][0]["route"]) == 1
        with console(tmp_path, url, "recover") as second:
            said, _ = second.communicate(timeout=60)
        assert said.splitlines()[-2:] == ["partial: done done not_done not_done", "applied: finishes #1"], (
            said
        )
        items = cluster.get(REVIEWS)["spec"]["http"][0]["route"]
        assert [(item["destination"]["subset"], item["weight"]) for item in items] == [("v1", 80), ("v3", 20)]
