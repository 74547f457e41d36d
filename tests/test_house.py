"""The house rules that no linter checks."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PURE = {
    "cluster": ["decoding", "refs", "kinds", "errors", "identity", "inventory", "objects"],
    "telemetry": [
        "building", "columnar", "comparison", "counting", "cut", "exposition", "figures", "folding",
        "frames", "graph", "health", "history", "identity", "latencies", "layout", "memory", "observation",
        "overview", "packing", "past", "picture", "presence", "quantiles", "rates", "recorder", "redaction",
        "register", "reporting", "roster", "samples", "shortfall", "snapshot", "sparks", "subjects",
        "table", "trails", "undecodable", "watching",
        "prometheus.answers", "prometheus.assembling", "prometheus.counted", "prometheus.lookback",
        "prometheus.promql", "prometheus.queries", "prometheus.shards", "prometheus.sparing",
        "prometheus.watched",
        "tap.ends", "tap.lines", "tap.looking", "tap.masking", "tap.rows", "tap.sampling",
    ],
    "routing": [
        "rules", "istio", "gatewayapi", "drafting", "operations", "sequence", "managers", "patches",
        "planner", "diff", "contents", "expressions", "schemas", "yaml_files", "yaml_io", "yaml_marks",
        "examples", "explain", "shapes",
        "analysis.engine", "analysis.reading", "analysis.reports", "analysis.incremental", "analysis.cures",
        "badges", "blast", "effects", "retries", "rollouts.commanding", "rollouts.counting",
        "rollouts.course", "rollouts.deciding", "rollouts.evidence", "rollouts.foresight", "rollouts.inputs",
        "rollouts.judge", "rollouts.machine", "rollouts.moves", "rollouts.parsing", "rollouts.spec",
        "rollouts.standing", "rollouts.states", "rollouts.wanted",
        "rolling.hooks.addresses", "rolling.exposing", "rolling.requested", "rolling.hooks.signing",
        "rolling.hooks.slack", "rolling.veiling",
        "sample_ratio", "shares", "verifying", "views.rollout_form",
    ],
    "localmesh": ["xds"],
}  # fmt: skip
FORBIDDEN = ["django", "kubernetes", "aiohttp", "requests", "urllib3", "channels", "rest_framework"]


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--", *patterns], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).exists()]


@pytest.mark.parametrize("module", [f"{package}.{name}" for package, names in PURE.items() for name in names])
def test_a_pure_module_brings_no_framework_and_no_client_along(module):
    code = f"import sys, {module}; print(*(name for name in {FORBIDDEN} if name in sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.split() == []


def test_no_file_is_longer_than_400_lines():
    files = tracked("*.py", "*.js", "*.html", "*.css")
    assert files
    assert {str(path): n for path in files if (n := len(path.read_text().splitlines())) > 400} == {}


def test_every_setting_has_its_heading_in_the_documents():
    names = set(re.findall(r'"(MESHUI_[A-Z_]+)"', (ROOT / "meshui" / "settings.py").read_text()))
    assert names
    headings = set(re.findall(r"^## `(\w+)`", (ROOT / "docs" / "settings.md").read_text(), re.MULTILINE))
    assert names <= headings
    assert {name for name in headings if name.startswith("MESHUI_")} <= names
