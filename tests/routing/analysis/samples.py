"""For each code: objects about which it is said, and nearly the same about which it is not."""

from tests.routing.analysis.build import deployment, gateway, make, pod, route, service, virtual_service

ENABLED = {"istio-injection": "enabled"}
AMBIENT = {"istio.io/dataplane-mode": "ambient"}
INGRESS = {"istio": "ingressgateway"}
TLS = {"mode": "SIMPLE", "credentialName": "cert"}
AUTO = {"name": "istio-proxy", "image": "auto"}


def namespace(name="default", **labels):
    return make("Namespace", name, labels=labels.pop("labels", {}), **labels)


def rule(name="a", host="reviews", ns="default", **spec):
    return make("DestinationRule", name, ns, host=host, **spec)


def subset(name="v1", **labels):
    return {"name": name, "labels": labels or {"version": name}}


def entry(name="a", protocol="HTTP", ns="default", **spec):
    ports = [{"number": 443, "name": "port", "protocol": protocol}]
    return make("ServiceEntry", name, ns, **{"hosts": ["example.com"], "ports": ports, **spec})


def sidecar(name="a", ns="default", **labels):
    selector = {"workloadSelector": {"labels": labels}} if labels else {}
    return make("Sidecar", name, ns, egress=[{"hosts": ["./*"]}], **selector)


def telemetry(name="a", ns="default", labels=None, **spec):
    selector = {"selector": {"matchLabels": labels}} if labels else {}
    return make("Telemetry", name, ns, **selector, **spec)


def policy(name="a", ns="default", labels=None, **spec):
    selector = {"selector": {"matchLabels": labels}} if labels else {}
    return make("AuthorizationPolicy", name, ns, **selector, **spec)


def ingress(**labels):
    return pod("gw", labels=INGRESS | labels)


def webhook(name="istio-sidecar-injector", hooks=1, config=None, **selector):
    client = config if config is not None else {"service": {"name": "istiod", "namespace": "default"}}
    one = {"clientConfig": client, "namespaceSelector": selector}
    found = [{"name": f"{name}{n}.istio.io", **one} for n in range(hooks)]
    return make("MutatingWebhookConfiguration", name, top={"webhooks": found})


def patch(operation, what="HTTP_FILTER", name="lua", **match):
    return {"applyTo": what, "match": match, "patch": {"operation": operation, "value": {"name": name}}}


def envoy_filter(*patches, name="a", **spec):
    return make("EnvoyFilter", name, configPatches=list(patches), **spec)


def injector(text):
    return make("ConfigMap", "istio-sidecar-injector", "istio-system", top={"data": {"values": text}})


def istiod(container):
    return make("Deployment", labels={"app": "istiod"}, template={"spec": {"containers": [container]}})


def with_annotation(name, value="1", kind="Pod", **rest):
    return make(kind, annotations={name: value}, **rest)


def condition(kind, status, name="WaypointBound", **rest):
    return make(kind, top={"status": {"conditions": [{"type": name, "status": status, **rest}]}})


def crd(version, name="tlsroutes.gateway.networking.k8s.io", **spec):
    annotations = {"gateway.networking.k8s.io/bundle-version": version}
    return make("CustomResourceDefinition", name, annotations=annotations, **spec)


MATCH = [{"uri": {"prefix": "/a"}}]
CLAIM = route(match=[{"headers": {"@request.auth.claims.sub": {"exact": "x"}}}])
SPLIT = virtual_service(route(subset="v1"), name="split")
THROUGH = virtual_service(route(), name="through", hosts=["example.com"], gateways=["gw"])
UDP = make(
    "Service", "udp", ports=[{"name": "u", "port": 9080, "protocol": "UDP"}], selector={"app": "reviews"}
)
OTHER_PORT = make(
    "Service", "b", ports=[{"name": "http", "port": 81, "targetPort": 9080}], selector={"app": "reviews"}
)
CLUSTER_PORT = make(
    "Service", "b", ports=[{"name": "http", "port": 81, "targetPort": 9081}], selector={"app": "reviews"}
)
VALUES = '{"sidecarInjectorWebhook": {"enableNamespacesByDefault": %s}}'
IMAGES = '{"global": {"hub": "docker.io", "tag": "%s", "proxy": {"image": "proxyv2"}}}'
PROXY = {"name": "istio-proxy", "image": "docker.io/proxyv2:1"}
ROUTED = policy(targetRefs=[{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": "r"}])
GUARDED = {"name": "d", "env": [{"name": "BLOCKED_CIDRS_IN_JWKS_URIS", "value": "10.0.0.0/8"}]}
AUTHENTICATION = make("RequestAuthentication", jwtRules=[{"issuer": "x"}])

BAD_AND_GOOD = {
    "IST0002": (
        [virtual_service(route(fault={"delay": {"percent": 5, "fixedDelay": "1s"}}))],
        [virtual_service(route(fault={"delay": {"percentage": {"value": 5}, "fixedDelay": "1s"}}))],
    ),
    "IST0101": ([virtual_service()], [virtual_service(), service()]),
    "IST0102": ([namespace()], [namespace(labels=ENABLED)]),
    "IST0103": ([namespace(labels=ENABLED), pod(proxy=False)], [namespace(labels=ENABLED), pod()]),
    "IST0106": ([virtual_service(route(timeout="soon"))], [virtual_service(route(timeout="2s"))]),
    "IST0107": (
        [with_annotation("sidecar.istio.io/logLevel", kind="Service")],
        [with_annotation("sidecar.istio.io/logLevel")],
    ),
    "IST0108": ([with_annotation("sidecar.istio.io/logLevels")], [with_annotation("example.com/logLevels")]),
    "IST0109": (
        [virtual_service(), virtual_service(name="b")],
        [virtual_service(), virtual_service(name="b", gateways=["gw"])],
    ),
    "IST0110": (
        [pod(), sidecar(app="reviews"), sidecar("b", version="v1")],
        [pod(), sidecar(app="reviews"), sidecar("b", version="v2")],
    ),
    "IST0111": ([sidecar(), sidecar("b")], [sidecar(), sidecar("b", app="reviews")]),
    "IST0112": (
        [service(ports=(80, 81)), virtual_service()],
        [service(ports=(80, 81)), virtual_service(route(port=80))],
    ),
    "IST0116": (
        [namespace(labels=ENABLED), deployment(), service(), UDP],
        [namespace(labels=ENABLED), deployment(), service(ports=(9081,)), UDP],
    ),
    "IST0118": (
        [make("Service", ports=[{"name": "web", "port": 80}])],
        [make("Service", ports=[{"name": "web", "port": 80, "appProtocol": "http"}])],
    ),
    "IST0123": ([namespace(labels=ENABLED | AMBIENT)], [namespace(labels=AMBIENT)]),
    "IST0125": (
        [with_annotation("status.sidecar.istio.io/port", "soon")],
        [with_annotation("status.sidecar.istio.io/port", "15020")],
    ),
    "IST0126": (
        [make("MeshNetworks", top={"networks": {"n": {"endpoints": [{"fromRegistry": "else"}]}}})],
        [make("MeshNetworks", top={"networks": {"n": {"endpoints": [{"fromRegistry": "Kubernetes"}]}}})],
    ),
    "IST0127": ([policy(labels={"app": "gone"}), pod()], [policy(labels={"app": "reviews"}), pod()]),
    "IST0128": (
        [rule(trafficPolicy={"tls": {"mode": "SIMPLE"}})],
        [rule(trafficPolicy={"tls": {"mode": "SIMPLE", "caCertificates": "/ca.pem"}})],
    ),
    "IST0129": (
        [rule(trafficPolicy={"portLevelSettings": [{"port": {"number": 1}, "tls": {"mode": "MUTUAL"}}]})],
        [rule(trafficPolicy={"portLevelSettings": [{"port": {"number": 1}, "tls": {"mode": "DISABLE"}}]})],
    ),
    "IST0130": (
        [virtual_service(route(), route(match=MATCH))],
        [virtual_service(route(match=MATCH), route())],
    ),
    "IST0131": (
        [virtual_service(route(match=MATCH), route(match=[*MATCH, {"uri": {"exact": "/b"}}]))],
        [virtual_service(route(match=MATCH), route(match=[{"uri": {"exact": "/b"}}]))],
    ),
    "IST0132": ([gateway(hosts=["a.com"]), THROUGH], [gateway(hosts=["*.com"]), THROUGH]),
    "IST0133": (
        [virtual_service(route(mirror={"host": "reviews"}, mirrorPercent=5))],
        [virtual_service(route(mirror={"host": "reviews"}, mirrorPercentage={"value": 5}))],
    ),
    "IST0134": ([entry(protocol="tcp")], [entry(protocol="TCP", addresses=["10.0.0.1"])]),
    "IST0135": (
        [with_annotation("sidecar.istio.io/inject", "true")],
        [with_annotation("sidecar.istio.io/inject", "true", labels={"sidecar.istio.io/inject": "true"})],
    ),
    "IST0136": (
        [with_annotation("sidecar.istio.io/logLevel")],
        [with_annotation("sidecar.istio.io/status")],
    ),
    "IST0137": (
        [namespace(labels=ENABLED), deployment(), service(), OTHER_PORT],
        [namespace(labels=ENABLED), deployment(), service(), CLUSTER_PORT],
    ),
    "IST0138": (
        [gateway(tls=TLS), gateway("b", tls=TLS)],
        [gateway(tls=TLS), gateway("b", tls=TLS | {"credentialName": "other"})],
    ),
    "IST0139": ([webhook()], [webhook(), service("istiod")]),
    "IST0140": ([SPLIT, THROUGH], [SPLIT, virtual_service(route(), name="inside", hosts=["example.com"])]),
    "IST0144": ([pod(securityContext={"runAsUser": 1337})], [pod(securityContext={"runAsUser": 1000})]),
    "IST0145": ([gateway(), gateway("b")], [gateway(), gateway("b", port=81)]),
    "IST0146": ([deployment(containers=[AUTO])], [deployment(containers=[AUTO]), webhook()]),
    "IST0147": ([pod(containers=[AUTO])], [pod(containers=[AUTO | {"image": "proxyv2:1"}])]),
    "IST0148": ([namespace(), injector(VALUES % "true")], [namespace(), injector(VALUES % "false")]),
    "IST0149": (
        [gateway(), ingress(), virtual_service(CLAIM, gateways=["gw"])],
        [gateway(), ingress(), virtual_service(CLAIM, gateways=["gw"]), AUTHENTICATION],
    ),
    "IST0150": (
        [make("Service", type="ExternalName", ports=[{"name": "tcp", "port": 80}])],
        [make("Service", type="ExternalName", ports=[{"name": "http", "port": 80}])],
    ),
    "IST0151": (
        [envoy_filter(patch("INSERT_BEFORE"))],
        [envoy_filter(patch("INSERT_BEFORE"), priority=10)],
    ),
    "IST0152": ([envoy_filter(patch("REPLACE", "CLUSTER"))], [envoy_filter(patch("REPLACE"))]),
    "IST0153": ([envoy_filter(patch("ADD", "HTTP_ROUTE"))], [envoy_filter(patch("ADD", "CLUSTER"))]),
    "IST0154": ([envoy_filter(patch("REMOVE", "HTTP_ROUTE"))], [envoy_filter(patch("REMOVE", "CLUSTER"))]),
    "IST0155": (
        [envoy_filter(patch("ADD", proxy={"proxyVersion": "1.2"}), patch("INSERT_AFTER"))],
        [envoy_filter(patch("ADD", proxy={"proxyVersion": "1.2"}), patch("INSERT_AFTER", name="wasm"))],
    ),
    "IST0157": (
        [telemetry(accessLogging=[{"match": {"mode": "CLIENT"}}])],
        [telemetry(accessLogging=[{"disabled": True}])],
    ),
    "IST0158": (
        [namespace(labels=ENABLED), pod(containers=[PROXY]), injector(IMAGES % "2")],
        [namespace(labels=ENABLED), pod(containers=[PROXY]), injector(IMAGES % "1")],
    ),
    "IST0159": (
        [pod(), telemetry(labels={"app": "reviews"}), telemetry("b", labels={"version": "v1"})],
        [pod(), telemetry(labels={"app": "reviews"}), telemetry("b", labels={"version": "v2"})],
    ),
    "IST0160": ([telemetry(), telemetry("b")], [telemetry(), telemetry("b", ns="other")]),
    "IST0162": ([gateway(port=81), ingress(), service("gw", selector=INGRESS, ports=(80,))],
                [gateway(port=80), ingress(), service("gw", selector=INGRESS, ports=(80,))]),
    "IST0163": ([webhook(config={})], [webhook(config={"url": "https://istiod.example.com:15017/inject"})]),
    "IST0164": (
        [webhook(config={"url": "https://10.0.0.1:15017/inject"})],
        [webhook(config={"url": "https://istiod.example.com:15017/inject"})],
    ),
    "IST0165": (
        [virtual_service(gateways=["ns/gw~istio-autogenerated-k8s-gateway~http"])],
        [virtual_service(gateways=["ns/gw"])],
    ),
    "IST0166": (
        [policy(labels={"a": "b"}), pod(labels={"a": "b", "gateway.networking.k8s.io/gateway-name": "g"})],
        [policy(labels={"a": "b"}), pod(labels={"a": "b"})],
    ),
    "IST0167": ([namespace(labels=AMBIENT), sidecar()], [namespace(labels=AMBIENT | ENABLED), sidecar()]),
    "IST0171": ([condition("Service", "False")], [condition("Service", "True")]),
    "IST0173": (
        [service(), pod(), rule(subsets=[subset("v2")])],
        [service(), pod(), rule(subsets=[subset("v1")])],
    ),
    "IST0174": ([rule()], [rule(), service()]),
    "IST0175": (
        [istiod({"name": "d"}), AUTHENTICATION],
        [istiod(GUARDED), AUTHENTICATION],
    ),
    "IST0176": ([crd("v1.4.0")], [crd("v1.5.0-rc.1")]),
    "IST0177": (
        [entry(), entry("b", protocol="HTTPS")],
        [entry(exportTo=["."]), entry("b", protocol="HTTPS", ns="other", exportTo=["."])],
    ),
    "IST0178": (
        [rule(workloadSelector={"matchLabels": {"a": "b"}}),
         service(labels={"istio.io/use-waypoint": "waypoint"})],
        [rule(workloadSelector={"matchLabels": {"a": "b"}}), service()],
    ),
    "IST0179": (
        [ROUTED, envoy_filter(patch("INSERT_FIRST"))],
        [ROUTED, envoy_filter(patch("INSERT_FIRST", context="SIDECAR_INBOUND"))],
    ),
}  # fmt: skip
