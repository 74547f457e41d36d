"""The analysis of a cluster as it stands, for one person."""

import pytest

from cluster import connection, kinds
from cluster.identity import Identity
from cluster.refs import Ref
from routing import live_analysis
from routing.problems import ELSEWHERE
from tests.routing.stage import destination_rule, route, service, virtual_service
from tests.yaml.world import defined


def to_port(number):
    return [{"route": [{"destination": {"host": "reviews", "port": {"number": number}}}]}]


def said(person):
    return [(one.code, one.resource, one.path) for one in live_analysis.findings(person)]


@pytest.fixture
def staged():
    def stage(*manifests, **options):
        return connection.override(defined(*manifests, **options))

    return stage


def test_a_sound_mesh_has_no_finding(staged):
    with staged(virtual_service("reviews", to_port(9080))):
        assert said(connection.get().acting(None)) == []


def test_what_is_projected_in_the_cache_is_seen_as_it_stands(staged):
    with staged(virtual_service("reviews", to_port(9999))):
        (found,) = said(connection.get().acting(None))
    assert found == (
        "IST0101",
        "VirtualService bookinfo/reviews",
        "spec.http[0].route[0].destination.port.number",
    )


def test_a_change_is_seen_at_once(staged):
    with staged(virtual_service("reviews", [{"route": route(("v1", 100))}])) as cluster:
        person = connection.get().acting(None)
        assert [code for code, _, _ in said(person)] == ["IST0101"]
        cluster.put(destination_rule("reviews", ["v1"]))
        assert said(person) == []


def test_findings_on_what_somebody_may_not_read_are_not_there_for_him(staged):
    bank = virtual_service("bank", [{"route": route(("v1", 100), host="vault")}], namespace="bank")
    rights = lambda identity, ask: identity is None or ask.namespace == "bookinfo"  # noqa: E731
    with staged(service("vault", "bank"), bank, virtual_service("reviews", to_port(1)), rights=rights):
        own, ada = (connection.get().acting(who) for who in (None, Identity("ada", ())))
        assert {resource for _, resource, _ in said(own)} == {
            "VirtualService bookinfo/reviews",
            "VirtualService bank/bank",
        }
        assert {resource for _, resource, _ in said(ada)} == {"VirtualService bookinfo/reviews"}


def test_a_finding_that_tells_of_what_somebody_may_not_read_keeps_it_to_itself(staged):
    rivals = [
        virtual_service(name, to_port(9080), namespace, hosts=["reviews.bookinfo.svc.cluster.local"])
        for name, namespace in (("reviews", "bookinfo"), ("secret", "bank"))
    ]
    rights = lambda identity, ask: identity is None or ask.namespace == "bookinfo"  # noqa: E731
    with staged(service("vault", "bank"), *rivals, rights=rights):
        own, ada = (connection.get().acting(who) for who in (None, Identity("ada", ())))
        assert any("secret" in one.message for one in live_analysis.findings(own))
        (found,) = (one for one in live_analysis.findings(ada) if one.code == "IST0109")
        assert found.message == ELSEWHERE
        assert "secret" not in str(live_analysis.findings(ada))


def test_a_text_is_analysed_as_if_it_stood_in_the_cluster(staged):
    with staged(destination_rule("reviews", ["v1"])) as cluster:
        person = connection.get().acting(None)
        wrong = virtual_service("reviews", [{"route": route(("v9", 100))}])
        ((path, problem),) = live_analysis.of_text(person, kinds.VIRTUAL_SERVICE, wrong)
        assert path == ("spec", "http", 0, "route", 0, "destination", "subset")
        assert (problem.code, problem.level) == ("IST0101", "error")
        assert said(person) == []
        assert not any(verb in ("create", "replace") for verb, _, _ in cluster.calls)


def test_the_count_waits_for_nothing_and_follows_a_running_cache(staged):
    with staged(virtual_service("reviews", to_port(9999))) as cluster:
        there = connection.get()
        there.cache.start()
        assert there.cache.wait_until_settled(10)
        person = there.acting(None)
        live_analysis.findings(person)
        assert live_analysis.count(person) == 1
        revision = there.cache.revision(kinds.VIRTUAL_SERVICE)
        cluster.remove(Ref(kinds.VIRTUAL_SERVICE, "bookinfo", "reviews"))
        there.cache.wait(kinds.VIRTUAL_SERVICE, revision, 10)
        live_analysis.findings(person)
        assert live_analysis.count(person) == 0
