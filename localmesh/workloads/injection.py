"""Sidecar injection: which pods get a proxy, and what the injector adds to them.

The rules are those of Istio's webhook
(https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/). The init container is left out:
without root there is no iptables; the application asks its own pod's outbound proxy.
"""

import json
from copy import deepcopy
from typing import Any

from localmesh import network
from localmesh.workloads import images
from localmesh.workloads.objects import Object, annotations, labels, spec

SIDECAR = "istio-proxy"
STATUS_ANNOTATION = "sidecar.istio.io/status"
_DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"
_INJECT = "sidecar.istio.io/inject"


def wanted(pod: Object, namespace: Object | None) -> bool:
    """Whether a pod gets a sidecar in this namespace (None: the namespace is not known)."""
    if has_sidecar(pod) or runs_proxy_alone(pod) or spec(pod).get("hostNetwork"):
        return False
    of_namespace = labels(namespace) if namespace else {}
    if of_namespace.get("istio-injection") == "disabled":
        return False
    own = labels(pod).get(_INJECT) or annotations(pod).get(_INJECT)
    if own is not None:
        return own == "true"
    return of_namespace.get("istio-injection") == "enabled" or bool(of_namespace.get("istio.io/rev"))


def has_sidecar(pod: Object) -> bool:
    """Whether the pod already has a container `istio-proxy` beside its own."""
    return any(each.get("name") == SIDECAR for each in spec(pod).get("containers") or ()) and not (
        runs_proxy_alone(pod)
    )


def runs_proxy_alone(pod: Object) -> bool:
    """Whether the pod is a gateway: nothing but a proxy."""
    containers = spec(pod).get("containers") or ()
    return bool(containers) and all(
        images.repository(each.get("image", "")) == images.PROXY_REPOSITORY for each in containers
    )


def inject(pod: Object) -> Object:
    """The pod with a sidecar, as the injector would leave it."""
    injected = deepcopy(pod)
    metadata = injected["metadata"]
    own = labels(pod)
    app = own.get("app.kubernetes.io/name") or own.get("app")
    metadata["labels"] = {
        **own,
        "service.istio.io/canonical-name": own.get("service.istio.io/canonical-name") or app or "unknown",
        "service.istio.io/canonical-revision": own.get("service.istio.io/canonical-revision")
        or own.get("app.kubernetes.io/version")
        or own.get("version")
        or "latest",
    }
    content = {"initContainers": None, "containers": [SIDECAR], "volumes": None, "revision": "default"}
    first = next((each["name"] for each in spec(pod).get("containers") or ()), SIDECAR)
    metadata["annotations"] = {
        _DEFAULT_CONTAINER: first,
        **annotations(pod),
        STATUS_ANNOTATION: json.dumps(content),
    }
    injected["spec"].setdefault("containers", []).append(_sidecar())
    return injected


def _sidecar() -> dict[str, Any]:
    return {
        "name": SIDECAR,
        "image": images.PROXY_IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "args": ["proxy", "sidecar"],
        "ports": [
            {"containerPort": network.METRICS_PORT, "name": "http-envoy-prom", "protocol": "TCP"},
            {"containerPort": network.READINESS_PORT, "name": "status-port", "protocol": "TCP"},
        ],
        "readinessProbe": {
            "httpGet": {"path": "/healthz/ready", "port": network.READINESS_PORT},
            "periodSeconds": 2,
        },
    }
