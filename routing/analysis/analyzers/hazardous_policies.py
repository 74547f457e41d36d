"""DestinationRules that Istio takes, and that cut services off: doubles, ejection of all pods, TLS that the
pods refuse. Pure.

Sources: https://istio.io/latest/docs/reference/config/networking/destination-rule/,
https://istio.io/latest/docs/reference/config/security/peer_authentication/
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import Any, Final

from routing.analysis.findings import Finding, analyzer, finding
from routing.analysis.hosts import Target, exported_to, fqdn, target
from routing.analysis.kinds import DESTINATION_RULE, PEER_AUTHENTICATION, SERVICE
from routing.analysis.objects import Obj, dig, mapping, number, objects, strings, text, texts
from routing.analysis.selectors import covers, pods
from routing.analysis.world import Index, Look, Mesh
from routing.rules import quoted
from routing.yaml_files import Path

HALF: Final = 50
MOST_PODS: Final = 50
"""Of a service with more, so many are asked which PeerAuthentication they obey."""


def _by_host(obj: Obj, mesh: Mesh) -> Iterable[Hashable]:
    if not obj.spec.get("workloadSelector"):
        yield obj.namespace, fqdn(text(obj.spec.get("host")), obj.namespace, mesh)


RULES_OF_HOST: Final = Index("destination-rule-host", (DESTINATION_RULE,), _by_host)
"""DestinationRules for all workloads, by namespace and host in full."""


def _check_doubles(look: Look, obj: Obj) -> Iterator[Finding]:
    for place in _by_host(obj, look.mesh):
        mine = exported_to(obj)
        others = [
            other
            for other in look.at(RULES_OF_HOST, place)
            if other is not obj and sorted(exported_to(other)) == sorted(mine)
        ]
        if others:
            names = ", ".join(str(other.key) for other in others[:10])
            message = f"{names} is about {quoted(text(obj.spec.get('host')))} too; the older one comes first."
            yield finding("MUI0006", obj, ("spec", "host"), message, *others)


def _policies(obj: Obj) -> Iterator[tuple[Path, Mapping[str, Any], int | None]]:
    """Each traffic policy of a DestinationRule: the way to it, and the port that it is for (None: all)."""
    holders: list[tuple[Path, Any]] = [(("spec", "trafficPolicy"), obj.spec.get("trafficPolicy"))]
    holders += [
        (("spec", "subsets", index, "trafficPolicy"), subset.get("trafficPolicy"))
        for index, subset in objects(obj.spec.get("subsets"))
    ]
    for at, policy in holders:
        if isinstance(policy, dict):
            yield at, policy, None
            for index, each in objects(policy.get("portLevelSettings")):
                yield (*at, "portLevelSettings", index), each, number(dig(each, "port", "number"))


def _check_outliers(look: Look, obj: Obj) -> Iterator[Finding]:  # noqa: ARG001  (one object is enough)
    for at, policy, _ in _policies(obj):
        settings = mapping(policy.get("outlierDetection"))
        most = number(settings.get("maxEjectionPercent")) or 0
        place: Path = (*at, "outlierDetection", "maxEjectionPercent")
        if most >= 100 and not number(settings.get("minHealthPercent")):
            yield finding("MUI0016", obj, place, "All pods can be ejected at once.")
        elif most > HALF:
            yield finding("MUI0015", obj, place, f"Up to {most} % of the pods can be ejected at once.")


def _namespace(obj: Obj, _mesh: Mesh) -> Iterable[Hashable]:
    return (obj.namespace,)


PEER_RULES: Final = Index("peer-authentication", (PEER_AUTHENTICATION,), _namespace)
"""PeerAuthentications by namespace."""


def _check_tls(look: Look, obj: Obj) -> Iterator[Finding]:
    host = text(obj.spec.get("host"))
    asked = [(at, text(dig(policy, "tls", "mode")), port) for at, policy, port in _policies(obj)]
    asked = [each for each in asked if each[1]]
    found = target(look, obj.namespace, strings(obj.spec.get("exportTo")), host) if asked else None
    if found is None or found.obj.key.group_kind != SERVICE:
        return
    for at, mode, port in asked:
        rival = _refusal(look, found, mode, port)
        if rival is not None:
            said, wanted = rival
            message = f"The mode {mode} is refused by the pods of {quoted(host)}: {said.key} says {wanted}."
            yield finding("MUI0017", obj, (*at, "tls", "mode"), message, said, found.obj)


def _refusal(look: Look, found: Target, mode: str, port: int | None) -> tuple[Obj, str] | None:
    """The PeerAuthentication that a mode of the callers contradicts, and what it says."""
    labels = [pod.labels for pod in pods(look, found.selector, found.obj.namespace)[:MOST_PODS]]
    ports = [each for _, each in objects(found.obj.spec.get("ports"))]
    if port is not None:
        ports = [each for each in ports if number(each.get("port")) == port]
    for one in labels or [found.selector]:
        for each in ports or [{}]:
            # Port level modes are by the pod's port.
            own = number(each.get("targetPort")) or number(each.get("port"))
            wanted, said = _peer_mode(look, found.obj.namespace, one, own)
            plain = mode in {"DISABLE", "SIMPLE"} and wanted == "STRICT"
            if said is not None and (plain or (mode == "ISTIO_MUTUAL" and wanted == "DISABLE")):
                return said, wanted
    return None


def _peer_mode(
    look: Look, namespace: str, labels: Mapping[str, str], port: int | None
) -> tuple[str, Obj | None]:
    """The mode that a pod obeys at a port, and what says it; the narrowest that sets one is in force."""
    for said in _in_force(look, namespace, labels):
        by_port = text(dig(said.spec, "portLevelMtls", str(port), "mode"))
        mode = by_port if by_port not in ("", "UNSET") else text(dig(said.spec, "mtls", "mode"))
        if mode not in ("", "UNSET"):
            return mode, said
    return "PERMISSIVE", None


def _in_force(look: Look, namespace: str, labels: Mapping[str, str]) -> Iterator[Obj]:
    here = look.at(PEER_RULES, namespace)
    yield from (each for each in here if _selector(each) and covers(_selector(each), labels))
    yield from (each for each in here if not _selector(each))
    if namespace != look.mesh.root_namespace:
        yield from (each for each in look.at(PEER_RULES, look.mesh.root_namespace) if not _selector(each))


def _selector(obj: Obj) -> Mapping[str, str]:
    return texts(dig(obj.spec, "selector", "matchLabels"))


ANALYZERS: Final = (
    analyzer("meshui.DuplicateDestinationRules", "MUI0006", (DESTINATION_RULE,), _check_doubles),
    analyzer("meshui.OutlierDetection", "MUI0015 MUI0016", (DESTINATION_RULE,), _check_outliers),
    analyzer("meshui.PeerTls", "MUI0017", (DESTINATION_RULE,), _check_tls),
)
