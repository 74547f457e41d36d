"""Who a set of rules meets, from live traffic, before anything is written.

What is not measured is said to be unknown, never taken for nothing.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, Protocol

from cluster.inventory import ELSEWHERE
from routing.rules import ClearFault, Fault, RemoveSubset, Rule, Split, Subset
from routing.sentences import whom


class Caller(Protocol):
    """The requests of one workload to a service; `requests_per_second`, and `error_ratio` from 0 to 1."""

    @property
    def namespace(self) -> str:
        """Its namespace."""

    @property
    def workload(self) -> str:
        """Its name; empty when it has no proxy."""

    @property
    def app(self) -> str:
        """Its app."""

    @property
    def version(self) -> str:
        """Its version."""

    @property
    def requests_per_second(self) -> float:
        """What it sends."""

    @property
    def error_ratio(self) -> float:
        """What part of it fails, from 0 to 1."""


class Traffic(Protocol):
    """Live traffic, as `telemetry.live` has it."""

    def available(self) -> bool:
        """Whether there is a measurement that is not stale."""

    def age_seconds(self) -> float | None:
        """How old it is."""

    def callers(self, namespace: str, service: str) -> Sequence[Caller]:
        """Who calls a service."""

    def shares(self, namespace: str, service: str) -> Mapping[str, float]:
        """The part of its requests that each version got, from 0 to 1."""


def radius(
    rules: Sequence[Rule], traffic: Traffic, touched: Collection[tuple[str, str]] = ()
) -> dict[str, Any]:
    """The blast radius of rules as the REST API answers it; rates per second and per minute.

    `touched`: the services (namespace and name) whose routes or policies rules about no service change.
    """
    if not traffic.available():
        return unmeasured("There is no current measurement of the traffic.")
    about = {(rule.namespace, rule.service) for rule in rules if rule.service}.union(touched)
    if not about:
        return unmeasured("Whom this meets is not measured: it is about no service of this cluster.")
    callers = {target: list(traffic.callers(*target)) for target in sorted(about)}
    rates = {target: sum(c.requests_per_second for c in found) for target, found in callers.items()}
    faults = [rule for rule in rules if isinstance(rule, Fault)]
    return {
        "measured": True,
        "reason": "",
        "age_seconds": traffic.age_seconds(),
        "callers": [_caller(caller) for found in callers.values() for caller in found],
        "requests_per_second": round(sum(rates.values()), 3),
        "requests_per_minute": round(60 * sum(rates.values()), 1),
        "added_errors_per_minute": _per_minute(faults, rates, _failing) if faults else 0.0,
        "delayed_per_minute": _per_minute(faults, rates, _delayed) if faults else 0.0,
        "at_most": any(fault.match for fault in faults),
        "sentence": " ".join(_sentences(rules, rates)),
    }


def shown(kept: Mapping[str, Any], readable: Callable[[str], bool]) -> dict[str, Any]:
    """A kept blast radius for somebody who may not read every namespace: the callers there become one."""
    known: list[Mapping[str, Any]] = []
    hidden: list[Mapping[str, Any]] = []
    for caller in kept["callers"]:
        elsewhere = caller["workload"] == ELSEWHERE and not caller["namespace"]
        foreign = caller["namespace"] and not readable(caller["namespace"])
        (hidden if elsewhere or foreign else known).append(caller)
    return {**kept, "callers": [*known, *_merged(hidden)]}


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
    }


def _caller(caller: Caller) -> dict[str, Any]:
    return {
        "namespace": caller.namespace,
        "workload": caller.workload,
        "app": caller.app,
        "version": caller.version,
        "requests_per_second": round(caller.requests_per_second, 3),
        "error_ratio": round(caller.error_ratio, 4),
    }


def _per_minute(
    faults: Sequence[Fault], rates: Mapping[tuple[str, str], float], part: Callable[[Fault], float]
) -> float:
    return round(sum(60 * rates[fault.namespace, fault.service] * part(fault) for fault in faults), 1)


def _failing(fault: Fault) -> float:
    """The part of the requests that a fault turns into errors: an abort with 404 is one, with 204 is none."""
    return fault.abort.percentage / 100 if fault.abort and fault.abort.fails else 0.0


def _delayed(fault: Fault) -> float:
    return fault.delay.percentage / 100 if fault.delay else 0.0


def _sentences(rules: Sequence[Rule], rates: Mapping[tuple[str, str], float]) -> Iterator[str]:
    of_services = [rule for rule in rules if rule.service]
    yield from (_sentence(rule, rates[rule.namespace, rule.service]) for rule in of_services)
    for namespace, name in sorted(set(rates) - {(rule.namespace, rule.service) for rule in of_services}):
        rate = rates[namespace, name]
        follow = f"{rate:.3g} requests a second reach {name}; all of them follow the new routes and policies."
        yield follow if rate else f"Nobody calls {name} at the moment."


def _sentence(rule: Rule, rate: float) -> str:
    # No number of callers: the sentence is kept, and some of them may not be seen by a later reader.
    traffic = f"{rate:.3g} requests a second reach {rule.service}"
    if rate == 0:
        return f"Nobody calls {rule.service} at the moment."
    if isinstance(rule, Split):
        return f"{traffic}; all of them follow the new weights."
    if isinstance(rule, ClearFault):
        return f"{traffic}; none of them meets meshui's fault any more."
    if isinstance(rule, Subset | RemoveSubset):
        return f"{traffic}; none of them goes another way by this."
    if not isinstance(rule, Fault):
        return f"{traffic}; all of them follow the new rule."
    parts = []
    bound = "at most " if rule.match else "about "
    if rule.delay:
        parts.append(f"{bound}{60 * rate * _delayed(rule):.3g} a minute wait {rule.delay.fixed_delay} longer")
    if rule.abort:
        aborted = 60 * rate * rule.abort.percentage / 100
        parts.append(f"{bound}{aborted:.3g} a minute are answered {rule.abort.status}")
    return f"{traffic}; of {whom(rule.match)}, {' and '.join(parts)}."
