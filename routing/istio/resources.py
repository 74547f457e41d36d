"""Resources that are a rule each, read and written: what the rule cannot say of one stays. Pure."""

import copy
from collections.abc import Iterable
from typing import TypeVar

from cluster.refs import Manifest
from routing.istio.hosts import covers, namespace_of
from routing.rules.codec import ABSENT
from routing.rules.fields import codec
from routing.rules.gateways import Gateway
from routing.rules.resources import Resource

R = TypeVar("R", bound=Resource)


def read_resource(cls: type[R], manifest: Manifest) -> R:
    """The rule that says of a resource what can be said of it."""
    spec = codec(cls.says).decode(manifest.get("spec") or {}, "", [])
    return cls(namespace_of(manifest), str(manifest["metadata"]["name"]), spec)


def set_resource(live: Manifest | None, rule: Resource) -> Manifest:
    """The resource as the rule wants it, on what stands there now."""
    if live is None:
        return {
            "apiVersion": rule.of.api_version,
            "kind": rule.of.kind,
            "metadata": {"name": rule.name, "namespace": rule.namespace},
            "spec": codec(rule.says).encode(rule.spec, ABSENT),
        }
    changed = copy.deepcopy(live)
    changed["spec"] = codec(rule.says).encode(rule.spec, live.get("spec"))
    return changed


def served_hosts(gateway: Gateway) -> set[tuple[int, str]]:
    """Each port and host that a Gateway serves, without the namespaces that a host may name."""
    return {
        (server.port or 0, host.rpartition("/")[2])
        for server in gateway.spec.servers or ()
        for host in server.hosts or ()
    }


def serves(hosts: Iterable[tuple[int, str]], host: str) -> bool:
    """Whether one of these ports and hosts is for a VirtualService's host, or for a part of it."""
    return any(covers(served, host) or covers(host, served) for _, served in hosts)
