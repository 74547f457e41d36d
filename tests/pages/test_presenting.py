import pytest

from routing import presenting


def version(name, weight, share):
    return {"version": name, "weight": weight, "observed_share": share, "pods": 1, "ready_pods": 1}


def service(**more):
    return {"versions": [], "faults": [], "problems": [], **more}


def fault(**more):
    known = {"kind": "delay", "percentage": 50.0, "fixed_delay": "2s", "http_status": None}
    return {**known, "grpc_status": None, "match": None, "whom": "everyone", "owned": True, **more}


@pytest.mark.parametrize(("weight", "shown"), [(80.0, "80"), (33.3333, "33.3"), (100.0, "100"), (None, None)])
def test_a_weight_is_shown_without_needless_digits(weight, shown):
    assert (
        presenting.service(service(versions=[version("v1", weight, None)]))["versions"][0]["weight"] == shown
    )


def test_a_version_that_the_rule_leaves_out_is_configured_to_nothing():
    left_out, named = version("v2", None, None), version("v1", 100.0, None)
    assert presenting.service(service(versions=[named, left_out]))["versions"][1]["weight"] == "0"
    assert presenting.service(service(versions=[left_out]))["versions"][0]["weight"] is None


def test_an_unmeasured_share_stays_unknown():
    shown = presenting.service(service(versions=[version("v1", 100.0, None), version("v2", 0.0, 0.0)]))
    assert [item["observed_percent"] for item in shown["versions"]] == [None, 0]


def test_the_most_severe_problem_comes_first():
    problems = [{"level": level, "message": level} for level in ("info", "error", "warning")]
    shown = presenting.service(service(problems=problems))
    assert [item["level"] for item in shown["problems"]] == ["error", "warning", "info"]
    assert shown["worst"]["status"] == "failing"


def test_a_fault_is_said_in_words():
    match = {"header": "end-user", "value": "jason"}
    abort = fault(kind="abort", percentage=0.5, http_status=503, match=match, owned=False)
    delayed, aborted = presenting.service(service(faults=[fault(), abort]))["faults"]
    assert delayed["sentence"] == "50 % wait 2s longer; everyone."
    assert aborted["sentence"] == "0.5 % are answered 503; requests with end-user = jason."
    assert aborted["short"] == "abort 503 0.5 %"


def test_only_meshuis_own_faults_can_be_cleared():
    assert presenting.service(service(faults=[fault()]))["clearable"]
    assert not presenting.service(service(faults=[fault(owned=False)]))["clearable"]


def test_each_line_of_a_difference_says_what_it_is():
    unified = "--- a (live)\n+++ a (planned)\n@@ -1 +1 @@\n same\n-old\n+new\n"
    kinds = [line["kind"] for line in presenting.diff_lines(unified)]
    assert kinds == ["hunk", "hunk", "hunk", "same", "remove", "add"]


def test_an_operation_shows_values_as_text_and_cuts_what_nobody_reads():
    differences = [
        {"op": "change", "path": "spec.a", "old": 0, "new": False},
        {"op": "add", "path": "", "old": None, "new": "x" * 5000},
    ]
    shown = presenting.operation({"diff": differences, "unified_diff": "", "action": "update"})
    changed, added = shown["fields"]
    assert (changed["old"], changed["new"]) == ("0", "false")
    assert (added["path"], added["old"], len(added["new"])) == ("(the whole object)", "", 2000)
