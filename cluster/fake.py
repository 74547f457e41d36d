"""A cluster in memory: the same port, the same refusals, for tests and for trying things out.

It is a written class, held to the same contract suite as the real adapter. Faults are scripted through
`fail_next`: a refusal, or (`after=True`) an answer that is lost although the write happened. `forget` makes
every moment up to now too long ago; `cut_watches` breaks what is open. Safe to share between threads.
"""

import copy
import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, Literal, TypeAlias, TypeVar

import msgspec

from cluster import kinds
from cluster.errors import (
    AlreadyExists,
    ClusterError,
    Conflict,
    Expired,
    Forbidden,
    Invalid,
    NotFound,
    Unavailable,
)
from cluster.identity import Ask, Identity
from cluster.kinds import Kind
from cluster.port import PAGE_SIZE, Event, EventType, ObjectList, Page
from cluster.refs import Manifest, Ref, check_namespace

T = TypeVar("T")
Manifests: TypeAlias = list[Manifest]
Verb: TypeAlias = Literal["list", "watch", "get", "create", "replace", "delete"]
Admission: TypeAlias = Callable[[Verb, Manifest], None]
"""Stands for the server's own checks: raises a ClusterError to refuse."""
Rights: TypeAlias = Callable[[Identity | None, Ask], bool]
"""Stands for the server's authorisation; the identity None is the console's own account."""
_ASKED: dict[str, Any] = {"replace": "update"}


class _State:
    """What all views of one fake cluster share."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str, str, str], Manifest] = {}
        self.versions = itertools.count(1)
        self.version = "0"
        self.log: list[tuple[int, EventType, Ref, Manifest]] = []
        self.forgotten = 0
        self.pages: dict[str, tuple[list[Manifest], str]] = {}
        self.tokens = itertools.count(1)
        self.cuts = 0
        self.changed = threading.Condition(threading.RLock())
        self.failures: dict[str, deque[ClusterError | None]] = {}
        self.losses: dict[str, deque[ClusterError | None]] = {}

    def record(self, kind: EventType, ref: Ref, manifest: Manifest) -> None:
        with self.changed:
            self.log.append((int(self.version), kind, ref, copy.deepcopy(manifest)))
            self.changed.notify_all()


class FakeCluster:
    """Objects in a dictionary. `calls` records every call as (verb, reference or kind, dry run)."""

    def __init__(
        self,
        manifests: Iterable[Manifest] = (),
        admission: Admission | None = None,
        rights: Rights | None = None,
    ) -> None:
        self.admission = admission
        self.rights = rights
        self.calls: list[tuple[Verb, str, bool]] = []
        self.unserved: set[Kind] = set()
        self._identity: Identity | None = None
        self._state = _State()
        for manifest in manifests:
            self.put(manifest)

    def put(self, manifest: Manifest) -> Manifest:
        """Sets the stage: stores a manifest as if someone else had, with its namespace, without any check."""
        ref = Ref.of(manifest)
        if ref.kind.namespaced and _key(_namespace(ref.namespace)) not in self._state.objects:
            self._store({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": ref.namespace}}, None)
        return self._store(copy.deepcopy(manifest), self._state.objects.get(_key(ref)))

    def edit(self, ref: Ref, change: Callable[[Manifest], None]) -> Manifest:
        """Somebody else's edit: `change` alters the object in place."""
        manifest = copy.deepcopy(self._state.objects[_key(ref)])
        change(manifest)
        return self._store(manifest, self._state.objects[_key(ref)])

    def remove(self, ref: Ref) -> None:
        """Somebody else's delete."""
        self._erase(ref)

    def fail_next(self, verb: Verb, error: ClusterError, *, after: bool = False, skip: int = 0) -> None:
        """The next call of `verb` that is not a dry run raises `error`; `skip` calls go well before it.

        With `after`, it does so once it has done its work: the answer is lost.
        """
        queue = (self._state.losses if after else self._state.failures).setdefault(verb, deque())
        queue.extend([*[None] * skip, error])

    def list(self, kind: Kind, namespace: str | None = None, label_selector: str = "") -> ObjectList:
        """See `cluster.port.Cluster.list`; the selector knows equality only."""
        items = self._listed(kind, namespace, label_selector)
        return ObjectList(tuple(items), self._state.version)

    def page(
        self,
        kind: Kind,
        shape: type[T],
        *,
        namespace: str | None = None,
        limit: int = PAGE_SIZE,
        continue_token: str = "",
    ) -> Page[T]:
        """See `cluster.port.Cluster.page`."""
        state = self._state
        if continue_token:
            self._fail("list", after=False)
            if continue_token not in state.pages:
                raise Expired("The provided continue parameter is too old.", status=410)
            items, version = state.pages.pop(continue_token)
        else:
            items, version = self._listed(kind, namespace, ""), state.version
        following = ""
        if len(items) > limit:
            following = f"page-{next(state.tokens)}"
            state.pages[following] = (items[limit:], version)
        return Page(tuple(_shaped(item, shape) for item in items[:limit]), version, following)

    def watch(
        self,
        kind: Kind,
        shape: type[T],
        resource_version: str,
        *,
        namespace: str | None = None,
        seconds: float,
        silence: float,
    ) -> "_FakeWatch[T]":
        """See `cluster.port.Cluster.watch`; it sends no bookmarks of its own accord."""
        self._looked("watch", kind, namespace)
        if int(resource_version) < self._state.forgotten:
            raise Expired(f"too old resource version: {resource_version}", status=410)
        return _FakeWatch(
            self._state,
            kind,
            shape,
            namespace=namespace,
            since=int(resource_version),
            seconds=min(seconds, silence),
        )

    def forget(self) -> None:
        """Makes every moment up to now too long ago: for pages under way, and for watches to come."""
        with self._state.changed:
            self._state.forgotten = int(self._state.version)
            self._state.pages.clear()

    def cut_watches(self) -> None:
        """Breaks every watch that is open, as a lost connection does."""
        with self._state.changed:
            self._state.cuts += 1
            self._state.changed.notify_all()

    def bookmark(self, kind: Kind) -> None:
        """Sends a bookmark of the present moment to the watches of a kind."""
        self._state.record("BOOKMARK", Ref(kind, "", ""), {})

    def served_version(self, kind: Kind) -> str | None:
        """See `cluster.port.Cluster.served_version`: all kinds but those in `unserved`."""
        return None if kind in self.unserved else kind.version

    def server_version(self) -> str:
        """See `cluster.port.Cluster.server_version`."""
        return "v1.36.3"

    def may(self, ask: Ask, identity: Identity | None = None) -> bool:
        """See `cluster.port.Cluster.may`: what `rights` says, everything where there are none."""
        return self.rights is None or self.rights(identity or self._identity, ask)

    def acting_as(self, identity: Identity) -> "FakeCluster":
        """See `cluster.port.Cluster.acting_as`."""
        other = copy.copy(self)
        other._identity = identity  # noqa: SLF001  (the same class)
        return other

    def get(self, ref: Ref) -> Manifest:
        """See `cluster.port.Cluster.get`."""
        self._called("get", ref.checked(), dry_run=False)
        return copy.deepcopy(self._existing(ref))

    def create(self, manifest: Manifest, *, dry_run: bool = False) -> Manifest:
        """See `cluster.port.Cluster.create`."""
        ref = Ref.of(manifest)
        self._called("create", ref, dry_run=dry_run)
        if ref.kind.namespaced and _key(_namespace(ref.namespace)) not in self._state.objects:
            raise NotFound(f'namespaces "{ref.namespace}" not found', status=404)
        if _key(ref) in self._state.objects:
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
            self._erase(ref)
            self._fail("delete", after=True)

    def _erase(self, ref: Ref) -> None:
        with self._state.changed:
            last = self._state.objects.pop(_key(ref))
            self._state.version = str(next(self._state.versions))
            last["metadata"]["resourceVersion"] = self._state.version
            self._state.record("DELETED", ref, last)

    def _listed(self, kind: Kind, namespace: str | None, label_selector: str) -> Manifests:
        self._looked("list", kind, namespace)
        wanted = [pair.split("=", 1) for pair in label_selector.split(",") if pair]
        with self._state.changed:
            return [
                copy.deepcopy(manifest)
                for key, manifest in sorted(self._state.objects.items())
                if key[:2] == (kind.group, kind.kind)
                and namespace in (None, key[2])
                and all(
                    _labels(manifest).get(name.strip("= ")) == value.strip("= ") for name, value in wanted
                )
            ]

    def _looked(self, verb: Literal["list", "watch"], kind: Kind, namespace: str | None) -> None:
        if namespace is not None:
            check_namespace(kind, namespace)
        self.calls.append((verb, f"{kind} {namespace or '*'}", False))
        self._serve(kind)
        self._authorise(Ask(verb, kind, namespace or ""))
        self._fail(verb, after=False)

    def _serve(self, kind: Kind) -> None:
        if kind in self.unserved:
            raise NotFound("the server could not find the requested resource", status=404)

    def _authorise(self, ask: Ask) -> None:
        if not self.may(ask):
            user = self._identity.user if self._identity else "meshui"
            raise Forbidden(f'User "{user}" cannot {ask}', status=403)

    def _called(self, verb: Verb, ref: Ref, *, dry_run: bool) -> None:
        self.calls.append((verb, str(ref), dry_run))
        self._serve(ref.kind)
        self._authorise(Ask(_ASKED.get(verb, verb), ref.kind, ref.namespace, ref.name))
        if not dry_run:
            self._fail(verb, after=False)

    def _fail(self, verb: Verb, *, after: bool) -> None:
        queue = (self._state.losses if after else self._state.failures).get(verb)
        error = queue.popleft() if queue else None
        if error is not None:
            raise error

    def _existing(self, ref: Ref) -> Manifest:
        try:
            return self._state.objects[_key(ref)]
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
            self._identify(stored, old, str(int(self._state.version) + 1))
        else:
            self._fail(verb, after=True)
        return copy.deepcopy(stored)

    def _store(self, manifest: Manifest, old: Manifest | None) -> Manifest:
        self._state.version = str(next(self._state.versions))
        self._identify(manifest, old, self._state.version)
        ref = Ref.of(manifest)
        self._state.objects[_key(ref)] = manifest
        self._state.record("ADDED" if old is None else "MODIFIED", ref, manifest)
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


class _FakeWatch(Generic[T]):
    """One open watch. Its `seconds` are real ones."""

    def __init__(
        self, state: _State, kind: Kind, shape: type[T], *, namespace: str | None, since: int, seconds: float
    ) -> None:
        self._state = state
        self._kind = kind
        self._shape = shape
        self._namespace = namespace
        self._since = since
        self._until = time.monotonic() + seconds
        self._cuts = state.cuts
        self._closed = False

    def close(self) -> None:
        """See `cluster.port.Watch.close`."""
        with self._state.changed:
            self._closed = True
            self._state.changed.notify_all()

    def __iter__(self) -> Iterator[Event[T]]:
        """See `cluster.port.Watch`."""
        at = 0
        while True:
            with self._state.changed:
                while at >= len(self._state.log) and not self._over():
                    self._state.changed.wait(max(0.0, self._until - time.monotonic()))
                if self._state.cuts != self._cuts:
                    raise Unavailable("The watch was cut.")
                if self._over():
                    return
                version, kind, ref, manifest = self._state.log[at]
            at += 1
            if version > self._since or kind == "BOOKMARK":
                yield from self._told(version, kind, ref, manifest)

    def _told(self, version: int, kind: EventType, ref: Ref, manifest: Manifest) -> Iterator[Event[T]]:
        if ref.kind != self._kind or (kind != "BOOKMARK" and self._namespace not in (None, ref.namespace)):
            return
        shown = None if kind == "BOOKMARK" else _shaped(manifest, self._shape)
        yield Event(kind, str(version), shown)

    def _over(self) -> bool:
        return self._closed or self._state.cuts != self._cuts or time.monotonic() >= self._until


def _shaped(manifest: Manifest, shape: type[T]) -> T:
    """A manifest as the real adapter would decode it."""
    return msgspec.json.decode(msgspec.json.encode(manifest), type=shape)


def _namespace(name: str) -> Ref:
    return Ref(kinds.NAMESPACE, "", name)


def _key(ref: Ref) -> tuple[str, str, str, str]:
    return (ref.kind.group, ref.kind.kind, ref.namespace, ref.name)


def _labels(manifest: Manifest) -> dict[str, str]:
    labels: dict[str, str] = manifest["metadata"].get("labels") or {}
    return labels
