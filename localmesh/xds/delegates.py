"""Delegation: a route of one VirtualService that another one carries on.

The routes of the other stand in the place of the delegating one. Each of their matches must lie within one of
its matches, or the route is left out; what they do not say they take from it (istio/istio
pilot/pkg/model/virtualservice.go). One level only: what is delegated to cannot delegate.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from localmesh.xds import names
from localmesh.xds.model import Mesh, Rule
from localmesh.xds.values import Problem

Spec = Mapping[str, Any]
_INHERITED = (
    "rewrite",
    "directResponse",
    "timeout",
    "retries",
    "fault",
    "mirror",
    "mirrorPercent",
    "mirrorPercentage",
    "corsPolicy",
    "mirrors",
    "headers",
)
_STRINGS = ("uri", "scheme", "method", "authority")
_MAPS = ("headers", "withoutHeaders", "queryParams", "sourceLabels")


@dataclass(frozen=True, slots=True)
class Part:
    """One HTTP route as it is in force: its fields, where they are written, and whose they are.

    `owner` is the namespace in which its short names are read; `delegate` the VirtualService that it comes
    from, when that is not the one asked about. `gateway_api` says that it has that API's meaning.
    """

    spec: Spec
    path: str
    owner: str
    delegate: Rule | None = None
    gateway_api: bool = False


def parts(mesh: Mesh, rule: Rule) -> Iterator[Part]:
    """The HTTP routes of a VirtualService, in order, with those that it delegates to in their places."""
    for index, spec in enumerate(rule.spec.get("http") or ()):
        path = f"spec.http[{index}]"
        if not spec.get("delegate"):
            yield Part(spec, path, rule.namespace, gateway_api=rule.of_gateway_api)
            continue
        target = _target(mesh, rule, spec)
        if isinstance(target, Rule):
            for place, own in enumerate(target.spec.get("http") or ()):
                joined = _merged(spec, own, rule.namespace, target.namespace)
                if joined is not None:
                    yield Part(joined, f"spec.http[{place}]", target.namespace, target)


def problems(mesh: Mesh, rule: Rule) -> Iterator[Problem]:
    """Delegations of a VirtualService that lead nowhere, or lose routes on their way."""
    for index, spec in enumerate(rule.spec.get("http") or ()):
        if not spec.get("delegate"):
            continue
        path, target = f"spec.http[{index}].delegate", _target(mesh, rule, spec)
        if isinstance(target, str):
            yield Problem(path, target)
            continue
        for place, own in enumerate(target.spec.get("http") or ()):
            if _merged(spec, own, rule.namespace, target.namespace) is None:
                where = f"spec.http[{place}] of {target.namespace}/{target.name}"
                yield Problem(path, f"{where} is left out: one of its matches is not within a match here")


def is_delegate(rule: Rule) -> bool:
    """Whether a VirtualService is there to be delegated to: it has no hosts of its own."""
    return not rule.spec.get("hosts")


def delegate_problems(mesh: Mesh, rule: Rule) -> Iterator[Problem]:
    """What keeps a VirtualService without hosts from being in force."""
    if not any(part.delegate is rule for root in mesh.virtual_services for part in parts(mesh, root)):
        yield Problem("spec.hosts", "it has none, and no VirtualService in force delegates to it")


def _target(mesh: Mesh, rule: Rule, spec: Spec) -> Rule | str:
    """The VirtualService that a route delegates to, or why there is none."""
    given = spec["delegate"]
    key = given.get("namespace") or rule.namespace, given.get("name") or ""
    target = mesh.virtual_services_by_key.get(key)
    if target is None or not is_delegate(target):
        kind = "VirtualService" if target is None else "VirtualService without hosts"
        return f"there is no {kind} {key[0]}/{key[1]}"
    if not target.visible_to(rule.namespace):
        return f"VirtualService {key[0]}/{key[1]} is not exported to {rule.namespace}"
    return target


def _merged(root: Spec, leaf: Spec, root_owner: str, leaf_owner: str) -> Spec | None:
    if leaf.get("delegate"):
        return None
    matches = _matches(
        [_resolved(each, root_owner) for each in root.get("match") or ()],
        [_resolved(each, leaf_owner) for each in leaf.get("match") or ()],
    )
    if matches is None:
        return None
    taken = {key: root[key] for key in _INHERITED if key in root and key not in leaf}
    return {**leaf, **taken, **_joined_name(root, leaf), **({"match": matches} if matches else {})}


def _resolved(match: Spec, owner: str) -> Spec:
    """A match whose gateways are read where they are written."""
    if not match.get("gateways"):
        return match
    return {**match, "gateways": [names.resolve_gateway(each, owner) for each in match["gateways"]]}


def _joined_name(root: Spec, leaf: Spec) -> Spec:
    joined = "-".join(str(each["name"]) for each in (root, leaf) if each.get("name"))
    return {"name": joined} if joined else {}


def _matches(root: list[Spec], leaf: list[Spec]) -> list[Spec] | None:
    if not root or not leaf:
        return root or leaf
    found: list[Spec] = []
    for own in leaf:
        within = [_match(outer, own) for outer in root if not _conflict(outer, own)]
        if not within:
            return None
        found += within
    return found


def _match(root: Spec, leaf: Spec) -> Spec:
    maps = {key: {**(root.get(key) or {}), **(leaf.get(key) or {})} for key in _MAPS}
    return {**root, **leaf, **{key: each for key, each in maps.items() if each}, **_joined_name(root, leaf)}


def _conflict(root: Spec, leaf: Spec) -> bool:
    return (
        any(_outside(root.get(key), leaf.get(key)) for key in _STRINGS)
        or any(
            _outside((root.get(key) or {}).get(name), each)
            for key in ("headers", "withoutHeaders", "queryParams")
            for name, each in (leaf.get(key) or {}).items()
        )
        or bool(root.get("ignoreUriCase")) != bool(leaf.get("ignoreUriCase"))
        or _differ(root.get("port"), leaf.get("port"))
        # As in Istio, the namespace has to be repeated.
        or bool(root.get("sourceNamespace") and leaf.get("sourceNamespace") != root["sourceNamespace"])
        or any(
            _differ((root.get("sourceLabels") or {}).get(key), each)
            for key, each in (leaf.get("sourceLabels") or {}).items()
        )
        or bool(root.get("gateways") and set(leaf.get("gateways") or ()) - set(root["gateways"]))
    )


def _differ(one: object, other: object) -> bool:
    return bool(one and other and one != other)


def _outside(root: Spec | None, leaf: Spec | None) -> bool:
    """Whether a condition on a value lets through what the delegating one does not."""
    if root is None or leaf is None:
        return False
    if root.get("regex") or leaf.get("regex"):
        # Istio compares no expressions; beside one there may be only an empty condition.
        return True
    if root.get("exact"):
        return bool(leaf.get("prefix")) or leaf.get("exact") != root["exact"]
    if root.get("prefix"):
        inner = leaf.get("prefix") or leaf.get("exact") or ""
        return not str(inner).startswith(root["prefix"])
    return True
