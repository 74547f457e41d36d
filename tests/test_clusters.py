"""Several clusters behind one console: the address says which, and every link stays in it."""

import re

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from cluster import connection
from cluster.fake import FakeCluster
from cluster.models import KubernetesIdentity
from meshui.clusters import split


@pytest.fixture
def two_clusters():
    with connection.override(east=FakeCluster(), west=FakeCluster()) as first:
        yield first


@pytest.fixture
def signed_in(client, db):
    ada = User.objects.create_user("ada")
    KubernetesIdentity.objects.create(user=ada, own=True)
    client.force_login(ada)
    return client


def links(page):
    return re.findall(r'(?:href|action|src)="(/[^"]*)"', page)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/graph/", ("", "/graph/")),
        ("/clusters/west/graph/", ("west", "/graph/")),
        ("/clusters/west", ("west", "/")),
        ("/clusters/west/", ("west", "/")),
        ("/clusters/nowhere/graph/", ("nowhere", "/graph/")),
        ("/clusters/No.Where/graph/", ("", "/clusters/No.Where/graph/")),
        ("/clusters//graph/", ("", "/clusters//graph/")),
        ("/clusters/west/clusters/east/graph/", ("west", "/clusters/east/graph/")),
        ("/routing/clusters/west/", ("", "/routing/clusters/west/")),
    ],
)
@pytest.mark.usefixtures("two_clusters")
def test_a_path_names_its_cluster(path, expected):
    assert split(path) == expected


@pytest.mark.usefixtures("two_clusters")
@pytest.mark.parametrize("page", ["graph/", "routing/", "changes/", "tokens/"])
def test_every_link_of_a_page_stays_in_its_cluster(signed_in, page):
    answer = signed_in.get(f"/clusters/west/{page}")
    assert answer.status_code == 200
    inside = [link for link in links(answer.text) if not link.startswith("/static/")]
    elsewhere = [link for link in inside if not link.startswith("/clusters/west/")]
    # The chooser of clusters leads to each by its own address, and the browser is told where it is.
    assert elsewhere == ["/clusters/east/"]
    assert 'data-base="/clusters/west/"' in answer.text


@pytest.mark.usefixtures("two_clusters")
def test_a_page_without_a_name_shows_the_first_cluster_and_says_so(signed_in):
    page = signed_in.get("/graph/").text
    assert 'data-base="/"' in page
    current = re.search(r'href="([^"]*)"\s+aria-current="true"', page)
    assert current
    assert current[1] == "/clusters/east/"


@pytest.mark.usefixtures("two_clusters")
def test_one_request_leaves_no_cluster_behind_for_the_next(signed_in):
    signed_in.get("/clusters/west/graph/")
    assert signed_in.get("/tokens/").wsgi_request.cluster == ""
    assert reverse("tokens") == "/tokens/"


@pytest.mark.usefixtures("two_clusters")
@pytest.mark.parametrize(
    "path", ["graph/", "routing/", "api/v1/services", "api/v1/changes", "api/v1/inventory"]
)
def test_a_cluster_that_is_not_configured_is_not_found(signed_in, path):
    assert signed_in.get(f"/clusters/nowhere/{path}").status_code == 404


@pytest.mark.django_db
@pytest.mark.usefixtures("two_clusters")
@pytest.mark.parametrize(("path", "status"), [("graph/", 302), ("api/v1/services", 401)])
def test_a_stranger_cannot_tell_which_clusters_there_are(client, path, status):
    assert client.get(f"/clusters/west/{path}").status_code == status
    assert client.get(f"/clusters/nowhere/{path}").status_code == status


@pytest.mark.usefixtures("two_clusters")
def test_a_stranger_is_led_to_the_sign_in_and_back_into_the_same_cluster(client):
    answer = client.get("/clusters/west/graph/?ns=a")
    assert answer.headers["Location"] == "/clusters/west/login/?next=/clusters/west/graph/%3Fns%3Da"


@pytest.mark.django_db
def test_where_there_is_one_cluster_there_is_nothing_to_choose(signed_in):
    with connection.override(FakeCluster()):
        assert 'id="clusters"' not in signed_in.get("/graph/").text
