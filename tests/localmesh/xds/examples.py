"""Examples that have every field that the control plane acts on, each where it makes a difference."""

from localmesh.xds import Credential
from tests.localmesh.xds import objects
from tests.localmesh.xds.example_entries import BESIDE_ENTRIES, ENTRIES
from tests.localmesh.xds.example_policies import HOST_PARTS, PARTS
from tests.localmesh.xds.example_routes import BESIDE_ROUTES, GATEWAY_API
from tests.localmesh.xds.example_streams import STREAM_SERVICES, STREAMS
from tests.localmesh.xds.objects import (
    INGRESS,
    destination_rule,
    endpoint_slice,
    gateway,
    pod,
    server,
    service,
    to,
    virtual_service,
)

#: The pods, each in a locality.
PODS = [
    pod(
        "productpage-v1", "127.9.1.1", app="productpage", version="v1", labels={"istio-locality": "eu.west.a"}
    ),
    pod("reviews-v1", "127.9.1.2", app="reviews", version="v1", labels={"istio-locality": "eu.west.a"}),
    pod("reviews-v2", "127.9.1.3", app="reviews", version="v1", labels={"istio-locality": "us.east.b"}),
    pod("reviews-v3", "127.9.1.4", app="reviews", version="v1", labels={"istio-locality": "af.south"}),
    pod("reviews-v4", "127.9.1.6", app="reviews", version="v4"),
    *objects.PODS[4:],
]
SLICES = [*objects.SLICES, endpoint_slice("reviews", "127.9.1.6")]
_OPERATIONS = {"set": {"a": "1"}, "add": {"b": "2"}, "remove": ["c"]}
_HEADERS = {"request": _OPERATIONS, "response": _OPERATIONS}
_MATCH = {
    "name": "m", "statPrefix": "s",
    "uri": {"exact": "/a"}, "ignoreUriCase": True, "headers": {"a": {"exact": "b"}},
    "withoutHeaders": {"c": {"exact": "d"}}, "method": {"exact": "GET"}, "queryParams": {"q": {"exact": "1"}},
    "authority": {"exact": "x"}, "scheme": {"exact": "http"}, "port": 9080, "sourceNamespace": "bookinfo",
    "sourceLabels": {"app": "productpage"},
}  # fmt: skip
_PERCENTAGE = {"value": 50}
_DESTINATION = {"host": "ratings", "subset": "v1", "port": {"number": 80}}
_FORWARD = {
    "name": "r",
    "match": [
        _MATCH, {"gateways": ["elsewhere"]}, {"port": 1}, {"sourceLabels": {"app": "x"}},
        {"sourceNamespace": "x"},
    ],
    "route": [{"destination": _DESTINATION, "weight": 3, "headers": _HEADERS}, to("reviews", weight=2)],
    "rewrite": {"uri": "/b", "authority": "y"},
    "timeout": "1s",
    "retries": {
        "attempts": 3, "perTryTimeout": "1s", "retryOn": "5xx", "retryIgnorePreviousHosts": False,
        "backoff": "1s",
    },
    "fault": {
        "delay": {"fixedDelay": "1s", "percentage": _PERCENTAGE},
        "abort": {"httpStatus": 503, "percentage": _PERCENTAGE},
    },
    "mirror": _DESTINATION, "mirrorPercentage": _PERCENTAGE,
    "mirrors": [{"destination": _DESTINATION, "percentage": _PERCENTAGE}],
    "headers": _HEADERS,
}  # fmt: skip
_OTHERS = [
    {
        "route": [to("reviews")],
        "rewrite": {"uriRegexRewrite": {"match": "a", "rewrite": "b"}},
        "fault": {"delay": {"fixedDelay": "1s", "percent": 5}, "abort": {"grpcStatus": "UNAVAILABLE"}},
        "mirror": {"host": "reviews"},
        "mirrorPercent": 5,
    },
    {"redirect": {"uri": "/x", "authority": "y", "port": 81, "scheme": "https", "redirectCode": 302}},
    {"redirect": {"derivePort": "FROM_REQUEST_PORT"}},
    {"directResponse": {"status": 503, "body": {"string": "x"}}},
    {"directResponse": {"status": 503, "body": {"bytes": "eA=="}}},
    {
        "route": [to("reviews")],
        "corsPolicy": {
            "allowOrigins": [{"prefix": "https://"}], "allowMethods": ["GET"], "allowHeaders": ["a"],
            "exposeHeaders": ["b"], "maxAge": "24h", "allowCredentials": True,
            "unmatchedPreflights": "IGNORE",
        },
    },
    {"route": [to("reviews")], "corsPolicy": {"allowOrigin": ["*"]}},
    {"delegate": {"name": "carries-on", "namespace": "shop"}},
]  # fmt: skip
#: What the examples delegate to.
_DELEGATE = virtual_service(
    {"route": [to("ratings.bookinfo.svc.cluster.local")]}, hosts=[], name="carries-on", namespace="shop"
)


_POLICIES = [
    *HOST_PARTS,
    *(
        policy
        for part in PARTS
        for policy in (part, {"portLevelSettings": [{"port": {"number": 9080}, **part}]})
    ),
]
EXAMPLES = [
    *(
        virtual_service(route, {"route": [to("reviews")]}, gateways=["mesh"], exportTo=["bookinfo"])
        for route in (_FORWARD, *_OTHERS)
    ),
    virtual_service({"route": [to("ratings")]}, gateways=["bookinfo-gateway"], exportTo=["shop"]),
    *(destination_rule("reviews", "v1", exportTo=["bookinfo"], trafficPolicy=policy) for policy in _POLICIES),
    *(
        destination_rule(
            "reviews", subsets=[{"name": "v1", "labels": {"version": "v1"}, "trafficPolicy": policy}]
        )
        for policy in _POLICIES
    ),
    destination_rule("reviews", "v1", exportTo=["shop"]),
    gateway({**server("a.example", port=8080), "name": "x"}),
    gateway(selector={"istio": "elsewhere"}),
    gateway({**server(), "tls": {"httpsRedirect": True}}),
    *(
        gateway(
            {
                **server("a.example", port=8443, protocol="HTTPS"),
                "tls": {
                    "mode": mode,
                    "credentialName": "edge",
                    "subjectAltNames": ["a"],
                    "minProtocolVersion": "TLSV1_2",
                    "maxProtocolVersion": "TLSV1_3",
                },
            }
        )
        for mode in ("SIMPLE", "MUTUAL")
    ),
    *GATEWAY_API,
    *ENTRIES,
    *STREAMS,
]
CREDENTIALS = {
    (namespace, name): Credential("certificate", "key", "authority")
    for namespace in ("istio-system", "bookinfo", "shop")
    for name in ("edge", "mine")
}
_BOUND = virtual_service({"route": [to()]}, hosts=["*"], name="bound", gateways=["bookinfo-gateway"])
_SUBSET = virtual_service({"route": [to(subset="v1")]}, name="subset")
_ISTIO, _GATEWAY_API = "networking.istio.io", "gateway.networking.k8s.io"
#: What stands beside an example, by its kind.
AROUND = {
    (_ISTIO, "VirtualService"): [_BOUND, gateway(), _DELEGATE],
    (_ISTIO, "DestinationRule"): [_BOUND, gateway(), _SUBSET],
    (_ISTIO, "Gateway"): [_BOUND],
    **dict.fromkeys(
        [
            (_GATEWAY_API, "HTTPRoute"),
            (_GATEWAY_API, "GRPCRoute"),
            (_GATEWAY_API, "Gateway"),
            (_GATEWAY_API, "ReferenceGrant"),
        ],
        BESIDE_ROUTES,
    ),
    **dict.fromkeys(
        [(_ISTIO, each) for each in ("ServiceEntry", "WorkloadEntry", "Sidecar")], BESIDE_ENTRIES
    ),
}
SERVICES = [
    *(service(name, {"port": 9080, "name": "http"}) for name in ("reviews", "ratings", "productpage")),
    service("cart", namespace="shop"),
    INGRESS,
    *STREAM_SERVICES,
]
