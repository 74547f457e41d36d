"""A 404 that is not an API server's says nothing about the cluster: nothing is gone, and nothing unserved."""

import pytest

from cluster import errors, kinds
from cluster.kube import KubeCluster
from tests.cluster.scripted import ALL, NOTHING, ONE, REVIEWS, VERSION, status

PAGES = {
    "an ingress's page": b"<html><head><title>404 Not Found</title></head></html>",
    "a proxy's text": b"404 page not found\n",
    "a gateway's JSON": b'{"message": "no Route matched with those values"}',
    "nothing": b"",
}
GROUPS = "/apis"
NOT_AN_API_SERVERS = "answered 404, but not as an API server does"


def listing(*versions):
    groups = [
        {"name": version.split("/")[0], "versions": [{"groupVersion": version}]} for version in versions
    ]
    return 200, {"kind": "APIGroupList", "groups": groups}


@pytest.fixture
def cluster(url):
    return KubeCluster.at(url, "t")


@pytest.fixture(params=PAGES.values(), ids=PAGES)
def foreign(request):
    return 404, request.param


def watched(cluster):
    return cluster.watch(kinds.VIRTUAL_SERVICE, dict, "1", namespace="bookinfo", seconds=1, silence=1)


ASKED = {
    "list": (("GET", ALL), lambda cluster: cluster.list(kinds.VIRTUAL_SERVICE, "bookinfo")),
    "page": (("GET", ALL), lambda cluster: cluster.page(kinds.VIRTUAL_SERVICE, dict, namespace="bookinfo")),
    "watch": (("GET", ALL), watched),
    "get": (("GET", ONE), lambda cluster: cluster.get(REVIEWS)),
    "delete": (("DELETE", ONE), lambda cluster: cluster.delete(REVIEWS, "7")),
    "list of a built-in kind": (
        ("GET", "/apis/apps/v1/deployments"),
        lambda cluster: cluster.list(kinds.DEPLOYMENT),
    ),
}


@pytest.mark.parametrize(("path", "ask"), ASKED.values(), ids=ASKED)
def test_a_foreign_404_is_no_word_about_an_object(cluster, script, foreign, path, ask):
    script.answers[path] = foreign
    with pytest.raises(errors.Unavailable, match=NOT_AN_API_SERVERS):
        ask(cluster)


@pytest.mark.parametrize(("path", "ask"), ASKED.values(), ids=ASKED)
def test_an_api_servers_404_is(cluster, script, path, ask):
    script.answers[path] = status(404, "NotFound", "not found")
    with pytest.raises(errors.NotFound):
        ask(cluster)


def everywhere(script, answer):
    for version in ("v1", "v1beta1", "v1alpha3"):
        script.answers["GET", VERSION.replace("v1", version)] = answer


def unknown(cluster, kind=kinds.VIRTUAL_SERVICE):
    with pytest.raises(errors.Unavailable):
        cluster.served_version(kind)
    with pytest.raises(errors.Unavailable):
        cluster.list(kind)


def test_a_foreign_404_everywhere_is_no_word_about_what_is_served(cluster, script, foreign):
    everywhere(script, foreign)
    script.answers["GET", GROUPS] = foreign
    unknown(cluster)


@pytest.mark.parametrize("groups", [(200, b"<html>"), (200, {"groups": []}), status(404, "NotFound", "none")])
def test_nor_is_a_list_of_groups_that_is_none(cluster, script, foreign, groups):
    everywhere(script, foreign)
    script.answers["GET", GROUPS] = groups
    unknown(cluster)


def test_a_group_that_is_listed_is_served_whatever_its_404_says(cluster, script, foreign):
    everywhere(script, foreign)
    script.answers["GET", GROUPS] = listing("networking.istio.io/v1")
    unknown(cluster)


def test_a_group_that_is_not_listed_is_not_served(cluster, script, foreign):
    everywhere(script, foreign)
    script.answers["GET", GROUPS] = listing("apps/v1")
    assert cluster.served_version(kinds.VIRTUAL_SERVICE) is None
    with pytest.raises(errors.NotFound, match=r"no version of networking\.istio\.io VirtualService"):
        cluster.get(REVIEWS)


def test_a_version_that_is_not_listed_leaves_the_older_one(cluster, script, foreign):
    everywhere(script, foreign)
    script.answers["GET", VERSION + "beta1"] = (200, {"resources": [{"name": "virtualservices"}]})
    script.answers["GET", GROUPS] = listing("networking.istio.io/v1beta1")
    assert cluster.served_version(kinds.VIRTUAL_SERVICE) == "v1beta1"


def test_a_kind_of_one_version_is_told_to_be_absent_too(cluster, script, foreign):
    root = "/apis/argoproj.io/v1alpha1"
    script.answers |= {("GET", root): foreign, ("GET", root + "/rollouts"): foreign}
    script.answers["GET", GROUPS] = listing("apps/v1")
    with pytest.raises(errors.NotFound, match="no version of"):
        cluster.list(kinds.ROLLOUT)


def test_what_every_api_server_serves_is_not_asked_for(cluster, script):
    script.answers["GET", "/apis/apps/v1/deployments"] = (200, NOTHING)
    assert cluster.served_version(kinds.ENDPOINT_SLICE) == "v1"
    assert cluster.list(kinds.DEPLOYMENT).items == ()
    assert len(script.asked) == 1


def test_a_real_api_servers_404_of_an_unknown_group_is_confirmed(kube_apiserver):
    cluster = kube_apiserver.cluster(kube_apiserver.admin_token)
    absent = kinds.Kind("nobody.example", "v1", "Thing", "things", older=("v1beta1",))
    assert cluster.served_version(absent) is None
    with pytest.raises(errors.NotFound, match="It serves no version"):
        cluster.list(absent)
    newer = kinds.Kind("networking.istio.io", "v9", "Gateway", "gateways", older=("v1",))
    assert cluster.served_version(newer) == "v1"
