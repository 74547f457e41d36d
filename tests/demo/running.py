"""The demo as a person starts it: `make demo`, in a state folder of its own."""

import contextlib
import json
import os
import re
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE_SECONDS = 60


class Demo:
    """A running `make demo`."""

    def __init__(self, state: Path, *, rate: int = 20, port: int | None = None) -> None:
        self.state = state
        # The variables by which make speaks to its own children would confuse a make of ours.
        env = {
            name: value
            for name, value in os.environ.items()
            if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")
        }
        env.pop("KUBECONFIG", None)
        command = ["make", "demo", f"STATE={state}", f"RATE={rate}", *([f"PORT={port}"] if port else [])]
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.output: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        with self.process.stdout as lines:
            self.output.extend(lines)

    def wait_until_ready(self) -> float:
        """Seconds until /readyz is 200."""
        began = time.monotonic()
        until(lambda: (self.state / "url").exists() and self._ready(), "the demo is ready", context=self.said)
        return time.monotonic() - began

    def _ready(self) -> bool:
        with contextlib.suppress(OSError):
            return self.get("readyz", token=None)[0] == 200
        return False

    @property
    def url(self) -> str:
        return (self.state / "url").read_text().strip()

    @property
    def token(self) -> str:
        return (self.state / "token").read_text().strip()

    @property
    def login_link(self) -> str:
        """A fresh one-time link."""
        env = os.environ | {"MESHUI_DATA_DIR": str(self.state)}
        command = [str(ROOT / ".venv/bin/python"), "manage.py", "loginlink", "admin"]
        made = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True)
        return self.url + made.stdout.strip()

    def said(self) -> str:
        """What the demo printed so far."""
        return "".join(self.output)

    def request(
        self, method: str, path: str, body: object = None, *, token: str | None = ""
    ) -> tuple[int, Any]:
        """Status and parsed answer of a call; `token` None for none at all."""
        headers = {"Content-Type": "application/json"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token or self.token}"
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(f"{self.url}/{path}", data=data, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, _parsed(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, _parsed(error.read())

    def get(self, path: str, *, token: str | None = "") -> tuple[int, Any]:
        return self.request("GET", path, token=token)

    def post(self, path: str, body: object) -> tuple[int, Any]:
        return self.request("POST", path, body)

    def graph(self, namespaces: str = "bookinfo", graph_type: str = "versioned_app") -> dict[str, Any]:
        return self.get(f"api/v1/graph?graph_type={graph_type}&namespaces={namespaces}")[1]

    def kubectl(self, *arguments: str, stdin: str | None = None, check: bool = True) -> str:
        command = ["kubectl", "--kubeconfig", str(self.state / "kubeconfig"), *arguments]
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
        assert done.returncode == 0 or not check, done.stderr
        return done.stdout + done.stderr

    def share(self, app: str, version: str) -> float:
        """The part of an app's requests that a version gets, as the graph has it: 0 to 1."""
        graph = self.graph()
        versions = {
            node["id"]: node["version"] for node in graph["nodes"] if node["app"] == app and node["version"]
        }
        rates: dict[str, float] = {}
        for edge in graph["edges"]:
            if edge["target"] in versions:
                key = versions[edge["target"]]
                rates[key] = rates.get(key, 0.0) + edge["requests_per_second"]
        total = sum(rates.values())
        return rates.get(version, 0.0) / total if total else 0.0

    def stop(self, number: int = signal.SIGINT) -> int:
        """Ctrl-C, as a terminal sends it: to the whole foreground group."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)
        code = self.process.wait(timeout=30)
        self._reader.join(timeout=15)
        return code


def until(
    condition: Callable[[], object], what: str, *, seconds: float = PATIENCE_SECONDS, context=lambda: ""
) -> Any:
    """Wait until the condition holds; its value. Fails with what was waited for."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.2)
    raise AssertionError(f"after {seconds:g} s it is still not so that {what}\n{context()}")


def processes_of(state: Path) -> list[str]:
    """The command lines that name this state folder, whoever runs them."""
    found = subprocess.run(["ps", "-eo", "pid,args", "ww"], capture_output=True, text=True, check=True).stdout
    return [
        line
        for line in found.splitlines()
        if re.search(re.escape(str(state)), line) and " ps -eo" not in line
    ]


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return content.decode()
