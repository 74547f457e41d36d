"""Whose rights a rollout needs, by the RBAC of a real API server and with the roles that deploy/ has."""

from dataclasses import replace

import pytest

from cluster import connection
from cluster.errors import Forbidden
from cluster.kube import KubeCluster
from routing.rolling.mesh.worlds import Worlds
from routing.rolling.mesh.writer import Writer
from routing.rollouts.states import Rule
from tests.clusters import access
from tests.people import person
from tests.routing.rolling import clusters
from tests.routing.rolling.rows import does, driven, goes
from tests.routing.rollouts.scenes import spec
from tests.routing.stage import destination_rule

pytestmark = pytest.mark.django_db


@pytest.fixture
def console(kube_apiserver, settings, tmp_path):
    """The cluster as the console's own service account has it, and a namespace with reviews."""
    settings.ROUTING_SETTLE_SECONDS = 0
    access.apply(kube_apiserver, "rbac.yaml")
    access.apply(kube_apiserver, "impersonate.yaml")
    namespace = kube_apiserver.namespace()
    clusters.bookinfo(kube_apiserver.cluster(kube_apiserver.admin_token), namespace)
    with connection.override(KubeCluster.connect(access.kubeconfig(kube_apiserver, tmp_path / "kubeconfig"))):
        yield namespace
    access.withdraw(kube_apiserver, "impersonate.yaml")


@pytest.fixture
def rollout(kube_apiserver, console):
    """One of ada's, who may write in that namespace, at its first step."""
    access.grant(kube_apiserver, console, "ada", access.WRITER)
    asked = replace(spec(), namespace=console)
    return goes(Writer(), driven(person("ada", "ada"), asked, confirmed=Rule(0)), Rule(5))


def test_a_rollback_works_when_the_initiators_rights_are_gone(kube_apiserver, console, rollout):
    assert Worlds().world(rollout).may is True
    access.revoke(kube_apiserver, console, "ada")
    assert Worlds().world(rollout).may is False
    refused, _ = does(Writer(), rollout, "advance", Rule(25))
    assert refused.result == "refused"
    assert "ada" in refused.words
    assert Writer().fence(rollout) is True
    done, rollout = does(Writer(), rollout, "rollback", Rule())
    assert done.result == "done", done
    assert Worlds().world(rollout).standing == Rule()


def test_the_consoles_own_account_changes_routes_that_are_there_and_nothing_else(console):
    own = connection.get().acting(None)
    found = own.get(clusters.reviews(console))
    own.replace(found)
    policy = destination_rule("more", ["v1"], console)
    for write in (
        lambda: own.create({**found, "metadata": {"name": "more", "namespace": console}}),
        lambda: own.delete(clusters.reviews(console), found["metadata"]["resourceVersion"]),
        lambda: own.create(policy),
    ):
        with pytest.raises(Forbidden):
            write()
