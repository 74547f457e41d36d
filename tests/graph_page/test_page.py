"""What the server itself puts on the page."""

import json
import re

import pytest

from cluster import connection
from cluster.fake import FakeCluster

pytestmark = pytest.mark.django_db


@pytest.fixture
def signed_in(client, django_user_model):
    client.force_login(django_user_model.objects.create_user("ada"))
    return client


def test_the_page_opens_without_a_mesh_and_without_a_cluster(signed_in):
    answer = signed_in.get("/graph/?ns=bookinfo")
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]


def test_a_stranger_is_asked_to_sign_in(client):
    assert client.get("/graph/").headers["Location"] == "/login/?next=/graph/"


def test_namespaces_of_the_address_are_text_and_not_markup(signed_in):
    page = signed_in.get("/graph/?ns=<script>alert(1)</script>").content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_the_policy_allows_no_inline_style_or_script(signed_in):
    policy = signed_in.get("/graph/")["Content-Security-Policy"]
    assert "unsafe" not in policy


def test_only_reading_is_possible(signed_in):
    assert signed_in.post("/graph/").status_code == 405


def page_data(answer):
    found = re.search(r'<script id="page" type="application/json">(.*?)</script>', answer.text)
    return json.loads(found[1])


def test_the_browser_is_told_where_the_socket_of_its_cluster_is(signed_in):
    assert page_data(signed_in.get("/graph/"))["socketPath"] == "/ws/graph/"
    with connection.override(FakeCluster(), west=FakeCluster()):
        answer = signed_in.get("/clusters/west/graph/")
    assert page_data(answer)["socketPath"] == "/clusters/west/ws/graph/"
