"""The access log of a running mesh, by kubectl as people read it."""

import contextlib
import json
import os
import select
import subprocess
import uuid

import pytest

from tests.mesh import until

pytestmark = pytest.mark.mesh


@contextlib.contextmanager
def following(mesh, *what):
    """`kubectl logs -f` from now on; a function that gives the lines so far."""
    command = ["kubectl", "logs", "-f", "--tail=0", "-c", "istio-proxy", *what]
    env = {**os.environ, "KUBECONFIG": str(mesh.state / "kubeconfig")}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=env)
    read = bytearray()

    def lines():
        while select.select([process.stdout], [], [], 0)[0]:
            piece = os.read(process.stdout.fileno(), 65536)
            if not piece:
                break
            read.extend(piece)
        return read.decode().splitlines()

    try:
        yield lines
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()


def requests(lines):
    return [json.loads(each) for each in lines() if each.startswith("{") and each.endswith("}")]


def passed(mesh, lines, wanted, path="/productpage"):
    """The first line of which this is true, after requests that are made until there is one."""

    def found():
        mesh.fetch(path)
        return [each for each in requests(lines) if wanted(each)]

    return until(found)[0]


def test_a_request_is_in_the_log_of_every_proxy_that_it_passes_as_istio_writes_it(mesh):
    mark = uuid.uuid4().hex
    [productpage], [details] = mesh.pods("app=productpage"), mesh.pods("app=details")
    with following(mesh, "deployment/istio-ingressgateway", "-n", "istio-system") as edge:
        seen = passed(mesh, edge, lambda each: mark in each["path"], f"/productpage?u={mark}")
    assert (seen["method"], seen["response_code"], seen["response_flags"]) == ("GET", 200, "-")
    assert seen["upstream_cluster"] == "outbound|9080||productpage.bookinfo.svc.cluster.local"
    assert seen["upstream_host"] == f"{productpage['status']['podIP']}:9080"
    with following(mesh, "deployment/details-v1") as inside:
        seen = passed(mesh, inside, lambda each: each["path"] == "/details/0")
    assert seen["upstream_cluster"] == "inbound|9080||"
    assert seen["downstream_local_address"] == f"{details['status']['podIP']}:9080"
    caller, _, port = seen["downstream_remote_address"].rpartition(":")
    assert (caller, port != "0") == (productpage["status"]["podIP"], True)
    assert seen["duration"] >= 0
    assert seen["start_time"].endswith("Z")


def test_the_last_lines_of_a_log_are_read_without_waiting(mesh):
    mesh.fetch()
    lines = until(
        lambda: mesh.kubectl("logs", "deployment/details-v1", "-c", "istio-proxy", "--tail=1").splitlines()
    )
    assert len(lines) == 1
    assert json.loads(lines[0])["authority"] == "details:9080"
