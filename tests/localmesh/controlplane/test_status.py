import pytest

from localmesh.controlplane.status import with_report
from localmesh.xds import Problem
from tests.localmesh.xds.objects import virtual_service

EARLY, LATE = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
PROBLEM = Problem("spec.tls", "TLS is not programmed")


def rule(generation=1, **fields):
    made = virtual_service()
    made["metadata"]["generation"] = generation
    return {**made, **fields}


def condition(obj):
    (found,) = obj["status"]["conditions"]
    return found


def test_a_rule_that_is_wholly_in_force_is_programmed():
    found = condition(with_report(rule(), [], EARLY))
    assert (found["type"], found["status"], found["reason"]) == ("Programmed", "True", "Programmed")
    assert (found["observedGeneration"], found["lastTransitionTime"]) == (1, EARLY)


def test_every_field_that_is_not_is_in_the_message():
    found = condition(with_report(rule(), [PROBLEM, Problem("spec.tcp", "no")], EARLY))
    assert (found["status"], found["reason"]) == ("False", "NotProgrammed")
    assert found["message"] == "not in force: spec.tls: TLS is not programmed; spec.tcp: no"


def test_a_conflict_is_the_reason_before_others():
    found = condition(with_report(rule(), [PROBLEM, Problem("spec.hosts[0]", "taken", conflict=True)], EARLY))
    assert found["reason"] == "Conflicted"


def test_what_is_said_already_is_not_written_again():
    written = with_report(rule(), [PROBLEM], EARLY)
    assert with_report(written, [PROBLEM], LATE) is None


def test_a_new_generation_is_noted_and_the_transition_stays():
    written = with_report(rule(), [], EARLY)
    found = condition(with_report(rule(2, status=written["status"]), [], LATE))
    assert (found["observedGeneration"], found["lastTransitionTime"]) == (2, EARLY)


def test_a_change_of_status_is_a_transition():
    written = with_report(rule(), [], EARLY)
    assert condition(with_report(written, [PROBLEM], LATE))["lastTransitionTime"] == LATE


def test_other_peoples_conditions_stay():
    other = {"type": "Reconciled", "status": "True"}
    written = with_report(rule(status={"conditions": [other], "x": 1}), [], EARLY)
    assert written["status"]["conditions"][0] == other
    assert written["status"]["x"] == 1


def test_a_message_fits_into_kubernetes_limit():
    found = condition(with_report(rule(), [Problem(f"spec.f{n}", "long" * 20) for n in range(1000)], EARLY))
    assert len(found["message"]) == 32_768


@pytest.mark.parametrize("kind", ["HTTPRoute", "GRPCRoute"])
def test_a_route_of_the_gateway_api_reports_for_each_parent(kind):
    route = {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": kind,
        "metadata": {"name": "r", "namespace": "x", "generation": 1},
        "spec": {"parentRefs": [{"name": "edge"}]},
        "status": {"parents": [{"parentRef": {"name": "edge"}, "controllerName": "other", "conditions": []}]},
    }
    written = with_report(route, [PROBLEM], EARLY)
    other, ours = written["status"]["parents"]
    assert other["controllerName"] == "other"
    assert (ours["parentRef"], ours["conditions"][0]["status"]) == ({"name": "edge"}, "False")
    assert with_report(written, [PROBLEM], LATE) is None
