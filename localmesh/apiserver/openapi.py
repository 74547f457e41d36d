"""OpenAPI documents: what `kubectl` needs for apply, explain, edit and diff.

Pure: everything follows from `kinds` and the structures. Version 3 is served per group and version, version
2 as one.
"""

import hashlib
from functools import cache
from typing import Any

from localmesh.apiserver import kinds
from localmesh.apiserver.errors import NotFound
from localmesh.apiserver.kinds import Resource
from localmesh.apiserver.records import encode
from localmesh.apiserver.schemas.meta import ObjectMeta
from localmesh.apiserver.schemas.registry import schema_for
from localmesh.apiserver.schemas.structural import Schema, schema_of

Map = dict[str, Any]

META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
_DESCRIPTIONS = {
    "apiVersion": "The version of the schema in which the object is written.",
    "kind": "The kind of the object.",
}
_QUERY = ("dryRun", "fieldManager", "fieldValidation", "pretty")


def index(prefix: str = "") -> Map:
    """The answer at /openapi/v3: where each group and version's document is, with a hash to cache it by.

    `prefix` is what stood before the path of the request, and must stand before the next one's.
    """
    paths = {}
    for group, versions in kinds.group_versions().items():
        for version in versions:
            path = f"apis/{group}/{version}" if group else f"api/{version}"
            digest = hashlib.sha256(document_v3(group, version)).hexdigest().upper()
            paths[path] = {"serverRelativeURL": f"{prefix}/openapi/v3/{path}?hash={digest}"}
    return {"paths": paths}


@cache
def document_v3(group: str, version: str) -> bytes:
    """The document of one group and version, encoded. Raises `NotFound`."""
    resources = kinds.served_at(group, version)
    if not resources:
        raise NotFound("the server could not find the requested resource")
    schemas: dict[str, Schema] = {META: _patched_keywords(schema_of(ObjectMeta))}
    paths: Map = {}
    for resource in resources:
        name = schema_name(resource, version)
        schemas[name] = _schema(resource, version, "#/components/schemas/")
        for path, many in _paths(resource, version):
            paths[path] = _operations(resource, version, f"#/components/schemas/{name}", many=many)
    return encode(
        {
            "openapi": "3.0.0",
            "info": {"title": "localmesh", "version": version},
            "paths": paths,
            "components": {"schemas": schemas},
        }
    )


@cache
def document_v2() -> bytes:
    """The document of everything, encoded."""
    definitions: dict[str, Schema] = {META: _patched_keywords(schema_of(ObjectMeta))}
    for resource in kinds.ALL:
        for version in resource.versions:
            definitions[schema_name(resource, version)] = _schema(resource, version, "#/definitions/")
    info = {"title": "localmesh", "version": "v1"}
    return encode({"swagger": "2.0", "info": info, "paths": {}, "definitions": definitions})


def schema_name(resource: Resource, version: str) -> str:
    """A kind's name among the schemas: groups reversed, as Kubernetes does."""
    if resource.custom or "." in resource.group:
        return ".".join([*reversed(resource.group.split(".")), version, resource.kind])
    return f"io.k8s.api.{resource.group or 'core'}.{version}.{resource.kind}"


def _gvk(resource: Resource, version: str) -> Map:
    return {"group": resource.group, "version": version, "kind": resource.kind}


def _schema(resource: Resource, version: str, prefix: str) -> Schema:
    schema = _patched_keywords(schema_for(resource))
    properties = dict(schema.get("properties", {}))
    for key, told in _DESCRIPTIONS.items():
        properties[key] = {"type": "string", "description": told}
    properties["metadata"] = (
        {"allOf": [{"$ref": prefix + META}]} if "components" in prefix else {"$ref": prefix + META}
    )
    return {
        **schema,
        "properties": properties,
        "x-kubernetes-group-version-kind": [_gvk(resource, version)],
    }


def _patched_keywords(schema: Schema) -> Schema:
    """A copy in which numbers-or-strings are told as OpenAPI does."""
    found = dict(schema)
    if "properties" in schema:
        found["properties"] = {name: _patched_keywords(each) for name, each in schema["properties"].items()}
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            found[key] = _patched_keywords(schema[key])
    if schema.get("x-kubernetes-int-or-string"):
        found.update(type="string", format="int-or-string")
    return found


def _paths(resource: Resource, version: str) -> list[tuple[str, bool]]:
    base = f"/apis/{resource.group}/{version}" if resource.group else f"/api/{version}"
    scope = "/namespaces/{namespace}" if resource.namespaced else ""
    many = f"{base}{scope}/{resource.plural}"
    paths = [(many, True), (f"{many}/{{name}}", False)]
    return [(f"{base}/{resource.plural}", True), *paths] if resource.namespaced else paths


def _operations(resource: Resource, version: str, reference: str, *, many: bool) -> Map:
    content = {"application/json": {"schema": {"$ref": reference}}}
    query = [
        {"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": True}} for name in _QUERY
    ]

    def operation(action: str) -> Map:
        return {
            "responses": {"200": {"description": "OK", "content": content}},
            "x-kubernetes-action": action,
            "x-kubernetes-group-version-kind": _gvk(resource, version),
            "parameters": query if action != "list" else [],
        }

    if many:
        return {"get": operation("list"), "post": operation("post")}
    return {
        "get": operation("get"),
        "put": operation("put"),
        "patch": operation("patch"),
        "delete": operation("delete"),
    }
