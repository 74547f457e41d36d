"""Http routes and the policies on them, drafted. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from cluster.kinds import SERVICE
from cluster.refs import Manifest
from routing import istio
from routing.drafting.draft import needs
from routing.drafting.steering import Steering, pods_of
from routing.drafting.versions import about_ready_pods, knows_versions
from routing.istio.http.notices import about_routes, changed_routes
from routing.istio.http.routes import HttpRoute, home_of, read_routes, removed
from routing.phrases import http_policy_sentence, remove_sentence, route_sentence
from routing.problems import info, warning
from routing.rules import Destination, HttpPolicy, RemoveRoute, Route
from routing.rules.http.policies import Mirror

HTTP: Final = frozenset({"http", "http2", "grpc", "grpc-web"})
"""The protocols of ports whose requests http routes are about."""
P = TypeVar("P", Destination, Mirror)


@dataclass(frozen=True, slots=True)
class _Places:
    """Where a rule sends requests: what it names, and the field in which it does."""

    destinations: tuple[Destination, ...]
    mirrors: tuple[Mirror, ...]
    field: str

    def versions(self) -> dict[str, str]:
        """The field of each version that is named."""
        named: dict[str, str] = {}
        for index, destination in enumerate(self.destinations):
            if destination.version:
                named.setdefault(destination.version, f"{self.field}.destinations[{index}].version")
        for index, mirror in enumerate(self.mirrors):
            if mirror.version:
                named.setdefault(mirror.version, f"{self.field}.mirrors[{index}].version")
        return named


def route(rule: Route, to: Steering) -> None:
    """Sets one http route, whole. Raises CannotApply."""
    virtual = to.routed()
    destinations = rule.action if isinstance(rule.action, tuple) else ()
    places = _Places(destinations, rule.policies.mirrors, to.field)
    subsets = _subsets(places, to)
    if subsets is not None:
        manifest = to.virtual_service_to_write()
        old = _route_before(virtual.main, rule, subsets)
        wanted = _with_ports(rule, old, to)
        _about_pods(places, old, to)
        home = home_of(manifest, rule.namespace, rule.service, subsets)
        changed = istio.set_route(manifest, wanted, home)
        _put(virtual.main, manifest, changed, f"Sets {_told(rule)}.", to)
        _about_removed(manifest, changed, home, to)
    to.about_virtual_services(virtual)


def http_policy(rule: HttpPolicy, to: Steering) -> None:
    """Sets some policies on a route, or on all. Raises CannotApply."""
    virtual = to.routed()
    mirrors = rule.changes.get("mirrors") or ()
    subsets = _subsets(_Places((), mirrors, to.field), to)
    if subsets is not None:
        manifest = to.virtual_service_to_write()
        home = home_of(manifest, rule.namespace, rule.service, subsets)
        ported = tuple(_with_port(item, f"mirrors[{index}]", (), to) for index, item in enumerate(mirrors))
        changes = {**rule.changes, "mirrors": ported} if ported else rule.changes
        changed, notices = istio.set_http_policy(manifest, replace(rule, changes=changes), home)
        _put(virtual.main, manifest, changed, f"Sets {http_policy_sentence(rule)}.", to)
        to.draft.notices(notices, changed, to.field)
        _about_removed(manifest, changed, home, to)
    to.about_virtual_services(virtual)


def remove_route(rule: RemoveRoute, to: Steering) -> None:
    """Takes a route away. Raises CannotApply for the default route."""
    virtual = to.routed()
    changed = None if virtual.main is None else istio.remove_route(virtual.main, rule)
    if changed is None or changed is virtual.main:
        told = f"{to.service.name} has no route {rule.name}; there is nothing to remove."
        about = needs([virtual.main] if virtual.main else [])
        to.draft.problems.append(info("NO_SUCH_ROUTE", told, f"{to.field}.name", needs=about))
    else:
        to.draft.put(changed, f"Leaves {remove_sentence(rule)}.")
    to.about_virtual_services(virtual)


def _told(rule: Route) -> str:
    return route_sentence(rule) if rule.name else f"the default route: {route_sentence(rule)}"


def _subsets(places: _Places, to: Steering) -> istio.Subsets | None:
    """The subsets, with one for each version that is named; None where a version is unknown."""
    effective = to.destination_rules.effective
    to.draft.sources.update(needs([effective] if effective else []))
    versions = places.versions()
    known = istio.read_subsets(effective, to.service)
    if not knows_versions(to, versions, known.by_version):
        return None
    return to.with_subsets(list(versions)) if versions else known


def _put(before: Manifest | None, manifest: Manifest, changed: Manifest, why: str, to: Steering) -> None:
    """`before`: what the cluster has; `manifest`: that, or the new one that was changed."""
    to.draft.put(changed, why)
    changes = changed_routes(before or manifest, changed)
    to.draft.notices(about_routes(changed, changes), changed, to.field)


def _about_removed(manifest: Manifest, changed: Manifest, home: istio.Home, to: Steering) -> None:
    gone = removed(manifest, changed, home)
    if gone:
        message = (
            f"{', '.join(gone)} of {istio.name_of(manifest)} goes along with what is taken away; rules do "
            "not know it, and cannot set it again."
        )
        to.draft.warn("UNKNOWN_FIELDS_REMOVED", message, to.field, manifest)


def _route_before(manifest: Manifest | None, rule: Route, subsets: istio.Subsets) -> tuple[Destination, ...]:
    """The destinations of the route before the change."""
    if manifest is None:
        return ()
    found = read_routes(manifest, rule.namespace, rule.service, subsets)
    old = next((item for item in found if _is(item, rule)), None)
    action = old.rule.action if old is not None and old.rule is not None else ()
    return action if isinstance(action, tuple) else ()


def _is(found: HttpRoute, rule: Route) -> bool:
    return found.name == rule.name if rule.name else found.default


def _about_pods(places: _Places, old: tuple[Destination, ...], to: Steering) -> None:
    fields = places.versions()
    about_ready_pods(to, _shares(places.destinations), _shares(old), fields)
    for version in dict.fromkeys(item.version for item in places.mirrors if item.version):
        found = to.service.version(version)
        if to.service.pods_known and (found is None or not found.ready_pods):
            message = f"{version} has no ready pod; what is mirrored to it is lost."
            about = pods_of(to.service)
            to.draft.problems.append(info("MIRROR_NOT_READY", message, fields[version], needs=about))


def _shares(destinations: tuple[Destination, ...]) -> Mapping[str, float]:
    """The share of each version in percent."""
    found: dict[str, float] = {}
    for item in destinations:
        if item.version:
            share = 100.0 if len(destinations) == 1 else float(item.weight or 0)
            found[item.version] = found.get(item.version, 0.0) + share
    return found


def _with_ports(rule: Route, old: tuple[Destination, ...], to: Steering) -> Route:
    mirrors = tuple(_with_port(item, f"mirrors[{i}]", (), to) for i, item in enumerate(rule.policies.mirrors))
    policies = replace(rule.policies, mirrors=mirrors)
    if not isinstance(rule.action, tuple):
        return replace(rule, policies=policies)
    action = tuple(_with_port(item, f"destinations[{i}]", old, to) for i, item in enumerate(rule.action))
    return replace(rule, action=action, policies=policies)


def _with_port(item: P, at: str, old: tuple[Destination, ...], to: Steering) -> P:
    """With the port of the service's one HTTP port, where it has several ports and the rule names none.

    Raises CannotApply where that is not one, and for a port that the service does not have.
    """
    ports = {port.number: port for port in to.service.ports}
    if item.host or not ports or (item.port is None and len(ports) == 1):
        return item
    if item.port is not None:
        to.require_port(item.port, f"{at}.port")
        return item
    message = f"Service {to.service.name} has several ports ({', '.join(map(str, ports))}); name one of them."
    if any((o.host, o.version, o.subset, o.port) == (None, item.version, item.subset, None) for o in old):
        about = [(SERVICE, to.service.namespace)]
        to.draft.problems.append(warning("IST0112", message, f"{to.field}.{at}.port", needs=about))
        return item
    fitting = [number for number, port in ports.items() if port.protocol in HTTP]
    if len(fitting) != 1:
        raise istio.CannotApply("IST0112", message, f"{at}.port")
    return replace(item, port=fitting[0])
