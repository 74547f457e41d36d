"""DestinationRules: hosts, subsets, certificates, and selectors that a waypoint ignores. Pure.

Semantics: istio/istio pkg/config/analysis/analyzers/destinationrule.
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import Any, Final

from routing.analysis.findings import Finding, analyzer, finding
from routing.analysis.hosts import Target, fqdn, overlap, target
from routing.analysis.kinds import DESTINATION_RULE, NAMESPACE, NODE, SERVICE, SERVICE_ENTRY
from routing.analysis.objects import Obj, dig, mapping, number, objects, strings, text, texts
from routing.analysis.selectors import covers, pods
from routing.analysis.world import Index, Look, Mesh
from routing.rules import quoted
from routing.yaml_files import Path

HOSTNAME: Final = "kubernetes.io/hostname"
TOPOLOGY: Final = (
    "topology.kubernetes.io/region",
    "topology.kubernetes.io/zone",
    "topology.istio.io/subzone",
    HOSTNAME,
)
"""Labels that endpoints have from the node of their pod."""
USE_WAYPOINT: Final = "istio.io/use-waypoint"


def _unverified(tls: Any, rule: Mapping[str, Any]) -> bool:
    settings = mapping(tls)
    given = text(settings.get("caCertificates")) or (
        text(settings.get("credentialName")) and rule.get("workloadSelector") is not None
    )
    return text(settings.get("mode")) in {"SIMPLE", "MUTUAL"} and not given


def _check_certificates(look: Look, obj: Obj) -> Iterator[Finding]:  # noqa: ARG001  (one object is enough)
    policy = mapping(obj.spec.get("trafficPolicy"))
    host = quoted(text(obj.spec.get("host")))
    if _unverified(policy.get("tls"), obj.spec):
        message = f"The proxies take any certificate for {host}: there are no caCertificates."
        yield finding("IST0128", obj, ("spec", "trafficPolicy", "tls"), message)
    for index, settings in objects(policy.get("portLevelSettings")):
        if _unverified(settings.get("tls"), obj.spec):
            at: Path = ("spec", "trafficPolicy", "portLevelSettings", index, "tls")
            port = number(dig(settings, "port", "number")) or 0
            message = (
                f"The proxies take any certificate for {host} on port {port}: there are no caCertificates."
            )
            yield finding("IST0129", obj, at, message)


def _check_subsets(look: Look, obj: Obj) -> Iterator[Finding]:
    host = text(obj.spec.get("host"))
    found = target(look, obj.namespace, strings(obj.spec.get("exportTo")), host)
    if found is None:
        yield finding("IST0174", obj, ("spec", "host"), f"No service has the host {quoted(host)}.")
        return
    last = {text(subset.get("name")): index for index, subset in objects(obj.spec.get("subsets"))}
    for name, index in last.items():
        labels = texts(mapping(obj.spec["subsets"][index]).get("labels"))
        if not _has_pod(look, found, labels):
            message = f"No pod of {quoted(host)} has the labels of the subset {quoted(name)}."
            yield finding("IST0173", obj, ("spec", "subsets", index), message, found.obj)


def _has_pod(look: Look, found: Target, labels: Mapping[str, str]) -> bool:
    selector = {**found.selector, **labels}
    plain = {name: value for name, value in selector.items() if name not in TOPOLOGY}
    placed = {name: value for name, value in selector.items() if name in TOPOLOGY}
    namespace = found.obj.namespace if found.obj.key.group_kind == SERVICE else None
    return any(not placed or covers(placed, _placed(look, pod)) for pod in pods(look, plain, namespace))


def _placed(look: Look, pod: Obj) -> Mapping[str, str]:
    """The labels of a pod that say where it runs: its own, over which go those of its node."""
    node = look.get(NODE, "", text(pod.spec.get("nodeName")))
    if node is None:
        return pod.labels
    # An empty label of a node says nothing.
    told = {name: node.labels[name] for name in TOPOLOGY if node.labels.get(name)}
    return {**pod.labels, **told, HOSTNAME: node.name}


def _service_hosts(obj: Obj, mesh: Mesh) -> Iterable[Hashable]:
    yield "any"
    yield from _hosts(obj, mesh)


def _hosts(obj: Obj, mesh: Mesh) -> list[str]:
    if obj.key.group_kind == SERVICE:
        return [fqdn(obj.name, obj.namespace, mesh)]
    return strings(obj.spec.get("hosts"))


HOSTS: Final = Index("any-host", (SERVICE, SERVICE_ENTRY), _service_hosts)
"""Services and service entries by host, wherever they are visible; all of them under `any`."""


def _check_waypoint(look: Look, obj: Obj) -> Iterator[Finding]:
    if not isinstance(obj.spec.get("workloadSelector"), dict):
        return
    host = fqdn(text(obj.spec.get("host")), obj.namespace, look.mesh)
    for service in look.at(HOSTS, "any" if host.startswith("*") else host):
        if any(overlap(host, one) for one in _hosts(service, look.mesh)) and has_waypoint(look, service):
            message = f"A waypoint serves {service.key}, and waypoints ignore rules with a workloadSelector."
            yield finding("IST0178", obj, ("spec", "workloadSelector"), message, service)
            return


def has_waypoint(look: Look, service: Obj) -> bool:
    """Whether a service, or its namespace, names a waypoint."""
    name = service.labels.get(USE_WAYPOINT)
    if name is None:
        namespace = look.get(NAMESPACE, "", service.namespace)
        name = namespace.labels.get(USE_WAYPOINT) if namespace else None
    return name not in {None, "", "none"}


ANALYZERS: Final = (
    analyzer(
        "destinationrule.CaCertificateAnalyzer", "IST0128 IST0129", (DESTINATION_RULE,), _check_certificates
    ),
    analyzer(
        "destinationrule.PodNotSelectedAnalyzer", "IST0173 IST0174", (DESTINATION_RULE,), _check_subsets
    ),
    analyzer(
        "destinationrule.WaypointWorkloadSelectorAnalyzer", "IST0178", (DESTINATION_RULE,), _check_waypoint
    ),
)
