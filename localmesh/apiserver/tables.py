"""Tables, the form in which `kubectl get` asks for objects.

Pure. Custom resources print by the JSONPaths of their definitions, Kubernetes's own kinds by `printers`.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from localmesh.apiserver.errors import BadRequest
from localmesh.apiserver.kinds import Column, Resource
from localmesh.apiserver.printers import PLAIN, PRINTERS, Head, Printer, age

Map = dict[str, Any]

INCLUDES = ("", "None", "Metadata", "Object")
_STEP = re.compile(r"\.([A-Za-z0-9_-]+)|\[(\*)\]|\[\?\(@\.(\w+)==\"([^\"]*)\"\)\]")


def checked_include(text: str) -> str:
    """How much of each object its row carries. Raises `BadRequest` for what is not known."""
    if text not in INCLUDES:
        raise BadRequest(f"includeObject must be None, Metadata or Object, not {text!r}")
    return text


def head(resource: Resource, metadata: Map) -> Map:
    """A Table without its rows."""
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": metadata,
        "columnDefinitions": [_definition(each) for each in _printer(resource).heads],
    }


def rows(resource: Resource, objects: Iterable[Map], now: datetime, include: str) -> list[Map]:
    """The rows of objects; `include` as `checked_include` takes it."""
    cells = _printer(resource).cells
    return [{"cells": cells(obj, now), "object": _carried(obj, include)} for obj in objects]


def partial(obj: Map) -> Map:
    """The PartialObjectMetadata of an object."""
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": obj["metadata"]}


def _carried(obj: Map, include: str) -> Map | None:
    if include == "None":
        return None
    return obj if include == "Object" else partial(obj)


def _definition(head: Head) -> Map:
    return {
        "name": head.name.rstrip("+"),
        "type": head.type,
        "format": "name" if head.name == "Name" else "",
        "description": "",
        "priority": head.priority,
    }


def _printer(resource: Resource) -> Printer:
    if resource.columns:
        return _custom(resource.columns)
    return PRINTERS.get(resource, PLAIN)


def _custom(columns: tuple[Column, ...]) -> Printer:
    heads = [Head(each.name + ("+" if each.priority else ""), _column_type(each)) for each in columns]

    def cells(obj: Map, now: datetime) -> list[Any]:
        return [obj["metadata"]["name"], *(_cell(obj, each, now) for each in columns)]

    return Printer((Head("Name"), *heads), cells)


def _column_type(column: Column) -> str:
    return "string" if column.type == "date" else column.type


def _cell(obj: Map, column: Column, now: datetime) -> Any:
    found = json_path(obj, column.path)
    if not found:
        return "<unknown>" if column.type == "date" else ""
    if column.type == "date":
        return age(found[0], now)
    if len(found) == 1 and isinstance(found[0], list):
        return "[" + ",".join(f'"{each}"' for each in found[0]) + "]"
    return ",".join(str(each) for each in found)


def json_path(obj: Any, path: str) -> list[Any]:
    """What a simple JSONPath finds: members, `[*]`, and `[?(@.key=="value")]`."""
    found = [obj]
    for name, star, key, value in _STEP.findall(path):
        if name:
            found = [each[name] for each in found if isinstance(each, dict) and name in each]
        elif star:
            found = [item for each in found if isinstance(each, list) for item in each]
        else:
            lists = [each for each in found if isinstance(each, list)]
            found = [
                item for each in lists for item in each if isinstance(item, dict) and item.get(key) == value
            ]
    return found
