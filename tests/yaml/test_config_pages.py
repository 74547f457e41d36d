"""The pages of the configuration: what they list, for whom, and what they say of it."""

import re
from html import unescape

import pytest

from cluster import connection, kinds
from cluster.errors import Unavailable
from routing import examples, validating
from routing.configuration import BY_DEFINITION
from tests.people import own, person, stranger
from tests.routing.stage import destination_rule, route, virtual_service
from tests.yaml.world import defined

pytestmark = pytest.mark.django_db
BROKEN = virtual_service("reviews", [{"route": route(("v9", 100))}])
SOUND = virtual_service("ratings", [{"route": [{"destination": {"host": "ratings"}}]}], namespace="bookinfo")
HIDDEN = virtual_service("secret", [{"route": [{"destination": {"host": "vault"}}]}], namespace="bank")


@pytest.fixture
def cluster():
    staged = defined(BROKEN, SOUND, HIDDEN, destination_rule("reviews", ["v1", "v2"]))
    with connection.override(staged):
        yield staged


@pytest.fixture
def page(client, olga):
    client.force_login(olga)
    return client.get


def text_of(answer):
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())))


def rows(answer):
    return re.findall(r'class="row-link"\s+href="([^"]+)"', answer.content.decode())


def test_every_resource_is_listed_the_worst_first_with_what_is_wrong(page, cluster):
    answer = page("/config/")
    assert answer.status_code == 200
    assert rows(answer)[:2] == [
        "/config/virtualservices.networking.istio.io/bank/secret/",
        "/config/virtualservices.networking.istio.io/bookinfo/reviews/",
    ]
    assert len(rows(answer)) == 4
    assert "v9" in text_of(answer)
    assert "error" in text_of(answer)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("ns=bank", ["secret"]),
        ("kind=destinationrules.networking.istio.io", ["reviews"]),
        ("q=RATINGS", ["ratings"]),
        ("q=reviews virtualservice", ["reviews"]),
        ("only=problems", ["secret", "reviews"]),
        ("q=nothing-of-this", []),
        ("kind=pods.", []),
    ],
)
def test_the_filters_stand_in_the_address(page, cluster, query, names):
    assert [address.split("/")[-2] for address in rows(page(f"/config/?{query}"))] == names


def test_a_resource_is_shown_as_yaml_with_its_problems_at_their_lines(page, cluster):
    answer = page("/config/virtualservices.networking.istio.io/bookinfo/reviews/")
    shown = text_of(answer)
    assert "subset: v9" in shown
    assert "Error:" in shown
    line = int(re.search(r'data-line="(\d+)"', answer.content.decode())[1])
    written = answer.context["text"].splitlines()
    assert "subset: v9" in written[line - 1]
    assert answer.context["services"] == [{"namespace": "bookinfo", "name": "reviews"}]


def test_the_bookkeeping_of_the_server_is_not_in_the_text(page, cluster):
    text = page("/config/virtualservices.networking.istio.io/bookinfo/ratings/").context["text"]
    for noise in ("resourceVersion", "managedFields", "uid", "status"):
        assert noise not in text


@pytest.mark.parametrize(
    "path",
    [
        "pods./bookinfo/reviews",
        "virtualservices.networking.istio.io/bookinfo/nothing",
        "virtualservices.networking.istio.io/Bookinfo/reviews",
        "virtualservices.networking.istio.io/nowhere/reviews",
    ],
)
def test_what_is_not_there_is_not_found(page, cluster, path):
    assert page(f"/config/{path}/").status_code == 404


def test_while_the_cluster_is_away_the_page_says_so(page, cluster):
    cluster.fail_next("get", Unavailable("No connection."))
    answer = page("/config/virtualservices.networking.istio.io/bookinfo/ratings/")
    assert answer.status_code == 200
    assert "This is what was last known" in text_of(answer)


def test_a_person_sees_only_the_namespaces_that_he_may_read(client, db):
    def rights(identity, ask):
        return identity is None or ask.namespace == "bookinfo"

    staged = defined(BROKEN, SOUND, HIDDEN, rights=rights)
    with connection.override(staged):
        client.force_login(person("ada", username="ada"))
        answer = client.get("/config/")
        assert {address.split("/")[-3] for address in rows(answer)} == {"bookinfo"}
        for word in ("secret", "vault", "bank"):
            assert word not in answer.content.decode()
        hidden = client.get("/config/virtualservices.networking.istio.io/bank/secret/")
        assert hidden.status_code == 404
        api = client.get("/api/v1/configuration").json()
        assert {one["namespace"] for one in api["resources"]} == {"bookinfo"}
        assert "bank" not in str(api)
        new = client.get("/config/new/?ns=bank")
        assert "bank" not in new.content.decode()


def test_nobody_sees_nothing(client, cluster):
    client.force_login(stranger("otto"))
    assert rows(client.get("/config/")) == []
    assert client.get("/api/v1/configuration").status_code == 403


def test_the_rail_counts_the_problems_once_they_are_known(page, cluster):
    page("/config/")
    assert re.search(r'class="rail-badge">2<', page("/changes/").content.decode())


def test_who_may_not_write_reads_why_and_gets_no_button(client, db):
    staged = defined(SOUND, rights=lambda identity, ask: identity is None or ask.verb in ("get", "list"))
    with connection.override(staged):
        client.force_login(person("ada", username="ada"))
        answer = client.get("/config/virtualservices.networking.istio.io/bookinfo/ratings/")
        assert "User ada may not update" in text_of(answer)
        assert re.search(r"<textarea[^>]*readonly", answer.content.decode())


@pytest.mark.parametrize("kind", validating.WRITTEN, ids=str)
def test_every_kind_has_an_example_that_is_sound(kind):
    found = validating.check(examples.of(kind, "bookinfo"), own(defined()))
    assert [one.to_json() for one in found.problems] == []


@pytest.mark.parametrize("definition", BY_DEFINITION)
def test_a_new_resource_of_any_kind_begins_with_its_example(page, cluster, definition):
    answer = page(f"/config/new/?kind={definition}&ns=bank")
    assert f"kind: {BY_DEFINITION[definition].kind}" in answer.context["text"]
    assert "namespace: bookinfo" in answer.context["text"]  # bank has no service to be read by


def test_what_meshui_changed_about_a_resource_stands_beside_it(page, api, cluster):
    manifest = {**SOUND, "metadata": {**SOUND["metadata"], "labels": {"team": "shop"}}}
    change = api.applied({"kind": "object", "manifest": manifest})
    answer = page("/config/virtualservices.networking.istio.io/bookinfo/ratings/")
    assert f'href="/changes/{change["id"]}/"' in answer.content.decode()
    other = page("/config/virtualservices.networking.istio.io/bookinfo/reviews/")
    assert "/changes/1" not in other.content.decode()


def test_a_resource_of_a_hostile_name_or_text_cannot_end_the_script(page, cluster):
    cluster.edit(
        kinds_ref(),
        lambda item: item["metadata"].update(annotations={"x": "</script><script>alert(1)</script>"}),
    )
    content = page("/config/virtualservices.networking.istio.io/bookinfo/ratings/").content.decode()
    assert "<script>alert" not in content


def kinds_ref():
    from cluster.refs import Ref

    return Ref(kinds.VIRTUAL_SERVICE, "bookinfo", "ratings")
