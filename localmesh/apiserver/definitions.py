"""CustomResourceDefinitions of the kinds of Istio and Gateway API, generated from the structures.

Served read-only, so that clients read schemas here as they do from any cluster.
"""

from functools import cache
from typing import Any

from localmesh.apiserver import kinds
from localmesh.apiserver.kinds import Column, Resource
from localmesh.apiserver.schemas.registry import schema_for
from localmesh.apiserver.schemas.structural import Schema
from localmesh.apiserver.store import Store

Map = dict[str, Any]

#: The definitions are part of the program: they were established with its first release.
_ESTABLISHED = "2026-01-01T00:00:00Z"


@cache
def definitions() -> tuple[Map, ...]:
    """The definition of each custom kind, by name. Shared: treat them as frozen."""
    found = [_definition(each) for each in kinds.ALL if each.custom]
    return tuple(sorted(found, key=lambda each: str(each["metadata"]["name"])))


def install(store: Store) -> None:
    """Put the definitions into the store as they are in this release, and remove those of former ones."""
    resource = kinds.CUSTOM_RESOURCE_DEFINITIONS
    wanted = {each["metadata"]["name"]: each for each in definitions()}
    for record in list(store.records(resource)):
        if record.name not in wanted:
            store.delete(resource, None, record.name)
    for name, definition in wanted.items():
        if store.record(resource, None, name) is None:
            store.create(resource, definition)
        else:
            store.update(resource, definition)


def open_api_schema(resource: Resource) -> Schema:
    """The schema as a definition carries it: metadata is left to Kubernetes, and keywords of patches are
    left out.
    """
    schema = _structural(schema_for(resource))
    properties = dict(schema["properties"])
    properties["metadata"] = {"type": "object"}
    for key in ("apiVersion", "kind"):
        properties[key] = {"type": "string"}
    required = [name for name in schema.get("required", ()) if name != "metadata"]
    return {**schema, "properties": properties, **({"required": required} if required else {})}


def _structural(schema: Schema) -> Schema:
    found: Schema = {}
    for key, value in schema.items():
        if key.startswith("x-kubernetes-patch-"):
            continue
        if key == "properties":
            found[key] = {name: _structural(each) for name, each in value.items()}
        elif key in ("items", "additionalProperties") and isinstance(value, dict):
            found[key] = _structural(value)
        else:
            found[key] = value
    if found.get("x-kubernetes-int-or-string"):
        found["anyOf"] = [{"type": "integer"}, {"type": "string"}]
    if "required" in found and not found["required"]:
        del found["required"]
    return found


def _definition(resource: Resource) -> Map:
    names: Map = {
        "plural": resource.plural,
        "singular": resource.singular,
        "kind": resource.kind,
        "listKind": resource.list_kind,
        "categories": list(resource.categories),
    }
    if resource.short_names:
        names["shortNames"] = list(resource.short_names)
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": resource.key},
        "spec": {
            "group": resource.group,
            "names": names,
            "scope": "Namespaced" if resource.namespaced else "Cluster",
            "conversion": {"strategy": "None"},
            "versions": [_version(resource, each) for each in resource.versions],
        },
        "status": {
            "acceptedNames": names,
            "storedVersions": [resource.version],
            "conditions": [
                _condition("NamesAccepted", "NoConflicts"),
                _condition("Established", "InitialNamesAccepted"),
            ],
        },
    }


def _version(resource: Resource, version: str) -> Map:
    found: Map = {
        "name": version,
        "served": True,
        "storage": version == resource.version,
        "schema": {"openAPIV3Schema": open_api_schema(resource)},
        "additionalPrinterColumns": [_column(each) for each in resource.columns],
    }
    if resource.has_status:
        found["subresources"] = {"status": {}}
    return found


def _column(column: Column) -> Map:
    found: Map = {"name": column.name, "type": column.type, "jsonPath": column.path}
    if column.description:
        found["description"] = column.description
    if column.priority:
        found["priority"] = column.priority
    return found


def _condition(kind: str, reason: str) -> Map:
    return {
        "type": kind,
        "status": "True",
        "reason": reason,
        "message": "",
        "lastTransitionTime": _ESTABLISHED,
    }
