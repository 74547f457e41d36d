"""A cluster in memory: the same port, the same refusals, for tests and for trying things out.

It is a written class, held to the same contract suite as the real adapter. Faults are scripted through
`fail_next`: a refusal, or (`after=True`) an answer that is lost although the write happened.
"""

import copy
import itertools
from collections import deque
from collections.abc import Callable, Iterable
from typing import Literal, TypeAlias

from cluster import kinds
from cluster.errors import AlreadyExists, ClusterError, Conflict, Invalid, NotFound
from cluster.kinds import Kind
from cluster.port import ObjectList
from cluster.refs import Manifest, Ref, check_namespace

Verb: TypeAlias = Literal["list", "get", "create", "replace", "delete"]
Admission: TypeAlias = Callable[[Verb, Manifest], None]
"""Stands for the server's own checks: raises a ClusterError to refuse."""


class FakeCluster:
    """Objects in a dictionary. `calls` records every call as (verb, reference or kind, dry run)."""

    def __init__(self, manifests: Iterable[Manifest] = (), admission: Admission | None = None) -> None:
        self.admission = admission
        self.calls: list[tuple[Verb, str, bool]] = []
        self._objects: dict[tuple[str, str, str, str], Manifest] = {}
        self._versions = itertools.count(1)
        self._version = "0"
        self._failures: dict[Verb, deque[ClusterError | None]] = {}
        self._losses: dict[Verb, deque[ClusterError | None]] = {}
        for manifest in manifests:
            self.put(manifest)

    def put(self, manifest: Manifest) -> Manifest:
        """Sets the stage: stores a manifest as if someone else had, with its namespace, without any check."""
        ref = Ref.of(manifest)
        if ref.kind.namespaced and _key(_namespace(ref.namespace)) not in self._objects:
            self._store({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": ref.namespace}}, None)
        return self._store(copy.deepcopy(manifest), self._objects.get(_key(ref)))

    def edit(self, ref: Ref, change: Callable[[Manifest], None]) -> Manifest:
        """Somebody else's edit: `change` alters the object in place."""
        manifest = copy.deepcopy(self._objects[_key(ref)])
        change(manifest)
        return self._store(manifest, self._objects[_key(ref)])

    def remove(self, ref: Ref) -> None:
        """Somebody else's delete."""
        del self._objects[_key(ref)]

    def fail_next(self, verb: Verb, error: ClusterError, *, after: bool = False, skip: int = 0) -> None:
        """The next call of `verb` that is not a dry run raises `error`; `skip` calls go well before it.

        With `after`, it does so once it has done its work: the answer is lost.
        """
        queue = (self._losses if after else self._failures).setdefault(verb, deque())
        queue.extend([*[None] * skip, error])

    def list(self, kind: Kind, namespace: str | None = None, label_selector: str = "") -> ObjectList:
        """See `cluster.port.Cluster.list`; the selector knows equality only."""
        if namespace is not None:
            check_namespace(kind, namespace)
        self.calls.append(("list", f"{kind} {namespace or '*'}", False))
        self._fail("list", after=False)
        wanted = [pair.split("=", 1) for pair in label_selector.split(",") if pair]
        items = [
            copy.deepcopy(manifest)
            for key, manifest in sorted(self._objects.items())
            if key[:2] == (kind.group, kind.kind)
            and namespace in (None, key[2])
            and all(_labels(manifest).get(name.strip("= ")) == value.strip("= ") for name, value in wanted)
        ]
        return ObjectList(tuple(items), self._version)

    def get(self, ref: Ref) -> Manifest:
        """See `cluster.port.Cluster.get`."""
        self._called("get", ref.checked(), dry_run=False)
        return copy.deepcopy(self._existing(ref))

    def create(self, manifest: Manifest, *, dry_run: bool = False) -> Manifest:
        """See `cluster.port.Cluster.create`."""
        ref = Ref.of(manifest)
        self._called("create", ref, dry_run=dry_run)
        if ref.kind.namespaced and _key(_namespace(ref.namespace)) not in self._objects:
            raise NotFound(f'namespaces "{ref.namespace}" not found', status=404)
        if _key(ref) in self._objects:
            raise AlreadyExists(f'{ref.kind.plural} "{ref.name}" already exists', status=409)
        self._admit("create", manifest)
        return self._write("create", copy.deepcopy(manifest), None, dry_run=dry_run)

    def replace(self, manifest: Manifest, *, dry_run: bool = False) -> Manifest:
        """See `cluster.port.Cluster.replace`."""
        ref = Ref.of(manifest)
        version = manifest["metadata"].get("resourceVersion")
        if not version:
            raise ValueError(f"replacing {ref} needs the resourceVersion that was read")
        self._called("replace", ref, dry_run=dry_run)
        existing = self._existing(ref)
        if existing["metadata"]["resourceVersion"] != version:
            raise Conflict(f"{ref.kind.plural} {ref.name!r}: the object has been modified", status=409)
        self._admit("replace", manifest)
        return self._write("replace", copy.deepcopy(manifest), existing, dry_run=dry_run)

    def delete(self, ref: Ref, resource_version: str, *, uid: str = "", dry_run: bool = False) -> None:
        """See `cluster.port.Cluster.delete`."""
        if not resource_version:
            raise ValueError(f"deleting {ref} needs the resourceVersion that was read")
        self._called("delete", ref.checked(), dry_run=dry_run)
        metadata = self._existing(ref)["metadata"]
        if metadata["resourceVersion"] != resource_version or uid not in ("", metadata["uid"]):
            raise Conflict(f"{ref.kind.plural} {ref.name!r}: the precondition failed", status=409)
        if not dry_run:
            del self._objects[_key(ref)]
            self._version = str(next(self._versions))
            self._fail("delete", after=True)

    def _called(self, verb: Verb, ref: Ref, *, dry_run: bool) -> None:
        self.calls.append((verb, str(ref), dry_run))
        if not dry_run:
            self._fail(verb, after=False)

    def _fail(self, verb: Verb, *, after: bool) -> None:
        queue = (self._losses if after else self._failures).get(verb)
        error = queue.popleft() if queue else None
        if error is not None:
            raise error

    def _existing(self, ref: Ref) -> Manifest:
        try:
            return self._objects[_key(ref)]
        except KeyError:
            raise NotFound(f'{ref.kind.plural} "{ref.name}" not found', status=404) from None

    def _admit(self, verb: Verb, manifest: Manifest) -> None:
        if not isinstance(manifest.get("spec", {}), dict):
            raise Invalid("spec must be an object")
        if self.admission is not None:
            self.admission(verb, manifest)

    def _write(self, verb: Verb, manifest: Manifest, old: Manifest | None, *, dry_run: bool) -> Manifest:
        if old is not None and {**manifest, "metadata": None} == {**old, "metadata": None}:
            # A replace that changes nothing keeps the version, as the API server does.
            same = {**manifest["metadata"]} == {**old["metadata"]}
            if same:
                return copy.deepcopy(old)
        stored = manifest if dry_run else self._store(manifest, old)
        if dry_run:
            self._identify(stored, old, str(int(self._version) + 1))
        else:
            self._fail(verb, after=True)
        return copy.deepcopy(stored)

    def _store(self, manifest: Manifest, old: Manifest | None) -> Manifest:
        self._version = str(next(self._versions))
        self._identify(manifest, old, self._version)
        self._objects[_key(Ref.of(manifest))] = manifest
        return copy.deepcopy(manifest)

    def _identify(self, manifest: Manifest, old: Manifest | None, version: str) -> None:
        metadata = manifest["metadata"]
        metadata["resourceVersion"] = version
        if old is None:
            metadata["uid"] = f"00000000-0000-4000-8000-{int(version):012d}"
            metadata["creationTimestamp"] = "2026-01-01T00:00:00Z"
            metadata["generation"] = 1
            return
        metadata["uid"] = old["metadata"]["uid"]
        metadata["creationTimestamp"] = old["metadata"]["creationTimestamp"]
        changed = manifest.get("spec") != old.get("spec")
        metadata["generation"] = old["metadata"]["generation"] + int(changed)


def _namespace(name: str) -> Ref:
    return Ref(kinds.NAMESPACE, "", name)


def _key(ref: Ref) -> tuple[str, str, str, str]:
    return (ref.kind.group, ref.kind.kind, ref.namespace, ref.name)


def _labels(manifest: Manifest) -> dict[str, str]:
    labels: dict[str, str] = manifest["metadata"].get("labels") or {}
    return labels
