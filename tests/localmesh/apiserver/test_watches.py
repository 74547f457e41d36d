"""Watches over HTTP, and what outlives the process."""

import json
import time

import pytest

from tests.localmesh.apiserver.objects import (
    CONFIG_MAPS,
    VIRTUAL_SERVICES,
    config_map,
    virtual_service,
)
from tests.localmesh.apiserver.running import running

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"


@pytest.fixture(autouse=True)
def _hang_up(server):
    yield
    server.hang_up()


class Watch:
    """A watch under way; each `next` is the next event."""

    def __init__(self, server, path, **headers):
        self.response = server.raw("GET", path, **headers)

    def next(self):
        return json.loads(self.response.readline())

    def seen(self):
        event = self.next()
        return event["type"], event["object"]["metadata"].get("name")


def test_a_watch_starts_with_what_is_there_and_goes_on(server, names):
    server.ask("POST", names, config_map("there"))
    watch = Watch(server, f"{names}?watch=1")
    assert watch.seen() == ("ADDED", "there")
    server.ask("POST", names, config_map("new"))
    server.patch(f"{names}/new", {"data": {"a": "b"}})
    server.ask("DELETE", f"{names}/new")
    assert [watch.seen() for _ in range(3)] == [("ADDED", "new"), ("MODIFIED", "new"), ("DELETED", "new")]


def test_a_watch_from_a_version_sees_exactly_what_came_later(server, names):
    server.ask("POST", names, config_map("before"))
    version = server.ask("GET", names).json["metadata"]["resourceVersion"]
    server.ask("POST", names, config_map("after"))
    watch = Watch(
        server, f"{names}?watch=1&resourceVersion={version}&timeoutSeconds=1&allowWatchBookmarks=true"
    )
    assert watch.seen() == ("ADDED", "after")
    last = watch.next()
    assert last["type"] == "BOOKMARK"
    assert int(last["object"]["metadata"]["resourceVersion"]) > int(version)
    assert watch.response.read() == b""


def test_an_object_that_leaves_the_selection_of_a_watch_is_deleted_for_it(server, names):
    watch = Watch(server, f"{names}?watch=1&labelSelector=of%3Dchosen")
    server.ask("POST", names, config_map("other"))
    server.patch(f"{names}/other", {"metadata": {"labels": {"of": "chosen"}}})
    server.patch(f"{names}/other", {"data": {"a": "b"}})
    server.patch(f"{names}/other", {"metadata": {"labels": {"of": None}}})
    assert [watch.seen()[0] for _ in range(3)] == ["ADDED", "MODIFIED", "DELETED"]


def test_an_object_that_leaves_a_selection_is_told_as_it_was_when_it_was_in_it(server, names):
    created = server.ask("POST", names, config_map("leaving")).json["metadata"]
    watch = Watch(server, f"{names}?watch=1&labelSelector=of&resourceVersion={created['resourceVersion']}")
    left = server.patch(f"{names}/leaving", {"metadata": {"labels": {"of": None}}}).json["metadata"]
    event = watch.next()
    assert event["type"] == "DELETED"
    assert event["object"]["metadata"]["labels"] == {"of": "leaving"}
    assert event["object"]["metadata"]["resourceVersion"] == left["resourceVersion"]


def test_a_watch_of_one_name_sees_no_other(server, names):
    watch = Watch(server, f"{names}?watch=1&fieldSelector=metadata.name%3Dmine")
    for name in ("other", "mine"):
        server.ask("POST", names, config_map(name))
    server.ask("DELETE", f"{names}/other")
    server.ask("DELETE", f"{names}/mine")
    assert [watch.seen() for _ in range(2)] == [("ADDED", "mine"), ("DELETED", "mine")]


def test_a_watch_that_wants_no_initial_events_sees_only_what_comes(server, names):
    server.ask("POST", names, config_map("there"))
    watch = Watch(server, f"{names}?watch=1&sendInitialEvents=false&resourceVersionMatch=NotOlderThan")
    server.ask("POST", names, config_map("new"))
    assert watch.seen() == ("ADDED", "new")


def test_initial_events_without_bookmarks_have_no_end_mark(server, names):
    server.ask("POST", names, config_map("there"))
    query = "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&timeoutSeconds=1"
    lines = Watch(server, f"{names}?{query}").response.read().splitlines()
    assert [json.loads(line)["type"] for line in lines] == ["ADDED"]


def test_a_watch_from_before_a_compaction_ends_with_an_error(server, names):
    created = server.ask("POST", names, config_map("a")).json["metadata"]["resourceVersion"]
    server.ask("DELETE", f"{names}/a")
    server.inside(server.store.compact)
    event = Watch(server, f"{names}?watch=1&resourceVersion={created}").next()
    assert (event["type"], event["object"]["code"]) == ("ERROR", 410)


def test_initial_events_end_with_a_bookmark(server, names):
    server.ask("POST", names, config_map("there"))
    query = "watch=1&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan"
    watch = Watch(server, f"{names}?{query}")
    assert watch.seen() == ("ADDED", "there")
    assert watch.next()["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}


def test_a_watch_of_tables_carries_rows(server, names):
    server.ask("POST", names, config_map("row", a="1"))
    event = Watch(server, f"{names}?watch=1", Accept=TABLE).next()
    assert event["object"]["kind"] == "Table"
    assert event["object"]["rows"][0]["cells"][:2] == ["row", 1]


def test_a_quiet_watch_gets_bookmarks():
    with running(bookmark_seconds=0.05) as server:
        watch = Watch(
            server, f"{CONFIG_MAPS}?watch=1&allowWatchBookmarks=true&resourceVersion={server.store.revision}"
        )
        assert [watch.next()["type"] for _ in range(2)] == ["BOOKMARK", "BOOKMARK"]


def test_a_version_that_is_no_longer_kept_is_gone(tmp_path):
    with running(tmp_path / "db") as server:
        revision = server.store.revision
    with running(tmp_path / "db") as server:
        event = Watch(server, f"{CONFIG_MAPS}?watch=1&resourceVersion={revision - 1}").next()
    assert event["type"] == "ERROR"
    assert (event["object"]["code"], event["object"]["reason"]) == (410, "Expired")


def test_a_restart_keeps_the_objects(tmp_path):
    with running(tmp_path / "db") as server:
        before = server.ask("POST", VIRTUAL_SERVICES, virtual_service("kept")).json
    with running(tmp_path / "db") as server:
        assert server.ask("GET", f"{VIRTUAL_SERVICES}/kept").json == before


def test_stopping_ends_watches_at_once(tmp_path):
    with running() as server:
        watch = Watch(server, f"{CONFIG_MAPS}?watch=1&allowWatchBookmarks=true")
        begin = time.monotonic()
    assert time.monotonic() - begin < 15  # without being ended it would last for half an hour
    watch.response.close()
