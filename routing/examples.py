"""What a new resource of each kind may look like: sound, small, and about nothing that is there. Pure."""

from collections.abc import Mapping
from typing import Final

from cluster import kinds
from cluster.kinds import Kind

_SPECS: Final[Mapping[Kind, str]] = {
    kinds.VIRTUAL_SERVICE: """\
  hosts:
  - my-service
  http:
  - route:
    - destination:
        host: my-service
""",
    kinds.DESTINATION_RULE: """\
  host: my-service
  subsets:
  - name: v1
    labels:
      version: v1
""",
    kinds.GATEWAY: """\
  selector:
    istio: ingressgateway
  servers:
  - port:
      number: 80
      name: http
      protocol: HTTP
    hosts:
    - shop.example.org
""",
    kinds.SERVICE_ENTRY: """\
  hosts:
  - api.example.org
  location: MESH_EXTERNAL
  resolution: DNS
  ports:
  - number: 443
    name: tls
    protocol: TLS
""",
    kinds.SIDECAR: """\
  workloadSelector:
    labels:
      app: my-app
  egress:
  - hosts:
    - ./*
    - istio-system/*
""",
    kinds.WORKLOAD_ENTRY: """\
  address: 192.0.2.10
  labels:
    app: my-app
""",
    kinds.PEER_AUTHENTICATION: """\
  selector:
    matchLabels:
      app: my-app
  mtls:
    mode: PERMISSIVE
""",
    kinds.AUTHORIZATION_POLICY: """\
  selector:
    matchLabels:
      app: my-app
  action: AUDIT
  rules:
  - to:
    - operation:
        methods:
        - GET
""",
    kinds.REQUEST_AUTHENTICATION: """\
  selector:
    matchLabels:
      app: my-app
  jwtRules:
  - issuer: https://issuer.example.org
    jwksUri: https://issuer.example.org/keys
""",
    kinds.TELEMETRY: """\
  selector:
    matchLabels:
      app: my-app
  metrics:
  - providers:
    - name: prometheus
""",
    kinds.GATEWAY_API_GATEWAY: """\
  gatewayClassName: istio
  listeners:
  - name: http
    port: 80
    protocol: HTTP
    hostname: shop.example.org
""",
    kinds.HTTP_ROUTE: """\
  parentRefs:
  - group: ""
    kind: Service
    name: my-service
  rules:
  - backendRefs:
    - name: my-service
      port: 80
""",
    kinds.GRPC_ROUTE: """\
  parentRefs:
  - group: ""
    kind: Service
    name: my-service
  rules:
  - backendRefs:
    - name: my-service
      port: 80
""",
}


def of(kind: Kind, namespace: str) -> str:
    """The YAML that somebody begins a new resource with."""
    head = f"apiVersion: {kind.api_version}\nkind: {kind.kind}\nmetadata:\n  name: my-{kind.kind.lower()}\n"
    place = f"  namespace: {namespace}\n" if namespace else ""
    return f"{head}{place}spec:\n{_SPECS[kind]}"
