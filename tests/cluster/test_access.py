"""What one identity may do: asked of the cluster, remembered for seconds, and no where there is no answer."""

import threading

import pytest

from cluster import kinds
from cluster.access import Access, NoAccess
from cluster.errors import ClusterError, Forbidden, TooManyRequests, Unavailable
from cluster.fake import FakeCluster
from cluster.identity import Ask, Identity

JANE = Identity("jane", ("dev",))
ASK = Ask("list", kinds.SERVICE, "shop")


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


class Asked(FakeCluster):
    """Counts the questions; answers what `allowed` says, or raises `error`."""

    def __init__(self):
        super().__init__()
        self.asked = []
        self.allowed = set()
        self.error = None

    def may(self, ask, identity=None):
        self.asked.append((identity or self._identity, ask))
        if self.error:
            raise self.error
        return ask in self.allowed

    def acting_as(self, identity):
        other = super().acting_as(identity)
        other.impersonated = True
        return other


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def cluster():
    cluster = Asked()
    cluster.allowed.add(ASK)
    return cluster


@pytest.fixture
def access(cluster, clock):
    return Access(cluster, JANE, "review", clock=clock)


def test_by_review_the_console_s_account_asks_about_the_person(cluster, access):
    assert access.may(ASK)
    assert cluster.asked == [(JANE, ASK)]
    assert access.cluster is cluster
    assert access.asks_first


def test_by_impersonation_the_person_is_asked_himself(cluster, clock):
    access = Access(cluster, JANE, "impersonate", clock=clock)
    assert access.may(ASK)
    assert cluster.asked == [(JANE, ASK)]
    assert access.cluster.impersonated
    assert not access.asks_first


@pytest.mark.parametrize("mode", ["impersonate", "review"])
def test_the_console_s_own_account_asks_for_itself(cluster, clock, mode):
    access = Access(cluster, None, mode, clock=clock)
    assert access.may(ASK)
    assert cluster.asked == [(None, ASK)]
    assert access.cluster is cluster
    assert not access.asks_first


@pytest.mark.parametrize("allowed", [True, False])
def test_an_answer_is_kept_for_fifteen_seconds_be_it_yes_or_no(cluster, access, clock, allowed):
    ask = ASK if allowed else Ask("delete", kinds.SERVICE, "shop")
    clock.now, answers = 1000.0, [access.may(ask)]
    clock.now, answers = 1014.9, [*answers, access.may(ask)]
    assert (answers, len(cluster.asked)) == ([allowed] * 2, 1)
    clock.now = 1015.0
    cluster.allowed ^= {ask}
    assert access.may(ask) is not allowed
    assert len(cluster.asked) == 2


def test_at_the_moment_of_a_write_memory_does_not_count_and_learns(cluster, access):
    assert access.may(ASK)
    cluster.allowed.clear()
    assert access.may(ASK)
    assert not access.may_now(ASK)
    assert not access.may(ASK)


@pytest.mark.parametrize("error", [Unavailable("gone"), Forbidden("who are you"), TooManyRequests("later")])
def test_no_answer_is_a_no(cluster, access, error):
    cluster.error = error
    assert not access.may(ASK)
    assert not access.may_now(ASK)
    assert error.summary in access.problem
    with pytest.raises(ClusterError):
        access.answer(ASK)


def test_why_there_is_no_answer_is_told_whole_to_the_console_s_own_account_only(cluster, clock, caplog):
    cluster.error = Unavailable("kubeconfig /root/.kube/config: no context but prod-admin, vault")
    person, own = Access(cluster, JANE, clock=clock), Access(cluster, None, clock=clock)
    for _ in range(3):
        assert not person.may(ASK)
        clock.now += 2.1
    assert (caplog.text.count("prod-admin"), person.problem) == (1, "")
    for access, told in ((person, False), (own, True)):
        assert not access.may(ASK)
        assert ("prod-admin" in access.problem) is told
        with pytest.raises(Unavailable) as unanswered:
            access.visible_or_raise(["shop"])
        assert ("prod-admin" in str(unanswered.value)) is told


def test_no_answer_is_kept_for_two_seconds_and_for_every_question(cluster, access, clock):
    cluster.error = Unavailable("gone")
    assert not access.may(ASK)
    cluster.error = None
    clock.now += 1.9
    assert not access.may(ASK)
    assert not access.may(Ask("get", kinds.POD, "shop"))
    assert len(cluster.asked) == 1
    clock.now += 0.2
    assert access.may(ASK)
    assert access.problem == ""


def test_an_answer_outlasts_a_question_that_got_none(cluster, access):
    assert access.may(ASK)
    cluster.error = Unavailable("gone")
    assert not access.may(Ask("get", kinds.POD, "shop"))
    assert access.may(ASK)


def test_a_pause_that_the_cluster_asks_for_is_kept(cluster, access, clock):
    cluster.error = TooManyRequests("later", retry_after=9)
    assert not access.may(ASK)
    cluster.error = None
    clock.now += 8.9
    assert not access.may(ASK)
    clock.now += 0.2
    assert access.may(ASK)


def test_who_may_list_services_everywhere_sees_every_namespace(cluster, access):
    cluster.allowed = {Ask("list", kinds.SERVICE)}
    assert access.visible(["shop", "vault"]) is None
    assert len(cluster.asked) == 1


def test_else_the_readable_namespaces_are_asked_for_one_by_one(cluster, access):
    names = [f"ns-{number}" for number in range(40)]
    cluster.allowed = {Ask("list", kinds.SERVICE, name) for name in names[::2]}
    assert access.visible(names) == frozenset(names[::2])
    assert len(cluster.asked) == 41
    assert access.visible(names) == frozenset(names[::2])
    assert len(cluster.asked) == 41


def test_while_the_cluster_is_away_a_thousand_namespaces_cost_a_handful_of_questions(cluster, access):
    cluster.error = Unavailable("timed out")
    assert access.visible(f"ns-{number}" for number in range(1000)) == frozenset()
    assert len(cluster.asked) == 1
    with pytest.raises(Unavailable, match="could not be asked"):
        access.visible_or_raise(["shop"])


def test_a_cluster_that_goes_away_in_the_middle_ends_the_questions(cluster, access):
    def may(ask, identity=None):
        cluster.asked.append(ask)
        if len(cluster.asked) > 100:
            raise Unavailable("timed out")
        return True

    cluster.may = may
    cluster.allowed.clear()
    names = [f"ns-{number}" for number in range(1000)]
    access._keep(Ask("list", kinds.SERVICE), said=False)
    with pytest.raises(Unavailable):
        access.visible_or_raise(names)
    assert len(cluster.asked) < 120


def test_many_threads_that_ask_the_same_share_the_answers(cluster, access):
    names = [f"ns-{number}" for number in range(50)]
    found = []
    threads = [threading.Thread(target=lambda: found.append(access.visible(names))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert found == [frozenset()] * 8
    assert len({ask for _, ask in cluster.asked}) == 51
    assert len(cluster.asked) <= 50 + len(threads)


def test_memory_is_bounded(cluster, access, clock, monkeypatch):
    monkeypatch.setattr("cluster.access.MAX_KEPT", 10)
    for number in range(100):
        access.may(Ask("get", kinds.POD, "shop", f"pod-{number}"))
        clock.now += 0.1
    assert len(access._kept) <= 10


def test_somebody_without_an_identity_may_nothing_and_nobody_is_asked(cluster):
    access = NoAccess(cluster)
    assert not access.may(ASK)
    assert not access.may_now(ASK)
    assert access.visible(["shop"]) == frozenset()
    assert access.visible_or_raise(["shop"]) == frozenset()
    assert "no Kubernetes identity" in access.problem
    assert cluster.asked == []
