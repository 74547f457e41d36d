"""The rules that make what a rollout wants stand, in the words of `POST plans`. Pure.

All rules of one wish are about one VirtualService, so that where the subsets are there it is one write.
Policies of the default route, and mirrors of others, are read from what stands and said again.
"""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from routing import rules as vocabulary
from routing.istio import HttpRoute
from routing.rollouts.spec import Spec
from routing.rollouts.standing import (
    MATCHED,
    Scene,
    is_shadowed,
    match_of,
    mirrors,
    own_route,
    route_name,
    version_of,
)
from routing.rollouts.states import Rule

Json: TypeAlias = dict[str, Any]
CARRIED: Final = ("headers", "rewrite", "cors", "mirrors", "timeout", "retries")
"""Policies of the default route that requests keep on the rollout's own. A fault is none of them: whoever
ends it on the default route would not know of its copy. (The console's own fault is on every route.)"""


def rules(seen: Scene, spec: Spec, rule: Rule) -> list[Json]:
    """What makes a rule stand; `seen` is what stands now. The rule must have a weight."""
    found = [_split(spec, rule.weight)]
    if spec.strategy.kind == "mirror":
        found += _mirroring(seen, spec, wanted=rule.mirror)
    if spec.strategy.kind in MATCHED:
        found += _matching(seen, spec, wanted=rule.match)
    return found


def not_carried(seen: Scene) -> tuple[str, ...]:
    """The fields of the default route that requests lose on the rollout's own: no rule can say them."""
    default = seen.default()
    if default is None:
        return ()
    unsaid = [name for name in CARRIED if name in default.said and name not in _policies(seen, default)]
    parts = [*unsaid, *default.lost, *(["fault"] if default.said.get("fault") else [])]
    return tuple(dict.fromkeys(part for part in parts if not part.startswith(("route", "match", "name"))))


def _about(kind: str, spec: Spec) -> Json:
    return {"kind": kind, "namespace": spec.namespace, "service": spec.service}


def _split(spec: Spec, weight: int) -> Json:
    # A version without a weight is not named: it may be gone.
    weights = {spec.baseline: 100 - weight, spec.canary: weight}
    return {**_about("split", spec), "weights": {name: part for name, part in weights.items() if part}}


def _mirroring(seen: Scene, spec: Spec, *, wanted: bool) -> list[Json]:
    now = mirrors(seen)
    mine = next((each for each in now if version_of(each, seen) == spec.canary), None)
    then = [
        {**each, "percentage": 100} if each is mine else each for each in now if wanted or each is not mine
    ]
    if wanted and mine is None:
        then.append({"version": spec.canary, "percentage": 100})
    if then == now:
        return []
    return [{**_about("http_policy", spec), "default": True, "mirrors": then or None}]


def _matching(seen: Scene, spec: Spec, *, wanted: bool) -> list[Json]:
    name = route_name(spec.namespace, spec.service)
    mine = own_route(seen)
    if not wanted:
        return [{**_about("remove_route", spec), "name": name}] if mine is not None else []
    default = seen.default()
    policies = _policies(seen, default) if default is not None else {}
    # Where it stands in front already, it stays where it is among the routes of others.
    first = mine is None or is_shadowed(seen)
    return [
        {
            **_about("route", spec),
            "name": name,
            **({"position": "first"} if first else {}),
            "match": [{**match_of(spec.strategy), **_gateways(default)}],
            "destinations": [{"version": spec.canary, **_destination(seen, default, spec)}],
            **policies,
        }
    ]


def _policies(seen: Scene, default: HttpRoute) -> Json:
    """The policies of the default route that a rule can say."""
    where = {"kind": "http_policy", "namespace": seen.service.namespace, "service": seen.service.name}
    found: Json = {}
    for name in CARRIED:
        said = default.said.get(name)
        if said is None:
            continue
        try:
            vocabulary.parse([{**where, "default": True, name: said}])
        except vocabulary.RulesError:
            continue
        found[name] = said
    return found


def _gateways(default: HttpRoute | None) -> Json:
    """Where requests of the default route come in, if it says so."""
    asked = (default.said.get("match") if default is not None else None) or ()
    named = next((each["gateways"] for each in asked if each.get("gateways")), None)
    return {"gateways": named} if named else {}


def _destination(seen: Scene, default: HttpRoute | None, spec: Spec) -> Json:
    """The port that the default route names, and what it does to the headers of the canary's requests."""
    places: list[Mapping[str, Any]] = (default.said.get("destinations") if default else None) or []
    mine = next((each for each in places if version_of(each, seen) == spec.canary), {})
    own = [each for each in places if "host" not in each]
    port = mine.get("port") or next((each["port"] for each in own if each.get("port")), None)
    headers = {"headers": mine["headers"]} if mine.get("headers") else {}
    return {**({"port": port} if port else {}), **headers}
