"""The conditions of `retryOn`: a fact that both the API server's checks and the control plane need.

Source: Envoy's `x-envoy-retry-on` and `x-envoy-retry-grpc-on`, as Istio's validation knows them.
"""

RETRY_CONDITIONS = frozenset(
    [
        "5xx",
        "gateway-error",
        "reset",
        "reset-before-request",
        "connect-failure",
        "envoy-ratelimited",
        "retriable-4xx",
        "refused-stream",
        "retriable-status-codes",
        "retriable-headers",
        "http3-post-connect-failure",
        "cancelled",
        "deadline-exceeded",
        "internal",
        "resource-exhausted",
        "unavailable",
    ]
)
