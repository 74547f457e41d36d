"""Which HTTPRoute or GRPCRoute a rule about a service stands in. Pure.

A named route is an object of its own, named `<service>-<route>`; the default route is one named like the
service, unless there is another object for the same parent already. In which order they stand does not
matter: of several routes the more specific match comes first.
"""

import copy
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from cluster.kinds import Kind
from cluster.refs import MAX_SUBDOMAIN, Manifest
from routing.istio import CannotApply
from routing.istio.hosts import name_of, namespace_of
from routing.shapes import mapping, mappings

_EVERYTHING: Final[tuple[Any, ...]] = ([], [{}], [{"path": {"type": "PathPrefix", "value": "/"}}], None)


def parents(route: Manifest) -> list[tuple[str, str]]:
    """The Services (namespace, name) that an object is a route of."""
    return [
        (str(ref.get("namespace") or namespace_of(route)), str(ref.get("name", "")))
        for ref in mappings(mapping(route.get("spec")).get("parentRefs"))
        if ref.get("kind") == "Service" and ref.get("group", "") in ("", "core")
    ]


def routes_of(routes: Iterable[Manifest], namespace: str, service: str, home: str) -> list[Manifest]:
    """The objects in the namespace `home` that are routes of a service, the oldest first."""
    found = [each for each in routes if namespace_of(each) == home and (namespace, service) in parents(each)]
    return sorted(found, key=lambda each: str(each["metadata"].get("creationTimestamp", "")))


def route_object(found: Iterable[Manifest], service: str, route: str) -> Manifest | None:
    """The object that a route stands in: by its name, or (for the default route) by what it matches."""
    known = list(found)
    if route:
        return next((each for each in known if each["metadata"]["name"] == object_name(service, route)), None)
    return next((each for each in known if any(map(_is_for_all, _rules(each)))), None)


def object_name(service: str, route: str) -> str:
    """The name of the object for a route of a service."""
    tail = re.sub(r"[^a-z0-9]+", "-", route.lower()).strip("-")
    return f"{service}-{tail}"[:MAX_SUBDOMAIN].rstrip("-") if tail else service


def new_object(kind: Kind, namespace: str, service: str, home: str, name: str) -> Manifest:
    """An object without a rule, whose parent is the service."""
    parent = {"group": "", "kind": "Service", "name": service}
    if home != namespace:
        parent["namespace"] = namespace
    return {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "metadata": {"name": name, "namespace": home},
        "spec": {"parentRefs": [parent], "rules": []},
    }


def with_rule(route: Manifest, rule: Mapping[str, Any], owned: Iterable[str], *, default: bool) -> Manifest:
    """The object with this rule in the place of its own; the `default` one in the place of that for all
    requests.

    Of that one, `owned` members are set or taken away; the others stay. Raises CannotApply.
    """
    changed = copy.deepcopy(route)
    rules = _rules(changed)
    places = [index for index, each in enumerate(rules) if _is_for_all(each) or not default]
    if len(places) > 1:
        known = f"{name_of(route)} has {len(rules)} rules"
        message = f"{known}; which of them is meant cannot be told. Edit it as YAML."
        raise CannotApply("SEVERAL_RULES", message)
    mine = set(owned)
    kept = {key: value for key, value in (rules[places[0]] if places else {}).items() if key not in mine}
    written = {**kept, **copy.deepcopy(dict(rule))}
    if places:
        rules[places[0]] = written
    else:
        rules.append(written)
    changed["spec"]["rules"] = rules
    return changed


def _is_for_all(rule: Mapping[str, Any]) -> bool:
    return rule.get("matches") in _EVERYTHING


def _rules(route: Manifest) -> list[dict[str, Any]]:
    found = (route.get("spec") or {}).get("rules")
    return found if isinstance(found, list) else []
