"""The port's methods as requests: which path, which query, which body."""

import contextlib
import math
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeVar

from cluster.errors import NotFound, Unavailable
from cluster.identity import Ask, Identity
from cluster.kinds import POD, Kind
from cluster.kube import answers, credentials, reviews
from cluster.kube.following import KubeLog
from cluster.kube.watching import KubeWatch
from cluster.kube.wire import FIELD_MANAGER, Headers, Request, Wire
from cluster.port import PAGE_SIZE, ObjectList, Page
from cluster.refs import Manifest, Ref, check_namespace

T = TypeVar("T")
CONNECT_SECONDS: Final = 3.0
READ_SECONDS: Final = 15.0
"""Longer than an admission webhook may take (10 s by default)."""
DISCOVERY_SECONDS: Final = 30.0
BUILT_IN: Final = frozenset({"", "apps", "batch", "discovery.k8s.io", "coordination.k8s.io"})
"""The groups that every API server serves: their kinds need not be asked for."""


class KubeCluster:
    """`cluster.port.Cluster` over HTTP. Safe to share between threads."""

    def __init__(
        self,
        source: credentials.Source,
        *,
        timeout: tuple[float, float] = (CONNECT_SECONDS, READ_SECONDS),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`source` says where the cluster is; it is asked when first needed, so that this never fails.

        `timeout` is (connection, read), in seconds.
        """
        self._wire = Wire(source, timeout, clock)
        self._served = _Served(self._wire, clock)
        self._headers: Headers = ()

    @classmethod
    def connect(cls, kubeconfig: str = "", context: str = "") -> "KubeCluster":
        """The cluster of a kubeconfig file (and its context, else the current one), or (empty) the one that
        this process runs in.
        """
        return cls(credentials.Kubeconfig(kubeconfig, context) if kubeconfig else credentials.InCluster())

    @classmethod
    def at(
        cls, url: str, token: str, ca_file: str = "", *, timeout: tuple[float, float] = (1.0, 5.0)
    ) -> "KubeCluster":
        """The cluster at an address with a bearer token, for tests of the wire format."""
        return cls(lambda: credentials.token(url, token, ca_file), timeout=timeout)

    def list(self, kind: Kind, namespace: str | None = None, label_selector: str = "") -> ObjectList:
        """See `cluster.port.Cluster.list`. One request: whoever asks so means few objects, at one moment."""
        query = {"labelSelector": label_selector} if label_selector else {}
        with self._confirming(kind):
            kind, path = self._collection(kind, namespace)
            found = answers.page(self._call("GET", path, query), kind, Manifest)
        return ObjectList(found.items, found.resource_version)

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
        query = {"limit": str(limit), **({"continue": continue_token} if continue_token else {})}
        with self._confirming(kind):
            kind, path = self._collection(kind, namespace)
            return answers.page(self._call("GET", path, query), kind, shape)

    def watch(
        self,
        kind: Kind,
        shape: type[T],
        resource_version: str,
        *,
        namespace: str | None = None,
        seconds: float,
        silence: float,
    ) -> KubeWatch[T]:
        """See `cluster.port.Cluster.watch`."""
        query = {
            "watch": "1",
            "allowWatchBookmarks": "true",
            "resourceVersion": resource_version,
            "timeoutSeconds": str(max(1, math.ceil(seconds))),
        }
        with self._confirming(kind):
            kind, path = self._collection(kind, namespace)
            request = Request("GET", path, query, headers=self._headers, silence=silence)
            return KubeWatch(self._wire.stream(request), kind, shape)

    def get(self, ref: Ref) -> Manifest:
        """See `cluster.port.Cluster.get`."""
        with self._confirming(ref.kind):
            return answers.manifest(self._call("GET", self._path(ref)))

    def log(self, namespace: str, pod: str, container: str, *, tail_lines: int, silence: float) -> KubeLog:
        """See `cluster.port.Cluster.log`."""
        path = f"{self._path(Ref(POD, namespace, pod))}/log"
        query = {"container": container, "follow": "true", "tailLines": str(max(0, tail_lines))}
        request = Request("GET", path, query, headers=self._headers, silence=silence)
        return KubeLog(self._wire.stream(request))

    def create(self, manifest: Manifest, *, dry_run: bool = False) -> Manifest:
        """See `cluster.port.Cluster.create`."""
        ref = Ref.of(manifest)
        if manifest["metadata"].get("resourceVersion"):
            raise ValueError(f"creating {ref} with a resourceVersion: it was read, so it exists")
        with self._confirming(ref.kind):
            kind, path = self._collection(ref.kind, ref.namespace if ref.kind.namespaced else None)
            body = {**manifest, "apiVersion": kind.api_version}
            return answers.manifest(self._call("POST", path, _writing(dry_run=dry_run), body))

    def replace(self, manifest: Manifest, *, dry_run: bool = False) -> Manifest:
        """See `cluster.port.Cluster.replace`."""
        ref = Ref.of(manifest)
        if not manifest["metadata"].get("resourceVersion"):
            raise ValueError(f"replacing {ref} needs the resourceVersion that was read")
        with self._confirming(ref.kind):
            body = {**manifest, "apiVersion": self._as_served(ref.kind).api_version}
            return answers.manifest(self._call("PUT", self._path(ref), _writing(dry_run=dry_run), body))

    def delete(self, ref: Ref, resource_version: str, *, uid: str = "", dry_run: bool = False) -> None:
        """See `cluster.port.Cluster.delete`."""
        if not resource_version:
            raise ValueError(f"deleting {ref} needs the resourceVersion that was read")
        preconditions = {"resourceVersion": resource_version, **({"uid": uid} if uid else {})}
        # A server that finds options in the body reads none from the query: a dry run there would be none.
        options = {"preconditions": preconditions, **({"dryRun": ["All"]} if dry_run else {})}
        body = {"apiVersion": "v1", "kind": "DeleteOptions", **options}
        with self._confirming(ref.kind):
            self._call("DELETE", self._path(ref), {}, body)

    def served_version(self, kind: Kind) -> str | None:
        """See `cluster.port.Cluster.served_version`."""
        return self._served.version(kind)

    def server_version(self) -> str:
        """See `cluster.port.Cluster.server_version`."""
        return answers.git_version(self._call("GET", "/version"))

    def may(self, ask: Ask, identity: Identity | None = None) -> bool:
        """See `cluster.port.Cluster.may`: a SubjectAccessReview, or of these credentials a Self one."""
        path, body = reviews.question(ask, identity)
        return reviews.verdict(self._call("POST", path, {}, body))

    def acting_as(self, identity: Identity) -> "KubeCluster":
        """See `cluster.port.Cluster.acting_as`: with the same connections, and what is known to be served."""
        other = object.__new__(KubeCluster)
        other._wire, other._served = self._wire, self._served
        other._headers = reviews.impersonation(identity)
        return other

    def _call(
        self, method: str, path: str, query: Mapping[str, str] | None = None, body: Manifest | None = None
    ) -> bytes:
        return self._wire.call(Request(method, path, query or {}, body, self._headers))

    def _collection(self, kind: Kind, namespace: str | None) -> tuple[Kind, str]:
        """The kind as this cluster serves it, and the path of its objects."""
        if namespace is not None:
            check_namespace(kind, namespace)
        kind = self._as_served(kind)
        place = f"namespaces/{namespace}/" if namespace else ""
        return kind, f"{_root(kind.group, kind.version)}/{place}{kind.plural}"

    def _path(self, ref: Ref) -> str:
        ref = ref.checked()
        _, path = self._collection(ref.kind, ref.namespace if ref.kind.namespaced else None)
        return f"{path}/{ref.name}"

    def _as_served(self, kind: Kind) -> Kind:
        """The kind in the best version that this cluster serves. Raises NotFound when it serves none.

        Where there is but one version nothing is asked: its path says by itself whether it is there.
        """
        if not kind.older:
            return kind
        version = self._served.version(kind)
        if version is None:
            raise _not_served(kind)
        return Kind(kind.group, version, kind.kind, kind.plural, kind.namespaced)

    @contextlib.contextmanager
    def _confirming(self, kind: Kind) -> Iterator[None]:
        """Asks what a 404 that could be anybody's means: an API server's own, to a kind that it does not
        serve (any more), looks like one. Raises NotFound for that.
        """
        try:
            yield
        except Unavailable as error:
            if error.status == 404 and self._served.version(kind, anew=True) is None:
                raise _not_served(kind) from error
            raise


class _Served:
    """Which kinds a cluster serves, by the lists of its groups' versions, each remembered for a while.

    Asked with the console's own credentials, whoever acts: what is served is the same for all.
    """

    def __init__(self, wire: Wire, clock: Callable[[], float]) -> None:
        self._wire = wire
        self._clock = clock
        self._known: dict[tuple[str, str], tuple[float, frozenset[str]]] = {}

    def version(self, kind: Kind, *, anew: bool = False) -> str | None:
        """See `cluster.port.Cluster.served_version`. `anew`: not from memory."""
        if kind.group in BUILT_IN:
            return kind.version
        for version in kind.versions if anew else ():
            self._known.pop((kind.group, version), None)
        found = (version for version in kind.versions if kind.plural in self._plurals(kind.group, version))
        return next(found, None)

    def _plurals(self, group: str, version: str) -> frozenset[str]:
        known = self._known.get((group, version))
        now = self._clock()
        if known is not None and now - known[0] < DISCOVERY_SECONDS:
            return known[1]
        served = self._asked(group, version)
        self._known[group, version] = (now, served)
        return served

    def _asked(self, group: str, version: str) -> frozenset[str]:
        try:
            return answers.plurals(self._wire.call(Request("GET", _root(group, version))))
        except NotFound:
            return frozenset()
        except Unavailable as error:
            # An API server says of an unknown group "404 page not found", as anybody before it might: what
            # it lists decides.
            if error.status != 404 or f"{group}/{version}" in self._listed():
                raise
            return frozenset()

    def _listed(self) -> frozenset[str]:
        try:
            return answers.group_versions(self._wire.call(Request("GET", "/apis")))
        except NotFound as error:
            raise Unavailable("It does not say which groups it serves.", status=404) from error


def _not_served(kind: Kind) -> NotFound:
    return NotFound(f"It serves no version of {kind.group} {kind} that meshui can speak.", status=404)


def _root(group: str, version: str) -> str:
    return f"/apis/{group}/{version}" if group else f"/api/{version}"


def _writing(*, dry_run: bool) -> dict[str, str]:
    # Strict: a field that the cluster would drop in silence is an error instead.
    query = {"fieldManager": FIELD_MANAGER, "fieldValidation": "Strict"}
    return {**query, "dryRun": "All"} if dry_run else query
