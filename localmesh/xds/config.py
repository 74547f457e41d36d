"""The configuration of each proxy, made from the mesh."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property

import msgspec

from localmesh.xds import clusters, listeners, routes
from localmesh.xds.model import Mesh, Proxy
from localmesh.xds.values import Json

_encode = msgspec.json.Encoder(order="deterministic").encode


@dataclass(frozen=True)
class ProxyConfig:
    """What one Envoy is to be told: resources of xDS as JSON dictionaries, each with its `@type`."""

    clusters: tuple[Json, ...] = ()
    listeners: tuple[Json, ...] = ()
    routes: tuple[Json, ...] = ()

    @cached_property
    def version(self) -> str:
        """A hash of the content."""
        return version([*self.clusters, *self.listeners, *self.routes])


def configure(mesh: Mesh, proxy: Proxy) -> ProxyConfig:
    """The configuration of a proxy. Pure: equal arguments give equal configuration, in the same order."""
    return next(config for _, config in configurations(mesh, [proxy]))


def configurations(mesh: Mesh, proxies: Iterable[Proxy]) -> Iterator[tuple[str, ProxyConfig]]:
    """Each proxy's id and configuration; what several of them have in common is made once."""

    @cache
    def outbound_clusters(namespace: str) -> tuple[Json, ...]:
        return clusters.outbound(mesh, namespace)

    @cache
    def outbound_hosts(namespace: str, labels: frozenset[tuple[str, str]]) -> list[Json]:
        return routes.outbound_hosts(mesh, namespace, dict(labels))

    for proxy in proxies:
        reachable = outbound_clusters(proxy.namespace)
        if proxy.kind == "router":
            yield proxy.id, ProxyConfig(reachable, listeners.router(mesh, proxy), routes.gateway(mesh, proxy))
            continue
        # Only the labels that some rule asks for make a difference.
        telling = frozenset(label for label in proxy.labels.items() if label[0] in mesh.source_labels)
        yield (
            proxy.id,
            ProxyConfig(
                (*reachable, *clusters.inbound(mesh, proxy)),
                listeners.sidecar(mesh, proxy),
                (routes.outbound(outbound_hosts(proxy.namespace, telling), proxy),),
            ),
        )


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
