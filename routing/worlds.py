"""What a question about a request is answered from: the cluster as somebody may read it, or files."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from cluster import objects
from cluster.identity import Ask
from cluster.kinds import (
    DESTINATION_RULE,
    GATEWAY,
    GRPC_ROUTE,
    HTTP_ROUTE,
    POD,
    SERVICE,
    SERVICE_ENTRY,
    VIRTUAL_SERVICE,
    Kind,
)
from cluster.person import PersonCluster
from routing import explain
from routing.yaml_files import Document, read_documents
from routing.yaml_io import YamlError

RULES: Final = (SERVICE_ENTRY, VIRTUAL_SERVICE, HTTP_ROUTE, GRPC_ROUTE, DESTINATION_RULE, GATEWAY)
READ: Final = (SERVICE, POD, *RULES)
NOT_NEEDED: Final = (SERVICE_ENTRY, HTTP_ROUTE, GRPC_ROUTE, GATEWAY)
"""Kinds without which there still is an answer to most questions."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A world; of what age (seconds, None when it was never read), and why not newer."""

    world: explain.World
    age_seconds: float | None
    problem: str


def seen(person: PersonCluster) -> Seen:
    """The world as somebody may read it. Never raises for a cluster that does not answer."""
    known = {kind: person.known(kind) for kind in READ}
    places = {item.metadata.namespace for item in known[SERVICE].items}
    needed = [known[kind] for kind in READ if kind not in NOT_NEEDED]
    ages = [each.age_seconds for each in needed if each.served]
    unread = any(age is None for age in ages)
    world = explain.build(
        services=known[SERVICE].items,
        pods=known[POD].items,
        pods_hidden=person.hidden(POD, places),
        service_entries=known[SERVICE_ENTRY].items,
        virtual_services=known[VIRTUAL_SERVICE].items,
        http_routes=known[HTTP_ROUTE].items,
        grpc_routes=known[GRPC_ROUTE].items,
        destination_rules=known[DESTINATION_RULE].items,
        gateways=known[GATEWAY].items,
        whole=not any(person.why_not(Ask("list", kind)) for kind in (SERVICE, *RULES)),
    )
    age = None if unread else max((age for age in ages if age is not None), default=0.0)
    return Seen(world, age, next((each.problem for each in needed if each.problem), ""))


def of_files(files: Mapping[str, bytes], namespace: str) -> explain.World:
    """The world that some files describe. `namespace`: of objects that do not say theirs.

    Raises YamlError, with file and line.
    """
    found: dict[str, list[Any]] = {kind.kind: [] for kind in READ}
    for name, content in files.items():
        try:
            for kind, manifest in _objects(content, namespace):
                found[kind].append(manifest)
        except YamlError as error:
            raise YamlError(f"{name}: {error}") from error
    return explain.build(
        services=found[SERVICE.kind],
        # Without a single pod the files are about rules, and say nothing of pods.
        pods=found[POD.kind] or None,
        service_entries=found[SERVICE_ENTRY.kind],
        virtual_services=found[VIRTUAL_SERVICE.kind],
        http_routes=found[HTTP_ROUTE.kind],
        grpc_routes=found[GRPC_ROUTE.kind],
        destination_rules=found[DESTINATION_RULE.kind],
        gateways=found[GATEWAY.kind],
    )


def _objects(content: bytes, namespace: str) -> Iterable[tuple[str, Any]]:
    for document in read_documents(content):
        for manifest in _flat(document):
            kind = manifest.get("kind")
            known = next((each for each in READ if each.kind == kind and _of(each, manifest)), None)
            if known is None:
                continue
            metadata = manifest.get("metadata")
            if not isinstance(metadata, dict) or not isinstance(metadata.get("name"), str):
                raise YamlError(f"A {known} has no metadata.name.", document.line())
            metadata.setdefault("namespace", namespace)
            yield known.kind, _shaped(known, manifest, document)


def _flat(document: Document) -> Iterable[dict[str, Any]]:
    """The objects of a document, those of a List one by one."""
    value = document.value
    if not isinstance(value, dict):
        raise YamlError("This is no object of Kubernetes.", document.line())
    items = value.get("items") if str(value.get("kind", "")).endswith("List") else [value]
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _of(kind: Kind, manifest: Mapping[str, Any]) -> bool:
    return str(manifest.get("apiVersion", "")).rpartition("/")[0] == kind.group


def _shaped(kind: Kind, manifest: dict[str, Any], document: Document) -> Any:
    try:
        return msgspec.convert(manifest, objects.shape_of(kind))
    except msgspec.ValidationError as error:
        name = manifest["metadata"]["name"]
        raise YamlError(f"The {kind} {name} cannot be read: {error}.", document.line()) from error
