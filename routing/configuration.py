"""Istio's and the Gateway API's resources as they stand, each with what it is about and its problems."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from cluster import kinds
from cluster.kinds import Kind
from cluster.person import PersonCluster
from cluster.refs import Manifest, Ref
from routing import istio, live_analysis, scope, stored
from routing import problems as needed
from routing.analysis.findings import Finding
from routing.analysis.objects import Key, items, mapping, strings, text
from routing.models import Change
from routing.rules.objects import WRITABLE

Json = dict[str, Any]
LEVELS: Final = ("error", "warning", "info")
MAX_CHANGES: Final = 20
_LOOKED_THROUGH: Final = 300
BY_DEFINITION: Final[Mapping[str, Kind]] = {f"{kind.plural}.{kind.group}": kind for kind in WRITABLE}
"""The kinds by the names of their definitions, as addresses have them."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """The resources that somebody may see; of what age, and why not newer, as in `cluster.cache.Known`."""

    resources: tuple[Json, ...]
    age_seconds: float | None
    problem: str


def everything(person: PersonCluster) -> Configuration:
    """Every resource that this person may read, as the watch cache knows it, the worst first."""
    known = {kind: person.known(kind) for kind in WRITABLE}
    found = by_subject(live_analysis.findings(person))
    described = [
        summary(kind, manifest, found.get(key_of(kind, manifest), ()))
        for kind, part in known.items()
        for manifest in part.items
    ]
    described.sort(key=lambda one: (one["rank"], one["namespace"], one["kind"], one["name"]))
    ages = [part.age_seconds for part in known.values() if part.age_seconds is not None]
    problem = next((part.problem for part in known.values() if part.problem), "")
    return Configuration(tuple(described), max(ages) if ages else None, problem)


def known(person: PersonCluster, ref: Ref) -> Manifest | None:
    """One resource as the watch cache knows it; None where this person may not read it, or there is none."""
    here = person.known(ref.kind, ref.namespace).items
    return next((item for item in here if item["metadata"]["name"] == ref.name), None)


def places(person: PersonCluster) -> list[str]:
    """The namespaces in which this person may read services."""
    return sorted({item.metadata.namespace for item in person.known(kinds.SERVICE).items})


def by_subject(found: Iterable[Finding]) -> dict[Key, list[Finding]]:
    """Findings by the resource that they are about."""
    kept: dict[Key, list[Finding]] = {}
    for each in found:
        kept.setdefault(each.subject, []).append(each)
    return kept


def key_of(kind: Kind, manifest: Manifest) -> Key:
    """How the analysis names a resource."""
    metadata = manifest["metadata"]
    return Key(kind.group, kind.kind, str(metadata.get("namespace", "")), str(metadata["name"]))


def summary(kind: Kind, manifest: Manifest, found: Iterable[Finding]) -> Json:
    """A resource in a row: its names, what it is about, its problems, and who keeps it."""
    counts = dict.fromkeys(LEVELS, 0)
    for each in found:
        counts[each.level.lower()] += 1
    worst = next((level for level in LEVELS if counts[level]), "")
    metadata = manifest["metadata"]
    return {
        "kind": kind.kind,
        "group": kind.group,
        "definition": f"{kind.plural}.{kind.group}",
        "namespace": str(metadata.get("namespace", "")),
        "name": str(metadata["name"]),
        "about": about(kind, manifest),
        "managers": [one["name"] for one in managers(manifest)],
        "problems": counts,
        "count": sum(counts.values()),
        "worst": worst,
        "rank": LEVELS.index(worst) if worst else len(LEVELS),
    }


def about(kind: Kind, manifest: Manifest) -> str:
    """What a resource is about, in a few words."""
    spec = mapping(manifest.get("spec"))
    describe = _ABOUT.get(kind)
    words = describe(spec) if describe else ""
    return words if len(words) <= 160 else words[:159] + "…"


def managers(manifest: Manifest) -> list[Json]:
    """Who wrote fields of a resource, by its managedFields: the last first, each once."""
    latest: dict[str, datetime | None] = {}
    for entry in items(mapping(manifest.get("metadata")).get("managedFields")):
        name, when = text(mapping(entry).get("manager")), _moment(text(mapping(entry).get("time")))
        if name and (name not in latest or _later(when, latest[name])):
            latest[name] = when
    order = sorted(latest.items(), key=lambda one: one[1].timestamp() if one[1] else 0.0, reverse=True)
    return [{"name": name, "at": when} for name, when in order]


def services_of(kind: Kind, manifest: Manifest) -> list[tuple[str, str]]:
    """The services (namespace, name) whose requests a resource steers."""
    hosts: set[str] = set()
    if kind == kinds.VIRTUAL_SERVICE:
        hosts.update(istio.hosts_of(manifest), istio.destinations(manifest))
    elif kind == kinds.DESTINATION_RULE:
        hosts.add(istio.host_of(manifest))
    found = {service for service in map(istio.service_of, hosts) if service}
    if kind in (kinds.HTTP_ROUTE, kinds.GRPC_ROUTE):
        found |= _backends(manifest)
    return sorted(found)


def changes_of(person: PersonCluster, ref: Ref) -> list[Change]:
    """What meshui changed about a resource, the newest first, as far as this person may see it."""
    need = needed.written((ref.kind, ref.namespace))
    rows = scope.seen_by(person, Change.objects.filter(needs__contains=need)).order_by("-pk")
    wanted = stored.resource(ref)
    newest = rows.select_related("by")[:_LOOKED_THROUGH]
    return [row for row in newest if any(_same(item, wanted) for item in row.operations)][:MAX_CHANGES]


def _same(operation: Mapping[str, Any], wanted: Json) -> bool:
    named = operation["resource"]
    return all(named[part] == wanted[part] for part in ("kind", "namespace", "name"))


def _backends(manifest: Manifest) -> set[tuple[str, str]]:
    here = istio.namespace_of(manifest)
    return {
        (text(mapping(backend).get("namespace")) or here, text(mapping(backend).get("name")))
        for rule in items(mapping(manifest.get("spec")).get("rules"))
        for backend in items(mapping(rule).get("backendRefs"))
        if text(mapping(backend).get("kind")) in ("", "Service") and text(mapping(backend).get("name"))
    }


def _moment(written: str) -> datetime | None:
    try:
        return datetime.fromisoformat(written)
    except ValueError:
        return None


def _later(one: datetime | None, other: datetime | None) -> bool:
    return one is not None and (other is None or one > other)


def _virtual_service(spec: Mapping[str, Any]) -> str:
    bound = strings(spec.get("gateways"))
    through = f" through {', '.join(bound)}" if bound and bound != ["mesh"] else ""
    parts = [
        f"{len(items(spec.get(part)))} {part}" for part in ("http", "tls", "tcp") if items(spec.get(part))
    ]
    rules = f" · {', '.join(parts)} {'rule' if sum(map(_leading, parts)) == 1 else 'rules'}" if parts else ""
    return f"{', '.join(strings(spec.get('hosts'))) or 'delegated to'}{through}{rules}"


def _leading(part: str) -> int:
    return int(part.partition(" ")[0])


def _destination_rule(spec: Mapping[str, Any]) -> str:
    names = [text(mapping(one).get("name")) for one in items(spec.get("subsets"))]
    parts = [text(spec.get("host"))]
    parts += [f"subsets {', '.join(names)}"] if names else []
    policy = sorted(mapping(spec.get("trafficPolicy")))
    parts += [f"policy: {', '.join(policy)}"] if policy else []
    return " · ".join(parts)


def _gateway(spec: Mapping[str, Any]) -> str:
    hosts: dict[str, None] = {}
    ports: dict[str, None] = {}
    for server in items(spec.get("servers")):
        port = mapping(mapping(server).get("port"))
        ports[f"{port.get('number', '?')} {text(port.get('protocol'))}".strip()] = None
        hosts.update(dict.fromkeys(strings(mapping(server).get("hosts"))))
    return f"{', '.join(hosts)} · {', '.join(ports)} · {_selected(spec)}"


def _hosts(spec: Mapping[str, Any]) -> str:
    place = text(spec.get("location")).removeprefix("MESH_").lower()
    return ", ".join(strings(spec.get("hosts"))) + (f" · {place} to the mesh" if place else "")


def _sidecar(spec: Mapping[str, Any]) -> str:
    hosts = [host for one in items(spec.get("egress")) for host in strings(mapping(one).get("hosts"))]
    return f"{_selected(spec)} · reaches {', '.join(hosts) or 'everything'}"


def _policy(spec: Mapping[str, Any]) -> str:
    action = text(spec.get("action")) or "ALLOW"
    count = len(items(spec.get("rules")))
    return f"{action} · {count} rule{'' if count == 1 else 's'} · {_selected(spec)}"


def _peers(spec: Mapping[str, Any]) -> str:
    mode = text(mapping(spec.get("mtls")).get("mode")) or "as above it"
    return f"mTLS {mode} · {_selected(spec)}"


def _requests(spec: Mapping[str, Any]) -> str:
    issuers = [text(mapping(one).get("issuer")) for one in items(spec.get("jwtRules"))]
    return f"{', '.join(issuers) or 'no issuer'} · {_selected(spec)}"


def _route(spec: Mapping[str, Any]) -> str:
    parents = [text(mapping(one).get("name")) for one in items(spec.get("parentRefs"))]
    hosts = ", ".join(strings(spec.get("hostnames"))) or "every host"
    return f"{hosts} · of {', '.join(parents) or 'nothing'}"


def _listeners(spec: Mapping[str, Any]) -> str:
    ports = [str(mapping(one).get("port", "?")) for one in items(spec.get("listeners"))]
    return f"{text(spec.get('gatewayClassName'))} · ports {', '.join(ports)}"


def _selected(spec: Mapping[str, Any]) -> str:
    for name in ("selector", "workloadSelector"):
        chosen = mapping(spec.get(name))
        labels = mapping(chosen.get("matchLabels") or chosen.get("labels") or chosen)
        if labels:
            return ", ".join(f"{key}={value}" for key, value in labels.items() if isinstance(value, str))
    targets = [text(mapping(one).get("name")) for one in items(spec.get("targetRefs"))]
    return ", ".join(targets) or "every workload"


_ABOUT: Final = {
    kinds.VIRTUAL_SERVICE: _virtual_service,
    kinds.DESTINATION_RULE: _destination_rule,
    kinds.GATEWAY: _gateway,
    kinds.SERVICE_ENTRY: _hosts,
    kinds.SIDECAR: _sidecar,
    kinds.WORKLOAD_ENTRY: lambda spec: text(spec.get("address")),
    kinds.PEER_AUTHENTICATION: _peers,
    kinds.AUTHORIZATION_POLICY: _policy,
    kinds.REQUEST_AUTHENTICATION: _requests,
    kinds.TELEMETRY: _selected,
    kinds.HTTP_ROUTE: _route,
    kinds.GRPC_ROUTE: _route,
    kinds.GATEWAY_API_GATEWAY: _listeners,
}
