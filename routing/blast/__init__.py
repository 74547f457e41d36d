"""Who a plan meets, from live traffic, before anything is written. Pure.

    traffic      what is asked of the live traffic
    met          one service: figures and a sentence
    capacity     what each version's pods would bear
    amplifying   how retries multiply a failing request

It looks at what the plan writes, not at its rules. What is not measured is said to be unknown, never taken
for nothing.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from cluster.inventory import ELSEWHERE
from cluster.kinds import VIRTUAL_SERVICE
from routing import effects
from routing.blast import amplifying, capacity
from routing.blast.met import Met, followed, sentence
from routing.blast.traffic import Caller, Counts, Traffic
from routing.effects import Bounds
from routing.planner import Live, Operation
from routing.problems import Problem

__all__ = ["Caller", "Counts", "Traffic", "problems_of", "radius", "shown", "unmeasured"]


def radius(
    services: Iterable[tuple[str, str]], operations: Sequence[Operation], state: Live, traffic: Traffic
) -> dict[str, Any]:
    """The blast radius of a plan as the REST API answers it; rates per second and per minute.

    `services`: those that its rules are about, as (namespace, name); those that its writes are about count
    as well. `state`: what the plan was made of.
    """
    if not traffic.available():
        return unmeasured("There is no current measurement of the traffic.")
    names = set(services)
    found = effects.effects(operations, state, names)
    met = [_met(effect, traffic) for effect in found]
    # Services that were not read: who calls them is known all the same.
    others = sorted(names - {(each.service.namespace, each.service.name) for each in met})
    if not met and not others:
        return unmeasured("Whom this meets is not measured: it is about no service of this cluster.")
    callers = {name: traffic.callers(*name) for name in [*(each.name for each in met), *others]}
    rates = {name: sum(caller.requests_per_second for caller in called) for name, called in callers.items()}
    requests = sum(rates.values())
    sentences = [*map(sentence, met), *(followed(name, rates[name]) for name in others)]
    writes_routes = any(operation.ref.kind == VIRTUAL_SERVICE for operation in operations)
    return {
        "measured": True,
        "reason": "",
        "age_seconds": traffic.age_seconds(),
        "callers": [_caller(caller) for called in callers.values() for caller in called],
        "requests_per_second": round(requests, 3),
        "requests_per_minute": round(60 * requests, 1),
        "added_errors_per_minute": _per_minute((each.rate, each.failing) for each in met),
        "delayed_per_minute": _per_minute((each.rate, each.delayed) for each in met),
        "at_most": any(not (each.failing.is_exact and each.delayed.is_exact) for each in met),
        "sentence": " ".join(sentences),
        "versions": [item for each in met for item in capacity.versions(each)],
        "amplification": amplifying.amplification(found, operations, state, traffic.hops())
        if writes_routes
        else [],
    }


def problems_of(found: Mapping[str, Any]) -> list[Problem]:
    """What a blast radius says against the plan: pods that would get too much, retries that multiply."""
    return [*capacity.problems(found["versions"]), *amplifying.problems(found["amplification"])]


def shown(kept: Mapping[str, Any], readable: Callable[[str], bool]) -> dict[str, Any]:
    """A kept blast radius for somebody who may not read every namespace: the callers there become one."""
    known: list[Mapping[str, Any]] = []
    hidden: list[Mapping[str, Any]] = []
    for caller in kept["callers"]:
        elsewhere = caller["workload"] == ELSEWHERE and not caller["namespace"]
        foreign = caller["namespace"] and not readable(caller["namespace"])
        (hidden if elsewhere or foreign else known).append(caller)
    versions = [each for each in kept.get("versions", []) if readable(each["namespace"])]
    paths = [
        amplifying.shown(each, readable)
        for each in kept.get("amplification", [])
        if readable(each["namespace"])
    ]
    return {**kept, "callers": [*known, *_merged(hidden)], "versions": versions, "amplification": paths}


def unmeasured(reason: str) -> dict[str, Any]:
    """The blast radius where nothing is known."""
    return {
        "measured": False,
        "reason": reason,
        "age_seconds": None,
        "callers": [],
        "requests_per_second": None,
        "requests_per_minute": None,
        "added_errors_per_minute": None,
        "delayed_per_minute": None,
        "at_most": False,
        "sentence": reason,
        "versions": [],
        "amplification": [],
    }


def _met(effect: effects.Effect, traffic: Traffic) -> Met:
    name = effect.service.namespace, effect.service.name
    rate = sum(caller.requests_per_second for caller in traffic.callers(*name))
    return Met(effect, rate, traffic.shares(*name), traffic.error_ratios(*name))


def _merged(hidden: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    rate = sum(caller["requests_per_second"] for caller in hidden)
    if not hidden:
        return []
    failing = sum(caller["requests_per_second"] * caller["error_ratio"] for caller in hidden)
    return [
        {
            "namespace": "",
            "workload": ELSEWHERE,
            "app": "",
            "version": "",
            "requests_per_second": round(rate, 3),
            "error_ratio": round(failing / rate, 4) if rate else 0.0,
        }
    ]


def _caller(caller: Caller) -> dict[str, Any]:
    return {
        "namespace": caller.namespace,
        "workload": caller.workload,
        "app": caller.app,
        "version": caller.version,
        "requests_per_second": round(caller.requests_per_second, 3),
        "error_ratio": round(caller.error_ratio, 4),
    }


def _per_minute(parts: Iterable[tuple[float, Bounds]]) -> float:
    """How many requests a minute those parts are, at most; fewer than before count as none."""
    return round(sum(60 * rate * max(0.0, bounds.most) for rate, bounds in parts), 1)
