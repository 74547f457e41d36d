"""A real kube-apiserver with its etcd, for tests; RBAC is on, Istio's and the Gateway API's kinds are there.

Nothing else of a cluster runs: no controller makes pods or endpoints, and a namespace that is deleted stays
in its last state (Terminating) for ever. So a test makes a namespace of its own, by a name of its own.
"""

import base64
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import urllib3
import yaml

from cluster.kube import KubeCluster, credentials
from tests.envtest import build
from tests.envtest.certificates import Authority, Pair, new_key
from tests.envtest.processes import Program, free_port
from tests.envtest.rest import Rest
from tests.envtest.tokens import ADMIN, Tokens

START_SECONDS = 90
ATTEMPTS = 3
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


class StartError(RuntimeError):
    """A program ended, or did not get ready in time; the message holds its last words."""


class KubeApiServer:
    """One API server, ready when it is made. `stop` ends it."""

    def __init__(self, programs: Path) -> None:
        """Starts both programs of the folder. Raises StartError."""
        self._folder = tempfile.TemporaryDirectory(prefix="meshui-envtest-")
        self.folder = Path(self._folder.name)
        self._authority = Authority(self.folder)
        self._tokens = Tokens()
        self._started: list[Program] = []
        self._rests: list[Rest] = []
        self.ca_file = str(self._authority.certificate)
        try:
            self._etcd_url = _tried(lambda: self._start_etcd(programs / "etcd"))
            self.url = _tried(lambda: self._start_api(programs / "kube-apiserver"))
            self.admin_token = self.user(*ADMIN)
            self.admin = self.rest(self.admin_token)
            self._wait("the namespace default", lambda: self.admin.request("GET", _NS + "/default")[0] == 200)
            self._install(_definitions())
        except BaseException:
            self.stop()
            raise

    def user(self, name: str, *groups: str) -> str:
        """A new bearer token of a user in these groups. RBAC alone says what it may do."""
        return self._tokens.add(name, *groups)

    def client_certificate(self, user: str, groups: tuple[str, ...] = ()) -> Pair:
        """A client certificate of a user in these groups, which this server accepts."""
        return self._authority.client(user, groups)

    def rest(self, token: str) -> Rest:
        """Plain requests with a token."""
        rest = Rest(self.url, token, self.ca_file)
        self._rests.append(rest)
        return rest

    def cluster(self, token: str, **options: Any) -> KubeCluster:
        """The console's adapter with a token; `options` are those of its constructor."""
        return KubeCluster(lambda: credentials.token(self.url, token, self.ca_file), **options)

    def kubeconfig(self, path: Path, token: str = "", **entry: Any) -> str:
        """Writes a kubeconfig with a token, or with a user's entry of whatever form; returns its path.

        `entry` holds the fields of such an entry, written with `_` for `-`: `client_certificate="..."`.
        """
        user = {"token": token} if token else {}
        user |= {name.replace("_", "-"): value for name, value in entry.items()}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {"name": "envtest", "cluster": {"server": self.url, "certificate-authority": self.ca_file}}
            ],
            "users": [{"name": "someone", "user": user}],
            "contexts": [{"name": "envtest", "context": {"cluster": "envtest", "user": "someone"}}],
            "current-context": "envtest",
        }
        path.write_text(yaml.safe_dump(config))
        return str(path)

    def namespace(self, name: str = "") -> str:
        """Makes a namespace, by a name that nobody else uses unless one is given; returns the name."""
        name = name or f"test-{uuid.uuid4().hex[:12]}"
        self.admin.must("POST", _NS, {"metadata": {"name": name}})
        return name

    def define(self, *manifests: dict[str, Any]) -> None:
        """Installs CustomResourceDefinitions, and waits until their objects can be listed."""
        self._install(list(manifests))

    def undefine(self, *manifests: dict[str, Any]) -> None:
        """Removes CustomResourceDefinitions with their objects, and waits until they are gone."""
        for manifest in manifests:
            self.admin.must("DELETE", f"{DEFINITIONS}/{manifest['metadata']['name']}")
            self._wait(f"the end of {manifest['spec']['names']['kind']}", partial(self._absent, manifest))

    def compact(self) -> None:
        """Lets etcd forget every moment before now: pages under way expire. (Watches go on from the API
        server's own memory.)
        """
        with urllib3.PoolManager(retries=False, timeout=5.0) as pool:
            nothing = {"key": base64.b64encode(b"none").decode()}
            found = pool.request("POST", self._etcd_url + "/v3/kv/range", json=nothing).json()
            now = {"revision": found["header"]["revision"]}
            done = pool.request("POST", self._etcd_url + "/v3/kv/compaction", json=now)
            if done.status != 200:
                raise RuntimeError(f"etcd did not compact: {done.data!r}")

    def stop(self) -> None:
        """Ends everything, and removes its files."""
        for rest in self._rests:
            rest.close()
        for program in reversed(self._started):
            program.stop()
        self._tokens.stop()
        self._folder.cleanup()

    def _start_etcd(self, program: Path) -> str:
        client, peer = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
        self._start(
            [
                str(program), "--name=it", f"--data-dir={self.folder / uuid.uuid4().hex}",
                f"--listen-client-urls={client}", f"--advertise-client-urls={client}",
                f"--listen-peer-urls={peer}", f"--initial-advertise-peer-urls={peer}",
                f"--initial-cluster=it={peer}", "--unsafe-no-fsync", "--log-level=error",
                # Alone it waits for nobody's vote; the shorter the wait, the sooner it leads.
                "--heartbeat-interval=20", "--election-timeout=100",
                # As kubeadm has it (5 s there): by this a quiet kind learns of the moment.
                "--watch-progress-notify-interval=2s",
            ],
            client + "/health", None,
        )  # fmt: skip
        return client

    def _start_api(self, program: Path) -> str:
        port = free_port()
        url = f"https://127.0.0.1:{port}"
        serving = self._authority.server("127.0.0.1")
        accounts = new_key(self.folder / "service-accounts.key")
        webhook = self._tokens.configuration(self.folder / "tokens.json")
        self._start(
            [
                str(program), f"--etcd-servers={self._etcd_url}", "--bind-address=127.0.0.1",
                f"--secure-port={port}", "--advertise-address=127.0.0.1", "--endpoint-reconciler-type=none",
                f"--tls-cert-file={serving.certificate}", f"--tls-private-key-file={serving.key}",
                f"--client-ca-file={self.ca_file}", "--authorization-mode=RBAC",
                f"--authentication-token-webhook-config-file={webhook}",
                "--authentication-token-webhook-version=v1", "--authentication-token-webhook-cache-ttl=0s",
                "--service-account-issuer=https://envtest.invalid",
                f"--service-account-key-file={accounts}", f"--service-account-signing-key-file={accounts}",
                "--service-cluster-ip-range=10.0.0.0/16",
                # Pods are made here without the controller that gives each namespace its account.
                "--disable-admission-plugins=ServiceAccount",
                # Nothing is forgotten unless a test says so.
                "--etcd-compaction-interval=0", "--profiling=false",
                # Without its snapshots, pages go on from etcd, and expire as soon as that is compacted.
                "--feature-gates=ListFromCacheSnapshot=false",
            ],
            url + "/readyz", self.ca_file,
        )  # fmt: skip
        return url

    def _start(self, command: list[str], health: str, ca_file: str | None) -> None:
        program = Program(command, self.folder / f"{Path(command[0]).name}.log")
        try:
            with urllib3.PoolManager(ca_certs=ca_file, retries=False, timeout=5.0) as pool:
                self._wait(health, lambda: _healthy(pool, health), program)
        except BaseException:
            program.stop()
            raise
        self._started.append(program)

    def _install(self, manifests: list[dict[str, Any]]) -> None:
        for manifest in manifests:
            self.admin.must("POST", DEFINITIONS, manifest)
        for manifest in manifests:
            self._wait(manifest["spec"]["names"]["kind"], partial(self._present, manifest))

    def _present(self, definition: dict[str, Any]) -> bool:
        """Whether all that it defines can be listed, and is announced."""
        return all(status == 200 for status in self._answers(definition))

    def _absent(self, definition: dict[str, Any]) -> bool:
        return all(status == 404 for status in self._answers(definition))

    def _answers(self, definition: dict[str, Any]) -> Iterator[int]:
        spec = definition["spec"]
        plural = spec["names"]["plural"]
        for version in spec["versions"]:
            if version["served"]:
                root = f"/apis/{spec['group']}/{version['name']}"
                yield self.admin.request("GET", f"{root}/{plural}?limit=1")[0]
                status, answer = self.admin.request("GET", root)
                known = status == 200 and plural in [one["name"] for one in answer["resources"]]
                yield 200 if known else 404

    def _wait(self, what: str, done: Callable[[], bool], program: Program | None = None) -> None:
        until = time.monotonic() + START_SECONDS
        while not done():
            if program is not None and not program.running:
                raise StartError(f"{what}: the program ended: {program.last_words()}")
            if time.monotonic() > until:
                raise StartError(f"{what} is not ready after {START_SECONDS} s")
            time.sleep(0.02)


_NS = "/api/v1/namespaces"


def _healthy(pool: urllib3.PoolManager, url: str) -> bool:
    try:
        return pool.request("GET", url).status == 200
    except urllib3.exceptions.HTTPError:
        return False


def _tried(start: Callable[[], str]) -> str:
    """The result of `start`, tried again when it fails: a port that was free may be taken by now."""
    for attempt in range(ATTEMPTS):
        try:
            return start()
        except StartError:
            if attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")


def _definitions() -> list[dict[str, Any]]:
    texts = [path.read_text() for path in build.definitions()]
    loaded = (one for text in texts for one in yaml.load_all(text, yaml.CSafeLoader))
    return [one for one in loaded if one and one.get("kind") == "CustomResourceDefinition"]
