"""A mesh comes up and goes down: nothing is left behind, and everything is found again."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests import needs
from tests.mesh import ROOT, LocalMesh, until

pytestmark = pytest.mark.mesh

RULE = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: ratings, namespace: bookinfo}
spec:
  hosts: [ratings]
  http: [{route: [{destination: {host: ratings}}], timeout: 5s}]
"""


@pytest.fixture
def new_mesh(tmp_path):
    """Make meshes on one state folder; whatever is left of them is killed."""
    needs.envoy()
    needs.program("kubectl")
    made = []

    def make(**kwargs):
        made.append(LocalMesh(tmp_path / "state", rate=0, **kwargs))
        return made[-1].start()

    yield make
    for each in made:
        if each.process.poll() is None:
            each.process.kill()
            each.process.wait()


def alive(pids):
    def runs(pid):
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except FileNotFoundError:
            return False

    return [pid for pid in pids if runs(pid)]


def test_ctrl_c_and_kill_leave_nothing_behind_and_a_restart_finds_the_rules(new_mesh):
    mesh = new_mesh()
    assert mesh.wait_until_ready() == 8
    before, first = mesh.pods(), mesh.family()
    assert len(first) == 15
    mesh.kubectl("apply", "-f", "-", stdin=RULE)
    mesh.kubectl("scale", "deployment", "reviews-v2", "--replicas=0")
    assert mesh.stop(signal.SIGINT) == 0
    assert alive(first) == []
    assert "Traceback" not in mesh.said()

    mesh = new_mesh()
    assert mesh.wait_until_ready() == 7
    assert mesh.get("virtualservice", "ratings")["spec"]["http"][0]["timeout"] == "5s"
    names = {pod["metadata"]["name"] for pod in mesh.pods()}
    assert names.isdisjoint({pod["metadata"]["name"] for pod in before})
    assert mesh.fetch()[0] == 200
    second = mesh.family()
    mesh.process.kill()
    mesh.process.wait()
    until(lambda: not alive(second))


def test_a_second_mesh_on_the_same_folder_is_refused(new_mesh, tmp_path):
    mesh = new_mesh()
    until(lambda: "API server" in mesh.said())
    command = [sys.executable, "-m", "localmesh", "run", "--state", str(tmp_path / "state")]
    second = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert second.returncode == 2
    assert f"in use by another localmesh (process {mesh.process.pid})" in second.stderr
    assert len(second.stderr.splitlines()) == 1


def test_the_mesh_ends_with_its_command_and_its_exit_code(new_mesh, tmp_path):
    told = tmp_path / "told"
    script = f"kubectl get namespace bookinfo -o name > {told}; exit 7"
    mesh = new_mesh(command=("sh", "-c", script))
    assert mesh.process.wait(timeout=30) == 7
    assert told.read_text() == "namespace/bookinfo\n"


def test_the_mesh_ends_with_its_parent(tmp_path):
    needs.envoy()
    pid_file = tmp_path / "pid"
    run = f"{sys.executable} -m localmesh run --state {tmp_path}/state --die-with-parent"
    script = f"{run} & echo $! > {pid_file}; wait"
    with subprocess.Popen(["sh", "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert "API server" in parent.stdout.readline()
        pid = int(pid_file.read_text())
        os.kill(parent.pid, signal.SIGKILL)
        until(lambda: not alive([pid]))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["run"], "--state"),
        (["run", "--state", "x", "--rate", "fast"], '"fast" is not a number from 0 to 1000'),
        (["run", "--state", "x", "--rate", "1001"], "not a number from 0 to 1000"),
        (["memory", "--state", "nowhere"], "no localmesh runs on nowhere"),
        (["walk"], "invalid choice"),
    ],
)
def test_wrong_arguments_are_told_in_words(arguments, told):
    command = [sys.executable, "-m", "localmesh", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert told in done.stderr


def test_a_command_that_does_not_exist_is_told_and_ends_the_mesh(new_mesh):
    mesh = new_mesh(command=("no-such-command",))
    assert mesh.process.wait(timeout=30) == 2
    assert "no-such-command" in mesh.said()
    assert "Traceback" not in mesh.said()
