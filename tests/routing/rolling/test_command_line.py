"""`manage.py rollout`: what a pipeline gets for its flags, and by which code it exits."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from routing.management import rollout_flags as flags
from routing.models import Rollout
from routing.rollouts import parsing
from routing.rollouts.spec import Errors, Latency, Step, Strategy
from tests.people import person, stranger
from tests.routing.rolling.asked import begun, ends, obeys

ROOT = Path(__file__).resolve().parents[3]
START = ["--namespace", "bookinfo", "--service", "reviews", "--baseline", "v1", "--canary", "v3"]
STEPS = ["--steps", "5:60,25:60,50:120,100:60"]
TEXT = "namespace: bookinfo\nservice: reviews\nbaseline: v1\ncanary: v3\nsteps: [{weight: 5, seconds: 9}]\n"
DONE, ENDED_BADLY, REFUSED, TIMED_OUT, STANDS_STILL = range(5)


class TestFlags:
    """Flags become the body that REST takes."""

    def test_steps_have_weight_time_requests_and_a_pause(self):
        found = flags.body_of({"steps": "5:60, 25:60:300,50:120:1000:pause,60:1:pause"})["steps"]
        assert found == [
            {"weight": 5, "seconds": 60},
            {"weight": 25, "seconds": 60, "requests": 300},
            {"weight": 50, "seconds": 120, "requests": 1000, "pause": True},
            {"weight": 60, "seconds": 1, "pause": True},
        ]

    @pytest.mark.parametrize("text", ["5", "", "5:60:1:2", "x:60", "5:", ":", "pause", "5:pause", "5.5:60"])
    def test_what_is_no_step_is_told(self, text):
        with pytest.raises(flags.FlagError, match=r"^--steps: "):
            flags.step(text)

    def test_a_strategy_is_a_word_or_a_header_with_its_value(self):
        assert flags.strategy("mirror") == "mirror"
        assert flags.strategy("header:x-canary=a=b") == {"kind": "header", "name": "x-canary", "value": "a=b"}
        with pytest.raises(flags.FlagError, match="NAME=VALUE"):
            flags.strategy("header:x-canary")

    def test_guards_gates_and_who_is_told(self):
        query = '{"kind": "promql", "name": "queue", "query": "x", "most": 5}'
        assert [flags.guard(each) for each in ("errors", "latency:250", query)] == [
            {"kind": "errors"}, {"kind": "latency", "objective_ms": 250.0}, json.loads(query),
        ]  # fmt: skip
        assert flags.told("slack=https://x/") == {"url": "https://x/", "format": "slack"}
        assert flags.gate("before_start=https://x/?a=b") == {"stage": "before_start", "url": "https://x/?a=b"}
        for read, wrong in ((flags.guard, "latency:fast"), (flags.guard, "{x"), (flags.gate, "https://x/")):
            with pytest.raises(flags.FlagError):
                read(wrong)

    def test_a_preset_can_be_started_and_flags_say_a_file_anew(self):
        options = dict(zip(("namespace", "service", "baseline", "canary"), "abcd", strict=True))
        for preset, kind in (("quick", "weighted"), ("careful", "weighted"), ("blue-green", "blue_green")):
            spec = parsing.parse(flags.body_of({**options, "preset": preset}))
            assert (spec.strategy.kind, len(spec.steps) > 0) == (kind, True)
        file = {**options, "steps": [{"weight": 5, "seconds": 1}], "guards": [{"kind": "errors"}]}
        spec = parsing.parse(flags.body_of({"steps": "7:2", "guard": ["latency:9"], "canary": "z"}, file))
        assert (spec.steps, spec.guards, spec.canary) == ((Step(7, 2),), (Latency(9),), "z")
        assert spec.strategy == Strategy()
        assert parsing.parse(flags.body_of({}, file)).guards == (Errors(),)


@pytest.fixture
def ann(db):
    return person("ann")


@pytest.fixture
def run(cluster, ann):
    """Runs the command in this process; gives code, output and errors."""

    def run(*arguments):
        out, err = io.StringIO(), io.StringIO()
        try:
            call_command("rollout", *map(str, arguments), stdout=out, stderr=err)
        except CommandError as error:
            return error.returncode, out.getvalue(), f"{err.getvalue()}{error}"
        except SystemExit as end:
            return end.code, out.getvalue(), err.getvalue()
        return DONE, out.getvalue(), err.getvalue()

    return run


@pytest.fixture
def started(run):
    """The id of a rollout that has not begun."""
    code, output, errors = run("start", *START, *STEPS, "--json")
    assert code == DONE, errors
    return json.loads(output)["id"]


def test_a_start_prints_a_line_and_is_there_once_by_its_key(run):
    start = ["start", *START, *STEPS, "--as", "ann", "--key", "build-7"]
    code, output, errors = run(*start)
    assert (code, errors) == (DONE, "")
    assert "bookinfo/reviews v1 to v3: planned" in output
    pk = output.partition(" ")[0].removeprefix("#")
    assert run(*start)[1].startswith(f"#{pk} ")
    code, output, errors = run("start", *START, *STEPS)
    assert code == REFUSED
    assert f"Rollout #{pk}" in errors


def test_a_rollout_is_read_from_a_file_that_flags_say_anew(run, tmp_path):
    (tmp_path / "rollout.yaml").write_text(TEXT)
    code, output, errors = run("start", "--file", tmp_path / "rollout.yaml", "--canary", "v2", "--json")
    assert code == DONE, errors
    found = json.loads(output)
    assert (found["steps"][0]["seconds"], found["canary"]) == (9, "v2")


WRONG = {
    "steps that go down": (["--steps", "25:60,5:60"], "steps[1].weight: 5 is less than the 25 before"),
    "a step of 0 s": (["--steps", "5:0"], "steps[0].seconds"),
    "no step": ([], "steps: There is no step"),
    "a step that is none": (["--steps", "five"], "--steps"),
    "canary equal to its baseline": (["--steps", "5:60", "--canary", "v1"], "canary: "),
    "an unknown service": (["--steps", "5:60", "--service", "nothing"], "service: "),
    "an unknown person": (["--steps", "5:60", "--as", "nobody"], "--as: there is nobody"),
    "an unknown cluster": (["--steps", "5:60", "--cluster", "moon"], "--cluster: there is only default"),
    "a file that is not there": (["--file", "/nowhere/x.yaml"], "No such file"),
    "a private webhook": (["--steps", "5:60", "--notify", "http://10.0.0.1/"], "notify[0].url: "),
}


@pytest.mark.parametrize(("more", "words"), WRONG.values(), ids=WRONG)
def test_wrong_input_is_refused_and_says_why(run, more, words):
    code, output, errors = run("start", *START, *more)
    assert (code, output) == (REFUSED, ""), errors
    assert words in errors
    assert not Rollout.objects.exists()


@pytest.mark.parametrize(
    ("status", "code"),
    [("promoted", DONE), ("rolled_back", ENDED_BADLY), ("aborted", ENDED_BADLY), ("gone", ENDED_BADLY)],
)
def test_a_wait_exits_by_how_it_ended(run, started, status, code):
    ends(started, status)
    found = run("wait", started)
    assert found[0] == code, found
    assert f"#{started} bookinfo/reviews v1 to v3: {status.replace('_', ' ')}" in found[1]
    assert run("status", started)[0] == DONE


def test_a_wait_that_takes_too_long_exits_with_3(run, started):
    code, _, errors = run("wait", started, "--timeout", "0")
    assert (code, "It has not ended within 0 s" in errors) == (TIMED_OUT, True)


def test_a_command_is_refused_in_words_or_done_once(run, started):
    begun(started)
    assert run("pause", started, "--timeout", "0", "--key", "k")[0] == TIMED_OUT
    obeys()
    code, output, _ = run("pause", started, "--timeout", "0", "--key", "k")
    assert (code, "ann paused it" in output) == (DONE, True)
    assert run("pause", started, "--timeout", "0", "--key", "other")[0] == TIMED_OUT
    obeys()
    code, _, errors = run("pause", started, "--timeout", "0", "--key", "other")
    assert (code, "It is paused already" in errors) == (REFUSED, True)
    code, _, errors = run("weight", started, "101")
    assert (code, "0 to 100" in errors) == (REFUSED, True)


def test_who_may_only_look_sees_and_cannot_command(run, started, cluster):
    person("vera", "vera")
    cluster.rights = lambda identity, ask: identity is None or ask.verb in ("get", "list", "watch")
    code, _, errors = run("status")
    assert (code, "--as: say who does it" in errors) == (REFUSED, True)
    assert f"#{started} " in run("status", "--as", "vera")[1]
    code, _, errors = run("abort", started, "--as", "vera")
    assert (code, "may not" in errors) == (REFUSED, True)
    code, _, errors = run("start", *START, *STEPS, "--as", "vera", "--service", "ratings")
    assert (code, "may not" in errors) == (REFUSED, True)
    stranger("nemo")
    for verb in ("status", "wait", "abort"):
        code, _, errors = run(verb, started, "--as", "nemo")
        assert (code, f"There is no rollout #{started}" in errors) == (REFUSED, True)
    assert run("status", "--as", "nemo")[1] == ""


@pytest.fixture(scope="module")
def process(tmp_path_factory):
    """Runs the command as a pipeline does, on a database of its own."""
    folder = tmp_path_factory.mktemp("console")
    env = os.environ | {"MESHUI_DATA_DIR": str(folder), "KUBECONFIG": str(folder / "none")}

    def run(*arguments, given=None):
        done = subprocess.run(
            [sys.executable, "-m", "tests.routing.rolling.cli", *map(str, arguments)],
            cwd=ROOT, env=env, input=given, capture_output=True, text=True, timeout=150, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout, done.stderr

    assert run("prepare") == (DONE, "", "")
    return run


def test_a_pipeline_waits_until_it_was_promoted(process):
    code, output, errors = process("+ends=promoted", "rollout", "wait", 1, "--timeout", "100", "--json")
    assert (code, errors) == (DONE, "")
    assert [json.loads(line)["status"] for line in output.splitlines()] == ["planned", "promoted"]


def test_a_pipeline_hears_of_a_rollback(process):
    code, output, _ = process("+ends=rolled_back", "rollout", "wait", 2, "--timeout", "100")
    assert code == ENDED_BADLY
    assert [line.partition(": ")[2].partition(",")[0] for line in output.splitlines()] == [
        "planned",
        "rolled back",
    ]


def test_a_pipeline_may_stop_on_a_hold_or_after_a_time(process):
    code, output, _ = process("+held", "rollout", "wait", 3, "--timeout", "100", "--stop-on-hold")
    assert (code, "There is no verdict that allows more." in output) == (STANDS_STILL, True)
    code, _, errors = process("rollout", "wait", 3, "--timeout", "0.1")
    assert (code, errors) == (TIMED_OUT, "It has not ended within 0.1 s.\n")


def test_an_abort_that_is_waited_for_is_done_when_it_is_aborted(process):
    code, output, errors = process("+obeyed", "rollout", "abort", 4, "--wait")
    assert (code, errors) == (DONE, "")
    assert "aborted" in output


def test_what_is_piped_in_is_read_and_wrong_input_exits_with_2(process):
    code, output, errors = process("rollout", "start", "--file", "-", given=TEXT.replace("v1", "v8"))
    assert (code, output) == (REFUSED, "")
    assert errors.startswith("CommandError: baseline: reviews has no version v8")
    assert process("rollout", "start", "--colour", "red")[0] == REFUSED
    code, output, _ = process("rollout", "--help")
    assert (code, "3 on a time-out" in " ".join(output.split())) == (DONE, True)
