"""Patches of all four types, server-side apply among them, and the scale subresource."""

from typing import Any

from localmesh.apiserver import managed
from localmesh.apiserver.errors import (
    ApiError,
    BadRequest,
    Cause,
    Invalid,
    UnsupportedMediaType,
    not_found,
)
from localmesh.apiserver.managed import Writer
from localmesh.apiserver.patches import json_patch, merge
from localmesh.apiserver.requests import Options, Target
from localmesh.apiserver.schemas.registry import schema_for
from localmesh.apiserver.store import Object
from localmesh.apiserver.strategic import strategic_merge
from localmesh.apiserver.validation import Findings, check, prune
from localmesh.apiserver.writes import Body, Result, Writes, addressed

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"
PATCH_TYPES = (JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH, APPLY_PATCH)

SCALE_VERSION = "autoscaling/v1"


def patch(writes: Writes, target: Target, media_type: str, body: Body, options: Options) -> Result:
    """Change an object by a patch; an apply may create it. Raises any `ApiError`."""
    if media_type not in PATCH_TYPES:
        told = ", ".join(PATCH_TYPES)
        raise UnsupportedMediaType(
            f"the body of the request was in an unknown format - accepted media types include: {told}"
        )
    if media_type == APPLY_PATCH:
        return _apply(writes, target, body, options)
    old = writes.current(target)
    if target.subresource == "scale":
        new_scale = patched(target, media_type, scale_of(old), body.value)
        return scale_to(writes, target, Body(new_scale), options)
    new = patched(target, media_type, old, body.value)
    return writes.change(target, old, addressed(target, new), body.repeated, options)


def patched(target: Target, media_type: str, old: Object, value: Any) -> Any:
    """An object after a patch that is not an apply."""
    resource = target.resource
    if media_type == JSON_PATCH:
        try:
            return json_patch(old, value)
        except Invalid as error:
            raise _about(target, error) from None
    if not isinstance(value, dict):
        raise BadRequest("a merge patch must be an object")
    if media_type == MERGE_PATCH:
        return merge(old, value)
    if resource.custom:
        raise UnsupportedMediaType(
            "the body of the request was in an unknown format - strategic merge patches are not supported "
            f"for custom resources such as {resource.plural}; use {MERGE_PATCH}"
        )
    return strategic_merge(old, value, schema_for(resource))


def _about(target: Target, error: Invalid) -> ApiError:
    resource = target.resource
    causes = [Cause("", cause.message) for cause in error.causes]
    return Invalid(resource.kind, resource.group, str(target.name), causes)


def _apply(writes: Writes, target: Target, body: Body, options: Options) -> Result:
    if not isinstance(body.value, dict):
        raise BadRequest("an apply patch must be an object")
    if body.value.get("metadata", {}).get("managedFields"):
        raise BadRequest("metadata.managedFields must be nil")
    for key in ("apiVersion", "kind"):
        if not body.value.get(key):
            raise BadRequest(f"an apply patch must tell {key}")
    resource, schema = target.resource, schema_for(target.resource)
    wanted = addressed(target, body.value)
    _check_applied(target, wanted)
    record = writes.store.record(resource, target.namespace, str(target.name))
    if record is None and target.subresource:
        raise not_found(resource.plural, resource.group, str(target.name))
    live = writes.current(target) if record else None
    if live is None:
        writes.check_namespace(target, str(target.name))
    writer = Writer(options.field_manager, "Apply", target.api_version, target.subresource)
    if target.subresource == "status":
        wanted = {
            key: value for key, value in wanted.items() if key in ("apiVersion", "kind", "metadata", "status")
        }
    merged = managed.apply(live, wanted, schema, writer, writes.now(), force=options.force)
    obj, warnings = writes.admitted(target, merged, live, body.repeated, options)
    found = writes.stored(target, obj, options, is_new=live is None)
    return Result(found, created=live is None, warnings=warnings)


def _check_applied(target: Target, wanted: Object) -> None:
    """Types must be right before fields can be compared."""
    schema, findings = schema_for(target.resource), Findings()
    check(schema, prune(schema, wanted, Findings()), findings)
    if findings.mistyped:
        told = "; ".join(cause.text() for cause in findings.mistyped)
        raise BadRequest(f"failed to create typed patch object ({target.api_version}): {told}")


def scale_of(obj: Object) -> Object:
    """The Scale of a workload."""
    metadata, status = obj["metadata"], obj.get("status", {})
    labels = obj.get("spec", {}).get("selector", {}).get("matchLabels", {})
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    return {
        "kind": "Scale",
        "apiVersion": SCALE_VERSION,
        "metadata": {key: metadata[key] for key in kept if key in metadata},
        "spec": {"replicas": obj.get("spec", {}).get("replicas", 0)},
        "status": {
            "replicas": status.get("replicas", 0),
            "selector": ",".join(f"{key}={value}" for key, value in sorted(labels.items())),
        },
    }


def scale_to(writes: Writes, target: Target, body: Body, options: Options) -> Result:
    """Set a workload's replicas from a Scale; the answer is the new Scale. Conditional by its
    resourceVersion.
    """
    scale = body.value
    if not isinstance(scale, dict) or not isinstance(scale.get("spec", {}), dict):
        raise BadRequest("the body must be a Scale")
    replicas = scale.get("spec", {}).get("replicas", 0)
    if not isinstance(replicas, int) or isinstance(replicas, bool):
        raise BadRequest(f"spec.replicas must be an integer, not {replicas!r}")
    if replicas < 0:
        cause = Cause("spec.replicas", f"Invalid value: {replicas}: must be greater than or equal to 0")
        raise Invalid("Scale", "autoscaling", str(target.name), [cause])
    whole = Target(target.resource, target.version, target.namespace, target.name)
    old = writes.current(whole)
    metadata = dict(old["metadata"])
    metadata["resourceVersion"] = scale.get("metadata", {}).get("resourceVersion") or ""
    new = {**old, "metadata": metadata, "spec": {**old.get("spec", {}), "replicas": replicas}}
    result = writes.change(whole, old, new, (), options)
    return Result(scale_of(result.object), warnings=result.warnings)
