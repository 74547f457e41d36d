"""From the text of files to the objects of an analysis, as `istioctl analyze --use-kube=false` takes them.
Pure.

Files are all there is: but a control plane with its usual ingress gateway is assumed, so that Gateways that
select it are not said to select nothing. Where a file has a workload and not its pods, one pod of it is
assumed too, which istioctl does not do.
"""

from array import array
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from cluster.refs import Manifest
from routing.analysis.kinds import DEPLOYMENT, MESH_NETWORKS, POD
from routing.analysis.objects import GroupKind, Obj, Origin, items, mapping, text, texts
from routing.analysis.selectors import covers
from routing.analysis.world import Mesh
from routing.schemas import Schema
from routing.yaml_files import Document, read_documents
from routing.yaml_io import YamlError

WORKLOADS: Final = frozenset(
    {DEPLOYMENT, ("apps", "StatefulSet"), ("apps", "DaemonSet"), ("argoproj.io", "Rollout")}
)
"""What makes pods that stay."""
MAX_NAME: Final = 253
"""The longest name that Kubernetes accepts."""
INGRESS_PORTS: Final = (80, 443, 31400, 15443)
"""The ports of the assumed ingress gateway."""


def objects_of(file: str, content: str | bytes, namespace: str) -> Iterator[Obj]:
    """The objects in a file, each item of a list by itself; those without a namespace are put into one.

    Raises YamlError for what is not YAML, or no object of Kubernetes.
    """
    for document in read_documents(content):
        for manifest, origin in _manifests(Origin(file, document), document.value):
            obj = Obj.of(manifest, namespace, origin)
            if not (obj.key.kind and obj.name):
                raise YamlError("An object needs apiVersion, kind and metadata.name.", origin.line(()))
            if len(obj.name) > MAX_NAME or len(obj.namespace) > MAX_NAME:
                raise YamlError(
                    f"A name has at most {MAX_NAME} characters.", origin.line(("metadata", "name"))
                )
            yield obj


def _manifests(origin: Origin, value: Any) -> Iterator[tuple[Manifest, Origin]]:
    if not isinstance(value, dict):
        raise YamlError("This is not an object of Kubernetes.", origin.line(()))
    kind = text(value.get("kind"))
    if not (kind == "List" or (kind.endswith("List") and isinstance(value.get("items"), list))):
        yield value, origin
        return
    if value.get("items") is not None and not isinstance(value["items"], list):
        raise YamlError("The items of a list must be a list.", origin.line(("items",)))
    for index, item in enumerate(items(value.get("items"))):
        inner = Origin(origin.file, origin.document, (*origin.within, "items", index))
        if isinstance(item, dict) and "kind" not in item and kind != "List":
            # The lists of the API say the kind of their items once.
            given = {"apiVersion": value.get("apiVersion"), "kind": kind.removesuffix("List")}
            item = given | item  # noqa: PLW2901
        yield from _manifests(inner, item)


def pods_to_come(objects: Iterable[Obj]) -> Iterator[Obj]:
    """One pod for each workload whose pods are not among the objects."""
    known = list(objects)
    pods: dict[str, list[Obj]] = {}
    for obj in known:
        if obj.key.group_kind == POD:
            pods.setdefault(obj.namespace, []).append(obj)
    for obj in known:
        template = obj.spec.get("template")
        if obj.key.group_kind not in WORKLOADS or not isinstance(template, dict):
            continue
        labels = texts(mapping(template.get("metadata")).get("labels"))
        there = any(covers(labels, pod.labels) for pod in pods.get(obj.namespace, ()))
        if labels and not there and obj.spec.get("replicas") != 0:
            metadata = {**mapping(template.get("metadata")), "name": f"{obj.name}-assumed"}
            pod = {**template, "apiVersion": "v1", "kind": "Pod", "metadata": metadata}
            yield Obj.of({**pod, "metadata": {**metadata, "namespace": obj.namespace}}, given=False)


def settings(content: str | bytes) -> Mapping[str, Any]:
    """The one object in a file of settings (MeshConfig, MeshNetworks). Raises YamlError."""
    documents = list(read_documents(content))
    if not documents:
        return {}
    if len(documents) > 1 or not isinstance(documents[0].value, dict):
        raise YamlError("This must be one object with settings.", documents[-1].line())
    return mapping(documents[0].value)


def schemas_of(published: Mapping[str, Any]) -> dict[GroupKind, Schema]:
    """The schemas of the specs of kinds, written `group/Kind`, ready to hold objects against."""
    found = {}
    for name, spec in published.items():
        group, _, kind = name.rpartition("/")
        found[group, kind] = Schema({"type": "object", "properties": {"spec": spec}})
    return found


def networks(file: str, root_namespace: str, content: str | bytes) -> Obj:
    """The networks of the mesh in a file, as an object. Raises YamlError."""
    value = dict(settings(content))
    manifest = {"kind": MESH_NETWORKS[1], "metadata": {"name": "meshnetworks"}, **value}
    origin = Origin(file, next(read_documents(content), Document({}, array("I", [1]))))
    return Obj.of(manifest, root_namespace, origin)


def assumed(mesh: Mesh, namespace: str = "istio-system") -> Iterator[Obj]:
    """What an installation of Istio has besides the files: a pod and the service of its ingress gateway."""
    if mesh.config.get("ingressControllerMode") == "OFF":
        return
    name = text(mesh.config.get("ingressService")) or "istio-ingressgateway"
    selector = {"istio": "ingressgateway"}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": f"{name}-assumed", "namespace": namespace, "labels": selector},
        "spec": {"containers": [{"name": "istio-proxy"}]},
    }
    ports = [{"port": port, "targetPort": port, "protocol": "TCP"} for port in INGRESS_PORTS]
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"selector": selector, "ports": ports},
    }
    yield Obj.of(pod, given=False)
    yield Obj.of(service, given=False)
