"""A change of one resource as a patch, to put into Git instead of into the cluster. Pure.

A JSON merge patch (RFC 7386) of only the fields that change: members that are null go, lists are whole.
"""

import json
import shlex
from collections.abc import Mapping
from typing import Any, TypeAlias

from cluster.kinds import Kind
from routing import diff, yaml_io
from routing.operations import Operation

Json: TypeAlias = dict[str, Any]


def of(operation: Operation) -> Json:
    """An operation as a `patch` of `type` merge, create or delete, as `yaml`, and as a `command` of kubectl.

    `patch` is the object itself for a create, and null for a delete.
    """
    kind, ref = _resource(operation.ref.kind), operation.ref
    where = f" --namespace {shlex.quote(ref.namespace)}" if ref.namespace else ""
    if operation.after is None:
        command = f"kubectl delete {kind} {shlex.quote(ref.name)}{where}"
        return {"type": "delete", "patch": None, "yaml": "", "command": command}
    if operation.before is None:
        text = diff.to_yaml(operation.after)
        command = f"kubectl create --filename - <<'END'\n{text}END"
        return {"type": "create", "patch": diff.content(operation.after), "yaml": text, "command": command}
    patch = merge_patch(diff.content(operation.before), diff.content(operation.after))
    body = shlex.quote(json.dumps(patch, separators=(",", ":"), ensure_ascii=False))
    command = f"kubectl patch {kind} {shlex.quote(ref.name)}{where} --type merge --patch {body}"
    return {"type": "merge", "patch": patch, "yaml": yaml_io.write(patch), "command": command}


def merge_patch(before: Mapping[str, Any], after: Mapping[str, Any]) -> Json:
    """The JSON merge patch that leads from one object to another, which holds no null. Source: RFC 7386."""
    patch: Json = {key: None for key in before if key not in after}
    for key, new in after.items():
        old = before.get(key)
        if isinstance(old, dict) and isinstance(new, dict):
            if inner := merge_patch(old, new):
                patch[key] = inner
        elif key not in before or diff.canonical(old) != diff.canonical(new):
            patch[key] = new
    return patch


def merged(target: Any, patch: Any) -> Any:
    """What a merge patch makes of a target. Source: RFC 7386, section 2."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


def _resource(kind: Kind) -> str:
    """A kind as kubectl knows it without doubt: two groups have Gateways."""
    return f"{kind.plural}.{kind.group}" if kind.group else kind.plural
