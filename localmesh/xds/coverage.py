"""What of Istio's API the control plane acts on, field by field, so that everything else can be named.

The handled fields are declared; a field that is not declared is reported, whether this file's author knew it
or not.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from localmesh.xds.values import Problem

#: A field that is acted on whole.
ALL = None
Handled = Mapping[str, Any]

_PERCENT: Handled = {"value": ALL}
_PORT: Handled = {"number": ALL}
_DESTINATION: Handled = {"host": ALL, "subset": ALL, "port": _PORT}
_OPERATIONS: Handled = {"set": ALL, "add": ALL, "remove": ALL}
_HEADERS: Handled = {"request": _OPERATIONS, "response": _OPERATIONS}
_MATCH: Handled = dict.fromkeys(
    [
        "uri",
        "ignoreUriCase",
        "headers",
        "withoutHeaders",
        "method",
        "queryParams",
        "authority",
        "scheme",
        "port",
        "sourceLabels",
        "sourceNamespace",
        "gateways",
    ]
) | {"name": ALL, "statPrefix": ALL}
_HTTP: Handled = {
    "name": ALL,
    "match": [_MATCH],
    "route": [{"destination": _DESTINATION, "weight": ALL, "headers": _HEADERS}],
    "redirect": dict.fromkeys(["uri", "authority", "port", "derivePort", "scheme", "redirectCode"]),
    "directResponse": {"status": ALL, "body": {"string": ALL, "bytes": ALL}},
    "rewrite": {"uri": ALL, "authority": ALL, "uriRegexRewrite": {"match": ALL, "rewrite": ALL}},
    "timeout": ALL,
    "retries": dict.fromkeys(["attempts", "perTryTimeout", "retryOn", "retryIgnorePreviousHosts", "backoff"]),
    "fault": {
        "delay": {"fixedDelay": ALL, "percentage": _PERCENT, "percent": ALL},
        "abort": {"httpStatus": ALL, "grpcStatus": ALL, "percentage": _PERCENT},
    },
    "mirror": _DESTINATION,
    "mirrorPercentage": _PERCENT,
    "mirrorPercent": ALL,
    "mirrors": [{"destination": _DESTINATION, "percentage": _PERCENT}],
    "headers": _HEADERS,
    "corsPolicy": dict.fromkeys(
        [
            "allowOrigin",
            "allowOrigins",
            "allowMethods",
            "allowHeaders",
            "exposeHeaders",
            "maxAge",
            "allowCredentials",
            "unmatchedPreflights",
        ]
    ),
    "delegate": {"name": ALL, "namespace": ALL},
}
_STREAM_MATCH: Handled = dict.fromkeys(["port", "sourceLabels", "sourceNamespace", "gateways"])
_STREAM_ROUTE: Handled = {"destination": _DESTINATION, "weight": ALL}
_LOAD_BALANCER: Handled = {
    "simple": ALL,
    "consistentHash": {
        "httpHeaderName": ALL,
        "httpCookie": {"name": ALL, "path": ALL, "ttl": ALL},
        "useSourceIp": ALL,
        "httpQueryParameterName": ALL,
        "ringHash": {"minimumRingSize": ALL},
        "maglev": {"tableSize": ALL},
        "minimumRingSize": ALL,
    },
    "localityLbSetting": {
        "enabled": ALL,
        "distribute": [{"from": ALL, "to": ALL}],
        "failover": [{"from": ALL, "to": ALL}],
        "failoverPriority": ALL,
    },
    "warmup": dict.fromkeys(["duration", "minimumPercent", "aggression"]),
    "warmupDurationSecs": ALL,
}
_POOL: Handled = {
    "tcp": {
        "maxConnections": ALL,
        "connectTimeout": ALL,
        "idleTimeout": ALL,
        "maxConnectionDuration": ALL,
        "tcpKeepalive": dict.fromkeys(["probes", "time", "interval"]),
    },
    "http": dict.fromkeys(
        [
            "http1MaxPendingRequests",
            "http2MaxRequests",
            "maxRequestsPerConnection",
            "maxRetries",
            "idleTimeout",
            "maxConcurrentStreams",
            "h2UpgradePolicy",
            "useClientProtocol",
        ]
    ),
}
_INBOUND_POOL: Handled = {
    **_POOL,
    "http": {key: value for key, value in _POOL["http"].items() if key != "h2UpgradePolicy"},
}
_OUTLIERS: Handled = dict.fromkeys(
    [
        "splitExternalLocalOriginErrors",
        "consecutiveLocalOriginFailures",
        "consecutiveGatewayErrors",
        "consecutive5xxErrors",
        "interval",
        "baseEjectionTime",
        "maxEjectionPercent",
        "minHealthPercent",
    ]
)
_PORT_POLICY: Handled = {
    "loadBalancer": _LOAD_BALANCER,
    "connectionPool": _POOL,
    "outlierDetection": _OUTLIERS,
    "tls": dict.fromkeys(
        ["mode", "credentialName", "caCertificates", "subjectAltNames", "sni", "insecureSkipVerify"]
    ),
}
_TRAFFIC_POLICY: Handled = {
    **_PORT_POLICY,
    "retryBudget": dict.fromkeys(["percent", "minRetryConcurrency"]),
    "portLevelSettings": [{"port": _PORT, **_PORT_POLICY}],
}
_REFERENCE: Handled = dict.fromkeys(["group", "kind", "namespace", "name", "port"])
_VALUES: Handled = {"name": ALL, "value": ALL}
_MODIFIER: Handled = {"set": [_VALUES], "add": [_VALUES], "remove": ALL}
_PATH_MODIFIER: Handled = dict.fromkeys(["type", "replaceFullPath", "replacePrefixMatch"])
_MODIFIERS: Handled = {
    "type": ALL,
    "requestHeaderModifier": _MODIFIER,
    "responseHeaderModifier": _MODIFIER,
}
_MIRROR: Handled = {
    "backendRef": _REFERENCE,
    "percent": ALL,
    "fraction": dict.fromkeys(["numerator", "denominator"]),
}
_CONDITION: Handled = {"type": ALL, "name": ALL, "value": ALL}
_BACKEND: Handled = {**_REFERENCE, "weight": ALL, "filters": [_MODIFIERS]}
_PARENT: Handled = {**_REFERENCE, "sectionName": ALL}
_HTTP_ROUTE: Handled = {
    "parentRefs": [_PARENT],
    "hostnames": ALL,
    "rules": [
        {
            "name": ALL,
            "matches": [
                {
                    "path": {"type": ALL, "value": ALL},
                    "headers": [_CONDITION],
                    "queryParams": [_CONDITION],
                    "method": ALL,
                }
            ],
            "filters": [
                {
                    **_MODIFIERS,
                    "requestRedirect": {
                        **dict.fromkeys(["scheme", "hostname", "port", "statusCode"]),
                        "path": _PATH_MODIFIER,
                    },
                    "urlRewrite": {"hostname": ALL, "path": _PATH_MODIFIER},
                    "requestMirror": _MIRROR,
                }
            ],
            "backendRefs": [_BACKEND],
            "timeouts": {"request": ALL, "backendRequest": ALL},
            "retry": dict.fromkeys(["attempts", "backoff", "codes"]),
        }
    ],
}
_GRPC_ROUTE: Handled = {
    "parentRefs": [_PARENT],
    "hostnames": ALL,
    "rules": [
        {
            "name": ALL,
            "matches": [
                {"method": {"type": ALL, "service": ALL, "method": ALL}, "headers": [_CONDITION]},
            ],
            "filters": [{**_MODIFIERS, "requestMirror": _MIRROR}],
            "backendRefs": [_BACKEND],
        }
    ],
}
_K8S_GATEWAY: Handled = {
    "gatewayClassName": ALL,
    "addresses": [{"type": ALL, "value": ALL}],
    "listeners": [
        {
            "name": ALL,
            "hostname": ALL,
            "port": ALL,
            "protocol": ALL,
            "tls": {"mode": ALL, "certificateRefs": [dict.fromkeys(["group", "kind", "namespace", "name"])]},
            "allowedRoutes": {
                "kinds": [{"group": ALL, "kind": ALL}],
                "namespaces": {"from": ALL, "selector": ALL},
            },
        }
    ],
}
_KINDS: Mapping[tuple[str, str], Handled] = {
    ("networking.istio.io", "VirtualService"): {
        "hosts": ALL,
        "gateways": ALL,
        "exportTo": ALL,
        "http": [_HTTP],
        "tcp": [{"match": [_STREAM_MATCH], "route": [_STREAM_ROUTE]}],
        "tls": [{"match": [{**_STREAM_MATCH, "sniHosts": ALL}], "route": [_STREAM_ROUTE]}],
    },
    ("networking.istio.io", "DestinationRule"): {
        "host": ALL,
        "exportTo": ALL,
        "trafficPolicy": _TRAFFIC_POLICY,
        "subsets": [{"name": ALL, "labels": ALL, "trafficPolicy": _TRAFFIC_POLICY}],
    },
    ("networking.istio.io", "Gateway"): {
        "selector": ALL,
        "servers": [
            {
                "port": {"number": ALL, "name": ALL, "protocol": ALL},
                "hosts": ALL,
                "name": ALL,
                "tls": dict.fromkeys(
                    [
                        "mode",
                        "httpsRedirect",
                        "credentialName",
                        "subjectAltNames",
                        "minProtocolVersion",
                        "maxProtocolVersion",
                    ]
                ),
            }
        ],
    },
    ("networking.istio.io", "ServiceEntry"): {
        "hosts": ALL,
        "addresses": ALL,
        "ports": [dict.fromkeys(["name", "number", "protocol", "targetPort"])],
        "location": ALL,
        "resolution": ALL,
        "endpoints": [dict.fromkeys(["address", "ports", "labels", "locality", "weight"])],
        "workloadSelector": {"labels": ALL},
        "exportTo": ALL,
    },
    ("networking.istio.io", "WorkloadEntry"): dict.fromkeys(
        ["address", "ports", "labels", "locality", "weight"]
    ),
    ("networking.istio.io", "Sidecar"): {
        "workloadSelector": {"labels": ALL},
        "egress": [{"hosts": ALL}],
        "inboundConnectionPool": _INBOUND_POOL,
        "outboundTrafficPolicy": {"mode": ALL},
    },
    ("gateway.networking.k8s.io", "HTTPRoute"): _HTTP_ROUTE,
    ("gateway.networking.k8s.io", "GRPCRoute"): _GRPC_ROUTE,
    ("gateway.networking.k8s.io", "Gateway"): _K8S_GATEWAY,
    ("gateway.networking.k8s.io", "ReferenceGrant"): {
        "from": [{"group": ALL, "kind": ALL, "namespace": ALL}],
        "to": [{"group": ALL, "kind": ALL, "name": ALL}],
    },
}
_REASONS = {
    "h2UpgradePolicy": "it is between proxies; what the application speaks its port says",
    "destinationSubnets": "nobody sees where an application meant to connect: there is no iptables",
    "sourceSubnet": "it is not programmed; use sourceLabels or sourceNamespace",
    "privateKey": "the pods have no files of their own; use credentialName",
    "serverCertificate": "the pods have no files of their own; use credentialName",
    "clientCertificate": "the pods have no files of their own; use credentialName",
    "consecutiveErrors": "Istio does not act on it any more; use consecutive5xxErrors",
}


def not_programmed(kind: str, obj: Mapping[str, Any]) -> list[Problem]:
    """Every field of an object that the control plane does not act on, with the reason.

    Of a kind that it does not know at all, the whole `spec`.
    """
    group = str(obj.get("apiVersion", "")).rpartition("/")[0]
    handled = _KINDS.get((group, kind))
    if handled is None:
        return [Problem("spec", f"localmesh does not act on {kind} ({group or 'core'})")]
    return list(_unhandled(obj.get("spec") or {}, handled, "spec"))


def _unhandled(value: object, handled: Any, path: str) -> Iterator[Problem]:
    if handled is ALL:
        return
    if isinstance(handled, list):
        for index, each in enumerate(value if isinstance(value, list) else ()):
            yield from _unhandled(each, handled[0], f"{path}[{index}]")
    elif isinstance(value, Mapping):
        for key, each in value.items():
            if key in handled:
                yield from _unhandled(each, handled[key], f"{path}.{key}")
            elif each not in (None, "", [], {}, False):
                # A field at its zero value says nothing, as in protobuf.
                yield Problem(f"{path}.{key}", _REASONS.get(key, "it is not programmed"))
