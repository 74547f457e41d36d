"""What a reflector does at each turn: what it asks for, what it emits, how long it pauses, what it says."""

import logging

import pytest

from cluster import kinds, objects, reading
from cluster.errors import Expired, Forbidden, NotFound, TooManyRequests, Unavailable
from cluster.reflector import Backoff, Pace
from tests.cluster.watched import (
    Clock,
    Scripted,
    broken,
    greatest,
    names,
    reflecting,
    rule,
    service,
    service_ref,
)


@pytest.fixture
def cluster():
    return Scripted([service("a"), service("b")])


def lists(cluster):
    return [call for call in cluster.calls if call[0] == "list"]


class TestAnEverydayTurn:
    def test_lists_then_watches_from_there(self, cluster):
        reflector, told = reflecting(cluster)
        assert reflector.turn() == 0.0
        assert told == [("ADDED", "a"), ("ADDED", "b")]
        assert cluster.asked == [("3", 43.0, 45.0)]

    def test_goes_on_from_the_last_version_without_a_list(self, cluster):
        reflector, told = reflecting(cluster)
        reflector.turn()
        cluster.put(service("c"))
        cluster.remove(service_ref("a"))
        told.clear()
        assert reflector.turn() == 0.0
        assert told == [("ADDED", "c"), ("DELETED", "a")]
        reflector.turn()
        assert [version for version, *_ in cluster.asked] == ["3", "3", "5"]
        assert len(lists(cluster)) == 1

    def test_goes_on_from_a_bookmark(self, cluster):
        reflector, _ = reflecting(cluster)
        reflector.turn()
        cluster.put(service("elsewhere", "other"))
        cluster.put(rule("of-another-kind"))
        reflector.turn()
        cluster.forget()
        assert reflector.turn() == 0.0
        assert reflector.lists == 1

    def test_asks_for_watches_that_end_before_they_would_count_as_silent(self, cluster):
        pace = Pace(clock=cluster.clock)
        for _ in range(20):
            reflector, _ = reflecting(cluster, pace=pace)
            reflector.turn()
        # With room for the bookmark that comes two seconds before the end.
        assert all(30 <= seconds <= silence - 2 < 60 for _, seconds, silence in cluster.asked)
        assert len({seconds for _, seconds, _ in cluster.asked}) > 1

    def test_reads_page_by_page(self):
        cluster = Scripted([service(f"s-{number}") for number in range(1203)])
        reflector, _ = reflecting(cluster)
        reflector.turn()
        assert len(names(reflector)) == 1203

    def test_of_one_namespace_sees_only_that(self, cluster):
        cluster.put(service("c", "other"))
        reflector, told = reflecting(cluster, namespace="other")
        reflector.turn()
        cluster.put(service("d"))
        cluster.put(service("e", "other"))
        reflector.turn()
        assert told == [("ADDED", "c"), ("ADDED", "e")]


class TestWhenTheMomentHasExpired:
    def test_it_lists_anew_and_emits_the_difference(self, cluster):
        reflector, told = reflecting(cluster)
        reflector.turn()
        cluster.edit(service_ref("b"), lambda it: it["spec"].update(type="NodePort"))
        cluster.remove(service_ref("a"))
        cluster.put(service("c"))
        cluster.forget()
        told.clear()
        assert reflector.turn() == 0.0
        reflector.turn()
        assert told == [("MODIFIED", "b"), ("ADDED", "c"), ("DELETED", "a")]

    def test_once_is_no_problem(self, cluster):
        reflector, _ = reflecting(cluster)
        reflector.turn()
        cluster.put(service("c"))
        cluster.forget()
        reflector.turn()
        assert reflector.error is None
        assert reflector.age == 0.0

    def test_in_the_stream_it_lists_anew(self, cluster):
        reflector, _ = reflecting(cluster)
        cluster.ends = [Expired("too old")]
        assert reflector.turn() == 0.0
        assert reflector.turn() == 0.0
        assert reflector.lists == 2

    def test_again_and_again_it_slows_down(self, cluster):
        reflector, _ = reflecting(cluster)
        cluster.ends = [Expired("too old")] * 8
        assert [reflector.turn() for _ in range(8)] == [0.0, 1.6, 3.2, 6.4, 12.8, 25.6, 30.0, 30.0]
        assert isinstance(reflector.error, Expired)

    def test_between_two_pages_it_begins_anew(self, cluster):
        for number in range(600):
            cluster.put(service(f"s-{number}"))
        reflector, _ = reflecting(cluster)
        cluster.fail_next("list", Expired("continue token too old"), skip=1)
        assert reflector.turn() == 0.0
        assert len(names(reflector)) == 602

    def test_between_two_pages_for_ever_what_is_known_stays_whole(self, cluster):
        reflector, told = reflecting(cluster)
        reflector.turn()
        for number in range(600):
            cluster.put(service(f"s-{number}"))
        cluster.forget()
        for _ in range(3):
            cluster.fail_next("list", Expired("continue token too old"), skip=1)
        told.clear()
        reflector.turn()
        assert reflector.turn() == 1.6
        assert (told, names(reflector)) == ([], ["a", "b"])
        reflector.turn()
        assert len(names(reflector)) == 602


class TestPauses:
    def test_double_up_to_half_a_minute_and_are_jittered(self):
        drawn = []
        pace = Pace(clock=Clock(), uniform=lambda least, most: drawn.append((least, most)) or least)
        backoff = Backoff(pace)
        pauses = [backoff.next() for _ in range(8)]
        assert pauses == [0.8, 1.6, 3.2, 6.4, 12.8, 15.0, 15.0, 15.0]
        assert drawn[-1] == (15.0, 30.0)

    def test_begin_anew_after_two_healthy_minutes(self):
        clock = Clock()
        backoff = Backoff(Pace(clock=clock, uniform=greatest))
        assert [backoff.next(), backoff.next()] == [1.6, 3.2]
        clock.pass_(3.2 + 119)
        assert backoff.next() == 6.4
        clock.pass_(6.4 + 120)
        assert backoff.next() == 1.6

    def test_keep_a_server_that_is_away_from_being_flooded(self, cluster):
        reflector, _ = reflecting(cluster)
        for _ in range(5):
            cluster.fail_next("list", broken())
        assert [reflector.turn() for _ in range(5)] == [1.6, 3.2, 6.4, 12.8, 25.6]
        assert cluster.asked == []

    def test_keep_a_watch_that_ends_at_once_from_spinning(self, cluster):
        reflector, _ = reflecting(cluster)
        cluster.ends = [0.0] * 4
        assert [reflector.turn() for _ in range(4)] == [1.6, 3.2, 6.4, 12.8]

    def test_are_never_shorter_than_the_server_asks_for(self, cluster):
        reflector, _ = reflecting(cluster)
        cluster.fail_next("list", TooManyRequests("slow down", retry_after=17.0))
        assert reflector.turn() == 17.0
        cluster.fail_next("list", TooManyRequests("slow down", retry_after=1.0))
        assert reflector.turn() == 3.2

    def test_between_two_pages_cost_no_page_that_was_read(self):
        cluster = Scripted([service(f"s-{number}") for number in range(1203)])
        waits = []

        def busy(seconds):
            waits.append(seconds)
            return False

        for _ in range(2):
            cluster.fail_next("list", TooManyRequests("slow down", retry_after=2.0), skip=1)
        listed = reading.everything(cluster, kinds.SERVICE, objects.Service, limit=500, pause=busy)
        assert len(listed.items) == 1203
        assert waits == [2.0, 2.0]

    def test_are_not_made_after_a_quiet_watch(self, cluster):
        reflector, _ = reflecting(cluster)

        def silence(events):
            cluster.clock.pass_(45.0)
            cluster.ends = [Unavailable("Its API server did not answer in time.")]
            return events[:0]

        cluster.between = silence
        assert [reflector.turn() for _ in range(5)] == [0.0] * 5
        assert (reflector.error, reflector.age, reflector.lists) == (None, 0.0, 1)


class TestATroubledWatch:
    def test_that_is_cut_goes_on_from_the_last_version(self, cluster):
        reflector, told = reflecting(cluster)
        cluster.ends = [broken()]
        assert reflector.turn() == 1.6
        cluster.put(service("c"))
        assert reflector.turn() == 0.0
        assert told[-1] == ("ADDED", "c")
        assert reflector.lists == 1

    def test_is_given_up_for_a_list_when_it_cannot_get_past_a_moment(self, cluster):
        reflector, _ = reflecting(cluster)
        cluster.ends = [broken()] * 3
        for _ in range(4):
            reflector.turn()
        assert reflector.lists == 2

    @pytest.mark.parametrize(
        "error", [broken(), TooManyRequests("slow down"), Unavailable("starting", status=503)], ids=repr
    )
    def test_is_not_given_up_while_no_server_answers_or_one_asks_for_patience(self, cluster, error):
        reflector, _ = reflecting(cluster)
        reflector.turn()
        for _ in range(6):
            cluster.fail_next("watch", error)
            reflector.turn()
        assert reflector.turn() == 0.0
        assert reflector.lists == 1

    @pytest.mark.parametrize("times", [2, 3])
    def test_that_brings_events_twice_or_late_ends_as_a_list_would(self, cluster, times):
        reflector, _ = reflecting(cluster)
        reflector.turn()
        cluster.put(service("c"))
        cluster.edit(service_ref("b"), lambda it: it["spec"].update(type="NodePort"))
        cluster.remove(service_ref("c"))
        cluster.between = lambda events: [*events[:-1], *events[-2::-1] * times]
        reflector.turn()
        assert names(reflector) == ["a", "b"]
        assert [item.metadata.resource_version for item in reflector.store.read()] == [
            item["metadata"]["resourceVersion"] for item in cluster.list(kinds.SERVICE).items
        ]

    def test_never_kills_its_thread(self, cluster, caplog):
        reflector, _ = reflecting(cluster)
        cluster.ends = [ZeroDivisionError("nobody foresaw this")] * 2
        with caplog.at_level(logging.WARNING, "cluster.reflector"):
            assert [reflector.turn(), reflector.turn()] == [1.6, 3.2]
        assert "ZeroDivisionError" in reflector.error.message
        assert len(caplog.records) == 1
        assert caplog.records[0].exc_info
        assert reflector.turn() == 0.0


class TestARefusal:
    def test_is_asked_about_at_a_slow_beat_until_the_right_is_granted(self, cluster):
        cluster.rights = lambda _identity, ask: ask.kind is not kinds.SERVICE
        reflector, _ = reflecting(cluster)
        assert [reflector.turn(), reflector.turn()] == [33.0, 33.0]
        assert isinstance(reflector.error, Forbidden)
        assert reflector.age is None
        cluster.rights = None
        assert reflector.turn() == 0.0
        assert names(reflector) == ["a", "b"]
        assert reflector.error is None

    def test_of_the_watch_alone_leaves_a_list_at_each_beat(self, cluster):
        cluster.rights = lambda _identity, ask: ask.verb != "watch"
        reflector, _ = reflecting(cluster)
        reflector.turn()
        cluster.put(service("c"))
        assert reflector.turn() == 33.0
        assert names(reflector) == ["a", "b", "c"]
        assert isinstance(reflector.error, Forbidden)

    def test_that_comes_later_leaves_what_is_known_with_its_age(self, cluster):
        reflector, _ = reflecting(cluster)
        reflector.turn()
        cluster.rights = lambda _identity, ask: ask.kind is not kinds.SERVICE
        reflector.turn()
        cluster.clock.pass_(33.0)
        reflector.turn()
        assert names(reflector) == ["a", "b"]
        assert reflector.age == 93.0


class TestAKindThatIsNotServed:
    def test_appears_once_its_definition_is_installed(self):
        cluster = Scripted([rule("r")])
        cluster.unserved.add(kinds.VIRTUAL_SERVICE)
        reflector, told = reflecting(cluster, kinds.VIRTUAL_SERVICE)
        assert [reflector.turn(), reflector.turn()] == [33.0, 33.0]
        assert (reflector.absent, reflector.age, told) == (True, 0.0, [])
        cluster.unserved.clear()
        assert reflector.turn() == 0.0
        assert (reflector.absent, told) == (False, [("ADDED", "r")])

    def test_empties_when_it_vanishes(self):
        cluster = Scripted([rule("r")])
        reflector, told = reflecting(cluster, kinds.VIRTUAL_SERVICE)
        reflector.turn()
        cluster.unserved.add(kinds.VIRTUAL_SERVICE)
        assert reflector.turn() == 1.6
        assert names(reflector) == ["r"]
        assert reflector.turn() == 33.0
        assert names(reflector) == []
        assert told[-1] == ("DELETED", "r")
        assert isinstance(reflector.error, NotFound)


class TestTheAge:
    def test_is_unknown_before_the_first_list(self, cluster):
        assert reflecting(cluster)[0].age is None

    def test_is_nothing_while_the_watch_is_open(self, cluster):
        reflector, _ = reflecting(cluster)
        ages = []
        cluster.between = lambda events: ages.append(reflector.age) or events
        reflector.turn()
        assert ages == [0.0]

    def test_is_the_time_since_the_server_last_spoke(self, cluster):
        reflector, _ = reflecting(cluster)
        reflector.turn()
        cluster.fail_next("watch", broken())
        reflector.turn()
        assert reflector.age == 60.0
        cluster.clock.pass_(5.0)
        assert reflector.age == 65.0

    def test_grows_when_taking_up_a_watch_hangs(self, cluster):
        reflector, _ = reflecting(cluster)
        reflector.turn()
        cluster.clock.pass_(1.9)
        assert reflector.age == 0.0
        cluster.clock.pass_(0.1)
        assert reflector.age == 62.0


class TestTheLog:
    def test_has_a_line_for_each_change_of_state_and_none_for_each_attempt(self, cluster, caplog):
        reflector, _ = reflecting(cluster)
        for _ in range(4):
            cluster.fail_next("list", broken())
        with caplog.at_level(logging.INFO, "cluster.reflector"):
            for _ in range(7):
                reflector.turn()
        assert [record.getMessage() for record in caplog.records] == [
            f"services in all namespaces: {broken().message}",
            "services in all namespaces: up to date again",
        ]

    def test_does_not_call_a_watch_good_that_ends_at_once(self, cluster, caplog):
        reflector, _ = reflecting(cluster)
        cluster.ends = [0.0, 0.0, 0.0]
        with caplog.at_level(logging.INFO, "cluster.reflector"):
            for _ in range(3):
                reflector.turn()
        assert len(caplog.records) == 1


def test_a_relist_that_was_asked_for_happens_at_the_next_turn(cluster):
    reflector, told = reflecting(cluster)
    reflector.turn()
    told.clear()
    reflector.relist()
    assert reflector.turn() == 0.0
    assert (reflector.lists, told) == (2, [])


def test_a_stopped_one_watches_no_more(cluster):
    reflector, _ = reflecting(cluster)
    cluster.between = lambda _events: pytest.fail("it reads on")
    reflector.stop()
    reflector.turn()
    reflector.run()
