"""Waiting between two phases: until the proxies have it, or for the stated delay.

status of the resource                  waited
none                                    the stated delay
this generation is with the proxies     not at all; before something goes, the stated delay
not yet                                 until it is, with a cap
will not be programmed                  the stated delay
"""

import pytest

from cluster.errors import Unavailable
from routing.settling import Settling, programmed
from tests.routing.stage import (
    REVIEWS,
    REVIEWS_SUBSETS,
    SPLIT,
    bookinfo,
    destination_rule,
    route,
    virtual_service,
)


class Time:
    """A clock that only sleeping moves, and what happens at which second."""

    def __init__(self):
        self.now, self.slept = 100.0, 0.0
        self.events = []

    def at(self, seconds, deed):
        self.events.append((seconds, deed))

    def sleep(self, seconds):
        assert seconds > 0
        self.now += seconds
        self.slept += seconds
        for event in [event for event in self.events if event[0] <= self.slept + 1e-9]:
            self.events.remove(event)
            event[1]()


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def staged():
    return bookinfo(
        virtual_service("reviews", [{"route": route(("v1", 100))}]), destination_rule("reviews", ["v1"])
    )


def says(cluster, ref, status="True", generation=None, kind="Reconciled", **more):
    """What a control plane writes about a resource's generation."""

    def write(item):
        now = item["metadata"].setdefault("generation", 1)
        observed = now if generation is None else generation
        condition = {"type": kind, "status": status, "observedGeneration": observed, **more}
        item["status"] = {"conditions": [condition]}

    cluster.edit(ref, write)


def wait(cluster, time, *refs, drain=False):
    settling = Settling(cluster, 1.0, 10.0, time.sleep, lambda: time.now)
    return settling.wait(refs or [REVIEWS_SUBSETS], drain=drain)


def test_where_nobody_tells_the_stated_delay_has_to_do(staged, time):
    waited = wait(staged, time)
    assert (waited.seconds, waited.told, time.slept) == (1.0, False, 1.0)


def test_what_the_proxies_have_is_not_waited_for(staged, time):
    says(staged, REVIEWS_SUBSETS)
    assert (wait(staged, time).told, time.slept) == (True, 0)


def test_before_something_goes_the_delay_is_waited_in_any_case(staged, time):
    says(staged, REVIEWS_SUBSETS)
    assert wait(staged, time, drain=True).told
    assert time.slept == pytest.approx(1.0)


def test_what_they_do_not_have_yet_is_waited_for(staged, time):
    says(staged, REVIEWS_SUBSETS, "False")
    time.at(3.0, lambda: says(staged, REVIEWS_SUBSETS))
    waited = wait(staged, time)
    assert waited.told
    assert 3.0 <= time.slept < 3.2


def test_an_older_generation_does_not_count(staged, time):
    says(staged, REVIEWS_SUBSETS, generation=0)
    time.at(2.0, lambda: says(staged, REVIEWS_SUBSETS))
    assert wait(staged, time).told
    assert time.slept >= 2.0


def test_nobody_is_waited_for_longer_than_the_cap(staged, time):
    says(staged, REVIEWS_SUBSETS, "False")
    waited = wait(staged, time)
    assert (waited.told, time.slept) == (False, pytest.approx(10.0))


def test_all_that_was_written_has_to_be_there(staged, time):
    says(staged, REVIEWS)
    assert not wait(staged, time, REVIEWS, REVIEWS_SUBSETS).told
    assert time.slept == pytest.approx(1.0)


def test_what_will_not_be_programmed_is_not_waited_for_longer_than_the_delay(staged, time):
    says(staged, REVIEWS_SUBSETS, "False", kind="Programmed", reason="Conflicted")
    assert not wait(staged, time).told
    assert time.slept == pytest.approx(1.0)


def test_a_cluster_that_does_not_answer_keeps_nobody_longer_than_the_delay(staged, time):
    staged.fail_next("get", Unavailable("gone"))
    assert not wait(staged, time).told
    assert time.slept == pytest.approx(1.0)


def test_a_route_of_the_gateway_api_tells_by_its_parents():
    metadata = {"generation": 4}
    conditions = [{"type": "Programmed", "status": "True", "observedGeneration": 4}]
    assert programmed({"metadata": metadata, "status": {"parents": [{"conditions": conditions}]}}) is True
    behind = [{"type": "Programmed", "status": "True", "observedGeneration": 3}]
    parents = [{"conditions": conditions}, {"conditions": behind}]
    assert programmed({"metadata": metadata, "status": {"parents": parents}}) is False
    accepted = [{"type": "Accepted", "status": "True", "observedGeneration": 4}]
    assert programmed({"metadata": metadata, "status": {"parents": [{"conditions": accepted}]}}) is None
    assert programmed(None) is None


def test_istio_writes_the_generation_beside_the_conditions_and_as_text():
    status = {"observedGeneration": "7", "conditions": [{"type": "Reconciled", "status": "True"}]}
    assert programmed({"metadata": {"generation": 7}, "status": status}) is True
    assert programmed({"metadata": {"generation": 8}, "status": status}) is False


@pytest.mark.django_db
def test_the_plan_shows_the_wait_and_the_change_how_long_it_was(api, cluster):
    plan = api.plan(SPLIT).json()
    assert [item["wait"] for item in plan["operations"]] == [
        None,
        {"least_seconds": 0.0, "delay_seconds": 0.0, "at_most_seconds": 10.0},
    ]
    change = api.post(f"plans/{plan['id']}/apply").json()
    assert [item["waited"] for item in change["operations"]] == [None, {"seconds": 0.0, "told": False}]
