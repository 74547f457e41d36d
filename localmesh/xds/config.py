"""The configuration of each proxy, made from the mesh."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property

import msgspec

from localmesh.xds import clusters, egress, listeners, routes, virtualservices
from localmesh.xds.model import Mesh, Proxy
from localmesh.xds.policies import Client
from localmesh.xds.routes import Caller
from localmesh.xds.values import Json

_ASSIGNMENT = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment"
_encode = msgspec.json.Encoder(order="deterministic").encode


@dataclass(frozen=True)
class ProxyConfig:
    """What one Envoy is to be told: resources of xDS as JSON dictionaries, each with its `@type`."""

    clusters: tuple[Json, ...] = ()
    listeners: tuple[Json, ...] = ()
    routes: tuple[Json, ...] = ()
    #: The endpoints of those clusters that ask for them apart.
    endpoints: tuple[Json, ...] = ()

    @cached_property
    def version(self) -> str:
        """A hash of the content."""
        return version([*self.clusters, *self.endpoints, *self.listeners, *self.routes])


def configure(mesh: Mesh, proxy: Proxy) -> ProxyConfig:
    """The configuration of a proxy. Pure: equal arguments give equal configuration, in the same order."""
    return next(config for _, config in configurations(mesh, [proxy]))


def configurations(mesh: Mesh, proxies: Iterable[Proxy]) -> Iterator[tuple[str, ProxyConfig]]:
    """Each proxy's id and configuration; what several of them have in common is made once."""

    @cache
    def outbound_clusters(client: Client) -> tuple[tuple[Json, ...], tuple[Json, ...]]:
        return _endpoints_apart(clusters.outbound(mesh, client))

    @cache
    def outbound_hosts(caller: Caller) -> list[Json]:
        return routes.outbound_hosts(mesh, caller)

    for proxy in proxies:
        reachable, endpoints = outbound_clusters(client_of(mesh, proxy))
        if proxy.kind == "router":
            found = listeners.router(mesh, proxy), routes.gateway(mesh, proxy)
            yield proxy.id, ProxyConfig(reachable, *found, endpoints)
            continue
        # Only the labels that some rule asks for make a difference.
        telling = tuple(sorted(each for each in proxy.labels.items() if each[0] in mesh.source_labels))
        caller = Caller(proxy.namespace, telling, egress.egress_of(mesh, proxy))
        yield (
            proxy.id,
            ProxyConfig(
                (*reachable, *clusters.inbound(mesh, proxy)),
                listeners.sidecar(mesh, proxy),
                (routes.outbound(outbound_hosts(caller), proxy),),
                endpoints,
            ),
        )


def _endpoints_apart(made: tuple[Json, ...]) -> tuple[tuple[Json, ...], tuple[Json, ...]]:
    """Clusters of type EDS without their endpoints, and these."""
    apart = [{"@type": _ASSIGNMENT, **each["load_assignment"]} for each in made if each["type"] == "EDS"]
    rest = (
        {key: value for key, value in each.items() if key != "load_assignment"}
        if each["type"] == "EDS"
        else each
        for each in made
    )
    return tuple(rest), tuple(apart)


def client_of(mesh: Mesh, proxy: Proxy) -> Client:
    """What of a proxy decides how it reaches its destinations; proxies with equal ones share clusters."""
    labels = frozenset(mesh.failover_labels).intersection(proxy.labels)
    telling = tuple(sorted((key, proxy.labels[key]) for key in labels))
    known = egress.egress_of(mesh, proxy)
    routed: frozenset[str] = frozenset()
    if known is not None:
        rules = virtualservices.in_mesh(mesh, proxy.namespace, known)
        routed = frozenset(host for rule in rules for host in virtualservices.destination_hosts(mesh, rule))
    return Client(proxy.namespace, proxy.locality, telling, known, routed)


def version(resources: Iterable[Json]) -> str:
    """The version of resources: a hash of their content, so that what did not change is not sent again."""
    return hashlib.sha256(_encode(list(resources))).hexdigest()[:16]


def clusters_used(resources: Iterable[Json]) -> frozenset[str]:
    """The names of all clusters that route configurations, or listeners with routes of their own, send to."""
    return frozenset(name for each in resources for name in _clusters_in(each))


def _clusters_in(value: object) -> Iterator[str]:
    if isinstance(value, list):
        for each in value:
            yield from _clusters_in(each)
    elif isinstance(value, dict):
        if isinstance(value.get("cluster"), str):
            yield value["cluster"]
        for key, each in value.items():
            if key == "weighted_clusters":
                yield from (member["name"] for member in each["clusters"])
            else:
                yield from _clusters_in(each)
