"""Which VirtualService and DestinationRule are about a service: Istio's lookup, on plain manifests. Pure.

Sources: https://istio.io/latest/docs/concepts/traffic-management/,
https://istio.io/latest/docs/ops/best-practices/traffic-management/#cross-namespace-configuration
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cluster.refs import Manifest

ROOT_NAMESPACE: Final = "istio-system"
CLUSTER_DOMAIN: Final = "cluster.local"
MESH: Final = "mesh"
PROTOCOLS: Final = ("http", "tcp", "tls")


@dataclass(frozen=True, slots=True)
class VirtualServices:
    """The VirtualServices that matter for one service.

    `main` is the one that routes its host for the callers in the mesh; `rivals` claim the same host for
    callers that see both (IST0109); `wildcard` routes it only as long as there is no `main`; `gateway_only`
    route to it from gateways and are not in force inside the mesh.
    """

    main: Manifest | None
    rivals: tuple[Manifest, ...]
    wildcard: Manifest | None
    gateway_only: tuple[Manifest, ...]


@dataclass(frozen=True, slots=True)
class DestinationRules:
    """The DestinationRules that matter for one service.

    `main` is for exactly its host, in the service's namespace or else in the root namespace; `wildcard` is in
    force only as long as there is no `main`; `duplicates` are about the same host in the same namespace,
    where the first wins; `elsewhere` are about it in other namespaces, and win for the callers there.
    """

    main: Manifest | None
    wildcard: Manifest | None
    duplicates: tuple[Manifest, ...]
    elsewhere: tuple[Manifest, ...]

    @property
    def effective(self) -> Manifest | None:
        """The one in force for callers whose own namespace has none."""
        return self.main or self.wildcard


def service_host(namespace: str, service: str) -> str:
    """The full host name of a service."""
    return f"{service}.{namespace}.svc.{CLUSTER_DOMAIN}"


def service_of(host: str) -> tuple[str, str] | None:
    """The namespace and name of the service that a full host name stands for; None for another host."""
    name, _, rest = host.partition(".")
    namespace, _, domain = rest.partition(".")
    return (namespace, name) if name != "*" and namespace and domain == f"svc.{CLUSTER_DOMAIN}" else None


def fqdn(host: str, namespace: str) -> str:
    """A host as written in a resource of `namespace`, in full: only a name without a dot is short."""
    return host if "." in host or host.startswith("*") else service_host(namespace, host)


def namespace_of(manifest: Manifest) -> str:
    """The namespace of a manifest."""
    return str(manifest["metadata"].get("namespace", ""))


def name_of(manifest: Manifest) -> str:
    """`VirtualService bookinfo/reviews`: how messages name a manifest."""
    return f"{manifest['kind']} {namespace_of(manifest)}/{manifest['metadata']['name']}"


def covers(pattern: str, host: str) -> bool:
    """Whether a host pattern, possibly with a leading `*`, covers a host."""
    return host.endswith(pattern[1:]) if pattern.startswith("*") else pattern == host


def hosts_of(virtual_service: Manifest) -> list[str]:
    """The hosts of a VirtualService in full."""
    written = _spec(virtual_service).get("hosts")
    return [fqdn(str(host), namespace_of(virtual_service)) for host in _list(written)]


def binds_mesh(virtual_service: Manifest) -> bool:
    """Whether a VirtualService is in force for callers inside the mesh."""
    gateways = _list(_spec(virtual_service).get("gateways"))
    return not gateways or MESH in gateways


def gateways_of(virtual_service: Manifest) -> set[tuple[str, str]]:
    """The gateways that a VirtualService is bound to, by namespace and name; the mesh is none."""
    found = set()
    for written in _list(_spec(virtual_service).get("gateways")):
        if written != MESH:
            place, _, name = str(written).rpartition("/")
            found.add((place or namespace_of(virtual_service), name))
    return found


def virtual_services_of(
    virtual_services: Iterable[Manifest], namespace: str, service: str
) -> VirtualServices:
    """The VirtualServices about a service, out of all in the cluster."""
    host = service_host(namespace, service)
    known = [manifest for manifest in virtual_services if visible(manifest, namespace)]
    mesh = [manifest for manifest in known if binds_mesh(manifest)]
    exact = [manifest for manifest in mesh if host in hosts_of(manifest)]
    # Those in the service's own namespace first, then the older: what a person would call "the"
    # VirtualService.
    exact.sort(key=lambda manifest: (namespace_of(manifest) != namespace, *age(manifest)))
    wildcards = [manifest for manifest in mesh if manifest not in exact and specificity(manifest, host)]
    wildcards.sort(key=lambda manifest: (-specificity(manifest, host), *age(manifest)))
    return VirtualServices(
        main=exact[0] if exact else None,
        rivals=tuple(exact[1:]),
        wildcard=wildcards[0] if wildcards else None,
        gateway_only=tuple(item for item in known if not binds_mesh(item) and host in destinations(item)),
    )


def destination_rules_of(
    destination_rules: Iterable[Manifest], namespace: str, service: str
) -> DestinationRules:
    """The DestinationRules about a service, out of all in the cluster.

    A caller's own namespace is asked first, then the service's, then the root namespace;
    within one, the rule for exactly the host before one with a wildcard. Those for chosen
    workloads only (workloadSelector) do not count.
    """
    host = service_host(namespace, service)
    about = [rule for rule in destination_rules if covers(host_of(rule), host) and not _chosen(rule)]
    for place in (namespace, ROOT_NAMESPACE):
        here = sorted((rule for rule in about if namespace_of(rule) == place), key=age)
        exact = [rule for rule in here if host_of(rule) == host]
        wildcards = sorted((rule for rule in here if rule not in exact), key=lambda rule: -len(host_of(rule)))
        if here:
            main = exact[0] if exact else None
            wildcard = wildcards[0] if wildcards else None
            return DestinationRules(main, wildcard, tuple(exact[1:]), _elsewhere(about, namespace))
    return DestinationRules(None, None, (), _elsewhere(about, namespace))


def destinations(virtual_service: Manifest) -> set[str]:
    """The full hosts that the http rules of a VirtualService send requests to."""
    return {
        fqdn(str(destination.get("host", "")), namespace_of(virtual_service))
        for rule in http_rules(virtual_service)
        for route in _list(rule.get("route"))
        for destination in [route.get("destination") or {}]
    }


def hosts_reached(virtual_service: Manifest) -> set[str]:
    """The full hosts of every destination that a VirtualService names."""
    home = namespace_of(virtual_service)
    written = {str(found.get("host", "")) for found in all_destinations(virtual_service)}
    return {fqdn(host, home) for host in written}


def host_of(destination_rule: Manifest) -> str:
    """The host of a DestinationRule in full."""
    return fqdn(str(_spec(destination_rule).get("host", "")), namespace_of(destination_rule))


def uses_subset(virtual_service: Manifest, host: str, subset: str) -> bool:
    """Whether a rule of a VirtualService names a subset of a host, with a weight or without."""
    return any(
        names_subset(destination, host, subset, virtual_service)
        for destination in all_destinations(virtual_service)
    )


def names_subset(
    destination: Mapping[str, Any] | None, host: str, subset: str, virtual_service: Manifest
) -> bool:
    """Whether a destination of a VirtualService is a subset of a host."""
    found = destination or {}
    full = fqdn(str(found.get("host", "")), namespace_of(virtual_service))
    return full == host and found.get("subset") == subset


def all_destinations(virtual_service: Manifest) -> list[dict[str, Any]]:
    """Every destination that a VirtualService names, for http, tcp and tls, of mirrors too."""
    rules = [rule for protocol in PROTOCOLS for rule in rules_of(virtual_service, protocol)]
    routes = [route for rule in rules for name in ("route", "mirrors") for route in _list(rule.get(name))]
    found = [*(route.get("destination") for route in routes), *(rule.get("mirror") for rule in rules)]
    return [destination for destination in found if destination]


def http_rules(virtual_service: Manifest) -> list[dict[str, Any]]:
    """The http rules of a VirtualService, as they stand in it."""
    return rules_of(virtual_service, "http")


def rules_of(virtual_service: Manifest, protocol: str) -> list[dict[str, Any]]:
    """The rules of a VirtualService for `http`, `tcp` or `tls`, as they stand in it."""
    return _list(_spec(virtual_service).get(protocol))


def percentages(route: list[dict[str, Any]]) -> list[float]:
    """The share of each destination in percent: a single one gets everything, whatever its weight says.

    Source: https://istio.io/latest/docs/reference/config/networking/virtual-service/#HTTPRouteDestination
    """
    if len(route) == 1:
        return [100.0]
    weights = [_weight(item) for item in route]
    total = sum(weights)
    return [weight * 100 / total if total else 0.0 for weight in weights]


def _elsewhere(rules: list[Manifest], namespace: str) -> tuple[Manifest, ...]:
    return tuple(rule for rule in rules if namespace_of(rule) not in {namespace, ROOT_NAMESPACE})


def visible(manifest: Manifest, namespace: str) -> bool:
    """Whether callers in a namespace see a resource, which may be kept to another one (exportTo)."""
    export_to = _list(_spec(manifest).get("exportTo")) or ["*"]
    here = namespace_of(manifest) == namespace
    return "*" in export_to or namespace in export_to or (here and "." in export_to)


def specificity(manifest: Manifest, host: str) -> int:
    """How long the longest host of a VirtualService is that covers a host; 0 where none does."""
    return max((len(pattern) for pattern in hosts_of(manifest) if covers(pattern, host)), default=0)


def age(manifest: Manifest) -> tuple[str, str, str]:
    """Sorts the oldest first; of the same second, by name and namespace, as Istio does."""
    metadata = manifest["metadata"]
    return str(metadata.get("creationTimestamp", "")), str(metadata["name"]), namespace_of(manifest)


def _chosen(destination_rule: Manifest) -> bool:
    return bool(_spec(destination_rule).get("workloadSelector"))


def _weight(item: Mapping[str, Any]) -> int:
    weight = item.get("weight", 0)
    return weight if isinstance(weight, int) and weight > 0 else 0


def _spec(manifest: Manifest) -> dict[str, Any]:
    return manifest.get("spec") or {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
