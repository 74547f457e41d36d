"""Writes through the API: from a body to the store, with everything that stands between.

Bodies are completed, held against schema and admission, booked to their manager, and only then stored. It
knows no HTTP: a body has been parsed and options read before, and errors are the API's own.
"""

import secrets
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from localmesh.apiserver import kinds, managed
from localmesh.apiserver.admission import core, defaults, istio
from localmesh.apiserver.errors import (
    BadRequest,
    Cause,
    Invalid,
    MethodNotAllowed,
    conflict,
    forbidden,
    not_found,
)
from localmesh.apiserver.managed import Writer
from localmesh.apiserver.names import name_problem
from localmesh.apiserver.records import Clock, Object
from localmesh.apiserver.requests import Options, Target
from localmesh.apiserver.schemas.registry import schema_for
from localmesh.apiserver.store import Store
from localmesh.apiserver.validation import Findings, check, prune

_SUFFIX = "bcdfghjklmnpqrstvwxz2456789"  # as Kubernetes: no vowels, so that no words come out


@dataclass(frozen=True, slots=True)
class Body:
    """A parsed body, and the keys that occurred twice in it."""

    value: Any
    repeated: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """A stored object in the version asked for, whether it is new, and warnings for the writer."""

    object: Object
    created: bool = False
    warnings: tuple[str, ...] = ()


class Writes:
    """Create and update, for whole objects and for their status."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store = store
        self._clock = clock

    def create(self, target: Target, body: Body, options: Options) -> Result:
        """Store a new object. Raises any `ApiError`."""
        obj = addressed(target, body.value)
        _name(target, obj)
        obj["metadata"].pop("managedFields", None)
        if obj["metadata"].get("resourceVersion"):
            raise BadRequest("resourceVersion should not be set on objects to be created")
        self.check_namespace(target, obj["metadata"]["name"])
        obj, warnings = self.admitted(target, obj, None, body.repeated, options)
        writer = Writer(options.field_manager, "Update", target.api_version)
        obj = managed.track({}, obj, schema_for(target.resource), writer, self.now())
        return Result(self.stored(target, obj, options, is_new=True), created=True, warnings=warnings)

    def replace(self, target: Target, body: Body, options: Options) -> Result:
        """Replace an object, or its status. Raises any `ApiError`."""
        old = self.current(target)
        obj = addressed(target, body.value)
        uid = obj["metadata"].get("uid")
        if uid and uid != old["metadata"]["uid"]:
            held = old["metadata"]["uid"]
            why = f"Precondition failed: UID in precondition: {uid}, UID in object meta: {held}"
            raise conflict(target.resource.plural, target.resource.group, str(target.name), why)
        return self.change(target, old, obj, body.repeated, options)

    def change(
        self, target: Target, old: Object, new: Object, repeated: tuple[str, ...], options: Options
    ) -> Result:
        """Store `new` in place of `old`; both in the version asked for."""
        if target.subresource == "status":
            new = _status_only(old, new)
        elif target.resource is kinds.NAMESPACES:
            new = {**new, "spec": old.get("spec") or {}}  # its finalizers have a subresource of their own
        obj, warnings = self.admitted(target, new, old, repeated, options)
        writer = Writer(options.field_manager, "Update", target.api_version, target.subresource)
        obj = managed.track(old, obj, schema_for(target.resource), writer, self.now())
        return Result(self.stored(target, obj, options), warnings=warnings)

    def stored(self, target: Target, obj: Object, options: Options, *, is_new: bool = False) -> Object:
        """Hand an admitted object to the store; the answer is in the version asked for."""
        resource, dry_run = target.resource, options.dry_run
        if is_new:
            found = self.store.create(resource, _first_status(target, obj), dry_run=dry_run)
        elif target.subresource == "status":
            found = self.store.update_status(resource, obj, dry_run=dry_run)
        else:
            found = self.store.update(resource, obj, dry_run=dry_run)
        return in_version(target, found)

    def current(self, target: Target) -> Object:
        """The stored object in the version asked for. Raises `NotFound`."""
        found = self.store.get(target.resource, target.namespace, str(target.name))
        if found is None:
            raise not_found(target.resource.plural, target.resource.group, str(target.name))
        return in_version(target, found)

    def admitted(
        self, target: Target, obj: Object, old: Object | None, repeated: tuple[str, ...], options: Options
    ) -> tuple[Object, tuple[str, ...]]:
        """An object, completed and checked, with warnings. Raises `BadRequest`, `Invalid`, `Denied`."""
        schema, findings = schema_for(target.resource), Findings()
        pruned: Object = prune(schema, obj, findings)
        warnings = _field_warnings(target, findings, repeated, options)
        check(schema, pruned, findings)
        _refuse_mistyped(target, pruned, findings)
        _keep_system_metadata(pruned, old)
        defaults.fill(target.resource, pruned, old, self._cluster_ips)
        if target.subresource != "status":
            causes = _schema_causes(target, findings)
            causes.extend(core.problems(target.resource, pruned, old))
            if causes:
                raise Invalid(target.resource.kind, target.resource.group, pruned["metadata"]["name"], causes)
            istio.admit(target.resource, pruned)
        return pruned, warnings

    def check_namespace(self, target: Target, name: str) -> None:
        """The namespace of a new object of that name must exist and not be on its way out."""
        if target.namespace is None:
            return
        found = self.store.get(kinds.NAMESPACES, None, target.namespace)
        if found is None:
            raise not_found("namespaces", "", target.namespace)
        if found["metadata"].get("deletionTimestamp"):
            why = (
                f"unable to create new content in namespace {target.namespace} because it is being terminated"
            )
            told = f"namespace {target.namespace} is being terminated"
            cause = Cause("metadata.namespace", told, "NamespaceTerminating")
            raise forbidden(target.resource.plural, target.resource.group, name, why, cause)

    def now(self) -> str:
        """The time, as metadata has it."""
        return self._clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def _cluster_ips(self) -> list[str]:
        return [each.get("spec", {}).get("clusterIP", "") for each in self.store.list(kinds.SERVICES)]


def in_version(target: Target, obj: Object) -> Object:
    """A stored object as it is served in a version; the caller owns it."""
    obj["apiVersion"] = target.api_version
    return obj


def addressed(target: Target, value: Any) -> Object:
    """A body that fits its path: kind, version, namespace and name agree, or are filled in. Raises
    `BadRequest`.
    """
    if not isinstance(value, dict):
        raise BadRequest(f"the body must be an object, not {type(value).__name__}")
    resource, metadata = target.resource, value.get("metadata")
    if metadata is not None and not isinstance(metadata, dict):
        raise BadRequest("metadata must be an object")
    _check_kind(target, value)
    metadata = dict(metadata or {})
    if resource.namespaced:
        namespace = metadata.get("namespace") or target.namespace
        if namespace != target.namespace:
            told = "the namespace of the provided object does not match the namespace sent on the request"
            raise BadRequest(told)
        metadata["namespace"] = namespace
    else:
        metadata.pop("namespace", None)
    if target.name is not None:
        name = metadata.get("name") or target.name
        if name != target.name:
            told = f"the name of the object ({name}) does not match the name on the URL ({target.name})"
            raise BadRequest(told)
        metadata["name"] = name
    return {**value, "apiVersion": target.api_version, "kind": resource.kind, "metadata": metadata}


def _check_kind(target: Target, value: Object) -> None:
    kind, version = value.get("kind"), value.get("apiVersion")
    resource = target.resource
    if (kind is None or version is None) and resource.custom:
        missing = "Kind" if kind is None else "apiVersion"
        raise BadRequest(f"Object '{missing}' is missing in the body")
    if kind not in (None, "", resource.kind):
        told = f'{kind} in version "{target.version}" cannot be handled as a {resource.kind}'
        raise BadRequest(told)
    if version not in (None, "", target.api_version):
        told = (
            f"the API version in the data ({version}) does not match the expected API version "
            f"({target.api_version})"
        )
        raise BadRequest(told)


def _name(target: Target, obj: Object) -> None:
    """A new object's name: checked, or made from generateName."""
    metadata, resource = obj["metadata"], target.resource
    name, prefix = metadata.get("name"), metadata.get("generateName")
    if not name and isinstance(prefix, str) and prefix:
        metadata["name"] = name = prefix[:58] + "".join(secrets.choice(_SUFFIX) for _ in range(5))
    if not name or not isinstance(name, str):
        cause = Cause(
            "metadata.name", "Required value: name or generateName is required", "FieldValueRequired"
        )
        raise Invalid(resource.kind, resource.group, "", [cause])
    problem = name_problem(resource.kind, name)
    if problem:
        cause = Cause("metadata.name", f'Invalid value: "{name}": {problem}')
        raise Invalid(resource.kind, resource.group, name, [cause])


def _field_warnings(
    target: Target, findings: Findings, repeated: tuple[str, ...], options: Options
) -> tuple[str, ...]:
    unknown = sorted(findings.unknown) if target.resource.custom else findings.unknown
    told = [f'unknown field "{path}"' for path in unknown]
    told.extend(f'duplicate field "{path}"' for path in repeated)
    if not told or options.field_validation == "Ignore":
        return ()
    if options.field_validation == "Strict":
        kind = target.resource.kind
        handled = f'{kind} in version "{target.version}" cannot be handled as a {kind}'
        raise BadRequest(f"{handled}: strict decoding error: {', '.join(told)}")
    return tuple(told)


def _refuse_mistyped(target: Target, obj: Object, findings: Findings) -> None:
    """Kubernetes cannot even decode its own kinds where a type is wrong; custom resources are invalid."""
    if not findings.mistyped:
        return
    resource = target.resource
    if resource.custom:
        causes = [*findings.mistyped, *findings.causes]
        raise Invalid(resource.kind, resource.group, obj["metadata"].get("name", ""), causes)
    handled = f'{resource.kind} in version "{target.version}" cannot be handled as a {resource.kind}'
    raise BadRequest(f"{handled}: {'; '.join(cause.text() for cause in findings.mistyped)}")


def _schema_causes(target: Target, findings: Findings) -> list[Cause]:
    """Of Kubernetes's own kinds only the spec is held against the schema; `core` says the rest in its own
    words.
    """
    if target.resource.custom:
        return findings.causes
    return [
        cause
        for cause in findings.causes
        if cause.field.startswith("spec.")
        and not cause.field.endswith((".name", ".image", ".containers", ".selector"))
    ]


def _keep_system_metadata(obj: Object, old: Object | None) -> None:
    metadata = obj["metadata"]
    kept = old["metadata"] if old else {}
    for key in ("uid", "creationTimestamp", "generation", "deletionTimestamp", "selfLink"):
        metadata.pop(key, None)
        if key in kept:
            metadata[key] = kept[key]


def _status_only(old: Object, new: Object) -> Object:
    metadata = dict(old["metadata"])
    for key in ("resourceVersion", "managedFields"):
        if key in new["metadata"]:
            metadata[key] = new["metadata"][key]
        else:
            metadata.pop(key, None) if key == "resourceVersion" else None
    found = {**old, "metadata": metadata}
    found.pop("status", None)
    return {**found, "status": new["status"]} if "status" in new else found


def _first_status(target: Target, obj: Object) -> Object:
    """Clients cannot set the status of what they create."""
    if not target.resource.has_status:
        return obj
    kept = {key: value for key, value in obj.items() if key != "status"}
    firsts: dict[Any, Object] = {
        kinds.NAMESPACES: {"phase": "Active"},
        kinds.PODS: {"phase": "Pending"},
        kinds.SERVICES: {"loadBalancer": {}},
    }
    first = firsts.get(target.resource)
    return {**kept, "status": first} if first else kept


def refuse_subresource(target: Target, verb: str) -> MethodNotAllowed:
    """The error for a verb that a resource or subresource does not know."""
    what = target.resource.plural + (f"/{target.subresource}" if target.subresource else "")
    return MethodNotAllowed(f"the server does not allow this method on the requested resource: {verb} {what}")
