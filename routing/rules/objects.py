"""Whole resources: one to be exactly this, or one to go. Pure.

What a form cannot express is written here, as the manifest that it is; the same checks meet it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from cluster import kinds, refs
from cluster.kinds import DESTINATION_RULE, GATEWAY, VIRTUAL_SERVICE, Kind
from cluster.refs import Manifest, Ref
from routing import diff
from routing.rules.plain import faults_of
from routing.rules.reader import Reader, listed, quoted
from routing.rules.word import Word

WRITABLE: Final[tuple[Kind, ...]] = (*kinds.ISTIO, *kinds.GATEWAY_KINDS)
"""The kinds of which a whole resource can be written or deleted here."""
_MEMBERS: Final = ("apiVersion", "kind", "metadata", "spec", "status")
_ROUTED: Final = (VIRTUAL_SERVICE, DESTINATION_RULE)


@dataclass(frozen=True, slots=True)
class Object:
    """A resource of exactly this content. `resource_version`: the one of the object that it was made from,
    which must still stand there; empty asks for nothing.
    """

    manifest: Manifest
    resource_version: str = ""

    @property
    def ref(self) -> Ref:
        """Which resource it is."""
        return Ref.of(self.manifest)

    @property
    def namespace(self) -> str:
        """Where it stands."""
        return self.ref.namespace

    @property
    def service(self) -> str:
        """It is about no service in particular."""
        return ""


@dataclass(frozen=True, slots=True)
class DeleteObject:
    """A resource that is to be there no more."""

    ref: Ref

    @property
    def namespace(self) -> str:
        """Where it stands."""
        return self.ref.namespace

    @property
    def service(self) -> str:
        """It is about no service in particular."""
        return ""


def _read(reader: Reader, value: Mapping[str, object], field: str) -> Object | None:
    fields = reader.members(value, field, {"kind", "manifest"}) or {}
    at = f"{field}.manifest"
    manifest = reader.members(fields.get("manifest"), at, _MEMBERS)
    kind = _kind(reader, manifest, at, "apiVersion") if manifest is not None else None
    if manifest is None or kind is None:
        return None
    before = len(reader.errors)
    reader.errors += faults_of(manifest, kind, at)
    metadata = manifest.get("metadata")
    if not isinstance(metadata, Mapping):
        reader.error(f"{at}.metadata", "This must be an object with a name and a namespace.")
    elif len(reader.errors) == before:
        _check_names(reader, kind, metadata, f"{at}.metadata")
    if len(reader.errors) != before:
        return None
    plain: Manifest = dict(manifest)
    return Object(diff.content(plain), str(plain["metadata"].get("resourceVersion", "")))


def _kind(reader: Reader, value: Mapping[str, object], at: str, version_field: str) -> Kind | None:
    """The kind that apiVersion and kind name, when it is one that can be written."""
    api_version, name = value.get(version_field), value.get("kind")
    if not isinstance(api_version, str) or not isinstance(name, str):
        missing = version_field if not isinstance(api_version, str) else "kind"
        reader.error(
            f"{at}.{missing}", "This must be text, such as networking.istio.io/v1 or VirtualService."
        )
        return None
    group, _, version = api_version.rpartition("/")
    kind = next((kind for kind in WRITABLE if (kind.group, kind.kind) == (group, name)), None)
    if kind is None:
        known = listed(f"{kind.kind} ({kind.group})" for kind in WRITABLE)
        shown = quoted(f"{api_version} {name}")
        reader.error(f"{at}.kind", f"{shown} cannot be written here; these can: {known}.")
    elif version not in kind.versions:
        known = listed(f"{kind.group}/{version}" for version in kind.versions)
        message = f"{quoted(api_version)} is not a version of {kind}; these are: {known}."
        reader.error(f"{at}.{version_field}", message)
    else:
        return kind
    return None


def _check_names(reader: Reader, kind: Kind, names: Mapping[str, object], at: str) -> None:
    name, namespace = names.get("name"), names.get("namespace")
    if not isinstance(name, str) or not refs.is_dns_subdomain(name):
        reader.error(f"{at}.name", _not_a_name(name, kind, "name"))
    if not isinstance(namespace, str) or not refs.is_dns_label(namespace):
        reader.error(f"{at}.namespace", _not_a_name(namespace, kind, "namespace"))


def _not_a_name(value: object, kind: Kind, what: str) -> str:
    if value is None:
        return f"The {what} of the {kind} is missing."
    return f"{quoted(value)} cannot be the {what} of a {kind}."


def _write(rule: Object) -> dict[str, Any]:
    if not rule.resource_version:
        return {"manifest": rule.manifest}
    metadata = {**rule.manifest["metadata"], "resourceVersion": rule.resource_version}
    return {"manifest": {**rule.manifest, "metadata": metadata}}


def _read_delete(reader: Reader, value: Mapping[str, object], field: str) -> DeleteObject | None:
    fields = reader.members(value, field, {"kind", "resource"}) or {}
    at = f"{field}.resource"
    named = reader.members(fields.get("resource"), at, ("kind", "api_version", "namespace", "name"))
    kind = _kind(reader, named, at, "api_version") if named is not None else None
    if named is None or kind is None:
        return None
    before = len(reader.errors)
    _check_names(reader, kind, named, at)
    if len(reader.errors) != before:
        return None
    return DeleteObject(Ref(kind, str(named["namespace"]), str(named["name"])))


def _write_delete(rule: DeleteObject) -> dict[str, Any]:
    ref = rule.ref
    named = {"kind": ref.kind.kind, "api_version": ref.kind.api_version}
    return {"resource": {**named, "namespace": ref.namespace, "name": ref.name}}


def _sets(rule: Object | DeleteObject) -> str:
    # Istio and the Gateway API both have a Gateway.
    return f"{rule.ref} ({rule.ref.kind.group})"


def _reads(rule: Object | DeleteObject) -> tuple[Kind, ...]:
    """Its own kind, and what says who uses it: routes name subsets and gateways."""
    kind = rule.ref.kind
    if kind in _ROUTED:
        return _ROUTED
    return (kind, VIRTUAL_SERVICE) if kind == GATEWAY else (kind,)


OBJECT: Final = Word("object", Object, _read, _write, _sets, (), _reads)
DELETE_OBJECT: Final = Word("delete_object", DeleteObject, _read_delete, _write_delete, _sets, (), _reads)
