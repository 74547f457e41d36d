"""The dialogue with one Envoy, step by step, with a clock of our own."""

import pytest

from localmesh.controlplane.session import Session, Subscription
from localmesh.xds import ProxyConfig

CLUSTERS, LISTENERS = Subscription("clusters"), Subscription("listeners")
ROUTES = Subscription("routes", ("http_proxy",))


def config(*clusters: str, to: str | None = None) -> ProxyConfig:
    """These clusters, and routes to the last of them."""
    route = {"match": {"prefix": "/"}, "route": {"cluster": to or clusters[-1]}}
    hosts = [{"name": "any", "domains": ["*"], "routes": [route]}]
    return ProxyConfig(
        tuple({"name": name} for name in clusters),
        ({"name": "outbound"},),
        ({"name": "http_proxy", "virtual_hosts": hosts},),
    )


class Envoy:
    """An Envoy that accepts what it is told, one poll after the other."""

    def __init__(self, session: Session) -> None:
        self.session, self.now = session, 0.0
        self.has = {CLUSTERS: "", LISTENERS: "", ROUTES: ""}
        self.told = {CLUSTERS: [], LISTENERS: [], ROUTES: []}

    def poll(self, what: Subscription, error: str = "") -> bool:
        """One poll; whether it was answered. The answer counts as accepted only with the next poll."""
        self.session.heard(what, self.has[what], error, self.now)
        answer = self.session.answer(what, self.now)
        if answer is None:
            return False
        self.has[what], self.told[what] = answer.version, list(answer.resources)
        return True

    def catch_up(self) -> None:
        while any([self.poll(CLUSTERS), self.poll(LISTENERS), self.poll(ROUTES)]):
            pass

    @property
    def clusters(self) -> list[str]:
        return [each["name"] for each in self.told[CLUSTERS]]

    @property
    def target(self) -> str:
        return self.told[ROUTES][0]["virtual_hosts"][0]["routes"][0]["route"]["cluster"]


@pytest.fixture
def envoy() -> Envoy:
    made = Envoy(Session("sidecar~1", patience=3.0, linger=30.0))
    made.session.offer(config("a"), 0.0)
    made.catch_up()
    return made


def test_a_proxy_without_a_pod_waits():
    session = Session("sidecar~1")
    session.heard(CLUSTERS, "", "", 0.0)
    assert session.answer(CLUSTERS, 0.0) is None


def test_a_new_proxy_gets_its_clusters_first():
    envoy = Envoy(Session("sidecar~1"))
    envoy.session.offer(config("a"), 0.0)
    assert not envoy.poll(LISTENERS)
    assert envoy.poll(CLUSTERS)
    assert not envoy.poll(LISTENERS), "the clusters are told, and not yet accepted"
    envoy.poll(CLUSTERS)
    assert envoy.poll(LISTENERS)
    assert envoy.poll(ROUTES)


def test_a_proxy_that_has_everything_is_told_nothing(envoy):
    assert not any([envoy.poll(CLUSTERS), envoy.poll(LISTENERS), envoy.poll(ROUTES)])


def test_the_same_configuration_is_no_news(envoy):
    assert envoy.session.offer(config("a"), 0.0) is False


def test_routes_to_a_new_cluster_come_after_it_is_accepted(envoy):
    envoy.session.offer(config("a", "b"), 1.0)
    assert not envoy.poll(ROUTES)
    assert envoy.poll(CLUSTERS)
    assert not envoy.poll(ROUTES)
    envoy.poll(CLUSTERS)
    assert envoy.poll(ROUTES)
    assert envoy.target == "b"


def test_routes_alone_come_at_once(envoy):
    envoy.session.offer(config("a", "b"), 1.0)
    envoy.catch_up()
    envoy.session.offer(config("a", "b", to="a"), 2.0)
    assert envoy.poll(ROUTES)


def test_a_cluster_that_old_routes_use_stays_until_they_are_gone_and_a_while_longer(envoy):
    envoy.session.offer(config("b"), 1.0)
    envoy.poll(CLUSTERS)
    assert envoy.clusters == ["b", "a"]
    envoy.now = 2.0
    envoy.catch_up()
    assert envoy.target == "b"
    assert envoy.session.next_step_at == 32.0
    envoy.now = 31.9
    assert not envoy.poll(CLUSTERS)
    envoy.now = 32.0
    assert envoy.poll(CLUSTERS)
    assert envoy.clusters == ["b"]


def test_a_cluster_that_no_route_uses_goes_at_once(envoy):
    envoy.session.offer(config("x", "a"), 1.0)
    envoy.catch_up()
    envoy.session.offer(config("a"), 2.0)
    assert envoy.poll(CLUSTERS)
    assert envoy.clusters == ["a"]


def test_an_old_cluster_stays_while_the_new_routes_are_refused(envoy):
    envoy.session.offer(config("b"), 1.0)
    envoy.poll(CLUSTERS)
    envoy.poll(CLUSTERS)
    had = envoy.has[ROUTES]
    assert envoy.poll(ROUTES)
    envoy.has[ROUTES] = had
    envoy.poll(ROUTES, error="no")
    envoy.now = 1000.0
    envoy.poll(CLUSTERS)
    assert envoy.clusters == ["b", "a"]


def test_a_cluster_that_comes_back_is_not_dropped(envoy):
    envoy.session.offer(config("b"), 1.0)
    envoy.catch_up()
    envoy.session.offer(config("a", "b"), 2.0)
    envoy.catch_up()
    envoy.now = 1000.0
    envoy.catch_up()
    assert envoy.clusters == ["a", "b"]


def test_routes_go_out_without_their_clusters_when_patience_ends(envoy, caplog):
    envoy.session.offer(config("a", "b"), 1.0)
    envoy.session.heard(CLUSTERS, envoy.has[CLUSTERS], "", 1.0)
    envoy.session.answer(CLUSTERS, 1.0)
    envoy.now = 3.9
    assert not envoy.poll(ROUTES)
    envoy.now = 4.0
    assert envoy.poll(ROUTES)
    assert "has not accepted its clusters within 3.0 s" in caplog.text


def refusing(envoy, times=1):
    """New routes, told to a proxy that does not take them, so many times."""
    envoy.session.offer(config("a", "b"), envoy.now)
    envoy.poll(CLUSTERS)
    envoy.poll(CLUSTERS)
    for _ in range(times):
        had = envoy.has[ROUTES]
        assert envoy.poll(ROUTES)
        envoy.has[ROUTES] = had
        assert not envoy.poll(ROUTES)
        envoy.now = envoy.session.next_step_at
    return had


def routes_state(envoy):
    (state,) = [each for each in envoy.session.describe()["subscriptions"] if each["kind"] == "routes"]
    return state


def test_a_refused_version_is_logged_once_and_told_again_ever_more_seldom(envoy, caplog):
    had = refusing(envoy, times=7)
    assert envoy.now == 1 + 2 + 4 + 8 + 16 + 32 + 32
    assert caplog.text.count("refuses routes") == 1
    state = routes_state(envoy)
    assert "see the proxy's log" in state["error"]
    assert state["accepted"] == had


def test_a_refused_version_is_not_told_again_at_once(envoy):
    refusing(envoy)
    envoy.now -= 0.01
    assert not any(envoy.poll(ROUTES) for _ in range(5))


def test_an_answer_that_was_lost_is_told_again(envoy):
    refusing(envoy)
    envoy.catch_up()
    assert envoy.target == "b"
    assert routes_state(envoy)["error"] is None


def test_a_reason_that_is_given_is_kept(envoy):
    envoy.session.offer(config("c"), 1.0)
    had = envoy.has[CLUSTERS]
    envoy.poll(CLUSTERS)
    envoy.has[CLUSTERS] = had
    envoy.poll(CLUSTERS, error="bad cluster")
    assert "bad cluster" in str(envoy.session.describe())


def test_after_a_refusal_the_next_version_is_told_at_once_and_clears_it(envoy):
    refusing(envoy)
    envoy.now = 0.1
    envoy.session.offer(config("a", "c"), 0.1)
    envoy.catch_up()
    assert envoy.target == "c"
    assert routes_state(envoy)["error"] is None


def test_a_restarted_proxy_begins_anew(envoy):
    fresh = Envoy(envoy.session)
    fresh.now = 5.0
    assert fresh.poll(CLUSTERS)
    assert not fresh.poll(ROUTES)
    fresh.catch_up()
    assert fresh.target == "a"


def test_a_proxy_that_kept_its_configuration_through_our_restart_is_told_nothing(envoy):
    session = Session("sidecar~1")
    session.offer(config("a"), 0.0)
    envoy.session = session
    assert not any([envoy.poll(CLUSTERS), envoy.poll(LISTENERS), envoy.poll(ROUTES)])


def test_routes_that_are_gone_are_answered_with_none_and_not_waited_for(envoy):
    gone = Subscription("routes", ("http.8080",))
    envoy.session.heard(gone, "old", "", 0.0)
    (empty,) = envoy.session.answer(gone, 0.0).resources
    assert empty["virtual_hosts"] == []
    envoy.session.offer(config("b"), 1.0)
    envoy.catch_up()
    assert envoy.session.next_step_at == 30.0


def warming(*addresses: str) -> ProxyConfig:
    """A cluster that asks for its endpoints apart, and routes to it."""
    made = config("a", "warm")
    clusters = ({"name": "a"}, {"name": "warm", "type": "EDS"})
    apart = {"cluster_name": "warm", "endpoints": [{"address": each} for each in addresses]}
    return ProxyConfig(clusters, made.listeners, made.routes, (apart,))


ENDPOINTS = Subscription("endpoints", ("warm",))


def test_routes_wait_for_the_endpoints_of_their_clusters_too(envoy):
    envoy.session.offer(warming("one"), 0.0)
    envoy.catch_up()
    assert envoy.clusters == ["a", "warm"]
    assert envoy.target == "a"
    envoy.has[ENDPOINTS], envoy.told[ENDPOINTS] = "", []
    envoy.poll(ENDPOINTS)
    envoy.catch_up()
    assert envoy.target == "a"
    envoy.poll(ENDPOINTS)
    envoy.catch_up()
    assert envoy.target == "warm"


def test_a_new_endpoint_leaves_its_cluster_as_it_is(envoy):
    envoy.has[ENDPOINTS], envoy.told[ENDPOINTS] = "", []
    envoy.session.offer(warming("one"), 0.0)
    envoy.catch_up()
    envoy.poll(ENDPOINTS)
    version = envoy.has[CLUSTERS]
    envoy.session.offer(warming("one", "two"), 1.0)
    envoy.catch_up()
    assert envoy.poll(ENDPOINTS)
    assert len(envoy.told[ENDPOINTS][0]["endpoints"]) == 2
    assert envoy.has[CLUSTERS] == version


def test_endpoints_of_a_cluster_that_is_gone_are_forgotten(envoy):
    envoy.has[ENDPOINTS], envoy.told[ENDPOINTS] = "", []
    envoy.session.offer(warming("one"), 0.0)
    envoy.catch_up()
    envoy.poll(ENDPOINTS)
    envoy.poll(ENDPOINTS)
    envoy.catch_up()
    envoy.session.offer(config("a"), 1.0)
    envoy.catch_up()
    # Requests on their way still need the cluster, and so its endpoints.
    assert not envoy.poll(ENDPOINTS)
    envoy.now = 40.0
    envoy.session.settle(envoy.now)
    envoy.catch_up()
    assert envoy.clusters == ["a"]
    assert "endpoints" not in [each["kind"] for each in envoy.session.describe()["subscriptions"]]
