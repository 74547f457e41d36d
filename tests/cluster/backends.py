"""The three clusters that the contract is run on, each with the ways to set the stage that the port lacks.

A backend has `cluster` (the port, with every right), two fresh namespaces, and
- `allow`: rights for one user or group, as RBAC gives them;
- `set_status`: what a controller writes into an object;
- `forget`: every moment up to now becomes too long ago; returns one of them;
- `pass_time`: the adapter's clock moves on;
- `write_log`, `end_log`: what a container writes, and its end (not in kube-apiserver, which has no kubelet);
- `define`: installs the definition of Argo's Rollout (not in localmesh, whose kinds are part of the program).
"""

import contextlib
import time
import uuid

from cluster import kinds
from cluster.fake import FakeCluster
from cluster.identity import Ask, Identity
from cluster.kube import KubeCluster, credentials
from cluster.refs import Ref
from tests.envtest.rest import Rest
from tests.localmesh.apiserver.running import TOKEN, running
from tests.localmesh.apiserver.told_logs import ToldLogs

RBAC = "/apis/rbac.authorization.k8s.io/v1"
ROLLOUT_NAMES = {"kind": "Rollout", "plural": "rollouts", "singular": "rollout", "listKind": "RolloutList"}
ROLLOUTS = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "rollouts.argoproj.io"},
    "spec": {
        "group": "argoproj.io",
        "scope": "Namespaced",
        "names": ROLLOUT_NAMES,
        "versions": [
            {
                "name": "v1alpha1",
                "served": True,
                "storage": True,
                "schema": {
                    "openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
                },
            }
        ],
    },
}


def unused(stem):
    """A name that no other test uses."""
    return f"{stem}-{uuid.uuid4().hex[:10]}"


class Fake:
    name = "fake"

    def __init__(self):
        self._grants = []
        self.cluster = FakeCluster(rights=self._rights)
        self.cluster.unserved.add(kinds.ROLLOUT)
        self.namespace, self.other = self.new_namespace(), self.new_namespace()

    def new_namespace(self):
        name = unused("test")
        self.cluster.put({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        return name

    def allow(self, subject, verbs, kind, namespace=None, subresource=""):
        self._grants.append((subject, verbs, kind, namespace, subresource))

    def write_log(self, pod, container, *lines):
        self.cluster.write_log(self.namespace, pod, container, *lines)

    def end_log(self, pod, container):
        self.cluster.end_log(self.namespace, pod, container)

    def set_status(self, ref, status):
        return self.cluster.edit(ref, lambda manifest: manifest.update(status=status))

    def forget(self):
        before = self.cluster.list(kinds.SERVICE).resource_version
        self.new_namespace()
        self.cluster.forget()
        return before

    def pass_time(self, seconds):
        pass

    @contextlib.contextmanager
    def define(self):
        self.cluster.unserved.discard(kinds.ROLLOUT)
        yield

    def _rights(self, identity, ask):
        return identity is None or any(
            subject in (identity.user, *identity.groups)
            and ask.verb in verbs
            and (ask.kind, ask.subresource) == (kind, subresource)
            and namespace in (None, ask.namespace)
            for subject, verbs, kind, namespace, subresource in self._grants
        )


class Server:
    """What localmesh and kube-apiserver have in common: everything, by the API."""

    def __init__(self, url, token, ca_file=""):
        self._now = 0.0
        self.url, self.ca_file = url, ca_file
        self.rest = Rest(url, token, ca_file or None)
        self.cluster = self.adapter(token)
        self.namespace, self.other = self.new_namespace(), self.new_namespace()

    def adapter(self, token):
        return KubeCluster(lambda: credentials.token(self.url, token, self.ca_file), clock=lambda: self._now)

    def new_namespace(self):
        name = unused("test")
        self.rest.must("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
        return name

    def allow(self, subject, verbs, kind, namespace=None, subresource=""):
        """A role and its binding; waits until the server goes by them."""
        name = unused("role")
        scope = "Role" if namespace else "ClusterRole"
        place = f"{RBAC}/namespaces/{namespace}" if namespace else RBAC
        resource = f"{kind.plural}/{subresource}" if subresource else kind.plural
        rule = {"apiGroups": [kind.group], "resources": [resource], "verbs": [*verbs]}
        self.rest.must("POST", f"{place}/{scope.lower()}s", {"metadata": {"name": name}, "rules": [rule]})
        group = "rbac.authorization.k8s.io"
        who = "Group" if subject.startswith("group-") else "User"
        binding = {
            "metadata": {"name": name},
            "roleRef": {"apiGroup": group, "kind": scope, "name": name},
            "subjects": [{"apiGroup": group, "kind": who, "name": subject}],
        }
        self.rest.must("POST", f"{place}/{scope.lower()}bindings", binding)
        someone = Identity(subject) if who == "User" else Identity(unused("member"), (subject,))
        until = time.monotonic() + 10
        asks = [Ask(verb, kind, namespace or "", subresource=subresource) for verb in verbs]
        while not all(self.cluster.may(ask, someone) for ask in asks):
            assert time.monotonic() < until, f"{subject} was not given {verbs} {kind}"
            time.sleep(0.01)

    def set_status(self, ref, status):
        manifest = {**self.cluster.get(ref), "status": status}
        root = f"/apis/{ref.kind.group}/{ref.kind.version}" if ref.kind.group else f"/api/{ref.kind.version}"
        path = f"{root}/namespaces/{ref.namespace}/{ref.kind.plural}/{ref.name}/status"
        return self.rest.must("PUT", path, manifest)

    def pass_time(self, seconds):
        self._now += seconds

    def close(self):
        self.rest.close()


class Localmesh(Server):
    name = "localmesh"

    def __init__(self, server):
        super().__init__(server.url, TOKEN)
        self._server = server

    def write_log(self, pod, container, *lines):
        self._server.log.write((self.namespace, pod, container), *lines)

    def end_log(self, pod, container):
        self._server.log.end((self.namespace, pod, container))

    def forget(self):
        before = self.cluster.list(kinds.SERVICE).resource_version
        self.new_namespace()
        self._server.inside(self._server.store.compact)
        return before


class KubeApiServer(Server):
    name = "kube-apiserver"

    def __init__(self, server):
        super().__init__(server.url, server.admin_token, server.ca_file)
        self._server = server

    def forget(self):
        """Compacts etcd. A watch goes on from the API server's own memory, which begins after version 1."""
        self.new_namespace()
        self._server.compact()
        return "1"

    @contextlib.contextmanager
    def define(self):
        self._server.define(ROLLOUTS)
        try:
            yield
        finally:
            self._server.undefine(ROLLOUTS)


@contextlib.contextmanager
def backend(name, request):
    """One of the three, by its name."""
    if name == "fake":
        yield Fake()
        return
    if name == "localmesh":
        log = ToldLogs()
        with running(log_reader=log) as server:
            server.log = log
            yield from closing(Localmesh(server))
        return
    yield from closing(KubeApiServer(request.getfixturevalue("kube_apiserver")))


def closing(server):
    yield server
    server.close()


def virtual_service(namespace, name="reviews", subset="v1", **labels):
    """A VirtualService that sends everything to one subset."""
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": {"name": name, "namespace": namespace, **({"labels": labels} if labels else {})},
        "spec": {
            "hosts": [name],
            "http": [{"route": [{"destination": {"host": name, "subset": subset}}]}],
        },
    }


def reviews(backend):
    """The reference of the VirtualService that most tests make."""
    return Ref(kinds.VIRTUAL_SERVICE, backend.namespace, "reviews")
