"""Every fault that can befall a watch, on real servers: what is shown meanwhile, and that it converges."""

import pytest

from cluster import kinds
from cluster.kube import KubeCluster
from tests.faults import kinds as faults
from tests.faults.proxy import FaultProxy
from tests.faults.watching import (
    SERVICES,
    caching,
    converged,
    lists_of,
    localmesh,
    names,
    on_kube_apiserver,
    quick,
    until,
)


@pytest.fixture(params=["localmesh", "kube-apiserver"])
def place(request):
    if request.param == "kube-apiserver":
        yield on_kube_apiserver(request.getfixturevalue("kube_apiserver"))
        return
    with localmesh() as found:
        yield found


@pytest.fixture
def proxy(place):
    with FaultProxy(place.url, place.ca_file) as found:
        yield found


@pytest.fixture
def cluster(place, proxy):
    place.put("a", "b", "c")
    place.put_rule("r")
    return KubeCluster.at(proxy.url, place.token)


def change(place):
    """A bit of everything."""
    place.put("d", "e")
    place.edit("b")
    place.remove("a")
    place.edit("d")
    place.remove("e")
    place.put_rule("s")


def test_without_any_fault_it_follows_each_change(place, cluster):
    with caching(cluster, place.namespace) as cache:
        change(place)
        converged(cache, place)
        assert lists_of(cache) == 1


@pytest.mark.parametrize("in_mid_line", [True, False])
@pytest.mark.parametrize("lines", [0, 1, 3])
def test_a_watch_that_is_cut_goes_on_where_it_was(place, proxy, cluster, lines, in_mid_line):
    fault = proxy.fault(faults.Cut(lines, in_mid_line=in_mid_line), watch=True, path=SERVICES)
    with caching(cluster, place.namespace) as cache:
        change(place)
        fault.wait()
        converged(cache, place)
        assert lists_of(cache) == 1


def test_a_half_open_connection_is_noticed_and_replaced(place, proxy, cluster):
    fault = proxy.fault(faults.Stalls(), watch=True, path=SERVICES)
    with caching(cluster, place.namespace, pace=quick(silence=0.5)) as cache:
        fault.wait()
        change(place)
        converged(cache, place)
        assert lists_of(cache) == 1


def test_a_server_that_falls_silent_makes_the_age_grow(place, proxy, cluster):
    with caching(cluster, place.namespace, pace=quick(silence=0.5)) as cache:
        converged(cache, place)
        proxy.stall()
        known = until(cache, lambda known: known.age_seconds and known.problem)
        assert "does not answer" in known.problem
        assert names(known) == ["a", "b", "c"]
        change(place)
        proxy.flow()
        converged(cache, place)


def test_a_quiet_watch_is_taken_up_again_and_is_no_problem(place, proxy, cluster):
    with caching(cluster, place.namespace, kinds=(kinds.SERVICE,), pace=quick(silence=0.3)) as cache:
        watches = 0
        while watches < 4:
            known = cache.read(kinds.SERVICE)
            assert (known.age_seconds, known.problem) == (0.0, "")
            cache.wait(kinds.SERVICE, cache.revision(kinds.SERVICE), 0.02)
            watches = sum(request.watch for request in proxy.asked)
        assert lists_of(cache) == 1


@pytest.mark.parametrize(
    "fault", [faults.Twice(), faults.Late(1), faults.Late(3)], ids=["twice", "late", "later"]
)
def test_double_and_late_events_change_nothing(place, proxy, cluster, fault):
    proxy.fault(fault, watch=True, times=None)
    with caching(cluster, place.namespace) as cache:
        change(place)
        place.remove("d")
        place.put("d")
        converged(cache, place)
        assert lists_of(cache) == 1


@pytest.mark.parametrize(
    "line",
    [b'{"type":"ADDED","object":{"metadata":{"na', b"{}", b"\x00", b'{"type":"NEWS","object":{}}'],
    ids=["cut short", "without type", "no JSON", "unknown type"],
)
def test_a_line_that_cannot_be_read_costs_a_new_watch(place, proxy, cluster, line):
    fault = proxy.fault(faults.Says(line), watch=True, path=SERVICES)
    with caching(cluster, place.namespace) as cache:
        fault.wait()
        change(place)
        converged(cache, place)


def test_a_list_that_stops_short_is_asked_for_again(place, proxy, cluster):
    fault = proxy.fault(faults.Truncated(200), watch=False, path=SERVICES, times=2)
    with caching(cluster, place.namespace) as cache:
        converged(cache, place)
        assert fault.hits == 2


class TestAnExpiredMoment:
    @pytest.mark.parametrize("fault", [faults.expired(), faults.expires()], ids=["at once", "in the stream"])
    def test_again_and_again_ends_in_a_new_list(self, place, proxy, cluster, fault):
        fault = proxy.fault(fault, watch=True, path=SERVICES, times=5)
        with caching(cluster, place.namespace) as cache:
            change(place)
            fault.wait(5)
            until(cache, lambda _known: lists_of(cache) == 6)
            converged(cache, place)

    def test_emits_what_was_missed_and_shows_either_the_old_or_the_new(self, place, proxy, cluster):
        with caching(cluster, place.namespace, pace=quick(page=2)) as cache:
            converged(cache, place)
            told, seen = [], set()
            proxy.refuse()
            proxy.cut()
            until(cache, lambda known: known.problem)
            change(place)
            cache.subscribe(lambda kind, changes: told.extend((kind, each.type) for each in changes))
            proxy.fault(faults.expired(), watch=True, times=4)
            proxy.listen()
            until(cache, lambda known: seen.add(tuple(names(known))) or names(known) == ["b", "c", "d"])
            converged(cache, place)
        assert seen <= {("a", "b", "c"), ("b", "c", "d")}
        assert sorted(type_ for kind, type_ in told if kind == kinds.SERVICE) == [
            "ADDED",
            "DELETED",
            "MODIFIED",
        ]

    @pytest.mark.parametrize("times", [1, 2, 4])
    def test_in_mid_pagination_begins_the_list_anew(self, place, proxy, cluster, times):
        fault = proxy.fault(faults.expired(), watch=False, path=SERVICES, skip=1, times=times)
        with caching(cluster, place.namespace, pace=quick(page=2)) as cache:
            change(place)
            converged(cache, place)
            assert fault.hits == times


class TestAServerInTrouble:
    def test_that_is_busy_is_given_the_pause_that_it_asks_for(self, place, proxy, cluster):
        proxy.fault(faults.busy(seconds=1), watch=False, path=SERVICES)
        with caching(cluster, place.namespace, settled=False) as cache:
            until(cache, lambda known: "busy" in known.problem)
            assert sum(request.path.endswith("/services") for request in proxy.asked) == 1
            converged(cache, place)

    @pytest.mark.parametrize("watch", [True, False])
    @pytest.mark.parametrize(
        "fault", [faults.broken(), faults.error_page(), faults.Reset()], ids=["500", "502", "reset"]
    )
    def test_that_fails_some_requests_is_asked_again(self, place, proxy, cluster, fault, watch):
        fault = proxy.fault(fault, watch=watch, path=SERVICES, times=4)
        with caching(cluster, place.namespace) as cache:
            fault.wait(4)
            change(place)
            converged(cache, place)

    def test_that_is_away_leaves_what_was_known_with_its_age(self, place, proxy, cluster):
        with caching(cluster, place.namespace) as cache:
            converged(cache, place)
            proxy.refuse()
            proxy.cut()
            change(place)
            known = until(cache, lambda known: known.problem and known.age_seconds)
            assert names(known) == ["a", "b", "c"]
            assert known.problem.startswith(f"meshui cannot read services in {place.namespace}: ")
            older = until(cache, lambda it: it.age_seconds and it.age_seconds > known.age_seconds)
            assert older.problem
            proxy.listen()
            converged(cache, place)
            assert lists_of(cache) == 1

    def test_that_is_away_from_the_start_is_found_when_it_comes(self, place, proxy, cluster):
        proxy.refuse()
        with caching(cluster, place.namespace) as cache:
            known = until(cache, lambda known: known.problem)
            assert (known.items, known.age_seconds) == ((), None)
            proxy.listen()
            converged(cache, place)
