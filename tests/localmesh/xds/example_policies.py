"""Parts of traffic policies: of hosts and subsets only, and such as a port may have too."""


def _balancing(**consistent_hash):
    return {"loadBalancer": {"consistentHash": consistent_hash}}


_BALANCERS = [
    {"loadBalancer": {"simple": "RANDOM"}},
    _balancing(httpHeaderName="a", ringHash={"minimumRingSize": 7}),
    _balancing(httpCookie={"name": "a", "path": "/", "ttl": "1s"}, minimumRingSize=8),
    _balancing(httpQueryParameterName="a", maglev={"tableSize": 7}),
    _balancing(useSourceIp=True),
]
_OUTLIERS = {"outlierDetection": {"consecutive5xxErrors": 1}}


def _localities(**setting):
    return {"loadBalancer": {"localityLbSetting": setting}, **_OUTLIERS}


_LOCALITIES = [
    _localities(distribute=[{"from": "eu/*", "to": {"eu/west/*": 80, "us": 20}}]),
    _localities(failover=[{"from": "eu", "to": "us"}], enabled=False),
    _localities(failover=[{"from": "eu", "to": "us"}], enabled=True),
    _localities(failoverPriority=["topology.kubernetes.io/region"]),
]
_WARMUPS = [
    {"loadBalancer": {"warmup": {"duration": "10s", "minimumPercent": 5, "aggression": 2}}},
    {"loadBalancer": {"simple": "ROUND_ROBIN", "warmupDurationSecs": "10s"}},
]
_POOLS = [
    {
        "connectionPool": {
            "tcp": {
                "maxConnections": 1, "connectTimeout": "1s", "idleTimeout": "2s",
                "maxConnectionDuration": "3s",
                "tcpKeepalive": {"probes": 3, "time": "7s", "interval": "8s"},
            },
            "http": {
                "http1MaxPendingRequests": 1, "http2MaxRequests": 2, "maxRequestsPerConnection": 3,
                "maxRetries": 4, "h2UpgradePolicy": "UPGRADE", "maxConcurrentStreams": 5,
            },
        }
    },
    {"connectionPool": {"http": {"idleTimeout": "1s", "useClientProtocol": True, "maxConcurrentStreams": 6}}},
]  # fmt: skip
_OUTLIER_DETECTIONS = [
    {
        "outlierDetection": {
            "splitExternalLocalOriginErrors": True, "consecutiveLocalOriginFailures": 1,
            "consecutiveGatewayErrors": 2, "consecutive5xxErrors": 3, "interval": "4s",
            "baseEjectionTime": "5s", "maxEjectionPercent": 60, "minHealthPercent": 70,
        }
    }
]  # fmt: skip
_TLS = [
    {
        "tls": {
            "mode": "MUTUAL",
            "credentialName": "mine",
            "sni": "x.example",
            "subjectAltNames": ["y.example"],
        }
    },
    {"tls": {"mode": "SIMPLE", "insecureSkipVerify": True}},
    {"tls": {"mode": "SIMPLE", "caCertificates": "/etc/ca.pem"}},
]
PARTS = [*_TLS, *_BALANCERS, *_LOCALITIES, *_WARMUPS, *_POOLS, *_OUTLIER_DETECTIONS]
HOST_PARTS = [{"retryBudget": {"percent": 5, "minRetryConcurrency": 7}}]
