"""Raw Kubernetes and Istio objects, as short as a test wants to write them."""

from itertools import count
from typing import Any

from localmesh import xds

Object = dict[str, Any]
_AGE = count()
REVIEWS = "reviews.bookinfo.svc.cluster.local"
RATINGS = "ratings.bookinfo.svc.cluster.local"


def service(name: str, *ports: Any, namespace="bookinfo", selector=None, **spec: Any) -> Object:
    """A Service; a port is a number or a ready dictionary."""
    listed = [{"port": port, "name": "http"} if isinstance(port, int) else port for port in ports or (9080,)]
    spec = {"ports": listed, "selector": {"app": name} if selector is None else selector, **spec}
    return {"kind": "Service", "metadata": {"name": name, "namespace": namespace}, "spec": spec}


def pod(
    name, ip, *, namespace="bookinfo", app=None, version=None, sidecar=True, ports=(9080,), labels=None
) -> Object:
    """A running Pod of a Deployment `name`."""
    labels = {"app": app, "version": version, "pod-template-hash": "5d9f", **(labels or {})}
    containers = [{"name": "app", "ports": [{"containerPort": port} for port in ports]}]
    containers += [{"name": "istio-proxy"}] if sidecar else []
    return {
        "kind": "Pod",
        "metadata": {
            "name": f"{name}-5d9f-abcde",
            "namespace": namespace,
            "labels": {key: value for key, value in labels.items() if value is not None},
            "ownerReferences": [
                {"kind": "ReplicaSet", "name": f"{name}-5d9f", "uid": "r", "controller": True}
            ],
        },
        "spec": {"containers": containers},
        "status": {"podIP": ip, "phase": "Running"},
    }


def gateway_pod(ip, *, namespace="istio-system", labels=None) -> Object:
    """The ingress gateway's Pod."""
    made = pod("istio-ingressgateway", ip, namespace=namespace, app="istio-ingressgateway", ports=())
    made["metadata"]["labels"] |= labels or {"istio": "ingressgateway"}
    ports = [{"containerPort": 8080, "name": "web"}]
    made["spec"]["containers"] = [{"name": "istio-proxy", "ports": ports}]
    return made


def endpoint_slice(
    of: str, *addresses: str, namespace="bookinfo", port=9080, port_name="http", ready=True
) -> Object:
    return {
        "kind": "EndpointSlice",
        "metadata": {
            "name": f"{of}-{next(_AGE)}",
            "namespace": namespace,
            "labels": {"kubernetes.io/service-name": of},
        },
        "ports": [{"name": port_name, "port": port}],
        "endpoints": [{"addresses": [each], "conditions": {"ready": ready}} for each in addresses],
    }


def istio(kind: str, name: str, spec: Object, *, namespace="bookinfo", created=None) -> Object:
    """An Istio resource; of two, the one made first is the older unless `created` says otherwise."""
    second = next(_AGE)
    stamp = created or f"2026-01-01T{second // 3600 % 24:02}:{second // 60 % 60:02}:{second % 60:02}Z"
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace, "creationTimestamp": stamp},
        "spec": spec,
    }


def virtual_service(*http: Object, hosts=("reviews",), name="reviews", **spec: Any) -> Object:
    meta = {key: spec.pop(key) for key in ("namespace", "created") if key in spec}
    return istio("VirtualService", name, {"hosts": list(hosts), "http": list(http), **spec}, **meta)


def destination_rule(host="reviews", *subsets: str, name=None, **spec: Any) -> Object:
    """A DestinationRule whose subsets are versions."""
    meta = {key: spec.pop(key) for key in ("namespace", "created") if key in spec}
    listed = [{"name": each, "labels": {"version": each}} for each in subsets]
    body = {"host": host, **({"subsets": listed} if subsets else {}), **spec}
    return istio("DestinationRule", name or host, body, **meta)


def gateway(*servers: Object, name="bookinfo-gateway", **spec: Any) -> Object:
    meta = {key: spec.pop(key) for key in ("namespace", "created") if key in spec}
    servers = servers or (server(),)
    return istio(
        "Gateway", name, {"selector": {"istio": "ingressgateway"}, "servers": list(servers), **spec}, **meta
    )


def server(*hosts: str, port=8080, protocol="HTTP") -> Object:
    return {"port": {"number": port, "name": "http", "protocol": protocol}, "hosts": list(hosts or ("*",))}


def gateway_api(kind: str, name: str, spec: Object, **meta: Any) -> Object:
    """A resource of the Gateway API."""
    return {**istio(kind, name, spec, **meta), "apiVersion": "gateway.networking.k8s.io/v1"}


def http_route(*rules: Object, parents=None, name="route", kind="HTTPRoute", **spec: Any) -> Object:
    """A route; a parent is the name of a Service, or a ready reference."""
    meta = {key: spec.pop(key) for key in ("namespace", "created") if key in spec}
    refs = [
        {"group": "", "kind": "Service", "name": each} if isinstance(each, str) else each
        for each in parents or ["reviews"]
    ]
    return gateway_api(kind, name, {"parentRefs": refs, "rules": list(rules), **spec}, **meta)


def grpc_route(*rules: Object, **how: Any) -> Object:
    return http_route(*rules, kind="GRPCRoute", **how)


def backend(name="reviews", weight=None, port=9080, **fields: Any) -> Object:
    """One entry of `backendRefs`."""
    return {"name": name, "port": port, **({} if weight is None else {"weight": weight}), **fields}


def k8s_gateway(*listeners: Object, name="edge", **spec: Any) -> Object:
    """A Gateway of the Gateway API, in front of the ingress gateway's pods."""
    meta = {key: spec.pop(key) for key in ("namespace", "created") if key in spec}
    address = {"type": "Hostname", "value": "istio-ingressgateway.istio-system.svc.cluster.local"}
    body = {"gatewayClassName": "istio", "addresses": [address], "listeners": list(listeners or [listener()])}
    return gateway_api("Gateway", name, {**body, **spec}, **meta)


def listener(name="web", port=80, protocol="HTTP", **fields: Any) -> Object:
    return {"name": name, "port": port, "protocol": protocol, **fields}


def edge(name="edge", **fields: Any) -> Object:
    """A parentRef to a Gateway."""
    return {"name": name, **fields}


def service_entry(*endpoints: Object, name="entry", hosts=("ext.example",), **spec: Any) -> Object:
    """A ServiceEntry with fixed endpoints, or of another `resolution`; an endpoint may be an address."""
    meta = {key: spec.pop(key) for key in ("namespace", "created") if key in spec}
    listed = [{"address": each} if isinstance(each, str) else each for each in endpoints]
    body = {
        "hosts": list(hosts),
        "ports": [{"name": "http", "number": 80, "protocol": "HTTP"}],
        "resolution": "STATIC",
        **({"endpoints": listed} if listed else {}),
        **spec,
    }
    return istio("ServiceEntry", name, body, **meta)


def sidecar(*egress: str, name="default", **spec: Any) -> Object:
    """A Sidecar that lets these hosts out."""
    meta = {key: spec.pop(key) for key in ("namespace", "created") if key in spec}
    return istio(
        "Sidecar", name, {**({"egress": [{"hosts": list(egress)}]} if egress else {}), **spec}, **meta
    )


def to(host="reviews", subset=None, weight=None, port=None) -> Object:
    """One entry of `route`."""
    destination: Object = {"host": host}
    destination |= {"subset": subset} if subset else {}
    destination |= {"port": {"number": port}} if port else {}
    return {"destination": destination, **({} if weight is None else {"weight": weight})}


def mesh(*rules: Object, services=None, pods=None, slices=None, **around: Any) -> xds.Mesh:
    """Bookinfo's reviews v1 to v3 and ratings, called by productpage, with these rules."""

    def of(kind: str, group: str = "networking.istio.io") -> list[Object]:
        return [rule for rule in rules if rule["kind"] == kind and rule["apiVersion"].startswith(group)]

    return xds.build(
        services=services or [service("reviews"), service("ratings"), service("productpage")],
        pods=pods or PODS,
        endpoint_slices=slices or SLICES,
        virtual_services=of("VirtualService"),
        destination_rules=of("DestinationRule"),
        gateways=of("Gateway"),
        http_routes=of("HTTPRoute", "gateway"),
        grpc_routes=of("GRPCRoute", "gateway"),
        k8s_gateways=of("Gateway", "gateway"),
        reference_grants=of("ReferenceGrant", "gateway"),
        namespaces=NAMESPACES,
        service_entries=of("ServiceEntry"),
        workload_entries=of("WorkloadEntry"),
        sidecars=of("Sidecar"),
        **around,
    )


INGRESS = service(
    "istio-ingressgateway",
    {"port": 80, "name": "http2", "targetPort": 8080},
    namespace="istio-system",
    selector={"istio": "ingressgateway"},
)
NAMESPACES = [
    {"metadata": {"name": "bookinfo", "labels": {"team": "books"}}},
    {"metadata": {"name": "shop", "labels": {"team": "sales"}}},
]
PODS = [
    pod("productpage-v1", "127.9.1.1", app="productpage", version="v1"),
    pod("reviews-v1", "127.9.1.2", app="reviews", version="v1"),
    pod("reviews-v2", "127.9.1.3", app="reviews", version="v2"),
    pod("reviews-v3", "127.9.1.4", app="reviews", version="v3"),
    pod("ratings-v1", "127.9.1.5", app="ratings", version="v1"),
    gateway_pod("127.9.1.9"),
]
SLICES = [
    endpoint_slice("reviews", "127.9.1.2", "127.9.1.3", "127.9.1.4"),
    endpoint_slice("ratings", "127.9.1.5"),
    endpoint_slice("productpage", "127.9.1.1"),
]


def proxy(of: xds.Mesh, start: str = "productpage") -> xds.Proxy:
    """The proxy of the pod whose name begins so."""
    return next(each for each in of.proxies if each.pod.startswith(start))


def router(of: xds.Mesh) -> xds.Proxy:
    return proxy(of, "istio-ingressgateway")


def outbound(of: xds.Mesh, host=f"{REVIEWS}:9080", start="productpage") -> list[Object]:
    """The routes of one virtual host, as productpage's sidecar has them."""
    (configuration,) = xds.configure(of, proxy(of, start)).routes
    return next(each["routes"] for each in configuration["virtual_hosts"] if each["name"] == host)


def routes(*http: Object, rules=(), **spec: Any) -> list[Object]:
    """The outbound routes to reviews under a VirtualService with these http routes."""
    return outbound(mesh(virtual_service(*http, **spec), *rules))


def cluster(of: xds.Mesh, name: str, start="productpage") -> Object | None:
    found = xds.configure(of, proxy(of, start)).clusters
    return next((each for each in found if each["name"] == name), None)


def addresses(of: Object | None) -> list[str]:
    """Where a cluster sends to."""
    assert of
    (group,) = of["load_assignment"]["endpoints"]
    places = [each["endpoint"]["address"]["socket_address"] for each in group["lb_endpoints"]]
    return [f"{each['address']}:{each['port_value']}" for each in places]
