"""istioctl's own published cases, each made for one of its analyzers: ours must say exactly the same."""

import json
from collections import Counter
from pathlib import Path

import pytest
from django.core.management import call_command

from routing.analysis import reading
from routing.analysis.analyzers import ALL
from routing.analysis.engine import analyze
from routing.analysis.messages import TABLE
from routing.analysis.objects import CLUSTER_SCOPED
from routing.analysis.world import Mesh, World

ROOT = Path(__file__).resolve().parents[3]
FOLDERS = [parent / "shared" / "conformance" / "istio-analyze" for parent in ROOT.parents]
FOLDER = next((folder for folder in FOLDERS if folder.is_dir()), None)
CASES = json.loads((FOLDER / "cases.json").read_text()) if FOLDER else []
CLUSTER_KINDS = {kind for _, kind in CLUSTER_SCOPED}
TOPICS = {"authz": "auth"}

pytestmark = pytest.mark.skipif(FOLDER is None, reason="../shared/conformance/istio-analyze is not here")


def world_of(case):
    config = case["mesh_config"]
    mesh = Mesh(reading.settings((FOLDER / config).read_bytes()) if config else {})
    objects = list(reading.assumed(mesh))
    for name in case["files"]:
        objects += reading.objects_of(name, (FOLDER / name).read_bytes(), "default")
    objects += list(reading.pods_to_come(objects))
    return World(objects, mesh)


def full(resource):
    """`Gateway alpha` stands for `Gateway default/alpha`: istioctl leaves out what a file leaves out."""
    kind, name = resource.split(" ")
    return resource if "/" in name or kind in CLUSTER_KINDS else f"{kind} default/{name}"


def expected_of(case):
    return Counter((item["code"], full(item["resource"])) for item in case["expected"])


def ids(case):
    return case["name"]


@pytest.mark.parametrize("case", CASES, ids=ids)
def test_the_analyzer_of_a_topic_says_what_istioctl_says(case):
    analyzers = [analyzer for analyzer in ALL if analyzer.topic == case["topic"]]
    assert analyzers, f"no analyzer for {case['topic']}"
    found = analyze(world_of(case), analyzers)
    assert Counter((one.code, one.resource) for one in found) == expected_of(case)


@pytest.mark.parametrize("case", CASES, ids=ids)
def test_the_command_says_it_too_with_level_and_name(case, capsys):
    arguments = [str(FOLDER / name) for name in case["files"]]
    if case["mesh_config"]:
        arguments += ["--mesh-config", str(FOLDER / case["mesh_config"])]
    errors = False
    try:
        call_command("analyze", *arguments, "--format", "json")
    except SystemExit as end:
        errors = end.code == 1
    found = json.loads(capsys.readouterr().out)
    assert errors == any(one["level"] == "Error" for one in found)
    assert expected_of(case) <= Counter((one["code"], one["resource"]) for one in found)
    for item in case["expected"]:
        message = TABLE[item["code"]]
        assert (message.level, message.name) == (item["level"], item["message"])
    assert all(one["line"] > 0 for one in found)
