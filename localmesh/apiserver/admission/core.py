"""What Kubernetes itself refuses in well-formed objects: the part that matters to workloads and services."""

from collections.abc import Callable, Iterator
from typing import Any

from localmesh.apiserver import kinds
from localmesh.apiserver.errors import Cause
from localmesh.apiserver.kinds import Resource
from localmesh.apiserver.names import annotation_problems, label_problems
from localmesh.apiserver.validation import show
from localmesh.selectors import selects

Map = dict[str, Any]

_REQUIRED = "FieldValueRequired"
_SERVICE_TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
_PROTOCOLS = ("SCTP", "TCP", "UDP")


def metadata_problems(obj: Map) -> Iterator[Cause]:
    """What is wrong with labels and annotations."""
    metadata = obj.get("metadata", {})
    yield from label_problems(metadata.get("labels"), "metadata.labels")
    yield from annotation_problems(metadata.get("annotations"), "metadata.annotations")


def problems(resource: Resource, obj: Map, old: Map | None) -> list[Cause]:
    """What is wrong with an object; `old` is the object before, for what may not change."""
    found = list(metadata_problems(obj))
    check = _CHECKS.get(resource)
    if check:
        found.extend(check(obj.get("spec", {}), (old or {}).get("spec")))
    if resource in (kinds.CONFIG_MAPS, kinds.SECRETS) and old and old.get("immutable"):
        changed = [key for key in ("data", "binaryData") if obj.get(key) != old.get(key)]
        found.extend(Cause(key, "Forbidden: field is immutable when `immutable` is set") for key in changed)
    return found


def _workload(spec: Map, old: Map | None) -> Iterator[Cause]:
    selector, template = spec.get("selector"), spec.get("template", {})
    if not selector:
        yield Cause("spec.selector", "Required value", _REQUIRED)
    labels = template.get("metadata", {}).get("labels") or {}
    yield from label_problems(labels, "spec.template.labels")
    if selector and not (selector.get("matchLabels") or selector.get("matchExpressions")):
        yield Cause("spec.selector", 'Invalid value: "object": empty selector is invalid for deployment')
    elif selector and not selects(selector, labels):
        told = f"Invalid value: {show_map(labels)}: `selector` does not match template `labels`"
        yield Cause("spec.template.metadata.labels", told)
    if old is not None and selector != old.get("selector"):
        yield Cause("spec.selector", f"Invalid value: {show_map(selector or {})}: field is immutable")
    replicas = spec.get("replicas", 1)
    if replicas < 0:
        yield Cause("spec.replicas", f"Invalid value: {replicas}: must be greater than or equal to 0")
    yield from _pod_spec(template.get("spec", {}), "spec.template.spec")
    policy = template.get("spec", {}).get("restartPolicy", "Always")
    if policy != "Always":
        told = f'Unsupported value: "{policy}": supported values: "Always"'
        yield Cause("spec.template.spec.restartPolicy", told, "FieldValueNotSupported")


def _job(spec: Map, old: Map | None, path: str = "spec") -> Iterator[Cause]:
    pod = (spec.get("template") or {}).get("spec") or {}
    yield from _pod_spec(pod, f"{path}.template.spec")
    if pod.get("restartPolicy") not in ("OnFailure", "Never"):
        told = 'Required value: valid values: "OnFailure", "Never"'
        yield Cause(f"{path}.template.spec.restartPolicy", told, _REQUIRED)
    if old is not None and spec.get("template") != old.get("template"):
        yield Cause(f"{path}.template", "Invalid value: field is immutable")


def _cron_job(spec: Map, _: Map | None) -> Iterator[Cause]:
    if not spec.get("schedule"):
        yield Cause("spec.schedule", "Required value", _REQUIRED)
    yield from _job((spec.get("jobTemplate") or {}).get("spec") or {}, None, "spec.jobTemplate.spec")


def show_map(value: Map) -> str:
    """A small object as Kubernetes prints it in messages."""
    inside = ",".join(
        f"{show(key)}:{show_map(item) if isinstance(item, dict) else show(item)}"
        for key, item in value.items()
    )
    return "{" + inside + "}"


def _pod(spec: Map, old: Map | None) -> Iterator[Cause]:
    yield from _pod_spec(spec, "spec")
    if old is not None and _fixed_part(spec) != _fixed_part(old):
        told = (
            "Forbidden: pod updates may not change fields other than `spec.containers[*].image`,"
            "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only "
            "additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set "
            "to 1 if it was previously negative)"
        )
        yield Cause("spec", told, "FieldValueForbidden")


def _fixed_part(spec: Map) -> Map:
    """What of a pod cannot change once it is made."""
    free = ("activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds", "nodeName")
    kept = {key: value for key, value in spec.items() if key not in free}
    for key in ("containers", "initContainers"):
        if key in kept:
            kept[key] = [
                {name: value for name, value in each.items() if name != "image"} for each in kept[key]
            ]
    return kept


def _pod_spec(spec: Map, path: str) -> Iterator[Cause]:
    containers = spec.get("containers") or []
    if not containers:
        yield Cause(f"{path}.containers", "Required value", _REQUIRED)
    names: list[str] = []
    for at, container in enumerate(containers):
        yield from _container(container, f"{path}.containers[{at}]")
        name = container.get("name", "")
        if name and name in names:
            yield Cause(f"{path}.containers[{at}].name", f'Duplicate value: "{name}"', "FieldValueDuplicate")
        names.append(name)
    volumes = {volume.get("name") for volume in spec.get("volumes") or []}
    for at, container in enumerate(containers):
        for number, mount in enumerate(container.get("volumeMounts") or []):
            if mount.get("name") not in volumes:
                where = f"{path}.containers[{at}].volumeMounts[{number}].name"
                yield Cause(where, f'Not found: "{mount.get("name")}"', "FieldValueNotFound")


def _container(container: Map, path: str) -> Iterator[Cause]:
    for key in ("name", "image"):
        if not container.get(key):
            yield Cause(f"{path}.{key}", "Required value", _REQUIRED)
    for at, port in enumerate(container.get("ports") or []):
        number = port.get("containerPort", 0)
        if not 1 <= number <= 65535:
            where = f"{path}.ports[{at}].containerPort"
            yield Cause(where, f"Invalid value: {number}: must be between 1 and 65535, inclusive")


def _service(spec: Map, old: Map | None) -> Iterator[Cause]:
    kind, ports = spec.get("type", "ClusterIP"), spec.get("ports") or []
    if kind not in _SERVICE_TYPES:
        supported = ", ".join(f'"{each}"' for each in _SERVICE_TYPES)
        yield Cause(
            "spec.type",
            f'Unsupported value: "{kind}": supported values: {supported}',
            "FieldValueNotSupported",
        )
    if kind == "ExternalName":
        if not spec.get("externalName"):
            yield Cause("spec.externalName", "Required value", _REQUIRED)
        return
    address = spec.get("clusterIP")
    if not ports and address != "None":
        yield Cause("spec.ports", "Required value", _REQUIRED)
    yield from _service_ports(ports)
    before = (old or {}).get("clusterIP")
    if before and address != before:
        yield Cause("spec.clusterIPs[0]", f'Invalid value: ["{address}"]: may not change once set')


def _service_ports(ports: list[Map]) -> Iterator[Cause]:
    names: list[str] = []
    for at, port in enumerate(ports):
        path, number, name = f"spec.ports[{at}]", port.get("port", 0), port.get("name", "")
        if not 1 <= number <= 65535:
            yield Cause(f"{path}.port", f"Invalid value: {number}: must be between 1 and 65535, inclusive")
        target = port.get("targetPort")
        if isinstance(target, int) and not 1 <= target <= 65535:
            yield Cause(
                f"{path}.targetPort", f"Invalid value: {target}: must be between 1 and 65535, inclusive"
            )
        if len(ports) > 1 and not name:
            yield Cause(f"{path}.name", "Required value", _REQUIRED)
        if name and name in names:
            yield Cause(f"{path}.name", f'Duplicate value: "{name}"', "FieldValueDuplicate")
        names.append(name)
        protocol = port.get("protocol", "TCP")
        if protocol not in _PROTOCOLS:
            supported = ", ".join(f'"{each}"' for each in _PROTOCOLS)
            told = f'Unsupported value: "{protocol}": supported values: {supported}'
            yield Cause(f"{path}.protocol", told, "FieldValueNotSupported")


_CHECKS: dict[Resource, Callable[[Map, Map | None], Iterator[Cause]]] = {
    kinds.DEPLOYMENTS: _workload,
    kinds.REPLICA_SETS: _workload,
    kinds.STATEFUL_SETS: _workload,
    kinds.DAEMON_SETS: _workload,
    kinds.JOBS: _job,
    kinds.CRON_JOBS: _cron_job,
    kinds.PODS: _pod,
    kinds.SERVICES: _service,
}
