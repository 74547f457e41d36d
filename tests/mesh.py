"""A whole localmesh in a process of its own, as `make demo` starts it, and what tests do with it."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_READY = re.compile(r"(\d+) pods ready\s+(http://\S+)/productpage")
_SAMPLE = re.compile(r"^(\w+)\{(.*)\} (\S+)$")
_LABEL = re.compile(r'(\w+)="([^"]*)"')


class LocalMesh:
    """One `python -m localmesh run` on a state folder; start it, use it, stop it."""

    def __init__(self, state, *, rate=None, command=()):
        self.state = Path(state)
        self.output = self.state / "output"
        self._arguments = ["--state", str(self.state), "--die-with-parent"]
        if rate is not None:
            self._arguments += ["--rate", str(rate)]
        if command:
            self._arguments += ["--", *command]
        self.process = None

    def start(self):
        self.state.mkdir(parents=True, exist_ok=True)
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "localmesh", "run", *self._arguments],
                cwd=ROOT,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self

    def wait_until_ready(self, seconds=90):
        """Wait until all pods are ready; how many they are."""
        until(lambda: _READY.search(self.said()) or self.process.poll() is not None, seconds, self.said)
        found = _READY.search(self.said())
        assert found, self.said()
        return int(found[1])

    def said(self):
        return self.output.read_text() if self.output.exists() else ""

    def stop(self, number=signal.SIGINT, seconds=40):
        """Send a signal as a terminal or a person does; the exit code."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)
        return self.process.wait(timeout=seconds)

    def family(self):
        """The pids of localmesh and of everything that it started."""
        return [
            int(line.split()[0]) for line in self.run("memory", "--state", str(self.state)).splitlines()[1:-1]
        ]

    def run(self, *arguments):
        """Another command of localmesh."""
        command = [sys.executable, "-m", "localmesh", *arguments]
        return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout

    def kubectl(self, *arguments, stdin=None, check=True, seconds=60):
        """Run kubectl; what it printed, or with check=False (exit code, output and errors together)."""
        env = {**os.environ, "KUBECONFIG": str(self.state / "kubeconfig")}
        done = subprocess.run(
            ["kubectl", *arguments],
            input=stdin,
            env=env,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        if not check:
            return done.returncode, done.stdout + done.stderr
        assert done.returncode == 0, f"kubectl {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    def get(self, *arguments):
        """`kubectl get ... -o json`, parsed."""
        return json.loads(self.kubectl("get", *arguments, "-o", "json"))

    def pods(self, selector="", namespace="bookinfo"):
        chosen = ("-l", selector) if selector else ()
        return self.get("pods", "-n", namespace, *chosen)["items"]

    def rollout(self, deployment, namespace="bookinfo"):
        """Wait until a rollout is through."""
        return self.kubectl("rollout", "status", "deployment", deployment, "-n", namespace, "--timeout=30s")

    def gateway(self):
        """The URL of the ingress gateway, as localmesh told it when all was ready."""
        return _READY.search(self.said())[2]

    def fetch(self, path="/productpage", headers=None, url=None, seconds=30):
        """GET through the ingress gateway: status and text."""
        request = urllib.request.Request((url or self.gateway()) + path, headers=headers or {})
        try:
            with urllib.request.urlopen(request, timeout=seconds) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def metrics(self, pod, name="envoy_istio_requests_total"):
        """The samples of one metric at a pod's own proxy: (labels, value)."""
        _, text = self.fetch("/stats/prometheus", url=f"http://{pod['status']['podIP']}:15090")
        found = (_SAMPLE.match(line) for line in text.splitlines() if line.startswith(name + "{"))
        return [(dict(_LABEL.findall(each[2])), float(each[3])) for each in found if each]


def until(condition, seconds=40, context=lambda: ""):
    """Wait until a condition about other processes holds; its value."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"not so within {seconds} s\n{context()}")
