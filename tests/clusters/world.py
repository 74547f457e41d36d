"""Two namespaces on a real API server, with pods that really answer for their metrics.

No controller runs there, so the pods are made by hand, and their status is set as a kubelet would. Each
stands at an address of this machine's own, where an exporter speaks like an Istio sidecar: the console's
collector reads it over HTTP.

    mine:    cart (v1, v2) -> ledger (of the other namespace), and is called by vault
    theirs:  vault -> cart, and ledger
"""

import contextlib
import itertools
import threading
import time
import uuid
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

METRICS_PORT = 15090
_addresses = itertools.count(2)


@dataclass(frozen=True)
class Workload:
    """One version of one app, with one pod."""

    app: str
    version: str = "v1"

    @property
    def name(self):
        return f"{self.app}-{self.version}"


class World:
    """The two namespaces; `mine` and `theirs` are their names, `secrets` every word of theirs."""

    MINE = (Workload("cart", "v1"), Workload("cart", "v2"))
    THEIRS = (Workload("vault"), Workload("ledger"))

    def __init__(self, server):
        self.server = server
        mark = uuid.uuid4().hex[:8]
        self.mine = server.namespace(f"shop-{mark}")
        self.theirs = server.namespace(f"bank-{mark}")
        self.secrets = (self.theirs, "vault", "ledger")
        self._exporters = []
        for namespace, workloads in ((self.mine, self.MINE), (self.theirs, self.THEIRS)):
            for app in {each.app for each in workloads}:
                self._must("POST", f"/api/v1/namespaces/{namespace}/services", _service(app))
            for each in workloads:
                self._must("POST", f"/apis/apps/v1/namespaces/{namespace}/deployments", _deployment(each))
                self._run(namespace, each)

    def stop(self):
        for exporter in self._exporters:
            exporter.stop()
        for namespace in (self.mine, self.theirs):
            # Nothing runs that would end the pods; those of a past test would still be asked for metrics.
            self._must("DELETE", f"/api/v1/namespaces/{namespace}/pods?gracePeriodSeconds=0")

    def virtual_service(self, namespace, name):
        """The VirtualService as it stands, or None."""
        path = f"/apis/networking.istio.io/v1/namespaces/{namespace}/virtualservices/{name}"
        status, body = self.server.admin.request("GET", path)
        return body if status == 200 else None

    def _run(self, namespace, workload):
        exporter = _exporter(self._calls_of(workload))
        self._exporters.append(exporter)
        pods = f"/api/v1/namespaces/{namespace}/pods"
        pod = self._must("POST", pods, _pod(workload))
        pod["status"] = {
            "phase": "Running",
            "podIP": exporter.address,
            "podIPs": [{"ip": exporter.address}],
            "conditions": [{"type": "Ready", "status": "True"}],
        }
        self._must("PUT", f"{pods}/{workload.name}/status", pod)

    def _calls_of(self, workload):
        """The callers' reports: (target namespace, target)."""
        edges = {
            "cart": [(self.mine, self.theirs, Workload("ledger"))],
            "vault": [(self.theirs, self.mine, each) for each in self.MINE],
            "ledger": [],
        }
        return [_labels(workload, source, target, place) for source, place, target in edges[workload.app]]

    def _must(self, method, path, body=None):
        return self.server.admin.must(method, path, body)


class Exporter:
    """A sidecar's metrics: counters that grow by ten requests a second."""

    def __init__(self, address, series):
        began = time.monotonic()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                count = 1000 + 10 * (time.monotonic() - began)
                lines = "".join(f"istio_requests_total{{{each}}} {count:.3f}\n" for each in series)
                body = f"# TYPE istio_requests_total counter\n{lines}".encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.address = address
        self._server = ThreadingHTTPServer((address, METRICS_PORT), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)


def _exporter(series):
    """An exporter at an address that nobody has yet: other tests take theirs from the same range."""
    for number in _addresses:
        with contextlib.suppress(OSError):
            return Exporter(f"127.{88 + number // 250}.{number % 250}.1", series)
    raise AssertionError("unreachable")


def _labels(source, source_namespace, target, target_namespace):
    values = {
        "reporter": "source",
        "source_workload": source.name,
        "source_workload_namespace": source_namespace,
        "source_canonical_service": source.app,
        "source_canonical_revision": source.version,
        "destination_service": f"{target.app}.{target_namespace}.svc.cluster.local",
        "destination_service_name": target.app,
        "destination_service_namespace": target_namespace,
        "destination_workload": target.name,
        "destination_workload_namespace": target_namespace,
        "destination_canonical_service": target.app,
        "destination_canonical_revision": target.version,
        "request_protocol": "http",
        "response_code": "200",
        "response_flags": "-",
    }
    return ",".join(f'{name}="{value}"' for name, value in values.items())


def _service(app):
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": app, "labels": {"app": app}},
        "spec": {"selector": {"app": app}, "ports": [{"name": "http", "port": 8080}]},
    }


def _container(name, image):
    return {"name": name, "image": image}


def _template(workload):
    return {
        "metadata": {"labels": {"app": workload.app, "version": workload.version}},
        "spec": {
            "containers": [
                {"name": "app", "image": "app:1"},
                {"name": "istio-proxy", "image": "proxyv2:1.31.1"},
            ]
        },
    }


def _deployment(workload):
    labels = {"app": workload.app, "version": workload.version}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": workload.name, "labels": labels},
        "spec": {"replicas": 1, "selector": {"matchLabels": labels}, "template": _template(workload)},
    }


def _pod(workload):
    template = _template(workload)
    metadata = {"name": workload.name, **template["metadata"]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}
