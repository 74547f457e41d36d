"""Objects for analyses, in few words."""

import json

from routing.analysis import reading
from routing.analysis.engine import analyze
from routing.analysis.objects import Obj
from routing.analysis.world import Mesh, World
from tests.routing.analysis.schemas import FILE

GROUPS = {
    "networking.istio.io/v1": "VirtualService DestinationRule Gateway ServiceEntry Sidecar EnvoyFilter",
    "security.istio.io/v1": "AuthorizationPolicy PeerAuthentication RequestAuthentication",
    "telemetry.istio.io/v1": "Telemetry",
    "extensions.istio.io/v1alpha1": "WasmPlugin",
    "gateway.networking.k8s.io/v1": "KubernetesGateway HTTPRoute GRPCRoute",
    "apps/v1": "Deployment",
    "admissionregistration.k8s.io/v1": "MutatingWebhookConfiguration ValidatingWebhookConfiguration",
    "apiextensions.k8s.io/v1": "CustomResourceDefinition",
}
VERSIONS = {kind: version for version, kinds in GROUPS.items() for kind in kinds.split()}
SCHEMAS = reading.schemas_of(json.loads(FILE.read_text()))
NOW = 1_750_000_000.0
"""A day in June 2025."""


def make(kind, name="a", namespace="default", *, labels=None, annotations=None, top=None, **spec):
    """An object; its spec in keywords, and in `top` what stands beside the spec."""
    manifest = {
        "apiVersion": VERSIONS.get(kind, "v1"),
        "kind": kind.removeprefix("Kubernetes"),
        "metadata": {"name": name, "labels": labels or {}, "annotations": annotations or {}},
        **(top or {}),
    }
    if spec or not top:
        manifest["spec"] = spec
    return Obj.of(manifest, namespace)


def service(name="reviews", namespace="default", ports=(9080,), selector=None, **rest):
    """A service with http ports and the usual selector."""
    numbered = [{"name": f"http-{port}", "port": port} for port in ports]
    return make("Service", name, namespace, ports=numbered, selector=selector or {"app": name}, **rest)


def pod(name="reviews", namespace="default", *, proxy=True, labels=None, annotations=None, **spec):
    """A pod, with a sidecar unless it is said otherwise."""
    containers = [{"name": "app", "image": "app"}]
    if proxy:
        containers.append({"name": "istio-proxy", "image": "proxyv2:1"})
    return make(
        "Pod",
        name,
        namespace,
        labels=labels or {"app": name, "version": "v1"},
        annotations=annotations,
        **{"containers": containers, **spec},
    )


def deployment(name="reviews", labels=None, containers=(), annotations=None, **rest):
    """A Deployment."""
    spec = {"containers": list(containers) or [{"name": "app", "image": "app"}]}
    metadata = {"labels": labels or {"app": name}, "annotations": annotations or {}}
    return make("Deployment", name, template={"metadata": metadata, "spec": spec}, **rest)


def route(host="reviews", subset=None, port=None, **rest):
    """One http rule that leads to a host."""
    destination = {"host": host}
    if subset:
        destination["subset"] = subset
    if port:
        destination["port"] = {"number": port}
    return {"route": [{"destination": destination}], **rest}


def virtual_service(*http, name="a", namespace="default", hosts=("reviews",), **spec):
    """A VirtualService for some hosts."""
    return make("VirtualService", name, namespace, hosts=list(hosts), http=list(http or (route(),)), **spec)


def gateway(name="gw", namespace="default", *, port=80, hosts=("*",), selector=None, **server):
    """A Gateway of Istio's with one server."""
    one = {"port": {"number": port, "name": "http", "protocol": "HTTP"}, "hosts": list(hosts), **server}
    return make("Gateway", name, namespace, selector=selector or {"istio": "ingressgateway"}, servers=[one])


def world(*objects, mesh=None, schemas=SCHEMAS):
    """A world of these objects."""
    return World(objects, Mesh(mesh or {}), now=NOW, schemas=schemas)


def findings(*objects, mesh=None):
    """Everything that is said about these objects."""
    return analyze(world(*objects, mesh=mesh))


def told(code, *objects, mesh=None):
    """The objects and fields that a code is said about."""
    return [(one.resource, one.path) for one in findings(*objects, mesh=mesh) if one.code == code]
