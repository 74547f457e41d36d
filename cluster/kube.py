"""The adapter to a real API server: the only module that imports `kubernetes`.

It uses the client library for what is hard to get right (kubeconfig, credentials and their refresh, TLS,
pools) and requests raw paths: generated models would drop fields that they do not know, and cost seconds on
large lists. It never repeats a write by itself: a lost answer is the caller's to look into.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
import urllib3
from kubernetes.client.api_client import ApiClient
from kubernetes.client.configuration import Configuration
from kubernetes.client.exceptions import ApiException
from kubernetes.config.config_exception import ConfigException
from kubernetes.config.incluster_config import load_incluster_config
from kubernetes.config.kube_config import load_kube_config

from cluster.errors import (
    AlreadyExists,
    Cause,
    ClusterError,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    TooManyRequests,
    Unauthorized,
    Unavailable,
)
from cluster.kinds import Kind
from cluster.port import ObjectList
from cluster.refs import Manifest, Ref, check_namespace

FIELD_MANAGER: Final = "meshui"
CONNECT_SECONDS: Final = 3.0
READ_SECONDS: Final = 15.0
"""Longer than an admission webhook may take (10 s by default)."""
DISCOVERY_SECONDS: Final = 60.0
MAX_BYTES: Final = 256 * 1024 * 1024


class _Status(msgspec.Struct, rename="camel"):
    """The parts of a `Status` answer that the console reads."""

    message: str = ""
    reason: str = ""
    details: dict[str, Any] | None = None


class _Group(msgspec.Struct):
    """An `APIGroup` of the discovery API."""

    versions: list[dict[str, str]] = []


class KubeCluster:
    """`cluster.port.Cluster` over HTTP. Safe to share between threads."""

    def __init__(
        self,
        configure: Callable[[], Configuration],
        *,
        timeout: tuple[float, float] = (CONNECT_SECONDS, READ_SECONDS),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`configure` is asked again when the credentials stop being accepted: a token may have been rotated.

        `timeout` is (connection, read), in seconds.
        """
        self._configure = configure
        self._timeout = timeout
        self._clock = clock
        self._client = self._new_client()
        self._served: dict[str, tuple[float, tuple[str, ...]]] = {}

    @classmethod
    def connect(cls, kubeconfig: str = "") -> "KubeCluster":
        """The cluster of a kubeconfig file, or (empty) the one that this process runs in."""
        return cls(lambda: _configuration(kubeconfig))

    @classmethod
    def at(cls, url: str, token: str, *, timeout: tuple[float, float] = (1.0, 5.0)) -> "KubeCluster":
        """The cluster at an address with a bearer token, for tests of the wire format."""
        return cls(lambda: _token_configuration(url, token), timeout=timeout)

    def list(self, kind: Kind, namespace: str | None = None, label_selector: str = "") -> ObjectList:
        """See `cluster.port.Cluster.list`."""
        if namespace is not None:
            check_namespace(kind, namespace)
        kind = self._as_served(kind)
        query = {"labelSelector": label_selector} if label_selector else {}
        answer = self._call("GET", _collection(kind, namespace), query)
        items = answer.get("items") or []
        for item in items:
            # A list names its kind once, on itself.
            item.setdefault("apiVersion", kind.api_version)
            item.setdefault("kind", kind.kind)
        version = (answer.get("metadata") or {}).get("resourceVersion", "")
        return ObjectList(tuple(items), version)

    def get(self, ref: Ref) -> Manifest:
        """See `cluster.port.Cluster.get`."""
        return self._call("GET", self._path(ref.checked()))

    def create(self, manifest: Manifest, *, dry_run: bool = False) -> Manifest:
        """See `cluster.port.Cluster.create`."""
        ref = Ref.of(manifest)
        kind = self._as_served(ref.kind)
        body = {**manifest, "apiVersion": kind.api_version}
        namespace = ref.namespace if kind.namespaced else None
        return self._call("POST", _collection(kind, namespace), _writing(dry_run=dry_run), body)

    def replace(self, manifest: Manifest, *, dry_run: bool = False) -> Manifest:
        """See `cluster.port.Cluster.replace`."""
        ref = Ref.of(manifest)
        if not manifest["metadata"].get("resourceVersion"):
            raise ValueError(f"replacing {ref} needs the resourceVersion that was read")
        body = {**manifest, "apiVersion": self._as_served(ref.kind).api_version}
        return self._call("PUT", self._path(ref), _writing(dry_run=dry_run), body)

    def delete(self, ref: Ref, resource_version: str, *, uid: str = "", dry_run: bool = False) -> None:
        """See `cluster.port.Cluster.delete`."""
        if not resource_version:
            raise ValueError(f"deleting {ref} needs the resourceVersion that was read")
        preconditions = {"resourceVersion": resource_version, **({"uid": uid} if uid else {})}
        body = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": preconditions}
        query = {"dryRun": "All"} if dry_run else {}
        self._call("DELETE", self._path(ref.checked()), query, body)

    def _path(self, ref: Ref) -> str:
        namespace = ref.namespace if ref.kind.namespaced else None
        return f"{_collection(self._as_served(ref.kind), namespace)}/{ref.name}"

    def _as_served(self, kind: Kind) -> Kind:
        """The kind in the best version that this cluster serves. Raises NotFound when it serves none."""
        if len(kind.versions) == 1:
            return kind
        for version in kind.versions:
            if version in self._served_versions(kind.group):
                return Kind(kind.group, version, kind.kind, kind.plural, kind.namespaced)
        raise NotFound(f"It serves no version of {kind.group} that meshui can speak.", status=404)

    def _served_versions(self, group: str) -> tuple[str, ...]:
        now = self._clock()
        at, versions = self._served.get(group, (now - 2 * DISCOVERY_SECONDS, ()))
        if now - at <= DISCOVERY_SECONDS:
            return versions
        answer = msgspec.convert(self._call("GET", f"/apis/{group}"), _Group)
        versions = tuple(version.get("version", "") for version in answer.versions)
        self._served[group] = (now, versions)
        return versions

    def _call(
        self, method: str, path: str, query: Mapping[str, str] | None = None, body: Manifest | None = None
    ) -> Manifest:
        try:
            return self._request(method, path, query or {}, body)
        except Unauthorized:
            # The file may hold a newer token than the one in memory; a refused request has done nothing.
            self._client = self._new_client()
            return self._request(method, path, query or {}, body)

    def _request(self, method: str, path: str, query: Mapping[str, str], body: Manifest | None) -> Manifest:
        client = self._client
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        parameters = [*query.items()]
        client.update_params_for_auth(headers, parameters, ["BearerToken"], path, method, body)
        url = f"{client.configuration.host}{path}" + (f"?{urlencode(parameters)}" if parameters else "")
        try:
            response = client.call_api(method, url, headers, body, _request_timeout=self._timeout)
            content: bytes = response.read()  # type: ignore[no-untyped-call]
        except ApiException as error:
            raise Unavailable(str(error.reason or error)) from error
        except urllib3.exceptions.HTTPError as error:
            raise Unavailable(_transport(error)) from error
        if not 200 <= response.status < 300:
            raise refusal(response.status, response.headers, content)
        return _object(content)

    def _new_client(self) -> ApiClient:
        configuration = self._configure()
        # The library's default repeats a PUT or DELETE whose answer was lost.
        configuration.retries = False
        client = ApiClient(configuration)
        client.user_agent = FIELD_MANAGER
        return client


def refusal(status: int, headers: Mapping[str, str], content: bytes) -> ClusterError:
    """The error that an answer other than 2xx stands for, in the console's own family."""
    try:
        answer = msgspec.json.decode(content, type=_Status)
    except msgspec.DecodeError:
        # Not Kubernetes speaking but something before it: a proxy's page says nothing worth showing at
        # length.
        answer = _Status(message=content[:400].decode("utf-8", "replace"))
    text = answer.message or f"It answered {status}."
    if status == 409:
        error = AlreadyExists if answer.reason == "AlreadyExists" else Conflict
        return error(text, status=status)
    if status in {400, 413, 415, 422}:
        return Invalid(text, _causes(answer.details), status=status)
    if status == 429:
        return TooManyRequests(text, retry_after=_retry_after(headers))
    by_status = {401: Unauthorized, 403: Forbidden, 404: NotFound, 410: Conflict}
    if status in by_status:
        return by_status[status](text, status=status)
    return Unavailable(text, status=status) if status >= 500 else ClusterError(text, status=status)


def _causes(details: Mapping[str, Any] | None) -> tuple[Cause, ...]:
    causes = (details or {}).get("causes")
    if not isinstance(causes, list):
        return ()
    return tuple(
        Cause(str(cause.get("field", "")), str(cause.get("message", "")))
        for cause in causes
        if isinstance(cause, dict)
    )


def _retry_after(headers: Mapping[str, str]) -> float:
    text = headers.get("Retry-After", "1")
    return min(float(text), 60.0) if text.isdigit() else 1.0


def _transport(error: urllib3.exceptions.HTTPError) -> str:
    if isinstance(error, urllib3.exceptions.ConnectTimeoutError | urllib3.exceptions.NewConnectionError):
        return "No connection to its API server."
    if isinstance(error, urllib3.exceptions.TimeoutError):
        return "Its API server did not answer in time."
    return f"The connection to its API server broke ({type(error).__name__})."


def _object(content: bytes) -> Manifest:
    try:
        decoded = msgspec.json.decode(content, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise Unavailable("Its answer is not a JSON object.") from error
    return decoded


def _collection(kind: Kind, namespace: str | None) -> str:
    root = f"/apis/{kind.group}/{kind.version}" if kind.group else f"/api/{kind.version}"
    return f"{root}/namespaces/{namespace}/{kind.plural}" if namespace else f"{root}/{kind.plural}"


def _writing(*, dry_run: bool) -> dict[str, str]:
    # Strict: a field that the cluster would drop in silence is an error instead.
    query = {"fieldManager": FIELD_MANAGER, "fieldValidation": "Strict"}
    return {**query, "dryRun": "All"} if dry_run else query


def _configuration(kubeconfig: str) -> Configuration:
    configuration = Configuration()
    try:
        if kubeconfig:
            load_kube_config(  # type: ignore[no-untyped-call]
                config_file=kubeconfig, client_configuration=configuration, persist_config=False
            )
        else:
            load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
    except ConfigException as error:
        where = f"the kubeconfig {kubeconfig}" if kubeconfig else "KUBECONFIG (it is not set) or this pod"
        raise Unavailable(f"No cluster could be read from {where}: {error}") from error
    return configuration


def _token_configuration(url: str, token: str) -> Configuration:
    return Configuration(
        host=url, api_key={"authorization": token}, api_key_prefix={"authorization": "Bearer"}
    )
