"""The console as a person starts it, by a target of the Makefile, in a state folder of its own."""

import contextlib
import json
import os
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_SECONDS = 60
# The variables by which make speaks to its own children would confuse a make of ours.
_OF_MAKE = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")


class Console:
    """A running `make <target>`; `variables` are the Makefile's, `environment` the process's."""

    def __init__(
        self,
        state: Path,
        target: str,
        variables: dict[str, object],
        environment: dict[str, str] | None = None,
    ) -> None:
        self.state = state
        env = {name: value for name, value in os.environ.items() if name not in _OF_MAKE}
        env.pop("KUBECONFIG", None)
        self.environment = env | (environment or {})
        command = [
            "make",
            target,
            *(f"{name}={value}" for name, value in {"STATE": state, **variables}.items()),
        ]
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=self.environment,
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
        until(
            lambda: (self.state / "url").exists() and self._ready(), "the console is ready", context=self.said
        )
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
        """A fresh one-time link of the first person's."""
        return self.url + self.manage("loginlink", "admin").strip()

    def manage(self, *arguments: str) -> str:
        """What a command of manage.py prints, run on the same data."""
        env = self.environment | {"MESHUI_DATA_DIR": str(self.state)}
        command = [str(ROOT / ".venv/bin/python"), "manage.py", *arguments]
        made = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
        assert made.returncode == 0, made.stderr
        return made.stdout

    def said(self) -> str:
        """What it printed so far."""
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

    def post(self, path: str, body: object, *, token: str | None = "") -> tuple[int, Any]:
        return self.request("POST", path, body, token=token)

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


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return content.decode()
