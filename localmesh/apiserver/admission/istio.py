"""What istiod's validating webhook refuses: the common part, for each of Istio's kinds."""

from collections.abc import Callable
from typing import Any

from localmesh.apiserver import kinds
from localmesh.apiserver.admission import virtual_service
from localmesh.apiserver.admission.hosts import host_problem, plain_host_problem
from localmesh.apiserver.admission.problems import Problems
from localmesh.apiserver.kinds import Resource

Map = dict[str, Any]


def admit(resource: Resource, obj: Map) -> None:
    """Raise `Denied` where istiod's webhook would; kinds that are not Istio's pass."""
    check = _CHECKS.get(resource)
    if check:
        problems = Problems()
        check(obj.get("spec", {}), problems)
        problems.raise_denied()


def _destination_rule(spec: Map, problems: Problems) -> None:
    host = spec.get("host", "")
    told = host_problem(host) if host else "destination rule must have a host"
    if told:
        problems.add("spec.host", told)
    _policy(spec.get("trafficPolicy", {}), "spec.trafficPolicy", problems)
    names: list[str] = []
    for at, subset in enumerate(spec.get("subsets", [])):
        path, name = f"spec.subsets[{at}]", subset.get("name", "")
        problems.add_if(not name, f"{path}.name", "subset name is required")
        problems.add_if(name in names, f"{path}.name", f"duplicate subset names: {name}")
        names.append(name)
        _policy(subset.get("trafficPolicy", {}), f"{path}.trafficPolicy", problems)


def _policy(policy: Map, path: str, problems: Problems) -> None:
    outlier = policy.get("outlierDetection", {})
    for key in ("interval", "baseEjectionTime"):
        problems.duration(f"{path}.outlierDetection.{key}", outlier.get(key))
    for key in ("maxEjectionPercent", "minHealthPercent"):
        problems.percent(f"{path}.outlierDetection.{key}", outlier.get(key))
    _pool(policy.get("connectionPool"), f"{path}.connectionPool", problems)
    _balancer(policy.get("loadBalancer", {}), f"{path}.loadBalancer", problems)
    _client_tls(policy.get("tls", {}), f"{path}.tls", problems)
    for at, setting in enumerate(policy.get("portLevelSettings", [])):
        below = f"{path}.portLevelSettings[{at}]"
        problems.add_if(
            not setting.get("port", {}).get("number"), f"{below}.port", "portLevelSettings must have a port"
        )
        _policy(setting, below, problems)


def _pool(pool: Map | None, path: str, problems: Problems) -> None:
    if pool is None:
        return
    problems.add_if(not pool, path, "connection pool must have at least one field")
    tcp, http = pool.get("tcp", {}), pool.get("http", {})
    problems.duration(f"{path}.tcp.connectTimeout", tcp.get("connectTimeout"))
    problems.add_if(
        tcp.get("maxConnections", 0) < 0, f"{path}.tcp.maxConnections", "max connections must be non-negative"
    )
    problems.duration(f"{path}.http.idleTimeout", http.get("idleTimeout"))
    for key, value in http.items():
        negative = isinstance(value, int) and value < 0
        problems.add_if(negative and key != "maxRetries", f"{path}.http.{key}", f"{key} must be non-negative")


def _balancer(balancer: Map, path: str, problems: Problems) -> None:
    distribute = balancer.get("localityLbSetting", {}).get("distribute", [])
    for at, each in enumerate(distribute):
        shares = each.get("to", {})
        told = f"total locality weight {sum(shares.values())} != 100"
        problems.add_if(
            shares and sum(shares.values()) != 100, f"{path}.localityLbSetting.distribute[{at}].to", told
        )
    hashed = balancer.get("consistentHash")
    if hashed is not None:
        by = ("httpHeaderName", "httpCookie", "useSourceIp", "httpQueryParameterName")
        problems.add_if(
            not any(key in hashed for key in by), f"{path}.consistentHash", "hash method not specified"
        )


def _client_tls(tls: Map, path: str, problems: Problems) -> None:
    if tls.get("mode") != "MUTUAL" or tls.get("credentialName"):
        return
    for key in ("clientCertificate", "privateKey"):
        problems.add_if(not tls.get(key), f"{path}.{key}", f"{key} required for mutual tls")


def _gateway(spec: Map, problems: Problems) -> None:
    servers = spec.get("servers", [])
    problems.add_if(not servers, "spec.servers", "gateway must have at least one server")
    names: list[str] = []
    for at, server in enumerate(servers):
        path = f"spec.servers[{at}]"
        _server(server, path, problems)
        name = server.get("name")
        problems.add_if(
            name and name in names, f"{path}.name", f"server names must be unique: duplicate name {name}"
        )
        names.append(name)


def _server(server: Map, path: str, problems: Problems) -> None:
    hosts, port = server.get("hosts", []), server.get("port", {})
    problems.add_if(not hosts, f"{path}.hosts", "server config must contain at least one host")
    for at, host in enumerate(hosts):
        told = _scoped_host_problem(host)
        if told:
            problems.add(f"{path}.hosts[{at}]", told)
    _server_port(port, f"{path}.port", problems)
    protocol, tls = str(port.get("protocol", "")).upper(), server.get("tls")
    secure = protocol in ("HTTPS", "TLS")
    problems.add_if(
        secure and not tls,
        f"{path}.tls",
        f"server must have TLS settings for HTTPS/TLS protocols: {protocol}",
    )
    told = f"server cannot have TLS settings for non HTTPS/TLS ports: {protocol}"
    redirect_only = tls == {"httpsRedirect": True}
    problems.add_if(tls and not secure and not redirect_only, f"{path}.tls", told)


def _scoped_host_problem(host: str) -> str | None:
    """A gateway's host may say whose VirtualServices may bind it: `namespace/host`."""
    namespace, slash, name = host.rpartition("/")
    if slash and namespace not in ("*", "."):
        return plain_host_problem(namespace) or host_problem(name)
    return host_problem(name)


_PROTOCOLS = frozenset(
    [
        "HTTP",
        "HTTPS",
        "GRPC",
        "GRPC-WEB",
        "HTTP2",
        "MONGO",
        "REDIS",
        "MYSQL",
        "TCP",
        "TLS",
        "UDP",
        "HTTP_PROXY",
        "HBONE",
    ]
)


def _server_port(port: Map, path: str, problems: Problems) -> None:
    number, protocol = port.get("number", 0), str(port.get("protocol", ""))
    problems.add_if(not port, path, "port is required")
    problems.add_if(
        port and not 1 <= number <= 65535,
        f"{path}.number",
        f"port number {number} must be in the range 1..65535",
    )
    known = protocol.upper() in _PROTOCOLS
    problems.add_if(port and not known, f"{path}.protocol", f'cannot parse "{protocol}" as a protocol')
    problems.add_if(port and not port.get("name"), f"{path}.name", "port name must be set")


def _service_entry(spec: Map, problems: Problems) -> None:
    hosts = spec.get("hosts", [])
    problems.add_if(not hosts, "spec.hosts", "service entry must have at least one host")
    for at, host in enumerate(hosts):
        told = host_problem(host)
        if told:
            problems.add(f"spec.hosts[{at}]", told)
    for at, port in enumerate(spec.get("ports", [])):
        protocol = str(port.get("protocol", "TCP"))
        told = f'cannot parse "{protocol}" as a protocol'
        problems.add_if(protocol.upper() not in _PROTOCOLS, f"spec.ports[{at}].protocol", told)
    for at, endpoint in enumerate(spec.get("endpoints", [])):
        address = endpoint.get("address", "")
        told = None if address.startswith("unix://") or not address else plain_host_problem(address)
        if told:
            problems.add(f"spec.endpoints[{at}].address", told)


def _sidecar(spec: Map, problems: Problems) -> None:
    told = "sidecar: ingress or egress must be specified"
    problems.add_if(
        not any(
            key in spec for key in ("ingress", "egress", "outboundTrafficPolicy", "inboundConnectionPool")
        ),
        "spec",
        told,
    )
    for at, listener in enumerate(spec.get("egress", [])):
        problems.add_if(
            not listener.get("hosts"),
            f"spec.egress[{at}].hosts",
            "egress listener must have at least one host",
        )
        for number, host in enumerate(listener.get("hosts", [])):
            told = "host must be of form namespace/dnsName"
            problems.add_if("/" not in host, f"spec.egress[{at}].hosts[{number}]", told)


def _peer_authentication(spec: Map, problems: Problems) -> None:
    levels, selected = spec.get("portLevelMtls"), spec.get("selector", {}).get("matchLabels")
    told = "mesh/namespace peer authentication cannot have port level mTLS"
    problems.add_if(levels and not selected, "spec.portLevelMtls", told)


def _authorization_policy(spec: Map, problems: Problems) -> None:
    action, rules = spec.get("action", "ALLOW"), spec.get("rules")
    provider = spec.get("provider", {}).get("name")
    problems.add_if(
        action == "CUSTOM" and not provider, "spec.provider", "`provider` must be set with CUSTOM action"
    )
    problems.add_if(
        action != "CUSTOM" and provider, "spec.provider", "`provider` must not be set without CUSTOM action"
    )
    told = "`rules` must be specified for the action " + action
    problems.add_if(action in ("DENY", "CUSTOM") and rules is None, "spec.rules", told)
    for at, rule in enumerate(rules or []):
        for key, part in (("from", "source"), ("to", "operation")):
            for number, each in enumerate(rule.get(key, [])):
                path = f"spec.rules[{at}].{key}[{number}].{part}"
                problems.add_if(not each.get(part), path, f"`{part}` in `{key}` must have at least one field")
        for number, when in enumerate(rule.get("when", [])):
            told = "at least one of `values` or `notValues` must be set"
            given = when.get("values") or when.get("notValues")
            problems.add_if(not given, f"spec.rules[{at}].when[{number}]", told)


def _request_authentication(spec: Map, problems: Problems) -> None:
    for at, each in enumerate(spec.get("jwtRules", [])):
        problems.add_if(not each.get("issuer"), f"spec.jwtRules[{at}].issuer", "issuer must be set")


_CHECKS: dict[Resource, Callable[[Map, Problems], None]] = {
    kinds.VIRTUAL_SERVICES: virtual_service.check,
    kinds.DESTINATION_RULES: _destination_rule,
    kinds.GATEWAYS: _gateway,
    kinds.SERVICE_ENTRIES: _service_entry,
    kinds.SIDECARS: _sidecar,
    kinds.PEER_AUTHENTICATIONS: _peer_authentication,
    kinds.AUTHORIZATION_POLICIES: _authorization_policy,
    kinds.REQUEST_AUTHENTICATIONS: _request_authentication,
}
