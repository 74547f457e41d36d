"""What runs in a fresh localmesh: the demo's manifests, read from beside this file."""

from importlib.resources import files
from typing import Any

import yaml

from localmesh.workloads.tuning import REQUESTS_PER_SECOND


def documents(requests_per_second: float | None = None) -> list[dict[str, Any]]:
    """All manifests in the order in which to create them, the traffic at the given rate if any."""
    found: list[dict[str, Any]] = []
    for entry in sorted(files(__name__).iterdir(), key=lambda each: each.name):
        if entry.name.endswith(".yaml"):
            found += [each for each in yaml.safe_load_all(entry.read_text()) if each]
    if requests_per_second is not None:
        for each in found:
            notes = each["metadata"].get("annotations") or {}
            if REQUESTS_PER_SECOND in notes:
                notes[REQUESTS_PER_SECOND] = f"{requests_per_second:g}"
    return found
