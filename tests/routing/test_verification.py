"""The verification of a change, from what it wrote to what was counted."""

from datetime import timedelta

import pytest

from routing import verification
from routing.models import Change
from telemetry.live import CallerTraffic, Counts
from tests.routing.roles import HIDDEN
from tests.routing.stage import REVIEWS, SPLIT

pytestmark = pytest.mark.django_db


class Counting:
    """Traffic in which these requests were counted."""

    def __init__(self, **requests):
        self.requests = requests
        self.asked = []

    def available(self):
        return True

    def callers(self, namespace, service):
        return [CallerTraffic("bookinfo", "productpage-v1", "productpage", "v1", 10.0, 0.0)]

    def shares(self, namespace, service):
        total = sum(self.requests.values())
        return {version: requests / total for version, requests in self.requests.items()}

    def counts(self, namespace, service, since):
        self.asked.append(since)
        return Counts(since, self.requests, {}, 0.0)


def verified(change, acting, traffic, *, after=60.0):
    row = Change.objects.get(pk=change["id"])
    return verification.verify(row, acting, traffic, now=lambda: row.finished_at + timedelta(seconds=after))


def test_an_applied_split_is_held_against_the_traffic(api, acting):
    change = api.applied(SPLIT)
    found = verified(change, acting, Counting(v1=800, v3=200))
    assert (found["verdict"], found["service"]) == ("as_intended", "bookinfo/reviews")
    shown = {
        each["version"]: (each["intended"], each["configured"], each["observed"])
        for each in found["versions"]
    }
    assert shown == {"v1": (80, 80, 80), "v2": (0, 0, 0), "v3": (20, 20, 20)}
    differing = verified(change, acting, Counting(v1=950, v3=50))
    assert (differing["verdict"], differing["alpha"]) == ("differs", 0.001)
    assert differing["e_value"] >= 1000


def test_requests_count_from_when_the_proxies_had_a_moment(api, acting):
    change = api.applied(SPLIT)
    traffic = Counting(v1=8, v3=2)
    verified(change, acting, traffic)
    finished = Change.objects.get(pk=change["id"]).finished_at.timestamp()
    assert traffic.asked[0] == finished + 5.0


def test_what_somebody_changed_since_is_told(api, acting, cluster):
    change = api.applied(SPLIT)
    cluster.edit(REVIEWS, lambda manifest: manifest["spec"]["http"][0]["route"].__delitem__(1))
    found = verified(change, acting, Counting(v1=800, v3=200))
    assert (found["verdict"], found["diagnosis"][0]["code"]) == ("differs", "SUPERSEDED")
    # The watch cache may be a moment behind the write itself.
    assert verified(change, acting, Counting(v1=8, v3=2), after=1.0)["verdict"] == "not_yet_known"


def test_a_revert_to_weights_is_verified_as_well(api, acting):
    change = api.applied(SPLIT)
    revert = api.post(f"changes/{change['id']}/revert").json()
    found = verified(revert, acting, Counting(v1=1000, v3=0))
    assert found["verdict"] == "as_intended"
    assert found["versions"][0]["intended"] == 100


def test_over_rest_without_a_measurement_nothing_is_claimed(api, cluster):
    change = api.applied(SPLIT)
    answer = api.get(f"changes/{change['id']}/verification")
    assert answer.status_code == 200
    assert answer.json()["verdict"] == "not_measured"
    assert answer.json()["services"][0]["versions"][0]["intended"] == 80
    assert api.get("changes/999999/verification").status_code == 404


def test_who_may_not_see_the_change_does_not_see_its_verification(sign_in, shared_cluster):
    ledger = {"kind": "split", "namespace": "vault", "service": "ledger", "weights": {"v1": 50, "v2": 50}}
    change = sign_in("administrator").applied(ledger)
    answer = sign_in("operator").get(f"changes/{change['id']}/verification")
    assert answer.status_code == 404
    assert not any(name in answer.content.decode() for name in HIDDEN)
