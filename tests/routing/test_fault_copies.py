"""Which copy of a rule a fault for some requests has made, where several could be meant."""

from routing import istio
from routing.istio import Subsets
from routing.rules import Delay, Fault, Match, Split
from tests.routing.stage import to_whole, virtual_service

SUBSETS = Subsets({"v1": "v1"}, {"v1": "v1"})


def test_a_copy_of_another_rule_is_not_taken_for_that_of_a_rule_with_a_foreign_fault():
    header = {"match": [{"sourceLabels": {"app": "productpage"}}], "route": to_whole()}
    foreign = {"abort": {"percentage": {"value": 1}, "grpcStatus": "UNAVAILABLE"}}
    manifest = virtual_service("reviews", [header, {"route": to_whole(), "fault": foreign}])
    asked = Match(source_labels={"app": "productpage"})
    faulty = istio.set_fault(manifest, Fault("bookinfo", "reviews", Delay(50.0, "2s"), None, asked))[0]
    split = istio.set_split(faulty, Split("bookinfo", "reviews", {"v1": 100}), SUBSETS)
    assert [rule["route"] for rule in split["spec"]["http"][:2]] == [to_whole(), to_whole()]
