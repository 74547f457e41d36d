"""Which clusters there are, by name, and how tests put others in their place."""

import time

import pytest

from cluster import connection, errors, kinds
from cluster.connection import UnknownClusterError
from cluster.fake import FakeCluster
from cluster.identity import Identity
from meshui import env
from tests.cluster.kubeconfigs import kubeconfig
from tests.cluster.scripted import NAMESPACES, NOTHING


@pytest.fixture(autouse=True)
def nothing_made(monkeypatch):
    """No connection of another test is used."""
    monkeypatch.setattr(connection, "_made", {})


@pytest.fixture
def configured(settings):
    def configure(*clusters, **more):
        settings.CLUSTERS = [env.Cluster(*each) for each in clusters]
        for name, value in more.items():
            setattr(settings, f"CLUSTER_{name.upper()}", value)

    return configure


def test_clusters_are_known_by_name_and_the_first_is_the_default(configured, tmp_path, url, script):
    script.answers["GET", NAMESPACES] = (200, NOTHING)
    for name in ("east", "west"):
        kubeconfig(tmp_path / name, url, {"token": f"token-{name}"})
    configured(("east", str(tmp_path / "east"), ""), ("west", str(tmp_path / "west"), "it"))
    assert connection.names() == ("east", "west")
    assert connection.get() is connection.get("east")
    for name in ("west", "east"):
        there = connection.get(name)
        assert there.name == name
        there.cluster.list(kinds.NAMESPACE)
        assert script.asked[-1].token == f"Bearer token-{name}"


def test_a_name_that_is_not_configured_is_unknown(configured):
    configured(("east", "/no/such", ""))
    for name in ("west", "../east", "EAST"):
        with pytest.raises(UnknownClusterError):
            connection.get(name)
    with connection.override(FakeCluster()), pytest.raises(UnknownClusterError):
        connection.get("east")


def test_a_cluster_that_cannot_be_read_is_told_by_its_calls_and_keeps_nothing_else_from_working(
    configured, tmp_path, url, script
):
    script.answers["GET", NAMESPACES] = (200, NOTHING)
    kubeconfig(tmp_path / "west", url, {"token": "t"})
    configured(("east", str(tmp_path / "none"), ""), ("west", str(tmp_path / "west"), ""))
    with pytest.raises(errors.Unavailable, match="there is no such file"):
        connection.get("east").cluster.list(kinds.NAMESPACE)
    assert connection.get("west").cluster.list(kinds.NAMESPACE).items == ()


def test_starting_with_a_cluster_that_is_away_raises_nothing_and_its_cache_says_so(configured, tmp_path):
    configured(("east", str(tmp_path / "none"), ""))
    connection.start()
    try:
        cache = connection.get().cache
        assert cache.running
        while not (known := cache.read(kinds.SERVICE)).problem:
            time.sleep(0.01)
        assert known.items == ()
    finally:
        connection.stop()
    assert not cache.running


def test_the_console_looks_only_where_it_may(configured):
    east = FakeCluster()
    for place in ("red", "blue"):
        east.put({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s", "namespace": place}})
    configured(("east", "", ""), namespaces=["red"])
    with connection.override(east):
        found = connection.get().cache.read(kinds.SERVICE).items
    assert [item.metadata.namespace for item in found] == ["red"]


@pytest.mark.parametrize("mode", ["impersonate", "review"])
def test_a_person_acts_in_the_configured_mode(configured, mode):
    asked = []

    def rights(identity, ask):
        asked.append((identity, ask.verb))
        return True

    configured(("east", "", ""), access=mode)
    olga = Identity("olga", ("dev",))
    with connection.override(FakeCluster(rights=rights)) as fake:
        there = connection.get()
        assert there.mode == mode
        person = there.acting(olga)
        person.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "x"}})
        assert ("create", "Namespace x", False) in fake.calls
    assert (olga, "create") in asked
    # The review mode asks for olga and then writes with the console's own rights.
    assert ((None, "create") in asked) == (mode == "review")


def test_tests_put_one_or_several_clusters_in_their_place_and_take_them_away_again(configured):
    configured(("east", "", ""))
    one, other = FakeCluster(), FakeCluster()
    with connection.override(one) as default:
        assert default is one
        assert connection.names() == ("default",)
        with connection.override(west=one, east=other) as first:
            assert first is one
            assert connection.names() == ("west", "east")
            assert connection.get("east").cluster is other
            assert not connection.get("east").cache.running
        assert connection.get().cluster is one
    assert connection.names() == ("east",)


def test_a_cache_that_a_test_has_started_ends_with_the_test():
    with connection.override(FakeCluster()):
        cache = connection.get().cache
        connection.start()
        assert cache.running
    assert not cache.running


def clusters(monkeypatch, text="", kubeconfig="", context=""):
    for name, value in (("MESHUI_CLUSTERS", text), ("KUBECONFIG", kubeconfig), ("MESHUI_CONTEXT", context)):
        monkeypatch.setenv(name, value)
    return [tuple(cluster) for cluster in env.clusters("MESHUI_CLUSTERS", "MESHUI_CONTEXT")]


def test_without_a_list_there_is_one_cluster_from_the_environment(monkeypatch):
    assert clusters(monkeypatch) == [("default", "", "")]
    assert clusters(monkeypatch, kubeconfig="/a:/b", context="prod") == [("default", "/a:/b", "prod")]


def test_a_list_names_a_kubeconfig_a_context_or_the_pod(monkeypatch):
    text = "east=/etc/east.yaml, west=~/k#admin@west ,north=#n,here=in-cluster,"
    assert clusters(monkeypatch, text, kubeconfig="/k") == [
        ("east", "/etc/east.yaml", ""), ("west", "~/k", "admin@west"), ("north", "/k", "n"), ("here", "", ""),
    ]  # fmt: skip


WRONG = {
    "no name": (
        {"text": "/etc/kubeconfig"},
        "MESHUI_CLUSTERS has '/etc/kubeconfig'; it must be name=kubeconfig",
    ),
    "a name for no address": ({"text": "East=/k"}, "MESHUI_CLUSTERS has 'East'"),
    "a path for a name": ({"text": "../x=/k"}, "MESHUI_CLUSTERS has '../x'"),
    "an empty name": ({"text": "=/k"}, "MESHUI_CLUSTERS has ''"),
    "twice": ({"text": "a=/k,a=/l"}, "MESHUI_CLUSTERS names 'a' twice"),
    "a pod with a context": ({"text": "a=in-cluster#x"}, "a is in-cluster and has no context 'x'"),
    "no file at all": ({"text": "a=#x"}, "a names no kubeconfig, and KUBECONFIG is not set"),
    "a context besides": (
        {"text": "a=/k", "context": "x"},
        "MESHUI_CONTEXT has no meaning beside MESHUI_CLUSTERS: name the context there",
    ),
    "a context of nothing": ({"context": "x"}, "MESHUI_CONTEXT has no meaning without KUBECONFIG"),
}


@pytest.mark.parametrize(("given", "words"), WRONG.values(), ids=WRONG)
def test_a_list_that_cannot_be_used_stops_the_start_with_the_reason(monkeypatch, given, words):
    with pytest.raises(env.SettingError) as problem:
        clusters(monkeypatch, **given)
    assert words in str(problem.value)


def test_a_word_of_none_of_the_modes_stops_the_start(monkeypatch):
    monkeypatch.setenv("MESHUI_ACCESS", "Review")
    with pytest.raises(env.SettingError, match="MESHUI_ACCESS is 'Review'; it must be impersonate or review"):
        env.choice("MESHUI_ACCESS", "impersonate", "review")
    monkeypatch.setenv("MESHUI_ACCESS", "")
    assert env.choice("MESHUI_ACCESS", "impersonate", "review") == "impersonate"


def test_a_namespace_that_is_none_stops_the_start(monkeypatch):
    monkeypatch.setenv("MESHUI_NAMESPACES", "red, blue")
    assert env.namespaces("MESHUI_NAMESPACES") == ["red", "blue"]
    for wrong in ("Red", "a/b", "..", "a.b", "a" * 64):
        monkeypatch.setenv("MESHUI_NAMESPACES", f"red,{wrong}")
        with pytest.raises(env.SettingError, match="cannot be the name of a namespace"):
            env.namespaces("MESHUI_NAMESPACES")
