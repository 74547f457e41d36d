"""One object as the analysis sees it: any kind, a plain dictionary, perhaps with the lines of a file. Pure.

Manifests come from strangers: a field may have any JSON type. The accessors below answer with the type that
is asked for, empty where there is another; that a field has the wrong type is for the schema's check to say.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, TypeAlias

from cluster.refs import Manifest
from routing.yaml_files import Document, Path

GroupKind: TypeAlias = tuple[str, str]
"""An API group (empty: the core one) and a kind in it, whatever the version."""

CLUSTER_SCOPED: Final = frozenset(
    {
        ("", "Namespace"),
        ("", "Node"),
        ("", "PersistentVolume"),
        ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"),
        ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"),
        ("apiextensions.k8s.io", "CustomResourceDefinition"),
        ("gateway.networking.k8s.io", "GatewayClass"),
        ("rbac.authorization.k8s.io", "ClusterRole"),
        ("rbac.authorization.k8s.io", "ClusterRoleBinding"),
    }
)
_PLAIN_KEY: Final = re.compile(r"[A-Za-z_$][A-Za-z0-9_$-]*")


class Key(NamedTuple):
    """The identity of an object: it stays the same through every version of it."""

    group: str
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        """`VirtualService default/reviews`, `Namespace default`."""
        return f"{self.kind} {self.full_name}"

    @property
    def full_name(self) -> str:
        """`default/reviews`; only the name where there is no namespace."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name

    @property
    def group_kind(self) -> GroupKind:
        """The kind of the object."""
        return self.group, self.kind


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an object was read: a file, the document in it, and the way to the object in that document."""

    file: str
    document: Document
    within: Path = ()

    def line(self, path: Path) -> int:
        """The line of a field of the object."""
        return self.document.line((*self.within, *path))


@dataclass(frozen=True, eq=False, slots=True)
class Obj:
    """One object; compared by identity: another version of it is another one.

    `given` is False for what is only assumed to exist: it is looked up, but nothing is said about it.
    """

    key: Key
    manifest: Manifest
    origin: Origin | None = None
    given: bool = True
    labels: Mapping[str, str] = field(init=False)
    annotations: Mapping[str, str] = field(init=False)
    spec: Mapping[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        metadata = mapping(self.manifest.get("metadata"))
        object.__setattr__(self, "labels", texts(metadata.get("labels")))
        object.__setattr__(self, "annotations", texts(metadata.get("annotations")))
        object.__setattr__(self, "spec", mapping(self.manifest.get("spec")))

    @classmethod
    def of(
        cls, manifest: Manifest, namespace: str = "", origin: Origin | None = None, *, given: bool = True
    ) -> "Obj":
        """The object of a manifest; `namespace` is where it belongs when it does not say."""
        metadata = mapping(manifest.get("metadata"))
        group = text(manifest.get("apiVersion")).rpartition("/")[0]
        kind = text(manifest.get("kind"))
        place = "" if (group, kind) in CLUSTER_SCOPED else text(metadata.get("namespace")) or namespace
        return cls(Key(group, kind, place, text(metadata.get("name"))), manifest, origin, given)

    @property
    def namespace(self) -> str:
        """Its namespace; empty for kinds without one."""
        return self.key.namespace

    @property
    def name(self) -> str:
        """Its name."""
        return self.key.name


def mapping(value: Any) -> Mapping[str, Any]:
    """An object, or an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: Any) -> list[Any]:
    """A list, or an empty one."""
    return value if isinstance(value, list) else []


def objects(value: Any) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The objects in a list with their indexes; what is null or something else counts as an empty object."""
    return ((index, mapping(item)) for index, item in enumerate(items(value)))


def strings(value: Any) -> list[str]:
    """The texts in a list."""
    return [item for item in items(value) if isinstance(item, str)]


def text(value: Any) -> str:
    """A text, or an empty one."""
    return value if isinstance(value, str) else ""


def number(value: Any) -> int | None:
    """A whole number; also one that is written as text."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        return int(value)
    return value if isinstance(value, int) else None


def texts(value: Any) -> Mapping[str, str]:
    """An object whose values are texts; the others are left out."""
    found = mapping(value)
    if all(isinstance(item, str) for item in found.values()):
        return found
    return {name: item for name, item in found.items() if isinstance(item, str)}


def dig(value: Any, *names: str) -> Any:
    """The value below several objects, or None."""
    for name in names:
        value = mapping(value).get(name)
    return value


def path_text(path: Path) -> str:
    """A path as people read it: `spec.http[0].match`, `metadata.annotations[example.com/name]`."""
    parts = []
    for step in path:
        if isinstance(step, int):
            parts.append(f"[{step}]")
        elif _PLAIN_KEY.fullmatch(step):
            parts.append(f".{step}")
        else:
            parts.append(f"[{step[:200]}]")
    return "".join(parts).removeprefix(".")
