"""Where a cluster is and what its requests are signed with: kubeconfig, pod, or a plain token.

The client library reads both; what it says when it fails is not passed on, as it quotes whole users of the
kubeconfig with their tokens.
"""

import hashlib
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeAlias

import yaml
from kubernetes.client.configuration import Configuration
from kubernetes.config.config_exception import ConfigException
from kubernetes.config.incluster_config import (
    SERVICE_CERT_FILENAME,
    SERVICE_TOKEN_FILENAME,
    InClusterConfigLoader,
)
from kubernetes.config.kube_config import FileOrData, KubeConfigLoader, KubeConfigMerger

from cluster.errors import Unavailable
from cluster.kube import oidc, plugin

FILE_SECONDS: Final = 60.0
"""How often a kubeconfig and the files that it names are read again, as client-go does with a token's."""
SKEW_SECONDS: Final = 10.0
"""How long before its end a credential is replaced."""
SHORTEST_SECONDS: Final = 5.0
"""No credential is asked for more often than this, whatever end it names."""
NEVER: Final = float("inf")
_FILE: Final = re.compile(r"File does not exist: (.+)")
_KEY: Final = re.compile(r"Expected key (\S+) in ")


_IMPERSONATING: Final = ("as", "as-uid", "as-groups", "as-user-extra")


@dataclass(frozen=True, slots=True)
class Loaded:
    """Address, TLS and proxy, and the `Authorization` header (empty: none).

    `good_for`: the seconds after which to read it `again`, which (unlike reading it anew) keeps a credential
    that lasts. `ends_in`: the seconds after which it is of no use at all.
    """

    configuration: Configuration
    authorization: str
    good_for: float
    ends_in: float = NEVER
    again: "Source | None" = None


Source: TypeAlias = Callable[[], Loaded]
"""Reads the credentials anew. Raises Unavailable."""


class Kubeconfig:
    """A context of a kubeconfig, or of several separated by colons. The files are never written.

    What a refresh of an OIDC token gave is kept in memory as long as the files do not change, and so is what
    a plugin gave, until it ends or the server refuses it.
    """

    def __init__(self, paths: str, context: str = "", now: Callable[[], datetime] | None = None) -> None:
        self._paths = paths
        self._context = context
        self._now = now or (lambda: datetime.now(UTC))
        self._read: tuple[tuple[bytes, ...], Any] = ((), None)

    def __call__(self) -> Loaded:
        """See `Source`."""
        return self._told(None)

    def _told(self, held: "_Held | None") -> Loaded:
        try:
            return self._loaded(held)
        except Unavailable:
            raise
        except yaml.MarkedYAMLError as error:
            at = error.problem_mark
            where = f" (line {at.line + 1}, column {at.column + 1})" if at else ""
            raise self._problem(f"it is not YAML{where}") from None
        except OSError as error:
            named = f"{error.filename}: " if error.filename else ""
            raise self._problem(f"{named}{error.strerror or 'it could not be read'}") from None
        except ConfigException as error:
            raise self._problem(_safe(error)) from None
        except (AttributeError, LookupError, TypeError, ValueError, yaml.YAMLError):
            raise self._problem("it has not the form of a kubeconfig") from None

    def _loaded(self, held: "_Held | None") -> Loaded:
        config = self._config()
        name = self._context or config.value.get("current-context") or ""
        contexts = {item["name"]: item.value.get("context") or {} for item in config["contexts"]}
        if name not in contexts:
            has = ", ".join(sorted(contexts)) or "none"
            why = f"it has no context {name!r}, but {has}" if name else "it names no current-context"
            raise self._problem(why)
        self._check(config, contexts[name])
        # Paths in a kubeconfig are relative to the file that they stand in: no other base is given.
        loader = _Loader(config, name, config_base_path=None)  # type: ignore[no-untyped-call]
        if any(loader.user.get(key) for key in _IMPERSONATING):
            raise self._problem(
                f"the user of its context {name!r} impersonates, which meshui does not do; "
                "name one with rights of its own"
            )
        if (
            held is not None
            and held.config is config
            and held.credential.good_for(self._now()) > SKEW_SECONDS
        ):
            loader.credential = held.credential
        configuration = Configuration()
        loader.load_and_set(configuration)  # type: ignore[no-untyped-call]
        if not hasattr(loader, "host"):
            raise self._problem(f"the cluster of its context {name!r} has no server")
        user = loader.user
        if user and not hasattr(loader, "token") and not loader.cert_file:
            raise self._problem(f"the user of its context {name!r} has no credentials that meshui can use")
        authorization = _checked(getattr(loader, "token", ""))
        if loader.credential is None:
            return Loaded(configuration, authorization, FILE_SECONDS)
        lasts = loader.credential.good_for(self._now())
        return Loaded(
            configuration,
            authorization,
            good_for=min(max(lasts - SKEW_SECONDS, SHORTEST_SECONDS), FILE_SECONDS),
            ends_in=max(lasts, SHORTEST_SECONDS),
            again=partial(self._told, _Held(config, loader.credential)),
        )

    def _config(self) -> Any:
        """The merged files; the same as before when they have not changed."""
        paths = [Path(path).expanduser() for path in self._paths.split(os.pathsep) if path]
        found = [path for path in paths if path.exists()]
        if not found:
            raise self._problem("there is no such file")
        contents = tuple(path.read_bytes() for path in found)
        if self._read[0] != contents or self._read[1] is None:
            merged = KubeConfigMerger(os.pathsep.join(map(str, found))).config  # type: ignore[no-untyped-call]
            self._read = (contents, merged)
        return self._read[1]

    def _check(self, config: Any, context: Mapping[str, Any]) -> None:
        """What the library passes over in silence, or tells only by quoting the file."""
        for kind, plural in (("cluster", "clusters"), ("user", "users")):
            wanted = context.get(kind)
            if wanted and wanted not in {item["name"] for item in config[plural]}:
                raise self._problem(f"its context names the {kind} {wanted!r}, which it has not")

    def _problem(self, why: str) -> Unavailable:
        return Unavailable(f"No cluster could be read from the kubeconfig {self._paths}: {why}.")


@dataclass(frozen=True, slots=True)
class _Held:
    """What a plugin gave, for as long as the files say what they said then."""

    config: Any
    credential: plugin.Credential


class _Loader(KubeConfigLoader):
    """The library's loader, with an exec plugin and an OIDC provider that end, and fail, for all to see."""

    credential: plugin.Credential | None = None
    cert_file: str | None = None

    @property
    def user(self) -> Mapping[str, Any]:
        return self._user.value if self._user else {}

    def _load_from_exec_plugin(self) -> bool | None:
        if self.user.get("exec") is None:
            return None
        cluster: Any = self._cluster
        if self.credential is None:
            self.credential = plugin.run(self.user["exec"], cluster.value, self._folder(cluster))
        found = self.credential
        if found.token:
            self.token = f"Bearer {found.token}"
        if found.client_certificate_data and found.client_key_data:
            self.cert_file = _as_file(found.client_certificate_data)
            self.key_file = _as_file(found.client_key_data)
        return True

    def _refresh_oidc(self, provider: Any) -> None:
        config: dict[str, str] = provider["config"].value
        config.update(oidc.renew(config, self._folder(self._user)))

    def _folder(self, node: Any) -> Path:
        """Where the file lies that a part of the config comes from."""
        return Path(self._get_base_path(node.path) or ".")  # type: ignore[no-untyped-call]


class InCluster:
    """The service account of the pod that this process runs in."""

    def __init__(
        self,
        token_file: str = SERVICE_TOKEN_FILENAME,
        ca_file: str = SERVICE_CERT_FILENAME,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._token_file = token_file
        self._ca_file = ca_file
        self._environ = environ

    def __call__(self) -> Loaded:
        """See `Source`."""
        configuration = Configuration()
        loader = InClusterConfigLoader(  # type: ignore[no-untyped-call]
            self._token_file, self._ca_file, try_refresh_token=False, environ=self._environ
        )
        try:
            loader.load_and_set(configuration)  # type: ignore[no-untyped-call]
            token = Path(self._token_file).read_text(encoding="utf-8")
        except (ConfigException, OSError, ValueError) as error:
            raise Unavailable(
                "No cluster is configured: KUBECONFIG is not set, and this is no pod with a service account "
                f"({error})"
            ) from None
        return Loaded(configuration, _checked(f"Bearer {token}"), FILE_SECONDS)


def token(url: str, value: str, ca_file: str = "") -> Loaded:
    """A cluster at an address, with a bearer token."""
    return Loaded(Configuration(host=url, ssl_ca_cert=ca_file or None), _checked(f"Bearer {value}"), NEVER)


def fingerprint(configuration: Configuration) -> str:
    """What changes when connections have to be made anew: the address, or a file of TLS by its content."""
    digest = hashlib.sha256()
    for name in ("host", "verify_ssl", "tls_server_name", "proxy"):
        digest.update(f"{name}={getattr(configuration, name)};".encode())
    for name in ("ssl_ca_cert", "cert_file", "key_file"):
        path = getattr(configuration, name)
        content = Path(path).read_bytes() if path and Path(path).is_file() else b""
        digest.update(f"{name}={path};".encode() + hashlib.sha256(content).digest())
    return digest.hexdigest()


def _checked(authorization: str) -> str:
    """A header's value without the line end that a file brings along. Raises Unavailable, quoting nothing."""
    value = authorization.strip()
    if not value.isascii() or not value.isprintable():
        raise Unavailable("The token for the cluster has characters that no token has.")
    return value


def _safe(error: ConfigException) -> str:
    """The library's complaint without what it quotes."""
    file = _FILE.fullmatch(str(error))
    if file:
        return f"there is no file {file[1]}"
    key = _KEY.search(str(error))
    return f"it lacks {key[1]!r}" if key else "it is not complete"


def _as_file(content: str) -> str:
    """The path of a file with this content, readable by its owner only, kept until the process ends."""
    held = FileOrData({"data": content}, "file", "data", base64_file_content=False)  # type: ignore[no-untyped-call]
    path: str = held.as_file()  # type: ignore[no-untyped-call]
    return path
