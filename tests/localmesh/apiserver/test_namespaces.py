"""How a namespace ends."""

import pytest

from localmesh.apiserver import kinds
from tests.localmesh.apiserver.objects import config_map
from tests.localmesh.apiserver.running import running, until


def hold(server, namespace):
    """Put something into a namespace that does not go at once."""
    body = {"metadata": {"name": "held", "finalizers": ["example.com/wait"]}}
    assert server.ask("POST", f"/api/v1/namespaces/{namespace}/configmaps", body).status == 201


@pytest.fixture
def ending(server):
    """A namespace, Terminating because a finalizer holds something in it."""
    name = "ending"
    server.ask("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
    server.ask("POST", f"/api/v1/namespaces/{name}/configmaps", config_map("inside"))
    hold(server, name)
    answer = server.ask("DELETE", f"/api/v1/namespaces/{name}")
    assert answer.status == 200
    yield answer.json
    release(server)


def release(server):
    server.patch("/api/v1/namespaces/ending/configmaps/held", {"metadata": {"finalizers": None}})
    until(lambda: server.ask("GET", "/api/v1/namespaces/ending").status == 404)


def test_a_deleted_namespace_is_terminating_until_the_last_thing_in_it_is_gone(server, ending):
    assert ending["status"] == {"phase": "Terminating"}
    assert ending["metadata"]["deletionTimestamp"]
    until(lambda: server.ask("GET", "/api/v1/namespaces/ending/configmaps/inside").status == 404)
    found = server.ask("GET", "/api/v1/namespaces/ending")
    assert (found.status, found.json["status"]["phase"]) == (200, "Terminating")
    assert server.ask("GET", "/api/v1/namespaces/ending/configmaps/held").json["metadata"][
        "deletionTimestamp"
    ]
    release(server)
    assert server.ask("GET", "/api/v1/namespaces/ending/configmaps/held").status == 404


def test_nothing_is_created_in_a_namespace_that_ends(server, ending):
    answer = server.ask("POST", "/api/v1/namespaces/ending/configmaps", config_map("late"))
    assert (answer.status, answer.json["reason"]) == (403, "Forbidden")
    told = 'configmaps "late" is forbidden: unable to create new content in namespace ending because it is'
    assert answer.json["message"].startswith(told)
    assert answer.json["details"]["causes"][0]["reason"] == "NamespaceTerminating"
    assert server.ask("POST", "/api/v1/namespaces", {"metadata": {"name": "ending"}}).status == 409


def test_what_a_controller_still_writes_into_it_goes_too(server, ending):
    late = {"metadata": {"name": "late", "namespace": "ending"}}
    server.inside(server.store.create, kinds.CONFIG_MAPS, late)
    until(lambda: server.ask("GET", "/api/v1/namespaces/ending/configmaps/late").status == 404)


def test_deleting_it_again_changes_nothing(server, ending):
    again = server.ask("DELETE", "/api/v1/namespaces/ending")
    assert again.json["metadata"]["deletionTimestamp"] == ending["metadata"]["deletionTimestamp"]


def test_an_update_does_not_take_its_finalizer_off(server, ending):
    server.patch("/api/v1/namespaces/ending", {"spec": {"finalizers": None}})
    assert server.ask("GET", "/api/v1/namespaces/ending").json["spec"] == {"finalizers": ["kubernetes"]}


def test_finalizing_it_lets_it_go_whatever_it_holds(server):
    path = "/api/v1/namespaces/forced"
    server.ask("POST", "/api/v1/namespaces", {"metadata": {"name": "forced"}})
    hold(server, "forced")
    server.ask("DELETE", path)
    body = server.ask("GET", path).json
    assert server.ask("PUT", f"{path}/finalize", {**body, "spec": {"finalizers": 1}}).status == 400
    assert server.ask("PUT", f"{path}/finalize", {**body, "spec": {}}).status == 200
    assert server.ask("GET", path).status == 404


def test_a_dry_run_leaves_it_as_it_is(server):
    server.ask("POST", "/api/v1/namespaces", {"metadata": {"name": "dry"}})
    server.ask("DELETE", "/api/v1/namespaces/dry?dryRun=All")
    assert server.ask("GET", "/api/v1/namespaces/dry").json["status"] == {"phase": "Active"}


def test_a_namespace_that_was_ending_when_the_mesh_stopped_ends_after_the_next_start(tmp_path):
    with running(tmp_path / "db") as server:
        server.ask("POST", "/api/v1/namespaces", {"metadata": {"name": "left"}})
        hold(server, "left")
        server.ask("DELETE", "/api/v1/namespaces/left")
    with running(tmp_path / "db") as server:
        assert server.ask("GET", "/api/v1/namespaces/left").json["status"]["phase"] == "Terminating"
        server.patch("/api/v1/namespaces/left/configmaps/held", {"metadata": {"finalizers": None}})
        until(lambda: server.ask("GET", "/api/v1/namespaces/left").status == 404)
