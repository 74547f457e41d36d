"""The Lease: held by one console at a time, by what each sees on its own clock; on two API servers, too."""

import pytest

from cluster import kinds
from cluster.errors import Unavailable
from cluster.fake import FakeCluster
from cluster.refs import Ref
from routing.models import Leadership
from routing.rolling import running
from routing.rolling.leader.leading import PATIENCE, Leading
from routing.rolling.leader.lease import EVERY, NAME, SECONDS, Lease
from tests.cluster.servers import localmesh_cluster
from tests.routing.rolling.test_leading import Clock

REF = Ref(kinds.LEASE, "meshui", NAME)
NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "meshui"}}


@pytest.fixture
def api():
    return FakeCluster([NAMESPACE])


def lease(api, holder, clock, **more):
    def wall():
        return 1e9 + clock()

    return Lease(
        lambda: api, "meshui", holder, monotonic=clock, wall=wall, start=lambda job: job(), **more
    )  # fmt: skip


def spec(api):
    return api.get(REF)["spec"]


def test_the_first_one_makes_it_and_renews_it(api):
    clock = Clock()
    mine = lease(api, "one", clock)
    assert not mine.held
    mine.tend()
    assert mine.held
    assert (spec(api)["holderIdentity"], spec(api)["leaseTransitions"]) == ("one", 0)
    assert spec(api)["renewTime"] == "2001-09-09T01:46:40.000000Z"
    before = len(api.calls)
    clock.now += EVERY / 2
    mine.tend()
    assert len(api.calls) == before
    clock.now += EVERY
    mine.tend()
    assert [verb for verb, _, _ in api.calls[before:]] == ["replace"]
    assert mine.held


def test_another_one_waits_until_it_has_seen_no_change_for_the_duration(api):
    mine, theirs = Clock(), Clock(9e6)
    first, second = lease(api, "one", mine), lease(api, "two", theirs)
    first.tend()
    second.tend()
    assert (second.held, second.others) == (False, True)
    assert "one" in second.problem
    for _ in range(20):
        theirs.now += SECONDS - 1
        mine.now += EVERY
        first.tend()
        second.tend()
        assert not second.held
    # The first one falls silent; by its own clock it stops no later than the other takes over by his.
    theirs.now += SECONDS
    second.tend()
    assert (second.held, second.others) == (True, False)
    assert spec(api)["leaseTransitions"] == 1
    mine.now += EVERY
    first.tend()
    assert (first.held, first.others) == (False, True)


def test_what_was_not_renewed_in_time_is_not_held_whoever_answers(api):
    clock = Clock()
    mine = lease(api, "one", clock)
    mine.tend()
    for _ in range(4):
        clock.now += 4
        api.fail_next("replace", Unavailable("gone"))
        mine.tend()
    assert not mine.held
    assert "cannot be renewed" in mine.problem
    # The answer was lost, but it was written.
    clock.now += 4
    api.fail_next("replace", Unavailable("gone"), after=True)
    mine.tend()
    assert not mine.held
    clock.now += 4
    mine.tend()
    assert mine.held
    assert mine.problem == ""


def test_who_leaves_it_is_followed_at_once(api):
    clock = Clock()
    first, second = lease(api, "one", clock), lease(api, "two", clock)
    first.tend()
    first.leave()
    assert not first.held
    second.tend()
    assert second.held
    first.leave()
    assert spec(api)["holderIdentity"] == "two"


def test_of_a_process_that_ended_here_it_is_taken_at_once(api):
    clock = Clock()
    lease(api, "dead", clock).tend()
    second = lease(api, "two", clock, is_gone=lambda holder: holder == "dead")
    second.tend()
    assert second.held


@pytest.mark.django_db
class TestWithTheRow:
    """The row of the database and the Lease together."""

    def leading(self, api, name, clock):
        return Leading(name, lease=lease(api, name, clock), monotonic=clock, is_gone=lambda _: False)

    def test_who_leads_has_both(self, api):
        clock = Clock()
        leader = self.leading(api, "one", clock)
        assert leader.renew()
        assert (leader.acts, leader.goes_forward, leader.lacks) == (True, True, "")

    def test_where_another_console_has_it_nothing_is_done(self, api):
        clock = Clock()
        lease(api, "elsewhere", clock).tend()
        leader = self.leading(api, "one", clock)
        assert leader.renew()
        assert (leader.acts, leader.goes_forward) == (False, False)
        assert "elsewhere" in leader.lacks
        clock.now += SECONDS
        leader.renew()
        assert leader.goes_forward

    def test_while_the_api_is_away_only_the_way_back_is_open(self, api):
        clock = Clock()
        leader = self.leading(api, "one", clock)
        leader.renew()
        while clock.now <= SECONDS:
            assert leader.goes_forward
            clock.now += EVERY
            api.fail_next("replace", Unavailable("gone"))
            leader.renew()
        assert (leader.acts, leader.goes_forward) == (True, False)
        assert "cannot be renewed" in leader.lacks
        clock.now += EVERY
        leader.renew()
        assert leader.goes_forward

    def test_who_begins_without_it_waits_a_while_and_lets_others_try_then(self, api):
        clock = Clock()
        leader, other = self.leading(api, "one", clock), Leading("two", monotonic=clock)
        api.fail_next("get", Unavailable("gone"))
        leader.renew()
        assert not leader.acts
        while clock.now < 5:
            clock.now += EVERY
            api.fail_next("get", Unavailable("gone"))
            leader.renew()
        assert (leader.acts, leader.goes_forward) == (True, False)
        while clock.now < PATIENCE:
            clock.now += EVERY
            api.fail_next("get", Unavailable("gone"))
            leader.renew()
        assert not leader.acts
        assert other.renew()
        assert Leadership.objects.get().holder == "two"


def contract(api):
    """What is asked of an API server."""
    clock = Clock()
    first, second = lease(api, "host a 1", clock), lease(api, "host b 2", clock)
    first.tend()
    second.tend()
    assert (first.held, second.held) == (True, False), first.problem
    clock.now += EVERY
    first.tend()
    assert first.held, first.problem
    first.leave()
    second.tend()
    clock.now += EVERY
    second.tend()
    assert second.held, second.problem
    second.leave()


def test_localmesh_knows_it():
    with localmesh_cluster() as api:
        api.create(NAMESPACE)
        contract(api)


def test_a_real_api_server_knows_it_and_our_role_suffices(kube_apiserver, tmp_path):
    from cluster.kube import KubeCluster
    from tests.clusters import access

    access.apply(kube_apiserver, "rbac.yaml")
    contract(KubeCluster.connect(access.kubeconfig(kube_apiserver, tmp_path / "kubeconfig")))


def test_in_a_pod_the_namespace_is_its_own_unless_the_settings_name_another(settings, tmp_path):
    from meshui.env import Cluster

    file = tmp_path / "namespace"
    file.write_text("console\n")
    settings.ROLLOUTS_LEASE_NAMESPACE = ""
    settings.CLUSTERS = [Cluster("west", "/kubeconfig", ""), Cluster("here", "", "")]
    assert running.lease("me", file).ref.namespace == "console"
    assert running.lease("me", tmp_path / "none") is None
    settings.CLUSTERS = [Cluster("west", "/kubeconfig", "")]
    assert running.lease("me", file) is None
    settings.ROLLOUTS_LEASE_NAMESPACE = "other"
    assert running.lease("me", file).ref.namespace == "other"
    settings.ROLLOUTS_LEASE_NAMESPACE = None
    settings.CLUSTERS = [Cluster("here", "", "")]
    assert running.lease("me", file) is None
