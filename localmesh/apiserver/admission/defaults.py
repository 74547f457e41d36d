"""What Kubernetes fills in for the author of an object: the part that clients and controllers rely on."""

import base64
from collections.abc import Callable, Iterable
from typing import Any

from localmesh.apiserver import kinds
from localmesh.apiserver.kinds import Resource

Map = dict[str, Any]

#: The namespace's own name as a label, for selectors.
NAME_LABEL = "kubernetes.io/metadata.name"
_CLUSTER_IPS = "127.240"


class NoAddressLeft(RuntimeError):  # noqa: N818
    """All cluster IPs are taken."""


def fill(resource: Resource, obj: Map, old: Map | None, taken: Callable[[], Iterable[str]]) -> None:
    """Fill in defaults, in place. `taken` gives the cluster IPs in use; it is asked only where one is
    needed.
    """
    match resource:
        case kinds.NAMESPACES:
            _namespace(obj)
        case kinds.SERVICES:
            _service(obj.setdefault("spec", {}), (old or {}).get("spec", {}), taken)
        case kinds.PODS:
            _pod_spec(obj.setdefault("spec", {}))
        case kinds.DEPLOYMENTS:
            _deployment(obj.get("spec", {}))
        case kinds.REPLICA_SETS | kinds.STATEFUL_SETS:
            obj.get("spec", {}).setdefault("replicas", 1)
            _template(obj.get("spec", {}))
        case kinds.DAEMON_SETS:
            _template(obj.get("spec", {}))
        case kinds.JOBS:
            _job(obj.get("spec", {}))
        case kinds.CRON_JOBS:
            _cron_job(obj.get("spec", {}))
        case kinds.SECRETS:
            _secret(obj)
        case _:
            pass


def _namespace(obj: Map) -> None:
    metadata = obj["metadata"]
    metadata["labels"] = {**(metadata.get("labels") or {}), NAME_LABEL: metadata["name"]}
    obj.setdefault("spec", {}).setdefault("finalizers", ["kubernetes"])


def _service(spec: Map, old: Map, taken: Callable[[], Iterable[str]]) -> None:
    spec.setdefault("type", "ClusterIP")
    spec.setdefault("sessionAffinity", "None")
    for port in spec.get("ports", []):
        port.setdefault("protocol", "TCP")
        port.setdefault("targetPort", port.get("port"))
    if spec["type"] == "ExternalName":
        return
    spec.setdefault("internalTrafficPolicy", "Cluster")
    if not spec.get("clusterIP"):
        spec["clusterIP"] = old.get("clusterIP") or _free_address(set(taken()))
    spec.setdefault("clusterIPs", [spec["clusterIP"]])
    spec.setdefault("ipFamilies", ["IPv4"])
    spec.setdefault("ipFamilyPolicy", "SingleStack")


def _free_address(taken: set[str]) -> str:
    """The lowest free address; x.0 and x.255 are left out, so that none looks like a network's."""
    for third in range(256):
        for fourth in range(1, 255):
            address = f"{_CLUSTER_IPS}.{third}.{fourth}"
            if address not in taken:
                return address
    raise NoAddressLeft("no cluster IP is free")


def _deployment(spec: Map) -> None:
    spec.setdefault("replicas", 1)
    spec.setdefault("revisionHistoryLimit", 10)
    spec.setdefault("progressDeadlineSeconds", 600)
    strategy = spec.setdefault("strategy", {})
    strategy.setdefault("type", "RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        rolling.setdefault("maxUnavailable", "25%")
        rolling.setdefault("maxSurge", "25%")
    _template(spec)


def _job(spec: Map) -> None:
    if "completions" not in spec and "parallelism" not in spec:
        spec["completions"] = 1
    spec.setdefault("parallelism", 1)
    spec.setdefault("backoffLimit", 6)
    spec.setdefault("completionMode", "NonIndexed")
    spec.setdefault("suspend", False)
    _template(spec)


def _cron_job(spec: Map) -> None:
    spec.setdefault("concurrencyPolicy", "Allow")
    spec.setdefault("suspend", False)
    spec.setdefault("successfulJobsHistoryLimit", 3)
    spec.setdefault("failedJobsHistoryLimit", 1)
    _template(spec.get("jobTemplate", {}).get("spec", {}))


def _template(spec: Map) -> None:
    template = spec.get("template")
    if isinstance(template, dict):
        _pod_spec(template.setdefault("spec", {}))


def _pod_spec(spec: Map) -> None:
    spec.setdefault("restartPolicy", "Always")
    spec.setdefault("terminationGracePeriodSeconds", 30)
    spec.setdefault("dnsPolicy", "ClusterFirst")
    spec.setdefault("securityContext", {})
    spec.setdefault("schedulerName", "default-scheduler")
    if spec.get("serviceAccountName"):
        spec.setdefault("serviceAccount", spec["serviceAccountName"])
    for container in [*spec.get("containers", []), *spec.get("initContainers", [])]:
        _container(container)


def _container(container: Map) -> None:
    tag = container.get("image", "").rpartition("/")[2].partition(":")[2]
    container.setdefault("imagePullPolicy", "Always" if tag in ("", "latest") else "IfNotPresent")
    container.setdefault("terminationMessagePath", "/dev/termination-log")
    container.setdefault("terminationMessagePolicy", "File")
    container.setdefault("resources", {})
    for port in container.get("ports", []):
        port.setdefault("protocol", "TCP")


def _secret(obj: Map) -> None:
    """`stringData` is a convenience for writers; what is stored is base64."""
    obj.setdefault("type", "Opaque")
    for key, text in obj.pop("stringData", {}).items():
        obj.setdefault("data", {})[key] = base64.b64encode(text.encode()).decode()
