"""Routes that Istio takes, and that do something else than they seem to: weights, order, faults, retries.
Pure.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from routing.analysis.analyzers.virtual_services import SUBSETS, destinations
from routing.analysis.findings import Finding, analyzer, finding
from routing.analysis.hosts import service_name, target
from routing.analysis.kinds import POD, SERVICE, VIRTUAL_SERVICE
from routing.analysis.objects import Obj, dig, items, mapping, number, objects, strings, text, texts
from routing.analysis.requests import covers, is_catch_all
from routing.analysis.selectors import pods
from routing.analysis.world import Look
from routing.rules import quoted
from routing.yaml_files import Path

DEFAULT_ATTEMPTS: Final = 2
MANY_TRIES: Final = 4
TOO_MANY_TRIES: Final = 10
MOST_MATCHES: Final = 300
"""Beyond so many matches they are not compared with each other."""


def _rules(obj: Obj) -> list[Mapping[str, Any]]:
    return [rule for _, rule in objects(obj.spec.get("http"))]


def _check_weights(look: Look, obj: Obj) -> Iterator[Finding]:  # noqa: ARG001  (one object is enough)
    for protocol in ("http", "tls", "tcp"):
        for index, rule in objects(obj.spec.get(protocol)):
            route = [each for _, each in objects(rule.get("route"))]
            weights = [number(each.get("weight")) or 0 for each in route]
            at: Path = ("spec", protocol, index, "route")
            if len(route) == 1 and weights[0] not in (0, 100):
                message = f"The only destination gets 100 %, not {weights[0]} %."
                yield finding("MUI0003", obj, (*at, 0, "weight"), message)
            elif len(route) > 1 and sum(weights) not in (0, 100):
                shares = ", ".join(f"{100 * weight / sum(weights):.3g} %" for weight in weights[:10])
                message = f"The weights add up to {sum(weights)}: the destinations get {shares}."
                yield finding("MUI0002", obj, at, message)


def _check_order(look: Look, obj: Obj) -> Iterator[Finding]:  # noqa: ARG001  (one object is enough)
    rules = _rules(obj)
    for index, rule in enumerate(rules[:-1]):
        # One without any match is istioctl's to tell (IST0130).
        if items(rule.get("match")) and is_catch_all(rule):
            message = (
                f"Rule http[{index}] takes every request; the {len(rules) - 1 - index} behind it get none."
            )
            yield finding("MUI0007", obj, ("spec", "http", index, "match"), message)
            break
    if rules and not any(map(is_catch_all, rules)) and not _is_delegate(obj):
        message = "No rule takes the requests that match none of the others; they are answered 404."
        yield finding("MUI0009", obj, ("spec", "http"), message)


def _is_delegate(obj: Obj) -> bool:
    """Whether a VirtualService is a part of another, which has the default route: it has no hosts."""
    return not strings(obj.spec.get("hosts"))


def _check_shadows(look: Look, obj: Obj) -> Iterator[Finding]:  # noqa: ARG001  (one object is enough)
    gateways = strings(obj.spec.get("gateways"))
    earlier: list[tuple[int, int, Mapping[str, Any]]] = []
    for index, rule in enumerate(_rules(obj)):
        if len(earlier) > MOST_MATCHES:
            return
        matches = [match for _, match in objects(rule.get("match"))]
        for match_index, match in enumerate(matches):
            found = next((one for one in earlier if _shadows(one[2], match, gateways)), None)
            if found is not None:
                at: Path = ("spec", "http", index, "match", match_index)
                message = f"http[{found[0]}].match[{found[1]}] takes all these requests before."
                yield finding("MUI0008", obj, at, message)
        if is_catch_all(rule):
            # What stands behind it is told of as a whole.
            return
        earlier += [(index, match_index, match) for match_index, match in enumerate(matches)]


def _shadows(earlier: Mapping[str, Any], later: Mapping[str, Any], gateways: list[str]) -> bool:
    if _told_by_istioctl(earlier, later):
        return False
    return covers(earlier, later, gateways)


def _told_by_istioctl(earlier: Mapping[str, Any], later: Mapping[str, Any]) -> bool:
    """Whether IST0131 tells it: the same match again, or a prefix under another."""
    one, other = ({**match, "name": "", "uri": ""} for match in (earlier, later))
    if one != other:
        return False
    same = earlier.get("uri") == later.get("uri")
    return same or bool(dig(earlier, "uri", "prefix") and dig(later, "uri", "prefix"))


def _check_faults(look: Look, obj: Obj) -> Iterator[Finding]:  # noqa: ARG001  (one object is enough)
    for index, rule in enumerate(_rules(obj)):
        fault = mapping(rule.get("fault"))
        met = {name: _percentage(mapping(fault.get(name))) for name in ("delay", "abort")}
        if not any(met.values()):
            continue
        at: Path = ("spec", "http", index, "fault")
        lost = [name for name in ("retries", "timeout") if rule.get(name)]
        if lost:
            message = f"{' and '.join(lost)} of http[{index}] are not applied while it has this fault."
            yield finding("MUI0010", obj, at, message)
        if is_catch_all(rule):
            yield finding("MUI0011", obj, at, f"http[{index}] has no match, so its fault meets every caller.")
        for name, percentage in met.items():
            if percentage >= 100:
                message = f"This {name} meets every request that takes http[{index}]."
                yield finding("MUI0012", obj, (*at, name), message)


def _percentage(part: Mapping[str, Any]) -> float:
    """The percentage of a delay or abort; one that is not set is nobody."""
    value = dig(part, "percentage", "value") if "percentage" in part else part.get("percent")
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0


def _check_retries(look: Look, obj: Obj) -> Iterator[Finding]:  # noqa: ARG001  (one object is enough)
    for index, rule in enumerate(_rules(obj)):
        retries = mapping(rule.get("retries"))
        tries = 1 + (number(retries.get("attempts", DEFAULT_ATTEMPTS)) or 0)
        if tries <= MANY_TRIES:
            continue
        code = "MUI0014" if tries > TOO_MANY_TRIES else "MUI0013"
        message = f"Each proxy that calls this sends a failing request up to {tries} times."
        yield finding(code, obj, ("spec", "http", index, "retries", "attempts"), message)


def _check_ready(look: Look, obj: Obj) -> Iterator[Finding]:
    for at, destination, mirror in destinations(obj):
        subset = text(destination.get("subset"))
        if mirror or not subset or not _gets_requests(obj, at):
            continue
        host = text(destination.get("host"))
        found = target(look, obj.namespace, strings(obj.spec.get("exportTo")), host)
        if found is None or found.obj.key.group_kind != SERVICE or not found.selector:
            continue
        labels = _subset_labels(look, obj, host, subset)
        if labels is None:
            continue
        chosen = pods(look, {**found.selector, **labels}, found.obj.namespace)
        # A file of a pod says nothing of its readiness.
        if chosen and all(_is_unready(pod) for pod in chosen):
            message = f"None of the {len(chosen)} pods of subset {quoted(subset)} is ready."
            yield finding("MUI0001", obj, (*at, "subset"), message, found.obj, *chosen[:3])


def _gets_requests(obj: Obj, at: Path) -> bool:
    """Whether the destination at this place has a weight, or is the only one."""
    route = items(mapping(items(obj.spec.get(str(at[1])))[int(at[2])]).get("route"))
    return len(route) == 1 or bool(number(mapping(route[int(at[4])]).get("weight")))


def _subset_labels(look: Look, obj: Obj, host: str, subset: str) -> Mapping[str, str] | None:
    place = service_name(host, obj.namespace, look.mesh)
    for rule in look.at(SUBSETS, (*place, subset)):
        for _, each in objects(rule.spec.get("subsets")):
            if each.get("name") == subset:
                return texts(each.get("labels"))
    return None


def _is_unready(pod: Obj) -> bool:
    conditions = items(dig(pod.manifest, "status", "conditions"))
    ready = next((mapping(each) for each in conditions if mapping(each).get("type") == "Ready"), None)
    return pod.key.group_kind == POD and ready is not None and ready.get("status") != "True"


ANALYZERS: Final = (
    analyzer("meshui.Weights", "MUI0002 MUI0003", (VIRTUAL_SERVICE,), _check_weights),
    analyzer("meshui.Order", "MUI0007 MUI0009", (VIRTUAL_SERVICE,), _check_order),
    analyzer("meshui.Shadows", "MUI0008", (VIRTUAL_SERVICE,), _check_shadows),
    analyzer("meshui.Faults", "MUI0010 MUI0011 MUI0012", (VIRTUAL_SERVICE,), _check_faults),
    analyzer("meshui.Retries", "MUI0013 MUI0014", (VIRTUAL_SERVICE,), _check_retries),
    analyzer("meshui.ReadyPods", "MUI0001", (VIRTUAL_SERVICE,), _check_ready),
)
