"""Which service a host name means, as istioctl resolves it. Pure.

Source: istio/istio pkg/config/analysis/analyzers/util/service_lookup.go and hosts.go,
pkg/config/host/name.go.
"""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from routing.analysis.kinds import SERVICE, SERVICE_ENTRY
from routing.analysis.objects import Obj, dig, number, objects, strings, text
from routing.analysis.objects import mapping as as_mapping
from routing.analysis.world import Index, Look, Mesh

EVERYWHERE: Final = "*"
HERE: Final = "."
EXPORT_TO: Final = "networking.istio.io/exportTo"


def fqdn(host: str, namespace: str, mesh: Mesh) -> str:
    """A host in full: only a name without a dot and without a wildcard is short."""
    if "." in host or host.startswith("*"):
        return host
    return f"{host}.{namespace}.svc.{mesh.domain}"


def overlap(one: str, other: str) -> bool:
    """Whether two host names, each perhaps with a leading wildcard, have a name in common."""
    if one.startswith("*") and other.startswith("*"):
        return one.endswith(other[1:]) or other.endswith(one[1:])
    if one.startswith("*"):
        return other.endswith(one[1:])
    return one.endswith(other[1:]) if other.startswith("*") else one == other


def service_name(host: str, namespace: str, mesh: Mesh) -> tuple[str, str]:
    """The namespace and name of the service that a host means; what is no service's full name is one here."""
    stem = host.removesuffix(f".svc.{mesh.domain}")
    name, dot, place = stem.rpartition(".")
    return (place, name) if stem != host and dot and name and place else (namespace, host)


def scopes(export_to: Sequence[str], namespace: str) -> list[str]:
    """The namespaces that something is exported to, without doubles; `*` alone when it is to all."""
    if not export_to or EVERYWHERE in export_to:
        return [EVERYWHERE]
    return list(dict.fromkeys(namespace if scope == HERE else scope for scope in export_to))


def exported_to(obj: Obj) -> list[str]:
    """The namespaces that a resource with `exportTo` is visible in; `*` for all."""
    return scopes(strings(obj.spec.get("exportTo")), obj.namespace)


def _service_scopes(obj: Obj) -> list[str]:
    if obj.key.group_kind == SERVICE_ENTRY:
        return exported_to(obj)
    written = obj.annotations.get(EXPORT_TO, "")
    # A service is exported to exactly what is written, without spaces around it being removed.
    return [obj.namespace if scope == HERE else scope for scope in written.split(",")] if written else ["*"]


def _hosts(obj: Obj, mesh: Mesh) -> Iterator[str]:
    if obj.key.group_kind == SERVICE:
        yield fqdn(obj.name, obj.namespace, mesh)
    else:
        for host in strings(obj.spec.get("hosts")):
            yield fqdn(host, obj.namespace, mesh)


def _service_hosts(obj: Obj, mesh: Mesh) -> Iterable[Hashable]:
    return ((scope, host) for host in _hosts(obj, mesh) for scope in _service_scopes(obj))


def _wildcards(obj: Obj, mesh: Mesh) -> Iterable[Hashable]:
    if any(host.startswith("*") for host in _hosts(obj, mesh)):
        yield from _service_scopes(obj)


SERVICE_HOSTS: Final = Index("service-host", (SERVICE, SERVICE_ENTRY), _service_hosts)
"""By scope (a namespace, or `*`) and host in full: services and service entries."""
WILDCARD_ENTRIES: Final = Index("wildcard-entry", (SERVICE_ENTRY,), _wildcards)
"""By scope: service entries with a wildcard among their hosts."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a destination's host stands for."""

    obj: Obj

    @property
    def ports(self) -> list[int]:
        """The numbers of its ports, as they are written."""
        field = "port" if self.obj.key.group_kind == SERVICE else "number"
        found = (number(port.get(field)) for _, port in objects(self.obj.spec.get("ports")))
        return [port or 0 for port in found]

    @property
    def selector(self) -> dict[str, str]:
        """The labels of the pods behind it."""
        if self.obj.key.group_kind == SERVICE:
            labels = self.obj.spec.get("selector")
        else:
            labels = dig(self.obj.spec, "workloadSelector", "labels")
        return {name: text(value) for name, value in as_mapping(labels).items()}


def target(look: Look, namespace: str, export_to: Sequence[str], host: str) -> Target | None:
    """What a host in a resource of a namespace means for the namespaces that the resource is exported to."""
    full = fqdn(host, namespace, look.mesh)
    places = [namespace if place == HERE else place for place in export_to] or [namespace]
    for scope in (EVERYWHERE, *places):
        if found := look.at(SERVICE_HOSTS, (scope, full)):
            services = [obj for obj in found if obj.key.group_kind == SERVICE]
            return Target(services[-1] if services else found[-1])
    return _by_wildcard(look, namespace, host)


def _by_wildcard(look: Look, namespace: str, host: str) -> Target | None:
    stem = host.removeprefix("*")
    for scope in (EVERYWHERE, namespace):
        for obj in look.at(WILDCARD_ENTRIES, scope):
            hosts = strings(obj.spec.get("hosts"))
            if any(stem.endswith(pattern[1:]) for pattern in hosts if pattern.startswith("*")):
                return Target(obj)
    return None
