"""Routes and Gateways of the Gateway API that together have every field that the control plane acts on."""

from tests.localmesh.xds.objects import (
    backend,
    edge,
    gateway_api,
    grpc_route,
    http_route,
    k8s_gateway,
    listener,
)

_MODIFIER = {
    "set": [{"name": "s", "value": "1"}], "add": [{"name": "a", "value": "2"}], "remove": ["r"],
}  # fmt: skip
_FILTERS = [
    {"type": "RequestHeaderModifier", "requestHeaderModifier": _MODIFIER},
    {"type": "ResponseHeaderModifier", "responseHeaderModifier": _MODIFIER},
]
_ELSEWHERE = {"group": "networking.istio.io", "kind": "Hostname", "namespace": "shop"}
_MIRRORS = [
    {
        "type": "RequestMirror",
        "requestMirror": {
            "backendRef": backend("ratings.bookinfo.svc.cluster.local", **_ELSEWHERE), "percent": 5,
        },
    },
    {
        "type": "RequestMirror",
        "requestMirror": {
            "backendRef": backend("cart", namespace="shop"), "fraction": {"numerator": 1, "denominator": 7},
        },
    },
]  # fmt: skip
_BACKENDS = [
    backend("ratings", 3, namespace="bookinfo", filters=_FILTERS),
    backend("cart", 2, namespace="shop"),
    backend("reviews.bookinfo.svc.cluster.local", 1, group="networking.istio.io", kind="Hostname"),
    backend("reviews", 1, kind="Bucket"),
]
_HTTP = {
    "name": "r",
    "matches": [
        {
            "path": {"type": "Exact", "value": "/a"},
            "headers": [{"type": "RegularExpression", "name": "h", "value": "1"}],
            "queryParams": [{"type": "RegularExpression", "name": "q", "value": "1"}],
            "method": "GET",
        }
    ],
    "filters": [
        *_FILTERS,
        *_MIRRORS,
        {
            "type": "URLRewrite",
            "urlRewrite": {"hostname": "x", "path": {"type": "ReplaceFullPath", "replaceFullPath": "/z"}},
        },
    ],
    "backendRefs": _BACKENDS,
    "timeouts": {"request": "3s", "backendRequest": "1s"},
    "retry": {"attempts": 5, "backoff": "1s", "codes": [503]},
}
_PREFIX = {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/z"}
_REST = [
    {"filters": [{"type": "URLRewrite", "urlRewrite": {"path": _PREFIX}}], "backendRefs": [backend()]},
    {
        "filters": [
            {
                "type": "RequestRedirect",
                "requestRedirect": {
                    "scheme": "https", "hostname": "x", "port": 81, "statusCode": 301, "path": _PREFIX,
                },
            }
        ]
    },
    {
        "filters": [
            {
                "type": "RequestRedirect",
                "requestRedirect": {"path": {"type": "ReplaceFullPath", "replaceFullPath": "/z"}},
            }
        ]
    },
]  # fmt: skip
_GRPC = {
    "name": "g",
    "matches": [
        {
            "method": {"type": "RegularExpression", "service": "s.*", "method": "m"},
            "headers": [{"type": "RegularExpression", "name": "h", "value": "1"}],
        }
    ],
    "filters": [*_FILTERS, *_MIRRORS],
    "backendRefs": _BACKENDS,
}
_PARENTS = [
    {"group": "", "kind": "Service", "namespace": "bookinfo", "name": "reviews", "port": 9080},
    {"group": "", "kind": "Service", "namespace": "shop", "name": "cart", "port": 9080},
    edge(namespace="bookinfo", sectionName="web"),
]
_GRANT = gateway_api(
    "ReferenceGrant",
    "grant",
    {
        "from": [
            {"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": "bookinfo"},
            {"group": "gateway.networking.k8s.io", "kind": "GRPCRoute", "namespace": "shop"},
        ],
        "to": [{"group": "", "kind": "Service", "name": "cart"}],
    },
    namespace="shop",
)
_OTHER_GRANT = {
    **_GRANT,
    "spec": {**_GRANT["spec"], "to": [{"group": "", "kind": "Service", "name": "other"}]},
}
_CERTIFICATE = {"group": "", "kind": "Secret", "namespace": "shop", "name": "edge"}
_GATEWAYS = [
    *(
        k8s_gateway(listener(protocol="HTTPS", tls={"mode": mode, "certificateRefs": [{"name": "edge"}]}))
        for mode in ("Passthrough", "Terminate")
    ),
    k8s_gateway(listener(protocol="HTTPS", tls={"certificateRefs": [_CERTIFICATE]})),
    k8s_gateway(
        listener(hostname="a.example", allowedRoutes={"namespaces": {"from": "All"}}),
        listener("other", 81, allowedRoutes={"kinds": [{"kind": "HTTPRoute"}]}),
    ),
    k8s_gateway(
        listener(
            allowedRoutes={"namespaces": {"from": "Selector", "selector": {"matchLabels": {"team": "sales"}}}}
        )
    ),
]  # fmt: skip
_AT_EDGE = http_route(
    {"backendRefs": [backend(), backend("cart", namespace="shop")]},
    parents=[edge(sectionName="web"), edge(sectionName="other")], name="at-edge",
)  # fmt: skip
_FROM_SHOP = http_route(
    {"backendRefs": [backend("cart")]},
    parents=[edge(namespace="bookinfo")],
    name="from-shop",
    namespace="shop",
)
GATEWAY_API = [
    # One that takes everything would stand behind the older at-edge, and be asked nothing.
    http_route(
        {"matches": [{"path": {"type": "Exact", "value": "/a"}}], "backendRefs": [backend()]},
        parents=[edge(port=80)],
    ),
    grpc_route({"backendRefs": [backend()]}, parents=[edge(port=80)]),
    *(http_route(rule, parents=_PARENTS, hostnames=["a.example"]) for rule in (_HTTP, *_REST)),
    *(http_route({"backendRefs": [backend("cart", namespace="shop")]}, parents=_PARENTS) for _ in "x"),
    grpc_route(_GRPC, parents=_PARENTS, hostnames=["a.example"]),
    *_GATEWAYS,
    _GRANT,
    _OTHER_GRANT,
    {**_GRANT, "spec": {**_GRANT["spec"], "to": [{"group": "apps", "kind": "Service"}]}},
]
BESIDE_ROUTES = [k8s_gateway(listener(), listener("other", 81)), _AT_EDGE, _FROM_SHOP, _GRANT]
