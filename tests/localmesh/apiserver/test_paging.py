"""Lists in pages: all of one moment, and what is said when that moment is no longer known."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localmesh.apiserver import kinds
from localmesh.apiserver.errors import Gone
from localmesh.apiserver.records import KEPT_FOR, Collection, Moments, Record
from localmesh.apiserver.store import Store
from tests.localmesh.apiserver.objects import config_map, pod, virtual_service

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"


@pytest.fixture
def five(server, names):
    """A namespace with config maps n0 to n4, every other one labelled."""
    for number in range(5):
        body = config_map(f"n{number}")
        body["metadata"]["labels"] = {"odd": str(number % 2)}
        server.ask("POST", names, body)
    return names


def seen(page):
    return [each["metadata"]["name"] for each in page["items"]]


def test_every_page_tells_of_the_moment_of_the_first(server, five):
    first = server.ask("GET", f"{five}?limit=2").json
    server.ask("DELETE", f"{five}/n3")
    server.ask("POST", five, config_map("n25"))
    server.patch(f"{five}/n4", {"data": {"changed": "later"}})
    second = server.ask("GET", f"{five}?limit=2&continue={first['metadata']['continue']}").json
    third = server.ask("GET", f"{five}?limit=2&continue={second['metadata']['continue']}").json
    assert [seen(each) for each in (first, second, third)] == [["n0", "n1"], ["n2", "n3"], ["n4"]]
    assert not third["items"][0].get("data")
    assert len({each["metadata"]["resourceVersion"] for each in (first, second, third)}) == 1
    assert [each["metadata"].get("remainingItemCount") for each in (first, second, third)] == [3, 1, None]
    assert seen(server.ask("GET", five).json) == ["n0", "n1", "n2", "n25", "n4"]


def test_pages_of_a_selection_tell_no_count_and_end_with_its_last(server, five):
    first = server.ask("GET", f"{five}?limit=2&labelSelector=odd%3D0").json
    assert "remainingItemCount" not in first["metadata"]
    token = first["metadata"]["continue"]
    last = server.ask("GET", f"{five}?limit=2&labelSelector=odd%3D0&continue={token}").json
    assert [seen(first), seen(last)] == [["n0", "n2"], ["n4"]]
    exactly = server.ask("GET", f"{five}?limit=3&labelSelector=odd%3D0").json
    assert "continue" not in exactly["metadata"]


def test_a_table_in_pages_tells_how_many_are_left(server, five):
    found = server.ask("GET", f"{five}?limit=2", Accept=TABLE).json
    assert [row["cells"][0] for row in found["rows"]] == ["n0", "n1"]
    assert found["metadata"]["remainingItemCount"] == 3


def test_a_token_from_before_a_compaction_is_expired_and_a_new_list_begins(server, five):
    token = server.ask("GET", f"{five}?limit=2").json["metadata"]["continue"]
    server.ask("DELETE", f"{five}/n4")
    server.inside(server.store.compact)
    answer = server.ask("GET", f"{five}?limit=2&continue={token}")
    assert (answer.status, answer.json["reason"]) == (410, "Expired")
    assert "too old" in answer.json["message"]
    assert server.ask("GET", f"{five}?limit=2").status == 200


def encoded(**token):
    return base64.urlsafe_b64encode(json.dumps(token).encode()).decode()


@pytest.mark.parametrize(
    "token",
    [
        "nonsense",
        "%00",
        encoded(v="meta.k8s.io/v1", rv="x", start="a/b"),
        encoded(v="other", rv=5, start="a/b"),
        encoded(v="meta.k8s.io/v1", rv=0, start="a/b"),
        encoded(v="meta.k8s.io/v1", rv=5, start="ab"),
    ],
)
def test_a_token_that_was_not_given_out_is_a_bad_request(server, five, token):
    answer = server.ask("GET", f"{five}?limit=2&continue={token}")
    assert (answer.status, answer.json["reason"]) == (400, "BadRequest")
    assert "continue key is not valid" in answer.json["message"]


def test_a_version_beside_a_token_is_a_bad_request(server, five):
    token = server.ask("GET", f"{five}?limit=2").json["metadata"]["continue"]
    answer = server.ask("GET", f"{five}?limit=2&continue={token}&resourceVersion=5")
    assert answer.status == 400


@pytest.mark.parametrize(
    "query",
    [
        "resourceVersionMatch=Exact",
        "resourceVersion=1&resourceVersionMatch=Sometimes",
        "resourceVersion=0&resourceVersionMatch=Exact",
        "sendInitialEvents=true",
        "watch=1&resourceVersion=1&resourceVersionMatch=NotOlderThan",
        "watch=1&sendInitialEvents=true",
    ],
)
def test_options_that_do_not_go_together_are_invalid(server, five, query):
    answer = server.ask("GET", f"{five}?{query}")
    assert (answer.status, answer.json["reason"]) == (422, "Invalid")


def test_a_large_list_is_whole(server):
    store = server.store
    large = [
        (
            kinds.CONFIG_MAPS,
            {"metadata": {"name": f"c{at:04d}", "namespace": "bookinfo"}, "data": {"a": "b" * 900}},
        )
        for at in range(2_500)
    ]
    server.inside(store.load, large)
    path = "/api/v1/namespaces/bookinfo/configmaps"
    plain = server.ask("GET", path).json
    table = server.ask("GET", path, Accept=f"{TABLE},application/json").json
    assert len(plain["items"]) >= 2_500
    assert [each["metadata"]["name"] for each in plain["items"]] == [row["cells"][0] for row in table["rows"]]
    for at in range(2_500):
        server.inside(store.delete, kinds.CONFIG_MAPS, "bookinfo", f"c{at:04d}")


def test_a_list_in_an_older_version_says_so_in_each_item(server):
    new, old = (
        f"/apis/networking.istio.io/{each}/namespaces/bookinfo/virtualservices" for each in ("v1", "v1beta1")
    )
    server.ask("POST", new, virtual_service("versions"))
    items = server.ask("GET", old).json["items"]
    assert {each["apiVersion"] for each in items} == {"networking.istio.io/v1beta1"}
    assert items[0]["metadata"]["managedFields"][0]["apiVersion"] == "networking.istio.io/v1"


NAMES = st.lists(
    st.tuples(st.sampled_from(["a", "a-b", "a.b", "ab"]), st.text("ab-1", min_size=1, max_size=3)),
    unique=True,
)


@given(NAMES, st.data())
def test_a_collection_is_in_the_order_of_its_keys_whatever_came_and_went(names, data):
    collection = Collection()
    for at, (namespace, name) in enumerate(names):
        collection.put(Record(b"", namespace, name, "", at, {}, ()))
    gone = data.draw(st.sets(st.sampled_from(names))) if names else set()
    for namespace, name in gone:
        collection.remove(collection.get(namespace, name))
    keys = [record.key for record in collection.ordered()]
    assert keys == sorted(f"{namespace}/{name}" for namespace, name in set(names) - gone)
    for namespace in collection.namespaces():
        assert all(record.namespace == namespace for record in collection.ordered(namespace))


def test_a_moment_is_kept_for_some_minutes():
    now = datetime(2026, 1, 1, tzinfo=UTC)
    moments = Moments(lambda: now)
    moments.keep(kinds.PODS, None, 7, [])
    now += KEPT_FOR
    assert moments.at(kinds.PODS, None, 7) == []
    now += timedelta(seconds=1)
    assert moments.at(kinds.PODS, None, 7) is None


def test_moments_hold_no_more_records_than_they_may(monkeypatch):
    monkeypatch.setattr("localmesh.apiserver.records.MAX_KEPT_RECORDS", 3)
    moments = Moments(lambda: datetime(2026, 1, 1, tzinfo=UTC))
    two = [Record(b"", "", "a", "", 1, {}, ())] * 2
    moments.keep(kinds.PODS, None, 1, two)
    moments.keep(kinds.PODS, None, 2, two)
    assert moments.at(kinds.PODS, None, 1) is None
    assert moments.at(kinds.PODS, None, 2) == two


def test_the_present_is_a_moment_and_an_unknown_past_is_gone():
    store = Store(None)
    store.create(kinds.PODS, pod("a"))
    assert len(store.moment(kinds.PODS, "bookinfo", store.revision)) == 1
    with pytest.raises(Gone):
        store.moment(kinds.PODS, "bookinfo", store.revision - 1)
    store.close()
