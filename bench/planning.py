"""What a plan for one rule costs beside the cluster's own answers, among many routes: processor time."""

import statistics
import time
from collections.abc import Callable
from typing import Any, Final

from bench.table import Row
from cluster import inventory
from cluster.refs import Manifest
from routing import planner
from routing.rules import RemoveSubset, Rule, Split

PART: Final = "planning"
LARGE: Final = 1_000
SMALL: Final = 20
TIMES: Final = 21
MILLISECONDS: Final = 30.0
VERSIONS: Final = ("v1", "v2", "v3")
_API: Final = "networking.istio.io/v1"


def measure(small: bool) -> list[Row]:  # noqa: FBT001  (the signature of every part)
    """Measures plans on live resources that were read before."""
    count = SMALL if small else LARGE
    live = planner.Live((_service(7),), (*map(_route, range(count)), *map(_policy, range(count))))
    where = _namespace(7), _name(7)
    rules: dict[str, Rule] = {
        "a split": Split(*where, {"v1": 50, "v3": 50}),
        "a subset that goes": RemoveSubset(*where, version="v3"),
    }
    what = f"{count:,} VirtualServices and DestinationRules each: a plan of one rule"
    return [
        Row(
            PART,
            f"{what}, {name}",
            _milliseconds(lambda rule=rule: planner.plan([rule], live)),  # type: ignore[misc]
            "ms",
            most=MILLISECONDS,
        )
        for name, rule in rules.items()
    ]


def _milliseconds(deed: Callable[[], Any]) -> float:
    taken = []
    for _ in range(TIMES):
        started = time.process_time()
        deed()
        taken.append(time.process_time() - started)
    return statistics.median(taken) * 1000


def _name(number: int) -> str:
    return f"shop-{number}"


def _namespace(number: int) -> str:
    return f"team-{number % 20}"


def _service(number: int) -> inventory.Service:
    name = _name(number)
    versions = tuple(
        inventory.Version(each, "version", 1, 1, 1, {"app": name, "version": each}) for each in VERSIONS
    )
    return inventory.Service(_namespace(number), name, name, (), versions, 0)


def _route(number: int) -> Manifest:
    name = _name(number)
    parts = [
        {"destination": {"host": name, "subset": "v1"}, "weight": 90},
        {"destination": {"host": name, "subset": "v2"}, "weight": 10},
    ]
    match = {"match": [{"uri": {"prefix": "/api"}}], "route": [{"destination": {"host": name}}]}
    return _object("VirtualService", number, {"hosts": [name], "http": [match, {"route": parts}]})


def _policy(number: int) -> Manifest:
    subsets = [{"name": each, "labels": {"version": each}} for each in VERSIONS]
    return _object("DestinationRule", number, {"host": _name(number), "subsets": subsets})


def _object(kind: str, number: int, spec: dict[str, Any]) -> Manifest:
    metadata = {"name": _name(number), "namespace": _namespace(number), "uid": str(number)}
    return {"apiVersion": _API, "kind": kind, "metadata": {**metadata, "resourceVersion": "1"}, "spec": spec}
