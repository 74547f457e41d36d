"""Who a set of rules meets, from live traffic."""

from dataclasses import dataclass, field

from routing import blast
from routing.rules import Abort, ClearFault, Delay, Fault, HeaderMatch, Split
from telemetry.live import CallerTraffic

PRODUCTPAGE = CallerTraffic("bookinfo", "productpage-v1", "productpage", "v1", 10.0, 0.01)
GATEWAY = CallerTraffic("istio-system", "gateway", "gateway", "", 2.0, 0.0)


@dataclass
class Measured:
    """Traffic as it is said to be."""

    found: dict = field(default_factory=dict)
    here: bool = True

    def available(self):
        return self.here

    def age_seconds(self):
        return 0.8

    def callers(self, namespace, service):
        return self.found.get((namespace, service), [])

    def shares(self, namespace, service):
        return {}


REVIEWS = Measured({("bookinfo", "reviews"): [PRODUCTPAGE, GATEWAY]})


def fault(**parts):
    return Fault("bookinfo", "reviews", **parts)


def test_without_a_measurement_nothing_is_claimed():
    found = blast.radius([fault(delay=Delay(50.0, "2s"))], Measured(here=False))
    assert (found["measured"], found["requests_per_second"], found["added_errors_per_minute"]) == (
        False,
        None,
        None,
    )
    assert found["sentence"] == "There is no current measurement of the traffic."


def test_a_split_meets_every_caller_and_adds_no_error():
    found = blast.radius([Split("bookinfo", "reviews", {"v1": 100})], REVIEWS)
    assert (found["measured"], found["age_seconds"], found["requests_per_second"]) == (True, 0.8, 12.0)
    assert found["requests_per_minute"] == 720
    assert found["added_errors_per_minute"] == 0
    assert [item["workload"] for item in found["callers"]] == ["productpage-v1", "gateway"]
    assert found["sentence"] == ("12 requests a second reach reviews; all of them follow the new weights.")


def test_a_fault_is_counted_by_its_percentage():
    found = blast.radius([fault(delay=Delay(50.0, "2s"), abort=Abort(10.0, 503))], REVIEWS)
    assert (found["delayed_per_minute"], found["added_errors_per_minute"]) == (360.0, 72.0)
    assert found["at_most"] is False
    assert found["sentence"].endswith(
        "of everyone, about 360 a minute wait 2s longer and about 72 a minute are answered 503."
    )


def test_for_a_header_it_is_at_most_that():
    found = blast.radius([fault(abort=Abort(10.0, 503), match=HeaderMatch("end-user", "jason"))], REVIEWS)
    assert (found["added_errors_per_minute"], found["at_most"]) == (72.0, True)
    assert "requests with end-user: jason, at most 72 a minute" in found["sentence"]


def test_an_abort_that_answers_well_is_no_error():
    assert blast.radius([fault(abort=Abort(10.0, 204))], REVIEWS)["added_errors_per_minute"] == 0


def test_a_service_that_nobody_calls_is_told_so():
    found = blast.radius([ClearFault("bookinfo", "ratings")], REVIEWS)
    assert (found["callers"], found["sentence"]) == ([], "Nobody calls ratings at the moment.")


def test_the_callers_of_a_service_count_once_for_two_rules():
    found = blast.radius([Split("bookinfo", "reviews", {"v1": 100}), fault(abort=Abort(1.0, 500))], REVIEWS)
    assert found["requests_per_second"] == 12.0
    assert len(found["callers"]) == 2
