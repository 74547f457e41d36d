"""The objects of a fake cluster, their versions, and the line of what happened to them.

One lock guards everything: each public method is one step, whichever threads take part.
"""

import copy
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from cluster import kinds
from cluster.errors import ClusterError, Expired, Invalid
from cluster.fake import shapes
from cluster.identity import Ask, Identity
from cluster.kinds import Kind
from cluster.port import EventType
from cluster.refs import Manifest, Ref

Verb: TypeAlias = Literal["list", "watch", "get", "log", "create", "replace", "delete", "may"]
Admission: TypeAlias = Callable[[Verb, Manifest], None]
"""Stands for the server's own checks: raises a ClusterError to refuse."""
Rights: TypeAlias = Callable[[Identity | None, Ask], bool]
"""Stands for the server's authorisation; the identity None is the console's own account."""
Manifests: TypeAlias = list[Manifest]
_Key: TypeAlias = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened; a bookmark has no object. `manifest` is never changed again."""

    version: int
    type: EventType
    kind: Kind
    namespace: str = ""
    manifest: Manifest = field(default_factory=dict)


class State:
    """What all views of one fake cluster share. Hold `changed` for a step of several calls."""

    def __init__(self, admission: Admission | None, rights: Rights | None) -> None:
        self.changed = threading.Condition(threading.RLock())
        self.admission = admission
        self.rights = rights
        self.unserved: set[Kind] = set()
        self.calls: list[tuple[Verb, str, bool]] = []
        self.version = 0
        self.log: list[Entry] = []
        self.newer: dict[Kind, set[str]] = {}
        self.cuts = 0
        self.logs: dict[tuple[str, str, str], list[bytes]] = {}
        self.log_ends: dict[tuple[str, str, str], int] = {}
        self._objects: dict[_Key, Manifest] = {}
        self._forgotten = 0
        self._pages: dict[str, tuple[Manifests, str]] = {}
        self._tokens = 0
        self._failures: dict[tuple[Verb, bool], deque[ClusterError | None]] = {}

    def find(self, ref: Ref) -> Manifest | None:
        """The object as it stands; not to be changed."""
        return self._objects.get(_key(ref))

    def has_namespace(self, name: str) -> bool:
        """Whether there is a namespace of this name."""
        return self.find(Ref(kinds.NAMESPACE, "", name)) is not None

    def listed(self, kind: Kind, namespace: str | None) -> Manifests:
        """The objects of a kind by namespace and name, as they stand; not to be changed."""
        return [
            manifest
            for key, manifest in sorted(self._objects.items())
            if key[:2] == (kind.group, kind.kind) and namespace in (None, key[2])
        ]

    def store(self, manifest: Manifest) -> Manifest:
        """Keeps an object, which becomes the state's own, with what the server says of it; returns a copy."""
        with self.changed:
            ref = Ref.of(manifest)
            old = self.find(ref)
            self.version += 1
            identify(manifest, old, self.version)
            self._objects[_key(ref)] = manifest
            change: EventType = "MODIFIED" if old else "ADDED"
            self._record(Entry(self.version, change, ref.kind, ref.namespace, manifest))
            return copy.deepcopy(manifest)

    def learn(self, manifest: Manifest) -> None:
        """Takes the fields of an object that somebody else stored for fields that the definitions have."""
        kind = Ref.of(manifest).kind
        fields = map(shapes.anywhere, shapes.unknown_fields(kind, manifest))
        self.newer.setdefault(kind, set()).update(fields)

    def erase(self, ref: Ref) -> None:
        """Removes an object, and with a namespace what stands in it. Raises KeyError."""
        with self.changed:
            if ref.kind == kinds.NAMESPACE:
                for inside in [Ref.of(one) for key, one in self._objects.items() if key[2] == ref.name]:
                    self.erase(inside)
            last = copy.deepcopy(self._objects.pop(_key(ref)))
            self.version += 1
            last["metadata"]["resourceVersion"] = str(self.version)
            self._record(Entry(self.version, "DELETED", ref.kind, ref.namespace, last))

    def bookmark(self, kind: Kind) -> None:
        """Tells the open watches of a kind the present moment."""
        with self.changed:
            self._record(Entry(self.version, "BOOKMARK", kind))

    def cut(self) -> None:
        """Breaks the watches that are open."""
        with self.changed:
            self.cuts += 1
            self.changed.notify_all()

    def forget(self) -> None:
        """Makes every moment before now too long ago, and every page under way."""
        with self.changed:
            self._forgotten = self.version
            self._pages = dict.fromkeys(self._pages, ([], ""))

    def since(self, resource_version: str) -> int:
        """The moment of a version, as a number. Raises Expired when it is too long ago."""
        if int(resource_version) < self._forgotten:
            told = f"too old resource version: {resource_version} ({self._forgotten})"
            raise Expired(told, status=410)
        return int(resource_version)

    def keep_page(self, rest: Manifests, version: str) -> str:
        """The token that asks for the rest of a list."""
        self._tokens += 1
        token = f"page-{self._tokens}"
        self._pages[token] = (rest, version)
        return token

    def rest(self, token: str) -> tuple[Manifests, str]:
        """The rest of a list, and its version. Raises Expired; Invalid for what was never given out."""
        if token not in self._pages:
            raise Invalid("invalid continue token: continue key is not valid", status=400)
        rest, version = self._pages[token]
        if not version:
            raise Expired("The provided continue parameter is too old.", status=410)
        return rest, version

    def script(self, verb: Verb, error: ClusterError, *, after: bool, skip: int) -> None:
        """See `FakeCluster.fail_next`."""
        with self.changed:
            self._failures.setdefault((verb, after), deque()).extend([*[None] * skip, error])

    def fail(self, verb: Verb, *, after: bool) -> None:
        """Raises what was scripted for this call."""
        with self.changed:
            queue = self._failures.get((verb, after))
            error = queue.popleft() if queue else None
        if error is not None:
            raise error

    def _record(self, entry: Entry) -> None:
        self.log.append(entry)
        self.changed.notify_all()


def identify(manifest: Manifest, old: Manifest | None, version: int) -> None:
    """Writes into an object what the server alone says of it."""
    metadata = manifest["metadata"]
    metadata["resourceVersion"] = str(version)
    if old is None:
        metadata["uid"] = f"00000000-0000-4000-8000-{version:012d}"
        metadata["creationTimestamp"] = "2026-01-01T00:00:00Z"
        metadata["generation"] = 1
        return
    before = old["metadata"]
    metadata["uid"] = before["uid"]
    metadata["creationTimestamp"] = before["creationTimestamp"]
    metadata["generation"] = before["generation"] + int(manifest.get("spec") != old.get("spec"))


def _key(ref: Ref) -> _Key:
    return (ref.kind.group, ref.kind.kind, ref.namespace, ref.name)
