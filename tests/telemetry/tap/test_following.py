"""Logs that are followed: one for all who look at the same, bounded, and opened again when they end."""

import threading
import time
from functools import partial

import pytest

from cluster.errors import Forbidden, Unavailable
from cluster.fake import FakeCluster
from telemetry.tap import following
from telemetry.tap.following import (
    ENDED,
    MAX_KEPT,
    MAX_PARSED_PER_SECOND,
    RECENT,
    Counts,
    Follower,
    Followers,
)
from tests.telemetry.tap.samples import line, pod

PLACE = ("bookinfo", "reviews-1", "istio-proxy")


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    monkeypatch.setattr(following, "FIRST_PAUSE_SECONDS", 0.01)


@pytest.fixture
def cluster():
    cluster = FakeCluster([pod("reviews-1", "10.0.0.5")])
    cluster.write_log(*PLACE)
    return cluster


def opened(cluster, tail):
    return cluster.log(*PLACE, tail_lines=tail, silence=30.0)


@pytest.fixture
def follower(cluster):
    found = Follower(partial(opened, cluster))
    found.start()
    yield found
    found.close()
    assert found.join(5)


def write(cluster, *lines):
    cluster.write_log(*PLACE, *(each + b"\n" for each in lines))


def until(happened, seconds=10):
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


def paths(news):
    return [each.path for each in news.lines]


def test_requests_are_kept_and_the_rest_is_counted(cluster, follower):
    start = follower.start_of_news()
    write(cluster, line(path="/a"), b"2026 warning", line(method=None), b"x" * 20_000, line(path="/b"))
    until(lambda: follower.since(start, 10).counts.requests == 2)
    news = follower.since(start, 10)
    assert paths(news) == ["/a", "/b"]
    assert news.counts == Counts(requests=2, connections=1, unread=2)
    assert (follower.problem, follower.opened) == ("", True)


def test_what_was_read_is_not_told_again(cluster, follower):
    start = follower.start_of_news()
    write(cluster, line(path="/a"))
    until(lambda: follower.since(start, 10).lines)
    read = follower.since(start, 10).counts
    assert follower.since(read, 10).lines == []
    write(cluster, line(path="/b"))
    until(lambda: follower.since(read, 10).lines)
    assert paths(follower.since(read, 10)) == ["/b"]


def test_who_comes_later_begins_with_the_last_lines(cluster, follower):
    write(cluster, *(line(path=f"/{n}") for n in range(2 * RECENT)))
    until(lambda: follower.start_of_news().requests == RECENT)
    news = follower.since(follower.start_of_news(), 100)
    assert (len(news.lines), news.lost) == (RECENT, 0)


def test_of_many_lines_the_newest_are_told_and_the_others_counted(cluster, follower):
    start = follower.start_of_news()
    number = MAX_KEPT + 200
    write(cluster, *[line(path="/a")] * number)
    until(lambda: follower.since(start, 10).counts.requests == number)
    news = follower.since(start, 10)
    assert (len(news.lines), news.lost) == (10, number - 10)
    everything = follower.since(start, 10 * MAX_KEPT)
    assert (len(everything.lines), everything.lost) == (MAX_KEPT, 200)


def test_more_than_so_many_a_second_are_counted_and_not_read(cluster):
    slow = Follower(partial(opened, cluster), clock=lambda: 5.0)
    start = slow.start_of_news()
    slow.start()
    number = MAX_PARSED_PER_SECOND + 50
    write(cluster, *[line()] * number)
    until(lambda: slow.since(start, 10).counts.requests == number)
    news = slow.since(start, 100)
    assert (news.counts.skimmed, len(news.lines), news.lost) == (50, 100, number - 100)
    slow.close()
    assert slow.join(5)


def test_a_log_that_ends_is_opened_again_without_its_old_lines(cluster, follower):
    write(cluster, line(path="/old"))
    until(lambda: follower.start_of_news() != Counts() or follower._counts.requests)
    cluster.end_log(*PLACE)
    until(lambda: len([call for call in cluster.calls if call[0] == "log"]) >= 2)
    read = follower.since(Counts(), 10).counts
    until(lambda: follower.problem == "")
    write(cluster, line(path="/new"))
    until(lambda: follower.since(read, 10).lines)
    assert paths(follower.since(read, 10)) == ["/new"]


def test_while_a_log_is_away_the_reason_is_told_without_its_details(cluster, monkeypatch):
    monkeypatch.setattr(following, "FIRST_PAUSE_SECONDS", 30.0)
    cluster.fail_next("log", Unavailable("10.0.0.1 does not answer"))
    away = Follower(partial(opened, cluster))
    away.start()
    until(lambda: away.problem)
    assert away.problem == "The cluster does not answer."
    assert not away.opened
    away.close()
    assert away.join(5)


def test_pauses_grow(monkeypatch):
    waits = []

    class Closed(threading.Event):
        def wait(self, timeout=None):
            waits.append(timeout)
            if len(waits) == 5:
                self.set()
            return self.is_set()

    def refused(_tail):
        raise Forbidden("no")

    monkeypatch.setattr(following, "FIRST_PAUSE_SECONDS", 1.0)
    follower = Follower(refused)
    follower._closed = Closed()
    follower._run()
    assert waits == [1.0, 2.0, 4.0, 8.0, 15.0]
    assert follower.problem == "The cluster does not allow this."


def test_what_nobody_foresaw_is_told_and_does_not_end_it(cluster, caplog):
    answers = iter([LookupError("odd")])

    def odd(tail):
        for error in answers:
            raise error
        return opened(cluster, tail)

    follower = Follower(odd)
    follower.start()
    until(lambda: follower.opened)
    follower.close()
    assert follower.join(5)
    assert "A log could not be followed" in caplog.text


def test_who_looks_at_the_same_shares_one_and_the_last_one_ends_it(cluster):
    followers = Followers()
    one = followers.take("reviews", partial(opened, cluster))
    assert followers.take("reviews", partial(opened, cluster)) is one
    until(lambda: one.opened)
    followers.release("reviews")
    assert not one._closed.is_set()
    followers.release("reviews")
    assert one.join(5)
    assert len(followers) == 0
    assert len([call for call in cluster.calls if call[0] == "log"]) == 1


def test_there_are_no_more_of_them_than_the_process_may_have(cluster):
    followers = Followers(limit=1)
    one = followers.take("a", partial(opened, cluster))
    assert followers.take("b", partial(opened, cluster)) is None
    assert followers.take("a", partial(opened, cluster)) is one
    followers.release("a")
    followers.release("a")
    two = followers.take("b", partial(opened, cluster))
    assert two is not None
    followers.release("b")
    assert two.join(5)


def test_closing_before_it_is_open_ends_it(cluster):
    gate = threading.Event()

    def late(tail):
        gate.wait(5)
        return opened(cluster, tail)

    follower = Follower(late)
    follower.start()
    follower.close()
    gate.set()
    assert follower.join(5)


def test_its_end_is_said_so(cluster, monkeypatch):
    monkeypatch.setattr(following, "FIRST_PAUSE_SECONDS", 30.0)
    follower = Follower(partial(opened, cluster))
    follower.start()
    until(lambda: follower.opened)
    cluster.end_log(*PLACE)
    until(lambda: follower.problem)
    assert follower.problem == ENDED
    follower.close()
    assert follower.join(5)
