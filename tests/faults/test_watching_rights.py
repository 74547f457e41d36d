"""Kinds and rights that come and go on a real API server: what may be seen is seen, and the rest is named."""

import pytest

from cluster.kinds import SERVICE, Kind
from cluster.kube import KubeCluster
from tests.faults.watching import caching, names, on_kube_apiserver, unique, until

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
RBAC = "/apis/rbac.authorization.k8s.io/v1/namespaces"


@pytest.fixture
def someone(kube_apiserver):
    name = unique("someone")
    token = kube_apiserver.user(name)
    return name, KubeCluster.at(kube_apiserver.url, token, kube_apiserver.ca_file)


def grant(server, user, namespace):
    """Lets a user read services in a namespace."""
    rules = [{"apiGroups": [""], "resources": ["services"], "verbs": ["list", "watch"]}]
    server.admin.must("POST", f"{RBAC}/{namespace}/roles", {"metadata": {"name": "reader"}, "rules": rules})
    group = "rbac.authorization.k8s.io"
    binding = {
        "metadata": {"name": "reader"},
        "roleRef": {"apiGroup": group, "kind": "Role", "name": "reader"},
        "subjects": [{"apiGroup": group, "kind": "User", "name": user}],
    }
    server.admin.must("POST", f"{RBAC}/{namespace}/rolebindings", binding)


def test_a_namespace_that_is_denied_is_named_while_the_others_work(kube_apiserver, someone):
    user, cluster = someone
    allowed, denied = on_kube_apiserver(kube_apiserver), on_kube_apiserver(kube_apiserver)
    allowed.put("a")
    denied.put("hidden")
    grant(kube_apiserver, user, allowed.namespace)
    with caching(cluster, allowed.namespace, denied.namespace, kinds=(SERVICE,)) as cache:
        known = until(cache, lambda known: names(known) == ["a"] and known.age_seconds == 0.0)
        assert known.problem.startswith(f"meshui cannot read services in {denied.namespace}: ")
        assert allowed.namespace not in known.problem
        allowed.put("b")
        until(cache, lambda known: names(known) == ["a", "b"])
        grant(kube_apiserver, user, denied.namespace)
        until(cache, lambda known: names(known) == ["a", "b", "hidden"] and not known.problem)


def test_a_kind_appears_when_its_definition_is_installed_and_goes_with_it(kube_apiserver):
    plural = unique("things")
    kind = Kind(f"{plural}.example.com", "v1", "Thing", plural)
    place = on_kube_apiserver(kube_apiserver)
    with caching(place.direct, place.namespace, kinds=(kind,)) as cache:
        assert until(cache, lambda known: not known.served, kind).problem == ""
        kube_apiserver.define(definition(kind))
        until(cache, lambda known: known.served, kind)
        path = f"/apis/{kind.group}/v1/namespaces/{place.namespace}/{plural}"
        manifest = {"apiVersion": kind.api_version, "kind": "Thing", "metadata": {"name": "one"}}
        kube_apiserver.admin.must("POST", path, manifest)
        until(cache, lambda known: names(known) == ["one"], kind)
        kube_apiserver.admin.must("DELETE", f"{DEFINITIONS}/{plural}.{kind.group}")
        until(cache, lambda known: not known.served and not known.items, kind)


def definition(kind):
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{kind.plural}.{kind.group}"},
        "spec": {
            "group": kind.group,
            "scope": "Namespaced",
            "names": {"kind": kind.kind, "plural": kind.plural, "singular": kind.plural[:-1]},
            "versions": [
                {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
            ],
        },
    }
