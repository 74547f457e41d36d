"""The port's methods on a state in memory, and the ways to set the stage."""

import copy
from collections.abc import Callable, Iterable
from typing import Final, Literal, TypeVar

from cluster import identity as words
from cluster.errors import AlreadyExists, ClusterError, Conflict, Forbidden, Invalid, NotFound
from cluster.fake import shapes
from cluster.fake.log import FakeLog
from cluster.fake.state import Admission, Manifests, Rights, State, Verb, identify
from cluster.fake.watch import FakeWatch, shaped
from cluster.identity import Ask, Identity
from cluster.kinds import POD, Kind
from cluster.port import PAGE_SIZE, ObjectList, Page
from cluster.refs import Manifest, Ref, check_namespace

T = TypeVar("T")
_Deed = Literal["get", "create", "replace", "delete"]
_ASKED: Final[dict[_Deed, words.Verb]] = {
    "get": "get",
    "create": "create",
    "replace": "update",
    "delete": "delete",
}


class FakeCluster:
    """Objects in a dictionary. `calls` records every call as (verb, reference or kind, dry run).

    `unserved` are the kinds that it does not serve. `admission` and `rights` may be set at any time, and hold
    for everybody who acts.
    """

    def __init__(
        self,
        manifests: Iterable[Manifest] = (),
        admission: Admission | None = None,
        rights: Rights | None = None,
    ) -> None:
        self._state = State(admission, rights)
        self._identity: Identity | None = None
        for manifest in manifests:
            self.put(manifest)

    @property
    def calls(self) -> list[tuple[Verb, str, bool]]:
        """Every call so far; a question of rights is none."""
        return self._state.calls

    @property
    def unserved(self) -> set[Kind]:
        """The kinds whose definitions are not installed."""
        return self._state.unserved

    @property
    def admission(self) -> Admission | None:
        """What checks writes besides the schemas."""
        return self._state.admission

    @admission.setter
    def admission(self, admission: Admission | None) -> None:
        self._state.admission = admission

    @property
    def rights(self) -> Rights | None:
        """What authorises; None allows everything."""
        return self._state.rights

    @rights.setter
    def rights(self, rights: Rights | None) -> None:
        self._state.rights = rights

    def put(self, manifest: Manifest) -> Manifest:
        """Sets the stage: stores a manifest as if someone else had, with its namespace, without any check."""
        ref = Ref.of(manifest)
        with self._state.changed:
            if ref.kind.namespaced and not self._state.has_namespace(ref.namespace):
                self.put({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": ref.namespace}})
            self._state.learn(manifest)
            return self._state.store(_in_version(manifest, ref.kind))

    def edit(self, ref: Ref, change: Callable[[Manifest], None]) -> Manifest:
        """Somebody else's edit: `change` alters the object in place. Raises NotFound."""
        with self._state.changed:
            manifest = copy.deepcopy(self._existing(ref))
            change(manifest)
            self._state.learn(manifest)
            return self._state.store(manifest)

    def remove(self, ref: Ref) -> None:
        """Somebody else's delete; of a namespace, with everything in it. Raises NotFound."""
        with self._state.changed:
            self._existing(ref)
            self._state.erase(ref)

    def fail_next(self, verb: Verb, error: ClusterError, *, after: bool = False, skip: int = 0) -> None:
        """The next call of `verb` that is not a dry run raises `error`; `skip` calls go well before it.

        With `after`, it does so once it has done its work: the answer is lost.
        """
        self._state.script(verb, error, after=after, skip=skip)

    def forget(self) -> None:
        """Makes every moment before now too long ago: for pages under way, and for watches to come."""
        self._state.forget()

    def cut_watches(self) -> None:
        """Breaks every watch that is open, as a lost connection does."""
        self._state.cut()

    def write_log(self, namespace: str, pod: str, container: str, *lines: bytes) -> None:
        """Lines that a container writes; by the first ones it has started."""
        with self._state.changed:
            self._state.logs.setdefault((namespace, pod, container), []).extend(lines)
            self._state.changed.notify_all()

    def end_log(self, namespace: str, pod: str, container: str) -> None:
        """The container ends, and with it the logs of it that are open."""
        key = (namespace, pod, container)
        with self._state.changed:
            self._state.log_ends[key] = self._state.log_ends.get(key, 0) + 1
            self._state.changed.notify_all()

    def bookmark(self, kind: Kind) -> None:
        """Sends a bookmark of the present moment to the open watches of a kind."""
        self._state.bookmark(kind)

    def list(self, kind: Kind, namespace: str | None = None, label_selector: str = "") -> ObjectList:
        """See `cluster.port.Cluster.list`; of selectors it knows equality only."""
        wanted = _equalities(label_selector)
        with self._state.changed:
            self._looked("list", kind, namespace)
            found = [one for one in self._state.listed(kind, namespace) if wanted <= _labels(one)]
            return ObjectList(tuple(copy.deepcopy(found)), str(self._state.version))

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
        with self._state.changed:
            self._looked("list", kind, namespace)
            items, version = self._whole(kind, namespace, continue_token)
            following = self._state.keep_page(items[limit:], version) if len(items) > limit else ""
            return Page(tuple(shaped(item, shape) for item in items[:limit]), version, following)

    def watch(
        self,
        kind: Kind,
        shape: type[T],
        resource_version: str,
        *,
        namespace: str | None = None,
        seconds: float,
        silence: float,
    ) -> FakeWatch[T]:
        """See `cluster.port.Cluster.watch`; it sends no bookmarks of its own accord."""
        with self._state.changed:
            self._looked("watch", kind, namespace)
            since = self._state.since(resource_version)
            return FakeWatch(
                self._state, kind, shape, namespace=namespace, since=since, seconds=seconds, silence=silence
            )

    def get(self, ref: Ref) -> Manifest:
        """See `cluster.port.Cluster.get`."""
        with self._state.changed:
            self._called("get", ref.checked(), dry_run=False)
            return copy.deepcopy(self._existing(ref))

    def log(self, namespace: str, pod: str, container: str, *, tail_lines: int, silence: float) -> FakeLog:
        """See `cluster.port.Cluster.log`: of what `write_log` has written."""
        ref = Ref(POD, namespace, pod).checked()
        with self._state.changed:
            self._state.calls.append(("log", f"{ref} {container}", False))
            self._authorise(Ask("get", POD, namespace, pod, "log"))
            self._state.fail("log", after=False)
            self._existing(ref)
            key = (namespace, pod, container)
            if key not in self._state.logs:
                raise Invalid(f"container {container} is not valid for pod {pod}", status=400)
            return FakeLog(self._state, key, tail_lines=tail_lines, silence=silence)

    def create(self, manifest: Manifest, *, dry_run: bool = False) -> Manifest:
        """See `cluster.port.Cluster.create`."""
        ref = Ref.of(manifest)
        if manifest["metadata"].get("resourceVersion"):
            raise ValueError(f"creating {ref} with a resourceVersion: it was read, so it exists")
        with self._state.changed:
            self._called("create", ref, dry_run=dry_run)
            if ref.kind.namespaced and not self._state.has_namespace(ref.namespace):
                raise NotFound(f'namespaces "{ref.namespace}" not found', status=404)
            self._admit("create", ref, manifest)
            if self._state.find(ref) is not None:
                raise AlreadyExists(f"{_named(ref)} already exists", status=409)
            wanted = _in_version(manifest, ref.kind)
            if shapes.keeps_status(ref.kind):
                wanted.pop("status", None)
            return self._write("create", wanted, None, dry_run=dry_run)

    def replace(self, manifest: Manifest, *, dry_run: bool = False) -> Manifest:
        """See `cluster.port.Cluster.replace`."""
        ref = Ref.of(manifest)
        version = manifest["metadata"].get("resourceVersion")
        if not version:
            raise ValueError(f"replacing {ref} needs the resourceVersion that was read")
        with self._state.changed:
            self._called("replace", ref, dry_run=dry_run)
            existing = self._existing(ref)
            _require(ref, existing, version, manifest["metadata"].get("uid", ""))
            self._admit("replace", ref, manifest)
            wanted = _in_version(manifest, ref.kind)
            if shapes.keeps_status(ref.kind):
                _keep_status(wanted, existing)
            return self._write("replace", wanted, existing, dry_run=dry_run)

    def delete(self, ref: Ref, resource_version: str, *, uid: str = "", dry_run: bool = False) -> None:
        """See `cluster.port.Cluster.delete`."""
        if not resource_version:
            raise ValueError(f"deleting {ref} needs the resourceVersion that was read")
        with self._state.changed:
            self._called("delete", ref.checked(), dry_run=dry_run)
            _require(ref, self._existing(ref), resource_version, uid)
            if not dry_run:
                self._state.erase(ref)
                self._state.fail("delete", after=True)

    def served_version(self, kind: Kind) -> str | None:
        """See `cluster.port.Cluster.served_version`: all kinds but those in `unserved`."""
        return None if kind in self.unserved else kind.version

    def server_version(self) -> str:
        """See `cluster.port.Cluster.server_version`."""
        return "v1.36.3"

    def may(self, ask: Ask, identity: Identity | None = None) -> bool:
        """See `cluster.port.Cluster.may`: what `rights` says, everything where there are none."""
        self._state.fail("may", after=False)
        return self._allowed(identity or self._identity, ask)

    def acting_as(self, identity: Identity) -> "FakeCluster":
        """See `cluster.port.Cluster.acting_as`."""
        other = copy.copy(self)
        other._identity = identity  # noqa: SLF001  (the same class)
        return other

    def _whole(self, kind: Kind, namespace: str | None, token: str) -> tuple[Manifests, str]:
        """What is left to show of a list, and the list's version."""
        if token:
            return self._state.rest(token)
        # Objects in the state are replaced, never changed: a shallow copy holds the moment.
        return self._state.listed(kind, namespace), str(self._state.version)

    def _looked(self, verb: Literal["list", "watch"], kind: Kind, namespace: str | None) -> None:
        if namespace is not None:
            check_namespace(kind, namespace)
        self._state.calls.append((verb, f"{kind} {namespace or '*'}", False))
        self._serve(kind)
        self._authorise(Ask(verb, kind, namespace or ""))
        self._state.fail(verb, after=False)

    def _called(self, verb: _Deed, ref: Ref, *, dry_run: bool) -> None:
        self._state.calls.append((verb, str(ref), dry_run))
        self._serve(ref.kind)
        self._authorise(Ask(_ASKED[verb], ref.kind, ref.namespace, ref.name))
        if not dry_run:
            self._state.fail(verb, after=False)

    def _serve(self, kind: Kind) -> None:
        if kind in self.unserved:
            raise NotFound("the server could not find the requested resource", status=404)

    def _allowed(self, identity: Identity | None, ask: Ask) -> bool:
        return self.rights is None or self.rights(identity, ask)

    def _authorise(self, ask: Ask) -> None:
        if not self._allowed(self._identity, ask):
            user = self._identity.user if self._identity else "meshui"
            place = f'in the namespace "{ask.namespace}"' if ask.namespace else "at the cluster scope"
            raise Forbidden(
                f'{_resource(ask.kind)} is forbidden: User "{user}" cannot {ask.verb} resource '
                f'"{ask.resource}" in API group "{ask.kind.group}" {place}',
                status=403,
            )

    def _existing(self, ref: Ref) -> Manifest:
        found = self._state.find(ref)
        if found is None:
            raise NotFound(f"{_named(ref)} not found", status=404)
        return found

    def _admit(self, verb: Verb, ref: Ref, manifest: Manifest) -> None:
        shapes.check(ref.kind, manifest, self._state.newer.get(ref.kind, ()))
        if self.admission is not None:
            self.admission(verb, manifest)

    def _write(self, verb: Verb, manifest: Manifest, old: Manifest | None, *, dry_run: bool) -> Manifest:
        if old is not None and _same(manifest, old):
            # A replace that changes nothing keeps the version, as the API server does.
            stored = copy.deepcopy(old)
        elif dry_run:
            stored = manifest
            identify(stored, old, self._state.version + 1)
            _without_a_version(stored, old)
        else:
            stored = self._state.store(manifest)
        if not dry_run:
            self._state.fail(verb, after=True)
        return stored


def _in_version(manifest: Manifest, kind: Kind) -> Manifest:
    """A copy in the version that is served, whichever the manifest is written in."""
    return {**copy.deepcopy(manifest), "apiVersion": kind.api_version}


def _require(ref: Ref, existing: Manifest, version: str, uid: str) -> None:
    metadata = existing["metadata"]
    if metadata["resourceVersion"] != version or uid not in ("", metadata["uid"]):
        told = "the object has been modified; please apply your changes to the latest version and try again"
        raise Conflict(f"Operation cannot be fulfilled on {_named(ref)}: {told}", status=409)


def _keep_status(wanted: Manifest, existing: Manifest) -> None:
    wanted.pop("status", None)
    if "status" in existing:
        wanted["status"] = copy.deepcopy(existing["status"])


def _without_a_version(stored: Manifest, old: Manifest | None) -> None:
    """What is only tried has no version of its own: none at all when new, else the one that stays."""
    if old is None:
        del stored["metadata"]["resourceVersion"]
    else:
        stored["metadata"]["resourceVersion"] = old["metadata"]["resourceVersion"]


def _same(one: Manifest, other: Manifest) -> bool:
    """Whether two objects differ in nothing that a writer decides."""
    return {**one, "metadata": _own(one)} == {**other, "metadata": _own(other)}


def _own(manifest: Manifest) -> Manifest:
    """The part of the metadata that a writer decides."""
    servers = ("resourceVersion", "uid", "generation", "creationTimestamp")
    return {name: value for name, value in manifest["metadata"].items() if name not in servers}


def _labels(manifest: Manifest) -> set[tuple[str, str]]:
    return set((manifest["metadata"].get("labels") or {}).items())


def _equalities(selector: str) -> set[tuple[str, str]]:
    """The pairs of a selector such as `app=reviews,version=v1`. Raises Invalid for any other kind."""
    pairs = [pair.replace("==", "=").partition("=") for pair in selector.split(",") if pair]
    if any(not sign or name.endswith("!") for name, sign, _ in pairs):
        raise Invalid(f"the fake cluster cannot read the selector {selector!r}", status=400)
    return {(name.strip(), value.strip()) for name, _, value in pairs}


def _resource(kind: Kind) -> str:
    return f"{kind.plural}.{kind.group}" if kind.group else kind.plural


def _named(ref: Ref) -> str:
    return f'{_resource(ref.kind)} "{ref.name}"'
