"""What can be asked: a request, who makes it, and what the mesh consists of. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, TypeAlias

from cluster import inventory, objects
from cluster.refs import Manifest

Protocol: TypeAlias = Literal["http", "tls", "tcp"]
MESH = "mesh"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes the request: a workload by its namespace and labels, or a Gateway named `namespace/name`."""

    namespace: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    gateway: str = ""

    @property
    def place(self) -> str:
        """`mesh`, or the gateway: what a rule's `gateways` name."""
        return self.gateway or MESH


@dataclass(frozen=True, slots=True)
class Request:
    """One request, or one connection.

    `host` is as the caller writes it; without a dot it is a service of `namespace`. `port`: None for the
    service's own. `path` may carry a query. `sni` (the host when empty) and `address` count only for TLS and
    TCP, where a rule may ask for a server's name or a destination's subnet.
    """

    host: str
    namespace: str = ""
    port: int | None = None
    path: str = "/"
    method: str = "GET"
    scheme: str = "http"
    headers: tuple[tuple[str, str], ...] = ()
    sni: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod that can stand behind a service."""

    namespace: str
    name: str
    labels: Mapping[str, str]
    ready: bool


@dataclass(frozen=True, slots=True)
class Port:
    """A port of a service, with the protocol that Istio takes it for."""

    name: str
    number: int
    protocol: Protocol


@dataclass(frozen=True)
class Host:
    """A host that the mesh knows: a Service, or one host of a ServiceEntry (`host` may be a wildcard).

    `around`: the pods of its namespace; None where they are not known. `selector`: None where its endpoints
    come from elsewhere. The pods are only looked for where an answer needs them: there may be thousands.
    """

    host: str
    namespace: str
    ports: tuple[Port, ...]
    resource: str
    address: str = ""
    selector: Mapping[str, str] | None = None
    around: Sequence[objects.Pod] | None = None

    @cached_property
    def pods(self) -> tuple[Pod, ...] | None:
        """The pods that its selector finds; None where that is not known."""
        wanted = self.selector
        if not wanted or self.around is None:
            return None
        found = (pod for pod in self.around if wanted.items() <= pod.metadata.labels.items())
        return tuple(map(_pod, (pod for pod in found if not inventory.is_finished(pod))))

    def port(self, number: int) -> Port | None:
        """The port of that number."""
        return next((port for port in self.ports if port.number == number), None)


@dataclass(frozen=True)
class World:
    """All that an answer is made from. `routes`: those of the Gateway API, in the form of VirtualServices
    (`routing.gatewayapi.meaning`). `whole`: False where the asker may not read all of it.

    The manifests have a metadata with a name, and an object as their spec: `routing.explain.world` sees to
    it.
    """

    hosts: Mapping[str, Host]
    virtual_services: tuple[Manifest, ...] = ()
    routes: tuple[Manifest, ...] = ()
    destination_rules: tuple[Manifest, ...] = ()
    gateways: tuple[Manifest, ...] = ()
    whole: bool = True


def _pod(pod: objects.Pod) -> Pod:
    meta = pod.metadata
    return Pod(meta.namespace, meta.name, meta.labels, inventory.is_ready(pod))
