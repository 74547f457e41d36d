"""What applies to the traffic of a service after it was routed: balancing, affinity, limits, ejection, TLS.
Pure.

Source: networking/v1alpha3/destination_rule.proto of istio.io/api.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from cluster.kinds import PEER_AUTHENTICATION, Kind
from routing.rules import fields, leaves
from routing.rules.checks import is_token, is_word
from routing.rules.fields import CLEAR, MAX_UINT32, Clear, Part, shape
from routing.rules.reader import Reader, quoted
from routing.rules.word import Word

SIMPLE: Final = ("ROUND_ROBIN", "LEAST_REQUEST", "RANDOM", "PASSTHROUGH")
MODES: Final = ("DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL")
_A_LOCALITY: Final = "a locality, such as us-west/zone1/*"
_LOCALITY: Final = leaves.fit(is_word, _A_LOCALITY)
_CERTIFICATES: Final = ("client_certificate", "private_key", "ca_certificates", "ca_crl")


def _check_distribute(reader: Reader, part: "Distribute", field: str) -> None:
    for name in ("from", "to"):
        if getattr(part, f"{name}_" if name == "from" else name) is None:
            reader.error(f"{field}.{name}", "This is missing.")
    total = sum((part.to or {}).values())
    if part.to and total != 100:
        reader.error(f"{field}.to", f"The weights add up to {total}; they must add up to 100.")


def _check_failover(reader: Reader, part: "Failover", field: str) -> None:
    if part.from_ is None or part.to is None:
        reader.error(field, "A failover needs a region from and a region to.")
    elif part.from_ == part.to:
        reader.error(field, f"{quoted(part.from_)} cannot fail over to itself.")


def _check_locality(reader: Reader, part: "Locality", field: str) -> None:
    fields.one_of(reader, part, field, "distribute", "failover", "failover_priority")


def _check_warmup(reader: Reader, part: "Warmup", field: str) -> None:
    if part.duration is None:
        reader.error(f"{field}.duration", "A duration is missing; write 2s or 500ms.")


def _check_cookie(reader: Reader, part: "Cookie", field: str) -> None:
    if part.name is None:
        reader.error(f"{field}.name", "The name of the cookie is missing.")


@dataclass(frozen=True, slots=True)
class Distribute:
    """From one locality, percent of the requests to each of others."""

    from_: str | None = fields.text(is_word, _A_LOCALITY)
    to: Mapping[str, int] | None = fields.mapping(_LOCALITY, leaves.whole(0, 100), int)


@dataclass(frozen=True, slots=True)
class Failover:
    """From a region whose pods are not healthy to another one."""

    from_: str | None = fields.text(is_word, "a region")
    to: str | None = fields.text(is_word, "a region")


@dataclass(frozen=True, slots=True)
class Locality:
    """Where requests go by where they come from."""

    enabled: bool | None = fields.flag()
    distribute: tuple[Distribute, ...] | None = fields.each(
        Distribute, lambda item: item.from_, check=_check_distribute
    )
    failover: tuple[Failover, ...] | None = fields.each(
        Failover, lambda item: item.from_, check=_check_failover
    )
    failover_priority: tuple[str, ...] | None = fields.texts(is_word, "a label")


@dataclass(frozen=True, slots=True)
class Warmup:
    """How a new pod comes to its full share."""

    duration: str | None = fields.duration()
    minimum_percent: float | None = fields.number(0, 100)
    aggression: float | None = fields.number(0, 1000)


@dataclass(frozen=True, slots=True)
class LoadBalancer:
    """How requests are spread over pods."""

    simple: str | None = fields.choice(*SIMPLE)
    warmup: Warmup | None = fields.nested(Warmup, check=_check_warmup)
    locality: Locality | None = fields.nested(Locality, "localityLbSetting", _check_locality)


@dataclass(frozen=True, slots=True)
class Cookie:
    """A cookie; with a `ttl` the proxy sets it where it is missing (0s: for the session)."""

    name: str | None = fields.text(is_token, "the name of a cookie")
    path: str | None = fields.text(lambda value: value.startswith("/"), "a path, which begins with /")
    ttl: str | None = fields.duration(least=0)


@dataclass(frozen=True, slots=True)
class SessionAffinity:
    """By what requests are known to belong together, so that they go to one pod."""

    header: str | None = fields.text(is_token, "the name of a header", "httpHeaderName")
    cookie: Cookie | None = fields.nested(Cookie, "httpCookie", _check_cookie)
    source_ip: bool | None = fields.flag("useSourceIp")
    query_param: str | None = fields.text(is_word, "the name of a parameter", "httpQueryParameterName")


@dataclass(frozen=True, slots=True)
class Keepalive:
    """When an idle connection is asked whether it lives."""

    probes: int | None = fields.whole(0, MAX_UINT32)
    time: str | None = fields.duration()
    interval: str | None = fields.duration()


@dataclass(frozen=True, slots=True)
class TcpPool:
    """Limits of connections."""

    max_connections: int | None = fields.whole(1)
    connect_timeout: str | None = fields.duration()
    tcp_keepalive: Keepalive | None = fields.nested(Keepalive)
    max_connection_duration: str | None = fields.duration()
    idle_timeout: str | None = fields.duration(least=0)


@dataclass(frozen=True, slots=True)
class HttpPool:
    """Limits of requests."""

    http1_max_pending_requests: int | None = fields.whole()
    http2_max_requests: int | None = fields.whole()
    max_requests_per_connection: int | None = fields.whole(0, 2**29)
    max_retries: int | None = fields.whole()
    idle_timeout: str | None = fields.duration()
    h2_upgrade_policy: str | None = fields.choice("DEFAULT", "DO_NOT_UPGRADE", "UPGRADE")
    use_client_protocol: bool | None = fields.flag()
    max_concurrent_streams: int | None = fields.whole(1)


@dataclass(frozen=True, slots=True)
class OutlierDetection:
    """When a pod that fails gets no requests for a while; percentages from 0 to 100."""

    consecutive_5xx_errors: int | None = fields.whole(0, MAX_UINT32)
    consecutive_gateway_errors: int | None = fields.whole(0, MAX_UINT32)
    consecutive_local_origin_failures: int | None = fields.whole(0, MAX_UINT32)
    split_external_local_origin_errors: bool | None = fields.flag()
    interval: str | None = fields.duration()
    base_ejection_time: str | None = fields.duration()
    max_ejection_percent: int | None = fields.whole(0, 100)
    min_health_percent: int | None = fields.whole(0, 100)


@dataclass(frozen=True, slots=True)
class ClientTls:
    """How callers' proxies secure their connections; certificates are paths in the proxy."""

    mode: str | None = fields.choice(*MODES)
    client_certificate: str | None = fields.text(is_word, "the path of a file")
    private_key: str | None = fields.text(is_word, "the path of a file")
    ca_certificates: str | None = fields.text(is_word, "the path of a file")
    ca_crl: str | None = fields.text(is_word, "the path of a file")
    credential_name: str | None = fields.text(is_word, "the name of a secret")
    subject_alt_names: tuple[str, ...] | None = fields.texts(is_word, "a subject's name")
    sni: str | None = fields.text(is_word, "a server's name")
    insecure_skip_verify: bool | None = fields.flag()


@dataclass(frozen=True, slots=True)
class DestinationPolicy:
    """The traffic policy of a service, of one version, of one port (0: of all), or of both.

    A part that is None stays as it is; CLEAR takes it away.
    """

    namespace: str
    service: str
    version: str = ""
    port: int = 0
    load_balancer: LoadBalancer | Clear | None = None
    session_affinity: SessionAffinity | Clear | None = None
    tcp: TcpPool | Clear | None = None
    http: HttpPool | Clear | None = None
    outlier_detection: OutlierDetection | Clear | None = None
    tls: ClientTls | Clear | None = None

    @property
    def parts(self) -> dict[str, Part | Clear]:
        """What is said, by its name."""
        found = {
            "load_balancer": self.load_balancer,
            "session_affinity": self.session_affinity,
            "tcp": self.tcp,
            "http": self.http,
            "outlier_detection": self.outlier_detection,
            "tls": self.tls,
        }
        return {name: part for name, part in found.items() if part is not None}


_PARTS: Final = ("load_balancer", "session_affinity", "connection_pool", "outlier_detection", "tls")


def _read(reader: Reader, value: Mapping[str, object], field: str) -> DestinationPolicy:
    given = reader.members(value, field, {"kind", "namespace", "service", "version", "port", *_PARTS}) or {}
    namespace, service = reader.target(given, field)
    version = given.get("version")
    tcp, http = _pool(reader, given, field)
    rule = DestinationPolicy(
        namespace,
        service,
        "" if version is None else reader.version(version, f"{field}.version"),
        reader.port(given["port"], f"{field}.port") if given.get("port") is not None else 0,
        _part(reader, LoadBalancer, given, field, "load_balancer"),
        _part(reader, SessionAffinity, given, field, "session_affinity"),
        tcp,
        http,
        _part(reader, OutlierDetection, given, field, "outlier_detection"),
        _part(reader, ClientTls, given, field, "tls"),
    )
    if not any(name in given for name in _PARTS):
        reader.error(field, f"A policy sets or clears one of {', '.join(_PARTS)}.")
    _check(reader, rule, field)
    return rule


def _part(reader: Reader, cls: type[Part], given: Mapping[str, object], field: str, name: str) -> Any:
    if name not in given:
        return None
    return CLEAR if given[name] is None else shape(cls).read(reader, given[name], f"{field}.{name}")


def _pool(
    reader: Reader, given: Mapping[str, object], field: str
) -> tuple[TcpPool | Clear | None, HttpPool | Clear | None]:
    if "connection_pool" not in given:
        return None, None
    if given["connection_pool"] is None:
        return CLEAR, CLEAR
    at = f"{field}.connection_pool"
    pool = reader.members(given["connection_pool"], at, ("tcp", "http"))
    if not pool:
        reader.error(at, "This must have tcp, http or both.")
        return None, None
    return _part(reader, TcpPool, pool, at, "tcp"), _part(reader, HttpPool, pool, at, "http")


def _check(reader: Reader, rule: DestinationPolicy, field: str) -> None:
    balancer, affinity = rule.load_balancer, rule.session_affinity
    if isinstance(balancer, LoadBalancer):
        if balancer == LoadBalancer():
            reader.error(f"{field}.load_balancer", "This must have simple, warmup or locality.")
        if balancer.simple and isinstance(affinity, SessionAffinity):
            at = f"{field}.load_balancer.simple"
            reader.error(at, "A simple load balancer and session affinity exclude each other.")
    if isinstance(affinity, SessionAffinity):
        _check_affinity(reader, affinity, f"{field}.session_affinity")
    http = rule.http
    if isinstance(http, HttpPool) and http.use_client_protocol and http.h2_upgrade_policy == "UPGRADE":
        at = f"{field}.connection_pool.http.h2_upgrade_policy"
        reader.error(at, "With use_client_protocol, the protocol is the client's and not upgraded.")
    if isinstance(rule.tls, ClientTls):
        _check_tls(reader, rule.tls, f"{field}.tls")


def _check_affinity(reader: Reader, affinity: SessionAffinity, field: str) -> None:
    names = ("header", "cookie", "source_ip", "query_param")
    fields.one_of(reader, affinity, field, *names)
    if affinity.source_ip is False:
        reader.error(f"{field}.source_ip", "Only true says something here.")
    elif affinity == SessionAffinity():
        reader.error(field, f"This must have one of {', '.join(names)}.")


def _check_tls(reader: Reader, tls: ClientTls, field: str) -> None:
    if tls.mode is None:
        reader.error(f"{field}.mode", f"The mode is missing; it is one of {', '.join(MODES)}.")
    given = [name for name in _CERTIFICATES if getattr(tls, name) is not None]
    extra = {
        "DISABLE": [*given, "credential_name", "subject_alt_names", "sni", "insecure_skip_verify"],
        "SIMPLE": ["client_certificate", "private_key"],
        "ISTIO_MUTUAL": [*_CERTIFICATES, "credential_name", "insecure_skip_verify"],
    }
    for name in extra.get(tls.mode or "", []):
        if getattr(tls, name) is not None:
            reader.error(f"{field}.{name}", f"Mode {tls.mode} does not use this.")
    if tls.credential_name and given:
        at = f"{field}.credential_name"
        reader.error(at, f"Give either the name of a secret or files, not both ({', '.join(given)}).")
    pair = tls.client_certificate and tls.private_key
    if tls.mode == "MUTUAL" and not pair and not tls.credential_name:
        message = "Mode MUTUAL needs client_certificate and private_key, or credential_name."
        reader.error(f"{field}.mode", message)
    if tls.insecure_skip_verify and (tls.ca_certificates or tls.subject_alt_names):
        at = f"{field}.insecure_skip_verify"
        reader.error(at, "Without verification, ca_certificates and subject_alt_names are not used.")


def _write(rule: DestinationPolicy) -> dict[str, Any]:
    written: dict[str, Any] = {"namespace": rule.namespace, "service": rule.service}
    if rule.version:
        written["version"] = rule.version
    if rule.port:
        written["port"] = rule.port
    pool: dict[str, Any] = {}
    for name, part in rule.parts.items():
        place = pool if name in ("tcp", "http") else written
        place[name] = None if isinstance(part, Clear) else shape(type(part)).write(part)
    if pool:
        written["connection_pool"] = pool
    return written


def _sets(rule: DestinationPolicy) -> str:
    of_port = f" on port {rule.port}" if rule.port else ""
    of_version = f" version {rule.version}" if rule.version else ""
    return f"the policy of {rule.namespace}/{rule.service}{of_version}{of_port}"


def _reads(rule: DestinationPolicy) -> tuple[Kind, ...]:
    """A TLS mode is held against what the pods accept."""
    return (PEER_AUTHENTICATION,) if isinstance(rule.tls, ClientTls) else ()


DESTINATION_POLICY: Final = Word(
    "destination_policy", DestinationPolicy, _read, _write, _sets, reads_for=_reads
)
