"""What cures a finding where the cure is mechanical: the object as it would be then. Pure.

A cure changes only what the finding is about, and never which requests go where beyond that: where a person
has to choose, there is none.
"""

import copy
from collections.abc import Callable, Mapping
from typing import Any, Final

from cluster.refs import Manifest
from routing.analysis.analyzers.virtual_services import destinations
from routing.analysis.findings import Finding
from routing.analysis.hosts import service_name, target
from routing.analysis.kinds import VIRTUAL_SERVICE
from routing.analysis.objects import Obj, mapping, number, objects, strings, text
from routing.analysis.world import Look, World
from routing.yaml_files import Path

HTTP: Final = ("http", "grpc", "http2")
MOST_EJECTED: Final = 50
FEWER_ATTEMPTS: Final = 2

Cure = Callable[[World, Obj, Manifest, Path], bool]
"""Changes a copy of an object's manifest; says whether it could."""


def cured(world: World, finding: Finding) -> Manifest | None:
    """The object of a finding without what the finding is about; None where that takes a decision."""
    obj, cure = world.get(finding.subject), _CURES.get(finding.code)
    if obj is None or cure is None:
        return None
    manifest = copy.deepcopy(obj.manifest)
    try:
        done = cure(world, obj, manifest, finding.at)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, ArithmeticError):
        # The fields are of other types than the cure takes them for: a person has to look.
        return None
    return manifest if done else None


def _at(manifest: Manifest, path: Path) -> Any:
    value: Any = manifest
    for step in path:
        value = value[step]
    return value


def _to_hundred(_world: World, _obj: Obj, manifest: Manifest, at: Path) -> bool:
    """Weights in the same proportions that come to 100; the largest remainders get what rounding leaves."""
    route = _at(manifest, at)
    weights = [number(mapping(each).get("weight")) or 0 for each in route]
    exact = [100 * weight / sum(weights) for weight in weights]
    rounded = [int(share) for share in exact]
    by_remainder = sorted(range(len(exact)), key=lambda index: rounded[index] - exact[index])
    for index in by_remainder[: 100 - sum(rounded)]:
        rounded[index] += 1
    if any(weight and not share for weight, share in zip(weights, rounded, strict=True)):
        # Somebody would get nothing.
        return False
    for each, weight in zip(route, rounded, strict=True):
        each["weight"] = weight
    return True


def _without(_world: World, _obj: Obj, manifest: Manifest, at: Path) -> bool:
    del _at(manifest, at[:-1])[at[-1]]
    return True


def _last(_world: World, _obj: Obj, manifest: Manifest, at: Path) -> bool:
    """The rule that takes everything, behind the others."""
    rules = _at(manifest, at[:2])
    rules.append(rules.pop(at[2]))
    return True


def _open_rule_last(_world: World, _obj: Obj, manifest: Manifest, at: Path) -> bool:
    """The first rule without a match, behind the others; two of them cannot both be last."""
    rules = _at(manifest, at[:2])
    without = [index for index, rule in enumerate(rules) if not rule.get("match")]
    if len(without) != 1 or int(at[2]) < without[0]:
        return False
    rules.append(rules.pop(without[0]))
    return True


def _without_match(_world: World, _obj: Obj, manifest: Manifest, at: Path) -> bool:
    """The match away, and its rule with the last of its matches: without one it would take everything."""
    rules, index = _at(manifest, at[:2]), int(at[2])
    del rules[index]["match"][at[4]]
    if not rules[index]["match"]:
        del rules[index]
    return bool(rules)


def _port(world: World, obj: Obj, manifest: Manifest, at: Path) -> bool:
    """The port for HTTP, if the service has one alone."""
    destination = _at(manifest, at[:-1])
    look = Look(world)
    found = target(look, obj.namespace, strings(obj.spec.get("exportTo")), text(destination.get("host")))
    if found is None or at[1] != "http":
        return False
    ports = [port for _, port in objects(found.obj.spec.get("ports")) if _speaks_http(port)]
    if len(ports) != 1:
        return False
    destination["port"] = {"number": number(ports[0].get("port") or ports[0].get("number"))}
    return destination["port"]["number"] is not None


def _speaks_http(port: Mapping[str, Any]) -> bool:
    said = text(port.get("appProtocol") or port.get("protocol")).lower()
    name = text(port.get("name")).partition("-")[0]
    return name in HTTP or said in HTTP or said.startswith("kubernetes.io/h2c")


def _unused_subset(world: World, obj: Obj, manifest: Manifest, at: Path) -> bool:
    """The subset away, if no route names it."""
    name = text(_at(manifest, at).get("name"))
    about = service_name(text(obj.spec.get("host")), obj.namespace, world.mesh)
    for route in world.of(VIRTUAL_SERVICE):
        for _, destination, _ in destinations(route):
            host = service_name(text(destination.get("host")), route.namespace, world.mesh)
            if host == about and destination.get("subset") == name:
                return False
    del _at(manifest, at[:-1])[at[-1]]
    return True


def _unused_destination(_world: World, _obj: Obj, manifest: Manifest, at: Path) -> bool:
    """A destination that gets nothing away: `spec.http[0].route[1].destination...`."""
    if at[3:4] != ("route",) or at[-1] not in ("host", "subset", "number"):
        return False
    route, index = _at(manifest, at[:4]), int(at[4])
    if len(route) < 2 or number(route[index].get("weight", 0)) != 0:
        return False
    rest = [each for place, each in enumerate(route) if place != index]
    if not any(number(each.get("weight", 0)) for each in rest):
        return False
    del route[index]
    if len(route) == 1:
        route[0].pop("weight", None)
    return True


def _half(_world: World, _obj: Obj, manifest: Manifest, at: Path) -> bool:
    _at(manifest, at[:-1])[at[-1]] = MOST_EJECTED
    return True


def _fewer(_world: World, _obj: Obj, manifest: Manifest, at: Path) -> bool:
    retries = _at(manifest, at[:-1])
    retries["attempts"] = FEWER_ATTEMPTS
    return True


def _mutual(_world: World, _obj: Obj, manifest: Manifest, at: Path) -> bool:
    """Istio's mutual TLS where the pods ask for it; not where they refuse it."""
    settings = _at(manifest, at[:-1])
    if settings.get("mode") != "DISABLE":
        return False
    settings["mode"] = "ISTIO_MUTUAL"
    return True


_CURES: Final[Mapping[str, Cure]] = {
    "IST0101": _unused_destination,
    "IST0112": _port,
    "IST0130": _open_rule_last,
    "IST0131": _without_match,
    "IST0173": _unused_subset,
    "MUI0002": _to_hundred,
    "MUI0003": _without,
    "MUI0007": _last,
    "MUI0008": _without_match,
    "MUI0013": _fewer,
    "MUI0014": _fewer,
    "MUI0015": _half,
    "MUI0016": _half,
    "MUI0017": _mutual,
}
CURABLE: Final = frozenset(_CURES)
"""The codes that have a cure, at least sometimes."""
