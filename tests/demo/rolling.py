"""Rollouts of the demo as a pipeline has them: by REST, held against what kubectl and the graph say."""

import json
import subprocess
from collections.abc import Mapping
from typing import Any

from tests.console import ROOT, Console, until
from tests.demo.running import Demo

ENDED = ("promoted", "rolled_back", "aborted", "gone")
TOLERANT = {"kind": "errors", "tolerated": 0.02}
"""With 40 requests a second a verdict takes seconds, not minutes."""
_SECOND_DETAILS = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: details-v2, namespace: bookinfo, labels: {app: details, version: v2}}
spec:
  replicas: 1
  selector: {matchLabels: {app: details, version: v2}}
  template:
    metadata: {labels: {app: details, version: v2}}
    spec:
      serviceAccountName: bookinfo-details
      containers:
      - name: details
        image: registry.istio.io/release/examples-bookinfo-details-v1:1.20.3
        ports: [{containerPort: 9080}]
"""


def asked(service: str, canary: str, *steps: tuple[int, int], **more: object) -> dict[str, Any]:
    """A request for a rollout from v1; a step is (weight, seconds)."""
    return {
        "namespace": "bookinfo",
        "service": service,
        "baseline": "v1",
        "canary": canary,
        "steps": [{"weight": weight, "seconds": seconds} for weight, seconds in steps],
        "guards": [TOLERANT],
        "interval_seconds": 1,
        **more,
    }


def started(console: Console, body: Mapping[str, object]) -> int:
    """The id of a rollout that is started."""
    status, answer = console.post("api/v1/rollouts", body)
    assert status == 201, answer
    return answer["id"]


def detail(console: Console, rollout: int) -> dict[str, Any]:
    status, answer = console.get(f"api/v1/rollouts/{rollout}")
    assert status == 200, answer
    return answer


def told(console: Console, rollout: int, name: str, body: object = None) -> tuple[int, Any]:
    """What a command answers; it was done or refused by then."""
    status, answer = console.post(f"api/v1/rollouts/{rollout}/{name}", body or {})
    assert status in (200, 409, 422), answer
    return status, answer


def becomes(console: Console, rollout: int, *statuses: str, seconds: float = 120) -> dict[str, Any]:
    """The rollout as soon as it has one of these statuses; fails at once when it ended otherwise."""

    def reached() -> dict[str, Any] | None:
        now = detail(console, rollout)
        ended = now["status"] in ENDED and now["status"] not in statuses
        assert not ended, (now["status"], now["why"], now["log"])
        return now if now["status"] in statuses else None

    return until(
        reached,
        f"rollout {rollout} is {' or '.join(statuses)}",
        seconds=seconds,
        context=lambda: in_short(console, rollout),
    )


def in_short(console: Console, rollout: int) -> str:
    """How it stands, to be read in the report of a test that failed."""
    now = detail(console, rollout)
    names = ("status", "why", "step", "weight", "configured_share", "observed_share", "sentence", "clock")
    return json.dumps({name: now.get(name) for name in names} | {"log": now.get("log", [])[:10]}, indent=1)


def weights(demo: Demo, service: str) -> dict[str, int]:
    """What the default route of a service's VirtualService says, by subset; empty without one."""
    written = demo.kubectl("get", "vs", service, "-o", "json", "--ignore-not-found")
    if not written:
        return {}
    routes = json.loads(written)["spec"]["http"][-1]["route"]
    return {each["destination"].get("subset", ""): each.get("weight", 100) for each in routes}


def with_second_details(demo: Demo) -> None:
    """The service details, which has one version in Bookinfo, gets a second."""
    demo.kubectl("apply", "-f", "-", stdin=_SECOND_DETAILS)
    demo.kubectl("rollout", "status", "deployment/details-v2", "--timeout=60s")


def turned(demo: Demo, deployment: str, percent: int) -> None:
    """Has a deployment answer so many percent of its requests with 500, from now on."""
    demo.kubectl("annotate", "deployment", deployment, f"localmesh/error-percent={percent}", "--overwrite")


def ended(demo: Demo) -> None:
    """Ends what is under way, and takes back what the rollouts wrote."""
    status, answer = demo.get("api/v1/rollouts?active=1")
    assert status == 200, answer
    for each in answer["rollouts"]:
        told(demo, each["id"], "abort")
    for each in answer["rollouts"]:
        becomes(demo, each["id"], *ENDED, seconds=30)
    demo.kubectl("delete", "vs,dr", "reviews", "details", "--ignore-not-found")


def cleared(demo: Demo) -> None:
    """Leaves the demo as it was found, without what was deployed and turned for rollouts."""
    ended(demo)
    demo.kubectl("delete", "deployment", "details-v2", "--ignore-not-found", "--wait=false")
    demo.kubectl("annotate", "deployment", "reviews-v3", "localmesh/error-percent-")


def pipeline(demo: Demo, *arguments: str) -> tuple[int, str]:
    """The exit code of `manage.py rollout`, and what it printed."""
    env = demo.environment | {
        "MESHUI_DATA_DIR": str(demo.state),
        "KUBECONFIG": str(demo.state / "kubeconfig-client"),
    }
    command = [str(ROOT / ".venv/bin/python"), "manage.py", "rollout", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr
