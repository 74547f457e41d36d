"""What a cluster serves, and what it calls itself, on each of the three clusters.

A definition that is installed later appears by itself, after at most half a minute. (localmesh cannot show
that: its kinds are part of the program.)
"""

import re

import pytest

from cluster import kinds
from cluster.errors import NotFound
from cluster.refs import Ref
from tests.cluster.backends import virtual_service
from tests.cluster.conftest import only

SERVED = [kind for kind in kinds.ALL if kind != kinds.ROLLOUT]


@pytest.fixture
def cluster(backend):
    return backend.cluster


def test_every_kind_is_served_in_the_version_that_the_console_prefers(cluster):
    assert {kind: cluster.served_version(kind) for kind in SERVED} == {kind: kind.version for kind in SERVED}
    for kind in SERVED:
        assert cluster.list(kind).resource_version, kind


def test_what_is_not_installed_is_not_served(cluster):
    assert cluster.served_version(kinds.ROLLOUT) is None


@only("fake", "kube-apiserver")
def test_a_definition_that_is_installed_later_appears(backend, cluster):
    assert cluster.served_version(kinds.ROLLOUT) is None
    with backend.define():
        backend.pass_time(31)
        assert cluster.served_version(kinds.ROLLOUT) == "v1alpha1"
        assert cluster.list(kinds.ROLLOUT, backend.namespace).items == ()
        made = cluster.create(
            {
                "apiVersion": "argoproj.io/v1alpha1",
                "kind": "Rollout",
                "metadata": {"name": "reviews", "namespace": backend.namespace},
                "spec": {"replicas": 2},
            }
        )
        assert cluster.get(Ref.of(made))["spec"] == {"replicas": 2}


def test_an_older_version_in_a_manifest_means_the_same_object(backend, cluster):
    older = {**virtual_service(backend.namespace), "apiVersion": "networking.istio.io/v1alpha3"}
    created = cluster.create(older)
    assert created["apiVersion"] == "networking.istio.io/v1"
    read = cluster.get(Ref.of(older))
    assert read["apiVersion"] == "networking.istio.io/v1"
    changed = virtual_service(backend.namespace, subset="v2")["spec"]
    replaced = cluster.replace({**read, "apiVersion": "networking.istio.io/v1beta1", "spec": changed})
    assert replaced["apiVersion"] == "networking.istio.io/v1"


def test_the_server_says_its_version(cluster):
    assert re.match(r"v1\.\d+\.\d+", cluster.server_version())


def test_a_kind_of_a_known_group_that_is_not_served_is_not_found_in_plain_words(cluster):
    with pytest.raises(NotFound) as refusal:
        cluster.list(kinds.ROLLOUT)
    assert refusal.value.message.startswith("The cluster does not have it.")
