"""Kubeconfigs and exec plugins for tests, as files."""

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml

V1 = "client.authentication.k8s.io/v1"


def kubeconfig(path, server, user=None, **more):
    """Writes a kubeconfig with one context, `it`; `more` replaces parts of it. Returns its path."""
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "it",
        "clusters": [{"name": "c", "cluster": {"server": server}}],
        "users": [{"name": "u", "user": user or {}}],
        "contexts": [{"name": "it", "context": {"cluster": "c", "user": "u"}}],
        **{name.replace("_", "-"): value for name, value in more.items()},
    }
    Path(path).write_text(yaml.safe_dump(config))
    return str(path)


class Clock:
    """Seconds that pass only when a test says so, and what a clock on the wall shows meanwhile."""

    def __init__(self):
        self.now = 0.0
        self._start = datetime.now(UTC)

    def __call__(self):
        return self.now

    def wall(self):
        return self._start + timedelta(seconds=self.now)


class Plugin:
    """An exec plugin: a program that prints what `says` holds, and counts how often it ran."""

    def __init__(self, folder):
        self._answer, self._runs = folder / "answer", folder / "runs"
        self._runs.touch()
        self.program = folder / "plugin"
        self.program.write_text(
            f"#!{sys.executable}\n"
            "import os, pathlib, sys\n"
            f"with open({str(self._runs)!r}, 'a') as runs:\n"
            "    runs.write(os.environ['KUBERNETES_EXEC_INFO'] + '\\n')\n"
            f"sys.stdout.write(pathlib.Path({str(self._answer)!r}).read_text())\n"
            "sys.stderr.write(os.environ.get('WORDS', ''))\n"
            "sys.exit(int(os.environ.get('CODE', '0')))\n"
        )
        self.program.chmod(0o700)

    def says(self, *, api_version=V1, seconds=None, **credential):
        """What it prints from now on; `seconds` from now the credential ends."""
        if seconds is not None:
            end = datetime.now(UTC) + timedelta(seconds=seconds)
            credential["expirationTimestamp"] = end.strftime("%Y-%m-%dT%H:%M:%SZ")
        self.prints(json.dumps({"apiVersion": api_version, "kind": "ExecCredential", "status": credential}))

    def prints(self, text):
        self._answer.write_text(text)

    def user(self, **more):
        """A kubeconfig's user that runs it."""
        return {"exec": {"apiVersion": V1, "command": str(self.program), **more}}

    @property
    def runs(self):
        """What it was told each time."""
        return [json.loads(line) for line in self._runs.read_text().splitlines()]
