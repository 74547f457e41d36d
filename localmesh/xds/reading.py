"""Raw Kubernetes and Istio objects, read into a Mesh."""

from collections.abc import Iterable, Mapping

from localmesh.xds import gatewayapi, localities, names, serviceentries
from localmesh.xds.model import (
    Credential,
    Endpoint,
    Labels,
    Mesh,
    Object,
    Protocol,
    Proxy,
    ProxyKind,
    Rule,
    Service,
    ServicePort,
    Workload,
    protocol_of,
)

SIDECAR_CONTAINER = "istio-proxy"
ROUTER_LABEL = ("istio", "ingressgateway")


def build(
    *,
    services: Iterable[Object] = (),
    endpoint_slices: Iterable[Object] = (),
    pods: Iterable[Object] = (),
    virtual_services: Iterable[Object] = (),
    destination_rules: Iterable[Object] = (),
    gateways: Iterable[Object] = (),
    nodes: Iterable[Object] = (),
    namespaces: Iterable[Object] = (),
    http_routes: Iterable[Object] = (),
    grpc_routes: Iterable[Object] = (),
    k8s_gateways: Iterable[Object] = (),
    reference_grants: Iterable[Object] = (),
    service_entries: Iterable[Object] = (),
    workload_entries: Iterable[Object] = (),
    sidecars: Iterable[Object] = (),
    credentials: Mapping[tuple[str, str], Credential] | None = None,
    system_roots: str = "",
    lowest_port: int = 0,
) -> Mesh:
    """The mesh that these objects describe. The order in which they come does not matter."""
    pods = list(pods)
    places = {node["metadata"]["name"]: node["metadata"].get("labels") or {} for node in nodes}
    proxies = (proxy for pod in pods if (proxy := proxy_of(pod, _node_labels(pod, places))))
    mesh = Mesh(
        services=tuple(sorted(map(_service, services), key=lambda each: each.host)),
        endpoints=_endpoints(endpoint_slices, pods, places),
        proxies=tuple(sorted(proxies, key=lambda each: each.id)),
        virtual_services=_rules(virtual_services),
        destination_rules=_rules(destination_rules),
        gateways=_rules(gateways),
        routes=_rules([*http_routes, *grpc_routes]),
        k8s_gateways=_rules(k8s_gateways),
        reference_grants=_rules(reference_grants),
        service_entries=_rules(service_entries),
        workload_entries=_rules(workload_entries),
        sidecars=_rules(sidecars),
        credentials=credentials or {},
        system_roots=system_roots,
        lowest_port=lowest_port,
        namespace_labels={
            each["metadata"]["name"]: each["metadata"].get("labels") or {} for each in namespaces
        },
    )
    selectable = [each for entry in mesh.workload_entries if (each := serviceentries.of_workload(entry))]
    selectable += [each for pod in pods if (each := _selectable(pod, places))]
    return gatewayapi.with_generated(serviceentries.with_entries(mesh, selectable))


def _selectable(pod: Object, places: Mapping[str, Labels]) -> serviceentries.Selectable | None:
    """A pod that a ServiceEntry may select: it has an address and is not known to be unready."""
    status = pod.get("status") or {}
    ready = [each for each in status.get("conditions") or () if each.get("type") == "Ready"]
    if not status.get("podIP") or any(each.get("status") != "True" for each in ready):
        return None
    namespace = pod["metadata"].get("namespace", "default")
    return serviceentries.Selectable(namespace, _endpoint(status["podIP"], {}, pod, places))


def _node_labels(pod: Object, places: Mapping[str, Labels]) -> Labels:
    return places.get((pod.get("spec") or {}).get("nodeName", ""), {})


def proxy_of(pod: Object, node: Labels | None = None) -> Proxy | None:
    """The proxy of a pod; None while it has no address, or when it is not in the mesh.

    A pod is in the mesh with a container named `istio-proxy`; it is a router when that is its only container
    and it is labelled (or annotated) `istio: ingressgateway`. `node` is the labels of its node.
    """
    meta, spec = pod["metadata"], pod.get("spec") or {}
    ip = (pod.get("status") or {}).get("podIP")
    containers = [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]
    if not ip or SIDECAR_CONTAINER not in [each.get("name") for each in containers]:
        return None
    namespace, labels = meta.get("namespace", "default"), meta.get("labels") or {}
    marks = {**(meta.get("annotations") or {}), **labels}
    key, value = ROUTER_LABEL
    alone = all(each.get("name") == SIDECAR_CONTAINER for each in containers)
    kind: ProxyKind = "router" if alone and marks.get(key) == value else "sidecar"
    return Proxy(
        id=f"{kind}~{ip}~{meta['name']}.{namespace}~{namespace}.svc.{names.CLUSTER_DOMAIN}",
        kind=kind,
        namespace=namespace,
        pod=meta["name"],
        pod_ip=ip,
        labels=labels,
        workload=workload_of(pod),
        container_ports=_container_ports(containers, kind),
        locality=localities.of_pod(labels, node or {}),
    )


def workload_of(pod: Object) -> Workload:
    """Who a pod is: its controller's name (a ReplicaSet's Deployment), its app and version.

    Canonical names follow Istio's order of labels, with the version `latest` where none is given.
    """
    meta = pod["metadata"]
    labels = meta.get("labels") or {}
    name = _controller(meta, labels)
    app, version = labels.get("app", ""), labels.get("version", "")
    service = (
        labels.get("service.istio.io/canonical-name") or labels.get("app.kubernetes.io/name") or app or name
    )
    revision = labels.get("service.istio.io/canonical-revision") or labels.get("app.kubernetes.io/version")
    return Workload(
        name, meta.get("namespace", "default"), app, version, service, revision or version or "latest"
    )


def _controller(meta: Object, labels: Labels) -> str:
    owner = next((each for each in meta.get("ownerReferences") or () if each.get("controller", True)), None)
    if owner is None:
        return str(meta["name"])
    name = str(owner["name"])
    return name.removesuffix(f"-{labels.get('pod-template-hash')}") if owner["kind"] == "ReplicaSet" else name


def _container_ports(containers: Iterable[Object], kind: ProxyKind) -> tuple[tuple[str, int], ...]:
    ports = (
        (port.get("name", ""), int(port["containerPort"]))
        for container in containers
        if kind == "router" or container.get("name") != SIDECAR_CONTAINER
        for port in container.get("ports") or ()
        if port.get("protocol", "TCP") == "TCP"
    )
    return tuple(dict.fromkeys(ports))


def _service(obj: Object) -> Service:
    meta, spec = obj["metadata"], obj.get("spec") or {}
    ip = spec.get("clusterIP") or ""
    ports = () if spec.get("type") == "ExternalName" else spec.get("ports") or ()
    return Service(
        namespace=meta.get("namespace", "default"),
        name=meta["name"],
        ports=tuple(_service_port(port) for port in ports),
        selector=spec.get("selector") or {},
        aliases=() if ip in ("", "None") else (ip,),
    )


def _service_port(port: Object) -> ServicePort:
    number = int(port["port"])
    return ServicePort(port.get("name") or "", number, port.get("targetPort") or number, _protocol(port))


def _protocol(port: Object) -> Protocol:
    """As Istio selects it: appProtocol, else the port name's prefix; what says nothing is taken for HTTP."""
    if port.get("protocol", "TCP") != "TCP":
        return "udp"
    return protocol_of(port.get("appProtocol") or (port.get("name") or "").split("-")[0])


def _endpoints(
    slices: Iterable[Object], pods: Iterable[Object], places: Mapping[str, Labels]
) -> Mapping[str, tuple[Endpoint, ...]]:
    by_ip = {ip: pod for pod in pods if (ip := (pod.get("status") or {}).get("podIP"))}
    found: dict[str, dict[tuple[str, tuple[tuple[str, int], ...]], Endpoint]] = {}
    for each in slices:
        meta = each["metadata"]
        service = (meta.get("labels") or {}).get("kubernetes.io/service-name")
        if not service:
            continue
        host = names.service_host(service, meta.get("namespace", "default"))
        ports = {
            port.get("name") or "": int(port["port"]) for port in each.get("ports") or () if port.get("port")
        }
        for endpoint in each.get("endpoints") or ():
            for address in _ready_addresses(endpoint):
                key = (address, tuple(sorted(ports.items())))
                found.setdefault(host, {})[key] = _endpoint(address, ports, by_ip.get(address), places)
    return {host: tuple(each[key] for key in sorted(each)) for host, each in sorted(found.items())}


def _ready_addresses(endpoint: Object) -> Iterable[str]:
    # Kubernetes: a condition that is not given counts as ready.
    ready = (endpoint.get("conditions") or {}).get("ready")
    return () if ready is False else endpoint.get("addresses") or ()


def _endpoint(
    address: str, ports: Mapping[str, int], pod: Object | None, places: Mapping[str, Labels]
) -> Endpoint:
    if pod is None:
        return Endpoint(address, ports, {}, None)
    labels = pod["metadata"].get("labels") or {}
    place = localities.of_pod(labels, _node_labels(pod, places))
    return Endpoint(address, ports, labels, workload_of(pod), place)


def _rules(objects: Iterable[Object]) -> tuple[Rule, ...]:
    return tuple(sorted(map(_rule, objects), key=lambda rule: rule.age))


def _rule(obj: Object) -> Rule:
    meta = obj["metadata"]
    created = str(meta.get("creationTimestamp") or "")
    return Rule(
        meta.get("namespace", "default"), meta["name"], created, obj.get("spec") or {}, obj.get("kind", "")
    )
