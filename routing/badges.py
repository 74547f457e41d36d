"""What acts on services and workloads, as short words for the nodes of the graph. Pure.

Of the configuration, not of traffic: a split is one whose weights are written, and `no_mtls` means that
mutual TLS is switched off (DISABLE), not that some caller comes without it, which the edges of the graph tell
(PERMISSIVE).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from cluster import inventory
from cluster.refs import Manifest
from routing import gatewayapi, istio
from routing.istio import ObservedFault
from routing.sentences import fault_parts, percent, split_sentence, whom
from routing.shares import Steered

Kind = Literal["split", "fault", "mirror", "timeout", "retries", "breaker", "no_mtls", "no_proxy"]
DISABLE: Final = "DISABLE"
ROOM: Final = 12
"""Characters that have room beside an icon."""
_ERRORS: Final = ("consecutive5xxErrors", "consecutiveGatewayErrors", "consecutiveLocalOriginFailures")
_DEFAULT_ERRORS: Final = 5
"""How many errors in a row Istio ejects a pod after where nothing is written (destination_rule.proto)."""
_LIMITS: Final = (
    ("tcp", "maxConnections", "connections"),
    ("http", "http1MaxPendingRequests", "waiting requests"),
    ("http", "http2MaxRequests", "requests at once"),
    ("http", "maxRequestsPerConnection", "requests a connection"),
)


@dataclass(frozen=True, slots=True)
class Badge:
    """One thing that acts on a service, or on a workload (`app` and `version` are then the workload's).

    `short` is what has room beside an icon, or empty; `text` the whole in words.
    """

    namespace: str
    kind: Kind
    text: str
    service: str = ""
    workload: str = ""
    app: str = ""
    version: str = ""
    short: str = ""

    def to_json(self) -> dict[str, Any]:
        """As the REST interface answers it."""
        return asdict(self)


def of_service(found: Steered) -> tuple[Badge, ...]:
    """What acts on the requests to a service, by what routes it and by its DestinationRule."""
    place = {"namespace": found.service.namespace, "service": found.service.name}
    said = [*_split(found), *_faults(found), *_of_routes(found), *_of_policies(found)]
    return tuple(Badge(kind=kind, short=short, text=text, **place) for kind, short, text in said)


def of_workload(
    workload: inventory.Workload, peer_authentications: Iterable[Manifest], *, in_mesh: bool
) -> tuple[Badge, ...]:
    """What is to be known of a workload: pods without a proxy, and mutual TLS that is switched off for it.

    `in_mesh`: whether others in its namespace have proxies; elsewhere only one that was asked for is missing.
    """
    place: dict[str, Any] = {
        "namespace": workload.namespace,
        "workload": workload.name,
        "app": workload.app,
        "version": workload.version,
    }
    lacking = _without_proxy(workload, in_mesh=in_mesh)
    found = [Badge(kind="no_proxy", text=lacking, **place)] if lacking else []
    mode, by = istio.accepted_tls(peer_authentications, workload.namespace, workload.labels)
    if mode == DISABLE and by is not None:
        found.append(Badge(kind="no_mtls", text=f"{istio.name_of(by)} lets plain text in only", **place))
    return tuple(found)


Said = tuple[Kind, str, str]
"""Kind, short and text."""


def _split(found: Steered) -> Iterator[Said]:
    weights = {version: weight for version, weight in (found.weights() or {}).items() if weight}
    if len(weights) > 1:
        short = "/".join(f"{weight:g}" for weight in weights.values())
        yield "split", short if len(short) <= ROOM else f"{len(weights)} ways", split_sentence(weights)


def _faults(found: Steered) -> Iterator[Said]:
    observed = istio.observed_faults(found.in_force) if found.in_force else ()
    for fault in observed:
        yield "fault", _fault_word(fault), f"{fault_parts(fault.delay, fault.abort)}; {whom(fault.match)}"


def _fault_word(fault: ObservedFault) -> str:
    return "+".join(word for word, part in (("delay", fault.delay), ("abort", fault.abort)) if part)


def _of_routes(found: Steered) -> Iterator[Said]:
    """Mirrors, timeouts and retries, each once, of the routes that requests can take."""
    told: dict[Said, None] = {}
    for route in _reachable(found):
        some = "" if route.default else ", for some requests"
        for kind, short, text in _of_route(route.said, found.service.name):
            told[kind, short, f"{text}{some}"] = None
    yield from told


def _reachable(found: Steered) -> Iterator[istio.HttpRoute]:
    if found.in_force is None:
        return
    service = found.service
    for route in istio.read_routes(found.in_force, service.namespace, service.name, found.subsets):
        yield route
        if route.default:
            return


def _of_route(said: Mapping[str, Any], service: str) -> Iterator[Said]:
    for mirror in said.get("mirrors") or ():
        part = percent(mirror.get("percentage", 100.0))
        yield "mirror", "", f"{part} copied to {_mirrored_to(mirror, service)}"
    if timeout := said.get("timeout"):
        yield "timeout", str(timeout), f"given up after {timeout}"
    retries = said.get("retries")
    if retries is not None:
        attempts = retries.get("attempts", 0)
        each = f", each of {retries['per_try_timeout']}" if retries.get("per_try_timeout") else ""
        word = "retry" if attempts == 1 else "retries"
        yield "retries", f"{attempts}x", f"{attempts} {word}{each}" if attempts else "no retries"


def _mirrored_to(mirror: Mapping[str, Any], service: str) -> str:
    host = str(mirror.get("host") or service)
    part = mirror.get("version") or mirror.get("subset")
    return f"{host} {part}" if part else host


def _of_policies(found: Steered) -> Iterator[Said]:
    rule = found.destination_rules.effective
    for where, policy in _policies(rule):
        if "outlierDetection" in policy:
            yield "breaker", "", _ejection(policy["outlierDetection"] or {}) + where
        yield from (("breaker", "", limit + where) for limit in _limits(policy.get("connectionPool") or {}))
        if (policy.get("tls") or {}).get("mode") == DISABLE and rule is not None:
            yield "no_mtls", "", f"{istio.name_of(rule)} has callers send plain text{where}"


def _policies(rule: Manifest | None) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each traffic policy of a DestinationRule, with the words for where it is in force."""
    whole = istio.policy_at(rule)
    subsets = [(f", of {each.get('name', '')}", each.get("trafficPolicy")) for each in istio.subsets_of(rule)]
    for where, policy in [("", whole), *((place, own or {}) for place, own in subsets)]:
        yield where, policy
        for level in policy.get("portLevelSettings") or ():
            yield f"{where}, on port {(level.get('port') or {}).get('number', '?')}", level


def _ejection(detection: Mapping[str, Any]) -> str:
    # A number that is 0 switches that check off; one that is not written is Istio's default.
    counts = [detection[name] for name in _ERRORS if detection.get(name)]
    return f"pods are ejected after {min(counts, default=_DEFAULT_ERRORS)} errors in a row"


def _limits(pool: Mapping[str, Any]) -> Iterator[str]:
    for level, name, what in _LIMITS:
        most = (pool.get(level) or {}).get(name)
        if most:
            yield f"at most {most} {what}"


def _without_proxy(workload: inventory.Workload, *, in_mesh: bool) -> str:
    if not workload.pods_known or workload.proxy not in ("", "sidecar"):
        return ""
    lacking = workload.pods - workload.pods_with_sidecar - workload.pods_ambient
    if lacking <= 0 or not (in_mesh or workload.pods_missing_proxy):
        return ""
    asked = ", though it is asked for" if workload.pods_missing_proxy else ""
    return f"{lacking} of {workload.pods} {'pod' if workload.pods == 1 else 'pods'} without a sidecar{asked}"


class Index:
    """Which resources may be about a service, so that of thousands of services each sees only its own."""

    def __init__(self, resources: Iterable[Manifest]) -> None:
        self._by_host: dict[str, list[Manifest]] = {}
        self._wildcards: list[Manifest] = []
        for manifest in resources:
            for host in _hosts(manifest):
                places = self._wildcards if host.startswith("*") else self._by_host.setdefault(host, [])
                if not places or places[-1] is not manifest:
                    places.append(manifest)

    def about(self, namespace: str, service: str) -> list[Manifest]:
        """The resources that may route a service or say how it is called."""
        return [*self._by_host.get(istio.service_host(namespace, service), ()), *self._wildcards]


def _hosts(manifest: Manifest) -> Iterable[str]:
    kind = manifest.get("kind")
    if kind == "DestinationRule":
        return (istio.host_of(manifest),)
    if kind == "VirtualService":
        return istio.hosts_of(manifest)
    return {istio.service_host(*parent) for parent in gatewayapi.parents(manifest)}
