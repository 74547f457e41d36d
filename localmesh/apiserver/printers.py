"""The rows of Kubernetes's own kinds in `kubectl get`.

Pure: object and time in, cells out. Columns and wording follow pkg/printers/internalversion of Kubernetes,
by its output.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from localmesh.apiserver import kinds
from localmesh.apiserver.kinds import Resource

Map = dict[str, Any]
Cells = list[Any]

_NONE, _UNSET = "<none>", "<unset>"
_MINUTE, _HOUR, _DAY, _YEAR = 60, 3_600, 86_400, 365 * 86_400


@dataclass(frozen=True, slots=True)
class Head:
    """A column: names ending in "+" are shown with -o wide only."""

    name: str
    type: str = "string"

    @property
    def priority(self) -> int:
        """0 for columns that are always shown."""
        return 1 if self.name.endswith("+") else 0


@dataclass(frozen=True, slots=True)
class Printer:
    """Columns, and the cells of an object at a time."""

    heads: tuple[Head, ...]
    cells: Callable[[Map, datetime], Cells]


def age(timestamp: str | None, now: datetime) -> str:
    """How long ago a time is, as kubectl says it: 5s, 3m20s, 2h, 4d."""
    if not timestamp:
        return "<unknown>"
    then = datetime.fromisoformat(timestamp)
    return duration(int((now.astimezone(UTC) - then).total_seconds()))


#: From how many seconds on a length of time is told in which units; the second unit where it still matters.
_SCALE: tuple[tuple[int, str, int, str], ...] = (
    (8 * _YEAR, "y", _YEAR, ""),
    (2 * _YEAR, "y", _YEAR, "d"),
    (8 * _DAY, "d", _DAY, ""),
    (2 * _DAY, "d", _DAY, "h"),
    (8 * _HOUR, "h", _HOUR, ""),
    (3 * _HOUR, "h", _HOUR, "m"),
    (10 * _MINUTE, "m", _MINUTE, ""),
    (2 * _MINUTE, "m", _MINUTE, "s"),
)
_SECONDS = {"d": _DAY, "h": _HOUR, "m": _MINUTE, "s": 1}


def duration(seconds: int) -> str:
    """A length of time in the one or two units that matter."""
    if seconds < -1:
        return "<invalid>"
    for least, unit, size, small in _SCALE:
        if seconds >= least:
            rest = seconds % size // _SECONDS[small] if small else 0
            return f"{seconds // size}{unit}" + (f"{rest}{small}" if rest else "")
    return f"{max(seconds, 0)}s"


def _created(obj: Map, now: datetime) -> str:
    return age(obj["metadata"].get("creationTimestamp"), now)


def _name(obj: Map) -> str:
    return str(obj["metadata"]["name"])


def _labels(found: Map | None) -> str:
    return ",".join(f"{key}={value}" for key, value in sorted((found or {}).items())) or _NONE


def _selector(obj: Map) -> str:
    return _labels(obj.get("spec", {}).get("selector", {}).get("matchLabels"))


def _containers(spec: Map) -> tuple[str, str]:
    found = spec.get("containers") or []
    return ",".join(each.get("name", "") for each in found), ",".join(each.get("image", "") for each in found)


def _heads(*names: str) -> tuple[Head, ...]:
    numbers = ("Desired", "Current", "Available", "Up-to-date", "Data", "Count", "Secrets")
    return tuple(Head(each, "integer" if each in numbers else "string") for each in names)


def _namespace(obj: Map, now: datetime) -> Cells:
    return [_name(obj), obj.get("status", {}).get("phase", "Active"), _created(obj, now)]


def _node(obj: Map, now: datetime) -> Cells:
    conditions = {each["type"]: each["status"] for each in obj.get("status", {}).get("conditions", [])}
    ready = {"True": "Ready", "False": "NotReady"}.get(conditions.get("Ready", ""), "Unknown")
    version = obj.get("status", {}).get("nodeInfo", {}).get("kubeletVersion", "")
    return [_name(obj), ready, _NONE, _created(obj, now), version]


def _pod(obj: Map, now: datetime) -> Cells:
    spec, status = obj.get("spec", {}), obj.get("status", {})
    statuses = status.get("containerStatuses", [])
    ready = sum(bool(each.get("ready")) for each in statuses)
    restarts = sum(each.get("restartCount", 0) for each in statuses)
    count = len(spec.get("containers") or [])
    return [
        _name(obj),
        f"{ready}/{count}",
        _pod_state(obj),
        str(restarts),
        _created(obj, now),
        status.get("podIP") or _NONE,
        spec.get("nodeName") or _NONE,
        status.get("nominatedNodeName") or _NONE,
        _NONE,
    ]


def _pod_state(obj: Map) -> str:
    status = obj.get("status", {})
    if obj["metadata"].get("deletionTimestamp"):
        return "Terminating"
    for each in status.get("containerStatuses", []):
        state = each.get("state", {})
        for kind in ("waiting", "terminated"):
            if state.get(kind, {}).get("reason"):
                return str(state[kind]["reason"])
    return str(status.get("reason") or status.get("phase") or "Unknown")


def _service(obj: Map, now: datetime) -> Cells:
    spec = obj.get("spec", {})
    kind = spec.get("type", "ClusterIP")
    external = spec.get("externalName") or ",".join(spec.get("externalIPs", [])) or _NONE
    if kind == "LoadBalancer":
        ingress = obj.get("status", {}).get("loadBalancer", {}).get("ingress", [])
        external = ",".join(each.get("ip") or each.get("hostname", "") for each in ingress) or "<pending>"
    ports = ",".join(_service_port(each) for each in spec.get("ports", [])) or _NONE
    address = spec.get("clusterIP") or (_NONE if kind == "ExternalName" else "")
    return [_name(obj), kind, address, external, ports, _created(obj, now), _labels(spec.get("selector"))]


def _service_port(port: Map) -> str:
    node = f":{port['nodePort']}" if port.get("nodePort") else ""
    return f"{port.get('port')}{node}/{port.get('protocol', 'TCP')}"


def _deployment(obj: Map, now: datetime) -> Cells:
    spec, status = obj.get("spec", {}), obj.get("status", {})
    names, images = _containers(spec.get("template", {}).get("spec", {}))
    return [
        _name(obj),
        f"{status.get('readyReplicas', 0)}/{spec.get('replicas', 0)}",
        status.get("updatedReplicas", 0),
        status.get("availableReplicas", 0),
        _created(obj, now),
        names,
        images,
        _selector(obj),
    ]


def _replica_set(obj: Map, now: datetime) -> Cells:
    spec, status = obj.get("spec", {}), obj.get("status", {})
    names, images = _containers(spec.get("template", {}).get("spec", {}))
    counts = [spec.get("replicas", 0), status.get("replicas", 0), status.get("readyReplicas", 0)]
    return [_name(obj), *counts, _created(obj, now), names, images, _selector(obj)]


def _stateful_set(obj: Map, now: datetime) -> Cells:
    spec, status = obj.get("spec", {}), obj.get("status", {})
    names, images = _containers(spec.get("template", {}).get("spec", {}))
    ready = f"{status.get('readyReplicas', 0)}/{spec.get('replicas', 0)}"
    return [_name(obj), ready, _created(obj, now), names, images]


def _daemon_set(obj: Map, now: datetime) -> Cells:
    spec, status = obj.get("spec", {}), obj.get("status", {})
    names, images = _containers(spec.get("template", {}).get("spec", {}))
    keys = (
        "desiredNumberScheduled",
        "currentNumberScheduled",
        "numberReady",
        "updatedNumberScheduled",
        "numberAvailable",
    )
    node = _labels(spec.get("template", {}).get("spec", {}).get("nodeSelector"))
    counts = [status.get(key, 0) for key in keys]
    return [_name(obj), *counts, node, _created(obj, now), names, images, _selector(obj)]


def _config_map(obj: Map, now: datetime) -> Cells:
    count = len(obj.get("data") or {}) + len(obj.get("binaryData") or {})
    return [_name(obj), count, _created(obj, now)]


def _secret(obj: Map, now: datetime) -> Cells:
    return [_name(obj), obj.get("type", "Opaque"), len(obj.get("data") or {}), _created(obj, now)]


def _service_account(obj: Map, now: datetime) -> Cells:
    return [_name(obj), len(obj.get("secrets") or []), _created(obj, now)]


def _event(obj: Map, now: datetime) -> Cells:
    involved, source = obj.get("involvedObject", {}), obj.get("source", {})
    last = obj.get("lastTimestamp") or obj.get("eventTime") or obj["metadata"].get("creationTimestamp")
    first = obj.get("firstTimestamp") or last
    what = f"{involved.get('kind', '').lower()}/{involved.get('name', '')}"
    return [
        age(last, now),
        obj.get("type", ""),
        obj.get("reason", ""),
        what,
        involved.get("fieldPath", ""),
        source.get("component", obj.get("reportingComponent", "")),
        str(obj.get("message", "")).strip(),
        age(first, now),
        str(obj.get("count", 1)),
        _name(obj),
    ]


def _endpoints(obj: Map, now: datetime) -> Cells:
    found = [
        f"{address['ip']}:{port['port']}"
        for subset in obj.get("subsets", [])
        for address in subset.get("addresses", [])
        for port in subset.get("ports", [])
    ]
    return [_name(obj), _shortened(found), _created(obj, now)]


def _endpoint_slice(obj: Map, now: datetime) -> Cells:
    ports = _shortened([str(port.get("port", "*")) for port in obj.get("ports") or []]).replace(_NONE, _UNSET)
    found = _shortened(
        [address for each in obj.get("endpoints") or [] for address in each.get("addresses", [])]
    )
    return [_name(obj), obj.get("addressType", ""), ports, found.replace(_NONE, _UNSET), _created(obj, now)]


def _shortened(found: list[str]) -> str:
    text = ",".join(found[:3]) or _NONE
    return f"{text} + {len(found) - 3} more..." if len(found) > 3 else text


def _lease(obj: Map, now: datetime) -> Cells:
    return [_name(obj), obj.get("spec", {}).get("holderIdentity", ""), _created(obj, now)]


def _definition(obj: Map, _: datetime) -> Cells:
    return [_name(obj), obj["metadata"].get("creationTimestamp", "")]


def _role_binding(obj: Map, now: datetime) -> Cells:
    role = obj.get("roleRef", {})
    return [_name(obj), f"{role.get('kind', '')}/{role.get('name', '')}", _created(obj, now)]


def _plain(obj: Map, now: datetime) -> Cells:
    return [_name(obj), _created(obj, now)]


PLAIN = Printer(_heads("Name", "Age"), _plain)

_WORKLOAD = ("Containers+", "Images+", "Selector+")
_BINDING = Printer(_heads("Name", "Role", "Age"), _role_binding)
PRINTERS: dict[Resource, Printer] = {
    kinds.NAMESPACES: Printer(_heads("Name", "Status", "Age"), _namespace),
    kinds.NODES: Printer(_heads("Name", "Status", "Roles", "Age", "Version"), _node),
    kinds.PODS: Printer(
        _heads(
            "Name",
            "Ready",
            "Status",
            "Restarts",
            "Age",
            "IP+",
            "Node+",
            "Nominated Node+",
            "Readiness Gates+",
        ),
        _pod,
    ),
    kinds.SERVICES: Printer(
        _heads("Name", "Type", "Cluster-IP", "External-IP", "Port(s)", "Age", "Selector+"), _service
    ),
    kinds.DEPLOYMENTS: Printer(
        _heads("Name", "Ready", "Up-to-date", "Available", "Age", *_WORKLOAD), _deployment
    ),
    kinds.REPLICA_SETS: Printer(
        _heads("Name", "Desired", "Current", "Ready", "Age", *_WORKLOAD), _replica_set
    ),
    kinds.STATEFUL_SETS: Printer(_heads("Name", "Ready", "Age", *_WORKLOAD[:2]), _stateful_set),
    kinds.DAEMON_SETS: Printer(
        _heads(
            "Name",
            "Desired",
            "Current",
            "Ready",
            "Up-to-date",
            "Available",
            "Node Selector",
            "Age",
            *_WORKLOAD,
        ),
        _daemon_set,
    ),
    kinds.CONFIG_MAPS: Printer(_heads("Name", "Data", "Age"), _config_map),
    kinds.SECRETS: Printer(_heads("Name", "Type", "Data", "Age"), _secret),
    kinds.SERVICE_ACCOUNTS: Printer(_heads("Name", "Secrets", "Age"), _service_account),
    kinds.EVENTS: Printer(
        _heads(
            "Last Seen",
            "Type",
            "Reason",
            "Object",
            "Subobject+",
            "Source+",
            "Message",
            "First Seen+",
            "Count+",
            "Name+",
        ),
        _event,
    ),
    kinds.ENDPOINTS: Printer(_heads("Name", "Endpoints", "Age"), _endpoints),
    kinds.ENDPOINT_SLICES: Printer(
        _heads("Name", "AddressType", "Ports", "Endpoints", "Age"), _endpoint_slice
    ),
    kinds.LEASES: Printer(_heads("Name", "Holder", "Age"), _lease),
    kinds.CUSTOM_RESOURCE_DEFINITIONS: Printer(_heads("Name", "Created At"), _definition),
    kinds.ROLE_BINDINGS: _BINDING,
    kinds.CLUSTER_ROLE_BINDINGS: _BINDING,
}
