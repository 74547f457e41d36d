"""The demo as a person starts it: `make demo`, in a state folder of its own."""

import re
import subprocess
import urllib.request
from pathlib import Path
from typing import Any

from tests.console import Console


class Demo(Console):
    """A running `make demo`."""

    def __init__(self, state: Path, *, rate: int = 20, port: int | None = None) -> None:
        super().__init__(state, "demo", {"RATE": rate, **({"PORT": port} if port else {})})

    def graph(self, namespaces: str = "bookinfo", graph_type: str = "versioned_app") -> dict[str, Any]:
        return self.get(f"api/v1/graph?graph_type={graph_type}&namespaces={namespaces}")[1]

    def kubectl(self, *arguments: str, stdin: str | None = None, check: bool = True) -> str:
        command = ["kubectl", "--kubeconfig", str(self.state / "kubeconfig"), *arguments]
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
        assert done.returncode == 0 or not check, done.stderr
        return done.stdout + done.stderr

    def visit(self, path: str) -> int:
        """Asks for a page through the demo's ingress gateway, as its visitors do; the status."""
        found = re.search(r"pods ready\s+(http://\S+)/productpage", self.said())
        assert found, self.said()
        with urllib.request.urlopen(found[1] + path, timeout=30) as answer:
            return answer.status

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


def processes_of(state: Path) -> list[str]:
    """The command lines that name this state folder, whoever runs them."""
    found = subprocess.run(["ps", "-eo", "pid,args", "ww"], capture_output=True, text=True, check=True).stdout
    return [
        line
        for line in found.splitlines()
        if re.search(re.escape(str(state)), line) and " ps -eo" not in line
    ]
