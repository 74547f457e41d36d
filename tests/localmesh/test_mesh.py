"""Workloads of a running mesh, by kubectl as people do it. Each test leaves the mesh as it found it."""

import contextlib
import json
import os
import signal
import threading
import time
from collections import Counter

import pytest

from tests.mesh import until

pytestmark = pytest.mark.mesh

PLAIN = """
apiVersion: v1
kind: Namespace
metadata: {name: plain}
---
apiVersion: v1
kind: Service
metadata: {name: ratings, namespace: plain}
spec:
  selector: {app: ratings}
  ports: [{name: http, port: 9080}]
---
apiVersion: v1
kind: Pod
metadata: {name: ratings, namespace: plain, labels: {app: ratings}}
spec:
  containers:
    - {name: ratings, image: examples-bookinfo-ratings-v1, ports: [{containerPort: 9080}]}
---
apiVersion: v1
kind: Pod
metadata: {name: reviews, namespace: plain, labels: {app: reviews}}
spec:
  containers:
    - {name: reviews, image: examples-bookinfo-reviews-v3, ports: [{containerPort: 9080}]}
"""
UNKNOWN = """
apiVersion: v1
kind: Pod
metadata: {name: stranger, namespace: bookinfo, labels: {app: stranger}}
spec:
  containers: [{name: web, image: "nginx:1"}]
"""


class Visitors:
    """People who ask for the page all the time, and what they get."""

    def __init__(self, mesh, path="/productpage"):
        self._mesh = mesh
        self._path = path
        self._url = mesh.gateway()
        self._end = threading.Event()
        self._threads = [threading.Thread(target=self._visit) for _ in range(3)]
        self.answers = Counter()

    def _visit(self):
        while not self._end.wait(0.01):
            try:
                status, text = self._mesh.fetch(self._path, url=self._url)
            except OSError as error:
                self.answers[str(error)] += 1
                continue
            # The page is 200 also without its parts: it says so in words.
            self.answers["Sorry" if "Sorry" in text else status] += 1

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        until(lambda: self.answers)
        return self

    def __exit__(self, *_):
        self._end.set()
        for thread in self._threads:
            thread.join()


def pids(mesh, word):
    """The processes of the mesh whose command or bootstrap names a word."""
    lines = mesh.run("memory", "--state", str(mesh.state)).splitlines()[1:-1]
    return [int(line.split()[0]) for line in lines if word in line]


def names(pods):
    return {pod["metadata"]["name"] for pod in pods}


@contextlib.contextmanager
def annotated(mesh, deployment, *notes):
    mesh.kubectl("annotate", "deployment", deployment, "--overwrite", *notes)
    try:
        yield
    finally:
        mesh.kubectl("annotate", "deployment", deployment, *(f"{note.split('=')[0]}-" for note in notes))


def test_all_pods_run_and_are_ready(mesh):
    for namespace, count in (("bookinfo", 6), ("istio-system", 1), ("load", 1)):
        pods = mesh.pods(namespace=namespace)
        assert len(pods) == count
        for pod in pods:
            assert pod["status"]["phase"] == "Running"
            assert all(each["ready"] for each in pod["status"]["containerStatuses"])


def test_a_request_passes_every_proxy_on_its_way(mesh):
    def seen(selector, reporter, workload):
        [pod] = mesh.pods(selector)
        counted = mesh.metrics(pod)
        return sum(
            value
            for labels, value in counted
            if (labels["reporter"], labels["source_workload"]) == (reporter, workload)
        )

    before = seen("app=details", "destination", "productpage-v1")
    assert mesh.fetch()[0] == 200
    until(lambda: seen("app=details", "destination", "productpage-v1") == before + 1)
    assert seen("app=productpage", "destination", "istio-ingressgateway") >= 1
    assert seen("app=productpage", "source", "productpage-v1") >= 2


def test_only_metrics_and_readiness_are_open_on_a_pods_ip(mesh):
    [pod] = mesh.pods("app=details")
    ip = pod["status"]["podIP"]
    assert mesh.fetch("/healthz/ready", url=f"http://{ip}:15021")[0] == 200
    assert mesh.fetch("/quitquitquit", url=f"http://{ip}:15090")[0] == 404
    with pytest.raises(OSError, match="refused"):
        mesh.fetch("/", url=f"http://{ip}:15000")


def test_the_gateways_service_has_its_pods_address(mesh):
    service = mesh.get("service", "istio-ingressgateway", "-n", "istio-system")
    [ingress] = service["status"]["loadBalancer"]["ingress"]
    assert f"http://{ingress['ip']}:8080" == mesh.gateway()


def test_scaling_starts_and_stops_real_workloads(mesh):
    def addresses():
        slices = mesh.get("endpointslices", "-l", "kubernetes.io/service-name=ratings")["items"]
        return {
            address
            for each in slices
            for endpoint in each["endpoints"]
            if endpoint["conditions"]["ready"]
            for address in endpoint["addresses"]
        }

    try:
        mesh.kubectl("scale", "deployment", "ratings-v1", "--replicas=2")
        mesh.rollout("ratings-v1")
        assert addresses() == {pod["status"]["podIP"] for pod in mesh.pods("app=ratings")}
        assert len(addresses()) == 2
        assert len(pids(mesh, "ratings v1")) == 2
    finally:
        mesh.kubectl("scale", "deployment", "ratings-v1", "--replicas=1")
    until(lambda: len(mesh.pods("app=ratings")) == 1)
    assert len(addresses()) == 1
    assert len(pids(mesh, "ratings v1")) == 1


def test_a_restart_under_traffic_replaces_the_pods_and_loses_no_request(mesh):
    before = names(mesh.pods("app=details"))
    with Visitors(mesh) as visitors:
        mesh.kubectl("rollout", "restart", "deployment", "details-v1")
        mesh.rollout("details-v1")
        until(lambda: names(mesh.pods("app=details")).isdisjoint(before))
    assert set(visitors.answers) == {200}
    assert "details-v1-" in mesh.kubectl("describe", "deployment", "details-v1")


def test_a_deleted_pod_is_gone_with_its_processes_and_replaced(mesh):
    [pod] = mesh.pods("app=ratings")
    [application] = pids(mesh, "ratings v1")
    mesh.kubectl("delete", "pod", pod["metadata"]["name"])
    with pytest.raises(ProcessLookupError):
        os.kill(application, 0)
    mesh.rollout("ratings-v1")
    [replacement] = mesh.pods("app=ratings")
    assert replacement["metadata"]["name"] != pod["metadata"]["name"]


@pytest.mark.parametrize(
    ("word", "container"), [("ratings v1", "ratings"), ("envoy bookinfo/ratings", "istio-proxy")]
)
def test_a_crashed_process_is_restarted_and_counted(mesh, word, container):
    def restarts():
        [pod] = mesh.pods("app=ratings")
        found = {each["name"]: each for each in pod["status"]["containerStatuses"]}
        return found[container]["restartCount"], all(each["ready"] for each in found.values())

    before, _ = restarts()
    [pid] = pids(mesh, word)
    os.kill(pid, signal.SIGKILL)
    until(lambda: restarts() == (before + 1, True))
    until(lambda: "unavailable" not in mesh.fetch("/api/v1/products/0/ratings")[1])


def test_a_delay_is_turned_on_and_off_while_the_service_runs(mesh):
    [pod] = mesh.pods("app=ratings")

    def slow(pod):
        began = time.monotonic()
        assert mesh.fetch("/ratings/0", url=f"http://{pod['status']['podIP']}:9080")[0] == 200
        return time.monotonic() - began > 0.25

    with annotated(mesh, "ratings-v1", "localmesh/delay=250ms"):
        until(lambda: slow(pod))
    until(lambda: not slow(pod))
    assert names(mesh.pods("app=ratings")) == {pod["metadata"]["name"]}


def test_errors_are_turned_on_while_the_service_runs(mesh):
    with annotated(mesh, "ratings-v1", "localmesh/error-percent=100"):
        until(lambda: mesh.fetch("/api/v1/products/0/ratings")[0] == 500)
    until(lambda: mesh.fetch("/api/v1/products/0/ratings")[0] == 200)


def test_a_bad_value_is_told_as_an_event(mesh):
    with annotated(mesh, "ratings-v1", "localmesh/delay=5 parsecs"):
        until(
            lambda: (
                "5 parsecs" in mesh.kubectl("describe", "deployment", "ratings-v1").partition("Events:")[2]
            )
        )


def test_the_traffic_generator_is_turned_by_its_annotation(mesh):
    def answered():
        return sum(value for labels, value in mesh.metrics(*mesh.pods(namespace="istio-system")))

    mesh.kubectl(
        "annotate", "deployment", "traffic", "-n", "load", "--overwrite", "localmesh/requests-per-second=50"
    )
    try:
        before = answered()
        until(lambda: answered() > before + 20)
    finally:
        rest = (
            "annotate",
            "deployment",
            "traffic",
            "-n",
            "load",
            "--overwrite",
            "localmesh/requests-per-second=0",
        )
        mesh.kubectl(*rest)


def test_an_unknown_image_leaves_its_pod_pending_with_the_reason(mesh):
    mesh.kubectl("apply", "-f", "-", stdin=UNKNOWN)
    try:
        until(lambda: "ImagePullBackOff" in mesh.kubectl("get", "pod", "stranger"))
        assert mesh.get("pod", "stranger")["status"]["phase"] == "Pending"
        assert "examples-bookinfo-reviews-v1" in mesh.kubectl("describe", "pod", "stranger")
    finally:
        mesh.kubectl("delete", "pod", "stranger")


def test_pods_without_a_sidecar_reach_services_without_rules(mesh):
    before = len(pids(mesh, "localmesh.bookinfo"))
    mesh.kubectl("apply", "-f", "-", stdin=PLAIN)
    try:
        mesh.kubectl("wait", "pod", "--all", "-n", "plain", "--for=condition=Ready", "--timeout=20s")
        [reviews] = [pod for pod in mesh.pods(namespace="plain") if pod["metadata"]["name"] == "reviews"]
        assert [each["name"] for each in reviews["spec"]["containers"]] == ["reviews"]
        _, text = mesh.fetch("/reviews/0", url=f"http://{reviews['status']['podIP']}:9080")
        assert [each["rating"]["stars"] for each in json.loads(text)["reviews"]] == [5, 4]
    finally:
        mesh.kubectl("delete", "namespace", "plain")
    until(lambda: len(pids(mesh, "localmesh.bookinfo")) == before)


def test_logs_are_those_of_the_container(mesh):
    assert "listens on" in mesh.kubectl("logs", "deployment/ratings-v1", "-c", "ratings")
    code, said = mesh.kubectl("logs", "deployment/ratings-v1", "-c", "nobody", check=False)
    assert code != 0
    assert "nobody" in said
