"""Naming one object in a cluster, and refusing names that are none.

Every path that the adapter requests is built from a checked `Ref`: an empty name, or `.` or `..`, would turn
a DELETE of one object into a DELETE of its whole collection. Pure.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from cluster import kinds
from cluster.kinds import Kind

Manifest: TypeAlias = dict[str, Any]
"""One object as it stands on the wire."""

MAX_LABEL: Final = 63
MAX_SUBDOMAIN: Final = 253
_LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_LABEL_VALUE: Final = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")


def is_dns_label(text: str) -> bool:
    """Whether `text` is a DNS-1123 label: what namespaces and services are named by."""
    return len(text) <= MAX_LABEL and _LABEL.fullmatch(text) is not None


def is_dns_subdomain(text: str) -> bool:
    """Whether `text` is a DNS-1123 subdomain: what most objects are named by."""
    # Kubernetes limits the whole to 253 characters and, unlike DNS, no single part of it.
    return len(text) <= MAX_SUBDOMAIN and all(_LABEL.fullmatch(part) for part in text.split("."))


def is_label_value(text: str) -> bool:
    """Whether `text` can be the value of a label, such as a version; the empty value is not one here."""
    return len(text) <= MAX_LABEL and _LABEL_VALUE.fullmatch(text) is not None


def is_label_key(text: str) -> bool:
    """Whether `text` can be the name of a label: `version`, or `app.kubernetes.io/version` with a domain."""
    prefix, slash, name = text.rpartition("/")
    return is_label_value(name) and (is_dns_subdomain(prefix) if slash else True)


@dataclass(frozen=True, slots=True)
class Ref:
    """The kind, namespace and name of one object; `namespace` is empty for kinds without one."""

    kind: Kind
    namespace: str
    name: str

    @classmethod
    def of(cls, manifest: Mapping[str, Any]) -> "Ref":
        """The reference of a manifest. Raises ValueError for an unknown kind or an impossible name."""
        metadata = manifest.get("metadata") or {}
        namespace, name = metadata.get("namespace") or "", metadata.get("name") or ""
        return cls(kinds.of(manifest), str(namespace), str(name)).checked()

    @classmethod
    def named(cls, manifest: Mapping[str, Any]) -> "Ref":
        """The reference of a manifest that the cluster gave, whose name is one; for the thousands.

        Raises ValueError for an unknown kind.
        """
        metadata = manifest["metadata"]
        return cls(kinds.of(manifest), metadata.get("namespace") or "", metadata["name"])

    def checked(self) -> "Ref":
        """The same reference. Raises ValueError when its name or namespace cannot be one."""
        if not is_dns_subdomain(self.name):
            raise ValueError(f"{self.name[:80]!r} cannot be the name of a {self.kind}")
        check_namespace(self.kind, self.namespace)
        return self

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


def check_namespace(kind: Kind, namespace: str) -> None:
    """Raises ValueError when an object of this kind cannot stand in this namespace."""
    if kind.namespaced and not is_dns_label(namespace):
        raise ValueError(f"{namespace[:80]!r} cannot be the namespace of a {kind}")
    if not kind.namespaced and namespace:
        raise ValueError(f"a {kind} has no namespace, but {namespace[:80]!r} was given")
