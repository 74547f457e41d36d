"""The EndpointSlices of Services, and the addresses of load balancers: who serves a name right now."""

from collections import defaultdict
from collections.abc import Mapping

from localmesh.apiserver import kinds
from localmesh.apiserver.store import Store
from localmesh.workloads.objects import (
    Object,
    digest,
    is_true,
    labels,
    name,
    namespace,
    owner_reference,
    spec,
    status,
    terminating,
    uid,
)

SERVICE_NAME = "kubernetes.io/service-name"
_MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
_CONTROLLER = "endpointslice-controller.k8s.io"


class Endpoints:
    """Reconciles EndpointSlices and load-balancer addresses of all Services in one synchronous pass."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def reconcile(self) -> None:
        """Write what has changed; slices of Services that are gone, or that no pod fits any more, go."""
        slices = [each for each in self._store.list(kinds.ENDPOINT_SLICES) if _ours(each)]
        kept: set[tuple[str, str]] = set()
        pods: dict[str, list[Object]] = defaultdict(list)
        for pod in self._store.list(kinds.PODS):
            pods[namespace(pod)].append(pod)
        for service in self._store.list(kinds.SERVICES):
            if terminating(service) or not spec(service).get("selector"):
                continue
            chosen = [pod for pod in pods[namespace(service)] if _serves(pod, service)]
            for wanted in slices_of(service, chosen):
                kept.add((namespace(wanted), name(wanted)))
                self._write(wanted)
            self._balance(service, chosen)
        for each in slices:
            if (namespace(each), name(each)) not in kept:
                self._store.delete(kinds.ENDPOINT_SLICES, namespace(each), name(each))

    def _write(self, wanted: Object) -> None:
        present = self._store.get(kinds.ENDPOINT_SLICES, namespace(wanted), name(wanted))
        if present is None:
            self._store.create(kinds.ENDPOINT_SLICES, wanted)
            return
        present.update(wanted, metadata={**present["metadata"], **wanted["metadata"]})
        self._store.update(kinds.ENDPOINT_SLICES, present)

    def _balance(self, service: Object, pods: list[Object]) -> None:
        """A load balancer's address is its ready pods' own: nothing stands before them."""
        if spec(service).get("type") != "LoadBalancer":
            return
        ready = [status(pod)["podIP"] for pod in pods if _ready(pod)]
        balancer = {"ingress": [{"ip": ip, "ipMode": "VIP"} for ip in ready]} if ready else {}
        service["status"] = {**status(service), "loadBalancer": balancer}
        self._store.update_status(kinds.SERVICES, service)


def slices_of(service: Object, pods: list[Object]) -> list[Object]:
    """The EndpointSlices of a Service: one for each way in which its target ports come out on the pods."""
    groups: dict[str, tuple[list[Object], list[Object]]] = {}
    for pod in pods:
        ports = _ports(service, pod)
        groups.setdefault(digest(ports), (ports, []))[1].append(pod)
    if not groups:
        groups[""] = ([], [])
    return [_slice(service, key, ports, group) for key, (ports, group) in groups.items()]


def target_port(port: Mapping[str, object], pod: Object) -> int | None:
    """The container port behind a Service's port; None when the pod has no port of that name."""
    target = port.get("targetPort") or port["port"]
    if isinstance(target, int) or str(target).isdigit():
        return int(str(target))
    for container in spec(pod).get("containers") or ():
        for declared in container.get("ports") or ():
            if declared.get("name") == target:
                return int(declared["containerPort"])
    return None


def _ports(service: Object, pod: Object) -> list[Object]:
    found = []
    for port in spec(service).get("ports") or ():
        number = target_port(port, pod)
        if number is None:
            continue
        entry = {"name": port.get("name", ""), "port": number, "protocol": port.get("protocol", "TCP")}
        if port.get("appProtocol"):
            entry["appProtocol"] = port["appProtocol"]
        found.append(entry)
    return found


def _slice(service: Object, key: str, ports: list[Object], pods: list[Object]) -> Object:
    early = bool(spec(service).get("publishNotReadyAddresses"))
    return {
        "metadata": {
            "name": f"{name(service)}-{digest([uid(service), key], 5)}",
            "namespace": namespace(service),
            "labels": {**labels(service), SERVICE_NAME: name(service), _MANAGED_BY: _CONTROLLER},
            "ownerReferences": [owner_reference(service)],
        },
        "addressType": "IPv4",
        "ports": ports,
        "endpoints": [_endpoint(pod, early=early) for pod in sorted(pods, key=name)],
    }


def _endpoint(pod: Object, *, early: bool) -> Object:
    serving = is_true(pod, "Ready")
    return {
        "addresses": [status(pod)["podIP"]],
        "conditions": {
            "ready": early or (serving and not terminating(pod)),
            "serving": serving,
            "terminating": terminating(pod),
        },
        "nodeName": spec(pod).get("nodeName", ""),
        "targetRef": {"kind": "Pod", "name": name(pod), "namespace": namespace(pod), "uid": uid(pod)},
    }


def _serves(pod: Object, service: Object) -> bool:
    given, selector = labels(pod), spec(service)["selector"]
    finished = status(pod).get("phase") in {"Failed", "Succeeded"}
    matches = all(given.get(key) == value for key, value in selector.items())
    return matches and not finished and bool(status(pod).get("podIP"))


def _ready(pod: Object) -> bool:
    return is_true(pod, "Ready") and not terminating(pod)


def _ours(endpoint_slice: Object) -> bool:
    return labels(endpoint_slice).get(_MANAGED_BY) == _CONTROLLER
